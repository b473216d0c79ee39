package event

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"sampleagent/app/task"
	"sampleagent/library/catalog"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// readUntil takes events up to and with the first that is the last one asked for.
func readUntil(t *testing.T, s *Subscription, last func(Event) bool) []Event {
	t.Helper()
	var got []Event
	for end := time.After(patience); ; {
		select {
		case e, ok := <-s.C():
			if !ok {
				t.Fatalf("the subscription ended after %d events", len(got))
			}
			if got = append(got, e); last(e) {
				return got
			}
		case <-end:
			t.Fatalf("the event waited for did not come; before it came %d others", len(got))
		}
	}
}

// patience is how long a test waits for what must come: far longer than it ever takes.
const patience = 2 * time.Minute

func TestProgressFallsTogetherAndMessagesAllArrive(t *testing.T) {
	var b Bus
	defer b.Close()
	s := b.Subscribe()
	b.Send(Message{Text: "first"})
	for i := range 1000 {
		b.Send(TaskChanged{task.Status{ID: "1", Done: int64(i + 1)}})
	}
	b.Send(TaskChanged{task.Status{ID: "2", Done: 7}})
	b.Send(Message{Text: "second"})

	got := readUntil(t, s, func(e Event) bool { return e == Event(Message{Text: "second"}) })
	// The pump may hold one event of task 1 while the newer ones fall together.
	if len(got) > 6 {
		t.Fatalf("%d events for 1000 steps of one task, want at most 6: %v", len(got), got)
	}
	var messages []string
	last := map[task.ID]int64{}
	for _, e := range got {
		switch e := e.(type) {
		case Message:
			messages = append(messages, e.Text)
		case TaskChanged:
			if e.Status.Done < last[e.Status.ID] {
				t.Errorf("task %s went back from %d to %d", e.Status.ID, last[e.Status.ID], e.Status.Done)
			}
			last[e.Status.ID] = e.Status.Done
		}
	}
	if strings.Join(messages, " ") != "first second" {
		t.Errorf("messages %q", messages)
	}
	if last["1"] != 1000 || last["2"] != 7 {
		t.Errorf("last states %v", last)
	}
}

func TestASlowSubscriberStopsNobody(t *testing.T) {
	var b Bus
	defer b.Close()
	slow, quick := b.Subscribe(), b.Subscribe()
	done := make(chan struct{})
	go func() {
		for i := range 2 * mostWaiting {
			b.Send(Message{Text: fmt.Sprint(i)})
			b.Send(LibraryChanged{catalog.Change{Updated: []catalog.Row{catalog.Row(i)}}})
		}
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(patience):
		t.Fatal("the sender waited for a subscriber that does not read")
	}
	quick.Close()
	got := readUntil(t, slow, func(e Event) bool { return e == Event(Lagged{}) })
	if len(got) > mostWaiting+2 {
		t.Errorf("%d events were kept", len(got))
	}
	if e, ok := slow.next(); ok {
		t.Errorf("%T came after Lagged", e)
	}
}

func TestManySendersAndSubscribers(t *testing.T) {
	var b Bus
	var readers, senders sync.WaitGroup
	counts := make([]atomic.Int64, 3)
	for i := range counts {
		s := b.Subscribe()
		readers.Go(func() {
			for e := range s.C() {
				if _, ok := e.(Message); ok {
					counts[i].Add(1)
				}
			}
		})
	}
	for range 4 {
		senders.Go(func() {
			for i := range 200 {
				b.Send(Message{Text: fmt.Sprint(i)})
				b.Send(HistoryChanged{})
			}
		})
	}
	senders.Wait()
	for i, end := 0, time.Now().Add(patience); i < len(counts) && time.Now().Before(end); {
		if counts[i].Load() >= 800 {
			i++
			continue
		}
		time.Sleep(time.Millisecond)
	}
	b.Close()
	readers.Wait()
	for i := range counts {
		if n := counts[i].Load(); n != 800 {
			t.Errorf("subscriber %d got %d of 800 messages", i, n)
		}
	}
}

func TestAfterCloseNothingHangs(t *testing.T) {
	var b Bus
	s := b.Subscribe()
	b.Send(Message{Text: "never read"})
	b.Close()
	b.Close()
	b.Send(Message{Text: "nobody there"})
	s.Close()
	for range s.C() {
		// What was under way may still come; then the channel closes.
	}
	if _, ok := <-b.Subscribe().C(); ok {
		t.Error("a closed bus gave an event")
	}
}
