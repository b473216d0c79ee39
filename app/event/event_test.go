package event

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"sampleagent/app/task"
	"sampleagent/library/catalog"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// read takes events until none has come for a moment.
func read(t *testing.T, s *Subscription) []Event {
	t.Helper()
	var got []Event
	for {
		select {
		case e, ok := <-s.C():
			if !ok {
				return got
			}
			got = append(got, e)
		case <-time.After(50 * time.Millisecond):
			return got
		}
	}
}

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

	got := read(t, s)
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
	case <-time.After(2 * time.Minute):
		t.Fatal("the sender waited for a subscriber that does not read")
	}
	quick.Close()
	got := read(t, slow)
	if _, ok := got[len(got)-1].(Lagged); !ok {
		t.Errorf("the last of %d events is %T, want Lagged", len(got), got[len(got)-1])
	}
	if len(got) > mostWaiting+2 {
		t.Errorf("%d events were kept", len(got))
	}
}

func TestManySendersAndSubscribers(t *testing.T) {
	var b Bus
	var readers, senders sync.WaitGroup
	counts := make([]int, 3)
	for i := range counts {
		s := b.Subscribe()
		readers.Go(func() {
			for e := range s.C() {
				if _, ok := e.(Message); ok {
					counts[i]++
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
	deadline := time.Now().Add(2 * time.Minute)
	for time.Now().Before(deadline) {
		b.mu.Lock()
		waiting := 0
		for s := range b.subs {
			s.mu.Lock()
			waiting += len(s.waiting)
			s.mu.Unlock()
		}
		b.mu.Unlock()
		if waiting == 0 {
			break
		}
		time.Sleep(time.Millisecond)
	}
	time.Sleep(10 * time.Millisecond)
	b.Close()
	readers.Wait()
	for i, n := range counts {
		if n != 800 {
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
