package playback

import (
	"math"
	"sync"
	"time"

	"sampleagent/audio/pcm"
	"sampleagent/audio/play"
)

// Options says how the audition voice plays a sound.
type Options struct {
	From     int     // first frame heard
	Loop     bool    // between LoopStart and LoopEnd
	LoopFrom int     // frame
	LoopTo   int     // frame; 0 is the end
	Speed    float64 // 0 counts as 1
	Gain     float64 // linear, 0 counts as 1
	Reverse  bool
}

// Event tells that something has ended by itself.
type Event struct {
	Play  uint64 // what Play returned; 0 for pads
	Pad   int    // the pad, when Play is 0
	Cause Cause
}

// Cause is why a sound ended.
type Cause int

// The causes.
const (
	Ended   Cause = iota // it reached its end
	Stopped              // somebody stopped it, or it gave way to another
)

// Player mixes one audition voice and many pad voices. All methods return at once and may be
// called from any goroutine.
type Player struct {
	events chan Event

	mu       sync.Mutex
	engine   Engine // that is being listened to
	device   Engine // the one that should be, if it came late
	clock    *Clock // that stands in for it
	closed   bool
	volume   float64 // wanted
	gain     float64 // rendered
	audition *voice
	id       uint64
	paused   bool
	resting  bool       // the engine was told that nothing plays
	pads     []padVoice // in order of age
	queue    []play.Pad // that are to begin later, in order of time
	frames   int64      // rendered so far: the clock by which pads are queued
	awake    bool       // the clock goes on though nothing sounds
	dying    []*voice   // audition voices that fade out
	heard    time.Time  // when the last block was rendered

	asked   int           // frames the device has asked for
	called  time.Time     // when it did so last, or was told to wake
	unwatch chan struct{} // closed to end the watch over the device
}

const (
	// watchEvery is how often the device is looked after, and how long it may take at first.
	watchEvery = 500 * time.Millisecond
	// watchFor is how long a device that should play may be silent before the clock stands in.
	watchFor = time.Second
	// deviceAlive is how many frames a device must ask for to count as running: drivers exist
	// that open without a device, fill their buffers once and never ask again.
	deviceAlive = int(3 * deviceBuffer * Rate / time.Second)
)

// Open plays through the system's sound device, or silently where there is none: then Device
// says so, and everything else works.
func Open() *Player {
	d, err := openDevice()
	if err != nil {
		return NewPlayer(NewClock())
	}
	p := newPlayer(d)
	p.device = d
	p.start(d)
	p.unwatch = make(chan struct{})
	go p.watch()
	return p
}

// NewPlayer plays through e.
func NewPlayer(e Engine) *Player {
	p := newPlayer(e)
	p.start(e)
	return p
}

func newPlayer(e Engine) *Player {
	return &Player{engine: e, volume: 1, gain: 1, resting: true, events: make(chan Event, 64)}
}

func (p *Player) start(e Engine) {
	if err := e.Start(func(block [][2]float64) { p.render(e, block) }); err != nil {
		c := NewClock()
		p.mu.Lock()
		p.engine = c
		p.mu.Unlock()
		// A clock starts always.
		_ = c.Start(func(block [][2]float64) { p.render(c, block) })
	}
}

// watch puts the clock in the place of a device that never asks for sound, or no longer does.
func (p *Player) watch() {
	t := time.NewTicker(watchEvery)
	defer t.Stop()
	for first := true; ; first = false {
		select {
		case <-p.unwatch:
			return
		case <-t.C:
		}
		p.mu.Lock()
		dead := p.asked < deviceAlive && first ||
			!p.resting && time.Since(p.called) > watchFor
		if dead && !p.closed && p.clock == nil {
			c := NewClock()
			p.clock, p.engine, p.asked = c, c, 0
			_ = c.Start(func(block [][2]float64) { p.render(c, block) }) // a clock starts always
		}
		p.mu.Unlock()
	}
}

// Events tells what has ended. If nobody listens, the oldest are dropped.
func (p *Player) Events() <-chan Event { return p.events }

// Device is the name of what is being played through, and whether it is silent.
func (p *Player) Device() (name string, silent bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.engine.Name(), p.engine.Silent()
}

// Play cuts what the audition voice plays and plays b. The buffer must not be changed while it
// sounds. The result names this play in Events.
func (p *Player) Play(b *pcm.Buffer, o Options) uint64 {
	return p.play(wholeSource(b), o)
}

func (p *Player) play(src *source, o Options) uint64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cut()
	p.id++
	if p.closed || src.rate < 1 || src.channels < 1 {
		p.tell(Event{Play: p.id, Cause: Ended})
		return p.id
	}
	v := Voicing{Speed: o.Speed, Gain: o.Gain, Reverse: o.Reverse}
	if o.Loop {
		v.Loop, v.LoopStart, v.End = Forward, o.LoopFrom, o.LoopTo
	}
	from := o.From
	if o.Reverse && from == 0 {
		from = math.MaxInt / 2
	}
	p.audition = newVoice(src, v, from)
	p.paused = false
	p.wake()
	return p.id
}

// cut lets the audition voice fade out and forgets it.
func (p *Player) cut() {
	if p.audition == nil {
		return
	}
	if !p.paused && p.audition.begun {
		p.audition.die(fade)
		p.dying = append(p.dying, p.audition)
	}
	p.audition = nil
	p.tell(Event{Play: p.id, Cause: Stopped})
}

// Stop ends the audition voice.
func (p *Player) Stop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cut()
}

// StopAll ends everything.
func (p *Player) StopAll() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cut()
	p.stopPads(func(int) bool { return true })
}

// Pause holds the audition voice where it is.
func (p *Player) Pause() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.audition == nil || p.paused {
		return
	}
	p.paused = true
	p.fork(int(p.audition.pos))
}

// Resume lets a paused voice go on.
func (p *Player) Resume() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.audition != nil && p.paused {
		p.paused = false
		p.wake()
	}
}

// Seek goes on from frame of the source, playing or paused.
func (p *Player) Seek(frame int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.audition != nil {
		p.fork(frame)
	}
}

// fork lets what sounds fade out and begins a copy of it, faded in, at frame.
func (p *Player) fork(frame int) {
	old := p.audition
	v := old.v
	fresh := newVoice(old.src, v, frame)
	if old.step*fresh.step < 0 { // on the way back of a ping-pong
		fresh.step = -fresh.step
	}
	fresh.fadeIn(fade)
	if old.begun {
		old.die(fade)
		p.dying = append(p.dying, old)
	}
	p.audition = fresh
}

// SetLoop switches the loop of the audition voice; to 0 is the end.
func (p *Player) SetLoop(on bool, from, to int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	v := p.audition
	if v == nil {
		return
	}
	if !on {
		v.v.Loop, v.v.End, v.v.LoopStart = Once, 0, 0
		return
	}
	v.v.Loop, v.v.LoopStart, v.v.End = Forward, max(0, from), max(0, to)
	if end := v.end(); v.pos >= float64(end) && v.src.whole {
		p.fork(v.v.LoopStart)
	}
}

// SetSpeed changes the speed of the audition voice, and its pitch with it.
func (p *Player) SetSpeed(ratio float64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.audition != nil {
		p.audition.setSpeed(ratio)
	}
}

// SetVolume sets the level of everything, 0 to 1.
func (p *Player) SetVolume(v float64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !(v > 0) {
		v = 0
	}
	p.volume = min(v, 1)
}

// Position is the frame of the source that is being heard now, the device's buffer taken off,
// and whether the audition voice plays. Without one it is 0, false.
func (p *Player) Position() (frame int, playing bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.audition == nil {
		return 0, false
	}
	return p.position(), !p.paused
}

// position reckons from the last block, which was rendered the engine's latency before it is
// heard.
func (p *Player) position() int {
	if p.paused {
		return int(p.audition.pos)
	}
	ahead := min(p.engine.Latency()-time.Since(p.heard), p.engine.Latency())
	return int(p.audition.behind(max(0, ahead.Seconds()*Rate)))
}

// wake tells the engine that there is something to play.
func (p *Player) wake() {
	if p.resting {
		p.resting, p.called = false, time.Now()
		p.engine.Idle(false)
		if p.device != nil && p.engine != p.device {
			p.device.Idle(false) // it may have come back
		}
	}
}

// render is called by the engine e.
func (p *Player) render(e Engine, block [][2]float64) {
	clear(block)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return
	}
	if e == p.device {
		p.asked += len(block)
		p.called = time.Now()
		if c := p.clock; c != nil && p.asked >= deviceAlive { // it is there after all
			p.clock, p.engine = nil, e
			go func() { _ = c.Close() }() // waits for its last block; stopping a clock cannot fail
		}
	}
	if e != p.engine {
		return
	}
	gain := p.gain
	step := (p.volume - gain) / float64(max(1, len(block)))
	p.gain = p.volume

	if p.audition != nil && !p.paused {
		if !p.audition.render(block, gain, step) {
			p.audition = nil
			p.tell(Event{Play: p.id, Cause: Ended})
		}
	}
	p.heard = time.Now()
	alive := p.dying[:0]
	for _, v := range p.dying {
		if v.render(block, gain, step) {
			alive = append(alive, v)
		}
	}
	clear(p.dying[len(alive):])
	p.dying = alive
	p.renderPads(block, gain, step)

	for i := range block {
		block[i][0], block[i][1] = audible(block[i][0]), audible(block[i][1])
	}
	if idle := (p.audition == nil || p.paused) && len(p.dying)+len(p.pads)+len(p.queue) == 0 && !p.awake; idle && !p.resting {
		p.resting = true
		// Not from here: the engine may hold a lock of its own while it calls us.
		go p.rest(e)
	}
}

// rest tells the engine that nothing plays, if that is still so.
func (p *Player) rest(e Engine) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.resting && !p.closed && e == p.engine {
		e.Idle(true)
	}
}

// tell never blocks: the oldest event gives way.
func (p *Player) tell(ev Event) {
	for {
		select {
		case p.events <- ev:
			return
		default:
		}
		select {
		case <-p.events:
		default:
		}
	}
}

// Close stops everything and lets go of the engine. Calling it again does nothing.
func (p *Player) Close() error {
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return nil
	}
	p.closed = true
	p.audition, p.dying, p.pads, p.queue = nil, nil, nil, nil
	if p.unwatch != nil {
		close(p.unwatch)
	}
	engine, device, clock := p.engine, p.device, p.clock
	p.mu.Unlock()
	// Outside the lock: an engine waits for its last block, which takes the lock.
	if clock != nil {
		_ = clock.Close() // stopping a clock cannot fail
	}
	if device != nil {
		return device.Close()
	}
	return engine.Close()
}

// audible cuts off what is too loud, rather than have it wrapped round later; what is not a
// number is silence.
func audible(v float64) float64 {
	switch {
	case v >= -1 && v <= 1:
		return v
	case v > 1:
		return 1
	case v < -1:
		return -1
	}
	return 0
}
