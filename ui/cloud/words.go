package cloud

import (
	"fmt"
	"strings"
	"time"

	"fyne.io/fyne/v2"

	app "sampleagent/app/cloud"
	"sampleagent/app/event"
	"sampleagent/app/words"
	"sampleagent/library/catalog"
	"sampleagent/sync/wire"
	"sampleagent/ui/theme"
)

// Line is a sentence and its colour.
type Line struct {
	Text   string
	Colour fyne.ThemeColorName
}

// Status is how the account stands, in one line: for the head of the screen and the hint of its
// button.
func Status(s app.State, jobs []app.Job, now time.Time) Line {
	waiting, until := 0, time.Time{}
	for _, j := range jobs {
		if !j.State.Final() && j.Next.After(now) && j.Remote == nil {
			waiting++
			until = j.Next
		}
	}
	switch {
	case s.Account.ID == "":
		return Line{"not signed in", theme.TextDim}
	case s.SignedOut:
		return Line{"signed out by the server: sign in again", theme.Bad}
	case s.Paused:
		return Line{"paused: queued sounds and edits wait", theme.Warn}
	case s.Problem != "" && !s.Online:
		return Line{"offline: queued sounds and edits wait until the server answers", theme.Warn}
	case s.Problem != "":
		return Line{s.Problem, theme.Bad}
	case !s.Online:
		return Line{"connecting…", theme.TextDim}
	case waiting > 0:
		return Line{fmt.Sprintf("%s until %s", words.Count(waiting, "sound waits", "sounds wait"), clock(until, now)), theme.Warn}
	case s.Busy && s.Moved.Sent+s.Moved.Received > 0:
		return Line{fmt.Sprintf("syncing: %d sent, %d received", s.Moved.Sent, s.Moved.Received), theme.Text}
	case s.Syncs && !s.LastSync.IsZero():
		return Line{"online, synced " + ago(s.LastSync, now), theme.Good}
	}
	return Line{"online", theme.Good}
}

// Use is one of the plan's limits and how much of it is used.
type Use struct {
	Title, Text, Reset string
	Share              float64 // 0 to 1; below 0 where there is no limit
}

// Uses lists what of the plan is used.
func Uses(a *wire.Account, now time.Time) []Use {
	l, u := a.Limits, a.Usage
	per := "today"
	if l.UploadsPer != "day" {
		per = "this period"
	}
	uploads := Use{Title: "Uploads", Text: fmt.Sprintf("%d %s", u.Uploads, per), Share: -1, Reset: "again from " + clock(u.UploadsResetAt, now)}
	if l.Uploads >= 0 {
		uploads.Text, uploads.Share = fmt.Sprintf("%d of %d %s", u.Uploads, l.Uploads, per), share(u.Uploads, l.Uploads)
	} else {
		uploads.Reset = "without limit"
	}
	storage := Use{Title: "Storage", Text: words.Size(u.StorageBytes), Share: -1, Reset: "kept"}
	if l.StorageBytes >= 0 {
		storage.Text, storage.Share = words.Size(u.StorageBytes)+" of "+words.Size(l.StorageBytes), share(u.StorageBytes, l.StorageBytes)
	}
	if l.RetentionDays > 0 {
		storage.Reset = fmt.Sprintf("audio is deleted after %d days", l.RetentionDays)
	}
	out := []Use{uploads, storage}
	if a.AI == "on" && l.AIMicroUSD > 0 {
		out = append(out, Use{Title: "AI", Text: dollars(u.AIMicroUSD) + " of " + dollars(l.AIMicroUSD), Share: share(u.AIMicroUSD, l.AIMicroUSD), Reset: "over 30 days"})
	}
	return out
}

func share(n, of int64) float64 {
	if of <= 0 {
		return 1
	}
	return min(1, float64(n)/float64(of))
}

func dollars(micro int64) string { return fmt.Sprintf("$%.2f", float64(micro)/1e6) }

// Terms is what the plan takes, in one line.
func Terms(a *wire.Account) string {
	parts := []string{}
	if a.Limits.FileBytes > 0 {
		parts = append(parts, "files to "+words.Size(a.Limits.FileBytes))
	}
	if a.Limits.Seconds > 0 {
		parts = append(parts, fmt.Sprintf("sounds to %s", seconds(a.Limits.Seconds)))
	}
	if p := time.Duration(a.Limits.PromiseSecs) * time.Second; p > 0 {
		parts = append(parts, "ready within "+length(p))
	}
	if a.Limits.Sync {
		parts = append(parts, "sync between machines")
	}
	return strings.Join(parts, " · ")
}

func seconds(s float64) string {
	if s >= 60 {
		return fmt.Sprintf("%g min", s/60)
	}
	return fmt.Sprintf("%g s", s)
}

// JobLine is a job as it is shown.
type JobLine struct {
	ID, Name  string
	Step      string // what happens now
	Detail    string // place, time, bytes, or why not
	Tone      fyne.ThemeColorName
	Share     float64 // of the upload, 0 to 1; below 0: no bar
	CanCancel bool
	CanRetry  bool
}

// lineOf words a job.
func lineOf(j app.Job, now time.Time) JobLine {
	l := JobLine{ID: j.ID, Name: j.Name, Share: -1, Tone: theme.TextDim, CanCancel: !j.State.Final(), CanRetry: j.State.Final() && j.State != catalog.JobCompleted}
	switch {
	case j.State == catalog.JobCompleted:
		l.Step, l.Tone = "done", theme.Good
	case j.State == catalog.JobCancelled:
		l.Step = "cancelled"
	case j.State.Final():
		l.Step, l.Detail, l.Tone = "failed", j.Error, theme.Bad
	case j.Other != "":
		l.Step, l.Detail, l.Tone = "waits for its account", j.Error, theme.Warn
	case j.Remote != nil:
		l.Step, l.Detail = serverStep(j), remoteDetail(j.Remote, now)
		l.Tone = theme.Text
	case j.Step == "uploading" && j.Size > 0:
		l.Step, l.Tone = "uploading", theme.Accent
		l.Share = float64(j.Sent) / float64(j.Size)
		l.Detail = words.Size(j.Sent) + " of " + words.Size(j.Size)
		if j.Speed > 0 {
			left := time.Duration(float64(j.Size-j.Sent)/j.Speed*1000) * time.Millisecond
			l.Detail += fmt.Sprintf(" · %s/s · %s left", words.Size(int64(j.Speed)), length(max(left, time.Second)))
		}
	case j.Next.After(now):
		l.Step, l.Detail, l.Tone = "waits until "+clock(j.Next, now), j.Error, theme.Warn
	default:
		l.Step, l.Detail = "waits to be sent", j.Error
	}
	return l
}

var stepWords = map[string]string{
	wire.StepFetch: "being fetched", wire.StepDecode: "being decoded", wire.StepAnalyze: "being analysed",
	wire.StepVibe: "being described", wire.StepStore: "being stored", "queued": "in the queue", string(wire.Pending): "in the queue",
	string(wire.Processing): "being worked on",
}

func serverStep(j app.Job) string {
	if w, ok := stepWords[j.Step]; ok {
		return w
	}
	return j.Step
}

func remoteDetail(r *wire.Job, now time.Time) string {
	var parts []string
	if r.Position != nil {
		if *r.Position == 0 {
			parts = append(parts, "next")
		} else {
			parts = append(parts, fmt.Sprintf("%d before it", *r.Position))
		}
	}
	if r.EstimatedCompletion != nil {
		if d := r.EstimatedCompletion.Sub(now); d > 0 {
			parts = append(parts, "ready in about "+length(d))
		}
	}
	return strings.Join(parts, " · ")
}

// Hint says to a free account what another plan would change about what it waits for; "" when
// there is nothing to say.
func Hint(s app.State, jobs []app.Job) string {
	if s.Details == nil || s.Details.Tier != "free" {
		return ""
	}
	for _, j := range jobs {
		if !j.State.Final() {
			return "The free queue is processed in order, within 24 hours. Pro sounds are ready in under 5 minutes."
		}
	}
	return ""
}

// keepingLine words how far the audio is that is kept in the cloud; false where nothing is to be
// sent.
func keepingLine(k app.Keeping, now time.Time) (Line, bool) {
	files := words.Count(k.Left, "file", "files")
	switch {
	case k.Problem != "" && k.Until.After(now):
		return Line{fmt.Sprintf("%s until %s: %s", words.Count(k.Left, "file waits", "files wait"), clock(k.Until, now), k.Problem), theme.Warn}, true
	case k.Problem != "":
		return Line{k.Problem, theme.Bad}, true
	case k.Name != "" && k.Size > 0:
		return Line{fmt.Sprintf("%s to send: %s, %s of %s", files, k.Name, words.Size(k.Sent), words.Size(k.Size)), theme.Accent}, true
	case k.Left > 0:
		return Line{files + " to send", theme.Text}, true
	}
	return Line{}, false
}

// Ended words the end of analyses for a notification.
func Ended(all []event.CloudDone) (title, text string) {
	if len(all) == 1 {
		if all[0].Text == "" {
			return all[0].Name, "analysed in the cloud"
		}
		return all[0].Name, all[0].Text
	}
	names := make([]string, 0, 3)
	for _, e := range all[:min(3, len(all))] {
		names = append(names, e.Name)
	}
	text = strings.Join(names, ", ")
	if more := len(all) - len(names); more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return fmt.Sprintf("%d sounds have come back from the cloud", len(all)), text
}

// previewLines say what would become of a selection: the sum, what waits, and the reasons.
func previewLines(p app.Preview, tier string, now time.Time) []Line {
	var out []Line
	add := func(colour fyne.ThemeColorName, format string, args ...any) {
		out = append(out, Line{fmt.Sprintf(format, args...), colour})
	}
	switch {
	case p.Packed < p.Files:
		add(theme.TextDim, "Looking at the files: %d of %d", p.Packed, p.Files)
	case p.Fits == 0:
		add(theme.Bad, "None of the %s can be sent", words.Count(p.Files, "sound", "sounds"))
	default:
		add(theme.Text, "%d of %s can be sent", p.Fits, words.Count(p.Files, "sound", "sounds"))
	}
	if p.Fits > 0 {
		text := words.Size(p.Bytes) + " go up"
		if p.Bytes < p.Raw {
			text += fmt.Sprintf(" as lossless FLAC, instead of %s", words.Size(p.Raw))
		}
		add(theme.TextDim, "%s", text)
	}
	switch {
	case !p.Known && p.Packed == 0: // not looked yet
	case !p.Known:
		add(theme.Warn, "The server does not answer now: they wait, and the plan's limits are checked when they go up")
	case p.Later > 0:
		add(theme.Warn, "%d go up now; %s until %s, when the %s plan's uploads begin anew", p.Fits-p.Later, words.Count(p.Later, "waits", "wait"), clock(p.ResetAt, now), tier)
	case p.Left >= 0:
		add(theme.TextDim, "%s left of the %s plan's uploads after that, new ones from %s", words.Count(int(p.Left)-p.Fits, "is", "are"), tier, clock(p.ResetAt, now))
	}
	return out
}

// clock is a time of day on this machine, with the day where it is not today.
func clock(t, now time.Time) string {
	t, now = t.Local(), now.Local()
	y, d := t.Year(), t.YearDay()
	switch {
	case y == now.Year() && d == now.YearDay():
		return t.Format("15:04")
	case t.After(now) && t.Sub(now) < 36*time.Hour && t.Weekday() == (now.Weekday()+1)%7:
		return "tomorrow " + t.Format("15:04")
	}
	return t.Format("2 Jan 15:04")
}

// length is a span for people, rounded as they would.
func length(d time.Duration) string {
	switch {
	case d < 90*time.Second:
		return fmt.Sprintf("%d s", max(1, int(d.Round(time.Second).Seconds())))
	case d < 90*time.Minute:
		return fmt.Sprintf("%d min", int(d.Round(time.Minute).Minutes()))
	case d < 36*time.Hour:
		return fmt.Sprintf("%d h", int(d.Round(time.Hour).Hours()))
	}
	return fmt.Sprintf("%d days", int(d.Hours()/24+0.5))
}

func ago(t, now time.Time) string {
	if d := now.Sub(t); d >= 5*time.Second {
		return length(d) + " ago"
	}
	return "now"
}

// fieldWords are the names of fields for people.
var fieldWords = map[string]string{"bpm": "tempo", "found": "what was found"}

// fieldWord names a field of a conflict.
func fieldWord(field string) string {
	if w, ok := fieldWords[field]; ok {
		return w
	}
	head, rest, split := strings.Cut(field, "/")
	if split {
		return head + " " + rest
	}
	return field
}
