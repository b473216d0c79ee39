package wire

import "time"

// ExportRequest asks for a card of the SP-404MK2 as a zip: of a kit that is kept in sync with the
// account, or of samples, which fill the pads from A1 on in their order.
type ExportRequest struct {
	Kit     string   `json:"kit,omitempty" maxLength:"80" doc:"id of a synced kit"`
	Samples []string `json:"samples,omitempty" maxItems:"160" doc:"ids of samples, instead of a kit"`
	Name    string   `json:"name,omitempty" maxLength:"60" doc:"of the kit that samples make"`
	Form    string   `json:"form,omitempty" enum:",import,project,both" doc:"default import: loose samples; project is experimental"`
	Format  string   `json:"format,omitempty" enum:",wav,aiff" doc:"of loose samples, both 48 kHz and 16 bit; default the account's preference"`
}

// ExportStatus is where an export stands.
type ExportStatus string

// The states of an export.
const (
	ExportPending    ExportStatus = "pending"
	ExportProcessing ExportStatus = "processing"
	ExportCompleted  ExportStatus = "completed"
	ExportFailed     ExportStatus = "failed"
	ExportExpired    ExportStatus = "expired" // the zip was removed; it can be built again
)

// Final says that nothing more happens by itself.
func (s ExportStatus) Final() bool { return s != ExportPending && s != ExportProcessing }

// Export is a card that was asked for.
type Export struct {
	ID          string        `json:"id"`
	Name        string        `json:"name"`
	Status      ExportStatus  `json:"status" enum:"pending,processing,completed,failed,expired"`
	Request     ExportRequest `json:"request"`
	Files       int64         `json:"files"`
	Size        int64         `json:"size" doc:"bytes of the zip"`
	Report      []ExportFile  `json:"report" doc:"every file on the card, and every sample that was left out"`
	Warnings    []string      `json:"warnings"`
	Error       *string       `json:"error"`
	CreatedAt   time.Time     `json:"created_at"`
	CompletedAt *time.Time    `json:"completed_at"`
	ExpiresAt   *time.Time    `json:"expires_at"`
	Download    *string       `json:"download" doc:"path of the download, while there is one"`
}

// ExportFile is one file of a card.
type ExportFile struct {
	Pad       string `json:"pad,omitempty"`
	Target    string `json:"target,omitempty"` // path in the zip
	Bytes     int64  `json:"bytes,omitempty"`
	Converted string `json:"converted,omitempty"` // what was changed in the sound
	Warning   string `json:"warning,omitempty"`
	Error     string `json:"error,omitempty"` // why the sample was left out
}

// ExportKit is a kit that can be exported.
type ExportKit struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}
