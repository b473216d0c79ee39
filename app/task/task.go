// Package task runs long work: an import, a card being written. It counts items and bytes,
// estimates the time left, can be paused, resumed and cancelled, and keeps the failures of single
// items, which never stop the rest.
//
// Tasks of one lane run one after another, in order of arrival; lanes run side by side. What has
// to survive a restart is kept by the work itself (an import's queue lies in the library). The
// package must never know what the work is, who draws it, or a database.
package task

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"
)

// ID names a task within one run of the program.
type ID string

// State says how far a task has come.
type State string

// The states. Done, Failed and Cancelled are final.
const (
	Waiting   State = "waiting"
	Running   State = "running"
	Paused    State = "paused"
	Done      State = "done"
	Failed    State = "failed"
	Cancelled State = "cancelled"
)

// Final says that nothing more will happen.
func (s State) Final() bool { return s == Done || s == Failed || s == Cancelled }

// Failure is one item that could not be done, and why.
type Failure struct{ Item, Reason string }

// Status is a task at one moment; a value, safe to keep.
type Status struct {
	ID    ID
	Kind  string // "import", "card"
	Title string // what a person reads: "Import Drums"
	State State

	Done, Total       int64 // items; Total 0: not known yet
	Bytes, TotalBytes int64
	Current           string        // the item being worked on
	ETA               time.Duration // time left; 0 when not known
	Started, Ended    time.Time     // zero: not yet

	FailureCount int       // all of them
	Failures     []Failure // the first mostFailures
	Summary      string    // how it ended, for a person
	Err          string    // why it Failed
	Result       any       // what the work handed back
}

// Share is how much is done, 0 to 1; below 0 when the end is not known. Bytes count more than items:
// small and large items take unlike times.
func (s Status) Share() float64 {
	switch {
	case s.TotalBytes > 0:
		return float64(s.Bytes) / float64(s.TotalBytes)
	case s.Total > 0:
		return float64(s.Done) / float64(s.Total)
	}
	return -1
}

// mostFailures bounds what a Status carries; the library lists every failed file anyway.
const mostFailures = 200

// Work does the task. It reports through h, returns early with ctx's error when cancelled, and
// calls h.Checkpoint between items so that it can be paused.
type Work func(ctx context.Context, h *Handle) error

// Manager owns the running tasks.
type Manager struct {
	changed func(Status) // called without locks held, often; must not wait
	now     func() time.Time

	mu     sync.Mutex
	next   int
	tasks  []*run // oldest first
	lanes  map[string]*run
	closed bool
	wg     sync.WaitGroup
}

type run struct {
	m      *Manager
	lane   string
	work   Work
	ctx    context.Context
	cancel context.CancelCauseFunc
	ended  chan struct{}

	mu     sync.Mutex
	st     Status
	paused bool
	resume chan struct{} // closed on resume; made anew on pause
	rate   rate
}

// New starts a manager; changed is told of every change of state and every step.
func New(changed func(Status)) *Manager {
	if changed == nil {
		changed = func(Status) {}
	}
	return &Manager{changed: changed, now: time.Now, lanes: map[string]*run{}}
}

// ErrClosed is the answer to Start after Close, and the cause of a context that Close cancelled.
var ErrClosed = errors.New("the program is closing")

// ErrCancelled is the cause of a task's context when a person cancelled it.
var ErrCancelled = errors.New("cancelled")

// Start queues work; kind is also its lane. It returns at once.
func (m *Manager) Start(kind, title string, w Work) (ID, error) {
	m.mu.Lock()
	if m.closed {
		m.mu.Unlock()
		return "", ErrClosed
	}
	m.next++
	r := &run{m: m, lane: kind, work: w, ended: make(chan struct{})}
	r.ctx, r.cancel = context.WithCancelCause(context.Background())
	r.st = Status{ID: ID(strconv.Itoa(m.next)), Kind: kind, Title: title, State: Waiting}
	m.tasks = append(m.tasks, r)
	m.wg.Add(1)
	m.startNextLocked(kind)
	m.mu.Unlock()
	r.tell()
	return r.st.ID, nil
}

// startNextLocked starts the lane's oldest waiting task if the lane is free.
func (m *Manager) startNextLocked(lane string) {
	if m.lanes[lane] != nil {
		return
	}
	for _, r := range m.tasks {
		r.mu.Lock()
		ready := r.lane == lane && r.st.State == Waiting
		if ready {
			r.st.State = Running
			if r.paused {
				r.st.State = Paused
			}
			r.st.Started = m.now()
		}
		r.mu.Unlock()
		if ready {
			m.lanes[lane] = r
			go r.run()
			return
		}
	}
}

func (r *run) run() {
	err := r.call()
	r.mu.Lock()
	r.st.Ended = r.m.now()
	r.st.Current, r.st.ETA = "", 0
	switch {
	case err == nil:
		r.st.State = Done
	case r.ctx.Err() != nil && errors.Is(err, context.Canceled):
		r.st.State = Cancelled
	default:
		r.st.State, r.st.Err = Failed, err.Error()
	}
	r.mu.Unlock()
	r.end()
}

// end frees the lane and tells of the final state.
func (r *run) end() {
	r.cancel(nil)
	r.m.mu.Lock()
	if r.m.lanes[r.lane] == r {
		delete(r.m.lanes, r.lane)
	}
	r.m.startNextLocked(r.lane)
	next := r.m.lanes[r.lane]
	r.m.mu.Unlock()
	r.tell()
	if next != nil {
		next.tell()
	}
	close(r.ended)
	r.m.wg.Done()
}

// call keeps a panic of the work inside the task: one broken file must not end the program.
func (r *run) call() (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%s: the program made a mistake: %v", r.st.Title, p)
		}
	}()
	h := &Handle{r}
	if err := h.Checkpoint(r.ctx); err != nil {
		return err
	}
	return r.work(r.ctx, h)
}

func (r *run) tell() { r.m.changed(r.status()) }

func (r *run) status() Status {
	r.mu.Lock()
	defer r.mu.Unlock()
	st := r.st
	st.Failures = slices.Clone(st.Failures)
	if st.State == Running {
		st.ETA = r.rate.left(st.Done, st.Total, st.Bytes, st.TotalBytes)
	}
	return st
}

// Status gives a task's present state.
func (m *Manager) Status(id ID) (Status, bool) {
	if r := m.find(id); r != nil {
		return r.status(), true
	}
	return Status{}, false
}

// All gives every task that was not dismissed, newest first.
func (m *Manager) All() []Status {
	m.mu.Lock()
	tasks := slices.Clone(m.tasks)
	m.mu.Unlock()
	out := make([]Status, 0, len(tasks))
	for _, r := range slices.Backward(tasks) {
		out = append(out, r.status())
	}
	return out
}

func (m *Manager) find(id ID) *run {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, r := range m.tasks {
		if r.st.ID == id { // the ID never changes after Start
			return r
		}
	}
	return nil
}

// Pause stops a task at its next checkpoint; what is done stays done.
func (m *Manager) Pause(id ID) {
	r := m.find(id)
	if r == nil {
		return
	}
	r.mu.Lock()
	if r.st.State.Final() || r.paused {
		r.mu.Unlock()
		return
	}
	r.paused, r.resume = true, make(chan struct{})
	if r.st.State == Running {
		r.st.State = Paused
	}
	r.rate.pause(m.now())
	r.mu.Unlock()
	r.tell()
}

// Resume lets a paused task go on.
func (m *Manager) Resume(id ID) {
	r := m.find(id)
	if r == nil {
		return
	}
	r.mu.Lock()
	if !r.paused {
		r.mu.Unlock()
		return
	}
	r.paused = false
	if r.st.State == Paused {
		r.st.State = Running
	}
	close(r.resume)
	r.mu.Unlock()
	r.tell()
}

// Cancel ends a task; a waiting one never starts. The cause of its context is ErrCancelled.
func (m *Manager) Cancel(id ID) { m.stop(id, ErrCancelled) }

func (m *Manager) stop(id ID, cause error) {
	r := m.find(id)
	if r == nil {
		return
	}
	m.mu.Lock()
	r.mu.Lock()
	waiting := r.st.State == Waiting
	if waiting {
		r.st.State, r.st.Ended = Cancelled, m.now()
	}
	r.mu.Unlock()
	m.mu.Unlock()
	if waiting {
		r.end()
		return
	}
	r.cancel(cause)
}

// Dismiss forgets a task that has ended.
func (m *Manager) Dismiss(id ID) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.tasks = slices.DeleteFunc(m.tasks, func(r *run) bool {
		r.mu.Lock()
		defer r.mu.Unlock()
		return r.st.ID == id && r.st.State.Final()
	})
}

// Wait returns the final state of a task, or the present one when ctx ends first.
func (m *Manager) Wait(ctx context.Context, id ID) (Status, error) {
	r := m.find(id)
	if r == nil {
		return Status{}, fmt.Errorf("there is no task %q", id)
	}
	select {
	case <-r.ended:
		return r.status(), nil
	case <-ctx.Done():
		return r.status(), ctx.Err()
	}
}

// Close cancels every task and waits until the last has let go.
func (m *Manager) Close() {
	m.mu.Lock()
	m.closed = true
	tasks := slices.Clone(m.tasks)
	m.mu.Unlock()
	for _, r := range tasks {
		m.stop(r.st.ID, ErrClosed)
	}
	m.wg.Wait()
}

// Handle is how work reports. Its methods may be called from several goroutines.
type Handle struct{ r *run }

// Checkpoint waits while the task is paused and returns ctx's error once it is cancelled.
func (h *Handle) Checkpoint(ctx context.Context) error {
	for {
		h.r.mu.Lock()
		paused, resume := h.r.paused, h.r.resume
		h.r.mu.Unlock()
		if err := ctx.Err(); err != nil {
			return err
		}
		if !paused {
			return nil
		}
		select {
		case <-resume:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Progress sets the counts; total 0 means not known, current "" leaves the item's name.
func (h *Handle) Progress(done, total, bytes, totalBytes int64, current string) {
	h.r.mu.Lock()
	st := &h.r.st
	st.Done, st.Total, st.Bytes, st.TotalBytes = done, total, bytes, totalBytes
	if current != "" {
		st.Current = current
	}
	h.r.rate.step(h.r.m.now(), done, bytes)
	h.r.mu.Unlock()
	h.r.tell()
}

// Fail notes an item that could not be done; the task goes on.
func (h *Handle) Fail(item, reason string) {
	h.r.mu.Lock()
	st := &h.r.st
	st.FailureCount++
	if len(st.Failures) < mostFailures {
		st.Failures = append(st.Failures, Failure{item, reason})
	}
	h.r.mu.Unlock()
	h.r.tell()
}

// Finish sets the sentence a person reads at the end, and what the work hands back.
func (h *Handle) Finish(summary string, result any) {
	h.r.mu.Lock()
	h.r.st.Summary, h.r.st.Result = summary, result
	h.r.mu.Unlock()
}
