package wire

import "time"

// CodeRequest asks for a sign-in mail; the answer is always 202.
type CodeRequest struct {
	Email string `json:"email" format:"email" maxLength:"254"`
}

// Grants of TokenRequest.
const (
	GrantEmailCode     = "email_code"
	GrantAuthorization = "authorization_code"
	GrantRefresh       = "refresh_token"
)

// TokenRequest exchanges a proof for tokens.
type TokenRequest struct {
	Grant        string `json:"grant_type" enum:"email_code,authorization_code,refresh_token"`
	Email        string `json:"email,omitempty" maxLength:"254" doc:"with email_code"`
	Code         string `json:"code,omitempty" maxLength:"200" doc:"with email_code: six digits; with authorization_code: from the redirect"`
	RefreshToken string `json:"refresh_token,omitempty" maxLength:"200"`
	CodeVerifier string `json:"code_verifier,omitempty" maxLength:"128" doc:"PKCE, with authorization_code"`
	RedirectURI  string `json:"redirect_uri,omitempty" maxLength:"300" doc:"the same as at /auth/authorize"`
	ClientID     string `json:"client_id,omitempty" maxLength:"60"`
	Device       string `json:"device,omitempty" maxLength:"100" doc:"shown in the list of sessions"`
}

// Tokens is a sign-in. Keep RefreshToken in the system keyring and never use it twice at once.
type Tokens struct {
	AccessToken  string    `json:"access_token"`
	TokenType    string    `json:"token_type"` // Bearer
	ExpiresIn    int       `json:"expires_in"` // s
	ExpiresAt    time.Time `json:"expires_at"`
	RefreshToken string    `json:"refresh_token"`
	SessionID    string    `json:"session_id"`
}

// AuthorizeRequest is what the desktop puts in the query of the browser's address
// {server}/auth/authorize (RFC 8252 and 7636). The browser comes back to RedirectURI with code
// and state, or with error and state.
type AuthorizeRequest struct {
	ClientID      string `json:"client_id"`      // "desktop"
	RedirectURI   string `json:"redirect_uri"`   // http://127.0.0.1:PORT/callback
	State         string `json:"state"`          // random, compared by the client
	CodeChallenge string `json:"code_challenge"` // base64url(SHA-256(verifier)) without padding
	Method        string `json:"code_challenge_method" enum:"S256"`
	Device        string `json:"device,omitempty"`
}

// DesktopClient is the one client id that /auth/authorize knows.
const DesktopClient = "desktop"

// Session is one signed-in browser or machine.
type Session struct {
	ID         string    `json:"id"`
	Kind       string    `json:"kind" enum:"web,desktop,api"`
	Device     string    `json:"device"`
	CreatedAt  time.Time `json:"created_at"`
	LastUsedAt time.Time `json:"last_used_at"`
	Current    bool      `json:"current"`
}

// Account is who is signed in and what they may do.
type Account struct {
	ID          string     `json:"id"`
	Email       string     `json:"email"`
	Name        string     `json:"name"`
	Tier        string     `json:"tier" enum:"free,pro,enterprise,trial"`
	TrialEndsAt *time.Time `json:"trial_ends_at"`
	CanTrial    bool       `json:"can_trial"`
	CreatedAt   time.Time  `json:"created_at"`
	ReadOnly    bool       `json:"read_only" doc:"more is stored than the plan holds"`
	Limits      Limits     `json:"limits"`
	Usage       Usage      `json:"usage"`
	Notify      Notify     `json:"notify"`
	AI          string     `json:"ai" enum:"on,off" doc:"off: vibes are made by rules from what was measured"`
	Billing     string     `json:"billing" enum:"on,off"`
	Plan        Plan       `json:"plan"`
	Offers      []Offer    `json:"offers" doc:"the plans that this server offers, with what each would change"`
}

// AccountPatch changes what a user may change; absent fields stay.
type AccountPatch struct {
	Name   *string      `json:"name,omitempty" maxLength:"100"`
	Notify *NotifyPatch `json:"notify,omitempty"`
}

// Notify says which mails a user wants.
type Notify struct {
	Processed bool `json:"processed"`
	Failed    bool `json:"failed"`
	Expiring  bool `json:"expiring"`
	Quota     bool `json:"quota"`
}

// NotifyPatch changes some of Notify.
type NotifyPatch struct {
	Processed *bool `json:"processed,omitempty"`
	Failed    *bool `json:"failed,omitempty"`
	Expiring  *bool `json:"expiring,omitempty"`
	Quota     *bool `json:"quota,omitempty"`
}

// Limits is the row of the tier table that holds for an account. -1 is without limit.
type Limits struct {
	Uploads       int64   `json:"uploads"`
	UploadsPer    string  `json:"uploads_per" enum:"day,period"`
	FileBytes     int64   `json:"file_bytes"`
	Seconds       float64 `json:"seconds"`
	StorageBytes  int64   `json:"storage_bytes"`
	RetentionDays int     `json:"retention_days" doc:"0: kept"`
	Batch         int     `json:"batch" doc:"files in a batch; 0: no batches"`
	AIMicroUSD    int64   `json:"ai_micro_usd" doc:"per rolling 30 days"`
	APIRequests   int64   `json:"api_requests" doc:"a UTC day with API keys; 0: no keys"`
	Exports       bool    `json:"exports"`
	Sync          bool    `json:"sync"`
	WhiteLabel    bool    `json:"white_label"`
	Queue         string  `json:"queue"`
	PromiseSecs   int64   `json:"promise_seconds" doc:"jobs are normally done within this"`
}

// Usage is what is used of Limits now.
type Usage struct {
	Uploads        int64     `json:"uploads"`
	UploadsResetAt time.Time `json:"uploads_reset_at"`
	StorageBytes   int64     `json:"storage_bytes"`
	Samples        int64     `json:"samples"`
	AIMicroUSD     int64     `json:"ai_micro_usd" doc:"spent and reserved in the last 30 days"`
	APIRequests    int64     `json:"api_requests"`
	APIResetAt     time.Time `json:"api_reset_at"`
}

// UsageDay is one UTC day of an account's use.
type UsageDay struct {
	Day         string `json:"day"` // 2026-11-23
	Model       string `json:"model"`
	Operation   string `json:"operation"`
	Calls       int64  `json:"calls"`
	InputTok    int64  `json:"input_tokens"`
	OutputTok   int64  `json:"output_tokens"`
	CostMicro   int64  `json:"cost_micro_usd"`
	CostMeasure string `json:"cost_source" enum:"provider,price table"`
}

// UsageReport is GET /api/account/usage.
type UsageReport struct {
	Now    Usage      `json:"now"`
	Limits Limits     `json:"limits"`
	Days   []UsageDay `json:"days"`
}

// Preferences is what the server does with a user's uploads unless the upload says otherwise.
type Preferences struct {
	AutoVibe         bool   `json:"auto_vibe_analysis"`
	AutoFeatures     bool   `json:"auto_audio_features"`
	VibeModel        string `json:"vibe_analysis_model" enum:",small,large" doc:"empty: the plan's own"`
	BatchModel       string `json:"batch_processing_model" enum:",small,large"`
	BatchAutoAnalyze bool   `json:"batch_auto_analyze"`
	MaxCostMicro     *int64 `json:"max_cost_per_request_micro_usd" minimum:"1" doc:"null: no limit"`
	ExportFormat     string `json:"default_export_format" enum:"wav,aiff"`
	ExportLayout     string `json:"default_export_organization" enum:"flat,genre,bpm,key,kit,bank"`
	SanitizeNames    bool   `json:"auto_sanitize_filenames"`
}

// Key is an API key; Secret is there once, in the answer that made it.
type Key struct {
	ID            string     `json:"id"`
	Name          string     `json:"name"`
	Prefix        string     `json:"prefix"`
	Scopes        []string   `json:"scopes"`
	CreatedAt     time.Time  `json:"created_at"`
	LastUsedAt    *time.Time `json:"last_used_at"`
	ExpiresAt     *time.Time `json:"expires_at"`
	RevokedAt     *time.Time `json:"revoked_at"`
	RequestsToday int64      `json:"requests_today" doc:"of this key alone; the plan's limit counts all keys together"`
	Secret        string     `json:"secret,omitempty"`
}

// KeyRequest makes an API key.
type KeyRequest struct {
	Name      string     `json:"name" minLength:"1" maxLength:"100"`
	Scopes    []string   `json:"scopes" minItems:"1" maxItems:"10" doc:"read, upload, write, export"`
	ExpiresAt *time.Time `json:"expires_at,omitempty" doc:"absent: until it is revoked"`
}
