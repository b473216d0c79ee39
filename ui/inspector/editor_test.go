package inspector

import (
	"context"
	"math"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"sampleagent/audio/edit"
	"sampleagent/audio/waveform"
	"sampleagent/library/catalog"
)

func TestWhatAnEditMakes(t *testing.T) {
	onsets := []float64{0, 0.5, 1, 1.5}
	for _, c := range []struct {
		name string
		e    Edit
		want [][2]float64 // from, to of each sound
	}{
		{"nothing is asked for", Edit{}, nil},
		{"reversed", Edit{Recipe: edit.Recipe{Reverse: true}}, [][2]float64{{0, 0}}},
		{"at the onsets", Edit{Cutting: AtOnsets}, [][2]float64{{0, 0.5}, {0.5, 1}, {1, 1.5}, {1.5, 0}}},
		{"equal parts of a part", Edit{Recipe: edit.Recipe{From: 0.5, To: 1.5}, Cutting: InParts, Parts: 2}, [][2]float64{{0.5, 1}, {1, 1.5}}},
		{"by hand", Edit{Cutting: ByHand, Hand: []float64{0.7}}, [][2]float64{{0, 0.7}, {0.7, 0}}},
		{"by hand without a cut", Edit{Cutting: ByHand}, nil},
	} {
		got := c.e.Recipes(2, onsets)
		if len(got) != len(c.want) {
			t.Errorf("%s: %+v", c.name, got)
			continue
		}
		for i, r := range got {
			if math.Abs(r.From-c.want[i][0]) > 1e-5 || math.Abs(r.To-c.want[i][1]) > 1e-5 || r.Reverse != c.e.Recipe.Reverse {
				t.Errorf("%s: sound %d is %+v", c.name, i+1, r)
			}
		}
	}
}

// hill are peaks that rise from 0 to 0.5 over two seconds.
func hill(from, to float64, n int) []waveform.Column {
	out := make([]waveform.Column, n)
	for i := range out {
		v := float32(from+(to-from)*(float64(i)+0.5)/float64(n)) / 4
		out[i] = waveform.Column{Min: -v, Max: v, RMS: v / 2}
	}
	return out
}

func TestTheWaveformShowsTheEdit(t *testing.T) {
	p := shaped(hill, edit.Recipe{From: 1, To: 2, Reverse: true, Normalise: true, Peak: 0, FadeOut: 0.5}, 2)
	got := p(0, 2, 200)
	if got[50].Max != hill(0, 2, 200)[50].Max {
		t.Error("what is cut off was changed")
	}
	// Backwards, the loudest comes first and is brought to full scale.
	if v := got[101].Max; v < 0.97 || v > 1.001 {
		t.Errorf("the kept part begins at %v", v)
	}
	if v := got[199].Max; v > 0.02 {
		t.Errorf("it ends at %v", v)
	}
}

func TestTheEditorFromSelectionToFiles(t *testing.T) {
	test.NewTempApp(t)
	core := two()
	m := NewModel(core, func(context.Context, catalog.Row) (Peaks, error) { return hill, nil }, now)
	var made []edit.Recipe
	var heard edit.Recipe
	onPads := false
	w := NewWave(m, nil, nil, Editing{
		Preview: func(_ catalog.Row, r edit.Recipe) { heard = r },
		Make:    func(_ catalog.Row, r []edit.Recipe, pads bool) { made, onPads = r, pads },
	})
	m.OnChanged = w.Refresh
	win := test.NewTempWindow(t, w.Root())
	win.Resize(fyne.NewSize(800, 300))
	m.Show([]catalog.Row{1}, nil)
	w.ToggleEditor()
	e := w.editor
	if e.root.Hidden || !e.save.Off {
		t.Fatal("the editor is not open, or offers to save nothing")
	}
	w.Waveform.SetSelected(1, 3)
	w.Waveform.OnSelect(1, 3)
	test.Tap(e.reverse)
	test.Tap(e.preview)
	if heard.From != 1 || heard.To != 3 || !heard.Reverse {
		t.Errorf("heard %+v", heard)
	}
	if at := w.Heard(0.5); at != 2.5 {
		t.Errorf("half a second into the turned part is shown at %v", at)
	}
	test.Tap(e.save)
	if len(made) != 1 || made[0] != heard || onPads {
		t.Errorf("made %+v", made)
	}

	// By hand: a click cuts, a click on the cut takes it away.
	e.edit.Cutting = ByHand
	e.changed()
	at := func(s float64) *fyne.PointEvent {
		return &fyne.PointEvent{Position: fyne.NewPos(float32(s/5.2)*w.Waveform.Size().Width, 40)}
	}
	w.Waveform.Tapped(at(2))
	w.Waveform.Tapped(at(2.6))
	if n := len(e.recipes()); n != 3 {
		t.Errorf("%d parts after two cuts", n)
	}
	w.Waveform.Tapped(at(2.6))
	e.edit.OnPads = true
	test.Tap(e.save)
	if len(made) != 2 || math.Abs(made[0].To-2) > 0.02 || !onPads {
		t.Errorf("made %+v, on pads %v", made, onPads)
	}
	// A cut can be dragged.
	x := at(2).Position.X
	w.Waveform.Dragged(&fyne.DragEvent{PointEvent: fyne.PointEvent{Position: fyne.NewPos(x+40, 40)}, Dragged: fyne.Delta{DX: 40}})
	w.Waveform.DragEnd()
	if c := w.Waveform.Cuts(); len(c) != 1 || math.Abs(c[0]-2-40/float64(w.Waveform.Size().Width)*5.2) > 0.02 {
		t.Errorf("the cut was dragged to %v", c)
	}

	m.Show([]catalog.Row{2}, nil)
	if e.edit.Recipe.Words() != "" || e.edit.Cutting != Whole {
		t.Errorf("another sample kept the edit: %+v", e.edit)
	}
}
