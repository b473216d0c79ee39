package ops_test

import (
	"context"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"

	"sampleagent/server/internal/plan"
)

// visitor is somebody with a browser's cookie, without a browser.
type visitor struct {
	t      testing.TB
	w      *world
	id     string
	cookie string
	client *http.Client
}

// browser signs somebody in as the sign-in page does.
func (w *world) browser(email string, tier plan.Tier) *visitor {
	w.t.Helper()
	u := w.signIn(email, tier)
	row, err := w.DB.User(w.t.Context(), u.id)
	if err != nil {
		w.t.Fatal(err)
	}
	cookie, err := w.Accounts.OpenWeb(w.t.Context(), row, "Chromium on Linux", "127.0.0.1")
	if err != nil {
		w.t.Fatal(err)
	}
	return w.visitor(u.id, cookie)
}

func (w *world) visitor(id, cookie string) *visitor {
	w.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		w.t.Fatal(err)
	}
	home, err := url.Parse(w.url)
	if err != nil {
		w.t.Fatal(err)
	}
	if cookie != "" {
		jar.SetCookies(home, []*http.Cookie{{Name: "sa_session", Value: cookie, Path: "/"}})
	}
	return &visitor{w.t, w, id, cookie, &http.Client{Jar: jar, Timeout: patience}}
}

func (v *visitor) get(path string) (int, string) {
	v.t.Helper()
	return v.read(v.client.Get(v.w.url + path))
}

// post sends a form of name, value, name, value and follows the redirect.
func (v *visitor) post(path string, pairs ...string) (int, string) {
	v.t.Helper()
	form := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Add(pairs[i], pairs[i+1])
	}
	return v.read(v.client.Post(v.w.url+path, "application/x-www-form-urlencoded", strings.NewReader(form.Encode())))
}

func (v *visitor) read(resp *http.Response, err error) (int, string) {
	v.t.Helper()
	if err != nil {
		v.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		v.t.Fatal(err)
	}
	return resp.StatusCode, string(b)
}

// fixedToken is a sign-in that does not end.
type fixedToken string

func (f fixedToken) Token(context.Context) (string, error)         { return string(f), nil }
func (f fixedToken) Renew(context.Context, string) (string, error) { return string(f), nil }
