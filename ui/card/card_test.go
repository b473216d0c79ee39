package card

import (
	"context"
	"errors"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"sampleagent/app/task"
)

// cards is a Core whose answers a test chooses.
type cards struct {
	plan    *Plan
	err     error
	planned []Options
	written int
	found   map[string]*Found
	taken   []string
	loose   bool
}

func (c *cards) PlanKit(_ context.Context, o Options) (*Plan, error) {
	c.planned = append(c.planned, o)
	return c.plan, c.err
}
func (c *cards) WritePlan(*Plan) (task.ID, error) { c.written++; return "7", nil }
func (c *cards) LookDir(_ context.Context, dir string) (*Found, error) {
	return c.found[dir], c.err
}
func (c *cards) TakeDir(_ string, folders []string, loose bool) (task.ID, error) {
	c.taken, c.loose = folders, loose
	return "9", nil
}
func (c *cards) VerifyDir(context.Context, string) ([]string, int, error) {
	return []string{"IMPORT/Kit/A/01 Kick.wav: is missing"}, 3, nil
}

func now(w func(context.Context) func()) {
	if f := w(context.Background()); f != nil {
		f()
	}
}

func plan() *Plan {
	return &Plan{Files: []File{{Pad: "A1", Source: "/s/Kick.wav", Target: "IMPORT/Kit/A/01 Kick.wav", Bytes: 4000, Converted: "44.1 kHz to 48 kHz"}}, Bytes: 4000, Free: 1 << 30, Fits: true}
}

func TestNothingIsWrittenBeforeThePlanIsSeen(t *testing.T) {
	c := &cards{plan: plan()}
	m := NewModel(c, now, Options{KitID: "k"})
	if m.Step() != Choosing {
		t.Fatalf("step %d without a folder", m.Step())
	}
	m.Write()
	if c.written != 0 {
		t.Fatal("written without a plan")
	}
	m.Set(func(o *Options) { o.Dir = "/card" })
	if ok, why := m.Ready(); m.Step() != Planned || !ok || why != "" {
		t.Fatalf("step %d, ready %v, %q", m.Step(), ok, why)
	}
	m.Set(func(o *Options) { o.Format = "aiff" })
	if n := len(c.planned); n != 2 || c.planned[1].Format != "aiff" {
		t.Errorf("planned %v", c.planned)
	}
	m.Write()
	m.Task(task.Status{ID: "other", State: task.Done})
	if m.Step() != Writing {
		t.Error("another task ended this one")
	}
	m.Task(task.Status{ID: "7", State: task.Done, Summary: "1 file written and verified."})
	if text, sound := m.Verified(); m.Step() != Written || !sound || text == "" {
		t.Errorf("step %d, verified %q", m.Step(), text)
	}
	m.Verify()
	if text, sound := m.Verified(); sound || !strings.Contains(text, "is missing") {
		t.Errorf("reading back found %q", text)
	}
}

func TestWhatStandsInTheWayIsTold(t *testing.T) {
	full := plan()
	full.Free, full.Needs, full.Fits = 1<<20, 5<<20, false
	for _, c := range []struct {
		core *cards
		want string
	}{
		{&cards{plan: full}, "5.0 MB are needed, 1.0 MB are free"},
		{&cards{plan: &Plan{Free: -1, Fits: true}}, "no sample"},
		{&cards{err: errors.New("the card is read-only")}, ""},
	} {
		m := NewModel(c.core, now, Options{KitID: "k", Dir: "/card"})
		ok, why := m.Ready()
		if ok || !strings.Contains(why, c.want) {
			t.Errorf("ready %v, %q; want %q", ok, why, c.want)
		}
		if c.core.err != nil && m.Err() != "the card is read-only" {
			t.Errorf("told %q", m.Err())
		}
	}
}

func TestCancelAndFailureSayWhatIsOnTheCard(t *testing.T) {
	for state, want := range map[task.State]string{task.Cancelled: "as it was", task.Failed: "the card was taken out"} {
		m := NewModel(&cards{plan: plan()}, now, Options{KitID: "k", Dir: "/card"})
		m.Write()
		m.Task(task.Status{ID: "7", State: state, Err: "the card was taken out"})
		if m.Step() != Failed || !strings.Contains(m.Err(), want) {
			t.Errorf("%s: step %d, %q", state, m.Step(), m.Err())
		}
	}
}

func TestTheDialogFollowsTheSteps(t *testing.T) {
	test.NewTempApp(t)
	w := test.NewTempWindow(t, nil)
	w.Resize(fyne.NewSize(1000, 700))
	m := NewModel(&cards{plan: plan()}, now, Options{KitID: "k"})
	v := NewView(m, "Kit", Actions{Close: func() {}, Cancel: func() {}})
	w.SetContent(v.Root())
	if !v.write.Off {
		t.Error("one can write without a folder")
	}
	w.Canvas().Focus(v.dir)
	v.dir.SetText("/card")
	if !v.write.Off || !strings.Contains(v.message.Text, "Press Enter") {
		t.Errorf("what comes after typing a folder is not said: %q", v.message.Text)
	}
	v.dir.OnSubmitted("/card")
	if v.write.Off || v.files.List.Length() != 1 {
		t.Errorf("after the plan: write off %v, %d lines", v.write.Off, v.files.List.Length())
	}
	if w.Canvas().Focused() != fyne.Focusable(v.write) {
		t.Errorf("after the plan the keyboard is on %T", w.Canvas().Focused())
	}
	test.Tap(v.write)
	if v.close.Text != "Cancel" || !v.bar.Visible() {
		t.Error("writing can not be seen or not be cancelled")
	}
	m.Task(task.Status{ID: "7", State: task.Done})
	if v.write.Visible() || !v.verify.Visible() {
		t.Error("after writing the result is not offered for another check")
	}
}

func TestLeavingTheFolderTakesWhatIsTyped(t *testing.T) {
	test.NewTempApp(t)
	m := NewModel(&cards{plan: plan()}, now, Options{KitID: "k"})
	v := NewView(m, "Kit", Actions{Close: func() {}})
	w := test.NewTempWindow(t, v.Root())
	w.Canvas().Focus(v.dir)
	v.dir.SetText("/card ")
	w.Canvas().Unfocus()
	if m.Step() != Planned || m.Options().Dir != "/card" {
		t.Errorf("step %d, folder %q", m.Step(), m.Options().Dir)
	}
	v.dir.SetText("/other")
	v.dir.TypedKey(&fyne.KeyEvent{Name: fyne.KeyEscape})
	v.dir.FocusLost()
	if m.Options().Dir != "/card" {
		t.Error("Esc took a folder")
	}
}

func TestThePlanShowsWhatIsThereAndWhatToKnow(t *testing.T) {
	test.NewTempApp(t)
	p := plan()
	p.Replaces, p.Keeps, p.Warnings, p.Targets = []string{"IMPORT/Kit/a.wav"}, []string{"IMPORT/Kit/own.wav"}, []string{"one", "two"}, []string{"IMPORT/Kit"}
	m := NewModel(&cards{plan: p}, now, Options{KitID: "k", Dir: "/card"})
	v := NewView(m, "Kit", Actions{Close: func() {}, Cancel: func() {}})
	w := test.NewTempWindow(t, v.Root())
	w.Resize(fyne.NewSize(1000, 700))
	test.Tap(v.tabs[1])
	if !v.there.Root().Visible() || v.files.Root().Visible() || v.there.List.Length() != 2 {
		t.Error("what is on the card now is not shown")
	}
	if c := v.thereLine(0); c[0].Text != "replaced" || v.thereLine(1)[0].Text != "stays" {
		t.Errorf("%+v", c)
	}
	test.Tap(v.tabs[2])
	if v.notes.List.Length() != 2 {
		t.Error("what to know is not shown")
	}
	m.Write()
	m.Task(task.Status{ID: "7", State: task.Done})
	if !strings.Contains(v.note.Text, "Eject") || !strings.Contains(v.note.Text, "folder Kit") {
		t.Errorf("after writing it says %q", v.note.Text)
	}
}

func TestACardIsReadByChoice(t *testing.T) {
	test.NewTempApp(t)
	c := &cards{found: map[string]*Found{
		"/card": {Loose: 3, Kits: []FoundKit{
			{Folder: "EXPORT/PROJECT/PROJECT_01", Name: "LIVE SET", Project: true, Pads: 20, Patterns: 2, BPM: 90, Warnings: []string{"A3: its sound is not there"}},
			{Folder: "IMPORT/Kit", Name: "Kit", Pads: 4, BPM: 90},
		}},
		"/empty": {},
	}}
	r := NewReader(c, now, "")
	cancelled, closed := 0, 0
	v := NewReadView(r, Actions{Cancel: func() { cancelled++ }, Close: func() { closed++ }, ChooseFolder: func(done func(string)) { done("/empty") }})
	w := test.NewTempWindow(t, v.Root())
	w.Resize(fyne.NewSize(940, 640))
	if r.Step() != NoCard || !v.take.Off {
		t.Error("one can take something from nowhere")
	}
	v.dir.SetText("/empty")
	v.dir.OnSubmitted("/empty")
	if r.Step() != NoCard || !strings.Contains(v.message.Text, "Nothing of the device") {
		t.Errorf("an empty folder: %q", v.message.Text)
	}
	v.dir.choose("/card")
	if r.Step() != Shown || r.Lines() != 3 || v.take.Text != "Take 2 kits" {
		t.Fatalf("step %d, %d lines, %q", r.Step(), r.Lines(), v.take.Text)
	}
	if v.notes.List.Length() != 1 {
		t.Error("what is to be looked at is not shown")
	}
	v.table.List.TypedKey(&fyne.KeyEvent{Name: fyne.KeySpace}) // not the project
	v.table.List.TypedKey(&fyne.KeyEvent{Name: fyne.KeyEnd})
	v.table.List.TypedKey(&fyne.KeyEvent{Name: fyne.KeySpace}) // but the sounds
	if v.take.Text != "Take 1 kit and the sounds" {
		t.Errorf("it offers %q", v.take.Text)
	}
	test.Tap(v.take)
	if len(c.taken) != 1 || c.taken[0] != "IMPORT/Kit" || !c.loose || r.Running() != "9" {
		t.Errorf("taken %v, loose %v", c.taken, c.loose)
	}
	test.Tap(v.close)
	r.Task(task.Status{ID: "9", State: task.Done, Summary: "1 kits and 7 sounds came into the library."})
	if r.Step() != Taken || v.take.Visible() || cancelled != 1 || closed != 0 {
		t.Errorf("step %d, cancelled %d, closed %d", r.Step(), cancelled, closed)
	}
}
