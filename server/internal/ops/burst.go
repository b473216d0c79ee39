package ops

import (
	"context"
	"sync"
	"time"

	"sampleagent/server/internal/plan"
)

// burst starts further pro workers while the pro lane is deep, and ends them when it is not.
type burst struct {
	s    *Server
	quit chan struct{}
	done sync.WaitGroup
	end  func(context.Context) error // of the running burst, or nil
}

// burstEvery is how often the lane is looked at.
const burstEvery = 5 * time.Second

func startBurst(s *Server) *burst {
	b := &burst{s: s, quit: make(chan struct{})}
	if s.Config.BurstWorkers > 0 {
		b.done.Go(b.watch)
	}
	return b
}

func (b *burst) watch() {
	tick := time.NewTicker(burstEvery)
	defer tick.Stop()
	calm := 0
	for {
		select {
		case <-b.quit:
			return
		case <-tick.C:
		}
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		measured, err := b.s.DB.Lanes(ctx, b.s.Now().Add(-time.Minute))
		switch m := measured[plan.QueuePro]; {
		case err != nil:
			b.s.Log.Warn("burst: lanes not measured", "error", err)
		case m != nil && m.Waiting > int64(2*b.s.Config.ProWorkers) && b.end == nil:
			b.s.Log.Info("burst workers start", "waiting", m.Waiting, "workers", b.s.Config.BurstWorkers)
			if b.end, err = b.s.Queue.Burst(ctx, string(plan.QueuePro), b.s.Config.BurstWorkers); err != nil {
				b.s.Log.Error("burst workers did not start", "error", err)
				b.end = nil
			}
			calm = 0
		case (m == nil || m.Waiting == 0) && b.end != nil:
			if calm++; calm >= 3 {
				if err := b.end(ctx); err != nil {
					b.s.Log.Warn("burst workers did not stop well", "error", err)
				}
				b.s.Log.Info("burst workers ended")
				b.end = nil
			}
		default:
			calm = 0
		}
		cancel()
	}
}

func (b *burst) stop(ctx context.Context) error {
	close(b.quit)
	b.done.Wait()
	if b.end != nil {
		return b.end(ctx)
	}
	return nil
}
