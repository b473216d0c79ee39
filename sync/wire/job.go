package wire

import "time"

// JobStatus says how far an upload has come.
type JobStatus string

// The states of a job.
const (
	Pending    JobStatus = "pending"
	Processing JobStatus = "processing"
	Completed  JobStatus = "completed"
	Failed     JobStatus = "failed"
	Cancelled  JobStatus = "cancelled"
	Expired    JobStatus = "expired"
)

// Final says that nothing more will happen to the job by itself.
func (s JobStatus) Final() bool {
	return s == Completed || s == Failed || s == Cancelled || s == Expired
}

// The steps of a job that is processing, in their order.
const (
	StepFetch   = "fetching"
	StepDecode  = "decoding"
	StepAnalyze = "analyzing"
	StepVibe    = "describing"
	StepStore   = "storing"
)

// Accepted is the 202 of an upload.
type Accepted struct {
	JobID               string    `json:"job_id"`
	Status              JobStatus `json:"status"`
	Queue               string    `json:"queue"`
	EstimatedCompletion time.Time `json:"estimated_completion"`
	Message             string    `json:"message"`
}

// Job is an upload on its way to a sample.
type Job struct {
	ID       string    `json:"id"`
	Status   JobStatus `json:"status"`
	Step     *string   `json:"step" doc:"while processing: fetching, decoding, analyzing, describing, storing"`
	Queue    string    `json:"queue"`
	Position *int64    `json:"position" doc:"jobs before this one in its queue; null when it runs or has ended"`
	Name     string    `json:"name"`
	Size     int64     `json:"size"`
	SHA256   string    `json:"sha256"`
	BatchID  *string   `json:"batch_id"`

	EstimatedEarliest   *time.Time `json:"estimated_earliest"`
	EstimatedCompletion *time.Time `json:"estimated_completion" doc:"recomputed at each reading; never later than the deadline while the promise can be kept"`
	Deadline            time.Time  `json:"deadline" doc:"what the plan promises"`

	Attempts  int     `json:"attempts"`
	SampleID  *string `json:"sample_id"`
	ErrorCode *Code   `json:"error_code"`
	Error     *string `json:"error"`
	CanRetry  bool    `json:"can_retry"`

	CreatedAt   time.Time  `json:"created_at"`
	StartedAt   *time.Time `json:"started_at"`
	CompletedAt *time.Time `json:"completed_at"`
}

// JobPage is a page of jobs, newest first.
type JobPage struct {
	Items []Job  `json:"items"`
	Next  string `json:"next,omitempty" doc:"pass as cursor for the next page"`
}

// UploadRequest asks for a signed address to PUT the bytes to. The client is held to what it
// says here: size, type and SHA-256 are part of the signature.
type UploadRequest struct {
	Name        string `json:"name" minLength:"1" maxLength:"255"`
	Size        int64  `json:"size" minimum:"1"`
	SHA256      string `json:"sha256" pattern:"^[0-9a-f]{64}$" doc:"lower-case hex"`
	ContentType string `json:"content_type" maxLength:"100"`

	SourceSHA256 string `json:"source_sha256,omitempty" pattern:"^([0-9a-f]{64})?$" doc:"of the file on the sender's machine, when these are the same samples in other bytes (a WAV sent as FLAC): by it kits know the sound"`
}

// DirectUpload says where to PUT and until when; then POST its complete address.
type DirectUpload struct {
	UploadID  string            `json:"upload_id"`
	Method    string            `json:"method"` // PUT
	URL       string            `json:"url"`
	Headers   map[string]string `json:"headers"` // send exactly these
	ExpiresAt time.Time         `json:"expires_at"`
	Complete  string            `json:"complete"` // path to POST when the bytes are there
}

// BatchRequest is up to 100 uploads, all or none.
type BatchRequest struct {
	Name  string          `json:"name,omitempty" maxLength:"100"`
	Files []UploadRequest `json:"files" minItems:"1" maxItems:"100"`
}

// BatchAccepted names the uploads of a batch in the order asked.
type BatchAccepted struct {
	BatchID string         `json:"batch_id"`
	Uploads []DirectUpload `json:"uploads"`
}

// Batch is how far a batch has come.
type Batch struct {
	ID        string    `json:"id"`
	Name      string    `json:"name"`
	Files     int       `json:"files"`
	Waiting   int       `json:"waiting"` // bytes not there yet
	Running   int       `json:"running"` // pending or processing
	Completed int       `json:"completed"`
	Failed    int       `json:"failed"` // failed, cancelled, expired
	CreatedAt time.Time `json:"created_at"`
}
