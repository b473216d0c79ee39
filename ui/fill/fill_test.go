package fill

import (
	"context"
	"fmt"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"sampleagent/app"
	"sampleagent/library/catalog"
	device "sampleagent/library/kit"
)

func now(w func(context.Context) func()) {
	if f := w(context.Background()); f != nil {
		f()
	}
}

// shelf proposes by the real rules from sounds in memory, and keeps the kit.
type shelf struct {
	kit    device.Kit
	sounds []device.Candidate
	played []catalog.Row
	edits  int
}

func newShelf() *shelf {
	s := &shelf{}
	add := func(n int, class, kind string) {
		for i := range n {
			c := device.Candidate{ID: fmt.Sprintf("%s-%d", class, i), Name: fmt.Sprintf("%s %d.wav", class, i), Class: class, Kind: kind, ClassConf: 0.9 - 0.1*float64(i), Seconds: 0.3}
			if kind == "loop" {
				c.BPM, c.Seconds, c.Onsets = 90, 5.3, []float64{0.1, 0.9, 1.7, 2.6, 3.4}
			}
			s.sounds = append(s.sounds, c)
		}
	}
	add(3, "kick", "one-shot")
	add(2, "snare", "one-shot")
	add(3, "hat", "one-shot")
	add(2, "drums", "loop")
	return s
}

func (s *shelf) ProposeBank(_ context.Context, _ string, bank int, t device.Template, query string, o device.FillOptions) (*device.Proposal, map[string]catalog.Sample, error) {
	samples := map[string]catalog.Sample{}
	for i, c := range s.sounds {
		samples[c.ID] = catalog.Sample{ID: c.ID, Name: c.Name, Row: catalog.Row(i + 1)}
	}
	if query == "nothing" {
		return &device.Proposal{Template: t}, samples, nil
	}
	p, err := s.kit.Fill(t, bank, s.sounds, o)
	return p, samples, err
}

func (s *shelf) ApplyPicks(_ context.Context, _ string, _ int, picks []device.Pick) error {
	s.edits++
	return s.kit.Apply(picks)
}

func (s *shelf) Audition(row catalog.Row, _ app.Audition) { s.played = append(s.played, row) }

func (m *Model) at(t *testing.T, slot string) (int, Line) {
	t.Helper()
	for i, l := range m.Lines() {
		if l.Slot.String() == slot {
			return i, l
		}
	}
	t.Fatalf("nothing is proposed for %s", slot)
	return 0, Line{}
}

func TestAlternatesAreOneKeyAwayAndNothingIsReplacedUnasked(t *testing.T) {
	s := newShelf()
	if err := s.kit.SetSample(0, "kick-2"); err != nil {
		t.Fatal(err)
	}
	done := 0
	m := NewModel(s, now, "k", 0, device.DrumKit, "", Seed{})
	m.OnDone = func(n int) { done = n }
	for _, l := range m.Lines() {
		if l.Slot == 0 || l.Old != "" || l.Reason == "" || l.Role == "" {
			t.Errorf("%+v", l)
		}
	}
	i, first := m.at(t, "A5") // the second kick
	m.Next(i, false)
	_, second := m.at(t, "A5")
	if second.SampleID == first.SampleID || second.Number != 2 || second.Role != first.Role || second.Settings == (device.Settings{}) {
		t.Errorf("the next best of %+v is %+v", first, second)
	}
	m.Next(i, true)
	if _, back := m.at(t, "A5"); back.SampleID != first.SampleID {
		t.Errorf("back it is %s", back.SampleID)
	}
	// Snare alternates that another pad uses are passed over: two snares, two pads.
	j, snare := m.at(t, "A2")
	m.Next(j, false)
	used := map[string]bool{}
	for _, l := range m.Lines() {
		if used[l.SampleID] {
			t.Errorf("%s is on two pads", l.SampleID)
		}
		used[l.SampleID] = true
	}
	m.Skip(j)
	fill, replace := m.Chosen()
	if fill != len(m.Lines())-1 || replace != 0 {
		t.Errorf("%d to fill, %d to replace", fill, replace)
	}
	m.Apply()
	if done != fill || s.edits != 1 || s.kit.Pad(0).SampleID != "kick-2" || !s.kit.Pad(snare.Slot).Empty() {
		t.Errorf("%d done in %d edits; A1 has %s", done, s.edits, s.kit.Pad(0).SampleID)
	}

	m = NewModel(s, now, "k", 0, device.DrumKit, "", Seed{})
	m.SetReplace(true)
	if _, l := m.at(t, "A1"); l.Old == "" {
		t.Error("it does not say what would be replaced")
	}
	if _, replace := m.Chosen(); replace == 0 {
		t.Error("nothing is counted as replaced")
	}
}

func TestChopsChangeTheirLoopTogether(t *testing.T) {
	s := newShelf()
	m := NewModel(s, now, "k", 2, device.Chops, "", Seed{})
	i, l := m.at(t, "C3")
	m.Next(i, false)
	if _, next := m.at(t, "C3"); next.SampleID == l.SampleID || m.Seed().ID != next.SampleID {
		t.Errorf("still %s", next.SampleID)
	}
	for _, x := range m.Lines() {
		if x.SampleID != m.Seed().ID {
			t.Errorf("%s is cut of %s", x.Slot, x.SampleID)
		}
	}
}

func TestTheDialogIsDrivenByKeys(t *testing.T) {
	test.NewTempApp(t)
	s := newShelf()
	m := NewModel(s, now, "k", 0, device.DrumKit, "", Seed{})
	closed, done := 0, 0
	m.OnDone = func(n int) { done = n }
	v := NewView(m, []Seed{{"kick-1", "Kick"}}, func() { closed++ })
	w := test.NewTempWindow(t, v.Root())
	w.Resize(fyne.NewSize(1040, 660))
	w.Canvas().Focus(v.Focus())
	list := v.table.List
	list.TypedKey(&fyne.KeyEvent{Name: fyne.KeyDown})
	list.TypedKey(&fyne.KeyEvent{Name: fyne.KeyUp}) // a kick: there is a third one
	before := m.Lines()[0].SampleID
	list.TypedKey(&fyne.KeyEvent{Name: fyne.KeyRight})
	if len(s.played) != 3 {
		t.Errorf("%d sounds were heard", len(s.played))
	}
	if m.Lines()[0].SampleID == before {
		t.Error("Right does not take the next best")
	}
	if list.Selection().Cursor() != 0 {
		t.Errorf("the cursor jumps to %d", list.Selection().Cursor())
	}
	list.TypedKey(&fyne.KeyEvent{Name: fyne.KeyDelete})
	if !m.Lines()[0].Skip {
		t.Error("Delete does not leave it out")
	}
	m.SetQuery("nothing")
	if m.Err() == "" || !v.apply.Off {
		t.Error("an empty proposal is not told")
	}
	m.SetQuery("")
	list.TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
	list.TypedKey(&fyne.KeyEvent{Name: fyne.KeyEscape})
	if done == 0 || closed != 1 {
		t.Errorf("done %d, closed %d", done, closed)
	}
}
