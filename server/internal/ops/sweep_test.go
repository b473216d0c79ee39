package ops_test

import (
	"testing"
	"time"

	"sampleagent/server/internal/plan"
	"sampleagent/server/internal/replica"
)

// The server's own sweep ends the numbers of pushes when their year is over, and not before; what was
// pushed stays.
func TestNumbersOfPushesEndWithTheSweep(t *testing.T) {
	w := start(t, "")
	ada := w.signIn("ada@example.org", plan.Pro)
	ada.push(map[string]map[string]any{"kit/k1": {"name": "Night"}})
	seq, err := w.DB.SyncSeq(t.Context(), ada.id)
	if err != nil || seq == 0 {
		t.Fatal(seq, err)
	}
	for _, step := range []struct {
		at   time.Duration // after the push
		want int64
	}{{replica.KeepPushes - time.Hour, seq}, {replica.KeepPushes + time.Hour, 0}} {
		w.later(step.at)
		if _, err := w.Jobs.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got, err := w.DB.SyncPush(t.Context(), ada.id, seq); err != nil || got != step.want {
			t.Errorf("after %v the number is %d, want %d, %v", step.at, got, step.want, err)
		}
	}
	if held, err := w.DB.SyncHeld(t.Context(), ada.id); err != nil || held.Kits != 1 {
		t.Errorf("%+v, %v", held, err)
	}
}
