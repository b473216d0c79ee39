package notify

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/mail"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/riverqueue/river"
	gomail "github.com/wneessen/go-mail"

	"sampleagent/server/internal/job/queue"
	"sampleagent/server/internal/store"
)

// Kinds of mails.
const (
	mailSignIn    = "sign_in"
	mailBudget    = "budget"
	mailReused    = "sign_in_reused"
	mailProcessed = "processed"
	mailFailed    = "failed"
	mailBatch     = "batch"
	mailExpiring  = "expiring_"  // and the days
	mailKept      = "kept_ends_" // and the days
	mailQuota     = "quota"
	mailExport    = "export"
	mailHookOff   = "webhook_off"
)

// MailArgs is a job queue entry: write and send one mail. It holds ids, never a code.
type MailArgs struct {
	MailID    string   `json:"mail_id"`
	MailKind  string   `json:"mail_kind"`
	UserID    string   `json:"user_id"`
	Recipient string   `json:"recipient"`
	About     []string `json:"about"`
	More      int64    `json:"-"`                // how many others it is about that About does not name
	Tenant    string   `json:"tenant,omitempty"` // in whose name, where no account says it
}

// Kind names the entry.
func (MailArgs) Kind() string { return "send_mail" }

// InsertOpts sets the lane and the tries. The nth pause of the queue is n⁴ s: a code, which ends
// after ten minutes, is tried for a quarter of an hour, all else for a day.
func (a MailArgs) InsertOpts() river.InsertOpts {
	if a.MailKind == mailSignIn {
		o := system(6)
		o.Priority = 1
		return o
	}
	o := system(14)
	o.Priority = 2
	return o
}

// Message is a mail as it is sent.
type Message struct {
	ID          string // the same for each try
	To, Subject string
	Text, HTML  string
	Unsubscribe string // address of one-click opt-out, or ""
	From        string // name of the sender, "" for the server's
	Logo        []byte // PNG that HTML shows as cid:logo, nil for none
}

// Mailer sends mails.
type Mailer interface {
	Send(ctx context.Context, m *Message) error
	// Check says what is wrong in an operator's words.
	Check(ctx context.Context) error
	Kind() string
}

// SignIn sends a sign-in code, in a tenant's name or, with "", in ours.
func (s *Service) SignIn(ctx context.Context, tx *store.Tx, email, codeID, tenantID string) error {
	return s.enqueueMail(ctx, tx, MailArgs{MailKind: mailSignIn, Recipient: email, About: []string{codeID}, Tenant: tenantID})
}

// Budget tells an operator how much of a budget is used.
func (s *Service) Budget(ctx context.Context, tx *store.Tx, to, text string) error {
	return s.enqueueMail(ctx, tx, MailArgs{MailKind: mailBudget, Recipient: to, About: []string{text}})
}

// Reused warns that a refresh token was used twice.
func (s *Service) Reused(ctx context.Context, tx *store.Tx, u *store.User, device string) error {
	return s.enqueueMail(ctx, tx, MailArgs{MailKind: mailReused, UserID: u.ID, Recipient: u.Email, About: []string{device}})
}

// mail sends a mail that its user wants.
func (s *Service) mail(ctx context.Context, tx *store.Tx, kind, userID string, about ...string) error {
	a, err := s.wantedMail(ctx, tx, kind, userID, about...)
	if err != nil || a == nil {
		return err
	}
	return s.enqueueMail(ctx, tx, *a)
}

// wantedMail is a mail to a user; nil if the user does not want it or was deleted meanwhile.
func (s *Service) wantedMail(ctx context.Context, tx *store.Tx, kind, userID string, about ...string) (*MailArgs, error) {
	u, err := tx.User(ctx, userID)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err != nil || !wanted(u, kind) {
		return nil, err
	}
	return &MailArgs{MailKind: kind, UserID: u.ID, Recipient: u.Email, About: about}, nil
}

func wanted(u *store.User, kind string) bool {
	switch {
	case kind == mailProcessed, kind == mailBatch, kind == mailExport:
		return u.NotifyProcessed
	case kind == mailFailed:
		return u.NotifyFailed
	case strings.HasPrefix(kind, mailExpiring), strings.HasPrefix(kind, mailKept):
		return u.NotifyExpiring
	case kind == mailQuota:
		return u.NotifyQuota
	}
	return true
}

func (s *Service) enqueueMail(ctx context.Context, tx *store.Tx, a MailArgs) error {
	a.MailID = store.NewID()
	row := &store.Mail{ID: a.MailID, UserID: a.UserID, Kind: a.MailKind, Recipient: a.Recipient, State: "pending", CreatedAt: store.At(s.Now())}
	if err := tx.AddMail(ctx, row); err != nil {
		return err
	}
	_, err := s.Queue.Insert(ctx, tx, a, nil)
	return err
}

type mailWorker struct {
	river.WorkerDefaults[MailArgs]
	s *Service
}

func (*mailWorker) Timeout(*river.Job[MailArgs]) time.Duration { return 35 * time.Second }

// Work sends a mail. It is sent again only when process or power die between sending and noting;
// its Message-ID is then the same, which mail services and readers use to drop doubles.
func (w *mailWorker) Work(ctx context.Context, job *river.Job[MailArgs]) error {
	s, a := w.s, job.Args
	row, err := s.gathered(ctx, a.MailID)
	if errors.Is(err, store.ErrNotFound) || (err == nil && row.State == store.MailSent) {
		return nil
	}
	if err != nil {
		return err
	}
	if row.Gathered > 0 {
		a.About = strings.Fields(row.About)
		a.More = row.Gathered - int64(len(a.About))
	}
	m, err := s.compose(ctx, a)
	if errors.Is(err, store.ErrNotFound) {
		m, err = nil, nil // what it was about is gone
	}
	if err != nil {
		return err
	}
	if m != nil {
		m.ID, m.To = a.MailID, a.Recipient
		if err := s.mailGate.wait(ctx, s.MailPause); err != nil {
			return err
		}
		if err := s.Mailer.Send(ctx, m); err != nil {
			if job.Attempt >= job.MaxAttempts {
				s.Log.ErrorContext(ctx, "mail not sent", "kind", a.MailKind, "to", store.MaskEmail(a.Recipient), "error", err)
				ctx = context.WithoutCancel(ctx)
				return s.DB.Write(ctx, func(tx *store.Tx) error {
					return errors.Join(tx.MailDone(ctx, a.MailID, "failed", err.Error(), s.Now()), queue.Complete(ctx, tx, job))
				})
			}
			return fmt.Errorf("send mail: %w", err)
		}
		s.step("mail sent")
	}
	ctx = context.WithoutCancel(ctx)
	return s.DB.Note(ctx, func(tx *store.Tx) error {
		return errors.Join(tx.MailDone(ctx, a.MailID, store.MailSent, "", s.Now()), queue.Complete(ctx, tx, job))
	})
}

// gate lets one through at a time, a pause apart.
type gate struct {
	mu   sync.Mutex
	next time.Time
}

func (g *gate) wait(ctx context.Context, pause time.Duration) error {
	g.mu.Lock()
	now := time.Now()
	at := g.next
	if at.Before(now) {
		at = now
	}
	g.next = at.Add(pause)
	g.mu.Unlock()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(at.Sub(now)):
		return nil
	}
}

// Workers adds the workers of this package.
func (s *Service) Workers(w *river.Workers) {
	river.AddWorker(w, &deliverer{s: s})
	river.AddWorker(w, &mailWorker{s: s})
}

// message is m in the form that both mailers send.
func message(from string, m *Message) (*gomail.Msg, error) {
	msg := gomail.NewMsg()
	sender, err := mail.ParseAddress(from)
	if err != nil {
		return nil, fmt.Errorf("mail_from: %w", err)
	}
	if m.From != "" {
		sender.Name = m.From
	}
	if err := msg.FromFormat(sender.Name, sender.Address); err != nil {
		return nil, fmt.Errorf("mail_from: %w", err)
	}
	if err := msg.To(m.To); err != nil {
		return nil, fmt.Errorf("recipient: %w", err)
	}
	host := sender.Address[strings.LastIndexByte(sender.Address, '@')+1:]
	msg.Subject(m.Subject)
	msg.SetDate()
	msg.SetMessageIDWithValue(m.ID + "@" + host)
	msg.SetGenHeader("Resend-Idempotency-Key", m.ID)
	msg.SetGenHeader("Auto-Submitted", "auto-generated")
	if m.Unsubscribe != "" {
		msg.SetGenHeader("List-Unsubscribe", "<"+m.Unsubscribe+">")
		msg.SetGenHeader("List-Unsubscribe-Post", "List-Unsubscribe=One-Click")
	}
	msg.SetBodyString(gomail.TypeTextPlain, m.Text)
	msg.AddAlternativeString(gomail.TypeTextHTML, m.HTML)
	if m.Logo != nil {
		err = msg.EmbedReader("logo.png", bytes.NewReader(m.Logo), gomail.WithFileContentID("<logo>"), gomail.WithFileContentType("image/png"))
	}
	return msg, err
}

// SMTP sends through a mail server, Resend's included.
type SMTP struct {
	from string
	host string
	opts []gomail.Option
}

// NewSMTP reads smtp://user:password@host:587 (STARTTLS when offered) or smtps://host:465.
func NewSMTP(address, from string) (*SMTP, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, errors.New("smtp_url is not an address")
	}
	s := &SMTP{from: from, host: u.Hostname(), opts: []gomail.Option{gomail.WithTimeout(20 * time.Second)}}
	port := 587
	if u.Scheme == "smtps" {
		port = 465
		s.opts = append(s.opts, gomail.WithSSL())
	} else {
		s.opts = append(s.opts, gomail.WithTLSPolicy(gomail.TLSOpportunistic))
	}
	if p, err := strconv.Atoi(u.Port()); err == nil {
		port = p
	}
	s.opts = append(s.opts, gomail.WithPort(port))
	if password, ok := u.User.Password(); ok {
		s.opts = append(s.opts, gomail.WithSMTPAuth(gomail.SMTPAuthAutoDiscover), gomail.WithUsername(u.User.Username()), gomail.WithPassword(password))
	}
	return s, nil
}

// Kind is for people.
func (s *SMTP) Kind() string { return "SMTP server " + s.host }

// Send sends one mail on a connection of its own.
func (s *SMTP) Send(ctx context.Context, m *Message) error {
	msg, err := message(s.from, m)
	if err != nil {
		return err
	}
	c, err := gomail.NewClient(s.host, s.opts...)
	if err != nil {
		return err
	}
	return c.DialAndSendWithContext(ctx, msg)
}

// Check connects and signs in.
func (s *SMTP) Check(ctx context.Context) error {
	c, err := gomail.NewClient(s.host, s.opts...)
	if err != nil {
		return err
	}
	if err := c.DialWithContext(ctx); err != nil {
		return fmt.Errorf("the mail server refuses; check smtp_url: %w", err)
	}
	return c.Close()
}

// Outbox writes mails to files, which the page of sent mails shows.
type Outbox struct{ dir, from string }

// NewOutbox keeps mails in dir.
func NewOutbox(dir, from string) (*Outbox, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("mail folder: %w", err)
	}
	return &Outbox{dir, from}, nil
}

// Kind is for people.
func (o *Outbox) Kind() string { return "folder " + o.dir }

// Send writes one .eml file, named so that the newest sorts last.
func (o *Outbox) Send(_ context.Context, m *Message) error {
	msg, err := message(o.from, m)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if _, err := msg.WriteTo(&b); err != nil {
		return err
	}
	tmp := filepath.Join(o.dir, "."+m.ID)
	if err := os.WriteFile(tmp, b.Bytes(), 0o600); err != nil {
		return err
	}
	return os.Rename(tmp, filepath.Join(o.dir, m.ID+".eml"))
}

// Check writes and removes a file.
func (o *Outbox) Check(context.Context) error {
	probe := filepath.Join(o.dir, ".probe")
	return errors.Join(os.WriteFile(probe, nil, 0o600), os.Remove(probe))
}

// Dir is where the mails are.
func (o *Outbox) Dir() string { return o.dir }
