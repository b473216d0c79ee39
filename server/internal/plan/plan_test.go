package plan

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestTableIsTheOneOfTheProduct(t *testing.T) {
	for _, c := range []struct {
		tier             Tier
		uploads          int64
		period           Period
		file             int64
		seconds          float64
		storage          int64
		queue            Queue
		promise          time.Duration
		ai, api          int64
		batch, retention int
		exports          bool
	}{
		{Free, 10, PerDay, 10485760, 60, 104857600, QueueFree, 24 * time.Hour, 100_000, 0, 0, 30, false},
		{Pro, 1000, PerPeriod, 104857600, 300, 10737418240, QueuePro, 5 * time.Minute, 5_000_000, 1000, 100, 0, true},
		{Enterprise, 10_000, PerPeriod, 524288000, 900, 107374182400, QueueEnterprise, time.Minute, 100_000_000, Unlimited, 100, 0, true},
		{Trial, 10, PerDay, 104857600, 300, 104857600, QueuePro, 5 * time.Minute, 100_000, 0, 10, 30, false},
	} {
		l, err := For(c.tier)
		if err != nil {
			t.Fatal(err)
		}
		if l.Uploads != c.uploads || l.Period != c.period || l.FileBytes != c.file || l.Seconds != c.seconds ||
			l.StorageBytes != c.storage || l.Queue != c.queue || l.Promise != c.promise || l.AIMicro != c.ai ||
			l.APIRequests != c.api || l.Batch != c.batch || l.RetentionDays != c.retention || l.Exports != c.exports {
			t.Errorf("%s: %+v", c.tier, l)
		}
	}
}

func TestUnknownTierIsAnError(t *testing.T) {
	for _, tier := range []Tier{"", "premium", "Pro"} {
		if _, err := For(tier); err == nil {
			t.Errorf("tier %q was accepted", tier)
		}
	}
}

func TestWindowHoldsNowAndTouchesTheNext(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		anchor := time.Unix(rapid.Int64Range(1.6e9, 1.9e9).Draw(t, "anchor"), 0)
		now := time.Unix(rapid.Int64Range(1.6e9, 2.1e9).Draw(t, "now"), 0)
		l, _ := For(rapid.SampledFrom([]Tier{Free, Pro}).Draw(t, "tier"))
		w := l.UploadWindow(now, anchor)
		if now.Before(w.Start) || !now.Before(w.End) {
			t.Fatalf("window %v does not hold %v", w, now)
		}
		next := l.UploadWindow(w.End, anchor)
		if !next.Start.Equal(w.End) {
			t.Fatalf("gap between %v and %v", w, next)
		}
		if length := w.End.Sub(w.Start); l.Period == PerPeriod && (length < 28*24*time.Hour || length > 31*24*time.Hour) {
			t.Fatalf("a period of %v", length)
		}
	})
}

func TestContractOfTheThirtyFirst(t *testing.T) {
	l, _ := For(Pro)
	anchor := time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)
	w := l.UploadWindow(time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC), anchor)
	if w.Start != time.Date(2026, 2, 28, 12, 0, 0, 0, time.UTC) || w.End != time.Date(2026, 3, 31, 12, 0, 0, 0, time.UTC) {
		t.Errorf("window %v", w)
	}
}

func TestContractOverridesAndPhases(t *testing.T) {
	l, _ := For(Enterprise)
	uploads, secs := int64(7), int64(30)
	got := l.With(Overrides{Uploads: &uploads, PromiseSecs: &secs})
	if got.Uploads != 7 || got.Promise != 30*time.Second || got.FileBytes != l.FileBytes {
		t.Errorf("%+v", got)
	}
	p, _ := For(Pro)
	if one := p.In(FreeOnly); one.AIMicro != 0 || one.Models != nil || one.Batch != 0 || one.Exports {
		t.Errorf("phase 1: %+v", one)
	}
	if two := p.In(WithPro); len(two.Models) != 1 || two.Models[0] != Small || two.Batch != 0 {
		t.Errorf("phase 2: %+v", two)
	}
	if three := p.In(All); len(three.Models) != 2 || three.Batch != 100 {
		t.Errorf("phase 3: %+v", three)
	}
}
