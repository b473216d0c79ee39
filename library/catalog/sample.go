// Package catalog is the local database: samples, tags, collections and kits, in SQLite.
//
// It is the only package that writes SQL for the desktop. It stores what others found out and
// must never decode a file, analyse a sound, draw a row or talk to a network.
package catalog

import (
	"time"

	"sampleagent/audio/analysis"
)

// Row is a sample's number inside one database: small, dense, never shown to a person and
// never valid in another library. The text ID is what leaves the program.
type Row int64

// State says how far a sample has come.
type State string

// The states.
const (
	Listed   State = "listed"   // found on disk, analysis still to come
	Analysed State = "analysed" // all values known
	Failed   State = "failed"   // could not be read; Sample.Error says why
	Missing  State = "missing"  // was here, the file is gone
)

// Sample is a file in the library with the values that win: a person's over the file's over
// the ear's.
type Sample struct {
	Row  Row
	ID   string // stable across rescans and moves of the file
	Path string // absolute
	Name string // what the list shows; the file's base name unless a person renamed it

	Size    int64 // bytes
	ModTime time.Time
	AddedAt time.Time
	SHA256  string
	State   State
	Error   string // why State is Failed

	Format     string
	Rate       int // Hz
	Channels   int
	BitDepth   int
	Frames     int64
	Duration   float64 // s
	Kind       analysis.Kind
	Class      string
	ClassConf  float64
	BPM        float64 // 0 when not known
	BPMConf    float64
	BPMSource  analysis.Source
	Key        string // "" when not known
	KeyConf    float64
	KeySource  analysis.Source
	LUFS       *float64
	PeakDBFS   *float64
	Beats      int // in the loop, 0 when not known
	Favourite  bool
	Rating     int // 0 to 5
	Note       string
	Tags       []string
	Overview   []byte // small waveform: pairs of int8 (min, max), -127 to 127
	LastPlayed time.Time
	Engine     string  // version of the analysis that found the values; "" when not analysed
	Managed    bool    // the file is a copy in the managed folder
	InCloud    bool    // the file is not here and can be fetched from the cloud
	ByHand     []Field // values that a person typed, in the order of Fields
}
