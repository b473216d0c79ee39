package web

import (
	"fmt"
	"html/template"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"sampleagent/sync/wire"
)

// helpers are what templates call.
var helpers = template.FuncMap{
	"size":  size,
	"share": share,
	"seconds": func(s float64) string {
		if s >= 60 {
			return fmt.Sprintf("%d:%02d", int(s)/60, int(s)%60)
		}
		return fmt.Sprintf("%.2f s", s)
	},
	"percent": func(f *float64) string {
		if f == nil {
			return ""
		}
		return fmt.Sprintf("%.0f %%", *f*100)
	},
	"bpm": func(f *float64) string {
		if f == nil {
			return "–"
		}
		return strings.TrimSuffix(fmt.Sprintf("%.1f", *f), ".0")
	},
	"text": func(s *string) string {
		if s == nil || *s == "" {
			return "–"
		}
		return *s
	},
	"when":       when,
	"dollars":    dollars,
	"perMonth":   func(yearCents int64) string { return dollars(yearCents / 12) },
	"saved":      func(month, year int64) string { return dollars(12*month - year) },
	"one":        func(f float64) string { return fmt.Sprintf("%.1f", f) },
	"micro":      func(micro int64) string { return dollars(micro / 10_000) },
	"day":        func(t time.Time) string { return t.UTC().Format("2 January 2006") },
	"money":      dollarText,
	"neg":        func(v float64) float64 { return -v },
	"list":       func(items ...string) []string { return items },
	"terms":      termsText,
	"join":       strings.Join,
	"upper":      strings.ToUpper,
	"icon":       icon,
	"bars":       bars,
	"live":       func(j wire.Job) bool { return !j.Status.Final() },
	"stepNumber": func(j wire.Job) int { return 1 + slices.Index(steps, text(j.Step)) },
	"stateName":  stateName,
	"source":     source,
	"words":      words,
	"action":     func(a string) string { return named(actions, a) },
	"actor":      actor,
	"detail":     detail,
	"eventName":  func(e string) string { return named(eventNames, e) },
	"browser":    browser,
	"sameMinute": sameMinute,
}

// dollars is a price; whole dollars have no cents.
func dollars(cents int64) string {
	if cents%100 == 0 {
		return fmt.Sprintf("$%d", cents/100)
	}
	return fmt.Sprintf("$%d.%02d", cents/100, cents%100)
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// steps are those of a running job, in their order.
var steps = []string{wire.StepFetch, wire.StepDecode, wire.StepAnalyze, wire.StepVibe, wire.StepStore}

func stateName(j wire.Job) string {
	switch j.Status {
	case wire.Pending:
		return "Waiting"
	case wire.Processing:
		return named(map[string]string{wire.StepFetch: "Fetching", wire.StepDecode: "Decoding", wire.StepAnalyze: "Listening", wire.StepVibe: "Describing", wire.StepStore: "Storing"}, text(j.Step))
	case wire.Completed:
		return "Ready"
	}
	return strings.ToUpper(string(j.Status[:1])) + string(j.Status[1:])
}

// named is a word in the reader's language, or the word itself.
func named(names map[string]string, word string) string {
	if n, ok := names[word]; ok {
		return n
	}
	return word
}

var eventNames = map[string]string{
	wire.EventSampleProcessed: "A sound is ready", wire.EventSampleFailed: "A sound failed", wire.EventSampleExpiring: "A sound is about to be removed",
	wire.EventQuota: "A limit is reached", wire.EventExportReady: "An export is ready", wire.EventWebhookTest: "A test",
}

// actions are the audit log's.
var actions = map[string]string{
	"account.created": "The account was made", "account.deleted": "The account was deleted", "account.blocked": "The account was blocked", "account.unblocked": "The account was unblocked",
	"session.opened": "Signed in", "session.revoked": "Signed out", "session.revoked_all": "Signed out everywhere else", "session.reuse": "A sign-in was used from two places and ended",
	"key.created": "An API key was made", "key.revoked": "An API key was revoked", "trial.started": "The trial began", "tier.changed": "The plan was changed", "payment.refunded": "A payment was refunded",
	"webhook.added": "A webhook was added", "webhook.changed": "A webhook was changed", "webhook.rotated": "A webhook got a new secret", "webhook.removed": "A webhook was removed",
	"identity.joined": "Another sign-in was linked to the account",
}

// actor is who did something, as the account's owner may know it.
func actor(a string) string {
	switch kind, _, _ := strings.Cut(a, ":"); kind {
	case "user":
		return "you"
	case "admin":
		return "the operator"
	}
	return "the server"
}

// detail is what an audit line knows beside its action, in a fixed order.
func detail(d map[string]string) string {
	var parts []string
	for _, k := range slices.Sorted(maps.Keys(d)) {
		switch {
		case k == "device":
			parts = append(parts, browser(d[k]))
		case k != "kind" && d[k] != "":
			parts = append(parts, k+" "+d[k])
		}
	}
	return strings.Join(parts, ", ")
}

// browser is what a User-Agent header says, in words; a desktop's device name stays.
func browser(agent string) string {
	if !strings.Contains(agent, "Mozilla/") {
		return agent
	}
	first := func(pairs ...string) string {
		for i := 0; i < len(pairs); i += 2 {
			if strings.Contains(agent, pairs[i]) {
				return pairs[i+1]
			}
		}
		return ""
	}
	name := first("Edg", "Edge", "OPR", "Opera", "Firefox", "Firefox", "Chrome", "Chrome", "Safari", "Safari")
	system := first("Android", "Android", "iPhone", "iPhone", "iPad", "iPad", "Windows", "Windows", "Mac OS", "macOS", "CrOS", "ChromeOS", "Linux", "Linux")
	switch {
	case name == "":
		return "A browser"
	case system == "":
		return name
	}
	return name + " on " + system
}

// source says where a tempo or key comes from.
func source(s *string) string {
	return named(map[string]string{"file": "the file", "name": "its name", "sound": "listening", wire.SourceHand: "you"}, text(s))
}

// words are what a vibe says of a sound, each once.
func words(v *wire.Vibe) []string {
	var all []string
	for _, w := range slices.Concat(v.Mood, v.Texture, v.Tags) {
		if !slices.Contains(all, w) {
			all = append(all, w)
		}
	}
	return all
}

// bar is one of the landing page's waveform.
type bar struct {
	X, Y, H int
	Hot     bool
}

// bars are hits that die away, as a drum loop looks: 120 over a width of 960 and a height of 120.
func bars() []bar {
	const n = 120
	all := make([]bar, n)
	for i := range all {
		hit := []float64{1, .5, .8, .42}[i/15%4]
		level := hit*math.Exp(-float64(i%15)/5) + .06*math.Abs(math.Sin(float64(i)*1.7))
		h := max(4, int(110*min(1, level)))
		all[i] = bar{X: i * 960 / n, Y: 60 - h/2, H: h, Hot: i < n*2/5}
	}
	return all
}

// icon is a drawing of ours, 24 by 24.
func icon(name string) template.HTML {
	path := map[string]string{
		"upload":   `<path d="M11 16V7.8L8 10.8 6.600 9.400 12 4l5.400 5.400L16 10.800l-3-3V16zM5 18h14v2H5z"/>`,
		"download": `<path d="M13 4v8.200l3-3 1.400 1.400L12 16l-5.400-5.400L8 9.200l3 3V4zM5 18h14v2H5z"/>`,
		"bell":     `<path d="M12 3a6 6 0 0 1 6 6v5l2 3H4l2-3V9a6 6 0 0 1 6-6zm-2 15h4a2 2 0 0 1-4 0z"/>`,
		"check":    `<path d="M9.500 17.600 4.200 12.300l1.500-1.500 3.800 3.800 8.800-8.800 1.500 1.500z"/>`,
		"none":     `<path d="M6 11h12v2H6z"/>`,
		"wave":     `<path d="M2 11h2v2H2zm4-4h2v10H6zm4-4h2v18h-2zm4 6h2v6h-2zm4-3h2v12h-2zm4 5h2v2h-2z"/>`,
	}[name]
	if name == "play" {
		return `<svg class="icon play-icon" viewBox="0 0 24 24" aria-hidden="true"><path d="M7 4.500v15l13-7.500z"/></svg><svg class="icon pause" viewBox="0 0 24 24" aria-hidden="true"><path d="M6 4h4v16H6zm8 0h4v16h-4z"/></svg>`
	}
	return template.HTML(`<svg class="icon" viewBox="0 0 24 24" aria-hidden="true">` + path + `</svg>`) // safe: from the table above
}

// size is a number of bytes as people say it.
func size(n int64) string {
	switch {
	case n < 0:
		return "any size"
	case n >= 1<<30:
		return fmt.Sprintf("%.3g GB", float64(n)/(1<<30))
	case n >= 1<<20:
		return fmt.Sprintf("%.3g MB", float64(n)/(1<<20))
	}
	return fmt.Sprintf("%d kB", (n+1023)/1024)
}

// share is how much of a limit is used, in percent.
func share(used, limit int64) int64 {
	if limit <= 0 {
		return 0
	}
	return min(100, 100*used/limit)
}

// sameMinute says that two times look alike to a reader, or that there is no first one.
func sameMinute(first *time.Time, last *time.Time) bool {
	return first == nil || last != nil && first.Truncate(time.Minute).Equal(last.Truncate(time.Minute))
}

// when is a time that the script turns into the reader's own zone.
func when(t any) template.HTML {
	at, ok := t.(time.Time)
	if q, isPointer := t.(*time.Time); isPointer && q != nil {
		at, ok = *q, true
	}
	if !ok || at.IsZero() {
		return "–"
	}
	return template.HTML(fmt.Sprintf(`<time datetime="%s">%s UTC</time>`, at.UTC().Format(time.RFC3339), at.UTC().Format("2 Jan 15:04"))) // safe: digits only
}
