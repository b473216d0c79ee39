package wire

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
}

// SyncPage is a run of cells in the order of their last change.
type SyncPage struct {
	Cells []Cell `json:"cells"`
	Next  int64  `json:"next"` // give it as `since` for the next page
	More  bool   `json:"more"`
}
