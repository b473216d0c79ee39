package wire

import "time"

// Kinds of events, live (GET /api/events) and to webhooks.
const (
	EventJobUpdated      = "job.updated"
	EventSampleProcessed = "sample.processed"
	EventSampleFailed    = "sample.failed"
	EventSampleUpdated   = "sample.updated"
	EventSampleDeleted   = "sample.deleted"
	EventSampleExpiring  = "sample.expiring"
	EventQuota           = "quota.exhausted"
	EventExportReady     = "export.ready"
	EventExportUpdated   = "export.updated"
	EventAccountUpdated  = "account.updated"
	EventSync            = "sync.changed"
	EventWebhookTest     = "webhook.test"
)

// WebhookEvents are those a webhook may ask for.
var WebhookEvents = []string{EventSampleProcessed, EventSampleFailed, EventSampleExpiring, EventQuota, EventExportReady}

// Event is one live event. Seq rises by one per account; send the last one seen as
// Last-Event-ID and nothing is missed.
type Event struct {
	Seq  int64     `json:"seq"`
	Kind string    `json:"kind"`
	At   time.Time `json:"at"`
	Data EventData `json:"data"`
}

// EventData names what an event is about. Only what concerns the kind is set.
type EventData struct {
	JobID    string    `json:"job_id,omitempty"`
	Status   JobStatus `json:"status,omitempty"`
	Step     string    `json:"step,omitempty"`
	SampleID string    `json:"sample_id,omitempty"`
	ExportID string    `json:"export_id,omitempty"`
	BatchID  string    `json:"batch_id,omitempty"`
	Code     Code      `json:"code,omitempty"`
	Name     string    `json:"name,omitempty"`
	Version  int64     `json:"version,omitempty"`
}

// Delivery is the body of a webhook, signed after the Standard Webhooks scheme.
type Delivery struct {
	Type      string       `json:"type"`
	Timestamp time.Time    `json:"timestamp"`
	Data      DeliveryData `json:"data"`
}

// DeliveryData is what a webhook is told.
type DeliveryData struct {
	Event       string     `json:"event"`
	JobID       string     `json:"job_id,omitempty"`
	SampleID    string     `json:"sample_id,omitempty"`
	ExportID    string     `json:"export_id,omitempty"`
	Sample      *Sample    `json:"sample,omitempty"`
	PlayURL     string     `json:"play_url,omitempty"`
	DownloadURL string     `json:"download_url,omitempty"`
	ExpiresAt   *time.Time `json:"expires_at,omitempty"`
	ErrorCode   Code       `json:"error_code,omitempty"`
	Error       string     `json:"error,omitempty"`
	ResetAt     *time.Time `json:"reset_at,omitempty"`
}

// Webhook is an address that wants events. Secret is there once, in the answer that made it.
type Webhook struct {
	ID             string     `json:"id"`
	URL            string     `json:"url"`
	Events         []string   `json:"events"`
	Enabled        bool       `json:"enabled"`
	DisabledReason *string    `json:"disabled_reason"`
	CreatedAt      time.Time  `json:"created_at"`
	LastSuccessAt  *time.Time `json:"last_success_at"`
	LastFailureAt  *time.Time `json:"last_failure_at"`
	Secret         string     `json:"secret,omitempty"`
}

// WebhookRequest makes a webhook.
type WebhookRequest struct {
	URL    string   `json:"url" format:"uri" maxLength:"500"`
	Events []string `json:"events" minItems:"1" maxItems:"10"`
}

// WebhookPatch changes a webhook; absent fields stay.
type WebhookPatch struct {
	URL     *string   `json:"url,omitempty" format:"uri" maxLength:"500"`
	Events  *[]string `json:"events,omitempty" minItems:"1" maxItems:"10"`
	Enabled *bool     `json:"enabled,omitempty"`
}

// WebhookTry is one try of delivering an event.
type WebhookTry struct {
	ID      string     `json:"id"`
	Event   string     `json:"event"`
	State   string     `json:"state" enum:"pending,delivered,failed"`
	Tries   int        `json:"tries"`
	Status  *int       `json:"status"`
	Error   *string    `json:"error"`
	Created time.Time  `json:"created_at"`
	LastTry *time.Time `json:"last_try_at"`
}
