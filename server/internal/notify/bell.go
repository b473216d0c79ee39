package notify

import "sync"

// Bell wakes the live streams of this process when an account has a new event. Streams of
// other processes find it by looking every few seconds.
type Bell struct {
	mu    sync.Mutex
	waits map[string]map[chan struct{}]bool
}

// NewBell makes a bell.
func NewBell() *Bell { return &Bell{waits: map[string]map[chan struct{}]bool{}} }

// Ring wakes all streams of an account. It never blocks.
func (b *Bell) Ring(userID string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for c := range b.waits[userID] {
		select {
		case c <- struct{}{}:
		default: // it is awake already
		}
	}
}

// Listen is a channel that gets a value at each ring, and how to end it. ok is false when the
// account has most streams already.
func (b *Bell) Listen(userID string, most int) (c <-chan struct{}, end func(), ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.waits[userID]) >= most {
		return nil, nil, false
	}
	if b.waits[userID] == nil {
		b.waits[userID] = map[chan struct{}]bool{}
	}
	ch := make(chan struct{}, 1)
	b.waits[userID][ch] = true
	return ch, func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		delete(b.waits[userID], ch)
		if len(b.waits[userID]) == 0 {
			delete(b.waits, userID)
		}
	}, true
}
