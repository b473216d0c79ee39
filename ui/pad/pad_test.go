package pad

import (
	"context"
	"math"
	"slices"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"sampleagent/app"
	"sampleagent/app/settings"
	"sampleagent/audio/pcm"
	"sampleagent/audio/waveform"
	"sampleagent/library/catalog"
	device "sampleagent/library/kit"
	"sampleagent/ui/kit"
)

func now(w func(context.Context) func()) {
	if f := w(context.Background()); f != nil {
		f()
	}
}

// bench is a real application on a library of one kit, whose pad A1 has two seconds of sound.
type bench struct {
	*app.App
	sound *Sound
}

func (b *bench) KitList(ctx context.Context) ([]kit.Info, error) {
	all, err := b.Kits(ctx)
	var out []kit.Info
	for _, k := range all {
		out = append(out, kit.Info{ID: k.ID, Name: k.Name, Filled: k.Filled})
	}
	return out, err
}
func (b *bench) PadSound(context.Context, string) (*Sound, error) { return b.sound, nil }
func (b *bench) PadSamples(context.Context, device.Kit) (map[string]catalog.Sample, error) {
	return map[string]catalog.Sample{"s1": {ID: "s1", Name: "Break.wav"}}, nil
}

func open(t *testing.T) (*Model, *bench, func() device.Settings) {
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
	audio := &pcm.Buffer{Rate: 48000, Channels: 1, Samples: make([]float32, 96000)}
	for i := range audio.Samples {
		audio.Samples[i] = float32(0.5 * math.Sin(2*math.Pi*100*float64(i)/48000+0.1))
	}
	b := &bench{a, &Sound{Audio: audio, Peaks: waveform.Build(audio), Onsets: []float64{0, 0.5, 1.002, 1.5}}}
	k, err := a.NewKit(t.Context(), "Kit")
	if err != nil {
		t.Fatal(err)
	}
	err = a.EditKit(t.Context(), k.ID, "put", "", func(k *device.Kit) error { return k.SetPad(0, device.Pad{SampleID: "s1"}) })
	if err != nil {
		t.Fatal(err)
	}
	km := kit.NewModel(b, now)
	km.OnFailure = func(err error) { t.Log("told:", err) }
	m := NewModel(b, now, km)
	m.OnSound = func() {}
	m.OnFailure = km.OnFailure
	km.Start(k.ID, 0)
	m.Follow()
	return m, b, func() device.Settings { return km.Settings() }
}

func TestPlacesAreBoundSnappedAndUndone(t *testing.T) {
	m, b, set := open(t)
	if s, why := m.Sound(); s == nil {
		t.Fatal(why)
	}
	m.Move(int(Start), 0.25)
	m.Move(int(End), 1.75)
	m.Move(int(Loop), 0.5)
	if s := set(); s.Get(device.Start) != 12000 || s.Get(device.End) != 84000 || s.Get(device.LoopTop) != 24000 {
		t.Fatalf("%v", s.Strings())
	}
	m.Move(int(Start), 1.9) // past the end: it keeps the device's distance, the loop point follows
	if s := set(); s.Get(device.Start) != 84000-device.MinRegion || s.Get(device.LoopTop) != s.Get(device.Start) {
		t.Errorf("%v", s.Strings())
	}
	m.Move(int(End), 5)
	if s := set(); s.Get(device.End) != 0 {
		t.Errorf("the end of the sample is %d", s.Get(device.End))
	}
	for range 5 {
		if _, err := b.Undo(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	m.Kit.Reload()
	if s := set(); s != (device.Settings{}) {
		t.Errorf("undone it is %v", s.Strings())
	}

	if got := m.Snap(0, 1.0, 0.005); got != 1.002 {
		t.Errorf("beside a transient: %v", got)
	}
	got := m.Snap(0, 0.7031, 0.006)
	f := int(math.Round(got * 48000))
	if a, z := b.sound.Audio.Samples[f-1], b.sound.Audio.Samples[f+1]; got == 0.7031 || a*z > 0 {
		t.Errorf("%v is no zero crossing: %v %v", got, a, z)
	}
}

func TestMarks(t *testing.T) {
	m, _, set := open(t)
	m.AddMark(0.5)
	m.AddMark(1.5)
	if got := set().Marks(); !slices.Equal(got, []int{0, 24000, 72000}) {
		t.Fatalf("%v", got)
	}
	handles, from, to := m.Handles()
	if len(handles) != 5 || handles[3].Label != "2" || handles[4].At != 1.5 || from != 0 || to != 2 {
		t.Errorf("%+v %v %v", handles, from, to)
	}
	m.Move(4, 1.0)
	m.RemoveMark(3)
	if got := set().Marks(); !slices.Equal(got, []int{0, 48000}) {
		t.Errorf("%v", got)
	}
	m.RemoveMark(3)
	if got := set().Marks(); got != nil {
		t.Errorf("the first mark alone stays: %v", got)
	}
	m.Divide(16, false)
	if got := set().Marks(); len(got) != 16 || got[1] != 6000 || got[15] != 90000 {
		t.Errorf("%v", got)
	}
	m.AddMark(0.01) // the seventeenth
	if n := m.Marks(); n != 16 {
		t.Errorf("%d marks", n)
	}
	m.Divide(4, true)
	if got := set().Marks(); !slices.Equal(got, []int{0, 24000, 48096, 72000}) {
		t.Errorf("%v", got)
	}
	m.ClearMarks()
	if m.Marks() != 0 {
		t.Error("marks stay")
	}
}

func TestTheEditorShowsEverySettingAndFollowsThePad(t *testing.T) {
	test.NewTempApp(t)
	m, _, set := open(t)
	closed := 0
	v := NewView(m, Actions{Close: func() { closed++ }, Stop: func() {}})
	w := test.NewTempWindow(t, v.Root())
	w.Resize(fyne.NewSize(1268, 690))
	v.Open()
	for _, i := range device.Params {
		o := v.controls.Of(i.Param)
		if o.Size().Width < 20 || o.Position().X < 0 {
			t.Errorf("%s is drawn %v wide", i.Name, o.Size().Width)
		}
	}
	v.waveKey(&fyne.KeyEvent{Name: fyne.KeyEscape})
	if closed != 1 {
		t.Error("Esc does not close it")
	}
	m.AddMark(1)
	if v.marks.Text != "2 of 16 marks" {
		t.Errorf("it says %q", v.marks.Text)
	}
	m.Kit.Select(1)
	if _, why := m.Sound(); why != "This pad is empty" {
		t.Errorf("an empty pad: %q", why)
	}
	m.Kit.Select(0)
	if s, _ := m.Sound(); s == nil || len(set().Marks()) != 2 {
		t.Error("back on the pad its sound is gone")
	}
}
