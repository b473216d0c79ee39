package app

import (
	"sampleagent/audio/pcm"
)

// Sound is what the transport needs of a sound device. audio/playback has it, with a device or
// silent; main hands it in, so that the core builds without the system's sound headers. All
// methods return at once.
type Sound interface {
	// Play cuts what plays and starts b, which must not be changed any more, at frame from.
	Play(b *pcm.Buffer, from int64)
	Stop()
	Pause()
	Resume()
	SeekTo(frame int64)
	// SetLoop makes frames [start, end) of what plays repeat; end 0 means to the end of the buffer.
	SetLoop(on bool, start, end int64)
	// SetVolume takes 0 to 1.
	SetVolume(v float64)
	// Position is the frame that is heard now; playing is false once the end was heard.
	Position() (frame int64, playing bool)
	// Device names the device; silent means that there is none, and time runs all the same.
	Device() (name string, silent bool)
	Close() error
}
