package job

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/riverqueue/river"

	"sampleagent/server/internal/job/queue"
	"sampleagent/server/internal/plan"
	"sampleagent/server/internal/store"
	"sampleagent/server/internal/vibe"
	"sampleagent/sync/wire"
)

// Meter bills what goes beyond a plan's share.
type Meter interface {
	// Meters says whether usage of an account can be billed.
	Meters(u *store.User) bool
	// Meter writes, in the transaction of what it bills, one unit of usage; id is that thing's.
	Meter(ctx context.Context, tx *store.Tx, u *store.User, id, sampleID string, priceMicro int64) error
}

// kindDeep is the counter of deep analyses of a billing month.
const kindDeep = "deep"

// DeepArgs is a job queue entry: carry out a deep analysis.
type DeepArgs struct {
	DeepID string `json:"deep_id"`
}

// Kind names the entry.
func (DeepArgs) Kind() string { return "deep_analysis" }

// DeepOffer says, before a user asks, what a deep analysis of a sample would cost, or why there is
// none; and how the last one stands.
func (s *Service) DeepOffer(ctx context.Context, who Who, id string) (*wire.DeepOffer, error) {
	if _, err := s.DB.Sample(ctx, who.User.ID, id); err != nil {
		return nil, err
	}
	o := &wire.DeepOffer{Share: who.Limits.DeepShare}
	last, err := s.DB.DeepOf(ctx, who.User.ID, id)
	if err != nil && !notFound(err) {
		return nil, err
	}
	if err == nil {
		o.State, o.Reason = last.State, last.Reason
	}
	month := who.Limits.UploadWindow(s.Now(), who.User.PeriodStart.Time())
	used, err := s.DB.Used(ctx, who.User.ID, kindDeep, month)
	if err != nil {
		return nil, err
	}
	o.Left, o.ResetAt = max(0, who.Limits.DeepShare-used), month.End
	if o.Left == 0 {
		o.PriceMicro = plan.DeepMicro
	}
	if p := s.noDeep(who, o.Left); p != nil {
		o.Why, o.Upgrade = p.Detail, p.Upgrade
	}
	o.Possible = o.Why == "" && o.State != store.DeepAsked
	return o, nil
}

// noDeep is why an account with so many left of its share gets no deep analysis; nil if it does.
func (s *Service) noDeep(who Who, left int64) *wire.Problem {
	switch {
	case who.Limits.DeepShare == 0 || len(who.Limits.Models) < 2:
		p := problem(http.StatusForbidden, wire.CodeTier, "Deep analysis by the large model is part of the pro plan.")
		p.Upgrade = who.Limits.Tier == plan.Free || who.Limits.Tier == plan.Trial
		return p
	case !s.Vibe.On():
		return problem(http.StatusForbidden, wire.CodeOff, "This server has no AI provider, so there is no deep analysis.")
	case left == 0 && (s.Meter == nil || !s.Meter.Meters(who.User)):
		month := who.Limits.UploadWindow(s.Now(), who.User.PeriodStart.Time())
		p := limited(problem(http.StatusTooManyRequests, wire.CodeBudget, "The %d deep analyses of this month are used.", who.Limits.DeepShare), who.Limits.DeepShare, "analyses", false)
		p.ResetAt, p.RetryAfter = &month.End, month.End.Sub(s.Now())
		return p
	}
	return nil
}

// Deep asks for a deep analysis of a sample: one of the plan's share, and beyond it at the price
// that DeepOffer said, billed when it is done. A sample has one at a time, so a second click costs
// nothing.
func (s *Service) Deep(ctx context.Context, who Who, id string) error {
	if _, err := s.DB.Sample(ctx, who.User.ID, id); err != nil {
		return err
	}
	if p := s.noDeep(who, 1); p != nil {
		return p
	}
	return s.DB.Write(ctx, func(tx *store.Tx) error {
		month := who.Limits.UploadWindow(s.Now(), who.User.PeriodStart.Time())
		d := &store.Deep{ID: store.NewID(), UserID: who.User.ID, SampleID: id, State: store.DeepAsked, WindowStart: store.At(month.Start), CreatedAt: store.At(s.Now())}
		shared, err := tx.Take(ctx, who.User.ID, kindDeep, month, 1, who.Limits.DeepShare)
		if err != nil {
			return err
		}
		if !shared {
			if p := s.noDeep(who, 0); p != nil {
				return p
			}
			d.PriceMicro = plan.DeepMicro
		}
		added, err := tx.AddDeep(ctx, d)
		if err != nil {
			return err
		}
		if !added {
			return problem(http.StatusConflict, wire.CodeConflict, "A deep analysis of this sound is on its way already.")
		}
		_, err = s.Queue.Insert(ctx, tx, DeepArgs{d.ID}, &river.InsertOpts{Queue: string(who.Limits.Queue), Priority: 2, MaxAttempts: deepAttempts})
		return err
	})
}

const (
	deepAttempts = 6              // with the queue's pauses about ten minutes
	deepLost     = 24 * time.Hour // a request that nobody works on any more
)

type deepWorker struct {
	river.WorkerDefaults[DeepArgs]
	s *Service
}

func (*deepWorker) Timeout(*river.Job[DeepArgs]) time.Duration { return workTime }

func (w *deepWorker) Work(ctx context.Context, rj *river.Job[DeepArgs]) error {
	s := w.s
	d, err := s.DB.Deep(ctx, rj.Args.DeepID)
	if notFound(err) || err == nil && d.State != store.DeepAsked {
		return nil
	}
	if err != nil {
		return err
	}
	u, err := s.DB.User(ctx, d.UserID)
	if notFound(err) {
		return nil
	}
	if err != nil {
		return err
	}
	v, row, took, err := s.listenDeep(ctx, d, u)
	if notFound(err) { // the sample was deleted meanwhile
		return s.endDeep(ctx, rj, d, u, nil, nil, 0, "The sample was deleted.")
	}
	if err != nil {
		return err
	}
	if v.Source != wire.VibeFromAI {
		if rj.Attempt < rj.MaxAttempts {
			return errors.New("deep analysis: " + v.Reason)
		}
		return s.endDeep(ctx, rj, d, u, row, nil, 0, "The large model gave no answer: "+v.Reason+".")
	}
	return s.endDeep(ctx, rj, d, u, row, v, took, "")
}

func (s *Service) listenDeep(ctx context.Context, d *store.Deep, u *store.User) (*wire.Vibe, *store.Sample, time.Duration, error) {
	row, err := s.DB.Sample(ctx, u.ID, d.SampleID)
	if err != nil {
		return nil, nil, 0, err
	}
	f, err := s.DB.Features(ctx, row.ID)
	if err != nil {
		return nil, nil, 0, err
	}
	l, err := s.Limits(u)
	if err != nil {
		return nil, nil, 0, err
	}
	v, took, err := s.Vibe.Describe(ctx, vibe.Ask{User: u, Limits: l, JobID: d.ID, SampleID: row.ID, Facts: storedFacts(row, f), Deep: true})
	return v, row, took, err
}

// endDeep writes how a deep analysis ended, in one transaction: with an answer what it costs, without
// one the share given back.
func (s *Service) endDeep(ctx context.Context, rj *river.Job[DeepArgs], d *store.Deep, u *store.User, row *store.Sample, v *wire.Vibe, took time.Duration, why string) error {
	ctx = context.WithoutCancel(ctx)
	now, state := s.Now(), store.DeepFailed
	if v != nil {
		state = store.DeepDone
	}
	s.step("deep")
	return s.DB.Write(ctx, func(tx *store.Tx) error {
		first, err := tx.EndDeep(ctx, d.ID, state, why, now)
		if err != nil {
			return err
		}
		if !first {
			return queue.Complete(ctx, tx, rj)
		}
		if v == nil {
			if err := giveBackDeep(ctx, tx, d); err != nil {
				return err
			}
		} else {
			if err := tx.AddVibe(ctx, &store.Vibe{ID: d.ID, SampleID: row.ID, UserID: u.ID, Source: v.Source, Model: v.Model, Deep: true,
				Vibe: store.JSON[wire.Vibe]{V: *v}, Confidence: v.Confidence, TookMS: took.Milliseconds(), CreatedAt: store.At(now)}); err != nil {
				return err
			}
			if row, err = tx.Sample(ctx, u.ID, row.ID); err != nil { // as it is now: a person may have changed it meanwhile
				return err
			}
			row.Search = row.SearchText(v)
			if _, err := tx.UpdateSample(ctx, row, now); err != nil {
				return err
			}
			if d.PriceMicro > 0 {
				if err := s.Meter.Meter(ctx, tx, u, d.ID, row.ID, d.PriceMicro); err != nil {
					return err
				}
			}
		}
		if row != nil {
			if err := s.Notify.Event(ctx, tx, u.ID, wire.EventSampleUpdated, wire.EventData{SampleID: row.ID, Version: row.Version}); err != nil {
				return err
			}
		}
		return queue.Complete(ctx, tx, rj)
	})
}

// giveBackDeep gives one of the share back for an analysis that was not done.
func giveBackDeep(ctx context.Context, tx *store.Tx, d *store.Deep) error {
	if d.PriceMicro > 0 {
		return nil // was not of the share, and is not billed
	}
	return tx.Give(ctx, d.UserID, kindDeep, d.WindowStart, 1)
}

// sweepDeep ends requests that nobody works on any more.
func (s *Service) sweepDeep(ctx context.Context, n *Swept) error {
	rows, err := s.DB.LostDeeps(ctx, s.Now().Add(-deepLost), batchSize)
	for i := range rows {
		e := s.DB.Write(ctx, func(tx *store.Tx) error {
			first, err := tx.EndDeep(ctx, rows[i].ID, store.DeepFailed, "The server stopped during it. It costs nothing; ask again.", s.Now())
			if err != nil || !first {
				return err
			}
			return giveBackDeep(ctx, tx, &rows[i])
		})
		if e != nil {
			err = errors.Join(err, e)
			continue
		}
		n.Lost++
	}
	return err
}

func storedFacts(row *store.Sample, f *store.Features) vibe.Facts {
	x := vibe.Facts{Name: row.Filename, Duration: row.Duration, Kind: row.Kind, Class: row.Class, BPM: f.BPM, BPMConf: f.BPMConf, KeyConf: f.KeyConf,
		LUFS: f.LUFS, Centroid: f.CentroidMean, Bandwidth: f.BandwidthMean, Rolloff: f.RolloffMean, Flatness: f.FlatnessMean, ZCR: f.ZCRMean, RMS: f.RMSMean, Harmonic: f.HarmonicRatio}
	if row.BPM > 0 {
		x.BPM = &row.BPM
	}
	if row.Key != "" {
		x.Key = &row.Key
	}
	if row.Duration > 0 {
		x.OnsetsPerSec = float64(f.OnsetCount) / row.Duration
	}
	return x
}
