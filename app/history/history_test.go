package history

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func set(v *int, to int) Command {
	from := *v
	return Command{
		Name: fmt.Sprintf("Set to %d", to),
		Do:   func(context.Context) error { *v = to; return nil },
		Undo: func(context.Context) error { *v = from; return nil },
	}
}

func TestForthAndBack(t *testing.T) {
	ctx := context.Background()
	var told []string
	h := New(10, func(u, r string) { told = append(told, u+"|"+r) })
	v := 0
	for _, to := range []int{1, 2} {
		if err := h.Do(ctx, set(&v, to)); err != nil {
			t.Fatal(err)
		}
	}
	name, err := h.Undo(ctx)
	if err != nil || name != "Set to 2" || v != 1 {
		t.Fatalf("undo %q, %v, value %d", name, err, v)
	}
	if name, err = h.Redo(ctx); err != nil || name != "Set to 2" || v != 2 {
		t.Fatalf("redo %q, %v, value %d", name, err, v)
	}
	h.Undo(ctx)
	h.Do(ctx, set(&v, 9)) // what was undone is gone now
	if _, err := h.Redo(ctx); !errors.Is(err, ErrNothingToRedo) {
		t.Errorf("redo after a new command: %v", err)
	}
	h.Undo(ctx)
	h.Undo(ctx)
	if _, err := h.Undo(ctx); !errors.Is(err, ErrNothingToUndo) || v != 0 {
		t.Errorf("undo of nothing: %v, value %d", err, v)
	}
	if got := fmt.Sprint(told[:3]); got != "[Set to 1| Set to 2| Set to 1|Set to 2]" {
		t.Errorf("told %s", got)
	}
}

func TestACommandThatFailsIsNotRemembered(t *testing.T) {
	ctx := context.Background()
	h := New(10, nil)
	v := 0
	h.Do(ctx, set(&v, 1))
	bad := errors.New("the library is read-only")
	if err := h.Do(ctx, Command{Name: "x", Do: func(context.Context) error { return bad }}); !errors.Is(err, bad) {
		t.Fatal(err)
	}
	if u, _ := h.Names(); u != "Set to 1" {
		t.Errorf("undo would be %q", u)
	}
	// An undo that fails stays to be tried again.
	fails := true
	h.Do(ctx, Command{Name: "y", Do: func(context.Context) error { return nil }, Undo: func(context.Context) error {
		if fails {
			return bad
		}
		return nil
	}})
	if _, err := h.Undo(ctx); !errors.Is(err, bad) {
		t.Fatal(err)
	}
	if u, r := h.Names(); u != "y" || r != "" {
		t.Errorf("names %q %q", u, r)
	}
	fails = false
	if name, err := h.Undo(ctx); name != "y" || err != nil {
		t.Errorf("%q %v", name, err)
	}
}

func TestASliderIsOneUndo(t *testing.T) {
	ctx := context.Background()
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	h := New(10, nil)
	h.now = func() time.Time { return now }
	v := 0
	for i := 1; i <= 100; i++ {
		c := set(&v, i)
		c.Merge = "volume A1"
		h.Do(ctx, c)
		now = now.Add(20 * time.Millisecond)
	}
	now = now.Add(2 * time.Second)
	c := set(&v, 200)
	c.Merge = "volume A1"
	h.Do(ctx, c)
	h.Undo(ctx)
	if v != 100 {
		t.Errorf("a movement after a pause was merged: %d", v)
	}
	h.Undo(ctx)
	if v != 0 {
		t.Errorf("undo of a slider went to %d", v)
	}
	h.Redo(ctx)
	if v != 100 {
		t.Errorf("redo of a slider went to %d", v)
	}
}

func TestAnyWalkEndsWhereItBegan(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ctx := context.Background()
		h := New(1000, nil)
		v := 0
		model := []int{0} // values; at is where we stand
		at := 0
		for range rapid.IntRange(0, 60).Draw(t, "steps") {
			switch rapid.IntRange(0, 2).Draw(t, "step") {
			case 0:
				to := rapid.Int().Draw(t, "to")
				if err := h.Do(ctx, set(&v, to)); err != nil {
					t.Fatal(err)
				}
				model = append(model[:at+1], to)
				at++
			case 1:
				_, err := h.Undo(ctx)
				if (err == nil) != (at > 0) {
					t.Fatalf("undo at %d: %v", at, err)
				}
				at = max(0, at-1)
			case 2:
				_, err := h.Redo(ctx)
				if (err == nil) != (at < len(model)-1) {
					t.Fatalf("redo at %d of %d: %v", at, len(model), err)
				}
				at = min(len(model)-1, at+1)
			}
			if v != model[at] {
				t.Fatalf("value %d, want %d", v, model[at])
			}
		}
	})
}

func TestTheOldestIsForgotten(t *testing.T) {
	ctx := context.Background()
	h := New(3, nil)
	v := 0
	for i := 1; i <= 10; i++ {
		h.Do(ctx, set(&v, i))
	}
	n := 0
	for {
		if _, err := h.Undo(ctx); err != nil {
			break
		}
		n++
	}
	if n != 3 || v != 7 {
		t.Errorf("%d undone, value %d", n, v)
	}
}
