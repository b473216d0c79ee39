package account

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"sampleagent/server/internal/store"
	"sampleagent/server/internal/tenant"
	"sampleagent/sync/wire"
)

// Limits of asking for and trying codes.
const (
	codesPerAddress = 5  // live at once
	codesPerIP      = 30 // an hour
	triesPerCode    = 5
)

// CodeOf is the six digits of a login code, and LinkOf its link's token: both follow from its
// id and the server's secret, so neither lies in the database or in the queue.
func (s *Service) CodeOf(id string) string {
	n := binary.BigEndian.Uint64(s.derive("sign-in code", id)) % 1_000_000
	return fmt.Sprintf("%06d", n)
}

// LinkOf is the token of the link in the same mail.
func (s *Service) LinkOf(id string) string {
	return base64.RawURLEncoding.EncodeToString(s.derive("sign-in link", id))
}

// RequestCode sends a code to an address. It answers the same, in the same time, whether or
// not the address has an account; too many requests are dropped silently.
func (s *Service) RequestCode(ctx context.Context, email, ip string) error {
	email, err := cleanEmail(email)
	if err != nil {
		return err
	}
	now := s.Now()
	return s.DB.Write(ctx, func(tx *store.Tx) error {
		live, err := tx.LiveLoginCodes(ctx, email, now)
		if err != nil {
			return err
		}
		_, byIP, err := tx.LoginCodesSince(ctx, email, ip, now.Add(-time.Hour))
		if err != nil {
			return err
		}
		if len(live) >= codesPerAddress || byIP >= codesPerIP {
			return nil
		}
		id := store.NewID() + random(9)
		c := &store.LoginCode{ID: id, Email: email, CodeHash: hash(id + s.CodeOf(id)), LinkHash: hash(s.LinkOf(id)),
			CreatedAt: store.At(now), ExpiresAt: store.At(now.Add(CodeLife)), IP: ip, TenantID: tenant.ID(ctx)}
		if err := tx.AddLoginCode(ctx, c); err != nil {
			return err
		}
		return s.Mails.SignIn(ctx, tx, email, id, c.TenantID)
	})
}

// CheckCode is the account of an address whose owner has its code.
func (s *Service) CheckCode(ctx context.Context, email, code, ip string) (*store.User, error) {
	email, err := cleanEmail(email)
	if err != nil {
		return nil, err
	}
	code = strings.ReplaceAll(strings.TrimSpace(code), " ", "")
	now := s.Now()
	var u *store.User
	err = s.DB.Write(ctx, func(tx *store.Tx) error {
		u = nil
		if ok, err := tx.TryLoginCode(ctx, email, triesPerCode, now); err != nil || !ok {
			return err
		}
		live, err := tx.LiveLoginCodes(ctx, email, now)
		if err != nil {
			return err
		}
		for _, c := range live {
			if c.Tries > triesPerCode || subtle.ConstantTimeCompare([]byte(c.CodeHash), []byte(hash(c.ID+code))) != 1 {
				continue
			}
			if ok, err := tx.UseLoginCode(ctx, c.ID, now); err != nil || !ok {
				return err
			}
			u, err = s.userFor(ctx, tx, email, c.TenantID, ip)
			return err
		}
		return nil
	})
	if err == nil && u == nil {
		err = wrongCode()
	}
	return u, err
}

// CheckLink is the account of an address whose owner has the mail's link.
func (s *Service) CheckLink(ctx context.Context, token, ip string) (*store.User, error) {
	now := s.Now()
	var u *store.User
	err := s.DB.Write(ctx, func(tx *store.Tx) error {
		c, err := tx.LoginCodeByLink(ctx, hash(token), now)
		if err != nil {
			return err
		}
		if ok, err := tx.UseLoginCode(ctx, c.ID, now); err != nil || !ok {
			return err
		}
		u, err = s.userFor(ctx, tx, c.Email, c.TenantID, ip)
		return err
	})
	if errors.Is(err, store.ErrNotFound) || (err == nil && u == nil) {
		return nil, wrongCode()
	}
	return u, err
}

func wrongCode() error {
	return problem(http.StatusUnauthorized, wire.CodeWrongCode, "This code is wrong or has ended. Ask for a new one.")
}

// CheckRequest says whether a desktop's authorize request is one we answer: known client,
// redirect to loopback only (RFC 8252, 7.3), PKCE with S256 (RFC 7636).
func CheckRequest(r wire.AuthorizeRequest) error {
	bad := func(detail string) error { return problem(http.StatusBadRequest, wire.CodeBadRequest, detail) }
	if r.ClientID != wire.DesktopClient {
		return bad("This program is not known to the server.")
	}
	u, err := url.Parse(r.RedirectURI)
	if err != nil || u.Scheme != "http" || u.User != nil || u.Fragment != "" || u.RawQuery != "" {
		return bad("The program asked to return to an address that is not allowed.")
	}
	if a, err := netip.ParseAddr(u.Hostname()); err != nil || !a.IsLoopback() || u.Port() == "" {
		return bad("The program asked to return to an address that is not on this machine.")
	}
	if r.Method != "S256" || len(r.CodeChallenge) != 43 {
		return bad("The program did not send a PKCE challenge; update it.")
	}
	if len(r.State) < 8 || len(r.State) > 200 {
		return bad("The program did not send a state; update it.")
	}
	return nil
}

// Grant lets a desktop sign in as u: the address the browser goes back to.
func (s *Service) Grant(ctx context.Context, u *store.User, r wire.AuthorizeRequest) (string, error) {
	if err := CheckRequest(r); err != nil {
		return "", err
	}
	code, now := grantPrefix+random(32), s.Now()
	g := &store.AuthGrant{CodeHash: hash(code), UserID: u.ID, ClientID: r.ClientID, RedirectURI: r.RedirectURI, CodeChallenge: r.CodeChallenge,
		Device: cut(r.Device, 100), CreatedAt: store.At(now), ExpiresAt: store.At(now.Add(GrantLife))}
	if err := s.DB.Write(ctx, func(tx *store.Tx) error { return tx.AddAuthGrant(ctx, g) }); err != nil {
		return "", err
	}
	return r.RedirectURI + "?" + url.Values{"code": {code}, "state": {r.State}}.Encode(), nil
}

// Exchange gives tokens for a proof.
func (s *Service) Exchange(ctx context.Context, r wire.TokenRequest, ip string) (*wire.Tokens, error) {
	switch r.Grant {
	case wire.GrantEmailCode:
		u, err := s.CheckCode(ctx, r.Email, r.Code, ip)
		if err != nil {
			return nil, err
		}
		return s.newTokens(ctx, u.ID, cut(r.Device, 100), ip)
	case wire.GrantAuthorization:
		return s.exchangeGrant(ctx, r, ip)
	case wire.GrantRefresh:
		return s.refresh(ctx, r.RefreshToken)
	}
	return nil, problem(http.StatusUnprocessableEntity, wire.CodeInvalid, "grant_type must be email_code, authorization_code or refresh_token.")
}

func (s *Service) exchangeGrant(ctx context.Context, r wire.TokenRequest, ip string) (*wire.Tokens, error) {
	now := s.Now()
	var tokens *wire.Tokens
	err := s.DB.Write(ctx, func(tx *store.Tx) error {
		tokens = nil
		g, err := tx.AuthGrant(ctx, hash(r.Code))
		if errors.Is(err, store.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		if g.UsedAt != 0 { // a stolen code was used, by whom we cannot know: end what it gave (RFC 6749, 4.1.2)
			err := tx.RevokeSession(ctx, g.UserID, g.SessionID, "sign-in code used twice", now)
			if errors.Is(err, store.ErrNotFound) {
				return nil
			}
			return err
		}
		sum := sha256.Sum256([]byte(r.CodeVerifier))
		challenge := base64.RawURLEncoding.EncodeToString(sum[:])
		if g.ExpiresAt <= store.At(now) || g.RedirectURI != r.RedirectURI || g.ClientID != r.ClientID || !hmac.Equal([]byte(challenge), []byte(g.CodeChallenge)) {
			return nil
		}
		device := g.Device
		if r.Device != "" {
			device = cut(r.Device, 100)
		}
		if tokens, err = s.openSession(ctx, tx, g.UserID, device, ip); err != nil {
			return err
		}
		used, err := tx.UseAuthGrant(ctx, g.CodeHash, tokens.SessionID, now)
		if err == nil && !used {
			return errSignedOut()
		}
		return err
	})
	if err == nil && tokens == nil {
		err = wrongCode()
	}
	if err != nil {
		return nil, err
	}
	return tokens, nil
}

func (s *Service) newTokens(ctx context.Context, userID, device, ip string) (*wire.Tokens, error) {
	var t *wire.Tokens
	err := s.DB.Write(ctx, func(tx *store.Tx) (err error) {
		t, err = s.openSession(ctx, tx, userID, device, ip)
		return err
	})
	return t, err
}

func (s *Service) openSession(ctx context.Context, tx *store.Tx, userID, device, ip string) (*wire.Tokens, error) {
	now := s.Now()
	session := &store.Session{ID: store.NewID(), UserID: userID, Kind: "desktop", Device: device, IP: ip,
		CreatedAt: store.At(now), LastUsedAt: store.At(now), ExpiresAt: store.At(now.Add(RefreshLife))}
	if err := tx.AddSession(ctx, session); err != nil {
		return nil, err
	}
	if err := s.audit(ctx, tx, userID, "user:"+userID, "session.opened", session.ID, ip, map[string]string{"device": device, "kind": "desktop"}); err != nil {
		return nil, err
	}
	return s.issue(ctx, tx, session, refreshPrefix+random(32))
}

// issue writes a refresh token and a fresh access token of a session.
func (s *Service) issue(ctx context.Context, tx *store.Tx, session *store.Session, refresh string) (*wire.Tokens, error) {
	now := s.Now()
	access := accessPrefix + random(32)
	for _, t := range []store.Token{
		{Hash: hash(access), Kind: "access", ExpiresAt: store.At(now.Add(s.AccessLife))},
		{Hash: hash(refresh), Kind: "refresh", ExpiresAt: store.At(now.Add(RefreshLife))},
	} {
		t.SessionID, t.UserID, t.CreatedAt = session.ID, session.UserID, store.At(now)
		if err := tx.AddToken(ctx, &t); err != nil {
			return nil, err
		}
	}
	return &wire.Tokens{AccessToken: access, TokenType: "Bearer", ExpiresIn: int(s.AccessLife.Seconds()), ExpiresAt: now.Add(s.AccessLife).UTC(),
		RefreshToken: refresh, SessionID: session.ID}, nil
}

// refresh rotates a refresh token. Its successor follows from it and the server's secret, so
// that a repeat within the grace time gets the same one, though only hashes are kept.
func (s *Service) refresh(ctx context.Context, token string) (*wire.Tokens, error) {
	now := s.Now()
	var tokens *wire.Tokens
	var reused bool
	err := s.DB.Write(ctx, func(tx *store.Tx) error {
		tokens, reused = nil, false
		t, err := tx.Token(ctx, hash(token))
		if err != nil {
			return signedOutOr(err)
		}
		session, err := tx.Session(ctx, t.SessionID)
		if err != nil {
			return signedOutOr(err)
		}
		if t.Kind != "refresh" || t.ExpiresAt <= store.At(now) || session.RevokedAt != 0 {
			return errSignedOut()
		}
		u, err := tx.User(ctx, t.UserID)
		if err != nil {
			return signedOutOr(err)
		}
		first, err := tx.RotateToken(ctx, t.Hash, now)
		if err != nil {
			return err
		}
		if !first { // somebody rotated it, perhaps while we waited: when?
			if t, err = tx.Token(ctx, t.Hash); err != nil {
				return signedOutOr(err)
			}
		}
		if !first && now.Sub(t.RotatedAt.Time()) > RefreshGrace {
			reused = true
			if err := tx.RevokeSession(ctx, t.UserID, t.SessionID, "refresh token used twice", now); err != nil {
				return err
			}
			if err := s.audit(ctx, tx, t.UserID, "system", "session.reuse", t.SessionID, "", nil); err != nil {
				return err
			}
			return s.Mails.Reused(ctx, tx, u, session.Device)
		}
		if err := tx.TouchSession(ctx, session.ID, now, now.Add(RefreshLife)); err != nil {
			return err
		}
		successor := refreshPrefix + base64.RawURLEncoding.EncodeToString(s.derive("refresh", token))
		tokens, err = s.issue(ctx, tx, session, successor)
		return err
	})
	if err != nil {
		return nil, err
	}
	if reused {
		return nil, problem(http.StatusUnauthorized, wire.CodeTokenReused, "This sign-in was used from two places and has been ended. Sign in again.")
	}
	return tokens, nil
}

// RevokeToken ends the session of a token of any kind; one that is not known is no error.
func (s *Service) RevokeToken(ctx context.Context, token, ip string) error {
	now := s.Now()
	return s.DB.Write(ctx, func(tx *store.Tx) error {
		t, err := tx.Token(ctx, hash(token))
		if errors.Is(err, store.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		err = tx.RevokeSession(ctx, t.UserID, t.SessionID, "signed out", now)
		if errors.Is(err, store.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		return s.audit(ctx, tx, t.UserID, "user:"+t.UserID, "session.revoked", t.SessionID, ip, nil)
	})
}

// OpenWeb signs a browser in: the value of its cookie.
func (s *Service) OpenWeb(ctx context.Context, u *store.User, device, ip string) (string, error) {
	now := s.Now()
	token := webPrefix + random(32)
	err := s.DB.Write(ctx, func(tx *store.Tx) error {
		session := &store.Session{ID: store.NewID(), UserID: u.ID, Kind: "web", Device: cut(device, 100), IP: ip,
			CreatedAt: store.At(now), LastUsedAt: store.At(now), ExpiresAt: store.At(now.Add(WebLife))}
		if err := tx.AddSession(ctx, session); err != nil {
			return err
		}
		if err := tx.Seen(ctx, u.ID, now); err != nil {
			return err
		}
		if err := s.audit(ctx, tx, u.ID, "user:"+u.ID, "session.opened", session.ID, ip, map[string]string{"device": session.Device, "kind": "web"}); err != nil {
			return err
		}
		return tx.AddToken(ctx, &store.Token{Hash: hash(token), Kind: "web", SessionID: session.ID, UserID: u.ID,
			CreatedAt: store.At(now), ExpiresAt: store.At(now.Add(WebLife))})
	})
	return token, err
}

func cut(s string, n int) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' {
			return -1
		}
		return r
	}, s)
	if r := []rune(s); len(r) > n {
		return string(r[:n])
	}
	return s
}
