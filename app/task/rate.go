package task

import (
	"math"
	"time"
)

// rate estimates how fast a task goes: items and bytes a second, smoothed so that one big file
// does not make the time left jump.
type rate struct {
	last         time.Time
	items, bytes int64   // at last
	perItem      float64 // items a second; 0: not known
	perByte      float64 // bytes a second
	spent        time.Duration
}

// Half of an estimate's weight is forgotten after halfLife of work; nothing is said before the
// task has run for settle.
const (
	halfLife = 5 * time.Second
	settle   = time.Second
	interval = 200 * time.Millisecond
)

// step notes a count. Steps closer than interval are gathered.
func (r *rate) step(now time.Time, items, bytes int64) {
	if r.last.IsZero() {
		r.last, r.items, r.bytes = now, items, bytes
		return
	}
	dt := now.Sub(r.last)
	if dt < interval {
		return
	}
	keep := math.Exp2(-dt.Seconds() / halfLife.Seconds())
	if r.spent == 0 {
		keep = 0
	}
	r.perItem = keep*r.perItem + (1-keep)*float64(items-r.items)/dt.Seconds()
	r.perByte = keep*r.perByte + (1-keep)*float64(bytes-r.bytes)/dt.Seconds()
	r.spent += dt
	r.last, r.items, r.bytes = now, items, bytes
}

// pause leaves the waiting time out of the estimate: the next step starts a new interval.
func (r *rate) pause(time.Time) { r.last = time.Time{} }

// left estimates the time to the end, by bytes when their total is known, else by items; 0 when
// it is not known.
func (r *rate) left(done, total, bytes, totalBytes int64) time.Duration {
	var s float64
	switch {
	case r.spent < settle:
		return 0
	case totalBytes > 0 && r.perByte > 0:
		s = float64(totalBytes-bytes) / r.perByte
	case total > 0 && r.perItem > 0:
		s = float64(total-done) / r.perItem
	default:
		return 0
	}
	// Beyond a hundred days a number helps nobody.
	if s <= 0 || s > 100*24*3600 {
		return 0
	}
	return time.Duration(s * float64(time.Second))
}
