// Package billing is what users pay, through Stripe: plans and their prices, the way to the
// payment page and back, what a subscription means for an account, metered deep analyses, bills,
// failed payments and refunds.
//
// Stripe is the truth and our rows are its copy. A message of Stripe only says of whom something
// may have changed; the state is then fetched and written, so messages may come in any order, more
// than once or never (a nightly run fetches everybody). The package must never know a sound, a
// request or a page.
package billing

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/riverqueue/river"
	"github.com/stripe/stripe-go/v85"

	"sampleagent/server/internal/account"
	"sampleagent/server/internal/plan"
	"sampleagent/server/internal/store"
	"sampleagent/sync/wire"
)

// Enqueuer writes job queue entries in a transaction.
type Enqueuer interface {
	Insert(ctx context.Context, tx *store.Tx, args river.JobArgs, opts *river.InsertOpts) (int64, error)
}

// Letters are the mails about money.
type Letters interface {
	PlanBegun(ctx context.Context, tx *store.Tx, u *store.User) error
	PlanEnding(ctx context.Context, tx *store.Tx, u *store.User, at time.Time) error
	PlanEnded(ctx context.Context, tx *store.Tx, u *store.User, until time.Time, overBytes int64) error
	PaymentFailed(ctx context.Context, tx *store.Tx, u *store.User, invoice string, nth int) error
}

// Service is the billing of one server.
type Service struct {
	DB       *store.DB
	Accounts *account.Service
	Queue    Enqueuer // set before first use
	Letters  Letters
	Log      *slog.Logger
	Now      func() time.Time
	Public   string // address of the server
	Secret   string // of webhooks

	// Crash is called between the steps of handling a message; tests cut it there. May be nil.
	Crash func(step string) error

	stripe *stripe.Client // nil: billing is off

	mu     sync.Mutex
	known  *catalogue
	portal string // id of the portal's configuration
}

// Connect switches billing on. url is empty but in tests. A request whose answer was lost is made
// again up to retries times, under the same idempotency key.
func (s *Service) Connect(key, url string, retries int64) {
	c := &stripe.BackendConfig{HTTPClient: &http.Client{Timeout: 20 * time.Second}, MaxNetworkRetries: &retries, EnableTelemetry: stripe.Bool(false), LeveledLogger: quiet{s.Log}}
	if url != "" {
		c.URL = &url
	}
	s.stripe = stripe.NewClient(key, stripe.WithBackends(stripe.NewBackendsWithConfig(c)))
}

// On says whether anybody can pay.
func (s *Service) On() bool { return s != nil && s.stripe != nil }

// quiet lets the library's own lines pass as debug lines: what matters comes back as an error.
type quiet struct{ log *slog.Logger }

func (q quiet) Debugf(format string, v ...any) {}
func (q quiet) Infof(format string, v ...any)  {}
func (q quiet) Warnf(format string, v ...any) {
	q.log.Debug("stripe", "says", fmt.Sprintf(format, v...))
}
func (q quiet) Errorf(format string, v ...any) {
	q.log.Debug("stripe", "says", fmt.Sprintf(format, v...))
}

func problem(status int, code wire.Code, format string, args ...any) *wire.Problem {
	return &wire.Problem{Type: "about:blank", Title: http.StatusText(status), Status: status, Code: code, Detail: fmt.Sprintf(format, args...)}
}

// off is the answer while nobody can pay here.
func (s *Service) off() error {
	if !s.On() {
		return problem(http.StatusForbidden, wire.CodeOff, "Billing is off on this server: nobody can pay here.")
	}
	if f := s.Accounts.Features(); !f.On(plan.FeaturePro) || !f.On(plan.FeatureBilling) {
		return problem(http.StatusForbidden, wire.CodeOff, "This server sells nothing at the moment.")
	}
	return nil
}

// provider is err as a user may see it; the details are in the log.
func (s *Service) provider(ctx context.Context, what string, err error) error {
	var e *stripe.Error
	if errors.As(err, &e) && e.Type == stripe.ErrorTypeCard {
		return problem(http.StatusPaymentRequired, wire.CodePayment, "The payment was declined: %s Open the billing page and try another card.", e.Msg)
	}
	s.Log.ErrorContext(ctx, "payment provider", "doing", what, "error", err)
	return problem(http.StatusServiceUnavailable, wire.CodeUnavailable, "The payment provider cannot be reached just now; nothing was charged. Try again in a minute.")
}

func (s *Service) step(name string) error {
	if s.Crash != nil {
		return s.Crash(name)
	}
	return nil
}

// every is how often a subscription is paid.
const (
	Monthly = "month"
	Yearly  = "year"
)

// Paying says that a subscription of this status gives what was bought: also while a failed
// payment is tried again.
func Paying(status string) bool {
	switch stripe.SubscriptionStatus(status) {
	case stripe.SubscriptionStatusActive, stripe.SubscriptionStatusTrialing, stripe.SubscriptionStatusPastDue:
		return true
	}
	return false
}

// Check says what is wrong in an operator's words.
func (s *Service) Check(ctx context.Context) error {
	c, err := s.fetchCatalogue(ctx)
	if err != nil {
		return fmt.Errorf("Stripe refuses; check stripe_key: %w", err) //nolint:staticcheck // a name
	}
	if err := c.complete(); err != nil {
		return err
	}
	waiting, err := s.DB.NewStripeEvents(ctx, s.Now().Add(-time.Hour))
	if err == nil && waiting > 0 {
		err = fmt.Errorf("%d messages of Stripe wait for more than an hour; look at the queue", waiting)
	}
	return err
}
