// Package history undoes and redoes what a person did, by name ("Set tempo to 92").
//
// A command carries its own way forth and back. The package must never know what a command
// changes.
package history

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"
)

// Command is one thing a person did.
type Command struct {
	Name string // as it stands after "Undo": "Set tempo to 92"
	Do   func(context.Context) error
	Undo func(context.Context) error
	// Merge joins commands that follow each other closely: of a slider's hundred positions one
	// undo goes back to where it was. "" never merges.
	Merge string
}

// ErrNothingToUndo says that nothing was done yet, or all of it is undone.
var ErrNothingToUndo = errors.New("nothing to undo")

// ErrNothingToRedo says that nothing was undone, or something else was done since.
var ErrNothingToRedo = errors.New("nothing to redo")

// mergeWithin is how close commands with the same Merge must follow each other.
const mergeWithin = time.Second

// History is the list of what was done. One command runs at a time.
type History struct {
	limit   int
	changed func(undo, redo string)
	now     func() time.Time

	run sync.Mutex // held while a command runs

	mu   sync.Mutex // guards the lists
	done []Command
	back []Command // undone, newest last
	last time.Time
}

// New keeps up to limit commands; changed is told the names of what could be undone and redone.
func New(limit int, changed func(undo, redo string)) *History {
	if changed == nil {
		changed = func(string, string) {}
	}
	return &History{limit: limit, changed: changed, now: time.Now}
}

// Do runs a command and remembers it; a command that fails is not remembered and leaves the
// lists as they were.
func (h *History) Do(ctx context.Context, c Command) error {
	h.run.Lock()
	defer h.run.Unlock()
	if err := c.Do(ctx); err != nil {
		return err
	}
	h.mu.Lock()
	now := h.now()
	if n := len(h.done); n > 0 && c.Merge != "" && h.done[n-1].Merge == c.Merge && now.Sub(h.last) < mergeWithin {
		c.Undo = h.done[n-1].Undo
		h.done[n-1] = c
	} else {
		h.done = append(h.done, c)
		if len(h.done) > h.limit {
			h.done = slices.Delete(h.done, 0, len(h.done)-h.limit)
		}
	}
	h.back, h.last = nil, now
	h.mu.Unlock()
	h.tell()
	return nil
}

// Undo takes back the last command and returns its name. When that fails the command stays.
func (h *History) Undo(ctx context.Context) (string, error) {
	h.run.Lock()
	defer h.run.Unlock()
	h.mu.Lock()
	if len(h.done) == 0 {
		h.mu.Unlock()
		return "", ErrNothingToUndo
	}
	c := h.done[len(h.done)-1]
	h.mu.Unlock()
	if err := c.Undo(ctx); err != nil {
		return c.Name, err
	}
	h.mu.Lock()
	h.done = h.done[:len(h.done)-1]
	h.back = append(h.back, c)
	h.last = time.Time{}
	h.mu.Unlock()
	h.tell()
	return c.Name, nil
}

// Redo does again what was last undone and returns its name.
func (h *History) Redo(ctx context.Context) (string, error) {
	h.run.Lock()
	defer h.run.Unlock()
	h.mu.Lock()
	if len(h.back) == 0 {
		h.mu.Unlock()
		return "", ErrNothingToRedo
	}
	c := h.back[len(h.back)-1]
	h.mu.Unlock()
	if err := c.Do(ctx); err != nil {
		return c.Name, err
	}
	h.mu.Lock()
	h.back = h.back[:len(h.back)-1]
	h.done = append(h.done, c)
	h.last = time.Time{}
	h.mu.Unlock()
	h.tell()
	return c.Name, nil
}

// Names gives what could be undone and redone; "" means nothing.
func (h *History) Names() (undo, redo string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if n := len(h.done); n > 0 {
		undo = h.done[n-1].Name
	}
	if n := len(h.back); n > 0 {
		redo = h.back[n-1].Name
	}
	return undo, redo
}

func (h *History) tell() { h.changed(h.Names()) }
