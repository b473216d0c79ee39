// Package lane is the rules of the queue as pure functions: who starts before whom, who gives
// way, when a free job is promoted, when burst workers start. The server follows them, and a
// simulated day (Day) shows what they promise at what load.
//
// It must never know a database, a clock or the job queue.
package lane

import (
	"time"

	"sampleagent/server/internal/plan"
)

// Priority keeps one user from filling a lane: the more of the user's jobs are unfinished, the
// later a new one starts, from 1 (first) to 4. First come, first served holds among jobs of one
// priority.
func Priority(live int64, perUser int) int64 {
	share := int64(max(perUser, 1))
	switch {
	case live < 2*share:
		return 1
	case live < 8*share:
		return 2
	case live < 32*share:
		return 3
	}
	return 4
}

// HasShare says that a user has enough running: another job of the user gives way when others
// wait in the lane.
func HasShare(running int64, perUser int) bool { return running >= int64(max(perUser, 1)) }

// GiveWay is how long a job that gave way waits at the lane's end.
const GiveWay = 2 * time.Second

// A free job near its deadline moves behind the pro jobs that wait, so that the promise holds
// even when pro jobs never stop coming (B11).
const (
	PromoteBefore   = 2 * time.Hour // the deadline
	PromoteEvery    = time.Minute
	PromoteMost     = 500 // at one look
	PromoteTo       = plan.QueuePro
	PromotePriority = 4 // behind the pro jobs that wait, also those of a large batch
)

// Burst decides when further pro workers run: from when twice as many jobs wait as there are
// steady workers until the lane was empty for three looks.
type Burst struct {
	Workers int // steady ones
	on      bool
	calm    int
}

// BurstEvery is how often the lane is looked at.
const BurstEvery = 5 * time.Second

// burstCalm is how many looks in a row must find nobody waiting.
const burstCalm = 3

// Look says, with how many jobs wait now, whether burst workers are to run.
func (b *Burst) Look(waiting int64) bool {
	switch {
	case waiting > int64(2*b.Workers):
		b.on, b.calm = true, 0
	case waiting > 0:
		b.calm = 0
	case b.on:
		if b.calm++; b.calm >= burstCalm {
			b.on, b.calm = false, 0
		}
	}
	return b.on
}
