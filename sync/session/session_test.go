package session

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"sampleagent/sync/wire"
)

// authority is the sign-in half of a server: one user, PKCE checked, refresh tokens rotating.
type authority struct {
	mu        sync.Mutex
	challenge map[string]string // code -> challenge
	refresh   string            // the one valid refresh token
	issued    int
	renewals  int
}

func (a *authority) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	switch r.URL.Path {
	case wire.PathToken:
		var in wire.TokenRequest
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		sum := sha256.Sum256([]byte(in.CodeVerifier))
		switch {
		case in.Grant == wire.GrantAuthorization && a.challenge[in.Code] == base64.RawURLEncoding.EncodeToString(sum[:]):
		case in.Grant == wire.GrantRefresh && in.RefreshToken == a.refresh && a.refresh != "":
			a.renewals++
		default:
			w.Header().Set("Content-Type", "application/problem+json")
			w.WriteHeader(http.StatusUnauthorized)
			_ = json.NewEncoder(w).Encode(wire.Problem{Status: 401, Code: wire.CodeSignedOut, Detail: "This sign-in is not known."})
			return
		}
		a.issued++
		a.refresh = fmt.Sprint("refresh-", a.issued)
		_ = json.NewEncoder(w).Encode(wire.Tokens{AccessToken: fmt.Sprint("access-", a.issued), ExpiresIn: 900, RefreshToken: a.refresh})
	case wire.PathRevoke:
		a.refresh = ""
		w.WriteHeader(http.StatusNoContent)
	case wire.PathAccount:
		_ = json.NewEncoder(w).Encode(wire.Account{ID: "u1", Email: "producer@example.org"})
	default:
		http.NotFound(w, r)
	}
}

// browser plays the person: it approves and goes where the server's redirect leads.
func (a *authority) browser(t *testing.T, change func(url.Values)) func(string) error {
	return func(address string) error {
		u, err := url.Parse(address)
		if err != nil {
			return err
		}
		q := u.Query()
		if u.Path != wire.PathAuthorize || q.Get("code_challenge_method") != "S256" || !strings.HasPrefix(q.Get("redirect_uri"), "http://127.0.0.1:") {
			t.Errorf("the browser was sent to %s", address)
		}
		a.mu.Lock()
		a.challenge = map[string]string{"code-1": q.Get("code_challenge")}
		a.mu.Unlock()
		back := url.Values{"code": {"code-1"}, "state": {q.Get("state")}}
		if change != nil {
			change(back)
		}
		go func() {
			answer, err := http.Get(q.Get("redirect_uri") + "?" + back.Encode())
			if err != nil {
				t.Error(err)
				return
			}
			answer.Body.Close()
		}()
		return nil
	}
}

func signIn(t *testing.T, v Vault) (*Session, *authority) {
	t.Helper()
	a := &authority{}
	server := httptest.NewServer(a)
	t.Cleanup(server.Close)
	s, err := SignIn(t.Context(), server.URL, "studio", v, server.Client(), a.browser(t, nil))
	if err != nil {
		t.Fatal(err)
	}
	return s, a
}

func TestSignInRenewSignOut(t *testing.T) {
	vault := &Memory{}
	s, a := signIn(t, vault)
	if s.Account.Email != "producer@example.org" || !s.Kept {
		t.Fatalf("%+v", s.Account)
	}
	if token, err := s.Token(t.Context()); err != nil || token != "access-1" {
		t.Fatal(token, err)
	}
	s.now = func() time.Time { return time.Now().Add(15 * time.Minute) }
	if token, err := s.Token(t.Context()); err != nil || token != "access-2" {
		t.Fatal(token, err)
	}
	again := Resume(s.Account, vault, s.http)
	if token, err := again.Token(t.Context()); err != nil || token != "access-3" {
		t.Fatal(token, err)
	}
	if err := again.SignOut(t.Context()); err != nil || a.refresh != "" {
		t.Fatal(err, a.refresh)
	}
	if _, err := again.Token(t.Context()); !errors.Is(err, ErrSignedOut) {
		t.Fatal(err)
	}
}

func TestManyCallersRenewOnce(t *testing.T) {
	s, a := signIn(t, &Memory{})
	stale, err := s.Token(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	for range 20 {
		group.Go(func() {
			if token, err := s.Renew(t.Context(), stale); err != nil || token != "access-2" {
				t.Error(token, err)
			}
		})
	}
	group.Wait()
	if a.renewals != 1 {
		t.Fatalf("%d renewals", a.renewals)
	}
}

// Another process renewed first: the vault holds its successor, which is used.
func TestSuccessorOfAnotherProcessIsTaken(t *testing.T) {
	vault := &Memory{}
	s, _ := signIn(t, vault)
	other := Resume(s.Account, vault, s.http)
	racing := &swap{Vault: vault, before: func() {
		if _, err := other.Token(t.Context()); err != nil {
			t.Error(err)
		}
	}}
	s.vault = racing
	if token, err := s.Renew(t.Context(), "access-1"); err != nil || token != "access-3" {
		t.Fatal(token, err)
	}
}

// swap runs something between the first read of the vault and its use.
type swap struct {
	Vault
	before func()
	once   sync.Once
}

func (v *swap) Get(ctx context.Context, key string) (string, error) {
	secret, err := v.Vault.Get(ctx, key)
	v.once.Do(v.before)
	return secret, err
}

func TestAnswersThatAreNotOurs(t *testing.T) {
	a := &authority{}
	server := httptest.NewServer(a)
	defer server.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	_, err := SignIn(ctx, server.URL, "studio", &Memory{}, server.Client(), a.browser(t, func(q url.Values) { q.Set("state", "guessed") }))
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("a wrong state ended the wait: %v", err)
	}
	_, err = SignIn(t.Context(), server.URL, "studio", &Memory{}, server.Client(), a.browser(t, func(q url.Values) {
		q.Del("code")
		q.Set("error", "access_denied")
		q.Set("error_description", "You pressed Cancel.")
	}))
	if err == nil || !strings.Contains(err.Error(), "You pressed Cancel.") {
		t.Fatal(err)
	}
}

func TestWithoutKeyringTheSignInIsForThisSession(t *testing.T) {
	s, _ := signIn(t, &broken{})
	if s.Kept {
		t.Fatal("kept without a keyring")
	}
	if _, err := s.Renew(t.Context(), "access-1"); err != nil {
		t.Fatal(err)
	}
}

type broken struct{ Memory }

func (*broken) Set(context.Context, string, string) error { return ErrNoKeyring }

// A person who closes the question for a keyring's password is not asked again at each try.
func TestALockedKeyringIsLeftAloneForAWhile(t *testing.T) {
	s, _ := signIn(t, &Memory{})
	at := time.Now()
	asked := 0
	s.now, s.access, s.vault = func() time.Time { return at }, "", lockedVault{&asked}
	for _, step := range []struct {
		later time.Duration
		asked int
	}{{0, 1}, {time.Minute, 1}, {askAgain, 2}} {
		at = at.Add(step.later)
		if _, err := s.Token(t.Context()); !errors.Is(err, ErrNoKeyring) || asked != step.asked {
			t.Errorf("%v later: asked %d times, %v", step.later, asked, err)
		}
	}
}

type lockedVault struct{ asked *int }

func (v lockedVault) Get(context.Context, string) (string, error) {
	*v.asked++
	return "", ErrNoKeyring
}
func (lockedVault) Set(context.Context, string, string) error { return ErrNoKeyring }
func (lockedVault) Delete(context.Context, string) error      { return ErrNoKeyring }

func TestServerAddresses(t *testing.T) {
	for in, want := range map[string]string{
		"cloud.example.org":         "https://cloud.example.org",
		" https://a.example/x?y ":   "https://a.example",
		"http://127.0.0.1:8404/":    "http://127.0.0.1:8404",
		"http://localhost:8404":     "http://localhost:8404",
		"http://[::1]:8404":         "http://[::1]:8404",
		"http://cloud.example.org":  "",
		"ftp://cloud.example.org":   "",
		"":                          "",
		"https://":                  "",
		"http://127.0.0.1.evil.org": "",
	} {
		got, err := CleanServer(in)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("CleanServer(%q) = %q, %v", in, got, err)
		}
	}
}

// The real Secret Service; make test starts a gnome-keyring on a bus of its own.
func TestKeyring(t *testing.T) {
	if os.Getenv("DBUS_SESSION_BUS_ADDRESS") == "" {
		if os.Getenv("CI") != "" {
			t.Fatal("no session bus: make test starts one")
		}
		t.Skip("no session bus here; make test starts one with a gnome-keyring")
	}
	k := Keyring{Service: "app.sampleagent.test", Wait: 10 * time.Second}
	key := fmt.Sprint("https://example.org|", time.Now().UnixNano())
	if _, err := k.Get(t.Context(), key); !errors.Is(err, ErrNotFound) {
		t.Fatalf("before: %v", err)
	}
	if err := k.Set(t.Context(), key, "s3cret"); err != nil {
		t.Fatal(err)
	}
	if secret, err := k.Get(t.Context(), key); err != nil || secret != "s3cret" {
		t.Fatal(secret, err)
	}
	for range 2 {
		if err := k.Delete(t.Context(), key); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := k.Get(t.Context(), key); !errors.Is(err, ErrNotFound) {
		t.Fatalf("after: %v", err)
	}
}
