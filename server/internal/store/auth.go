package store

import (
	"context"
	"strings"
	"time"
)

// LoginCode is a sign-in mail that was sent.
type LoginCode struct {
	ID        string `db:"id"`
	Email     string `db:"email"`
	CodeHash  string `db:"code_hash"`
	LinkHash  string `db:"link_hash"`
	CreatedAt Millis `db:"created_at"`
	ExpiresAt Millis `db:"expires_at"`
	Tries     int64  `db:"tries"`
	UsedAt    Millis `db:"used_at"`
	IP        string `db:"ip"`
	TenantID  string `db:"tenant_id"` // at whose host it was asked for, "" for our own
}

var loginCodes = tableOf[LoginCode]("login_codes")

// AddLoginCode writes a code.
func (tx *Tx) AddLoginCode(ctx context.Context, c *LoginCode) error {
	_, err := loginCodes.insert(ctx, tx.Q, c, "")
	return err
}

// LiveLoginCodes lists the codes of an address that can still be used, newest first.
func (q Q) LiveLoginCodes(ctx context.Context, email string, now time.Time) ([]LoginCode, error) {
	return loginCodes.list(ctx, q, "WHERE email = ? AND used_at = 0 AND expires_at > ? ORDER BY created_at DESC", email, At(now))
}

// LoginCodesSince counts the codes that an address, or a client address, asked for.
func (q Q) LoginCodesSince(ctx context.Context, email, ip string, since time.Time) (byEmail, byIP int64, err error) {
	err = q.each(ctx, func(scan func(...any) error) error { return scan(&byEmail, &byIP) },
		`SELECT COALESCE(SUM(CASE WHEN email = ? THEN 1 ELSE 0 END), 0), COALESCE(SUM(CASE WHEN ip = ? THEN 1 ELSE 0 END), 0)
		FROM login_codes WHERE created_at >= ?`, email, ip, At(since))
	return byEmail, byIP, err
}

// TryLoginCode counts a try against all live codes of an address; false when all have had
// their tries.
func (tx *Tx) TryLoginCode(ctx context.Context, email string, most int64, now time.Time) (bool, error) {
	n, err := tx.exec(ctx, "UPDATE login_codes SET tries = tries + 1 WHERE email = ? AND used_at = 0 AND expires_at > ? AND tries < ?",
		email, At(now), most)
	return n > 0, err
}

// UseLoginCode marks a code used; false if it was used meanwhile.
func (tx *Tx) UseLoginCode(ctx context.Context, id string, now time.Time) (bool, error) {
	n, err := tx.exec(ctx, "UPDATE login_codes SET used_at = ? WHERE id = ? AND used_at = 0", At(now), id)
	return n > 0, err
}

// LoginCodeByLink reads the live code that a mail's link names.
func (q Q) LoginCodeByLink(ctx context.Context, linkHash string, now time.Time) (*LoginCode, error) {
	return loginCodes.get(ctx, q, "WHERE link_hash = ? AND used_at = 0 AND expires_at > ?", linkHash, At(now))
}

// AuthGrant is a browser's consent that a desktop may exchange for tokens once.
type AuthGrant struct {
	CodeHash      string `db:"code_hash"`
	UserID        string `db:"user_id"`
	ClientID      string `db:"client_id"`
	RedirectURI   string `db:"redirect_uri"`
	CodeChallenge string `db:"code_challenge"`
	Device        string `db:"device"`
	SessionID     string `db:"session_id"`
	CreatedAt     Millis `db:"created_at"`
	ExpiresAt     Millis `db:"expires_at"`
	UsedAt        Millis `db:"used_at"`
}

var authGrants = tableOf[AuthGrant]("auth_grants")

// AddAuthGrant writes a grant.
func (tx *Tx) AddAuthGrant(ctx context.Context, g *AuthGrant) error {
	_, err := authGrants.insert(ctx, tx.Q, g, "")
	return err
}

// AuthGrant reads a grant, used or not.
func (q Q) AuthGrant(ctx context.Context, codeHash string) (*AuthGrant, error) {
	return authGrants.get(ctx, q, "WHERE code_hash = ?", codeHash)
}

// UseAuthGrant marks a grant used by a session; false if it was used meanwhile.
func (tx *Tx) UseAuthGrant(ctx context.Context, codeHash, sessionID string, now time.Time) (bool, error) {
	n, err := tx.exec(ctx, "UPDATE auth_grants SET used_at = ?, session_id = ? WHERE code_hash = ? AND used_at = 0", At(now), sessionID, codeHash)
	return n > 0, err
}

// UserByIdentity is the account that an outside sign-in names.
func (q Q) UserByIdentity(ctx context.Context, issuer, subject string) (*User, error) {
	return users.get(ctx, q, "WHERE deleted_at = 0 AND id = (SELECT user_id FROM identities WHERE issuer = ? AND subject = ?)", issuer, subject)
}

// AddIdentity joins an outside sign-in to an account.
func (tx *Tx) AddIdentity(ctx context.Context, issuer, subject, userID string, now time.Time) error {
	_, err := tx.exec(ctx, "INSERT INTO identities (issuer, subject, user_id, created_at) VALUES (?, ?, ?, ?) ON CONFLICT (issuer, subject) DO NOTHING",
		issuer, subject, userID, At(now))
	return err
}

// Session is one signed-in browser or machine; all its tokens hang on it.
type Session struct {
	ID         string `db:"id"`
	UserID     string `db:"user_id"`
	Kind       string `db:"kind"` // web, desktop, api
	Device     string `db:"device"`
	IP         string `db:"ip"`
	CreatedAt  Millis `db:"created_at"`
	LastUsedAt Millis `db:"last_used_at"`
	ExpiresAt  Millis `db:"expires_at"`
	RevokedAt  Millis `db:"revoked_at"`
	RevokedWhy string `db:"revoked_why"`
}

var sessions = tableOf[Session]("sessions")

// AddSession writes a session.
func (tx *Tx) AddSession(ctx context.Context, s *Session) error {
	_, err := sessions.insert(ctx, tx.Q, s, "")
	return err
}

// Session reads a session.
func (q Q) Session(ctx context.Context, id string) (*Session, error) {
	return sessions.get(ctx, q, "WHERE id = ?", id)
}

// Sessions lists a user's live sessions, newest first.
func (q Q) Sessions(ctx context.Context, userID string, now time.Time) ([]Session, error) {
	return sessions.list(ctx, q, "WHERE user_id = ? AND revoked_at = 0 AND expires_at > ? ORDER BY last_used_at DESC", userID, At(now))
}

// RevokeSession ends a user's session and its tokens; ErrNotFound if it is not theirs.
func (tx *Tx) RevokeSession(ctx context.Context, userID, id, why string, now time.Time) error {
	if err := tx.must(ctx, "UPDATE sessions SET revoked_at = ?, revoked_why = ? WHERE id = ? AND user_id = ? AND revoked_at = 0", At(now), why, id, userID); err != nil {
		return err
	}
	_, err := tx.exec(ctx, "DELETE FROM tokens WHERE session_id = ?", id)
	return err
}

// RevokeAll ends all sessions of a user but one ("" for none).
func (tx *Tx) RevokeAll(ctx context.Context, userID, but, why string, now time.Time) error {
	if _, err := tx.exec(ctx, "UPDATE sessions SET revoked_at = ?, revoked_why = ? WHERE user_id = ? AND id <> ? AND revoked_at = 0", At(now), why, userID, but); err != nil {
		return err
	}
	_, err := tx.exec(ctx, "DELETE FROM tokens WHERE user_id = ? AND session_id <> ?", userID, but)
	return err
}

// TouchSession notes use, at most once a minute, and moves the end of a session.
func (tx *Tx) TouchSession(ctx context.Context, id string, now, expires time.Time) error {
	_, err := tx.exec(ctx, "UPDATE sessions SET last_used_at = ?, expires_at = ? WHERE id = ? AND last_used_at < ?",
		At(now), At(expires), id, At(now.Add(-time.Minute)))
	return err
}

// Token is one token, by hash.
type Token struct {
	Hash      string `db:"hash"`
	Kind      string `db:"kind"` // access, refresh, web
	SessionID string `db:"session_id"`
	UserID    string `db:"user_id"`
	CreatedAt Millis `db:"created_at"`
	ExpiresAt Millis `db:"expires_at"`
	RotatedAt Millis `db:"rotated_at"` // a refresh token that has a successor
}

var tokens = tableOf[Token]("tokens")

// AddToken writes a token; one that is there already stays as it is.
func (tx *Tx) AddToken(ctx context.Context, t *Token) error {
	_, err := tokens.insert(ctx, tx.Q, t, "ON CONFLICT (hash) DO NOTHING")
	return err
}

// Token reads a token.
func (q Q) Token(ctx context.Context, hash string) (*Token, error) {
	return tokens.get(ctx, q, "WHERE hash = ?", hash)
}

// RotateToken marks a refresh token as having a successor; false if it had one.
func (tx *Tx) RotateToken(ctx context.Context, hash string, now time.Time) (bool, error) {
	n, err := tx.exec(ctx, "UPDATE tokens SET rotated_at = ? WHERE hash = ? AND rotated_at = 0", At(now), hash)
	return n > 0, err
}

// ExtendToken moves the end of a web token.
func (tx *Tx) ExtendToken(ctx context.Context, hash string, expires time.Time) error {
	_, err := tx.exec(ctx, "UPDATE tokens SET expires_at = ? WHERE hash = ?", At(expires), hash)
	return err
}

// APIKey is a key for programs.
type APIKey struct {
	ID         string       `db:"id"`
	UserID     string       `db:"user_id"`
	Name       string       `db:"name"`
	Prefix     string       `db:"prefix"` // shown, to tell keys apart
	Hash       string       `db:"hash"`
	Scopes     List[string] `db:"scopes"`
	CreatedAt  Millis       `db:"created_at"`
	LastUsedAt Millis       `db:"last_used_at"`
	ExpiresAt  Millis       `db:"expires_at"` // 0: never
	RevokedAt  Millis       `db:"revoked_at"`
}

// Alive says that a key can still be used.
func (k *APIKey) Alive(now time.Time) bool {
	return k.RevokedAt == 0 && (k.ExpiresAt == 0 || k.ExpiresAt > At(now))
}

var apiKeys = tableOf[APIKey]("api_keys")

// AddAPIKey writes a key.
func (tx *Tx) AddAPIKey(ctx context.Context, k *APIKey) error {
	_, err := apiKeys.insert(ctx, tx.Q, k, "")
	return err
}

// APIKeyByHash reads a key that is not revoked.
func (q Q) APIKeyByHash(ctx context.Context, hash string) (*APIKey, error) {
	return apiKeys.get(ctx, q, "WHERE hash = ? AND revoked_at = 0", hash)
}

// APIKeys lists a user's keys, newest first.
func (q Q) APIKeys(ctx context.Context, userID string) ([]APIKey, error) {
	return apiKeys.list(ctx, q, "WHERE user_id = ? ORDER BY created_at DESC, id DESC", userID)
}

// RevokeAPIKey ends a user's key.
func (tx *Tx) RevokeAPIKey(ctx context.Context, userID, id string, now time.Time) error {
	return tx.must(ctx, "UPDATE api_keys SET revoked_at = ? WHERE id = ? AND user_id = ? AND revoked_at = 0", At(now), id, userID)
}

// TouchAPIKey notes use, at most once a minute.
func (tx *Tx) TouchAPIKey(ctx context.Context, id string, now time.Time) error {
	_, err := tx.exec(ctx, "UPDATE api_keys SET last_used_at = ? WHERE id = ? AND last_used_at < ?", At(now), id, At(now.Add(-time.Minute)))
	return err
}

// SweepAuth removes codes, grants and tokens that ended before a time, and their sessions.
func (tx *Tx) SweepAuth(ctx context.Context, before time.Time) (int64, error) {
	var total int64
	for _, text := range []string{
		"DELETE FROM login_codes WHERE expires_at < ?",
		"DELETE FROM auth_grants WHERE expires_at < ?",
		"DELETE FROM tokens WHERE expires_at < ?",
		"DELETE FROM sessions WHERE expires_at < ?",
		"DELETE FROM quota_windows WHERE (kind IN ('api', 'invalid') OR kind LIKE 'key:%') AND window_end < ?",
	} {
		n, err := tx.exec(ctx, text, At(before))
		if err != nil {
			return total, err
		}
		total += n
	}
	return total, nil
}

// MaskEmail is an address for logs: its first letter and its domain.
func MaskEmail(email string) string {
	at := strings.LastIndexByte(email, '@')
	if at < 1 {
		return "?"
	}
	return email[:1] + "…" + email[at:]
}
