package ops_test

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"sampleagent/server/internal/plan"
)

// Every page, as nobody and as somebody: what it says, that strangers are sent to the sign-in,
// and that no page may load anything from elsewhere.
func TestPages(t *testing.T) {
	w := start(t, "", idle)
	ada := w.signIn("ada@example.org", plan.Free)
	row, err := w.DB.User(t.Context(), ada.id)
	if err != nil {
		t.Fatal(err)
	}
	cookie, err := w.Accounts.OpenWeb(t.Context(), row, "browser", "")
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	get := func(path string, signedIn bool) (*http.Response, string) {
		t.Helper()
		req, err := http.NewRequest(http.MethodGet, w.url+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		if signedIn {
			req.AddCookie(&http.Cookie{Name: "sa_session", Value: cookie})
		}
		resp, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		text, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp, string(text)
	}
	for _, c := range []struct {
		path     string
		nobody   int
		somebody int
		says     string
	}{
		{"/", 200, 200, "found by ear"},
		{"/pricing", 200, 200, "$9.99"},
		{"/signin", 200, 303, ""},
		{"/outbox", 200, 200, "Outbox"},
		{"/upload", 303, 200, "10 left until"},
		{"/jobs", 303, 200, "No jobs yet"},
		{"/samples", 303, 200, "Nothing here yet"},
		{"/samples?q=gone", 303, 200, "Nothing fits"},
		{"/account", 303, 200, "ada@example.org"},
		{"/account/security", 303, 200, "Signed in"},
		{"/account/notifications", 303, 200, "Nothing happened"},
		{"/account/webhooks", 303, 200, "Add a webhook"},
		{"/account/webhooks/01a20a33-ec2c-72b1-ab00-ff554f58d353", 303, 404, "not yours"},
		{"/jobs/01a20a33-ec2c-72b1-ab00-ff554f58d353", 303, 404, "not yours"},
		{"/samples/01a20a33-ec2c-72b1-ab00-ff554f58d353", 303, 404, "not yours"},
		{"/nothing", 404, 404, "no such page"},
		{"/auth/authorize?client_id=desktop&redirect_uri=https://evil.example/callback", 400, 400, "not"},
	} {
		resp, _ := get(c.path, false)
		if resp.StatusCode != c.nobody {
			t.Errorf("%s as nobody: %d, want %d", c.path, resp.StatusCode, c.nobody)
		}
		if to := resp.Header.Get("Location"); c.nobody == 303 && !strings.HasPrefix(to, "/signin?next=") {
			t.Errorf("%s as nobody leads to %s", c.path, to)
		}
		resp, text := get(c.path, true)
		if resp.StatusCode != c.somebody || !strings.Contains(text, c.says) {
			t.Errorf("%s: %d, want %d and %q: %.300s", c.path, resp.StatusCode, c.somebody, c.says, text)
		}
		if csp := resp.Header.Get("Content-Security-Policy"); resp.StatusCode != 303 && !strings.HasPrefix(csp, "default-src 'none'; script-src 'self'") {
			t.Errorf("%s: policy %q", c.path, csp)
		}
	}
	for _, file := range []string{"/static/app.css", "/static/app.js", "/static/upload.js", "/static/player.js", "/static/icon.svg"} {
		if resp, _ := get(file, false); resp.StatusCode != 200 || resp.Header.Get("Cache-Control") == "" {
			t.Errorf("%s: %d", file, resp.StatusCode)
		}
	}
}

// A tab whose session has ended posts a form: nothing is done, and after the sign-in the form's page
// says so. A sign-in link that has ended leads to a new one.
func TestSignedOutTabsAndEndedLinks(t *testing.T) {
	w := start(t, "", idle)
	for referer, next := range map[string]string{
		w.url + "/account/webhooks?page=2": "/account/webhooks?notice=not-done&page=2",
		"https://evil.example/account":     "/?notice=not-done",
		w.url + "//evil.example/":          "/upload",
		"":                                 "/?notice=not-done",
	} {
		resp, _ := w.ask("POST", "/account/webhooks", "url=x", "Content-Type", "application/x-www-form-urlencoded", "Referer", referer)
		if to := resp.Header.Get("Location"); resp.StatusCode != 303 || to != "/signin?next="+url.QueryEscape(next) {
			t.Errorf("from %q: %d to %s", referer, resp.StatusCode, to)
		}
	}
	ada := w.browser("ada@example.org", plan.Free)
	if _, page := ada.get("/account?notice=not-done"); !strings.Contains(page, "what you sent was not done") {
		t.Error("the page does not say that nothing was done")
	}
	resp, page := w.ask("POST", "/auth/link", "token=gone", "Content-Type", "application/x-www-form-urlencoded")
	if resp.StatusCode != 401 || !strings.Contains(page, "Here you get a new one") || !strings.Contains(page, `action="/signin"`) {
		t.Errorf("an ended link: %d %.500s", resp.StatusCode, page)
	}
}
