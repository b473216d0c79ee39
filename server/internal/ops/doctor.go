package ops

import (
	"context"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"sampleagent/server/internal/notify"
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
	current, err := s.DB.SchemaCurrent(ctx)
	if err == nil && !current {
		err = fmt.Errorf("the schema is older than this program; run migrate")
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

// Print writes findings as a table; false when something is wrong.
func Print(w io.Writer, all []Finding) (fine bool, err error) {
	t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	fine = true
	for _, f := range all {
		if f.State == "wrong" {
			fine = false
		}
		fmt.Fprintf(t, "%s\t%s\t%s\n", f.Part, f.State, f.Detail)
	}
	return fine, t.Flush()
}
