package task

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func wait(t *testing.T, m *Manager, id ID) Status {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	st, err := m.Wait(ctx, id)
	if err != nil {
		t.Fatalf("task %s: %v, state %s", id, err, st.State)
	}
	return st
}

func TestHowATaskEnds(t *testing.T) {
	for _, c := range []struct {
		name  string
		work  Work
		state State
		err   string
	}{
		{"done", func(context.Context, *Handle) error { return nil }, Done, ""},
		{"failed", func(context.Context, *Handle) error { return errors.New("the card is full") }, Failed, "the card is full"},
		{"panic", func(context.Context, *Handle) error { panic("index out of range") }, Failed, "Some work: the program made a mistake: index out of range"},
		// A task whose own inner context ended was not cancelled by a person.
		{"inner", func(context.Context, *Handle) error { return context.Canceled }, Failed, "context canceled"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := New(nil)
			defer m.Close()
			id, err := m.Start("import", "Some work", c.work)
			if err != nil {
				t.Fatal(err)
			}
			if st := wait(t, m, id); st.State != c.state || st.Err != c.err || st.Ended.IsZero() {
				t.Errorf("ended as %q with %q", st.State, st.Err)
			}
		})
	}
}

func TestFailuresOfItemsAreKeptAndDoNotStopTheRest(t *testing.T) {
	m := New(nil)
	defer m.Close()
	id, _ := m.Start("import", "Import", func(ctx context.Context, h *Handle) error {
		for i := range 1000 {
			h.Fail(fmt.Sprintf("%d.wav", i), "file is empty")
		}
		h.Progress(1000, 1000, 0, 0, "")
		h.Finish("all read", 42)
		return nil
	})
	st := wait(t, m, id)
	if st.State != Done || st.FailureCount != 1000 || len(st.Failures) != mostFailures || st.Done != 1000 || st.Summary != "all read" || st.Result != 42 {
		t.Errorf("%+v", st)
	}
	if st.Failures[3] != (Failure{"3.wav", "file is empty"}) {
		t.Errorf("failure 3: %+v", st.Failures[3])
	}
}

func TestOneLaneRunsInOrderAndLanesSideBySide(t *testing.T) {
	m := New(nil)
	defer m.Close()
	var mu sync.Mutex
	var order []string
	gate := make(chan struct{})
	note := func(name string, wait bool) Work {
		return func(ctx context.Context, h *Handle) error {
			if wait {
				<-gate
			}
			mu.Lock()
			order = append(order, name)
			mu.Unlock()
			return nil
		}
	}
	first, _ := m.Start("import", "a", note("a", true))
	second, _ := m.Start("import", "b", note("b", false))
	other, _ := m.Start("card", "c", note("c", false))
	wait(t, m, other)
	if st, _ := m.Status(second); st.State != Waiting {
		t.Errorf("the second import is %s while the first runs", st.State)
	}
	close(gate)
	wait(t, m, first)
	wait(t, m, second)
	if got := fmt.Sprint(order); got != "[c a b]" {
		t.Errorf("order %s", got)
	}
	if all := m.All(); len(all) != 3 || all[0].ID != other {
		t.Errorf("All: %+v", all)
	}
	m.Dismiss(first)
	if len(m.All()) != 2 {
		t.Error("a dismissed task is still listed")
	}
}

func TestPauseHoldsAtACheckpoint(t *testing.T) {
	m := New(nil)
	defer m.Close()
	var steps atomic.Int64
	id, _ := m.Start("import", "steps", func(ctx context.Context, h *Handle) error {
		for {
			if err := h.Checkpoint(ctx); err != nil {
				return err
			}
			steps.Add(1)
			time.Sleep(time.Millisecond)
		}
	})
	for steps.Load() < 3 {
		time.Sleep(time.Millisecond)
	}
	m.Pause(id)
	time.Sleep(10 * time.Millisecond)
	at := steps.Load()
	if st, _ := m.Status(id); st.State != Paused {
		t.Errorf("state %s", st.State)
	}
	time.Sleep(30 * time.Millisecond)
	if steps.Load() != at {
		t.Error("a paused task went on")
	}
	m.Resume(id)
	for steps.Load() == at {
		time.Sleep(time.Millisecond)
	}
	m.Pause(id)
	m.Cancel(id) // also while paused
	if st := wait(t, m, id); st.State != Cancelled {
		t.Errorf("state %s after cancel", st.State)
	}
}

func TestAWaitingTaskCanBeCancelledAndPaused(t *testing.T) {
	m := New(nil)
	defer m.Close()
	gate := make(chan struct{})
	first, _ := m.Start("import", "a", func(context.Context, *Handle) error { <-gate; return nil })
	ran := false
	second, _ := m.Start("import", "b", func(context.Context, *Handle) error { ran = true; return nil })
	third, _ := m.Start("import", "c", func(context.Context, *Handle) error { return nil })
	m.Pause(third)
	m.Cancel(second)
	close(gate)
	wait(t, m, first)
	if st := wait(t, m, second); st.State != Cancelled || ran {
		t.Errorf("state %s, ran %v", st.State, ran)
	}
	time.Sleep(10 * time.Millisecond)
	if st, _ := m.Status(third); st.State != Paused {
		t.Errorf("a task paused while waiting is %s", st.State)
	}
	m.Resume(third)
	if st := wait(t, m, third); st.State != Done {
		t.Errorf("state %s", st.State)
	}
}

func TestCloseCancelsAndWaits(t *testing.T) {
	m := New(nil)
	var running atomic.Int64
	for range 3 {
		m.Start("import", "x", func(ctx context.Context, h *Handle) error {
			running.Add(1)
			defer running.Add(-1)
			<-ctx.Done()
			return ctx.Err()
		})
	}
	m.Close()
	if running.Load() != 0 {
		t.Error("Close came back before the work did")
	}
	if _, err := m.Start("import", "late", nil); !errors.Is(err, ErrClosed) {
		t.Errorf("Start after Close: %v", err)
	}
}

func TestTimeLeft(t *testing.T) {
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	var r rate
	// 20 items and 1 MB a second.
	for i := range 21 {
		r.step(start.Add(time.Duration(i)*250*time.Millisecond), int64(i)*5, int64(i)*250_000)
	}
	near := func(name string, got time.Duration, want float64) {
		t.Helper()
		if got.Seconds() < want*0.9 || got.Seconds() > want*1.1 {
			t.Errorf("%s: %.2f s left, want %.0f s", name, got.Seconds(), want)
		}
	}
	near("by bytes", r.left(50, 100, 5_000_000, 25_000_000), 20)
	near("by items", r.left(100, 300, 0, 0), 10)
	if got := r.left(50, 0, 5_000_000, 0); got != 0 {
		t.Errorf("unknown totals gave %v", got)
	}
	// An hour's pause is not slowness.
	r.pause(start.Add(5 * time.Second))
	r.step(start.Add(time.Hour), 100, 5_000_000)
	r.step(start.Add(time.Hour+time.Second), 120, 6_000_000)
	near("after a pause", r.left(120, 0, 6_000_000, 16_000_000), 10)
	var fresh rate
	fresh.step(start, 0, 0)
	if fresh.left(0, 10, 0, 10) != 0 {
		t.Error("an estimate before anything was done")
	}
}
