package playback

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/gopxl/beep/v2"
	"github.com/gopxl/beep/v2/speaker"
)

// deviceBuffer is what the driver and the player hold together, half each.
const deviceBuffer = 40 * time.Millisecond

// The process has one device context; it can be opened once and never again.
var deviceOpen struct {
	sync.Mutex
	done bool
	err  error
}

// device is the system's sound output through beep.
type device struct {
	mu      sync.Mutex
	resting bool
	rest    *time.Timer
}

// restAfter is how long nothing plays before the device is let go of, to save its processor time.
const restAfter = 10 * time.Second

func openDevice() (*device, error) {
	deviceOpen.Lock()
	defer deviceOpen.Unlock()
	if deviceOpen.done {
		if deviceOpen.err != nil {
			return nil, deviceOpen.err
		}
		return nil, errors.New("sound device: already open in this process")
	}
	deviceOpen.done = true
	if err := speaker.Init(beep.SampleRate(Rate), beep.SampleRate(Rate).N(deviceBuffer)); err != nil {
		deviceOpen.err = fmt.Errorf("sound device: %w", err)
		return nil, deviceOpen.err
	}
	return &device{}, nil
}

// Start hands the device a source that never ends.
func (d *device) Start(render Render) error {
	speaker.Play(beep.StreamerFunc(func(samples [][2]float64) (int, bool) {
		render(samples)
		return len(samples), true
	}))
	return nil
}

func (d *device) Latency() time.Duration { return deviceBuffer }
func (d *device) Name() string           { return "sound device" }
func (d *device) Silent() bool           { return false }

// Idle lets the device rest some time after the last sound and wakes it at once.
func (d *device) Idle(idle bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.rest != nil {
		d.rest.Stop()
		d.rest = nil
	}
	if idle {
		d.rest = time.AfterFunc(restAfter, func() {
			d.mu.Lock()
			defer d.mu.Unlock()
			if d.rest != nil && !d.resting {
				d.resting = speaker.Suspend() == nil
			}
		})
	} else if d.resting {
		d.resting = speaker.Resume() != nil
	}
}

// Close takes the source away. The system's context stays: it cannot be closed.
func (d *device) Close() error {
	d.Idle(false)
	speaker.Clear()
	return nil
}
