package notify

import (
	"bytes"
	"context"
	"embed"
	"errors"
	"fmt"
	htmltemplate "html/template"
	"slices"
	"strconv"
	"strings"
	texttemplate "text/template"

	"sampleagent/server/internal/plan"
	"sampleagent/server/internal/store"
	"sampleagent/server/internal/tenant"
	"sampleagent/sync/wire"
)

//go:embed templates/mail.txt templates/mail.html
var files embed.FS

var (
	textMail = texttemplate.Must(texttemplate.ParseFS(files, "templates/mail.txt"))
	htmlMail = htmltemplate.Must(htmltemplate.ParseFS(files, "templates/mail.html"))
)

// letter is what every mail is made of.
type letter struct {
	Subject     string
	Title       string
	Lead        string
	Code        string // big, for typing
	Facts       []fact
	Items       []string
	Button      string
	Link        string
	Closing     string
	Brand       *tenant.Brand
	Unsubscribe string
}

type fact struct{ Name, Value string }

// compose writes a mail; ErrNotFound when what it is about is gone.
func (s *Service) compose(ctx context.Context, a MailArgs) (*Message, error) {
	l := &letter{Brand: s.Brands.Of(a.Tenant)}
	if a.UserID != "" {
		u, err := s.DB.User(ctx, a.UserID)
		if err != nil {
			return nil, err
		}
		l.Brand = s.Brands.Of(u.TenantID)
		if canSwitchOff(a.MailKind) {
			l.Unsubscribe = l.Brand.Address + "/unsubscribe/" + u.UnsubscribeToken
		}
	}
	if err := s.fill(ctx, l, a); err != nil {
		return nil, err
	}
	var text, html bytes.Buffer
	if err := textMail.Execute(&text, l); err != nil {
		return nil, fmt.Errorf("write mail: %w", err)
	}
	if err := htmlMail.Execute(&html, l); err != nil {
		return nil, fmt.Errorf("write mail: %w", err)
	}
	m := &Message{Subject: l.Subject, Text: text.String(), HTML: html.String(), Unsubscribe: l.Unsubscribe, Logo: l.Brand.Logo}
	if !l.Brand.Own() {
		m.From = l.Brand.Name
	}
	return m, nil
}

// canSwitchOff says that a kind of mail is one of the switches of an account.
func canSwitchOff(kind string) bool {
	switch kind {
	case mailReused, mailHookOff, mailPlanBegun, mailPlanEnding, mailPlanEnded, mailPaymentFailed:
		return false
	}
	return true
}

func (s *Service) fill(ctx context.Context, l *letter, a MailArgs) error {
	if done, err := s.fillMoney(ctx, l, a); done || err != nil {
		return err
	}
	about := ""
	if len(a.About) > 0 {
		about = a.About[0]
	}
	days, expiring := strings.CutPrefix(a.MailKind, mailExpiring)
	keptDays, kept := strings.CutPrefix(a.MailKind, mailKept)
	switch {
	case a.MailKind == mailSignIn:
		code := s.Codes.CodeOf(about)
		l.Subject, l.Title = code+" is your sign-in code", "Sign in to "+l.Brand.Name
		l.Lead, l.Code = "Type this code where you asked for it:", code[:3]+" "+code[3:]
		l.Button, l.Link = "Or sign in with this link", l.Brand.Address+"/auth/link?token="+s.Codes.LinkOf(about)
		l.Closing = "Code and link expire after 10 minutes. If you did not ask for them, do nothing: nobody gets in without this mail."
	case a.MailKind == mailBudget:
		l.Subject, l.Title, l.Lead = "A budget is being used", "A budget is being used", about
		l.Button, l.Link = "See what costs how much", l.Brand.Address+"/admin/cost"
	case a.MailKind == mailReused:
		l.Subject, l.Title = "A sign-in was ended for safety", "A sign-in was ended for safety"
		l.Lead = "The sign-in of “" + about + "” was used from two places at once, which happens when somebody copies it. It has been ended; sign in again on your own machine."
		l.Button, l.Link = "See where you are signed in", l.Brand.Address+"/account"
	case a.MailKind == mailProcessed:
		if len(a.About) > 1 {
			return s.fillReady(ctx, l, a)
		}
		return s.fillProcessed(ctx, l, a.UserID, about)
	case a.MailKind == mailFailed:
		job, err := s.DB.Job(ctx, a.UserID, about)
		if err != nil {
			return err
		}
		l.Subject, l.Title = "“"+job.OriginalName+"” could not be analysed", "A sound could not be analysed"
		l.Lead = job.Error
		l.Facts = []fact{{"File", job.OriginalName}}
		l.Button, l.Link = "Open your jobs", l.Brand.Address+"/jobs/"+job.ID
		l.Closing = "It did not count as an upload. The file is kept for 24 hours, so you can try again."
	case a.MailKind == mailBatch:
		return s.fillBatch(ctx, l, a.UserID, about)
	case expiring:
		return s.fillExpiring(ctx, l, a, days)
	case kept:
		return s.fillKept(ctx, l, a, about, keptDays)
	case a.MailKind == mailQuota:
		l.Subject, l.Title, l.Lead = "A limit of your plan is reached", "A limit of your plan is reached", about
		l.Button, l.Link = "See your usage", l.Brand.Address+"/account"
	case a.MailKind == mailExport:
		l.Subject, l.Title = "Your export is ready", "Your export is ready"
		l.Lead = "It is kept for 7 days and can be built again after that."
		l.Button, l.Link = "Download it", l.Brand.Address+"/exports/"+about
	case a.MailKind == mailHookOff:
		l.Subject, l.Title = "A webhook was switched off", "A webhook was switched off"
		l.Lead = "Events are no longer sent to this address: " + strings.Join(a.About[1:], " ") + "."
		l.Facts = []fact{{"Address", about}}
		l.Button, l.Link = "Switch it on again", l.Brand.Address+"/account/webhooks"
	default:
		return fmt.Errorf("no mail is called %q", a.MailKind)
	}
	return nil
}

func (s *Service) fillProcessed(ctx context.Context, l *letter, userID, sampleID string) error {
	sample, err := s.DB.Sample(ctx, userID, sampleID)
	if err != nil {
		return err
	}
	vibes, err := s.DB.VibesOf(ctx, []string{sampleID})
	if err != nil {
		return err
	}
	l.Subject, l.Title = "Your sample is ready: "+sample.Title, "Your sample is ready"
	l.Lead = sample.Title
	l.Facts = append(l.Facts, fact{"Tempo", orUnknown(tempo(sample))}, fact{"Key", orUnknown(sample.Key)})
	if v := vibes[sampleID]; v != nil {
		if v.OneLine != "" {
			l.Lead += " — " + v.OneLine
		}
		name := "Vibe"
		if v.Source == wire.VibeFromRules {
			name = "Vibe (by rules)"
		}
		if words := vibeWords(v); words != "" {
			l.Facts = append(l.Facts, fact{name, words})
		}
	}
	if at := sample.ExpiresAt; at != 0 {
		l.Facts = append(l.Facts, fact{"Audio kept until", at.Time().Format("2 January 2006")})
	}
	l.Button, l.Link = "Play it", l.Brand.Address+"/samples/"+sample.ID
	return nil
}

// vibeWords are the tags of a vibe as a letter lists them.
func vibeWords(v *wire.Vibe) string { return strings.Join(slices.Concat(v.Mood, v.Tags), ", ") }

// fillReady tells of several samples that got ready one after the other.
func (s *Service) fillReady(ctx context.Context, l *letter, a MailArgs) error {
	vibes, err := s.DB.VibesOf(ctx, a.About)
	if err != nil {
		return err
	}
	n := a.More
	for _, id := range a.About {
		sample, err := s.DB.Sample(ctx, a.UserID, id)
		if errors.Is(err, store.ErrNotFound) {
			continue // deleted meanwhile
		}
		if err != nil {
			return err
		}
		n++
		item := sample.Title
		for _, part := range []string{tempo(sample), sample.Key} {
			if part != "" {
				item += ", " + part
			}
		}
		if v := vibes[id]; v != nil && vibeWords(v) != "" {
			item += ": " + vibeWords(v)
		}
		l.Items = append(l.Items, item)
	}
	if n == 0 {
		return store.ErrNotFound
	}
	if a.More > 0 {
		l.Items = append(l.Items, fmt.Sprintf("and %d more", a.More))
	}
	l.Subject, l.Title = fmt.Sprintf("%d of your samples are ready", n), "Your samples are ready"
	l.Button, l.Link = "Open your samples", l.Brand.Address+"/samples"
	return nil
}

// tempo is a sample's tempo, "" without one.
func tempo(s *store.Sample) string {
	if s.BPM == 0 {
		return ""
	}
	return strconv.FormatFloat(s.BPM, 'f', 1, 64) + " BPM"
}

func orUnknown(s string) string {
	if s == "" {
		return "none found"
	}
	return s
}

func (s *Service) fillBatch(ctx context.Context, l *letter, userID, batchID string) error {
	b, err := s.DB.Batch(ctx, userID, batchID)
	if err != nil {
		return err
	}
	_, by, err := s.DB.BatchCounts(ctx, batchID)
	if err != nil {
		return err
	}
	failed := by[wire.Failed] + by[wire.Cancelled] + by[wire.Expired]
	l.Subject = fmt.Sprintf("%d of %d samples are ready", by[wire.Completed], b.Files)
	l.Title = "Your batch is done"
	if b.Name != "" {
		l.Lead = b.Name
	}
	l.Facts = []fact{{"Ready", strconv.FormatInt(by[wire.Completed], 10)}}
	if failed > 0 {
		l.Facts = append(l.Facts, fact{"Not analysed", strconv.FormatInt(failed, 10)})
		jobs, err := s.DB.Jobs(ctx, userID, wire.Failed, batchID, "", 20)
		if err != nil {
			return err
		}
		for _, j := range jobs {
			l.Items = append(l.Items, j.OriginalName+": "+j.Error)
		}
	}
	l.Button, l.Link = "Open your samples", l.Brand.Address+"/samples"
	return nil
}

// limitsOf are what an account's plan gives now.
func (s *Service) limitsOf(ctx context.Context, userID string) (plan.Limits, error) {
	u, err := s.DB.User(ctx, userID)
	if err != nil {
		return plan.Limits{}, err
	}
	return u.Limits(s.Now())
}

// in is a number of days as a letter says it.
func in(days string) string {
	if days == "1" {
		return "tomorrow"
	}
	return "in " + days + " days"
}

func (s *Service) fillKept(ctx context.Context, l *letter, a MailArgs, files, days string) error {
	limits, err := s.limitsOf(ctx, a.UserID)
	if err != nil {
		return err
	}
	what, are := files+" files", "are"
	if files == "1" {
		what, are = "1 file", "is"
	}
	l.Subject = fmt.Sprintf("%s that your machines share %s removed from the cloud %s", what, are, in(days))
	l.Title = "What your machines share ends " + in(days)
	l.Lead, l.Button = "Your plan no longer includes sync.", "Go back to a plan that does"
	l.Link = l.Brand.Address + "/pricing"
	if limits.Sync {
		l.Lead, l.Button = "The cloud holds more than your plan has room for, and the time to make room is almost over: the oldest files go, no more than are too much.", "See what is kept"
		l.Link = l.Brand.Address + "/account"
	}
	l.Lead += " The files on your machines are not touched; until then each machine can still fetch what it lacks."
	return nil
}

func (s *Service) fillExpiring(ctx context.Context, l *letter, a MailArgs, days string) error {
	when := in(days)
	const shown = 20
	for i, id := range a.About {
		if i == shown {
			l.Items = append(l.Items, fmt.Sprintf("and %d more", len(a.About)-shown))
			break
		}
		sample, err := s.DB.Sample(ctx, a.UserID, id)
		if errors.Is(err, store.ErrNotFound) {
			continue
		}
		if err != nil {
			return err
		}
		l.Items = append(l.Items, sample.Title)
	}
	if len(l.Items) == 0 {
		return store.ErrNotFound
	}
	l.Subject = fmt.Sprintf("The audio of %d samples is removed %s", len(a.About), when)
	l.Title = "Samples end " + when
	limits, err := s.limitsOf(ctx, a.UserID)
	if err != nil {
		return err
	}
	l.Lead, l.Button = "The free plan keeps audio for 30 days.", "Download them, or keep them with pro"
	if limits.RetentionDays == 0 {
		l.Button = "Download or remove some"
		l.Lead = "The cloud holds more than your plan has room for, and the time to make room is almost over: the oldest sounds go, no more than are too much."
	}
	l.Lead += " What was found out about these sounds stays; their audio in the cloud is removed " + when + ". Your own files are not touched."
	l.Link = l.Brand.Address + "/samples"
	return nil
}
