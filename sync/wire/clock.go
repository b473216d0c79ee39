package wire

import (
	"fmt"
	"sync"
	"time"
)

// Clock is a hybrid logical time (Kulkarni et al. 2014): milliseconds since 1970 in the upper 48
// bits, a counter in the lower 16. It grows with every write of a replica and with everything
// the replica has seen, so that a later edit wins even where a machine's clock runs slow.
type Clock uint64

// At is the first clock of a millisecond; times before 1970 count as 1970.
func At(t time.Time) Clock { return Clock(max(0, t.UnixMilli())) << 16 }

// Time is the wall-clock part.
func (c Clock) Time() time.Time { return time.UnixMilli(int64(c >> 16)) }

// Ticker gives out the clocks of one replica, each greater than all it gave or saw before.
// It is safe for concurrent use.
type Ticker struct {
	mu   sync.Mutex
	last Clock
	now  func() time.Time
}

// NewTicker starts at last, the greatest clock the replica has stored; now is the wall clock.
func NewTicker(last Clock, now func() time.Time) *Ticker { return &Ticker{last: last, now: now} }

// Next is a clock for a new write.
func (t *Ticker) Next() Clock {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.last = max(t.last+1, At(t.now()))
	return t.last
}

// MaxAhead is how far ahead of the receiver's wall clock a clock may be. A machine whose clock
// is wrong by more would win every conflict until the others catch up, so it is told instead.
const MaxAhead = 24 * time.Hour

// See takes note of a clock from elsewhere. It refuses one that is more than MaxAhead ahead.
func (t *Ticker) See(c Clock) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if ahead := c.Time().Sub(t.now()); ahead > MaxAhead {
		return fmt.Errorf("a change is stamped %s ahead of this machine's clock: set the clock of the machine that made it", ahead.Round(time.Minute))
	}
	t.last = max(t.last, c)
	return nil
}
