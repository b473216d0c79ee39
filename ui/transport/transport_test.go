package transport

import (
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"sampleagent/app/task"
	"sampleagent/ui/theme"
)

func TestWorkIsSaidInWords(t *testing.T) {
	for _, c := range []struct {
		t    task.Status
		want string
	}{
		{task.Status{Title: "Import Drums", State: task.Waiting}, "Import Drums · waiting"},
		{task.Status{Title: "Import Drums", State: task.Running}, "Import Drums"},
		{task.Status{Title: "Import Drums", State: task.Running, Done: 3, Total: 12, ETA: 95 * time.Second}, "Import Drums · 3 of 12 · 2 min left"},
		{task.Status{Title: "Import Drums", State: task.Running, Done: 3}, "Import Drums · 3"},
		{task.Status{Title: "Import Drums", State: task.Paused, Done: 3, Total: 12, ETA: time.Minute, FailureCount: 1}, "Import Drums · 3 of 12 · paused · 1 could not be read"},
		{task.Status{Title: "Import Drums", State: task.Running, Done: 3, Total: 12, FailureCount: 2}, "Import Drums · 3 of 12 · 2 could not be read"},
		{task.Status{Title: "Write kit", State: task.Running, Bytes: 12, TotalBytes: 40}, "Write kit · 30 %"},
		{task.Status{Title: "Import Drums", State: task.Running, Done: 3, Total: 4, Bytes: 12, TotalBytes: 40}, "Import Drums · 3 of 4"},
		{task.Status{Title: "Import Drums", State: task.Done, Summary: "12 samples"}, "Import Drums: 12 samples"},
		{task.Status{Title: "Write kit", State: task.Failed, Err: "the card is full"}, "Write kit: the card is full"},
		{task.Status{Title: "Import Drums", State: task.Cancelled}, "Import Drums: cancelled; what was done is kept."},
	} {
		if text := WorkLine(c.t); text != c.want {
			t.Errorf("%q; want %q", text, c.want)
		}
	}
}

// However long the name of what is done, the bar shows whole how far it is.
func TestTheBarCutsTheNameAndNotTheProgress(t *testing.T) {
	test.NewTempApp(t)
	v := NewView(Core{})
	v.Root().Resize(fyne.NewSize(1000, 60))
	v.Work(&task.Status{Title: "Import " + strings.Repeat("long name ", 9), State: task.Paused, Done: 1563, Total: 3120, FailureCount: 134})
	if v.progress.Text != "1563 of 3120 · paused" || v.progress.Size().Width < v.progress.MinSize().Width {
		t.Errorf("%q has %v of %v", v.progress.Text, v.progress.Size().Width, v.progress.MinSize().Width)
	}
	if v.work.Size().Width < 60 || v.work.Position().X+v.work.Size().Width > v.progress.Position().X {
		t.Errorf("the name has %v at %v, the progress begins at %v", v.work.Size().Width, v.work.Position().X, v.progress.Position().X)
	}
}

func TestTimesArePrinted(t *testing.T) {
	for s, want := range map[float64]string{0: "0:00.00", 3.214: "0:03.21", 61.5: "1:01.50", 59.999: "1:00.00", 723: "12:03", -1: "0:00.00"} {
		if got := Clock(s); got != want {
			t.Errorf("%v s: %s, want %s", s, got, want)
		}
	}
	for d, want := range map[time.Duration]string{0: "", 3 * time.Second: "a few seconds left", 44 * time.Second: "40 s left", 90 * time.Minute: "1 h 30 min left"} {
		if got := Left(d); got != want {
			t.Errorf("%v: %q, want %q", d, got, want)
		}
	}
}

func TestWithoutASoundDeviceTheBarSaysSo(t *testing.T) {
	test.NewTempApp(t)
	v := NewView(Core{})
	v.Show(State{Silent: true, Device: "none"})
	if v.device.Text != "No sound device: everything else works" || v.device.Colour != theme.Warn {
		t.Errorf("the bar says %q", v.device.Text)
	}
	v.Work(&task.Status{Title: "Import", State: task.Running})
	if v.device.Visible() || !v.workBox.Visible() {
		t.Error("a running task is not shown")
	}
	v.Work(nil)
	if !v.device.Visible() || v.workBox.Visible() {
		t.Error("the end of the task is not shown")
	}
}
