package notify

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"time"

	"code.dny.dev/ssrf"
	"github.com/riverqueue/river"
	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"sampleagent/server/internal/job/queue"
	"sampleagent/server/internal/object"
	"sampleagent/server/internal/store"
	"sampleagent/sync/wire"
)

// DeliverArgs is a job queue entry: deliver one event to one webhook.
type DeliverArgs struct {
	DeliveryID string `json:"delivery_id"`
}

// Kind names the entry.
func (DeliverArgs) Kind() string { return "deliver_webhook" }

// pauses are those between the tries of a delivery.
var pauses = []time.Duration{5 * time.Second, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 5 * time.Hour, 10 * time.Hour, 14 * time.Hour}

// giveUp is after how long without one success a webhook is switched off.
const giveUp = 5 * 24 * time.Hour

// InsertOpts sets the lane and the tries.
func (DeliverArgs) InsertOpts() river.InsertOpts { return system(len(pauses) + 1) }

// Poster sends HTTP requests.
type Poster interface {
	Do(*http.Request) (*http.Response, error)
}

// NewPoster is a client that reaches public addresses only, checked when it connects, so that
// no name that changes its address helps. It follows no redirects and knows no proxy.
// allowed are further networks, for tests and closed networks; with them any port is allowed.
func NewPoster(allowed []netip.Prefix) *http.Client {
	opts := []ssrf.Option{}
	if len(allowed) > 0 {
		opts = append(opts, ssrf.WithAnyPort())
		for _, p := range allowed {
			if p.Addr().Is4() {
				opts = append(opts, ssrf.WithAllowedV4Prefixes(p))
			} else {
				opts = append(opts, ssrf.WithAllowedV6Prefixes(p))
			}
		}
	}
	dialer := &net.Dialer{Timeout: 5 * time.Second, Control: ssrf.New(opts...).Safe}
	return &http.Client{
		Timeout:       10 * time.Second,
		Transport:     &http.Transport{DialContext: dialer.DialContext, TLSHandshakeTimeout: 5 * time.Second, MaxIdleConns: 10, IdleConnTimeout: 30 * time.Second},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// checkURL says what is wrong with an address for webhooks. Where it leads is checked when it
// is called, not here.
func checkURL(text string, production bool) error {
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http"):
		return errors.New("this is not an https address")
	case production && u.Scheme != "https":
		return errors.New("the address must begin with https")
	case u.User != nil:
		return errors.New("the address must not hold a password")
	}
	return nil
}

// newSecret is a fresh secret of a webhook.
func newSecret() string {
	b := make([]byte, 24)
	rand.Read(b) // never fails (crypto/rand)
	return "whsec_" + base64.StdEncoding.EncodeToString(b)
}

type deliverer struct {
	river.WorkerDefaults[DeliverArgs]
	s *Service
}

func (*deliverer) Timeout(*river.Job[DeliverArgs]) time.Duration { return 20 * time.Second }

func (d *deliverer) NextRetry(job *river.Job[DeliverArgs]) time.Time {
	return time.Now().Add(pauses[min(max(job.Attempt, 1), len(pauses))-1])
}

func (d *deliverer) Work(ctx context.Context, job *river.Job[DeliverArgs]) error {
	s := d.s
	row, err := s.DB.Delivery(ctx, job.Args.DeliveryID)
	if errors.Is(err, store.ErrNotFound) {
		return nil // the webhook was removed
	}
	if err != nil {
		return err
	}
	hook, err := s.DB.Webhook(ctx, row.UserID, row.WebhookID)
	if errors.Is(err, store.ErrNotFound) || (err == nil && row.State != "pending") {
		return nil
	}
	if err != nil {
		return err
	}
	if hook.DisabledAt != 0 {
		row.State, row.Error = "failed", "the webhook is off"
		return s.DB.Write(ctx, func(tx *store.Tx) error { return errors.Join(tx.SaveTry(ctx, row), queue.Complete(ctx, tx, job)) })
	}
	status, tryErr := s.post(ctx, hook, row)
	s.step("delivery posted")
	row.Tries++
	row.Status, row.LastTryAt = int64(status), store.At(s.Now())
	last := job.Attempt >= job.MaxAttempts
	return s.finishTry(ctx, job, hook, row, tryErr, last)
}

func (s *Service) finishTry(ctx context.Context, job *river.Job[DeliverArgs], hook *store.Webhook, row *store.Delivery, tryErr error, last bool) error {
	ctx = context.WithoutCancel(ctx)
	now := s.Now()
	err := s.DB.Write(ctx, func(tx *store.Tx) error {
		if tryErr == nil {
			row.State, row.Error = "delivered", ""
			return errors.Join(tx.SaveTry(ctx, row), tx.WebhookWorked(ctx, hook.ID, now), queue.Complete(ctx, tx, job))
		}
		row.Error = tryErr.Error()
		off := ""
		if row.Status == http.StatusGone {
			off = "its server answered 410 Gone"
		} else if hook.FailingSince != 0 && now.Sub(hook.FailingSince.Time()) > giveUp {
			off = "it failed for five days"
		}
		if last || off != "" {
			row.State = "failed"
		}
		if err := errors.Join(tx.SaveTry(ctx, row), tx.WebhookFailed(ctx, hook.ID, now)); err != nil {
			return err
		}
		if off != "" {
			first, err := tx.DisableWebhook(ctx, hook.ID, off, now)
			if err != nil {
				return err
			}
			if first {
				if err := s.mail(ctx, tx, mailHookOff, hook.UserID, hook.URL, off); err != nil {
					return err
				}
			}
		}
		if row.State == "failed" {
			return queue.Complete(ctx, tx, job)
		}
		return nil
	})
	if err != nil || row.State != "pending" {
		return err
	}
	return tryErr
}

// post sends one try. Its links are signed now, so that they live when it arrives.
func (s *Service) post(ctx context.Context, hook *store.Webhook, row *store.Delivery) (int, error) {
	body, err := s.freshBody(ctx, row)
	if err != nil {
		return 0, err
	}
	now := time.Now() // the receiver compares it with its own clock
	signature, err := sign(hook.Secret, row.ID, now, body)
	if err == nil && hook.PreviousUntil > store.At(s.Now()) {
		var former string
		former, err = sign(hook.PreviousSecret, row.ID, now, body)
		signature += " " + former
	}
	if err != nil {
		return 0, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, hook.URL, bytes.NewReader(body))
	if err != nil {
		return 0, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "Sample-Agent-Webhooks/1")
	req.Header.Set("webhook-id", row.ID)
	req.Header.Set("webhook-timestamp", strconv.FormatInt(now.Unix(), 10))
	req.Header.Set("webhook-signature", signature)
	resp, err := s.Client.Do(req)
	if err != nil {
		return 0, fmt.Errorf("not reached: %w", shorten(err))
	}
	defer resp.Body.Close()
	if _, err := io.CopyN(io.Discard, resp.Body, 64<<10); err != nil && !errors.Is(err, io.EOF) {
		return resp.StatusCode, fmt.Errorf("its answer broke off: %w", err)
	}
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return resp.StatusCode, fmt.Errorf("answered %s", resp.Status)
	}
	return resp.StatusCode, nil
}

func sign(secret, id string, at time.Time, body []byte) (string, error) {
	signer, err := standardwebhooks.NewWebhook(secret)
	if err != nil {
		return "", fmt.Errorf("webhook secret: %w", err)
	}
	signature, err := signer.Sign(id, at, body)
	if err != nil {
		return "", fmt.Errorf("sign webhook: %w", err)
	}
	return signature, nil
}

// shorten takes the address out of a client's error: it may hold a user's secret.
func shorten(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

func (s *Service) freshBody(ctx context.Context, row *store.Delivery) ([]byte, error) {
	var d wire.Delivery
	if err := json.Unmarshal([]byte(row.Body), &d); err != nil {
		return nil, fmt.Errorf("webhook body: %w", err)
	}
	if d.Data.SampleID != "" && s.Linker != nil {
		sample, err := s.DB.Sample(ctx, row.UserID, d.Data.SampleID)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return nil, err
		}
		if err == nil {
			w := WireSample(sample, nil, nil)
			d.Data.Sample = &w
			if sample.AudioRemovedAt == 0 {
				owner, err := s.DB.User(ctx, row.UserID)
				if err != nil {
					return nil, err
				}
				play, download, err := s.Linker.Links(object.WithAddress(ctx, s.Brands.Of(owner.TenantID).Address), sample)
				if err != nil {
					return nil, err
				}
				d.Data.PlayURL, d.Data.DownloadURL = play.URL, download.URL
			}
		}
	}
	return json.Marshal(d)
}
