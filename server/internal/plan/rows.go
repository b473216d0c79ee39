package plan

import (
	"fmt"
	"strings"
	"time"
)

// Row is one thing that a tier gives, in words for people. Rank orders the values of a row: more is
// better; equal ranks are the same.
type Row struct {
	Name  string
	Value string // "" when the tier does not have it
	Rank  float64
}

// Rows are what a tier gives, in the order in which people ask. All tiers have the same rows.
func (l Limits) Rows() []Row {
	per := "day"
	perMonth := float64(l.Uploads)
	if l.Period == PerPeriod {
		per = "month"
	} else {
		perMonth *= 30
	}
	storage, keeps := Size(l.StorageBytes), float64(l.StorageBytes)
	if l.RetentionDays > 0 {
		storage += fmt.Sprintf(", kept %d days", l.RetentionDays)
	} else {
		storage += ", kept"
		keeps *= 2
	}
	has := func(on bool) (string, float64) {
		if on {
			return "yes", 1
		}
		return "", 0
	}
	row := func(name, value string, rank float64) Row { return Row{name, value, rank} }
	rows := []Row{
		row("Uploads", number(l.Uploads)+" a "+per, unlimited(l.Uploads, perMonth)),
		row("One file", Size(l.FileBytes)+", "+Length(l.Seconds), float64(l.FileBytes)),
		row("Storage", storage, keeps),
		row("Ready", l.Soon(), -l.Promise.Seconds()),
	}
	analysis, full := "tempo, key, spectrum", 0.0
	if l.FullAnalysis {
		analysis, full = "everything, also class, beats, loudness", 1
	}
	rows = append(rows, row("Analysis", analysis, full))
	ai, models := "", 0.0
	if len(l.Models) > 0 {
		ai, models = "by the small model", 1
		if len(l.Models) > 1 {
			ai, models = "by all models", 2
		}
	}
	rows = append(rows, row("AI description", ai, models))
	deep := ""
	if l.DeepShare > 0 {
		deep = fmt.Sprintf("%s a month, then $%.2f each", number(l.DeepShare), float64(DeepMicro)/1e6)
	}
	rows = append(rows, row("Deep analysis", deep, float64(l.DeepShare)))
	batch := ""
	if l.Batch > 0 {
		batch = fmt.Sprintf("%d files at once", l.Batch)
	}
	rows = append(rows, row("Batches", batch, float64(l.Batch)))
	api := ""
	switch {
	case l.APIRequests < 0:
		api = "unlimited requests"
	case l.APIRequests > 0:
		api = number(l.APIRequests) + " requests a day"
	}
	rows = append(rows, row("API keys", api, unlimited(l.APIRequests, float64(l.APIRequests))))
	for _, on := range []struct {
		name string
		is   bool
	}{{"Library synced on all machines", l.Sync}, {"SP-404MK2 cards built in the cloud", l.Exports}, {"Your own name, logo, colours and host", l.WhiteLabel}} {
		value, rank := has(on.is)
		rows = append(rows, row(on.name, value, rank))
	}
	return rows
}

func unlimited(n int64, rank float64) float64 {
	if n < 0 {
		return 1e18
	}
	return rank
}

// Soon says how soon a sound is ready, in words.
func (l Limits) Soon() string {
	switch {
	case l.Promise >= time.Hour:
		return fmt.Sprintf("within 12 to %.0f hours", l.Promise.Hours())
	case l.Promise > time.Minute:
		return fmt.Sprintf("normally under %.0f minutes", l.Promise.Minutes())
	}
	return "normally under 1 minute"
}

// Size is a number of bytes in the table's words.
func Size(n int64) string {
	switch {
	case n < 0:
		return "any size"
	case n >= 1<<30:
		return fmt.Sprintf("%.3g GB", float64(n)/(1<<30))
	}
	return fmt.Sprintf("%.3g MB", float64(n)/MiB)
}

// Length is a length of sound in words.
func Length(seconds float64) string {
	if seconds < 120 {
		return fmt.Sprintf("%.0f s", seconds)
	}
	return fmt.Sprintf("%.3g min", seconds/60)
}

// number is n with a comma at the thousands.
func number(n int64) string {
	if n < 0 {
		return "unlimited"
	}
	digits := fmt.Sprint(n)
	var b strings.Builder
	for i, d := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(d)
	}
	return b.String()
}
