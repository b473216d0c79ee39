package transport

import (
	"testing"
	"time"

	"fyne.io/fyne/v2/test"

	"sampleagent/app/task"
	"sampleagent/ui/theme"
)

func TestWorkIsSaidInWords(t *testing.T) {
	for _, c := range []struct {
		t     task.Status
		want  string
		share float64
	}{
		{task.Status{Title: "Import Drums", State: task.Waiting}, "Import Drums: waiting", -1},
		{task.Status{Title: "Import Drums", State: task.Running, Done: 3, Total: 12, ETA: 95 * time.Second}, "Import Drums · 3 of 12 · 2 min left", 0.25},
		{task.Status{Title: "Import Drums", State: task.Running, Done: 3}, "Import Drums · 3", -1},
		{task.Status{Title: "Import Drums", State: task.Paused, Done: 3, Total: 12, ETA: time.Minute}, "Import Drums · 3 of 12 · paused", 0.25},
		{task.Status{Title: "Import Drums", State: task.Running, Done: 3, Total: 12, FailureCount: 2}, "Import Drums · 3 of 12 · 2 could not be read", 0.25},
		{task.Status{Title: "Write kit", State: task.Running, Bytes: 12, TotalBytes: 40}, "Write kit · 30 %", 0.3},
		{task.Status{Title: "Import Drums", State: task.Running, Done: 3, Total: 4, Bytes: 12, TotalBytes: 40}, "Import Drums · 3 of 4", 0.3},
		{task.Status{Title: "Import Drums", State: task.Done, Summary: "12 samples"}, "Import Drums: 12 samples", 1},
		{task.Status{Title: "Write kit", State: task.Failed, Err: "the card is full"}, "Write kit: the card is full", 1},
		{task.Status{Title: "Import Drums", State: task.Cancelled}, "Import Drums: cancelled, what was done is kept", 1},
	} {
		if text, share := WorkLine(c.t); text != c.want || share != c.share {
			t.Errorf("%q, %v; want %q, %v", text, share, c.want, c.share)
		}
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
