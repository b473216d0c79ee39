package tenant

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/riverqueue/river"
	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"

	"sampleagent/server/internal/plan"
	"sampleagent/server/internal/store"
)

// Trust is how long a host counts after it was last shown to lead here. Hosts are looked at every
// hour: one whose name went to somebody else ends within a day, a short failure changes nothing.
const Trust = 24 * time.Hour

// ProofPath is where a host is asked whether it leads to this server.
const ProofPath = "/.well-known/sample-agent-host"

// hostForm is that of registered names (RFC 5891), with the lengths that DNS allows.
var hostForm = idna.New(idna.MapForLookup(), idna.BidiRule(), idna.StrictDomainName(true), idna.VerifyDNSLength(true))

// cleanHost is a host name in the one form that we keep, or says what is wrong with it. own is
// the server's.
func cleanHost(text, own string) (string, error) {
	host, err := hostForm.ToASCII(strings.TrimSuffix(strings.ToLower(strings.TrimSpace(text)), "."))
	if err != nil || host == "" || len(host) > 253 || strings.ContainsAny(host, ":/@_") {
		return "", fmt.Errorf("%q is not a host name like sounds.example.com", text)
	}
	if _, err := netip.ParseAddr(host); err == nil || !strings.Contains(host, ".") {
		return "", fmt.Errorf("%q is not a host name like sounds.example.com", text)
	}
	if suffix, _ := publicsuffix.PublicSuffix(host); suffix == host {
		return "", fmt.Errorf("%s belongs to nobody: names are registered below it", host)
	}
	if host == own {
		return "", fmt.Errorf("%s is this server's own host", host)
	}
	if within(own, host) {
		return "", fmt.Errorf("this server's own host %s lies below %s", own, host)
	}
	return host, nil
}

// within says that a host lies below another: pages of the one could set cookies for the other.
func within(host, above string) bool { return strings.HasSuffix(host, "."+above) }

// bare is a request's or an address's host without its port, in our form.
func bare(host string) string {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	return strings.TrimSuffix(strings.ToLower(host), ".")
}

// free refuses a host that is another tenant's, or lies above or below one.
func free(host, id string, all []store.Tenant) error {
	for _, t := range all {
		if t.ID != id && (t.Host == host || within(host, t.Host) || within(t.Host, host)) {
			return fmt.Errorf("%s is, or shares its name with, the host of %s (%s)", host, t.Name, t.Host)
		}
	}
	return nil
}

// proof is what only this server can answer for a host and a random number.
func (s *Service) proof(host, nonce string) string {
	h := hmac.New(sha256.New, s.Secret)
	h.Write([]byte("tenant host\x00" + host + "\x00" + nonce))
	return hex.EncodeToString(h.Sum(nil))
}

// ServeProof answers Look; for tenants' hosts only, so that nobody else gets anything signed.
func (s *Service) ServeProof(w http.ResponseWriter, r *http.Request) {
	host, nonce := bare(r.Host), r.URL.Query().Get("nonce")
	all, err := s.DB.Tenants(r.Context())
	if err != nil {
		s.Log.ErrorContext(r.Context(), "tenants not read", "error", err)
		http.Error(w, "not now", http.StatusServiceUnavailable)
		return
	}
	for _, t := range all {
		if t.Host == host && len(nonce) == 64 {
			w.Header().Set("Content-Type", "text/plain; charset=utf-8")
			w.Header().Set("Cache-Control", "no-store")
			_, _ = io.WriteString(w, s.proof(host, nonce)) // the client has gone
			return
		}
	}
	http.NotFound(w, r)
}

// Look asks a tenant's host whether it leads to this server, and notes what it says. Until it
// did, no mail links there and no page is shown there: a name that leads elsewhere would give
// its owner the sign-in links of others.
func (s *Service) Look(ctx context.Context, t *store.Tenant) error {
	wrong := ""
	if err := s.ask(ctx, t.Host); err != nil {
		wrong = err.Error()
	}
	defer s.known.Forget()
	return s.DB.Write(ctx, func(tx *store.Tx) error { return tx.LookedAtHost(ctx, t.ID, t.Host, wrong, s.Now()) })
}

func (s *Service) ask(ctx context.Context, host string) error {
	b := make([]byte, 32)
	rand.Read(b) // never fails (crypto/rand)
	nonce := hex.EncodeToString(b)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.address(host)+ProofPath+"?nonce="+nonce, nil)
	if err != nil {
		return err
	}
	resp, err := s.Client.Do(req)
	if err != nil {
		var u *url.Error
		if errors.As(err, &u) {
			err = u.Err
		}
		return fmt.Errorf("%s is not reached: %w", host, err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, 1024))
	if err != nil {
		return fmt.Errorf("%s: its answer broke off: %w", host, err)
	}
	if resp.StatusCode != http.StatusOK || !hmac.Equal(answer, []byte(s.proof(host, nonce))) {
		return fmt.Errorf("%s leads to another server, or a proxy before this one does not pass the host name on", host)
	}
	return nil
}

// LookArgs is a job queue entry: look at all tenants' hosts.
type LookArgs struct{}

// Kind names the entry.
func (LookArgs) Kind() string { return "look_at_hosts" }

const lookEvery = time.Hour

// Periodic are the entries that the queue's leader makes by itself.
func Periodic() []*river.PeriodicJob {
	opts := &river.InsertOpts{Queue: string(plan.QueueSystem), MaxAttempts: 1, UniqueOpts: river.UniqueOpts{ByArgs: true, ByPeriod: lookEvery}}
	return []*river.PeriodicJob{river.NewPeriodicJob(river.PeriodicInterval(lookEvery), func() (river.JobArgs, *river.InsertOpts) { return LookArgs{}, opts }, &river.PeriodicJobOpts{RunOnStart: true})}
}

// AddWorkers adds the worker of this package.
func (s *Service) AddWorkers(w *river.Workers) { river.AddWorker(w, &looker{s: s}) }

type looker struct {
	river.WorkerDefaults[LookArgs]
	s *Service
}

func (*looker) Timeout(*river.Job[LookArgs]) time.Duration { return 5 * time.Minute }

// Work looks at each host; what one of them does is in its row, not an error.
func (l *looker) Work(ctx context.Context, _ *river.Job[LookArgs]) error {
	all, err := l.s.DB.Tenants(ctx)
	for i := range all {
		err = errors.Join(err, l.s.Look(ctx, &all[i]))
	}
	return err
}
