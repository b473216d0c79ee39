package ops

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// calm is a log that tells one error sameInAMinute times a minute and counts the rest: while a part
// is away every request and every look at a queue meets it, and what else is wrong would be lost
// among thousands of lines.
type calm struct {
	slog.Handler
	told *told // shared by all that came of one
}

const (
	sameInAMinute = 3
	causeTail     = 30   // bytes of an error's end by which causes are told apart: before it stand ids
	mostCauses    = 1000 // kept in memory
)

func newCalm(h slog.Handler) calm { return calm{h, &told{causes: map[string]*cause{}}} }

// Handle drops a line whose message and error were told often enough.
func (h calm) Handle(ctx context.Context, r slog.Record) error {
	text := ""
	r.Attrs(func(a slog.Attr) bool {
		if a.Key == "error" || a.Key == "err" {
			text = a.Value.String()
		}
		return text == ""
	})
	if text == "" {
		return h.Handler.Handle(ctx, r)
	}
	say, dropped := h.told.again(r.Message+": "+text[max(0, len(text)-causeTail):], r.Time)
	if !say {
		return nil
	}
	if dropped > 0 {
		r = r.Clone()
		r.AddAttrs(slog.Int("same_before", dropped))
	}
	return h.Handler.Handle(ctx, r)
}

// WithAttrs keeps the wrapping.
func (h calm) WithAttrs(attrs []slog.Attr) slog.Handler {
	return calm{h.Handler.WithAttrs(attrs), h.told}
}

// WithGroup keeps the wrapping.
func (h calm) WithGroup(name string) slog.Handler { return calm{h.Handler.WithGroup(name), h.told} }

type told struct {
	mu     sync.Mutex
	causes map[string]*cause
}

type cause struct {
	since time.Time
	times int
}

// again says whether a cause is told at a time, and how often it was not before.
func (t *told) again(key string, at time.Time) (say bool, dropped int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	c := t.causes[key]
	if c == nil || at.Sub(c.since) >= time.Minute || at.Before(c.since) {
		if c != nil {
			dropped = max(0, c.times-sameInAMinute)
		}
		if len(t.causes) >= mostCauses {
			clear(t.causes)
		}
		t.causes[key] = &cause{at, 1}
		return true, dropped
	}
	c.times++
	return c.times <= sameInAMinute, 0
}
