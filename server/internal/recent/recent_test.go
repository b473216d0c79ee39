package recent_test

import (
	"context"
	"errors"
	"testing"

	"sampleagent/server/internal/recent"
)

func TestTheLastAnswerStands(t *testing.T) {
	var a recent.Answer[[]int]
	broken := errors.New("broken")
	n, fails := 0, true
	ask := func(context.Context) ([]int, error) {
		n++
		if fails {
			return []int{-1}, broken
		}
		return []int{n}, nil
	}
	if got, err := a.Get(ask); !errors.Is(err, broken) || got != nil {
		t.Errorf("no answer yet: %v %v", got, err)
	}
	if got, err := a.Get(ask); !errors.Is(err, broken) || got != nil || n != 1 {
		t.Errorf("who has just failed is not asked again: %v %v, %d questions", got, err, n)
	}
	fails = false
	a.Forget()
	for range 3 {
		if got, err := a.Get(ask); err != nil || got[0] != 2 {
			t.Errorf("asked once while it is fresh: %v %v", got, err)
		}
	}
	a.Forget()
	if got, err := a.Get(ask); err != nil || got[0] != 3 {
		t.Errorf("asked anew: %v %v", got, err)
	}
}
