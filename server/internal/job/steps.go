package job

import (
	"context"
	"sync"
	"time"

	"sampleagent/server/internal/store"
	"sampleagent/sync/wire"
)

// seen is how long a step lasts before it is told, or before it is looked whether the job has ended
// meanwhile: a shorter one nobody sees, and either costs as much as many a step.
const seen = 200 * time.Millisecond

// steps tells how far the work on one job is.
type steps struct {
	s     *Service
	ctx   context.Context
	j     *store.Job
	timer *time.Timer
	told  sync.WaitGroup
	ran   time.Time // when the job was last seen running
}

// steps begins with a job that was just marked as running.
func (s *Service) steps(ctx context.Context, j *store.Job) *steps {
	return &steps{s: s, ctx: ctx, j: j, ran: time.Now()}
}

// works says that the job is not this attempt's any more: errEnded or errTakenOver.
func works(ctx context.Context, q store.Q, j *store.Job) error {
	attempt, err := q.JobRuns(ctx, j.ID)
	switch {
	case err != nil || attempt == j.Attempts:
		return err
	case attempt == 0:
		return errEnded
	}
	return errTakenOver
}

// at moves to a step, or says that the job is not ours any more.
func (p *steps) at(step string) error {
	p.end()
	if time.Since(p.ran) > seen || step == wire.StepStore { // what a cancelled job stores is an orphan
		// A look is over sooner than a watcher for cancelling has begun.
		if err := works(context.WithoutCancel(p.ctx), p.s.DB.Q, p.j); err != nil {
			return err
		}
		p.ran = time.Now()
	}
	p.told.Add(1)
	p.timer = time.AfterFunc(seen, func() {
		defer p.told.Done()
		if err := p.tell(step); err != nil && p.ctx.Err() == nil {
			p.s.Log.WarnContext(p.ctx, "step of a job not told", "job", p.j.ID, "step", step, "error", err)
		}
	})
	p.s.step(step)
	return nil
}

// end ends a step: it is told no more when end returns.
func (p *steps) end() {
	if p.timer != nil && p.timer.Stop() {
		p.told.Done()
	}
	p.timer = nil
	p.told.Wait()
}

func (p *steps) tell(step string) error {
	return p.s.DB.Note(p.ctx, func(tx *store.Tx) error {
		runs, err := tx.SetJobStep(p.ctx, p.j.ID, p.j.Attempts, step, p.s.Now())
		if err != nil || !runs {
			return err
		}
		return p.s.Notify.Event(p.ctx, tx, p.j.UserID, wire.EventJobUpdated, wire.EventData{JobID: p.j.ID, Status: wire.Processing, Step: step, BatchID: p.j.BatchID})
	})
}
