package lane_test

import (
	"testing"
	"time"

	"sampleagent/server/internal/job/lane"
	"sampleagent/server/internal/plan"
)

// issue is the day that the capacity is promised for.
var issue = lane.Load{Free: 10_000, FreeFiles: 10, Pro: 300, ProFiles: 48, Days: 1}

func machines(cores float64, free, pro int) lane.Machines {
	m := lane.Measured
	m.Cores, m.Free, m.Pro, m.Enterprise = cores, free, pro, 2
	return m
}

func day(t *testing.T, l lane.Load, m lane.Machines) lane.Outcome {
	t.Helper()
	o, err := lane.Day(l, m, 1)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func tier(t *testing.T, o lane.Outcome, name plan.Tier) lane.Result {
	t.Helper()
	for _, r := range o.Tiers {
		if r.Tier == name {
			return r
		}
	}
	t.Fatalf("no %s in %+v", name, o)
	return lane.Result{}
}

func TestTheDayIsKeptWithDefaultWorkers(t *testing.T) {
	o := day(t, issue, machines(2, 2, 4))
	if !o.Kept() {
		t.Errorf("%+v", o)
	}
	if r := tier(t, o, plan.Free); r.Jobs != 100_000 || r.Promise != 24*time.Hour {
		t.Errorf("every job is done once: %+v", r)
	}
	if r := tier(t, o, plan.Pro); r.Jobs != 300*48 || r.P50 > 10*time.Second {
		t.Errorf("%+v", r)
	}
}

// A model that takes its time holds workers, not cores: two free workers carry the day only because
// their late jobs are promoted, the ten that the tier allows carry it by themselves.
func TestSlowModelsNeedWorkersNotCores(t *testing.T) {
	l := issue
	l.AIWait = 2
	few, many := day(t, l, machines(2, 2, 4)), day(t, l, machines(2, 10, 12))
	if tier(t, few, plan.Free).Promoted == 0 {
		t.Errorf("two free workers: %+v", few)
	}
	if !many.Kept() || many.Busy > .5 || tier(t, many, plan.Free).Promoted != 0 {
		t.Errorf("ten free workers: %+v", many)
	}
}

// Pro jobs keep their promise whatever the free lane holds.
func TestFreeNeverDelaysPro(t *testing.T) {
	l := issue
	l.AIWait = 2
	o := day(t, l, machines(2, 2, 4))
	if r := tier(t, o, plan.Pro); r.Late != 0 {
		t.Errorf("%+v", r)
	}
}

func TestMoreThanAMachineCarriesIsLate(t *testing.T) {
	m, l := machines(1, 2, 4), issue.Times(.4)
	m.CPUPerJob = 2.5 // 45,760 jobs of two and a half seconds on one core
	if o := day(t, l, m); o.Kept() {
		t.Errorf("%+v", o)
	}
	breaks, err := lane.Breaks(l, m, 2, 1, func(times float64, kept bool) {
		if kept != day(t, l.Times(times), m).Kept() {
			t.Errorf("%v times the load: kept is %v", times, kept)
		}
	})
	if err != nil || breaks < .1 || breaks > .9 {
		t.Errorf("breaks at %v times, %v", breaks, err)
	}
	if !day(t, l.Times(breaks), m).Kept() || day(t, l.Times(breaks+.1), m).Kept() {
		t.Errorf("%v times the load is not the most that is kept", breaks)
	}
	need, err := lane.Needs(l, m, 1)
	if err != nil || need.Cores < 2 || !day(t, l, need).Kept() {
		t.Errorf("%+v %v", need, err)
	}
}

// A day costs as much to simulate as its load: none is tried that is far beyond what is kept.
func TestBreaksTriesNoLoadFarBeyond(t *testing.T) {
	l, m, kept := issue.Times(.01), machines(.05, 2, 4), 1.0
	n, err := lane.Breaks(l, m, 64, 1, func(times float64, ok bool) {
		if times > 2*kept {
			t.Errorf("%v times the load, of which %v was kept", times, kept)
		}
		if ok {
			kept = times
		}
	})
	if err != nil || n != kept || n < 2 {
		t.Errorf("breaks at %v times, kept %v, %v", n, kept, err)
	}
}

func TestSameSeedSameDay(t *testing.T) {
	l := issue.Times(.01)
	a, b := day(t, l, machines(2, 2, 4)), day(t, l, machines(2, 2, 4))
	if a.Busy != b.Busy || tier(t, a, plan.Free) != tier(t, b, plan.Free) {
		t.Errorf("%+v and %+v", a, b)
	}
}

func TestBurstStartsDeepAndEndsCalm(t *testing.T) {
	b := lane.Burst{Workers: 4}
	for i, c := range []struct {
		waiting int64
		on      bool
	}{{0, false}, {8, false}, {9, true}, {3, true}, {0, true}, {0, true}, {2, true}, {0, true}, {0, true}, {0, false}, {0, false}, {9, true}} {
		if on := b.Look(c.waiting); on != c.on {
			t.Errorf("look %d, %d wait: %v", i, c.waiting, on)
		}
	}
}

func TestPriorityFallsWithWhatIsUnfinished(t *testing.T) {
	last := int64(0)
	for live := range int64(200) {
		p := lane.Priority(live, 4)
		if p < last || p < 1 || p > 4 {
			t.Fatalf("%d live: priority %d after %d", live, p, last)
		}
		last = p
	}
	if lane.Priority(0, 4) != 1 || lane.Priority(8, 4) != 2 || lane.Priority(32, 4) != 3 || lane.Priority(128, 4) != 4 || lane.Priority(0, 0) != 1 {
		t.Error("the steps moved")
	}
	if lane.HasShare(3, 4) || !lane.HasShare(4, 4) || !lane.HasShare(1, 0) {
		t.Error("the share moved")
	}
}
