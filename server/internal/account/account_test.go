package account_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/url"
	"sync"
	"testing"
	"time"

	"sampleagent/server/internal/account"
	"sampleagent/server/internal/plan"
	"sampleagent/server/internal/store"
	"sampleagent/server/internal/testbed"
	"sampleagent/sync/wire"
)

func TestMain(m *testing.M) { testbed.Main(m) }

// post remembers what would have been mailed.
type post struct {
	sync.Mutex
	codes  []string
	reused int
}

func (p *post) SignIn(_ context.Context, tx *store.Tx, _, id, _ string) error {
	tx.AfterCommit(func() { p.Lock(); p.codes = append(p.codes, id); p.Unlock() })
	return nil
}

func (p *post) Reused(_ context.Context, tx *store.Tx, _ *store.User, _ string) error {
	tx.AfterCommit(func() { p.Lock(); p.reused++; p.Unlock() })
	return nil
}

type world struct {
	*account.Service
	post *post
	now  time.Time
}

func onBoth(t *testing.T, f func(t *testing.T, w *world)) {
	testbed.OnBoth(t, func(t *testing.T, db *store.DB) {
		w := &world{post: &post{}, now: time.Date(2026, 11, 23, 20, 0, 0, 0, time.UTC)}
		w.Service = &account.Service{DB: db, Secret: []byte("0123456789abcdef0123456789abcdef"), Mails: w.post, Features: plan.All.Features, Now: func() time.Time { return w.now }, AccessLife: 15 * time.Minute}
		f(t, w)
	})
}

func (w *world) signIn(t *testing.T, email string) *wire.Tokens {
	t.Helper()
	if err := w.RequestCode(t.Context(), email, "192.0.2.1"); err != nil {
		t.Fatal(err)
	}
	code := w.CodeOf(w.post.codes[len(w.post.codes)-1])
	tokens, err := w.Exchange(t.Context(), wire.TokenRequest{Grant: wire.GrantEmailCode, Email: email, Code: code, Device: "studio"}, "192.0.2.1")
	if err != nil {
		t.Fatal(err)
	}
	return tokens
}

func wants(t *testing.T, what string, err error, code wire.Code) {
	t.Helper()
	var p *wire.Problem
	if !errors.As(err, &p) || p.Code != code {
		t.Errorf("%s: %v, want %s", what, err, code)
	}
}

func TestCodeSignsInOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		tokens := w.signIn(t, "Ada@Example.org")
		p, err := w.Authenticate(ctx, tokens.AccessToken)
		if err != nil || p.User.Email != "ada@example.org" || p.Limits.Tier != plan.Free {
			t.Fatalf("%+v, %v", p, err)
		}
		code := w.CodeOf(w.post.codes[0])
		_, err = w.CheckCode(ctx, "ada@example.org", code, "")
		wants(t, "the same code again", err, wire.CodeWrongCode)
		_, err = w.Authenticate(ctx, tokens.RefreshToken)
		wants(t, "a refresh token as access token", err, wire.CodeSignedOut)
		_, err = w.Authenticate(ctx, "sa_at_nothing")
		wants(t, "an invented token", err, wire.CodeSignedOut)
		w.now = w.now.Add(w.AccessLife)
		_, err = w.Authenticate(ctx, tokens.AccessToken)
		wants(t, "an old token", err, wire.CodeTokenExpired)
	})
}

func TestFiveWrongCodesEndTheRightOne(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		if err := w.RequestCode(ctx, "ada@example.org", ""); err != nil {
			t.Fatal(err)
		}
		right := w.CodeOf(w.post.codes[0])
		wrong := "000000"
		if right == wrong {
			wrong = "000001"
		}
		for range 5 {
			_, err := w.CheckCode(ctx, "ada@example.org", wrong, "")
			wants(t, "a wrong code", err, wire.CodeWrongCode)
		}
		_, err := w.CheckCode(ctx, "ada@example.org", right, "")
		wants(t, "the right code after five wrong ones", err, wire.CodeWrongCode)
	})
}

func TestCodesAndLinksEnd(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		for range 7 {
			if err := w.RequestCode(ctx, "ada@example.org", ""); err != nil {
				t.Fatal(err)
			}
		}
		if len(w.post.codes) != 5 {
			t.Errorf("%d mails for seven requests", len(w.post.codes))
		}
		if u, err := w.CheckLink(ctx, w.LinkOf(w.post.codes[1]), ""); err != nil || u.Email != "ada@example.org" {
			t.Errorf("link: %v", err)
		}
		_, err := w.CheckLink(ctx, w.LinkOf(w.post.codes[1]), "")
		wants(t, "a link again", err, wire.CodeWrongCode)
		w.now = w.now.Add(account.CodeLife)
		_, err = w.CheckCode(ctx, "ada@example.org", w.CodeOf(w.post.codes[2]), "")
		wants(t, "an old code", err, wire.CodeWrongCode)
		wants(t, "no address", w.RequestCode(ctx, "ada", ""), wire.CodeInvalid)
	})
}

func TestRefreshRotatesWithGraceAndDetectsReuse(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		first := w.signIn(t, "ada@example.org")
		refresh := func(token string) (*wire.Tokens, error) {
			return w.Exchange(ctx, wire.TokenRequest{Grant: wire.GrantRefresh, RefreshToken: token}, "")
		}
		second, err := refresh(first.RefreshToken)
		if err != nil {
			t.Fatal(err)
		}
		w.now = w.now.Add(30 * time.Second)
		again, err := refresh(first.RefreshToken)
		if err != nil || again.RefreshToken != second.RefreshToken || again.AccessToken == second.AccessToken {
			t.Fatalf("within the grace time: %v", err)
		}
		if _, err := refresh(second.RefreshToken); err != nil {
			t.Fatal(err)
		}
		w.now = w.now.Add(account.RefreshGrace)
		_, err = refresh(first.RefreshToken)
		wants(t, "after the grace time", err, wire.CodeTokenReused)
		if w.post.reused != 1 {
			t.Errorf("%d warnings", w.post.reused)
		}
		_, err = w.Authenticate(ctx, again.AccessToken)
		wants(t, "a token of the ended session", err, wire.CodeSignedOut)
		_, err = refresh(second.RefreshToken)
		wants(t, "its refresh token", err, wire.CodeSignedOut)
	})
}

func TestRefreshAtOnceGivesOneSuccessor(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		first := w.signIn(t, "ada@example.org")
		var all sync.WaitGroup
		var mu sync.Mutex
		got := map[string]bool{}
		for range 8 {
			all.Go(func() {
				tokens, err := w.Exchange(t.Context(), wire.TokenRequest{Grant: wire.GrantRefresh, RefreshToken: first.RefreshToken}, "")
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				got[tokens.RefreshToken] = true
				mu.Unlock()
			})
		}
		all.Wait()
		if len(got) != 1 {
			t.Errorf("%d successors", len(got))
		}
	})
}

func TestDesktopSignsInThroughTheBrowser(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		w.signIn(t, "ada@example.org")
		u, err := w.DB.UserByEmail(ctx, "ada@example.org")
		if err != nil {
			t.Fatal(err)
		}
		verifier := "a-verifier-of-at-least-forty-three-characters-long"
		sum := sha256.Sum256([]byte(verifier))
		r := wire.AuthorizeRequest{ClientID: "desktop", RedirectURI: "http://127.0.0.1:5555/callback", State: "some-state", Method: "S256",
			CodeChallenge: base64.RawURLEncoding.EncodeToString(sum[:]), Device: "laptop"}
		for what, change := range map[string]func(*wire.AuthorizeRequest){
			"another client":     func(r *wire.AuthorizeRequest) { r.ClientID = "evil" },
			"another host":       func(r *wire.AuthorizeRequest) { r.RedirectURI = "http://example.org:5555/callback" },
			"a name as loopback": func(r *wire.AuthorizeRequest) { r.RedirectURI = "http://127.0.0.1.example.org:80/callback" },
			"https":              func(r *wire.AuthorizeRequest) { r.RedirectURI = "https://127.0.0.1:5555/callback" },
			"plain PKCE":         func(r *wire.AuthorizeRequest) { r.Method = "plain" },
			"no state":           func(r *wire.AuthorizeRequest) { r.State = "" },
		} {
			bad := r
			change(&bad)
			_, err := w.Grant(ctx, u, bad)
			wants(t, what, err, wire.CodeBadRequest)
		}
		code := func() string {
			back, err := w.Grant(ctx, u, r)
			if err != nil {
				t.Fatal(err)
			}
			to, err := url.Parse(back)
			if err != nil || to.Query().Get("state") != "some-state" {
				t.Fatalf("%s, %v", back, err)
			}
			return to.Query().Get("code")
		}
		exchange := func(code, verifier, redirect string) (*wire.Tokens, error) {
			return w.Exchange(ctx, wire.TokenRequest{Grant: wire.GrantAuthorization, Code: code, CodeVerifier: verifier, RedirectURI: redirect, ClientID: "desktop"}, "")
		}
		c := code()
		_, err = exchange(c, "wrong", r.RedirectURI)
		wants(t, "a wrong verifier", err, wire.CodeWrongCode)
		_, err = exchange(c, verifier, "http://127.0.0.1:1/callback")
		wants(t, "another redirect", err, wire.CodeWrongCode)
		tokens, err := exchange(c, verifier, r.RedirectURI)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Authenticate(ctx, tokens.AccessToken); err != nil {
			t.Fatal(err)
		}
		_, err = exchange(c, verifier, r.RedirectURI)
		wants(t, "a code again", err, wire.CodeWrongCode)
		_, err = w.Authenticate(ctx, tokens.AccessToken)
		wants(t, "tokens of a code that was used twice", err, wire.CodeSignedOut)
		late := code()
		w.now = w.now.Add(account.GrantLife)
		_, err = exchange(late, verifier, r.RedirectURI)
		wants(t, "an old code", err, wire.CodeWrongCode)
	})
}

func TestSessionsAreListedAndRevoked(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		one, two := w.signIn(t, "ada@example.org"), w.signIn(t, "ada@example.org")
		eve := w.signIn(t, "eve@example.org")
		p, err := w.Authenticate(ctx, one.AccessToken)
		if err != nil {
			t.Fatal(err)
		}
		list, err := w.Sessions(ctx, p)
		if err != nil || len(list) != 2 {
			t.Fatalf("%v, %v", list, err)
		}
		if err := w.Revoke(ctx, p, eve.SessionID, ""); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("a foreign session: %v", err)
		}
		if err := w.Revoke(ctx, p, two.SessionID, ""); err != nil {
			t.Error(err)
		}
		_, err = w.Authenticate(ctx, two.AccessToken)
		wants(t, "a revoked session", err, wire.CodeSignedOut)
		if err := w.Delete(ctx, p.User.ID, "user:"+p.User.ID, ""); err != nil {
			t.Fatal(err)
		}
		_, err = w.Authenticate(ctx, one.AccessToken)
		wants(t, "a deleted account", err, wire.CodeSignedOut)
		again := w.signIn(t, "ada@example.org")
		if q, err := w.Authenticate(ctx, again.AccessToken); err != nil || q.User.ID == p.User.ID {
			t.Errorf("the address is not free again: %v", err)
		}
	})
}

func TestKeysAreForPro(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		p, err := w.Authenticate(ctx, w.signIn(t, "ada@example.org").AccessToken)
		if err != nil {
			t.Fatal(err)
		}
		_, err = w.NewKey(ctx, p, wire.KeyRequest{Name: "n", Scopes: []string{"read"}}, "")
		wants(t, "a free account", err, wire.CodeTier)
		if err := w.SetTier(ctx, p.User.ID, plan.Pro, plan.Overrides{}, "admin:x", "test"); err != nil {
			t.Fatal(err)
		}
		p.User.Tier = plan.Pro
		if p.Limits, err = w.Limits(p.User); err != nil {
			t.Fatal(err)
		}
		key, err := w.NewKey(ctx, p, wire.KeyRequest{Name: "n", Scopes: []string{"read"}}, "")
		if err != nil {
			t.Fatal(err)
		}
		by, err := w.Authenticate(ctx, key.Secret)
		if err != nil || !by.May("read") || by.May("write") {
			t.Errorf("%+v, %v", by, err)
		}
		if err := w.RevokeKey(ctx, p, key.ID, ""); err != nil {
			t.Fatal(err)
		}
		_, err = w.Authenticate(ctx, key.Secret)
		wants(t, "a revoked key", err, wire.CodeSignedOut)
	})
}

func TestTrialOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		token := w.signIn(t, "ada@example.org").AccessToken
		p, err := w.Authenticate(ctx, token)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.StartTrial(ctx, p, ""); err != nil {
			t.Fatal(err)
		}
		if p, _ = w.Authenticate(ctx, token); p.Limits.Queue != plan.QueuePro || p.Limits.Tier != plan.Trial {
			t.Errorf("%+v", p.Limits)
		}
		wants(t, "a second trial", w.StartTrial(ctx, p, ""), wire.CodeConflict)
		w.now = w.now.Add(24 * time.Hour)
		u, _ := w.DB.User(ctx, p.User.ID)
		if l, _ := w.Limits(u); l.Tier != plan.Free {
			t.Errorf("after a day: %s", l.Tier)
		}
	})
}
