package playback

import (
	"math"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"sampleagent/audio/pcm"
)

func TestMain(m *testing.M) {
	// The device's context cannot be closed, only left.
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("github.com/ebitengine/oto/v3/internal/mux.(*Mux).loop"))
}

// constant is n frames of value v at 48 kHz, mono.
func constant(n int, v float32) *pcm.Buffer {
	b := &pcm.Buffer{Rate: Rate, Channels: 1, Samples: make([]float32, n)}
	for i := range b.Samples {
		b.Samples[i] = v
	}
	return b
}

// ramp holds its own frame number, scaled to stay below 1.
func ramp(n int) *pcm.Buffer {
	b := constant(n, 0)
	for i := range b.Samples {
		b.Samples[i] = float32(i) / 100000
	}
	return b
}

func frameOf(v float64) int { return int(math.Round(v * 100000)) }

func tone(rate, channels, n int, hz float64) *pcm.Buffer {
	b := &pcm.Buffer{Rate: rate, Channels: channels, Samples: make([]float32, n*channels)}
	for i := range b.Samples {
		b.Samples[i] = float32(0.5 * math.Sin(2*math.Pi*hz*float64(i/channels)/float64(rate)))
	}
	return b
}

func byHand(t *testing.T) (*Player, *Manual) {
	t.Helper()
	m := &Manual{}
	p := NewPlayer(m)
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return p, m
}

// jump is the largest step between neighbouring frames of the left channel.
func jump(x [][2]float64) (worst float64) {
	for i := 1; i < len(x); i++ {
		worst = max(worst, math.Abs(x[i][0]-x[i-1][0]))
	}
	return worst
}

func event(t *testing.T, p *Player) Event {
	t.Helper()
	select {
	case e := <-p.Events():
		return e
	default:
		t.Fatal("no event")
		return Event{}
	}
}

func TestPlaysWhatItIsGiven(t *testing.T) {
	p, m := byHand(t)
	b := &pcm.Buffer{Rate: Rate, Channels: 2, Samples: make([]float32, 2000)}
	for i := range b.Samples {
		b.Samples[i] = float32(i%97)/100 - 0.5
	}
	id := p.Play(b, Options{})
	x := m.Advance(1500)
	for i := range x {
		want := [2]float64{}
		if i < 1000 {
			want = [2]float64{float64(b.Samples[2*i]), float64(b.Samples[2*i+1])}
		}
		if x[i] != want {
			t.Fatalf("frame %d is %v, want %v", i, x[i], want)
		}
	}
	if e := event(t, p); e != (Event{Play: id, Cause: Ended}) {
		t.Errorf("event %+v", e)
	}
	if _, playing := p.Position(); playing {
		t.Error("still playing after the end")
	}
}

func TestOtherRatesStayInTune(t *testing.T) {
	for _, rate := range []int{8000, 22050, 44100, 96000, 192000} {
		p, m := byHand(t)
		p.Play(tone(rate, 2, rate, 997), Options{})
		x := m.Advance(Rate / 2)[4800:]
		var s, c float64
		for i, v := range x {
			sin, cos := math.Sincos(2 * math.Pi * 997 * float64(i) / Rate)
			s += v[0] * sin
			c += v[1] * cos
		}
		n := float64(len(x))
		if a := 2 * math.Hypot(s, c) / n; math.Abs(a-0.5) > 0.003 {
			t.Errorf("%d Hz: the tone comes out at %.3f, want 0.5", rate, a)
		}
		x = m.Advance(Rate)
		end := 0
		for i, v := range x {
			if v[0] != 0 {
				end = i
			}
		}
		if d := end + Rate/2 - Rate; d < -20 || d > 20 {
			t.Errorf("%d Hz: a second lasts %d frames too long", rate, d)
		}
	}
}

func TestCutsDoNotClick(t *testing.T) {
	for name, act := range map[string]func(*Player){
		"stop":    (*Player).Stop,
		"another": func(p *Player) { p.Play(constant(Rate, 0), Options{}) },
		"pause":   (*Player).Pause,
		"seek":    func(p *Player) { p.Seek(20000) },
		"loop":    func(p *Player) { p.SetLoop(true, 0, 500) },
		"mute":    func(p *Player) { p.SetVolume(0) },
	} {
		p, m := byHand(t)
		p.Play(constant(Rate, 1), Options{From: 100})
		x := m.Advance(4800)
		act(p)
		x = append(x, m.Advance(4800)...)
		if j := jump(x); j > 0.008 {
			t.Errorf("%s jumps by %.3f", name, j)
		}
	}
	// A sound that begins at its beginning keeps its attack.
	p, m := byHand(t)
	p.Play(constant(Rate, 1), Options{})
	if x := m.Advance(10); x[0][0] != 1 {
		t.Errorf("the first frame is %v", x[0])
	}
}

func TestLoops(t *testing.T) {
	p, m := byHand(t)
	b := ramp(1000)
	p.Play(b, Options{Loop: true, LoopFrom: 100, LoopTo: 300})
	x := m.Advance(1000)
	for i, v := range x {
		want := i
		if i >= 300 {
			want = 100 + (i-300)%200
		}
		if frameOf(v[0]) != want {
			t.Fatalf("loop: frame %d plays %d, want %d", i, frameOf(v[0]), want)
		}
	}
	p.SetLoop(false, 0, 0)
	rest := m.Advance(2000)
	if frameOf(rest[500][0]) == 0 || rest[1999][0] != 0 {
		t.Error("with the loop off it does not go on to the end")
	}

	hit(p, 1, 0, b, Voicing{End: 10, Loop: PingPong})
	got := []int{}
	for _, v := range m.Advance(22) {
		got = append(got, frameOf(v[0]))
	}
	want := []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0, 1, 2, 3}
	for i := range want {
		if got[i] != want[i] {
			t.Fatalf("ping-pong plays %v, want %v", got, want)
		}
	}
	p.StopAll()
	m.Advance(1000)

	hit(p, 1, 0, b, Voicing{Reverse: true})
	for i, v := range m.Advance(1000) {
		if frameOf(v[0]) != 999-i {
			t.Fatalf("reverse: frame %d plays %d", i, frameOf(v[0]))
		}
	}
	m.Advance(10)
	hit(p, 1, 0, b, Voicing{Reverse: true, Loop: Forward, Start: 200, End: 400})
	for i, v := range m.Advance(1000) {
		if want := 399 - i%200; i > 200 && frameOf(v[0]) != want {
			t.Fatalf("reversed loop: frame %d plays %d, want %d", i, frameOf(v[0]), want)
		}
	}
}

// TestLoopIsSeamlessAtOtherRates: a loop of whole periods at 44.1 kHz has no trace of the seam.
func TestLoopIsSeamlessAtOtherRates(t *testing.T) {
	p, m := byHand(t)
	p.Play(tone(44100, 1, 44100, 441), Options{Loop: true, LoopTo: 4400})
	x := m.Advance(Rate)[2000:]
	for i := range x {
		if i < 3 {
			continue
		}
		// a sine obeys y[i] = 2cos(w) y[i-1] - y[i-2]
		w := 2 * math.Cos(2*math.Pi*441/Rate)
		if d := math.Abs(x[i][0] - w*x[i-1][0] + x[i-2][0]); d > 2e-4 {
			t.Fatalf("seam at frame %d: %g", i, d)
		}
	}
}

func TestEnvelopeGateAndPan(t *testing.T) {
	p, m := byHand(t)
	long := constant(10*Rate, 1)
	hit(p, 3, 0, long, Voicing{Gate: true, Attack: 0.1, Release: 0.2, Pan: -1, Gain: 0.5})
	x := m.Advance(Rate / 2)
	if v := x[Rate/20][0]; math.Abs(v-0.25) > 0.01 {
		t.Errorf("half way through the attack the level is %.3f", v)
	}
	if v := x[Rate/2-1]; math.Abs(v[0]-0.5) > 1e-6 || v[1] != 0 {
		t.Errorf("held, panned left: %v", v)
	}
	p.ReleasePad(3)
	x = m.Advance(Rate / 2)
	if v := x[Rate/10][0]; math.Abs(v-0.25) > 0.01 {
		t.Errorf("half way through the release the level is %.3f", v)
	}
	if x[Rate/5+100][0] != 0 || p.Sounding() != 0 {
		t.Error("the release does not end")
	}
	if e := event(t, p); e != (Event{Pad: 3, Cause: Stopped}) {
		t.Errorf("event %+v", e)
	}

	hit(p, 4, 0, long, Voicing{Hold: 0.1, Release: 0.05})
	x = m.Advance(Rate / 2)
	if x[Rate/10-10][0] != 1 || x[Rate/5][0] != 0 {
		t.Error("hold and release do not last 0.1 and 0.05 s")
	}
	hit(p, 5, 0, long, Voicing{}) // one-shot: letting go changes nothing
	p.ReleasePad(5)
	if x = m.Advance(Rate); x[Rate-1][0] != 1 {
		t.Error("a one-shot stopped when the pad was let go")
	}
}

func TestPolyphonyAndGroups(t *testing.T) {
	p, m := byHand(t)
	quiet := constant(Rate, 0.01)
	for pad := range 16 {
		hit(p, pad, 0, quiet, Voicing{})
	}
	if x := m.Advance(100); math.Abs(x[99][0]-0.16) > 1e-6 || p.Sounding() != 16 {
		t.Errorf("16 pads sound as %.3f, %d voices", x[99][0], p.Sounding())
	}
	for pad := range 30 {
		hit(p, pad, 0, quiet, Voicing{})
	}
	m.Advance(1000)
	if n := p.Sounding(); n != maxPadVoices {
		t.Errorf("%d voices after 46 starts, want %d", n, maxPadVoices)
	}
	p.StopAll()
	m.Advance(1000)
	hit(p, 1, 7, constant(Rate, 0.25), Voicing{})
	m.Advance(100)
	hit(p, 2, 7, constant(Rate, 0.5), Voicing{})
	if x := m.Advance(1000); x[999][0] != 0.5 {
		t.Errorf("two pads of one group give %.2f", x[999][0])
	}
	// Too much is cut off, not wrapped.
	for pad := range 8 {
		hit(p, pad, 0, constant(Rate, 1), Voicing{})
	}
	if x := m.Advance(10); x[9][0] != 1 {
		t.Errorf("overload gives %.2f", x[9][0])
	}
}

// lateEngine hears a Manual with a latency.
type lateEngine struct {
	Manual
	latency time.Duration
}

func (l *lateEngine) Latency() time.Duration { return l.latency }

func TestPositionIsWhatIsHeard(t *testing.T) {
	l := &lateEngine{latency: 10 * time.Hour} // so that the time since the block does not count
	p := NewPlayer(l)
	defer p.Close()
	p.Play(ramp(90000), Options{From: 1000})
	if at, playing := p.Position(); at != 1000 || !playing {
		t.Errorf("before the first block: %d, %v", at, playing)
	}
	l.Advance(4800)
	if at, _ := p.Position(); at != 1000 {
		t.Errorf("a block is rendered but not heard: %d, want 1000", at)
	}
	l.latency = 0
	if at, _ := p.Position(); at != 5800 {
		t.Errorf("without latency: %d, want 5800", at)
	}
	p.Pause()
	if at, playing := p.Position(); at != 5800 || playing {
		t.Errorf("paused: %d, %v", at, playing)
	}
	l.Advance(4800)
	if at, _ := p.Position(); at != 5800 {
		t.Errorf("paused, a block later: %d", at)
	}
	p.Resume()
	l.Advance(480)
	if at, playing := p.Position(); at != 6280 || !playing {
		t.Errorf("resumed: %d, %v", at, playing)
	}
	p.Seek(200)
	l.Advance(48)
	if at, _ := p.Position(); at != 248 {
		t.Errorf("after seeking: %d, want 248", at)
	}
	p.SetLoop(true, 0, 300)
	l.Advance(100) // 248 + 100 wraps to 48
	if at, _ := p.Position(); at != 48 {
		t.Errorf("in the loop: %d, want 48", at)
	}
	l.latency = time.Second / Rate * 100
	p.mu.Lock()
	p.heard = time.Now().Add(time.Hour) // no time passes
	p.mu.Unlock()
	if at, _ := p.Position(); at != 248 {
		t.Errorf("heard before the wrap: %d, want 248", at)
	}
}

func TestSpeedAndVolume(t *testing.T) {
	p, m := byHand(t)
	p.Play(ramp(90000), Options{Speed: 2})
	m.Advance(1000)
	if at, _ := p.Position(); at != 2000 {
		t.Errorf("at double speed frame 1000 plays %d", at)
	}
	p.SetSpeed(0.5)
	m.Advance(1000)
	if at, _ := p.Position(); at != 2500 {
		t.Errorf("then at half speed: %d", at)
	}
	p.SetVolume(0.5)
	p.Play(constant(Rate, 1), Options{})
	m.Advance(1000)
	if x := m.Advance(10); x[9][0] != 0.5 {
		t.Errorf("at half volume: %.2f", x[9][0])
	}
	for _, bad := range []float64{-1, math.NaN(), math.Inf(-1)} {
		p.SetVolume(bad)
		m.Advance(1000)
		if x := m.Advance(10); x[9][0] != 0 {
			t.Errorf("volume %v gives %v", bad, x[9][0])
		}
	}
}

func TestNobodyListening(t *testing.T) {
	p, m := byHand(t)
	var last uint64
	for range 500 {
		last = p.Play(constant(10, 1), Options{})
		m.Advance(20)
	}
	var e Event
	for len(p.Events()) > 0 {
		e = <-p.Events()
	}
	if e.Play != last {
		t.Errorf("the newest event is of play %d, want %d", e.Play, last)
	}
}

func TestOddBuffers(t *testing.T) {
	p, m := byHand(t)
	for _, b := range []*pcm.Buffer{
		{}, {Rate: Rate}, {Rate: Rate, Channels: 1}, {Rate: Rate, Channels: 2, Samples: make([]float32, 2)},
		{Rate: 44100, Channels: 1, Samples: make([]float32, 1)}, {Rate: 1, Channels: 8, Samples: make([]float32, 80)},
		{Rate: 3000000, Channels: 3, Samples: make([]float32, 30000)},
		{Rate: 44100, Channels: 1, Samples: []float32{float32(math.NaN()), float32(math.Inf(1)), 1e38, 1, -1e38, 0, 0, 0}},
	} {
		for _, v := range []Voicing{
			{}, {Start: 5, End: 3}, {Start: -4, End: 1 << 40}, {Loop: Forward, LoopStart: 100}, {Loop: PingPong, Reverse: true},
			{Speed: math.NaN()}, {Speed: 1e9}, {Loop: PingPong, Speed: 1e9}, {Loop: Forward, Reverse: true, Speed: 777},
		} {
			hit(p, 0, 0, b, v)
			p.Play(b, Options{From: 1 << 40, Loop: v.Loop != Once, LoopFrom: v.LoopStart, LoopTo: v.End, Reverse: v.Reverse, Speed: v.Speed})
			for range 3 {
				for _, f := range m.Advance(500) {
					if math.IsNaN(f[0]) || math.IsNaN(f[1]) {
						t.Fatalf("%+v %+v gives NaN", b.Rate, v)
					}
				}
				p.Seek(-7)
			}
			p.Position()
		}
		p.StopAll()
		m.Advance(1000)
	}
}

// TestManyHands calls everything from many goroutines at once; run with -race.
func TestManyHands(t *testing.T) {
	p := NewPlayer(NewClock())
	b := tone(44100, 2, 44100, 440)
	var wg sync.WaitGroup
	for g := range 6 {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(uint64(g), 1))
			for range 300 {
				switch r.IntN(10) {
				case 0:
					p.Play(b, Options{From: r.IntN(44100), Loop: r.IntN(2) == 0})
				case 1:
					hit(p, r.IntN(16), r.IntN(2), b, Voicing{Gate: true, Loop: LoopMode(r.IntN(3))})
				case 2:
					p.ReleasePad(r.IntN(16))
				case 3:
					p.Seek(r.IntN(50000))
				case 4:
					p.Pause()
				case 5:
					p.Resume()
				case 6:
					p.SetLoop(r.IntN(2) == 0, r.IntN(40000), 0)
				case 7:
					p.SetVolume(r.Float64())
				case 8:
					p.Stop()
				default:
					p.Position()
					p.Device()
				}
			}
		})
	}
	wg.Wait()
	if err := p.Close(); err != nil {
		t.Error(err)
	}
	if err := p.Close(); err != nil {
		t.Error("closing twice:", err)
	}
	p.Play(b, Options{}) // after closing: nothing happens, nothing breaks
}

// deadEngine is a device that opens, fills its buffers once and never asks again.
type deadEngine struct{ Manual }

func (*deadEngine) Silent() bool { return false }
func (*deadEngine) Name() string { return "dead" }

// TestDeadDeviceIsReplaced: the clock stands in, and gives way when the device comes alive.
func TestDeadDeviceIsReplaced(t *testing.T) {
	d := &deadEngine{}
	p := newPlayer(d)
	p.device = d
	p.start(d)
	p.unwatch = make(chan struct{})
	go p.watch()
	defer p.Close()
	d.Advance(480)
	id := p.Play(constant(Rate/10, 0), Options{})
	select {
	case e := <-p.Events():
		if e != (Event{Play: id, Cause: Ended}) {
			t.Errorf("event %+v", e)
		}
	case <-time.After(2 * time.Minute):
		t.Fatal("a tenth of a second has not ended")
	}
	if name, silent := p.Device(); name != NoDevice || !silent {
		t.Errorf("device %q, %v", name, silent)
	}
	for range 20 {
		d.Advance(480)
	}
	if name, silent := p.Device(); name != "dead" || silent {
		t.Errorf("come alive: %q, %v", name, silent)
	}
}

// TestRealEngine opens whatever this machine has. With or without a device, half a second of
// sound ends (within a second or two; a busy machine gets thirty).
func TestRealEngine(t *testing.T) {
	if testing.Short() {
		t.Skip("opens the sound device")
	}
	p := Open()
	defer p.Close()
	id := p.Play(constant(Rate/2, 0), Options{})
	select {
	case e := <-p.Events():
		if e != (Event{Play: id, Cause: Ended}) {
			t.Errorf("event %+v", e)
		}
	case <-time.After(2 * time.Minute):
		t.Fatal("half a second of sound has not ended")
	}
	name, silent := p.Device()
	if silent != (name == NoDevice) {
		t.Errorf("device %q, silent %v", name, silent)
	}
	t.Logf("plays through: %s", name)
}

func TestRenderAllocatesNothing(t *testing.T) {
	p, m := byHand(t)
	b := tone(44100, 2, 60*44100, 440)
	p.Play(b, Options{Loop: true})
	for pad := range 16 {
		hit(p, pad, 0, b, Voicing{Loop: Forward})
	}
	block := make([][2]float64, 480)
	if n := testing.AllocsPerRun(10, func() { m.render(block) }); n != 0 {
		t.Errorf("%v allocations per block", n)
	}
}

// BenchmarkRender mixes 16 stereo voices of another rate, a second at a time.
func BenchmarkRender(b *testing.B) {
	m := &Manual{}
	p := NewPlayer(m)
	defer p.Close()
	src := tone(44100, 2, 44100, 440)
	for pad := range 16 {
		hit(p, pad, 0, src, Voicing{Loop: Forward})
	}
	block := make([][2]float64, Rate/100)
	for b.Loop() {
		for range 100 {
			m.render(block)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "x-realtime")
}
