package pattern

import (
	"context"
	"errors"
	"slices"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/test"

	"sampleagent/app"
	"sampleagent/app/settings"
	"sampleagent/library/catalog"
	device "sampleagent/library/kit"
	"sampleagent/ui/kit"
)

func now(w func(context.Context) func()) {
	if f := w(context.Background()); f != nil {
		f()
	}
}

// deck is a real application whose player and files a test watches.
type deck struct {
	*app.App
	played []device.Slot
	stops  int
	struck []string
	file   string
	fail   error
}

func (d *deck) KitList(ctx context.Context) ([]kit.Info, error) {
	all, err := d.Kits(ctx)
	var out []kit.Info
	for _, k := range all {
		out = append(out, kit.Info{ID: k.ID, Name: k.Name})
	}
	return out, err
}
func (d *deck) PadSamples(context.Context, device.Kit) (map[string]catalog.Sample, error) {
	return map[string]catalog.Sample{"s1": {ID: "s1", Name: "Kick.wav", Class: "kick"}}, nil
}
func (d *deck) PressPad(_ string, s device.Slot, _ int) {
	d.struck = append(d.struck, "press "+s.String())
}
func (d *deck) ReleasePad(s device.Slot)            { d.struck = append(d.struck, "release "+s.String()) }
func (d *deck) PlayPattern(_ string, s device.Slot) { d.played = append(d.played, s) }
func (d *deck) StopPattern()                        { d.stops++ }
func (d *deck) ExportPattern(_ context.Context, _ string, _ device.Slot, file string) error {
	d.file = file
	return d.fail
}

func open(t *testing.T) (*Model, *deck) {
	t.Helper()
	dir := t.TempDir()
	a, err := app.Open(context.Background(), app.Options{Folders: &settings.Folders{Config: dir, Data: dir, Cache: dir, State: dir}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	})
	k, err := a.NewKit(t.Context(), "Kit")
	if err != nil {
		t.Fatal(err)
	}
	err = a.EditKit(t.Context(), k.ID, "put", "", func(k *device.Kit) error {
		if err := k.SetPad(0, device.Pad{SampleID: "s1"}); err != nil {
			return err
		}
		return k.SetPattern(18, device.Pattern{Bars: 2, Beats: 4, LoopStart: 1, LoopEnd: 1, Notes: []device.Note{
			{Tick: 0, Pad: 0, Velocity: 127, Length: 120}, {Tick: 960, Pad: 17, Velocity: 64, Length: 240, Semitones: 3}, {Tick: 1920, Pad: 0, Velocity: 90, Length: 120},
		}})
	})
	if err != nil {
		t.Fatal(err)
	}
	d := &deck{App: a}
	km := kit.NewModel(d, now)
	km.Start(k.ID, 0)
	m := NewModel(d, now, km)
	m.OnChanged = func() {}
	m.OnFailure = func(err error) { t.Log("told:", err) }
	m.OnNote = func(string) {}
	return m, d
}

func TestAPatternIsDrawnPadByPad(t *testing.T) {
	m, _ := open(t)
	m.SelectFirst()
	if m.Slot().String() != "B3" || m.Kit.Bank() != 1 {
		t.Fatalf("%s is shown", m.Slot())
	}
	r, pads := m.Rolled()
	// A1, which it strikes, and the sixteen of its own bank.
	if want := append([]device.Slot{0}, device.BankSlots(1)...); !slices.Equal(pads, want) || r.Rows[0].Name != "Kick" || r.Rows[2].Name != "empty" {
		t.Errorf("%+v %v", r.Rows, pads)
	}
	if r.Length != 8 || r.LoopFrom != 0 || r.LoopTo != 4 || len(r.Notes) != 3 {
		t.Errorf("%+v", r)
	}
	if n := r.Notes[1]; n.Row != 2 || n.At != 2 || n.Length != 0.5 || n.Semitones != 3 {
		t.Errorf("%+v", n)
	}
	if on := m.Filled(); !on[2] || on[0] {
		t.Errorf("%v", on)
	}
	if _, info := m.Title(); info != "2 bars of 4/4 · 3 notes · 90 BPM · loops bars 1 to 1" {
		t.Errorf("%q", info)
	}
}

func TestTheScreenPlaysExportsAndEmpties(t *testing.T) {
	test.NewTempApp(t)
	m, d := open(t)
	closed := 0
	v := NewView(m, Actions{
		Close: func() { closed++ }, ChooseFile: func(done func(string)) { done("/nowhere/x.mid") },
		SaveFile: func(name string, done func(string)) { done("/tmp/" + name) },
	})
	w := test.NewTempWindow(t, v.Root())
	w.Resize(fyne.NewSize(1268, 690))
	v.Open()
	test.Tap(v.play)
	v.Playing(m.Slot(), 960, true)
	if len(d.played) != 1 || v.play.Text != "Stop" {
		t.Errorf("played %v, the button says %q", d.played, v.play.Text)
	}
	test.Tap(v.play)
	v.Playing(0, 0, false)
	if d.stops != 1 || v.play.Text != "Play" {
		t.Errorf("stopped %d times, the button says %q", d.stops, v.play.Text)
	}
	test.Tap(v.export)
	if d.file != "/tmp/Kit B3.mid" {
		t.Errorf("exported to %q", d.file)
	}
	var told error
	m.OnFailure = func(err error) { told = err }
	m.Import("/nowhere/x.mid")
	if told == nil {
		t.Error("a file that is not there is imported")
	}
	told, d.fail = nil, errors.New("the disk is full")
	m.Export("/x")
	if told == nil {
		t.Error("a failed export is not told")
	}
	test.Tap(v.clear)
	if _, there := m.Pattern(); there || !v.play.Off {
		t.Error("the pattern stays")
	}
	if _, err := d.Undo(t.Context()); err != nil {
		t.Fatal(err)
	}
	m.Kit.Reload()
	if _, there := m.Pattern(); !there {
		t.Error("undo does not bring it back")
	}
}

func TestRowsAreStruck(t *testing.T) {
	test.NewTempApp(t)
	m, d := open(t)
	v := NewView(m, Actions{})
	w := test.NewTempWindow(t, v.Root())
	w.Resize(fyne.NewSize(1268, 690))
	if err := d.EditKit(t.Context(), "Kit", "put", "", func(k *device.Kit) error { return k.SetPad(17, device.Pad{SampleID: "s1"}) }); err != nil {
		t.Fatal(err)
	}
	m.Kit.Reload()
	v.Open()
	row := slices.Index(v.pads, device.Slot(17))
	v.roll.MouseDown(&desktop.MouseEvent{PointEvent: fyne.PointEvent{Position: fyne.NewPos(30, 20+(float32(row)+0.5)*min(46, (v.roll.Size().Height-20)/float32(len(v.pads))))}})
	v.roll.MouseUp(nil)
	if want := []string{"press B2", "release B2"}; !slices.Equal(d.struck, want) {
		t.Errorf("struck %v", d.struck)
	}
}
