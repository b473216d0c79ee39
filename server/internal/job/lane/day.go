package lane

import (
	"container/heap"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"sampleagent/server/internal/plan"
)

// Load is who uploads in a day, and how. All counts are of the worst day: everybody uses what
// the plan gives.
type Load struct {
	Free, Pro, Enterprise int
	FreeFiles             int // of each free user on the day
	ProFiles              int // of each pro user: a month's uploads over its working days
	EnterpriseFiles       int
	Days                  int     // that follow each other: what is left over weighs on the next
	AIWait                float64 // s that a model takes to answer, median; 0: no AI
}

// Machines are what works: slots of all processes together, and the cores they share.
type Machines struct {
	Cores                            float64
	Free, Pro, Enterprise, ProBursts int
	CPUPerSecond                     float64 // s of one core for a second of sound
	CPUPerJob                        float64 // s of one core for a job beside that
}

// Measured is what one core does (docs/capacity.md has the commands): FLAC decoded and analysed
// at 270 times real time, and the server's own work for a job.
var Measured = Machines{CPUPerSecond: 1.0 / 270, CPUPerJob: 0.005}

// poll is how long a waiting worker may take to see a job, s.
const poll = 0.5

// Result is how a lane did. Times are from accepted to completed.
type Result struct {
	Tier          plan.Tier
	Jobs, Late    int
	Promoted      int
	Promise       time.Duration
	P50, P95, Max time.Duration
	MostWaiting   int
}

// InTime is the share of jobs within their promise.
func (r Result) InTime() float64 {
	if r.Jobs == 0 {
		return 1
	}
	return 1 - float64(r.Late)/float64(r.Jobs)
}

// Outcome is a simulated stretch of days.
type Outcome struct {
	Tiers  []Result
	Busy   float64       // share of the cores' time that was used until the last job ended
	Bursts time.Duration // for which burst workers ran
}

// Kept says that every job was done in time.
func (o Outcome) Kept() bool {
	return !slices.ContainsFunc(o.Tiers, func(r Result) bool { return r.Late > 0 })
}

// task is a job in the simulation. Times are seconds from the start of the first day.
type task struct {
	user      int
	tier      plan.Limits
	queue     plan.Queue
	priority  int64
	at, ready float64 // accepted; from when it may start
	deadline  float64
	cpu, wait float64 // s of one core still to do; s of waiting for a model after that
	state     int     // waiting, running, done
	promoted  bool
	seq       int
}

const (
	waiting = iota
	running
	done
)

// line is a lane: what waits in it, in River's order (priority, time, number), and what runs.
type line struct {
	heap        []*task
	count       int         // waiting, also those that gave way
	ofUser      map[int]int // waiting
	liveOfUser  map[int]int // waiting or running
	runsOfUser  map[int]int
	slots, runs int
	most        int
}

func (l *line) Len() int { return len(l.heap) }
func (l *line) Less(i, j int) bool {
	a, b := l.heap[i], l.heap[j]
	if a.priority != b.priority {
		return a.priority < b.priority
	}
	if a.ready != b.ready {
		return a.ready < b.ready
	}
	return a.seq < b.seq
}
func (l *line) Swap(i, j int) { l.heap[i], l.heap[j] = l.heap[j], l.heap[i] }
func (l *line) Push(x any)    { l.heap = append(l.heap, x.(*task)) }
func (l *line) Pop() any {
	x := l.heap[len(l.heap)-1]
	l.heap = l.heap[:len(l.heap)-1]
	return x
}

func (l *line) enter(t *task) {
	l.count++
	l.ofUser[t.user]++
	l.liveOfUser[t.user]++
	l.most = max(l.most, l.count)
	heap.Push(l, t)
}

type sim struct {
	m                 Machines
	lanes             map[plan.Queue]*line
	all               []*task // by time of arrival
	running           []*task
	parked            []*task // gave way until their ready
	free              []*task // free jobs by deadline, for promotion
	next              int     // of all to arrive
	now               float64
	promoteAt, lookAt float64 // next looks of the promoter and of the burst
	cpu               float64
	burst             Burst
	bursts            float64
	random            *rand.Rand
	tiers             map[plan.Tier]*tally
	broken            bool // a job was late
}

type tally struct {
	Result
	took []float64
}

// Day runs the load through the rules on some machines, by a clock of its own. The same seed
// gives the same day.
func Day(load Load, m Machines, seed uint64) (Outcome, error) {
	s, err := begin(load, m, seed)
	if err != nil {
		return Outcome{}, err
	}
	for s.lives() {
		s.step()
	}
	out := Outcome{Busy: s.cpu / (s.now * m.Cores), Bursts: seconds(s.bursts)}
	for _, l := range plan.Tiers() {
		t := s.tiers[l.Tier]
		if t == nil {
			continue
		}
		slices.Sort(t.took)
		at := func(p float64) time.Duration { return seconds(t.took[min(int(p*float64(len(t.took))), len(t.took)-1)]) }
		t.P50, t.P95, t.Max, t.MostWaiting = at(.5), at(.95), at(1), s.lanes[l.Queue].most
		out.Tiers = append(out.Tiers, t.Result)
	}
	return out, nil
}

// keeps says whether a day keeps every promise; one that does not ends with its first late job.
func keeps(load Load, m Machines, seed uint64) (bool, error) {
	s, err := begin(load, m, seed)
	if err != nil {
		return false, err
	}
	for s.lives() && !s.broken {
		s.step()
	}
	return !s.broken, nil
}

func begin(load Load, m Machines, seed uint64) (*sim, error) {
	s := &sim{m: m, random: rand.New(rand.NewPCG(seed, 404)), lanes: map[plan.Queue]*line{}, tiers: map[plan.Tier]*tally{}, burst: Burst{Workers: m.Pro}}
	for q, slots := range map[plan.Queue]int{plan.QueueFree: m.Free, plan.QueuePro: m.Pro, plan.QueueEnterprise: m.Enterprise} {
		s.lanes[q] = &line{slots: slots, ofUser: map[int]int{}, liveOfUser: map[int]int{}, runsOfUser: map[int]int{}}
	}
	return s, s.fill(load)
}

func seconds(s float64) time.Duration {
	return time.Duration(s * float64(time.Second)).Round(time.Millisecond)
}

// day is the length of a day, s.
const day = 86400

// fill makes the jobs. Free quotas begin anew at midnight, so a fifth of the free users comes
// in the first hour; the others come as people do, most in the evening.
func (s *sim) fill(load Load) error {
	user := 0
	for _, group := range []struct {
		tier         plan.Tier
		users, files int
		mean, rush   float64 // seconds of sound; share of users in the first hour
	}{{plan.Free, load.Free, load.FreeFiles, 12, .2}, {plan.Pro, load.Pro, load.ProFiles, 30, 0}, {plan.Enterprise, load.Enterprise, load.EnterpriseFiles, 30, 0}} {
		l, err := plan.For(group.tier)
		if err != nil {
			return err
		}
		if group.users > 0 && group.files > 0 {
			s.tiers[group.tier] = &tally{Result: Result{Tier: group.tier, Promise: l.Promise}}
		}
		for range group.users {
			user++
			for d := range load.Days {
				at := float64(d)*day + s.evening()
				if s.random.Float64() < group.rush {
					at = float64(d)*day + 3600*s.random.Float64()
				}
				for f := range group.files {
					sound := min(s.random.ExpFloat64()*group.mean, l.Seconds)
					t := &task{user: user, tier: l, queue: l.Queue, at: at + float64(f)*s.random.Float64()*2, cpu: s.m.CPUPerJob + sound*s.m.CPUPerSecond}
					t.ready, t.deadline = t.at, t.at+l.Promise.Seconds()
					if load.AIWait > 0 {
						t.wait = load.AIWait * math.Exp(.5*s.random.NormFloat64())
					}
					s.all = append(s.all, t)
				}
			}
		}
	}
	slices.SortFunc(s.all, func(a, b *task) int {
		if a.at < b.at {
			return -1
		} else if a.at > b.at {
			return 1
		}
		return 0
	})
	for i, t := range s.all {
		t.seq = i
		if t.queue == plan.QueueFree {
			s.free = append(s.free, t)
		}
	}
	return nil
}

// evening is a time of day: seven times as many people at nine in the evening as at nine in the
// morning.
func (s *sim) evening() float64 {
	for {
		at := s.random.Float64() * day
		if s.random.Float64() < (1+.75*math.Cos(2*math.Pi*(at-21*3600)/day))/1.75 {
			return at
		}
	}
}

// step moves to the next event: an arrival, the end of a job, the end of giving way, a look of the
// promoter and of the burst.
func (s *sim) step() {
	until := math.Inf(1)
	if s.next < len(s.all) {
		until = s.all[s.next].at
	}
	for _, t := range s.parked {
		until = min(until, t.ready)
	}
	until = min(until, s.firstEnd(), s.promoteAt, s.lookAt)
	s.advance(max(until, s.now))
	for ; s.next < len(s.all) && s.all[s.next].at <= s.now; s.next++ {
		t := s.all[s.next]
		l := s.lanes[t.queue]
		t.priority = Priority(int64(l.liveOfUser[t.user]), t.tier.PerUser)
		l.enter(t)
	}
	s.unpark()
	if s.now >= s.promoteAt {
		s.promote()
		s.promoteAt = s.now + PromoteEvery.Seconds()
	}
	if s.now >= s.lookAt {
		s.looked()
		s.lookAt = s.now + BurstEvery.Seconds()
	}
	for _, q := range []plan.Queue{plan.QueueEnterprise, plan.QueuePro, plan.QueueFree} {
		s.start(s.lanes[q])
	}
}

// lives says that jobs are still to come, to run or to end.
func (s *sim) lives() bool {
	return s.next < len(s.all) || len(s.running) > 0 || len(s.parked) > 0 || s.lanes[plan.QueueFree].count+s.lanes[plan.QueuePro].count+s.lanes[plan.QueueEnterprise].count > 0
}

// rate is how fast a job on a processor runs: cores are shared evenly.
func (s *sim) rate() float64 {
	working := 0
	for _, t := range s.running {
		if t.cpu > 0 {
			working++
		}
	}
	return min(1, s.m.Cores/float64(max(working, 1)))
}

// tiny is what is left of a job by rounding, s.
const tiny = 1e-9

func (s *sim) firstEnd() float64 {
	first, rate := math.Inf(1), s.rate()
	for _, t := range s.running {
		if t.cpu > 0 {
			first = min(first, s.now+t.cpu/rate)
		} else {
			first = min(first, s.now+t.wait)
		}
	}
	return first
}

func (s *sim) advance(to float64) {
	dt, rate := to-s.now, s.rate()
	s.now = to
	still := s.running[:0]
	for _, t := range s.running {
		if t.cpu > 0 {
			s.cpu += min(t.cpu, dt*rate)
			if t.cpu -= dt * rate; t.cpu < tiny {
				t.cpu = 0
			}
		} else if t.wait -= dt; t.wait < tiny {
			t.wait = 0
		}
		if t.cpu == 0 && t.wait == 0 {
			s.end(t)
			continue
		}
		still = append(still, t)
	}
	s.running = still
}

func (s *sim) end(t *task) {
	t.state = done
	l := s.lanes[t.queue]
	l.runs--
	l.runsOfUser[t.user]--
	l.liveOfUser[t.user]--
	r := s.tiers[t.tier.Tier]
	r.Jobs++
	r.took = append(r.took, s.now-t.at)
	if s.now > t.deadline {
		r.Late++
		s.broken = true
	}
}

func (s *sim) start(l *line) {
	for l.runs < l.slots && len(l.heap) > 0 {
		t := heap.Pop(l).(*task)
		if t.state != waiting || s.lanes[t.queue] != l {
			continue // promoted meanwhile
		}
		if HasShare(int64(l.runsOfUser[t.user]), t.tier.PerUser) && l.count > l.ofUser[t.user] {
			t.ready = s.now + GiveWay.Seconds()
			s.parked = append(s.parked, t)
			continue
		}
		t.state = running
		if t.ready == s.now { // a worker that was idle looks from time to time
			t.wait += poll * s.random.Float64()
		}
		l.count--
		l.ofUser[t.user]--
		l.runs++
		l.runsOfUser[t.user]++
		s.running = append(s.running, t)
	}
}

func (s *sim) unpark() {
	still := s.parked[:0]
	for _, t := range s.parked {
		if t.ready > s.now {
			still = append(still, t)
			continue
		}
		heap.Push(s.lanes[t.queue], t)
	}
	s.parked = still
}

func (s *sim) promote() {
	for n := 0; n < PromoteMost && len(s.free) > 0 && s.free[0].deadline < s.now+PromoteBefore.Seconds() && s.free[0].at <= s.now; {
		t := s.free[0]
		s.free = s.free[1:]
		if t.state != waiting {
			continue
		}
		n++
		l := s.lanes[t.queue]
		l.count--
		l.ofUser[t.user]--
		l.liveOfUser[t.user]--
		s.parked = slices.DeleteFunc(s.parked, func(p *task) bool { return p == t })
		t.queue, t.priority, t.ready, t.promoted = PromoteTo, PromotePriority, s.now, true
		s.lanes[PromoteTo].enter(t)
		s.tiers[t.tier.Tier].Promoted++
	}
}

func (s *sim) looked() {
	if s.m.ProBursts == 0 {
		return
	}
	l := s.lanes[plan.QueuePro]
	l.slots = s.m.Pro
	if s.burst.Look(int64(l.count)) {
		l.slots += s.m.ProBursts
		s.bursts += BurstEvery.Seconds()
	}
}

// Times is the load with so many times as many users.
func (l Load) Times(n float64) Load {
	l.Free, l.Pro, l.Enterprise = int(float64(l.Free)*n), int(float64(l.Pro)*n), int(float64(l.Enterprise)*n)
	return l
}

// Breaks finds the largest load, in tenths of the given one, at which every promise is still
// kept, up to most times it. tried is told of each load that was simulated.
func Breaks(load Load, m Machines, most float64, seed uint64, tried func(times float64, kept bool)) (float64, error) {
	lo, hi := 0, int(most*10)
	for mid := min(10, hi); lo < hi; {
		times := float64(mid) / 10
		kept, err := keeps(load.Times(times), m, seed)
		if err != nil {
			return 0, err
		}
		tried(times, kept)
		if kept {
			lo = mid
		} else {
			hi = mid - 1
		}
		// Doubled while all is kept, since a day costs as much as its load, and halved between the two after that.
		if mid = (lo + hi + 1) / 2; lo > 0 {
			mid = min(mid, 2*lo)
		}
	}
	return float64(lo) / 10, nil
}

// Needs finds the fewest cores and workers with which every promise is kept: workers of each
// lane grow until they help no more, then cores do.
func Needs(load Load, m Machines, seed uint64) (Machines, error) {
	for m.Cores = 1; m.Cores <= 256; m.Cores++ {
		try := m
		for {
			o, err := Day(load, try, seed)
			if err != nil {
				return m, err
			}
			if o.Kept() {
				return try, nil
			}
			grown := false
			for _, r := range o.Tiers {
				slots, most := &try.Pro, 50
				switch r.Tier {
				case plan.Free:
					slots, most = &try.Free, 10 // over all processes, as the tier table says
				case plan.Enterprise:
					slots, most = &try.Enterprise, 50
				}
				if r.Late > 0 && *slots < most {
					*slots = min(most, *slots+max(1, *slots/2))
					grown = true
				}
			}
			if !grown {
				break
			}
		}
	}
	return m, fmt.Errorf("no machine of up to 256 cores carries this load within the limits of workers")
}
