package cli

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func numbers(n int, begun *atomic.Int64) func(func(int) bool) {
	return func(yield func(int) bool) {
		for i := range n {
			if begun != nil {
				begun.Add(1)
			}
			if !yield(i) {
				return
			}
		}
	}
}

func TestResultsComeInOrderWhileWorkRunsSideBySide(t *testing.T) {
	defer goleak.VerifyNone(t)
	var now, most atomic.Int64
	var got []int
	err := ordered(context.Background(), 4, numbers(200, nil), func(_ context.Context, i int) int {
		n := now.Add(1)
		for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
		}
		time.Sleep(time.Duration(rand.IntN(1000)) * time.Microsecond)
		now.Add(-1)
		return i * i
	}, func(r int) error { got = append(got, r); return nil })
	if err != nil || len(got) != 200 || !slices.IsSorted(got) {
		t.Errorf("%d results, sorted %v, error %v", len(got), slices.IsSorted(got), err)
	}
	if m := most.Load(); m < 2 || m > 4 {
		t.Errorf("%d items at once with 4 jobs", m)
	}
}

func TestASlowFirstItemDoesNotPileUpTheRest(t *testing.T) {
	defer goleak.VerifyNone(t)
	gate := make(chan struct{})
	var begun atomic.Int64
	done := make(chan error, 1)
	go func() {
		done <- ordered(context.Background(), 2, numbers(5000, &begun), func(_ context.Context, i int) int {
			if i == 0 {
				<-gate
			}
			return i
		}, func(int) error { return nil })
	}()
	for begun.Load() < 2*waiting && t.Context().Err() == nil { // the other job goes on meanwhile...
		time.Sleep(time.Millisecond)
	}
	time.Sleep(50 * time.Millisecond)
	if n := begun.Load(); n > 2*waiting+4 { // ...but not for ever
		t.Errorf("%d items were taken while the first still ran", n)
	}
	close(gate)
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestCancelAndAFailingOutputEndEverything(t *testing.T) {
	defer goleak.VerifyNone(t)
	ctx, cancel := context.WithCancel(context.Background())
	n := 0
	work := func(ctx context.Context, i int) int {
		if i > 20 {
			<-ctx.Done()
		}
		return i
	}
	err := ordered(ctx, 3, numbers(1000, nil), work, func(r int) error {
		if n++; n == 10 {
			cancel()
		}
		return nil
	})
	if !errors.Is(err, context.Canceled) || n != 10 {
		t.Errorf("after cancel: %d results, %v", n, err)
	}
	full := errors.New("disk is full")
	err = ordered(context.Background(), 3, numbers(1000, nil), work, func(r int) error {
		if r == 5 {
			return full
		}
		return nil
	})
	if !errors.Is(err, full) {
		t.Errorf("error %v", err)
	}
}
