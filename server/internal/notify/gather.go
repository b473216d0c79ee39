package notify

import (
	"context"
	"errors"
	"time"

	"github.com/riverqueue/river"

	"sampleagent/server/internal/store"
)

// gatherTime is how long the mail about a sound waits for others of its user that are on their way:
// who sends sixty sounds gets one mail, and the first of a long row is told in time.
const gatherTime = 5 * time.Minute

// ready mails that a sample is ready: at once when nothing else of its user is on its way, otherwise
// in one mail with what gets ready until then, or within gatherTime.
func (s *Service) ready(ctx context.Context, tx *store.Tx, userID, sampleID string) error {
	more, err := tx.SinglesLeft(ctx, userID)
	if err != nil {
		return err
	}
	entry, err := tx.JoinMail(ctx, userID, mailProcessed, sampleID)
	switch {
	case err == nil && more:
		return nil
	case err == nil:
		return s.Queue.Now(ctx, tx, entry)
	case !errors.Is(err, store.ErrNotFound):
		return err
	case !more:
		return s.mail(ctx, tx, mailProcessed, userID, sampleID)
	}
	a, err := s.wantedMail(ctx, tx, mailProcessed, userID)
	if err != nil || a == nil {
		return err
	}
	a.MailID = store.NewID()
	// By the queue's own clock, which is the machine's.
	entry, err = s.Queue.Insert(ctx, tx, *a, &river.InsertOpts{ScheduledAt: time.Now().Add(gatherTime)})
	if err != nil {
		return err
	}
	return tx.AddMail(ctx, &store.Mail{ID: a.MailID, UserID: a.UserID, Kind: a.MailKind, Recipient: a.Recipient, State: store.MailGathering,
		CreatedAt: store.At(s.Now()), About: sampleID, Gathered: 1, QueueID: entry})
}

// Ended sends the mail about what is ready when the last of its user's sounds ended without
// getting ready: nothing more comes that it could wait for.
func (s *Service) Ended(ctx context.Context, tx *store.Tx, userID string) error {
	more, err := tx.SinglesLeft(ctx, userID)
	if err != nil || more {
		return err
	}
	entry, err := tx.GatheringMail(ctx, userID, mailProcessed)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	return s.Queue.Now(ctx, tx, entry)
}

// gathered reads a mail that is to be sent: from here on nothing joins it.
func (s *Service) gathered(ctx context.Context, id string) (*store.Mail, error) {
	m, err := s.DB.Mail(ctx, id)
	if err != nil || m.State != store.MailGathering {
		return m, err
	}
	if err := s.DB.Note(ctx, func(tx *store.Tx) error { return tx.CloseMail(ctx, id) }); err != nil {
		return nil, err
	}
	return s.DB.Mail(ctx, id)
}
