package notify

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"sampleagent/server/internal/store"
)

// Kinds of mails about money. They cannot be switched off: they say what somebody pays for.
const (
	mailPlanBegun     = "plan_begun"
	mailPlanEnding    = "plan_ending"
	mailPlanEnded     = "plan_ended"
	mailPaymentFailed = "payment_failed"
)

func (s *Service) money(ctx context.Context, tx *store.Tx, kind string, u *store.User, about ...string) error {
	return s.enqueueMail(ctx, tx, MailArgs{MailKind: kind, UserID: u.ID, Recipient: u.Email, About: about})
}

// PlanBegun welcomes to pro.
func (s *Service) PlanBegun(ctx context.Context, tx *store.Tx, u *store.User) error {
	return s.money(ctx, tx, mailPlanBegun, u)
}

// PlanEnding confirms a cancellation.
func (s *Service) PlanEnding(ctx context.Context, tx *store.Tx, u *store.User, at time.Time) error {
	return s.money(ctx, tx, mailPlanEnding, u, at.UTC().Format(time.RFC3339))
}

// PlanEnded says what happens to what is stored: overBytes more than the new plan holds, all audio
// kept until a time.
func (s *Service) PlanEnded(ctx context.Context, tx *store.Tx, u *store.User, until time.Time, overBytes int64) error {
	return s.money(ctx, tx, mailPlanEnded, u, until.UTC().Format(time.RFC3339), strconv.FormatInt(overBytes, 10))
}

// PaymentFailed tells of a bill that is not paid, for the nth time.
func (s *Service) PaymentFailed(ctx context.Context, tx *store.Tx, u *store.User, invoice string, nth int) error {
	return s.money(ctx, tx, mailPaymentFailed, u, invoice, strconv.Itoa(nth))
}

// fillMoney writes one of them; false when the kind is another.
func (s *Service) fillMoney(ctx context.Context, l *letter, a MailArgs) (bool, error) {
	day := func(i int) string {
		at, err := time.Parse(time.RFC3339, a.About[i])
		if err != nil {
			return a.About[i]
		}
		return at.Format("2 January 2006")
	}
	switch a.MailKind {
	case mailPlanBegun:
		l.Subject, l.Title = "Welcome to pro", "Welcome to pro"
		l.Lead = "From now on your sounds go first, normally ready within 5 minutes, and what you keep in the cloud stays. The receipt comes from Stripe in a mail of its own."
		l.Button, l.Link = "Upload a sound", l.Brand.Address+"/upload"
		l.Closing = "You can cancel at any time; pro then lasts until the end of what is paid."
	case mailPlanEnding:
		l.Subject, l.Title = "Your pro plan ends on "+day(0), "Your pro plan ends on "+day(0)
		l.Lead = "You have cancelled. Until then nothing changes, and you can take it back with one click."
		l.Button, l.Link = "Keep pro", l.Brand.Address+"/account"
	case mailPlanEnded:
		l.Subject, l.Title = "Your pro plan has ended", "Your pro plan has ended"
		l.Lead = "Your account is free again. Nothing is deleted today: the cloud keeps all audio until " + day(0) + " and tells you 7 days and 1 day before. What was found out about your sounds stays for good, and files on your machines are never touched."
		if over, err := strconv.ParseInt(a.About[1], 10, 64); err == nil && over > 0 {
			l.Lead += fmt.Sprintf(" The cloud holds %.1f MB more than the free plan, so it is read-only until you remove some or come back: download whatever you need.", float64(over)/(1<<20))
		}
		l.Button, l.Link = "Come back to pro", l.Brand.Address+"/pricing"
	case mailPaymentFailed:
		v, err := s.DB.Invoice(ctx, a.About[0])
		if err != nil {
			return true, err
		}
		if v.Status != "open" {
			return true, store.ErrNotFound // paid meanwhile: no mail
		}
		l.Subject, l.Title = "Your payment did not go through", "Your payment did not go through"
		if a.About[1] != "1" {
			l.Subject = "Reminder: your payment did not go through"
		}
		l.Lead = "Your card was declined. Pro goes on while we try again; if it cannot be charged, your account becomes free and nothing is deleted for 30 days."
		l.Facts = []fact{{"Bill", v.Number}, {"Amount", fmt.Sprintf("$%d.%02d", v.DueCents/100, v.DueCents%100)}}
		if at := v.NextAttemptAt; at != 0 {
			l.Facts = append(l.Facts, fact{"Tried again on", at.Time().Format("2 January 2006")})
		}
		l.Button, l.Link = "Pay or change the card", v.URL
		if l.Link == "" {
			l.Link = l.Brand.Address + "/account"
		}
	default:
		return false, nil
	}
	return true, nil
}
