// Package play says how a sound is to be played, as plain values: audio/playback does it, and
// whoever asks for it need not know the sound device.
package play

import "sampleagent/audio/pcm"

// LoopMode says what happens at the end of the region.
type LoopMode int

// The loop modes.
const (
	Once     LoopMode = iota // stop
	Forward                  // again from the loop's start
	PingPong                 // back and forth
)

// Voicing says how a sound is played. The zero value plays all of it once, as it is.
type Voicing struct {
	Start, End int      // frames of the source; End 0 is its end
	LoopStart  int      // frame to which Forward and PingPong return; before Start counts as Start
	Loop       LoopMode //
	Reverse    bool     // from End to Start
	Gate       bool     // sounds only while held: letting go ends it; otherwise that is ignored

	Speed float64 // ratio of the playing to the sampled speed, pitch with it; 0 counts as 1
	Gain  float64 // linear; 0 counts as 1. Use Mute for silence
	Mute  bool    //
	Pan   float64 // -1 left to 1 right
	Mono  bool    // both channels are summed, at half their level, before Pan

	Attack  float64 // s until full level
	Hold    float64 // s at full level before the release begins by itself; 0: no end
	Release float64 // s of dying away after Hold or letting go
}

// Pad is a sound to be played on a pad.
type Pad struct {
	Pad   int         // its number, any
	Group int         // pads of one group (not 0) cut each other
	Over  bool        // beside what the pad plays already; otherwise that is cut
	Sound *pcm.Buffer // must not be changed any more
	Voicing

	At    int64 // the player's frame at which it begins; 0, or one that has passed: now
	Until int64 // the player's frame at which it is let go by itself; 0: not
}

// Sounding is a pad that can be heard.
type Sounding struct {
	Pad   int
	Frame int // of its sound
}
