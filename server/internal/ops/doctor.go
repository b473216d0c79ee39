package ops

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"syscall"
	"text/tabwriter"
	"time"

	"sampleagent/server/internal/config"
	"sampleagent/server/internal/notify"
	"sampleagent/server/internal/store"
)

// Finding is what the doctor says of one part.
type Finding struct {
	Part   string `json:"part"`
	State  string `json:"state"` // ok, off, wrong
	Detail string `json:"detail"`
}

// Examine tries every part as it is set and says what is wrong in an operator's words.
func (s *Server) Examine(ctx context.Context) []Finding {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	var all []Finding
	say := func(part, fine string, err error) {
		f := Finding{part, "ok", fine}
		if err != nil {
			f.State, f.Detail = "wrong", err.Error()
		}
		all = append(all, f)
	}
	off := func(part, how string) { all = append(all, Finding{part, "off", how}) }
	for _, name := range config.Unknown(os.Environ()) {
		off("settings", name+" is no setting and is ignored; check its spelling")
	}
	how, err := s.listens(ctx)
	say("listen", how, err)
	schema, err := s.DB.Schema(ctx)
	if err == nil && schema != store.CurrentSchema {
		err = errOlder
	}
	if err == nil {
		err = s.DB.Writable(ctx)
	}
	say("database", s.DB.Kind()+", schema up to date", err)
	say("objects", s.Objects.Kind()+": written, read back and removed", s.Objects.Check(ctx))
	say("mail", s.Notify.Mailer.Kind(), s.Notify.Mailer.Check(ctx))
	if _, ok := s.Notify.Mailer.(*notify.Outbox); ok && s.Config.Production() {
		say("mail delivery", "", fmt.Errorf("mails go to a folder, so nobody can sign in from outside; set smtp_url"))
	}
	if s.Vibe.On() {
		say("AI", s.Vibe.Provider.Name()+" accepts the key", s.Vibe.Provider.Check(ctx))
	} else {
		off("AI", "sounds are described by rules; set openrouter_key to switch it on")
	}
	if s.Config.StripeKey == "" {
		off("billing", "nobody can pay; set stripe_key and stripe_webhook_secret to switch it on")
	} else {
		say("billing", "Stripe accepts the key and has products and prices", s.Bills.Check(ctx))
	}
	if s.outside == nil {
		off("sign-in elsewhere", "sign-in is by e-mail code; set oidc_issuer and oidc_client_id to add another service")
	} else {
		say("sign-in elsewhere", s.Config.OIDCIssuer+" answers; its redirect address must be "+s.outside.Redirect, s.outside.Check(ctx))
	}
	switch {
	case s.Config.Production():
		say("address", s.Config.PublicURL, nil)
	case strings.Contains(s.Config.PublicURL, "127.0.0.1") || strings.Contains(s.Config.PublicURL, "localhost"):
		off("address", s.Config.PublicURL+" is reached from this machine only; set public_url to an https address")
	default:
		say("address", "", fmt.Errorf("%s is not https: sign-ins could be read on the way", s.Config.PublicURL))
	}
	if schema != store.CurrentSchema {
		return all // what follows asks for columns that may not be there
	}
	lanes, err := s.DB.Lanes(ctx, s.Now().Add(-promiseWindow))
	oldest := "no job waits"
	for q, l := range lanes {
		if l.Waiting > 0 {
			oldest = fmt.Sprintf("%s: %d wait, the oldest for %s", q, l.Waiting, s.Now().Sub(l.OldestWaitingAt.Time()).Round(time.Second))
		}
	}
	say("queue", oldest, err)
	return all
}

// listens says whether the address is free, or has this server on it.
func (s *Server) listens(ctx context.Context) (string, error) {
	listen := s.Config.Listen
	l, err := net.Listen("tcp", listen)
	if err == nil {
		return listen + " is free: no server runs here", l.Close()
	}
	if !errors.Is(err, syscall.EADDRINUSE) {
		return "", fmt.Errorf("no server can listen there; correct listen: %w", err)
	}
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return "", err
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "localhost"
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+net.JoinHostPort(host, port)+"/healthz", nil)
	if err != nil {
		return "", err
	}
	taken := fmt.Errorf("another program listens on %s; stop it, or change listen", listen)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", taken
	}
	defer resp.Body.Close()
	var health struct{ Status string }
	if json.NewDecoder(io.LimitReader(resp.Body, 1<<10)).Decode(&health) != nil || health.Status != alive {
		return "", taken
	}
	return "a server answers on " + listen, nil
}

// Print writes findings as a table; false when something is wrong.
func Print(w io.Writer, all []Finding) (fine bool, err error) {
	t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	fine = true
	for _, f := range all {
		if f.State == "wrong" {
			fine = false
		}
		fmt.Fprintf(t, "%s\t%s\t%s\n", f.Part, f.State, strings.Join(strings.Fields(f.Detail), " "))
	}
	return fine, t.Flush()
}
