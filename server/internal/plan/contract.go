package plan

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// Overrides are the terms of a contract; nil keeps the tier's.
type Overrides struct {
	Uploads       *int64   `json:"uploads,omitempty"`
	Period        *Period  `json:"period,omitempty"`
	FileBytes     *int64   `json:"file_bytes,omitempty"`
	Seconds       *float64 `json:"seconds,omitempty"`
	StorageBytes  *int64   `json:"storage_bytes,omitempty"`
	RetentionDays *int     `json:"retention_days,omitempty"`
	Queue         *Queue   `json:"queue,omitempty"`
	PromiseSecs   *int64   `json:"promise_seconds,omitempty"`
	PerUser       *int     `json:"per_user,omitempty"`
	Batch         *int     `json:"batch,omitempty"`
	AIMicro       *int64   `json:"ai_micro,omitempty"`
	Models        *[]Model `json:"models,omitempty"`
	DeepShare     *int64   `json:"deep_share,omitempty"`
	APIRequests   *int64   `json:"api_requests,omitempty"`
	InvalidPerDay *int64   `json:"invalid_daily,omitempty"`
	Exports       *bool    `json:"exports,omitempty"`
	Sync          *bool    `json:"sync,omitempty"`
	WhiteLabel    *bool    `json:"white_label,omitempty"`
	MonthCents    *int64   `json:"month_cents,omitempty"`
	YearCents     *int64   `json:"year_cents,omitempty"`
	FullAnalysis  *bool    `json:"full_analysis,omitempty"`
}

// With is l with a contract's numbers.
func (l Limits) With(o Overrides) Limits {
	put(&l.Uploads, o.Uploads)
	put(&l.Period, o.Period)
	put(&l.FileBytes, o.FileBytes)
	put(&l.Seconds, o.Seconds)
	put(&l.StorageBytes, o.StorageBytes)
	put(&l.RetentionDays, o.RetentionDays)
	put(&l.Queue, o.Queue)
	if o.PromiseSecs != nil {
		l.Promise = time.Duration(*o.PromiseSecs) * time.Second
	}
	put(&l.PerUser, o.PerUser)
	put(&l.Batch, o.Batch)
	put(&l.AIMicro, o.AIMicro)
	put(&l.Models, o.Models)
	put(&l.DeepShare, o.DeepShare)
	put(&l.APIRequests, o.APIRequests)
	put(&l.InvalidPerDay, o.InvalidPerDay)
	put(&l.Exports, o.Exports)
	put(&l.Sync, o.Sync)
	put(&l.WhiteLabel, o.WhiteLabel)
	put(&l.MonthCents, o.MonthCents)
	put(&l.YearCents, o.YearCents)
	put(&l.FullAnalysis, o.FullAnalysis)
	return l
}

func put[T any](to *T, v *T) {
	if v != nil {
		*to = *v
	}
}

// ParseTerms reads terms as an operator types them: uploads=50000, storage_bytes=500GB,
// exports=true. The names are those of Overrides.
func ParseTerms(terms []string) (Overrides, error) {
	var o Overrides
	object := map[string]json.RawMessage{}
	for _, t := range terms {
		name, value, ok := strings.Cut(t, "=")
		name, value = strings.TrimSpace(name), strings.TrimSpace(value)
		if !ok || name == "" || value == "" {
			return o, fmt.Errorf("%q is not a term like uploads=50000", t)
		}
		if _, twice := object[name]; twice {
			return o, fmt.Errorf("the term %s is given twice", name)
		}
		object[name] = termJSON(name, value)
		// One at a time, so that an error names its term.
		var one Overrides
		b, err := json.Marshal(map[string]json.RawMessage{name: object[name]})
		if err != nil {
			return o, fmt.Errorf("term %s: %w", t, err)
		}
		dec := json.NewDecoder(bytes.NewReader(b))
		dec.DisallowUnknownFields()
		if err := dec.Decode(&one); err != nil {
			return o, fmt.Errorf("term %s: there is no such term, or it cannot have this value (%w)", t, err)
		}
	}
	b, err := json.Marshal(object)
	if err == nil {
		err = json.Unmarshal(b, &o)
	}
	if err != nil {
		return o, err
	}
	return o, o.check()
}

// termJSON is a typed value as JSON: a size like 500GB as bytes, a list with commas, else a
// number, a truth value or a word.
func termJSON(name, value string) json.RawMessage {
	if strings.HasSuffix(name, "_bytes") {
		for _, unit := range []struct {
			name  string
			bytes int64
		}{{"TB", 1 << 40}, {"GB", 1 << 30}, {"MB", MiB}} {
			var n int64
			if number, ok := strings.CutSuffix(strings.ToUpper(value), unit.name); ok {
				if _, err := fmt.Sscan(number, &n); err == nil {
					return json.RawMessage(fmt.Sprint(n * unit.bytes))
				}
			}
		}
	}
	text := value
	if name == "models" {
		list, err := json.Marshal(strings.Split(value, ","))
		if err == nil {
			return list
		}
	}
	if json.Valid([]byte(text)) {
		return json.RawMessage(text)
	}
	quoted, err := json.Marshal(text)
	if err != nil {
		return json.RawMessage("null")
	}
	return quoted
}

// check refuses what no server could keep.
func (o Overrides) check() error {
	for name, n := range map[string]*int64{"file_bytes": o.FileBytes, "storage_bytes": o.StorageBytes, "ai_micro": o.AIMicro, "deep_share": o.DeepShare,
		"invalid_daily": o.InvalidPerDay, "month_cents": o.MonthCents, "year_cents": o.YearCents} {
		if n != nil && *n < 0 {
			return fmt.Errorf("term %s: %d is below 0", name, *n)
		}
	}
	for name, n := range map[string]*int64{"uploads": o.Uploads, "api_requests": o.APIRequests} {
		if n != nil && *n < Unlimited {
			return fmt.Errorf("term %s: %d; -1 stands for no limit", name, *n)
		}
	}
	switch {
	case o.Period != nil && *o.Period != PerDay && *o.Period != PerPeriod:
		return fmt.Errorf("term period: %q is not day or period", *o.Period)
	case o.PromiseSecs != nil && *o.PromiseSecs < 1:
		return fmt.Errorf("term promise_seconds: %d is not a promise", *o.PromiseSecs)
	case o.Batch != nil && (*o.Batch < 0 || *o.Batch > 100):
		return fmt.Errorf("term batch: %d; the API takes 0 to 100 files at once", *o.Batch)
	case o.Queue != nil && *o.Queue == "":
		return fmt.Errorf("term queue: is empty")
	}
	if o.Models != nil {
		for _, m := range *o.Models {
			if m != Small && m != Large {
				return fmt.Errorf("term models: %q is not small or large", m)
			}
		}
	}
	return nil
}

// Contract is what was agreed with one account: terms that hold from a day on, while the account
// is in its tier.
type Contract struct {
	ID    string    `json:"id"`
	Tier  Tier      `json:"tier"`
	Terms Overrides `json:"terms"`
	From  time.Time `json:"from,omitzero"` // zero: always
	To    time.Time `json:"to,omitzero"`   // zero: until it is ended; not included
}

// Holds says whether a contract's terms count for an account of a tier at a time.
func (c Contract) Holds(t Tier, now time.Time) bool {
	return c.Tier == t && !now.Before(c.From) && (c.To.IsZero() || now.Before(c.To))
}

// Under is l with the terms of the contracts that hold now, later ones over earlier ones.
func (l Limits) Under(contracts []Contract, now time.Time) Limits {
	for _, c := range contracts {
		if c.Holds(l.Tier, now) {
			l = l.With(c.Terms)
		}
	}
	return l
}
