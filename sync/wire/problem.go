package wire

import (
	"fmt"
	"time"
)

// Code says which rule refused; a program decides on it, a person reads Problem.Detail.
type Code string

// The codes. Their HTTP status stands beside them.
const (
	CodeBadRequest        Code = "bad_request"           // 400
	CodeSignedOut         Code = "signed_out"            // 401: no token, or one that is not valid any more
	CodeTokenExpired      Code = "token_expired"         // 401: refresh and try again
	CodeTokenReused       Code = "token_reused"          // 401: a refresh token was used twice; all its tokens are revoked
	CodeWrongCode         Code = "wrong_code"            // 401: the e-mail code is wrong, used or too old
	CodePayment           Code = "payment"               // 402: the card was declined
	CodeTier              Code = "tier"                  // 403: the account's plan does not include this
	CodeScope             Code = "scope"                 // 403: the API key was not given this right
	CodeBlocked           Code = "blocked"               // 403: the account is blocked by the operator
	CodeOverQuota         Code = "over_quota"            // 403: read-only, more stored than the plan holds
	CodeOff               Code = "off"                   // 403: the operator has not switched this on
	CodeNotFound          Code = "not_found"             // 404: not there, or not yours
	CodeConflict          Code = "conflict"              // 409: changed meanwhile, or not in a state that allows it
	CodeIdempotency       Code = "idempotency_mismatch"  // 409: same key, other content
	CodeGone              Code = "gone"                  // 410: the audio was removed
	CodeStale             Code = "stale"                 // 412: If-Match names an older version
	CodeTooLarge          Code = "file_too_large"        // 413
	CodeFormat            Code = "unsupported_format"    // 415
	CodeInvalid           Code = "invalid"               // 422: a field is missing or wrong
	CodeTooLong           Code = "too_long"              // 422: longer than the plan's seconds
	CodeUndecodable       Code = "undecodable"           // 422: named a sound format but cannot be read
	CodeNoAudio           Code = "no_audio"              // 422: a sound file without sound
	CodeProtocol          Code = "protocol"              // 426: update the desktop
	CodeUploads           Code = "uploads_exhausted"     // 429: the plan's uploads of this day or period are used
	CodeStorage           Code = "storage_full"          // 429: the plan's storage is full
	CodeInvalidAttempts   Code = "too_many_invalid"      // 429: too many files refused today
	CodeAPICalls          Code = "api_calls_exhausted"   // 429: the day's API requests are used
	CodeTooFast           Code = "too_fast"              // 429: burst guard
	CodeBudget            Code = "ai_budget"             // 429: the AI budget of 30 days is used
	CodeInternal          Code = "internal"              // 500
	CodeUnavailable       Code = "unavailable"           // 503
	CodeWorkerTimeout     Code = "took_too_long"         // a job's error: analysis passed its time
	CodeObjectLost        Code = "upload_lost"           // a job's error: the stored bytes are not those uploaded
	CodeCancelled         Code = "cancelled"             // a job's error: the user cancelled it
	CodeDirectNotComplete Code = "direct_upload_missing" // 409: complete was called before the bytes arrived
)

// Problem is a refusal after RFC 9457, served as application/problem+json. It is an error.
type Problem struct {
	Type     string `json:"type"` // a URI that names the kind; about:blank when Code says all
	Title    string `json:"title"`
	Status   int    `json:"status"`
	Detail   string `json:"detail,omitempty"`   // for a person: what happened and what to do next
	Instance string `json:"instance,omitempty"` // the request's id

	Code    Code       `json:"code"`
	Limit   *int64     `json:"limit,omitempty"`    // the limit that was met: bytes, seconds, uploads, requests, micro-dollars
	Used    *int64     `json:"used,omitempty"`     // how much of it is used
	Unit    string     `json:"unit,omitempty"`     // of Limit and Used
	ResetAt *time.Time `json:"reset_at,omitempty"` // when the limit starts again
	Upgrade bool       `json:"upgrade,omitempty"`  // a higher plan would allow it

	Errors []FieldError `json:"errors,omitempty"` // with CodeInvalid: each field that is wrong

	RetryAfter time.Duration `json:"-"` // sent as the header Retry-After
}

// FieldError names one wrong field of a request.
type FieldError struct {
	Location string `json:"location,omitempty"` // body.name, query.limit, path.id
	Message  string `json:"message"`
}

// Error makes a Problem an error.
func (p *Problem) Error() string {
	if p.Detail != "" {
		return p.Detail
	}
	return fmt.Sprintf("%s (%s)", p.Title, p.Code)
}

// GetStatus is the HTTP status.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType makes the API answer application/problem+json.
func (p *Problem) ContentType(string) string { return "application/problem+json" }
