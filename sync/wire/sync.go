package wire

import "time"

// SyncProtocol is the version of the sync messages. A server that no longer speaks a client's
// version answers CodeProtocol and changes nothing.
const SyncProtocol = 1

// HeaderSyncProtocol carries SyncProtocol with every sync request.
const HeaderSyncProtocol = "Sample-Agent-Sync"

// Most cells in one push and one page.
const (
	MaxPush = 500
	MaxPull = 2000
)

// SyncPush brings states of cells to the server, which merges each into its own.
type SyncPush struct {
	Cells []Cell `json:"cells" maxItems:"500"`
}

// SyncPushed says that all cells of a push are stored.
type SyncPushed struct {
	Seq int64 `json:"seq"` // the account's newest; a client that has pulled up to it has everything
	// From is the newest before this push: a client that had pulled up to it has everything up to
	// Seq as well, and need not fetch its own changes.
	From int64 `json:"from"`
}

// SyncPage is a run of cells in the order of their last change.
type SyncPage struct {
	Cells []Cell `json:"cells"`
	Next  int64  `json:"next"` // give it as `since` for the next page; numbers rise and are not dense
	More  bool   `json:"more"`
	// Own is the newest clock that the server has seen of the machine that asks. One that is
	// ahead of what that machine knows says that its library is an older copy, or that another
	// machine uses its name: it then takes a new one.
	Own Clock `json:"own"`
	// Mark is the number of the newest push: give it with the next question.
	Mark int64 `json:"mark"`
	// Forgot says that the mark that was given is not known here: the server was restored from a
	// backup. The machine sends again all that it holds.
	Forgot bool `json:"forgot,omitempty"`
	// Now is the server's time: a machine whose clock is wrong stamps its edits by this one.
	Now time.Time `json:"now"`
	// Origin names the state that the server's database grew from. One that is restored from a backup has
	// another: a machine whose library may have been restored with it then writes under a new name, so
	// that nothing covers what both have forgotten and a third machine still knows.
	Origin string `json:"origin"`
	// Epoch rises when a person has everything deleted. A machine that was in sync in an earlier
	// one stops, keeps its library and says so.
	Epoch int64 `json:"epoch"`
}

// SyncHeld is what the server keeps to hold an account's machines in sync.
type SyncHeld struct {
	Samples     int64 `json:"samples"`
	Collections int64 `json:"collections"`
	Kits        int64 `json:"kits"`
	Fields      int64 `json:"fields" doc:"of all of them"`
	Audio       int64 `json:"audio" doc:"files"`
	AudioBytes  int64 `json:"audio_bytes"`
}

// Audio that an account keeps for its machines travels in parts of AudioPart bytes, the last one
// shorter; a file may have up to MaxAudio bytes.
const (
	AudioPart = 4 << 20
	MaxAudio  = 1 << 30
)

// How a file is kept: as it is, or packed by audio/pack.
const (
	KeptOriginal = "original"
	KeptPacked   = "flac"
)

// KeptAudio is what an account's machines tell each other of a file that is kept in the cloud: the
// field "audio" of its sample.
type KeptAudio struct {
	Object string `json:"object"` // SHA-256 of the bytes that are stored
	Size   int64  `json:"size"`   // of them
	Form   string `json:"form"`   // KeptOriginal or KeptPacked
	Name   string `json:"name"`   // of the file where it came from
}

// AudioRequest announces a file by what its bytes are.
type AudioRequest struct {
	SHA256 string `json:"sha256" pattern:"^[0-9a-f]{64}$" doc:"lower-case hex"`
	Size   int64  `json:"size" minimum:"1"`
}

// AudioState says how far a file is: stored, or which parts have arrived.
type AudioState struct {
	SHA256 string `json:"sha256"`
	Size   int64  `json:"size"`
	Stored bool   `json:"stored"`
	Parts  []int  `json:"parts" doc:"from 0; empty once it is stored"`
}
