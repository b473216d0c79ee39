package store

import (
	"context"
	"errors"
	"strings"
	"time"

	"sampleagent/server/internal/plan"
)

// User is an account.
type User struct {
	ID                 string              `db:"id"`
	Email              string              `db:"email"` // lower case
	Name               string              `db:"name"`
	Tier               plan.Tier           `db:"tier"`
	Contracts          List[plan.Contract] `db:"overrides"`
	CreatedAt          Millis              `db:"created_at"`
	UpdatedAt          Millis              `db:"updated_at"`
	LastSeenAt         Millis              `db:"last_seen_at"`
	BlockedAt          Millis              `db:"blocked_at"`
	DeletedAt          Millis              `db:"deleted_at"`
	TrialStartedAt     Millis              `db:"trial_started_at"`
	TrialEndsAt        Millis              `db:"trial_ends_at"`
	PeriodStart        Millis              `db:"period_start"`
	PeriodEnd          Millis              `db:"period_end"`
	StripeCustomer     string              `db:"stripe_customer"`
	StripeSubscription string              `db:"stripe_subscription"`
	SubscriptionStatus string              `db:"subscription_status"`
	TenantID           string              `db:"tenant_id"`
	StorageBytes       int64               `db:"storage_bytes"` // pending and processed
	OverQuotaSince     Millis              `db:"over_quota_since"`
	EventSeq           int64               `db:"event_seq"`
	UnsubscribeToken   string              `db:"unsubscribe_token"`
	NotifyProcessed    bool                `db:"notify_processed"`
	NotifyFailed       bool                `db:"notify_failed"`
	NotifyExpiring     bool                `db:"notify_expiring"`
	NotifyQuota        bool                `db:"notify_quota"`
}

var users = tableOf[User]("users")

// Limits is what the account may do at now: its tier, or the trial while it lasts, with the
// terms of its contracts. An unknown tier is an error.
func (u *User) Limits(now time.Time) (plan.Limits, error) {
	l, err := plan.For(u.EffectiveTier(now))
	if err != nil {
		return l, err
	}
	return l.Under(u.Contracts, now), nil
}

// EffectiveTier is the trial while it lasts, else the account's tier.
func (u *User) EffectiveTier(now time.Time) plan.Tier {
	if u.Tier == plan.Free && u.TrialEndsAt > At(now) {
		return plan.Trial
	}
	return u.Tier
}

// CreateUser adds an account unless its address has one.
func (tx *Tx) CreateUser(ctx context.Context, u *User) error {
	u.Email = strings.ToLower(u.Email)
	_, err := users.insert(ctx, tx.Q, u, "ON CONFLICT (email) DO NOTHING")
	return err
}

// User reads an account by id; a deleted one is ErrNotFound.
func (q Q) User(ctx context.Context, id string) (*User, error) {
	return users.get(ctx, q, "WHERE id = ? AND deleted_at = 0", id)
}

// UserByEmail reads an account by address.
func (q Q) UserByEmail(ctx context.Context, email string) (*User, error) {
	return users.get(ctx, q, "WHERE email = ? AND deleted_at = 0", strings.ToLower(email))
}

// UserByUnsubscribe reads the account that a mail's opt-out link names.
func (q Q) UserByUnsubscribe(ctx context.Context, token string) (*User, error) {
	return users.get(ctx, q, "WHERE unsubscribe_token = ? AND deleted_at = 0", token)
}

// Users lists accounts by id after a given one.
func (q Q) Users(ctx context.Context, after string, limit int) ([]User, error) {
	return users.list(ctx, q, "WHERE id > ? AND deleted_at = 0 ORDER BY id LIMIT ?", after, limit)
}

// FindUsers lists accounts whose address contains part.
func (q Q) FindUsers(ctx context.Context, part string, limit int) ([]User, error) {
	return users.list(ctx, q, "WHERE email LIKE ? ESCAPE '!' AND deleted_at = 0 ORDER BY email LIMIT ?", "%"+escapeLike(strings.ToLower(part))+"%", limit)
}

// escapeLike makes a user's text literal inside LIKE ... ESCAPE '!'.
func escapeLike(s string) string {
	return strings.NewReplacer("!", "!!", "%", "!%", "_", "!_").Replace(s)
}

// LockUser reads an account and makes other transactions that lock it wait for this one.
func (tx *Tx) LockUser(ctx context.Context, id string) (*User, error) {
	where := "WHERE id = ? AND deleted_at = 0"
	if tx.postgres {
		where += " FOR NO KEY UPDATE" // on SQLite a writing transaction is alone
	}
	return users.get(ctx, tx.Q, where, id)
}

// SetProfile changes the name and the mail switches.
func (tx *Tx) SetProfile(ctx context.Context, u *User, now time.Time) error {
	return tx.must(ctx, `UPDATE users SET name = ?, notify_processed = ?, notify_failed = ?, notify_expiring = ?,
		notify_quota = ?, updated_at = ? WHERE id = ? AND deleted_at = 0`,
		u.Name, u.NotifyProcessed, u.NotifyFailed, u.NotifyExpiring, u.NotifyQuota, At(now), u.ID)
}

// SetTier changes the tier, the contracts and the billing period.
func (tx *Tx) SetTier(ctx context.Context, u *User, now time.Time) error {
	return tx.must(ctx, `UPDATE users SET tier = ?, overrides = ?, period_start = ?, period_end = ?, stripe_customer = ?,
		stripe_subscription = ?, subscription_status = ?, tenant_id = ?, updated_at = ? WHERE id = ? AND deleted_at = 0`,
		u.Tier, u.Contracts, u.PeriodStart, u.PeriodEnd, u.StripeCustomer, u.StripeSubscription, u.SubscriptionStatus,
		u.TenantID, At(now), u.ID)
}

// StartTrial begins the one trial of an account; false if it had one.
func (tx *Tx) StartTrial(ctx context.Context, id string, now, ends time.Time) (bool, error) {
	n, err := tx.exec(ctx, `UPDATE users SET trial_started_at = ?, trial_ends_at = ?, updated_at = ?
		WHERE id = ? AND trial_started_at = 0 AND deleted_at = 0`, At(now), At(ends), At(now), id)
	return n > 0, err
}

// SetBlocked blocks or unblocks an account.
func (tx *Tx) SetBlocked(ctx context.Context, id string, at Millis) error {
	return tx.must(ctx, "UPDATE users SET blocked_at = ? WHERE id = ? AND deleted_at = 0", at, id)
}

// SetOverQuota notes since when an account stores more than its plan holds; 0: it does not.
func (tx *Tx) SetOverQuota(ctx context.Context, id string, since Millis) error {
	return tx.must(ctx, "UPDATE users SET over_quota_since = ? WHERE id = ?", since, id)
}

// Seen notes that an account was here, at most once an hour.
func (tx *Tx) Seen(ctx context.Context, id string, now time.Time) error {
	_, err := tx.exec(ctx, "UPDATE users SET last_seen_at = ? WHERE id = ? AND last_seen_at < ?", At(now), id, At(now.Add(-time.Hour)))
	return err
}

// MarkDeleted hides an account at once; DropUser removes it once its objects are gone. The
// address is freed for a new account.
func (tx *Tx) MarkDeleted(ctx context.Context, id string, now time.Time) error {
	return tx.must(ctx, "UPDATE users SET deleted_at = ?, email = 'deleted:' || id, name = '' WHERE id = ? AND deleted_at = 0", At(now), id)
}

// DropUser removes an account that was marked deleted, and everything that hangs on it.
func (tx *Tx) DropUser(ctx context.Context, id string) error {
	if _, err := tx.exec(ctx, "DELETE FROM vibe_analyses WHERE user_id = ?", id); err != nil {
		return err
	}
	_, err := tx.exec(ctx, "DELETE FROM users WHERE id = ? AND deleted_at > 0", id)
	return err
}

// DeletedUsers lists accounts that wait for DropUser.
func (q Q) DeletedUsers(ctx context.Context, limit int) ([]User, error) {
	return users.list(ctx, q, "WHERE deleted_at > 0 ORDER BY deleted_at LIMIT ?", limit)
}

// ActiveUsers counts accounts that were here since a time.
func (q Q) ActiveUsers(ctx context.Context, since time.Time) (n int64, err error) {
	err = q.one(ctx, &n, "SELECT COUNT(*) FROM users WHERE last_seen_at >= ? AND deleted_at = 0", At(since))
	return n, err
}

// UsersByTier counts accounts in each tier.
func (q Q) UsersByTier(ctx context.Context) (map[plan.Tier]int64, error) {
	counts := map[plan.Tier]int64{}
	err := q.each(ctx, func(scan func(...any) error) error {
		var t plan.Tier
		var n int64
		if err := scan(&t, &n); err != nil {
			return err
		}
		counts[t] = n
		return nil
	}, "SELECT tier, COUNT(*) FROM users WHERE deleted_at = 0 GROUP BY tier")
	return counts, err
}

// Secret is a random value that all processes of this database share; it is made on first use.
func (db *DB) Secret(ctx context.Context, name, fresh string) (string, error) {
	err := db.Write(ctx, func(tx *Tx) error {
		_, err := tx.exec(ctx, "INSERT INTO secrets (name, value) VALUES (?, ?) ON CONFLICT (name) DO NOTHING", name, fresh)
		return err
	})
	if err != nil {
		return "", err
	}
	var kept string
	err = db.one(ctx, &kept, "SELECT value FROM secrets WHERE name = ?", name)
	return kept, err
}

// Preferences is what the server does with a user's uploads unless the upload says otherwise.
type Preferences struct {
	UserID           string `db:"user_id"`
	AutoVibe         bool   `db:"auto_vibe_analysis"`
	AutoFeatures     bool   `db:"auto_audio_features"`
	VibeModel        string `db:"vibe_analysis_model"`
	BatchModel       string `db:"batch_processing_model"`
	BatchAutoAnalyze bool   `db:"batch_auto_analyze"`
	MaxCostMicro     int64  `db:"max_cost_per_request"` // 0: no limit
	ExportFormat     string `db:"default_export_format"`
	ExportLayout     string `db:"default_export_organization"`
	SanitizeNames    bool   `db:"auto_sanitize_filenames"`
	CreatedAt        Millis `db:"created_at"`
	UpdatedAt        Millis `db:"updated_at"`
}

var preferences = tableOf[Preferences]("preferences")

// Preferences reads a user's, or the server's defaults.
func (q Q) Preferences(ctx context.Context, userID string) (*Preferences, error) {
	p, err := preferences.get(ctx, q, "WHERE user_id = ?", userID)
	if errors.Is(err, ErrNotFound) {
		return &Preferences{UserID: userID, AutoVibe: true, AutoFeatures: true, ExportFormat: "wav", ExportLayout: "flat", SanitizeNames: true}, nil
	}
	return p, err
}

// SavePreferences writes a user's.
func (tx *Tx) SavePreferences(ctx context.Context, p *Preferences, now time.Time) error {
	if p.CreatedAt == 0 {
		p.CreatedAt = At(now)
	}
	p.UpdatedAt = At(now)
	if _, err := tx.exec(ctx, "DELETE FROM preferences WHERE user_id = ?", p.UserID); err != nil {
		return err
	}
	_, err := preferences.insert(ctx, tx.Q, p, "")
	return err
}

// Audit is one line of the audit log.
type Audit struct {
	ID        string                  `db:"id"`
	UserID    string                  `db:"user_id"` // whose account
	Actor     string                  `db:"actor"`   // user:ID, admin:EMAIL, system
	Action    string                  `db:"action"`
	Subject   string                  `db:"subject"`
	Detail    JSON[map[string]string] `db:"detail"`
	IP        string                  `db:"ip"`
	CreatedAt Millis                  `db:"created_at"`
}

var audits = tableOf[Audit]("audit_log")

// AddAudit writes a line.
func (tx *Tx) AddAudit(ctx context.Context, a *Audit) error {
	if a.ID == "" {
		a.ID = NewID()
	}
	if a.Detail.V == nil {
		a.Detail.V = map[string]string{}
	}
	_, err := audits.insert(ctx, tx.Q, a, "")
	return err
}

// AuditLog lists a user's lines, newest first, before an id ("" for the newest).
func (q Q) AuditLog(ctx context.Context, userID, before string, limit int) ([]Audit, error) {
	if before == "" {
		before = "~"
	}
	return audits.list(ctx, q, "WHERE user_id = ? AND id < ? ORDER BY id DESC LIMIT ?", userID, before, limit)
}
