// Package event carries what happened inside the application to whoever draws it.
//
// A sender never waits: each subscriber has a queue of its own, and of events with the same key
// only the newest is kept, so that a thousand steps of progress are one redraw. The package must
// never know a widget, a database or a file.
package event

import (
	"sync"

	"sampleagent/app/task"
	"sampleagent/library/catalog"
)

// Event is something that happened. Of events with the same non-empty Key only the newest waits
// for a subscriber that is slow; events with an empty Key all arrive.
type Event interface{ Key() string }

// LibraryChanged says which samples changed; Many means: read everything again.
type LibraryChanged struct{ catalog.Change }

// Key lets changes of the whole library fall together; changes of named rows are kept apart.
func (e LibraryChanged) Key() string {
	if e.Many {
		return "library"
	}
	return ""
}

// TaskChanged carries the state of a piece of long work.
type TaskChanged struct{ Status task.Status }

// Key keeps the newest state of each task.
func (e TaskChanged) Key() string { return "task " + string(e.Status.ID) }

// TransportChanged says that playing started, stopped, or changed its settings.
type TransportChanged struct{}

// Key keeps one.
func (TransportChanged) Key() string { return "transport" }

// KitChanged says that a kit's name, pads or settings changed.
type KitChanged struct{ ID string }

// Key keeps one for each kit.
func (e KitChanged) Key() string { return "kit " + e.ID }

// KitsChanged says that a kit was made, renamed or deleted.
type KitsChanged struct{}

// Key keeps one.
func (KitsChanged) Key() string { return "kits" }

// CollectionsChanged says that collections or their members changed.
type CollectionsChanged struct{}

// Key keeps one.
func (CollectionsChanged) Key() string { return "collections" }

// HistoryChanged carries the names of what can be undone and redone; "" means nothing.
type HistoryChanged struct{ Undo, Redo string }

// Key keeps the newest.
func (HistoryChanged) Key() string { return "history" }

// SettingsChanged says that a preference changed.
type SettingsChanged struct{}

// Key keeps one.
func (SettingsChanged) Key() string { return "settings" }

// CloudChanged says that the account, its jobs or the connection to the server changed.
type CloudChanged struct{}

// Key keeps one.
func (CloudChanged) Key() string { return "cloud" }

// CloudDone says that a sound's analysis in the cloud has ended.
type CloudDone struct{ Name, Text string }

// Key is empty: each is worth a notification.
func (CloudDone) Key() string { return "" }

// Level says how much a message matters.
type Level int

// The levels.
const (
	Info Level = iota
	Warning
	Problem
)

// Message is a sentence for the person at the screen.
type Message struct {
	Level Level
	Text  string
}

// Key is empty: every message arrives.
func (Message) Key() string { return "" }

// Lagged says that a subscriber was so slow that events without a key were dropped: it should
// read everything anew.
type Lagged struct{}

// Key keeps one.
func (Lagged) Key() string { return "lagged" }

// mostWaiting bounds a queue; events with keys cannot fill it, messages of a broken loop could.
const mostWaiting = 4096

// Bus hands events to all subscribers. Its zero value works.
type Bus struct {
	mu     sync.Mutex
	subs   map[*Subscription]struct{}
	closed bool
}

// Subscription is one subscriber's queue.
type Subscription struct {
	bus  *Bus
	out  chan Event
	wake chan struct{} // of capacity 1: something waits
	quit chan struct{}
	once sync.Once

	mu      sync.Mutex
	waiting []Event        // oldest first
	taken   int            // events taken so far
	at      map[string]int // key -> taken at that time + index into waiting
	lagged  bool
}

// Subscribe starts a queue; the subscriber reads C and calls Close when it is done. After
// Bus.Close, C is closed at once.
func (b *Bus) Subscribe() *Subscription {
	s := &Subscription{
		bus: b, out: make(chan Event), wake: make(chan struct{}, 1),
		quit: make(chan struct{}), at: map[string]int{},
	}
	b.mu.Lock()
	if b.closed {
		b.mu.Unlock()
		s.once.Do(func() { close(s.quit) })
		close(s.out)
		return s
	}
	if b.subs == nil {
		b.subs = map[*Subscription]struct{}{}
	}
	b.subs[s] = struct{}{}
	b.mu.Unlock()
	go s.pump()
	return s
}

// Send puts an event into every queue and returns at once.
func (b *Bus) Send(e Event) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for s := range b.subs {
		s.put(e)
	}
}

// Close ends every subscription; what is still waiting is dropped.
func (b *Bus) Close() {
	b.mu.Lock()
	b.closed = true
	subs := b.subs
	b.subs = nil
	b.mu.Unlock()
	for s := range subs {
		s.end()
	}
}

// C gives the events in order; it is closed after Close.
func (s *Subscription) C() <-chan Event { return s.out }

// Close ends the subscription.
func (s *Subscription) Close() {
	s.bus.mu.Lock()
	delete(s.bus.subs, s)
	s.bus.mu.Unlock()
	s.end()
}

func (s *Subscription) end() { s.once.Do(func() { close(s.quit) }) }

func (s *Subscription) put(e Event) {
	s.mu.Lock()
	k := e.Key()
	if i, ok := s.at[k]; ok && k != "" {
		s.waiting[i-s.taken] = e // keeps its place: nobody starves
	} else if len(s.waiting) >= mostWaiting {
		s.lagged = true
	} else {
		if k != "" {
			s.at[k] = s.taken + len(s.waiting)
		}
		s.waiting = append(s.waiting, e)
	}
	s.mu.Unlock()
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// next takes the oldest event out of the queue.
func (s *Subscription) next() (Event, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.waiting) == 0 {
		if s.lagged {
			s.lagged = false
			return Lagged{}, true
		}
		return nil, false
	}
	e := s.waiting[0]
	s.waiting[0] = nil
	s.waiting = s.waiting[1:]
	s.taken++
	if k := e.Key(); k != "" {
		delete(s.at, k)
	}
	return e, true
}

// pump moves events to the channel, one at a time: what still waits can be replaced by newer.
func (s *Subscription) pump() {
	defer close(s.out)
	for {
		select {
		case <-s.quit:
			return
		case <-s.wake:
		}
		for e, ok := s.next(); ok; e, ok = s.next() {
			select {
			case s.out <- e:
			case <-s.quit:
				return
			}
		}
	}
}
