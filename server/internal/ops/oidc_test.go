package ops_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"sampleagent/server/internal/plan"
	"sampleagent/server/internal/store"
)

// provider is an OpenID provider with real RS256 keys: discovery, key set, authorization with
// PKCE and nonce, token.
type provider struct {
	*httptest.Server
	t        *testing.T
	key      *rsa.PrivateKey // that signs
	redirect string          // the one that is registered
	claims   map[string]any  // beside issuer, audience, nonce and times
	change   func(claims map[string]any)
	asked    url.Values // of the last authorization
	denies   bool
}

func newProvider(t *testing.T) *provider {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	p := &provider{t: t, key: key}
	known := jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: &key.PublicKey, KeyID: "one", Algorithm: "RS256", Use: "sig"}}}
	mux := http.NewServeMux()
	p.Server = httptest.NewServer(mux)
	t.Cleanup(p.Close)
	answer := func(w http.ResponseWriter, v any) {
		w.Header().Set("Content-Type", "application/json")
		if err := json.NewEncoder(w).Encode(v); err != nil {
			t.Error(err)
		}
	}
	mux.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, map[string]any{"issuer": p.URL, "authorization_endpoint": p.URL + "/authorize", "token_endpoint": p.URL + "/token", "jwks_uri": p.URL + "/keys",
			"response_types_supported": []string{"code"}, "subject_types_supported": []string{"public"}, "id_token_signing_alg_values_supported": []string{"RS256"}})
	})
	mux.HandleFunc("GET /keys", func(w http.ResponseWriter, _ *http.Request) { answer(w, known) })
	mux.HandleFunc("GET /authorize", func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		p.asked = q
		if q.Get("client_id") != "sample-agent" || q.Get("redirect_uri") != p.redirect || q.Get("response_type") != "code" || !strings.Contains(q.Get("scope"), "openid") ||
			q.Get("code_challenge_method") != "S256" || len(q.Get("code_challenge")) != 43 || len(q.Get("nonce")) < 16 || len(q.Get("state")) < 16 {
			t.Errorf("asked with %v", q)
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		back := url.Values{"state": {q.Get("state")}, "code": {"code-1"}}
		if p.denies {
			back = url.Values{"state": {q.Get("state")}, "error": {"access_denied"}}
		}
		http.Redirect(w, r, q.Get("redirect_uri")+"?"+back.Encode(), http.StatusFound)
	})
	mux.HandleFunc("POST /token", func(w http.ResponseWriter, r *http.Request) {
		id, secret, _ := r.BasicAuth()
		secret, err := url.QueryUnescape(secret) // RFC 6749, 2.3.1
		if err != nil {
			t.Error(err)
		}
		sum := sha256.Sum256([]byte(r.FormValue("code_verifier")))
		if id != "sample-agent" || secret != "a client secret" || r.FormValue("code") != "code-1" || r.FormValue("redirect_uri") != p.redirect ||
			base64.RawURLEncoding.EncodeToString(sum[:]) != p.asked.Get("code_challenge") {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		claims := map[string]any{"iss": p.URL, "aud": "sample-agent", "nonce": p.asked.Get("nonce"), "iat": time.Now().Unix(), "exp": time.Now().Add(time.Minute).Unix()}
		for k, v := range p.claims {
			claims[k] = v
		}
		if p.change != nil {
			p.change(claims)
		}
		signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: p.key}, (&jose.SignerOptions{}).WithHeader("kid", "one"))
		if err != nil {
			t.Error(err)
			return
		}
		token, err := jwt.Signed(signer).Claims(claims).Serialize()
		if err != nil {
			t.Error(err)
			return
		}
		answer(w, map[string]any{"access_token": "x", "token_type": "Bearer", "expires_in": 60, "id_token": token})
	})
	return p
}

// signIn walks a fresh browser from our sign-in page through the provider and back.
func (p *provider) signIn(w *world, next string) (status int, at *url.URL, page string) {
	p.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		p.t.Fatal(err)
	}
	resp, err := (&http.Client{Jar: jar, Timeout: patience}).Get(w.url + "/auth/oidc?next=" + url.QueryEscape(next))
	if err != nil {
		p.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return resp.StatusCode, resp.Request.URL, string(b)
}

func withProvider(t *testing.T) (*world, *provider) {
	p := newProvider(t)
	w := start(t, "", idle, env("OIDC_ISSUER", p.URL, "OIDC_CLIENT_ID", "sample-agent", "OIDC_CLIENT_SECRET", "a client secret", "OIDC_NAME", "Example ID"))
	p.redirect = w.Config.PublicURL + "/auth/oidc/callback"
	return w, p
}

func TestSignInElsewhere(t *testing.T) {
	w, p := withProvider(t)
	if _, page := w.visitor("", "").get("/signin"); !strings.Contains(page, "Continue with Example ID") {
		t.Error("no button")
	}
	p.claims = map[string]any{"sub": "s-1", "email": "Ada@Example.org", "email_verified": true}
	if status, at, _ := p.signIn(w, "/samples"); status != 200 || at.Path != "/samples" {
		t.Fatalf("%d %s\n%s", status, at, w.log)
	}
	ada, err := w.DB.UserByEmail(t.Context(), "ada@example.org")
	if err != nil {
		t.Fatal(err)
	}
	// The same person under another address is the same account.
	p.claims = map[string]any{"sub": "s-1", "email": "new@example.org", "email_verified": true}
	if status, _, _ := p.signIn(w, "https://evil.example/"); status != 200 {
		t.Errorf("again: %d", status)
	}
	if _, err := w.DB.UserByEmail(t.Context(), "new@example.org"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("a second account: %v", err)
	}
	if sessions, err := w.DB.Sessions(t.Context(), ada.ID, w.Now()); err != nil || len(sessions) != 2 {
		t.Errorf("%d sessions, %v", len(sessions), err)
	}
	// An account that signed in by code is joined when the address is verified, and only then.
	bob := w.signIn("bob@example.org", plan.Pro)
	p.claims = map[string]any{"sub": "s-2", "email": "bob@example.org", "email_verified": false}
	if status, _, page := p.signIn(w, "/samples"); status != 403 || !strings.Contains(page, "not verified") {
		t.Errorf("not verified: %d", status)
	}
	p.claims["email_verified"] = true
	if status, at, _ := p.signIn(w, "/samples"); status != 200 || at.Path != "/samples" {
		t.Errorf("verified: %d %s", status, at)
	}
	if u, err := w.DB.UserByIdentity(t.Context(), p.URL, "s-2"); err != nil || u.ID != bob.id || u.Tier != plan.Pro {
		t.Errorf("%+v %v", u, err)
	}
	for _, f := range w.Examine(t.Context()) {
		if f.Part == "sign-in elsewhere" && f.State != "ok" {
			t.Errorf("%+v", f)
		}
	}
}

// Every answer that does not hold is refused, and makes no account.
func TestSignInElsewhereRefuses(t *testing.T) {
	w, p := withProvider(t)
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	real := p.key
	for what, change := range map[string]func(map[string]any){
		"another nonce":    func(c map[string]any) { c["nonce"] = "0123456789abcdef" },
		"no nonce":         func(c map[string]any) { delete(c, "nonce") },
		"another audience": func(c map[string]any) { c["aud"] = "somebody-else" },
		"another issuer":   func(c map[string]any) { c["iss"] = "https://evil.example" },
		"ended":            func(c map[string]any) { c["exp"] = time.Now().Add(-time.Hour).Unix() },
		"another key":      func(map[string]any) { p.key = other },
	} {
		p.key, p.change, p.claims = real, change, map[string]any{"sub": "s-9", "email": "eve@example.org", "email_verified": true}
		if status, _, page := p.signIn(w, "/samples"); status != 403 {
			t.Errorf("%s: %d %.200s", what, status, page)
		}
	}
	p.key, p.change, p.denies = real, nil, true
	if status, _, _ := p.signIn(w, "/samples"); status != 403 {
		t.Errorf("denied: %d", status)
	}
	p.denies = false
	// An answer in a browser that did not ask, as in a forged link.
	if status, _ := w.visitor("", "").get("/auth/oidc/callback?code=code-1&state=0123456789abcdef"); status != 400 {
		t.Errorf("forged: %d", status)
	}
	if _, err := w.DB.UserByEmail(t.Context(), "eve@example.org"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("an account was made: %v", err)
	}
	if strings.Contains(w.log.String(), "a client secret") {
		t.Error("the client secret is in the log")
	}
}

func TestServerStartsWhileTheProviderIsAway(t *testing.T) {
	w := start(t, "", idle, env("OIDC_ISSUER", "http://127.0.0.1:1", "OIDC_CLIENT_ID", "sample-agent"))
	v := w.visitor("", "")
	if status, _ := v.get("/signin"); status != 200 {
		t.Errorf("sign-in page: %d", status)
	}
	if status, page := v.get("/auth/oidc"); status != 502 || !strings.Contains(page, "e-mail code") {
		t.Errorf("%d %.300s", status, page)
	}
	for _, f := range w.Examine(t.Context()) {
		if f.Part == "sign-in elsewhere" && f.State != "wrong" {
			t.Errorf("%+v", f)
		}
	}
}
