// Package codec turns files into pcm.Buffer and back: WAV, AIFF, FLAC, MP3 and Ogg Vorbis in,
// WAV, AIFF and FLAC out, with the tags and chunks that producers' files carry.
//
// Every byte is hostile: a format is decided by content and never by name, declared sizes are
// never believed, third-party decoders run behind a recover, and memory stays within the
// decoded size plus 64 MiB. The package must never know a database, a screen or a network.
package codec

import (
	"errors"
	"fmt"

	"sampleagent/audio/pcm"
)

// Format names a container the package reads.
type Format string

// The formats, as `analyze --json` prints them.
const (
	WAV    Format = "wav"
	AIFF   Format = "aiff"
	FLAC   Format = "flac"
	MP3    Format = "mp3"
	Vorbis Format = "ogg"
)

// Errors that callers decide on; each is wrapped with the file and the reason.
var (
	ErrUnknownFormat = errors.New("not a sound file this program reads")
	ErrEmpty         = errors.New("file is empty")
	ErrTooLarge      = errors.New("sound is larger than the limit")
	ErrNoAudio       = errors.New("file has no sound in it")
	ErrUnsupported   = errors.New("this kind of coding is not read")
	ErrDamaged       = errors.New("file is damaged")
)

// Info is what a header says, corrected by what the file really holds.
type Info struct {
	Format    Format
	Rate      int   // Hz
	Channels  int   // 1 or more
	BitDepth  int   // bits a sample as stored; 0 for MP3 and Vorbis
	Float     bool  // samples are IEEE floats
	Frames    int64 // exact after Decode; from the header, or -1 if unknown, after Probe
	Truncated bool  // the header promised more sound than the file has
}

// Clip is a decoded file.
type Clip struct {
	Info
	Tags
	Audio pcm.Buffer
}

// Tags is what the file says about itself, as far as a producer cares. Zero means not said.
type Tags struct {
	Title, Artist, Album, Genre, Comment, Date string

	BPM       float64 // from ACID, ID3 TBPM or a Vorbis comment
	BPMOrigin Origin
	Key       string // as "A minor", "F# major" (sharps); "" when not said
	KeyOrigin Origin
	RootNote  int  // MIDI note from `smpl` or ACID, -1 when not said
	OneShot   bool // ACID says: one-shot
	Beats     int  // ACID: beats in the loop

	Loops []Loop // from `smpl`, AIFF INST/MARK
	Marks []Mark // from `cue `, AIFF MARK
}

// Origin says where in a file a statement was found.
type Origin string

// Origins, in rising order of trust for a person who looks at them.
const (
	FromChunk Origin = "chunk" // acid, smpl, bext
	FromTag   Origin = "tag"   // ID3, Vorbis comment, LIST/INFO
	FromName  Origin = "name"  // the file's name
)

// Loop is a sustain loop in frames; End is exclusive.
type Loop struct{ Start, End int64 }

// Mark is a named position in frames.
type Mark struct {
	Frame int64
	Name  string
}

// Limits bound what Decode may produce. Zero fields mean those of DefaultLimits.
type Limits struct {
	Frames   int64 // most frames to decode
	Bytes    int64 // most bytes of decoded float32
	Channels int   // most channels
}

// DefaultLimits let an hour and a half of CD-quality stereo through and stop what no producer's
// file needs.
var DefaultLimits = Limits{Frames: 1 << 31, Bytes: 2 << 30, Channels: 64}

// The rates that are believed. Below, a few bytes would claim hours and every resampler behind
// us would blow them up; above, nothing was ever recorded.
const (
	minRate = 1000
	maxRate = 3_072_000
)

func (l Limits) orDefault() Limits {
	if l.Frames <= 0 {
		l.Frames = DefaultLimits.Frames
	}
	if l.Bytes <= 0 {
		l.Bytes = DefaultLimits.Bytes
	}
	if l.Channels <= 0 {
		l.Channels = DefaultLimits.Channels
	}
	return l
}

// samples is the most samples of all channels together that the limits allow.
func (l Limits) samples(channels int) int64 {
	n := l.Bytes / 4
	if l.Frames < n/int64(channels) {
		n = l.Frames * int64(channels)
	}
	return n - n%int64(channels)
}

// check refuses what the header alone shows to be out of bounds.
func (l Limits) check(in Info) error {
	switch {
	case in.Channels < 1:
		return fmt.Errorf("%w: the header says %d channels", ErrDamaged, in.Channels)
	case in.Channels > l.Channels:
		return fmt.Errorf("%w: %d channels, at most %d", ErrTooLarge, in.Channels, l.Channels)
	case in.Rate < minRate || in.Rate > maxRate:
		return fmt.Errorf("%w: the header says a sample rate of %d Hz", ErrDamaged, in.Rate)
	}
	return nil
}
