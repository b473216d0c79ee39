package object_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"sampleagent/server/internal/object"
)

// Things move from one key to another as uploads do when their job ends (copy, note the new
// key, delete the old one) and are deleted, while stock is taken again and again: whatever the
// notes say at the moment of the snapshot is among the frozen objects.
func TestFreezeHasWhatTheSnapshotKnows(t *testing.T) {
	folder := t.TempDir()
	open := func() *object.Local { // each as a process of its own would
		l, err := object.NewLocal(folder, "", nil, time.Now)
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	var mu sync.Mutex
	notes := map[int]string{} // where each thing is: the database of this test
	note := func(i int, key string) {
		mu.Lock()
		defer mu.Unlock()
		if notes[i] = key; key == "" {
			delete(notes, i)
		}
	}
	ctx, end := context.WithCancel(t.Context())
	var movers sync.WaitGroup
	for m := range 4 {
		movers.Go(func() {
			l := open()
			for i := m; ctx.Err() == nil; i += 4 {
				// The walk meets "processed" before "uploads-pending".
				from, to := object.Pending("u", fmt.Sprint(i), "wav"), object.Processed(fmt.Sprint("u", i%7), fmt.Sprint(i), "wav")
				put(t, l, from, "sound")
				note(i, from)
				must := func(err error) {
					if err != nil {
						t.Error(err)
					}
				}
				must(l.Copy(t.Context(), from, to))
				note(i, to)
				must(l.Delete(t.Context(), from))
				if old := i - 40; old >= 0 {
					note(old, "") // first the row, then the object
					must(l.Delete(t.Context(), object.Processed(fmt.Sprint("u", old%7), fmt.Sprint(old), "wav")))
				}
			}
		})
	}
	defer movers.Wait()
	defer end()
	keeper := open()
	known := 0
	for known < 500 && !t.Failed() { // until enough was looked for
		var then map[int]string
		frozen, release, err := keeper.Freeze(t.Context(), func() error {
			mu.Lock()
			defer mu.Unlock()
			then = maps.Clone(notes)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, key := range slices.Sorted(maps.Values(then)) {
			known++
			if r, info, err := frozen.Get(t.Context(), key); err != nil || info.Size != 5 {
				t.Errorf("%s: %d bytes, %v", key, info.Size, err)
			} else if err := r.Close(); err != nil {
				t.Error(err)
			}
		}
		if _, _, err := open().Freeze(t.Context(), func() error { return nil }); err == nil {
			t.Error("two freezes at once")
		}
		if err := release(); err != nil {
			t.Fatal(err)
		}
	}
}

// A process that was killed leaves links, a failed snapshot none: the next freeze has only what
// is there.
func TestFreezeClearsWhatWasLeft(t *testing.T) {
	folder := t.TempDir()
	l, err := object.NewLocal(folder, "", nil, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	put(t, l, "processed/u/a.wav", "a")
	killed := filepath.Join(folder, "frozen", "data", "processed", "u")
	if err := errors.Join(os.MkdirAll(killed, 0o700), os.WriteFile(filepath.Join(killed, "old.wav"), nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	if _, _, err := l.Freeze(t.Context(), func() error { return io.ErrShortWrite }); !errors.Is(err, io.ErrShortWrite) {
		t.Errorf("a failed snapshot: %v", err)
	}
	frozen, release, err := l.Freeze(t.Context(), func() error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	var keys []string
	for o, err := range frozen.List(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, o.Key)
	}
	if !slices.Equal(keys, []string{"processed/u/a.wav"}) {
		t.Errorf("frozen: %v", keys)
	}
	if err := release(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(folder, "frozen")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("links stay: %v", err)
	}
}
