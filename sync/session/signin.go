package session

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"html"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"sampleagent/sync/wire"
)

// SignIn opens the server's sign-in page in the system's browser and waits for it to come back
// to a port of this machine (RFC 8252 with PKCE, RFC 7636). open starts the browser; device is
// what the list of sessions shows. Cancel ctx to give up.
//
// Where the vault has no keyring behind it, the session is kept in memory and Session.Kept is
// false.
func SignIn(ctx context.Context, server, device string, v Vault, client *http.Client, open func(address string) error) (*Session, error) {
	server, err := CleanServer(server)
	if err != nil {
		return nil, err
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("sign in: open a port for the browser to come back to: %w", err)
	}
	verifier, state := random(), random()
	redirect := fmt.Sprintf("http://%s/callback", listener.Addr())
	back := &callback{state: state, answer: make(chan answer, 1)}
	loopback := &http.Server{Handler: back, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = loopback.Serve(listener) }() // ends with ErrServerClosed below
	defer func() {
		// Lets the browser finish reading the page that says it may be closed.
		grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		_ = loopback.Shutdown(grace)
	}()

	sum := sha256.Sum256([]byte(verifier))
	query := url.Values{
		"response_type": {"code"}, "client_id": {wire.DesktopClient}, "redirect_uri": {redirect}, "state": {state},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])}, "code_challenge_method": {"S256"}, "device": {device},
	}
	if err := open(server + wire.PathAuthorize + "?" + query.Encode()); err != nil {
		return nil, fmt.Errorf("sign in: open the browser: %w", err)
	}
	var got answer
	select {
	case got = <-back.answer:
	case <-ctx.Done():
		return nil, fmt.Errorf("sign in: %w", ctx.Err())
	}
	if got.err != nil {
		return nil, got.err
	}
	tokens, err := trade(ctx, client, server, wire.TokenRequest{
		Grant: wire.GrantAuthorization, Code: got.code, CodeVerifier: verifier, RedirectURI: redirect,
		ClientID: wire.DesktopClient, Device: device,
	})
	if err != nil {
		return nil, fmt.Errorf("sign in to %s: %w", server, err)
	}
	return begin(ctx, server, tokens, v, client)
}

// begin asks who the tokens belong to and stores them.
func begin(ctx context.Context, server string, tokens *wire.Tokens, v Vault, client *http.Client) (*Session, error) {
	account, err := whoami(ctx, client, server, tokens.AccessToken)
	if err != nil {
		return nil, fmt.Errorf("sign in to %s: %w", server, err)
	}
	s := Resume(Account{Server: server, ID: account.ID, Email: account.Email}, v, client)
	if err := v.Set(ctx, s.Account.key(), tokens.RefreshToken); err != nil {
		if !errors.Is(err, ErrNoKeyring) {
			return nil, err
		}
		s.vault, s.Kept = &Memory{}, false
		if err := s.vault.Set(ctx, s.Account.key(), tokens.RefreshToken); err != nil {
			return nil, err
		}
	}
	s.accept(tokens)
	return s, nil
}

// CleanServer checks a server's address as a person types it and gives scheme and host alone.
// Plain http is for this machine only: tokens must not cross a network unencrypted.
func CleanServer(address string) (string, error) {
	address = strings.TrimSpace(address)
	if address == "" {
		return "", errors.New("no server is set: give its address in the settings or in SAMPLE_AGENT_SERVER")
	}
	if !strings.Contains(address, "://") {
		address = "https://" + address
	}
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return "", fmt.Errorf("%q is not a server's address", address)
	}
	local := u.Hostname() == "localhost"
	if ip := net.ParseIP(u.Hostname()); ip != nil {
		local = ip.IsLoopback()
	}
	if u.Scheme != "https" && (u.Scheme != "http" || !local) {
		return "", fmt.Errorf("%s: the address must begin with https://", address)
	}
	return u.Scheme + "://" + u.Host, nil
}

// answer is what the browser brought back.
type answer struct {
	code string
	err  error
}

// callback is the page the browser comes back to. It takes one answer with the right state and
// ignores everything else that may knock on the port.
type callback struct {
	state  string
	answer chan answer
}

func (c *callback) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	if r.Method != http.MethodGet || r.URL.Path != "/callback" ||
		subtle.ConstantTimeCompare([]byte(query.Get("state")), []byte(c.state)) != 1 {
		http.Error(w, "This address waits for a sign-in that was started elsewhere.", http.StatusBadRequest)
		return
	}
	got, title, text := answer{code: query.Get("code")}, "You are signed in", "Go back to Sample Agent; this page may be closed."
	if reason := query.Get("error"); reason != "" || got.code == "" {
		if described := query.Get("error_description"); described != "" {
			reason = described
		}
		got.err = fmt.Errorf("the server did not sign you in: %s", reason)
		title, text = "You are not signed in", reason
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
	_, _ = fmt.Fprintf(w, page, title, title, html.EscapeString(text)) // a closed browser is no failure
	select {
	case c.answer <- got:
	default: // a reload
	}
}

const page = `<!doctype html><meta charset="utf-8"><meta name="color-scheme" content="dark light"><title>%s</title>
<style>body{font:18px/1.5 system-ui,sans-serif;display:grid;place-content:center;min-height:90vh;text-align:center}</style>
<h1>%s</h1><p>%s</p>
`

// random is 256 bits, as text that is legal as PKCE verifier and state.
func random() string {
	b := make([]byte, 32)
	_, _ = rand.Read(b) // never fails (crypto/rand)
	return base64.RawURLEncoding.EncodeToString(b)
}
