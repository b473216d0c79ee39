package plan

import (
	"reflect"
	"slices"
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
		models           int // the small one, then the large one
		month, year      int64
	}{
		{Free, 10, PerDay, 10485760, 60, 104857600, QueueFree, 24 * time.Hour, 100_000, 0, 0, 30, false, 1, 0, 0},
		{Pro, 1000, PerPeriod, 104857600, 300, 10737418240, QueuePro, 5 * time.Minute, 5_000_000, 1000, 100, 0, true, 2, 999, 9900},
		{Enterprise, 10_000, PerPeriod, 524288000, 900, 107374182400, QueueEnterprise, time.Minute, 100_000_000, Unlimited, 100, 0, true, 2, 9900, 0},
		{Trial, 10, PerDay, 104857600, 300, 104857600, QueuePro, 5 * time.Minute, 100_000, 0, 10, 30, false, 1, 0, 0},
	} {
		l, err := For(c.tier)
		if err != nil {
			t.Fatal(err)
		}
		if l.Uploads != c.uploads || l.Period != c.period || l.FileBytes != c.file || l.Seconds != c.seconds ||
			l.StorageBytes != c.storage || l.Queue != c.queue || l.Promise != c.promise || l.AIMicro != c.ai ||
			l.APIRequests != c.api || l.Batch != c.batch || l.RetentionDays != c.retention || l.Exports != c.exports ||
			!slices.Equal(l.Models, []Model{Small, Large}[:c.models]) || l.MonthCents != c.month || l.YearCents != c.year {
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

// Every number of the table can be agreed otherwise: a field of Limits without its term would be
// forgotten in contracts.
func TestEveryLimitHasATerm(t *testing.T) {
	notAgreed := map[string]bool{"Tier": true, "TrialLength": true, "Contact": true}
	limits, terms := reflect.TypeFor[Limits](), reflect.TypeFor[Overrides]()
	for i := range limits.NumField() {
		name := limits.Field(i).Name
		term := name
		if name == "Promise" {
			term = "PromiseSecs"
		}
		field, ok := terms.FieldByName(term)
		if notAgreed[name] {
			continue
		}
		if !ok {
			t.Errorf("no contract can change %s", name)
			continue
		}
		// And With carries it over: a value that no tier has arrives.
		var o Overrides
		value := reflect.New(field.Type.Elem())
		switch e := value.Elem(); e.Kind() {
		case reflect.Int, reflect.Int64:
			e.SetInt(7)
		case reflect.Float64:
			e.SetFloat(7)
		case reflect.String:
			e.SetString("seven")
		case reflect.Slice:
			e.Set(reflect.ValueOf([]Model{"seven"}))
		case reflect.Bool:
			e.SetBool(true)
		}
		reflect.ValueOf(&o).Elem().FieldByName(term).Set(value)
		got := reflect.ValueOf(Limits{}.With(o)).FieldByName(name).Interface()
		want := value.Elem().Interface()
		if name == "Promise" {
			want = 7 * time.Second
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: agreed %v, is %v", name, want, got)
		}
	}
}

func TestContractsHoldInTheirTimeAndTier(t *testing.T) {
	l, _ := For(Enterprise)
	day := func(n int) time.Time { return time.Date(2026, 11, n, 0, 0, 0, 0, time.UTC) }
	many, more := int64(50_000), int64(90_000)
	list := []Contract{
		{Tier: Enterprise, Terms: Overrides{Uploads: &many}, From: day(10), To: day(20)},
		{Tier: Enterprise, Terms: Overrides{Uploads: &more}, From: day(15)},
	}
	for _, c := range []struct {
		at   time.Time
		want int64
	}{{day(9), l.Uploads}, {day(10), many}, {day(14), many}, {day(15), more}, {day(21), more}} {
		if got := l.Under(list, c.at).Uploads; got != c.want {
			t.Errorf("on %s: %d uploads, want %d", c.at.Format("2 Jan"), got, c.want)
		}
	}
	pro, _ := For(Pro)
	if got := pro.Under(list, day(16)).Uploads; got != pro.Uploads {
		t.Errorf("an enterprise contract counts for pro: %d", got)
	}
}

func TestTermsAreReadOrRefused(t *testing.T) {
	o, err := ParseTerms([]string{"uploads=-1", "storage_bytes=500GB", "seconds=1800.5", "exports=false", "queue=acme", "models=small", "promise_seconds=30"})
	if err != nil || *o.Uploads != -1 || *o.StorageBytes != 500<<30 || *o.Seconds != 1800.5 || *o.Exports || *o.Queue != "acme" || len(*o.Models) != 1 || *o.PromiseSecs != 30 {
		t.Errorf("%+v %v", o, err)
	}
	for _, wrong := range []string{"uploads", "uploads=many", "speed=3", "uploads=-2", "seconds=", "batch=101", "models=huge", "promise_seconds=0", "period=week", "exports=yes", "storage_bytes=-5"} {
		if _, err := ParseTerms([]string{wrong}); err == nil {
			t.Errorf("%q was taken", wrong)
		}
	}
	if _, err := ParseTerms([]string{"uploads=1", "uploads=2"}); err == nil {
		t.Error("a term given twice was taken")
	}
}

func TestPhasesAndFeatures(t *testing.T) {
	p, _ := For(Pro)
	one, two, three := p.In(FreeOnly.Features()), p.In(WithPro.Features()), p.In(All.Features())
	if one.AIMicro != 0 || one.Models != nil || one.Batch != 0 || one.Exports || one.APIRequests != 0 || one.Sync {
		t.Errorf("phase 1: %+v", one)
	}
	if len(two.Models) != 1 || two.Models[0] != Small || two.Batch != 0 || two.Exports || two.APIRequests != 1000 || !two.Sync {
		t.Errorf("phase 2: %+v", two)
	}
	if !reflect.DeepEqual(three, p) {
		t.Errorf("phase 3: %+v", three)
	}
	f, err := ParseFeatures(WithPro.Features(), []string{"export=on", "ai=off"})
	if err != nil || !f.On(FeatureExport) || f.On(FeatureAI) || f.On(FeatureBatch) || !f.On(FeatureSync) {
		t.Errorf("%v %v", f, err)
	}
	for _, wrong := range []string{"export", "export=maybe", "teleport=on"} {
		if _, err := ParseFeatures(nil, []string{wrong}); err == nil {
			t.Errorf("%q was taken", wrong)
		}
	}
}
