package playback

import (
	"sync"
	"time"
)

// Rate is the rate at which everything is mixed, in Hz; sources are read at their own.
const Rate = 48000

// Render fills a block of stereo frames, left and right from -1 to 1. An engine calls it from one
// goroutine at a time.
type Render func(block [][2]float64)

// Engine carries sound away, at its own pace.
type Engine interface {
	// Start begins to call render.
	Start(render Render) error
	// Latency is how long a rendered frame takes to be heard.
	Latency() time.Duration
	// Name says what it is, for people.
	Name() string
	// Silent is true when nothing can be heard.
	Silent() bool
	// Idle tells the engine whether anything is playing, so that it can rest.
	Idle(idle bool)
	// Close ends the calls; none is running when it returns.
	Close() error
}

// Clock is the engine without a device: time passes, nothing is heard.
type Clock struct {
	stop, done chan struct{}
	once       sync.Once
}

// NewClock makes a silent engine that runs in real time.
func NewClock() *Clock { return &Clock{stop: make(chan struct{}), done: make(chan struct{})} }

// Start begins to call render every 10 ms.
func (c *Clock) Start(render Render) error {
	go func() {
		defer close(c.done)
		const tick = 10 * time.Millisecond
		block := make([][2]float64, Rate/10)
		t := time.NewTicker(tick)
		defer t.Stop()
		last := time.Now()
		for {
			select {
			case <-c.stop:
				return
			case now := <-t.C:
				// After a long pause of the machine the sound goes on where it was.
				n := min(int(now.Sub(last).Seconds()*Rate), len(block))
				last = now
				if n > 0 {
					render(block[:n])
				}
			}
		}
	}()
	return nil
}

// Latency is none.
func (c *Clock) Latency() time.Duration { return 0 }

// Name says that there is no device.
func (c *Clock) Name() string { return NoDevice }

// Silent is true.
func (c *Clock) Silent() bool { return true }

// Idle changes nothing: a tick costs next to nothing.
func (c *Clock) Idle(bool) {}

// Close stops the clock.
func (c *Clock) Close() error {
	c.once.Do(func() { close(c.stop) })
	<-c.done
	return nil
}

// NoDevice is what the status shows when nothing can be heard.
const NoDevice = "no sound device"

// Manual is an engine that its owner turns by hand: for tests, and for rendering to memory.
type Manual struct {
	mu     sync.Mutex
	render Render
}

// Start remembers render.
func (m *Manual) Start(render Render) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.render = render
	return nil
}

// Advance renders n frames and returns them.
func (m *Manual) Advance(n int) [][2]float64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	block := make([][2]float64, n)
	if m.render != nil {
		m.render(block)
	}
	return block
}

// Latency is none.
func (m *Manual) Latency() time.Duration { return 0 }

// Name says what it is.
func (m *Manual) Name() string { return "by hand" }

// Silent is true.
func (m *Manual) Silent() bool { return true }

// Idle changes nothing.
func (m *Manual) Idle(bool) {}

// Close forgets render.
func (m *Manual) Close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.render = nil
	return nil
}
