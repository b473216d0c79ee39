// Package notify tells users what happened: live events, webhooks, mails. It is asked inside
// the transaction that made the thing happen, writes what is to be told there, and tells it
// from the job queue: nothing is told that did not happen, nothing that happened stays untold.
//
// It must never know how a sound is analysed or why a quota holds.
package notify

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"time"

	"github.com/riverqueue/river"

	"sampleagent/server/internal/plan"
	"sampleagent/server/internal/store"
	"sampleagent/server/internal/tenant"
	"sampleagent/sync/wire"
)

// Enqueuer writes job queue entries in a transaction.
type Enqueuer interface {
	Insert(ctx context.Context, tx *store.Tx, args river.JobArgs, opts *river.InsertOpts) (int64, error)
	// Now makes an entry that waits for its time due.
	Now(ctx context.Context, tx *store.Tx, id int64) error
}

// Linker makes the signed links of a webhook's body.
type Linker interface {
	// Links are where a sample is played and downloaded, and when they end.
	Links(ctx context.Context, s *store.Sample) (play, download wire.Link, err error)
}

// Service tells users.
type Service struct {
	DB     *store.DB
	Queue  Enqueuer // set before first use
	Mailer Mailer
	Codes  Codes  // of sign-in mails; set before the workers start
	Linker Linker // set before the workers start
	Brands interface {
		Of(tenantID string) *tenant.Brand // in whose name an account's mails are
	}
	Log    *slog.Logger
	Now    func() time.Time
	Client Poster // delivers webhooks
	Bell   *Bell  // wakes live streams of this process
	// MailPause is the least time between two mails of this process.
	MailPause time.Duration
	mailGate  gate
	// Crash is called between telling and noting it; tests end the process there. May be nil.
	Crash func(step string)
}

func (s *Service) step(name string) {
	if s.Crash != nil {
		s.Crash(name)
	}
}

// Codes gives what a sign-in mail says; account.Service has them.
type Codes interface {
	CodeOf(id string) string
	LinkOf(id string) string
}

// Event writes a live event.
func (s *Service) Event(ctx context.Context, tx *store.Tx, userID, kind string, data wire.EventData) error {
	if _, err := tx.AddEvent(ctx, userID, kind, data, s.Now()); err != nil {
		return fmt.Errorf("write event: %w", err)
	}
	tx.AfterCommit(func() { s.Bell.Ring(userID) })
	return nil
}

// Processed tells that a job became a sample. A job of a batch sends no mail of its own.
func (s *Service) Processed(ctx context.Context, tx *store.Tx, job *store.Job, sample *store.Sample) error {
	data := wire.EventData{JobID: job.ID, Status: wire.Completed, SampleID: sample.ID, BatchID: job.BatchID, Name: sample.Title, Version: sample.Version}
	if err := s.Event(ctx, tx, job.UserID, wire.EventSampleProcessed, data); err != nil {
		return err
	}
	if err := s.hooks(ctx, tx, job.UserID, wire.EventSampleProcessed, wire.DeliveryData{JobID: job.ID, SampleID: sample.ID}); err != nil {
		return err
	}
	if job.BatchID != "" {
		return nil
	}
	return s.ready(ctx, tx, job.UserID, sample.ID)
}

// Failed tells that a job failed for good.
func (s *Service) Failed(ctx context.Context, tx *store.Tx, job *store.Job, code wire.Code, why string) error {
	data := wire.EventData{JobID: job.ID, Status: wire.Failed, Code: code, BatchID: job.BatchID, Name: job.OriginalName}
	if err := s.Event(ctx, tx, job.UserID, wire.EventSampleFailed, data); err != nil {
		return err
	}
	if err := s.hooks(ctx, tx, job.UserID, wire.EventSampleFailed, wire.DeliveryData{JobID: job.ID, ErrorCode: code, Error: why}); err != nil {
		return err
	}
	if job.BatchID != "" {
		return nil
	}
	if err := s.Ended(ctx, tx, job.UserID); err != nil {
		return err
	}
	return s.mail(ctx, tx, mailFailed, job.UserID, job.ID)
}

// BatchDone sends one summary when nothing of a batch runs or waits any more.
func (s *Service) BatchDone(ctx context.Context, tx *store.Tx, userID, batchID string) error {
	open, by, err := tx.BatchCounts(ctx, batchID)
	if err != nil || open > 0 || by[wire.Pending]+by[wire.Processing] > 0 {
		return err
	}
	first, err := tx.BatchTold(ctx, batchID, s.Now())
	if err != nil || !first {
		return err
	}
	return s.mail(ctx, tx, mailBatch, userID, batchID)
}

// Expiring tells that samples end in some days: one mail for all, one webhook for each.
func (s *Service) Expiring(ctx context.Context, tx *store.Tx, userID string, samples []store.Sample, days int) error {
	ids := make([]string, 0, len(samples))
	for _, sm := range samples {
		ids = append(ids, sm.ID)
		if err := s.Event(ctx, tx, userID, wire.EventSampleExpiring, wire.EventData{SampleID: sm.ID, Name: sm.Title}); err != nil {
			return err
		}
		if err := s.hooks(ctx, tx, userID, wire.EventSampleExpiring, wire.DeliveryData{SampleID: sm.ID, ExpiresAt: sm.ExpiresAt.Pointer()}); err != nil {
			return err
		}
	}
	return s.mail(ctx, tx, fmt.Sprintf("%s%d", mailExpiring, days), userID, ids...)
}

// KeptEnds tells that files which an account keeps for its other machines end in some days.
func (s *Service) KeptEnds(ctx context.Context, tx *store.Tx, userID string, files, days int) error {
	return s.mail(ctx, tx, fmt.Sprintf("%s%d", mailKept, days), userID, strconv.Itoa(files))
}

// QuotaUsed tells, once a window, that a limit was met.
func (s *Service) QuotaUsed(ctx context.Context, userID string, p *wire.Problem) error {
	return s.DB.Write(ctx, func(tx *store.Tx) error {
		u, err := tx.User(ctx, userID)
		if err != nil {
			return err
		}
		last, err := tx.LastMail(ctx, userID, mailQuota)
		if err != nil || s.Now().Sub(last.Time()) < 24*time.Hour {
			return err
		}
		if err := s.Event(ctx, tx, userID, wire.EventQuota, wire.EventData{Code: p.Code}); err != nil {
			return err
		}
		if err := s.hooks(ctx, tx, userID, wire.EventQuota, wire.DeliveryData{ErrorCode: p.Code, Error: p.Detail, ResetAt: p.ResetAt}); err != nil {
			return err
		}
		if !u.NotifyQuota { // noted, so that the event too comes once a day
			return tx.AddMail(ctx, &store.Mail{ID: store.NewID(), UserID: userID, Kind: mailQuota, Recipient: u.Email, State: "off", CreatedAt: store.At(s.Now())})
		}
		return s.mail(ctx, tx, mailQuota, userID, p.Detail)
	})
}

// ExportReady tells that an export can be downloaded.
func (s *Service) ExportReady(ctx context.Context, tx *store.Tx, userID, exportID string) error {
	if err := s.Event(ctx, tx, userID, wire.EventExportReady, wire.EventData{ExportID: exportID}); err != nil {
		return err
	}
	if err := s.hooks(ctx, tx, userID, wire.EventExportReady, wire.DeliveryData{ExportID: exportID}); err != nil {
		return err
	}
	return s.mail(ctx, tx, mailExport, userID, exportID)
}

// hooks writes a delivery for each of the user's webhooks that wants the event.
func (s *Service) hooks(ctx context.Context, tx *store.Tx, userID, event string, data wire.DeliveryData) error {
	hooks, err := tx.Webhooks(ctx, userID)
	if err != nil {
		return err
	}
	for _, h := range hooks {
		if h.DisabledAt == 0 && slices.Contains(h.Events, event) {
			if err := s.deliver(ctx, tx, &h, event, data); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *Service) deliver(ctx context.Context, tx *store.Tx, h *store.Webhook, event string, data wire.DeliveryData) error {
	data.Event = event
	body, err := json.Marshal(wire.Delivery{Type: event, Timestamp: s.Now().UTC(), Data: data})
	if err != nil {
		return err
	}
	d := &store.Delivery{ID: store.NewID(), WebhookID: h.ID, UserID: h.UserID, Event: event, Body: string(body), State: "pending", CreatedAt: store.At(s.Now())}
	if err := tx.AddDelivery(ctx, d); err != nil {
		return err
	}
	_, err = s.Queue.Insert(ctx, tx, DeliverArgs{d.ID}, nil)
	return err
}

// system is the lane of everything here.
func system(attempts int) river.InsertOpts {
	return river.InsertOpts{Queue: string(plan.QueueSystem), MaxAttempts: attempts}
}
