package ops

import (
	"context"
	"sync"
	"time"

	"sampleagent/server/internal/job/lane"
	"sampleagent/server/internal/plan"
)

// burst starts further pro workers while the pro lane is deep, and ends them when it is not.
type burst struct {
	s    *Server
	quit chan struct{}
	done sync.WaitGroup
	end  func(context.Context) error // of the running burst, or nil
}

func startBurst(s *Server) *burst {
	b := &burst{s: s, quit: make(chan struct{})}
	if s.Config.BurstWorkers > 0 {
		b.done.Go(b.watch)
	}
	return b
}

func (b *burst) watch() {
	tick := time.NewTicker(lane.BurstEvery)
	defer tick.Stop()
	rule := lane.Burst{Workers: b.s.Config.ProWorkers}
	for {
		select {
		case <-b.quit:
			return
		case <-tick.C:
		}
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		if err := b.look(ctx, &rule); err != nil {
			b.s.Log.Warn("burst workers", "error", err)
		}
		cancel()
	}
}

func (b *burst) look(ctx context.Context, rule *lane.Burst) error {
	lanes, err := b.s.DB.Lanes(ctx, b.s.Now().Add(-time.Minute))
	if err != nil {
		return err
	}
	waiting := int64(0)
	if m := lanes[plan.QueuePro]; m != nil {
		waiting = m.Waiting
	}
	switch on := rule.Look(waiting); {
	case on && b.end == nil:
		b.s.Log.Info("burst workers start", "waiting", waiting, "workers", b.s.Config.BurstWorkers)
		end, err := b.s.Queue.Burst(ctx, string(plan.QueuePro), b.s.Config.BurstWorkers)
		if err != nil {
			return err
		}
		b.end = end
		b.s.metrics.burst.Set(float64(b.s.Config.BurstWorkers))
	case !on && b.end != nil:
		end := b.end
		b.end = nil
		b.s.metrics.burst.Set(0)
		b.s.Log.Info("burst workers end")
		return end(ctx)
	}
	return nil
}

func (b *burst) stop(ctx context.Context) error {
	close(b.quit)
	b.done.Wait()
	if b.end != nil {
		return b.end(ctx)
	}
	return nil
}
