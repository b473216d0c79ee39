package job

import (
	"testing"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
)

// The pauses before the next tries grow, and stay within the promise of pro (A44), however often its worker was killed.
func TestPausesGrow(t *testing.T) {
	for attempt, want := range map[int]time.Duration{0: 5 * time.Second, 1: 5 * time.Second, 2: 20 * time.Second, 3: 80 * time.Second, 4: 80 * time.Second, 9: 80 * time.Second} {
		before := time.Now()
		at := (*analyzer)(nil).NextRetry(&river.Job[AnalyzeArgs]{JobRow: &rivertype.JobRow{Attempt: attempt}})
		if at.Before(before.Add(want)) || at.After(time.Now().Add(want)) {
			t.Errorf("after try %d: %s, want %s", attempt, at.Sub(before), want)
		}
	}
}
