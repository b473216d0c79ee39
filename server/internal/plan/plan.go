// Package plan is the one table of tiers: what each gives, in numbers that every check reads.
// A contract may override any number for one account, and an operator may switch off what a
// server does not offer. An unknown tier is an error, never a silent default.
//
// It is values only. It must never know a database, a request or a payment.
package plan

import (
	"fmt"
	"time"
)

// Tier names a row of the table.
type Tier string

// The tiers.
const (
	Free       Tier = "free"
	Pro        Tier = "pro"
	Enterprise Tier = "enterprise"
	Trial      Tier = "trial"
)

// Queue names the lane a tier's jobs wait in.
type Queue string

// The lanes. System holds mails, webhooks and housekeeping.
const (
	QueueFree       Queue = "free"
	QueuePro        Queue = "pro"
	QueueEnterprise Queue = "enterprise"
	QueueSystem     Queue = "system"
)

// Period says when a count of uploads starts again.
type Period string

// The periods.
const (
	PerDay    Period = "day"    // the UTC day
	PerPeriod Period = "period" // the billing month
)

// Model is an alias of an AI model; settings say which model of which provider it is.
type Model string

// The models.
const (
	Small Model = "small"
	Large Model = "large"
)

// MiB is what the tier table calls MB.
const MiB = 1 << 20

// Unlimited stands for no limit in Uploads and APIRequests.
const Unlimited = -1

// DurationTolerance is how much longer than Limits.Seconds a sound may be, for the padding
// that codecs add (B15).
const DurationTolerance = 100 * time.Millisecond

// Limits is what an account may do.
type Limits struct {
	Tier          Tier          `json:"tier"`
	Uploads       int64         `json:"uploads"` // in each Period
	Period        Period        `json:"period"`
	FileBytes     int64         `json:"file_bytes"`
	Seconds       float64       `json:"seconds"` // of sound in one file
	StorageBytes  int64         `json:"storage_bytes"`
	RetentionDays int           `json:"retention_days"` // 0: kept
	Queue         Queue         `json:"queue"`
	Promise       time.Duration `json:"promise"`        // a job is done within this
	PerUser       int           `json:"per_user"`       // jobs of one account that may run at once
	Batch         int           `json:"batch"`          // files in one batch; 0: no batches
	AIMicro       int64         `json:"ai_micro"`       // micro-dollars in any 30 days
	Models        []Model       `json:"models"`         // the first is the usual one
	DeepShare     int64         `json:"deep_share"`     // deep analyses a billing month before each costs DeepMicro
	APIRequests   int64         `json:"api_requests"`   // a UTC day; 0: no API keys
	InvalidPerDay int64         `json:"invalid_daily"`  // refused files a UTC day before uploads stop
	Exports       bool          `json:"exports"`        // cloud export for the SP-404MK2
	Sync          bool          `json:"sync"`           // metadata, kits and audio on every machine
	WhiteLabel    bool          `json:"white_label"`    // own name, logo, colours, host
	MonthCents    int64         `json:"month_cents"`    // price of a month; enterprise: the least
	YearCents     int64         `json:"year_cents"`     // price of a year; 0: not offered
	TrialLength   time.Duration `json:"trial_length"`   // how long the tier lasts by itself; 0: until changed
	FullAnalysis  bool          `json:"full_analysis"`  // onsets, class, loudness and embedding beside tempo, key and spectrum
	Contact       bool          `json:"contact_prices"` // sold by contract
}

// DeepMicro is the price of one deep analysis beyond the plan's share, in micro-dollars.
const DeepMicro = 10_000

// BudgetDays is the length of the rolling AI budget.
const BudgetDays = 30

var table = map[Tier]Limits{
	Free: {
		Tier: Free, Uploads: 10, Period: PerDay, FileBytes: 10 * MiB, Seconds: 60,
		StorageBytes: 100 * MiB, RetentionDays: 30, Queue: QueueFree, Promise: 24 * time.Hour, PerUser: 1,
		AIMicro: 100_000, Models: []Model{Small}, InvalidPerDay: 20,
	},
	Pro: {
		Tier: Pro, Uploads: 1000, Period: PerPeriod, FileBytes: 100 * MiB, Seconds: 300,
		StorageBytes: 10 * 1024 * MiB, Queue: QueuePro, Promise: 5 * time.Minute, PerUser: 4,
		Batch: 100, AIMicro: 5_000_000, Models: []Model{Small, Large}, DeepShare: 100, APIRequests: 1000, InvalidPerDay: 200,
		Exports: true, Sync: true, FullAnalysis: true, MonthCents: 999, YearCents: 9900,
	},
	Enterprise: {
		Tier: Enterprise, Uploads: 10_000, Period: PerPeriod, FileBytes: 500 * MiB, Seconds: 900,
		StorageBytes: 100 * 1024 * MiB, Queue: QueueEnterprise, Promise: time.Minute, PerUser: 8,
		Batch: 100, AIMicro: 100_000_000, Models: []Model{Small, Large}, DeepShare: 1000, APIRequests: Unlimited, InvalidPerDay: 1000,
		Exports: true, Sync: true, WhiteLabel: true, FullAnalysis: true, MonthCents: 9900, Contact: true,
	},
	// A day of instant processing with free's room and count (B34).
	Trial: {
		Tier: Trial, Uploads: 10, Period: PerDay, FileBytes: 100 * MiB, Seconds: 300,
		StorageBytes: 100 * MiB, RetentionDays: 30, Queue: QueuePro, Promise: 5 * time.Minute, PerUser: 2,
		Batch: 10, AIMicro: 100_000, Models: []Model{Small}, InvalidPerDay: 20,
		FullAnalysis: true, Sync: true, TrialLength: 24 * time.Hour,
	},
}

// For is the row of a tier.
func For(t Tier) (Limits, error) {
	l, ok := table[t]
	if !ok {
		return Limits{}, fmt.Errorf("no tier is called %q", t)
	}
	return l, nil
}

// Tiers are all rows in the order of their price.
func Tiers() []Limits {
	return []Limits{table[Free], table[Trial], table[Pro], table[Enterprise]}
}

// Window is the stretch of time in which uploads are counted, [Start, End).
type Window struct{ Start, End time.Time }

// UploadWindow is the window that holds now. periodStart is any start of the account's billing
// month (the zero time for an account without one: then the UTC month counts).
func (l Limits) UploadWindow(now, periodStart time.Time) Window {
	now = now.UTC()
	if l.Period == PerDay {
		return Day(now)
	}
	if periodStart.IsZero() {
		start := time.Date(now.Year(), now.Month(), 1, 0, 0, 0, 0, time.UTC)
		return Window{start, start.AddDate(0, 1, 0)}
	}
	anchor := periodStart.UTC()
	months := (now.Year()-anchor.Year())*12 + int(now.Month()) - int(anchor.Month())
	for addMonths(anchor, months).After(now) {
		months--
	}
	for !addMonths(anchor, months+1).After(now) {
		months++
	}
	return Window{addMonths(anchor, months), addMonths(anchor, months+1)}
}

// addMonths keeps the day of the month, or the month's last day when it has no such day: a
// contract of 31 January renews on 28 February and on 31 March.
func addMonths(t time.Time, n int) time.Time {
	first := time.Date(t.Year(), t.Month()+time.Month(n), 1, t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), time.UTC)
	last := first.AddDate(0, 1, -1).Day()
	return first.AddDate(0, 0, min(t.Day(), last)-1)
}

// Day is the UTC day of t.
func Day(t time.Time) Window {
	t = t.UTC()
	start := time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)
	return Window{start, start.AddDate(0, 0, 1)}
}
