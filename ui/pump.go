package ui

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"sampleagent/app/event"
)

// frame is the least time between two hops to the UI goroutine: all that came in between travels
// together.
const frame = 16 * time.Millisecond

// pump brings results of background work and the application's events to the UI goroutine. It is
// the only caller of fyne.Do in the program (handed in as do, so that tests may collect instead).
type pump struct {
	do     func(func())
	ctx    context.Context
	cancel context.CancelFunc
	queue  chan func()
	work   sync.WaitGroup
	open   atomic.Int64 // works whose result has not been applied: the tests wait until there is none
	ended  chan struct{}
}

func newPump(do func(func())) *pump {
	p := &pump{do: do, queue: make(chan func(), 256), ended: make(chan struct{})}
	p.ctx, p.cancel = context.WithCancel(context.Background())
	return p
}

// run does work on a goroutine and its result, unless nil, on the UI goroutine. It has the type
// browser.Background.
func (p *pump) run(work func(ctx context.Context) (apply func())) {
	if p.ctx.Err() != nil {
		return
	}
	p.open.Add(1)
	p.work.Go(func() {
		apply := work(p.ctx)
		if apply == nil {
			p.open.Add(-1)
			return
		}
		p.post(func() {
			apply()
			p.open.Add(-1)
		})
	})
}

func (p *pump) post(apply func()) {
	select {
	case p.queue <- apply:
	case <-p.ctx.Done():
	}
}

// start hands events to handle until the pump stops.
func (p *pump) start(events <-chan event.Event, handle func(event.Event)) {
	go func() {
		defer close(p.ended)
		var last time.Time
		for {
			var batch []func()
			take := func(e event.Event, ok bool) {
				if !ok {
					events = nil
					return
				}
				batch = append(batch, func() { handle(e) })
			}
			select {
			case <-p.ctx.Done():
				return
			case f := <-p.queue:
				batch = append(batch, f)
			case e, ok := <-events:
				take(e, ok)
			}
			if rest := frame - time.Since(last); rest > 0 {
				select {
				case <-p.ctx.Done():
					return
				case <-time.After(rest):
				}
			}
			for more := true; more && len(batch) < 512; {
				select {
				case f := <-p.queue:
					batch = append(batch, f)
				case e, ok := <-events:
					take(e, ok)
				default:
					more = false
				}
			}
			last = time.Now()
			if len(batch) == 0 {
				continue
			}
			// The next hop waits for this one: while the UI goroutine is busy, what comes in is gathered
			// here and events of one kind become one, instead of queueing behind each other.
			done := make(chan struct{})
			p.do(func() {
				defer close(done)
				for _, f := range batch {
					if p.ctx.Err() == nil {
						f()
					}
				}
			})
			select {
			case <-p.ctx.Done():
				return
			case <-done:
			}
		}
	}()
}

// stop ends the pump and waits for the work that was running. Results that come late are dropped.
func (p *pump) stop() {
	p.cancel()
	<-p.ended
	done := make(chan struct{})
	go func() { p.work.Wait(); close(done) }()
	select {
	case <-done:
	case <-time.After(3 * time.Second): // a decoder on a dead network drive must not keep the window
	}
}
