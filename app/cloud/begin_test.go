package cloud

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"sampleagent/library/catalog"
	"sampleagent/sync/session"
)

// beginner is a library of listed files, a part of them analysed, that no account knows yet.
func beginner(t *testing.T, count, analysed int) (m *machine, rest []catalog.Analysis) {
	t.Helper()
	db, err := catalog.Open(t.Context(), t.TempDir()+"/a.db")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	m = &machine{t: t, db: db}
	files := make([]catalog.NewFile, count)
	for i := range files {
		files[i] = catalog.NewFile{Path: fmt.Sprintf("/samples/%d.wav", i), Size: 1000, ModTime: time.Unix(1, 0)}
	}
	rows, err := db.List(t.Context(), "", files)
	m.do(err)
	all := make([]catalog.Analysis, count)
	for i, row := range rows {
		all[i] = heardHere(row, fmt.Sprint(i), files[i].Path)
	}
	// Every fourth is analysed while sync begins: such rows lie before and behind what is gone through.
	slices.SortStableFunc(all, func(a, b catalog.Analysis) int { return int(b.Row%4) - int(a.Row%4) })
	m.do(db.Store(t.Context(), all[:analysed]))
	return m, all[analysed:]
}

// Whoever signs in is not kept waiting until the background looks again by itself.
func TestSigningInIsWaitedFor(t *testing.T) {
	for err, want := range map[error]bool{nil: false, ErrNobody: false, session.ErrSignedOut: false, ErrUnreachable: true} {
		if passes(err) != want {
			t.Errorf("%v passes by itself: %v", err, !want)
		}
	}
}

// sent is how many objects of a kind lie in the hub.
func (h *hub) sent(kind string) int {
	objects := map[string]bool{}
	for key := range h.cells {
		object, _, _ := strings.Cut(key, " ")
		objects[object] = objects[object] || strings.HasPrefix(object, kind+"/")
	}
	n := 0
	for _, of := range objects {
		if of {
			n++
		}
	}
	return n
}

// An import that goes on while a library begins to be kept in sync: every sound arrives, once.
func TestWhatIsAnalysedWhileSyncBeginsArrivesOnce(t *testing.T) {
	const count, before = 1200, 900
	a, rest := beginner(t, count, before)
	begun, stored := make(chan struct{}), make(chan error, 1)
	go func() {
		var err error
		for n := 0; len(rest) > 0; n++ {
			run := rest[:min(20, len(rest))]
			rest = rest[len(run):]
			err = errors.Join(err, a.db.Store(context.Background(), run))
			if n == 0 {
				close(begun)
			}
		}
		stored <- err
	}()
	<-begun
	s, err := a.db.StartSync(t.Context(), "https://example.org|u1", "a")
	a.do(err)
	h := newHub()
	a.join(s, h)
	a.sync() // takes up what is there; the import may still go on
	a.do(<-stored)
	a.sync()
	if n := h.sent("sample"); n != count {
		t.Errorf("%d of %d samples were sent", n, count)
	}
	h.page = 500
	b := newMachine(t, h, t.TempDir(), "b")
	b.sync()
	rows, err := b.db.All(t.Context())
	b.do(err)
	all, err := b.db.Samples(t.Context(), rows)
	b.do(err)
	seen := map[string]int{}
	for _, s := range all {
		seen[s.SHA256]++
	}
	for i := range count {
		if n := seen[sum(fmt.Sprint(i))]; n != 1 {
			t.Errorf("sample %d is on the other machine %d times", i, n)
		}
	}
	if r, err := a.replica.Sync(t.Context(), nil); err != nil || r.Sent != 0 {
		t.Errorf("once all are in sync %+v was moved, %v", r, err)
	}
}

// Beginning is cut (the program ends): the next start goes on and what was edited in between is sent.
func TestBeginningGoesOnWhereItWasCut(t *testing.T) {
	const count = 1200
	a, _ := beginner(t, count, count)
	list, err := a.db.NewCollection(t.Context(), "", "Breaks", nil)
	a.do(err)
	ctx, cut := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		_, err := a.db.StartSync(ctx, "https://example.org|u1", "a")
		done <- err
	}()
	// The account is there from the first transaction on: what is edited from here on is marked.
	for ok := false; !ok; {
		_, ok, err = a.db.Sync(t.Context())
		a.do(err)
	}
	cut()
	if err := <-done; err != nil && !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	a.do(a.db.AddToCollection(t.Context(), list.ID, []catalog.Row{a.row("7")}))
	s, err := a.db.StartSync(t.Context(), "https://example.org|u1", "a")
	a.do(err)
	h := newHub()
	a.join(s, h)
	a.sync()
	if n := h.sent("sample"); n != count {
		t.Errorf("%d of %d samples were sent", n, count)
	}
	if _, ok := h.cells["collection/"+list.ID+" item/"+sum("7")]; !ok {
		t.Error("the edit after the cut was not sent")
	}
}
