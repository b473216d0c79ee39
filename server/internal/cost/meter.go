package cost

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/riverqueue/river"

	"sampleagent/server/internal/object"
	"sampleagent/server/internal/plan"
	"sampleagent/server/internal/store"
)

// Kinds of what is counted by day.
const (
	KindStorage = "storage_byte_hours"
	KindWrites  = "writes"
	KindReads   = "reads"
)

// Meter counts requests to the object store by account. What is counted is kept in memory and
// written by Flush: a process that is killed loses at most what it counted since.
type Meter struct {
	object.Store
	mu    sync.Mutex
	calls map[call]int64
}

type call struct{ user, kind string }

// NewMeter counts on a store.
func NewMeter(s object.Store) *Meter { return &Meter{Store: s, calls: map[call]int64{}} }

func (m *Meter) count(key, kind string) {
	parts := strings.SplitN(key, "/", 3)
	if len(parts) < 3 {
		return // not an account's: the doctor's round trip
	}
	m.mu.Lock()
	m.calls[call{parts[1], kind}]++
	m.mu.Unlock()
}

// Put counts a write.
func (m *Meter) Put(ctx context.Context, key string, r io.Reader, size int64, about object.About) error {
	m.count(key, KindWrites)
	return m.Store.Put(ctx, key, r, size, about)
}

// Get counts a read.
func (m *Meter) Get(ctx context.Context, key string) (object.Reader, object.Info, error) {
	m.count(key, KindReads)
	return m.Store.Get(ctx, key)
}

// Stat counts a read.
func (m *Meter) Stat(ctx context.Context, key string) (object.Info, error) {
	m.count(key, KindReads)
	return m.Store.Stat(ctx, key)
}

// Copy counts a write.
func (m *Meter) Copy(ctx context.Context, from, to string) error {
	m.count(to, KindWrites)
	return m.Store.Copy(ctx, from, to)
}

// List counts a write: listings are of the dear class.
func (m *Meter) List(ctx context.Context, prefix string) iter.Seq2[object.Info, error] {
	m.count(prefix+"/", KindWrites)
	return m.Store.List(ctx, prefix)
}

// LinkGet counts a read for each link that is handed out.
func (m *Meter) LinkGet(ctx context.Context, key string, ttl time.Duration, as object.Serve) (string, error) {
	m.count(key, KindReads)
	return m.Store.LinkGet(ctx, key, ttl, as)
}

// LinkPut counts a write for each.
func (m *Meter) LinkPut(ctx context.Context, key string, ttl time.Duration, put object.Announce) (string, http.Header, error) {
	m.count(key, KindWrites)
	return m.Store.LinkPut(ctx, key, ttl, put)
}

// SweepTemporary removes what a local store left behind when a process died.
func (m *Meter) SweepTemporary() error {
	if local, ok := m.Store.(*object.Local); ok {
		return local.SweepTemporary()
	}
	return nil
}

// Flush writes what was counted to the day of now.
func (m *Meter) Flush(ctx context.Context, db *store.DB, now time.Time) error {
	m.mu.Lock()
	taken := m.calls
	m.calls = map[call]int64{}
	m.mu.Unlock()
	if len(taken) == 0 {
		return nil
	}
	err := db.Write(ctx, func(tx *store.Tx) error {
		for c, n := range taken {
			tier, err := tx.TierOf(ctx, c.user)
			if err != nil {
				return err
			}
			if err := tx.AddUsedDay(ctx, &store.UsedDay{Day: now.Unix() / 86400, UserID: c.user, Tier: tier, Kind: c.kind, Amount: n}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil { // counted again with the next
		m.mu.Lock()
		for c, n := range taken {
			m.calls[c] += n
		}
		m.mu.Unlock()
	}
	return err
}

// SampleArgs is a job queue entry: measure storage and look at budgets.
type SampleArgs struct{}

// Kind names the entry.
func (SampleArgs) Kind() string { return "measure_cost" }

// Periodic are the entries that the queue's leader makes by itself.
func Periodic() []*river.PeriodicJob {
	opts := &river.InsertOpts{Queue: string(plan.QueueSystem), MaxAttempts: 3, UniqueOpts: river.UniqueOpts{ByArgs: true, ByPeriod: 15 * time.Minute}}
	return []*river.PeriodicJob{river.NewPeriodicJob(river.PeriodicInterval(15*time.Minute), func() (river.JobArgs, *river.InsertOpts) { return SampleArgs{}, opts }, &river.PeriodicJobOpts{RunOnStart: true})}
}

// AddWorkers adds the worker of this package.
func (s *Service) AddWorkers(w *river.Workers) { river.AddWorker(w, &sampler{s: s}) }

type sampler struct {
	river.WorkerDefaults[SampleArgs]
	s *Service
}

func (*sampler) Timeout(*river.Job[SampleArgs]) time.Duration { return 5 * time.Minute }

func (w *sampler) Work(ctx context.Context, _ *river.Job[SampleArgs]) error {
	return errors.Join(w.s.Measure(ctx), w.s.Alert(ctx))
}

// Measure adds each account's stored bytes times the time since the last measurement.
func (s *Service) Measure(ctx context.Context) error {
	now := s.Now()
	return s.DB.Write(ctx, func(tx *store.Tx) error {
		was, ok, err := tx.MoveMark(ctx, "storage", now)
		if err != nil || !ok {
			return err
		}
		since := now.Sub(was.Time())
		if since <= 0 {
			return nil
		}
		after := ""
		for {
			users, err := tx.Users(ctx, after, 500)
			if err != nil || len(users) == 0 {
				return err
			}
			for i := range users {
				u := &users[i]
				after = u.ID
				if u.StorageBytes == 0 {
					continue
				}
				hours := int64(float64(u.StorageBytes)*since.Hours() + 0.5)
				if err := tx.AddUsedDay(ctx, &store.UsedDay{Day: now.Unix() / 86400, UserID: u.ID, Tier: string(u.Tier), Kind: KindStorage, Amount: hours}); err != nil {
					return err
				}
			}
		}
	})
}

// thresholds are the shares of a budget at which operators are told, in percent.
var thresholds = []int64{50, 80, 100}

// SetBudget sets what a scope (total, or a tier) may cost a month.
func (s *Service) SetBudget(ctx context.Context, scope string, dollars float64, actor string) error {
	if _, err := plan.For(plan.Tier(scope)); err != nil && scope != "total" {
		return fmt.Errorf("a budget is for total or for a tier, not for %q", scope)
	}
	if dollars <= 0 || dollars > 1e9 {
		return fmt.Errorf("%g is not a budget", dollars)
	}
	return s.DB.Write(ctx, func(tx *store.Tx) error {
		if err := tx.SetBudget(ctx, &store.Budget{Scope: scope, MonthMicro: int64(dollars*1e6 + 0.5), Actor: actor, CreatedAt: store.At(s.Now())}); err != nil {
			return err
		}
		return tx.AddAudit(ctx, &store.Audit{Actor: actor, Action: "budget.set", Subject: scope, CreatedAt: store.At(s.Now()),
			Detail: store.JSON[map[string]string]{V: map[string]string{"dollars": fmt.Sprint(dollars)}}})
	})
}

// Alert mails operators when a budget of this month passes a threshold, once each.
func (s *Service) Alert(ctx context.Context) error {
	budgets, err := s.DB.Budgets(ctx)
	if err != nil || len(budgets) == 0 {
		return err
	}
	now := s.Now().UTC()
	month := time.Date(now.Year(), now.Month(), 1, 0, 0, 0, 0, time.UTC)
	r, err := s.Over(ctx, month, now.Add(day))
	if err != nil {
		return err
	}
	for _, b := range budgets {
		cost := r.Total.Cost()
		if b.Scope != "total" {
			cost = 0
			for _, l := range r.Tiers {
				if l.Tier == b.Scope {
					cost = l.Cost()
				}
			}
		}
		for _, percent := range thresholds {
			if cost*100 < b.MonthMicro*percent {
				continue
			}
			if err := s.alert(ctx, b, month, percent, cost); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *Service) alert(ctx context.Context, b store.Budget, month time.Time, percent, cost int64) error {
	return s.DB.Write(ctx, func(tx *store.Tx) error {
		first, err := tx.AlertBudget(ctx, b.Scope, month.Format("2006-01"), percent, s.Now())
		if err != nil || !first {
			return err
		}
		text := fmt.Sprintf("%d %% of the budget of %s for %s are used: $%.2f of $%.2f.", percent, b.Scope, month.Format("January 2006"), float64(cost)/1e6, float64(b.MonthMicro)/1e6)
		for _, to := range s.Admins {
			if err := s.Mail.Budget(ctx, tx, to, text); err != nil {
				return err
			}
		}
		return nil
	})
}
