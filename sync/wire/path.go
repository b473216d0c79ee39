package wire

// Paths that both ends must spell alike.
const (
	PathAuthorize = "/auth/authorize"       // the browser's sign-in page for the desktop
	PathToken     = "/api/auth/token"       // POST TokenRequest -> Tokens
	PathRevoke    = "/api/auth/revoke"      // POST RevokeRequest -> 204, whether or not the token was known
	PathAccount   = "/api/account"          // GET -> Account
	PathSessions  = "/api/account/sessions" // GET -> items of Session; DELETE /{id}
	PathUpload    = "/api/upload"           // POST multipart field "audio" -> Accepted
	PathJobs      = "/api/jobs"             // GET -> JobPage
	PathSamples   = "/api/samples"          // GET -> SamplePage
	PathCheckout  = "/api/billing/checkout" // POST CheckoutRequest -> BillingLink
	PathPortal    = "/api/billing/portal"   // POST -> BillingLink
	PathEvents    = "/api/events"           // GET, text/event-stream of Event
	PathSyncPush  = "/api/sync/push"        // POST SyncPush -> SyncPushed
	PathSyncPull  = "/api/sync/pull"        // GET ?since=&limit=&actor= -> SyncPage
	PathSync      = "/api/sync"             // GET -> SyncHeld; DELETE: everything kept to hold machines in sync
	PathSyncAudio = "/api/sync/audio"       // POST AudioRequest; PUT /{sha256}/parts/{n}; POST /{sha256}/complete; GET /{sha256} -> Link; DELETE
)

// RevokeRequest ends the sign-in that a refresh token belongs to.
type RevokeRequest struct {
	RefreshToken string `json:"refresh_token" maxLength:"200"`
}
