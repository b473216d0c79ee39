package ops_test

import (
	"context"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"sampleagent/server/internal/plan"
	"sampleagent/sync/session"
	"sampleagent/sync/wire"
)

// TestDesktopSignsInThroughABrowser runs the desktop's own sign-in against the server's pages,
// with a plain HTTP client in the browser's place.
func TestDesktopSignsInThroughABrowser(t *testing.T) {
	w := start(t, "")
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	browser := &http.Client{Jar: jar, Timeout: patience}
	read := func(resp *http.Response, err error) string {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		b, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		if csp := resp.Header.Get("Content-Security-Policy"); resp.Request.URL.Port() == w.Config.Listen[strings.LastIndexByte(w.Config.Listen, ':')+1:] && !strings.Contains(csp, "default-src 'none'") {
			t.Errorf("%s: policy %q", resp.Request.URL, csp)
		}
		return string(b)
	}
	hidden := regexp.MustCompile(`<input type="hidden" name="([a-z_]+)" value="([^"]*)"`)
	form := func(page string) url.Values {
		v := url.Values{}
		for _, m := range hidden.FindAllStringSubmatch(page, -1) {
			v.Set(m[1], strings.ReplaceAll(strings.ReplaceAll(m[2], "&amp;", "&"), "&#43;", "+"))
		}
		return v
	}
	open := func(address string) error {
		go func() {
			page := read(browser.Get(address))
			if !strings.Contains(page, "we mail you a code") {
				t.Errorf("no sign-in page: %s", page)
			}
			v := form(page)
			v.Set("email", "ada@example.org")
			page = read(browser.PostForm(w.url+"/signin", v))
			w.waitFor("mail", func() bool { return len(w.mails("ada@example.org")) == 1 })
			if mails := read(browser.Get(w.url + "/outbox")); !strings.Contains(mails, "is your sign-in code") {
				t.Errorf("the page of mails: %s", mails)
			}
			v = form(page[:strings.LastIndex(page, "<form")])
			v.Set("code", subject.FindStringSubmatch(w.mails("ada@example.org")[0])[1])
			page = read(browser.PostForm(w.url+"/signin/code", v))
			if !strings.Contains(page, "Let the desktop in?") {
				t.Errorf("no question: %s", page)
			}
			v = form(page)
			v.Set("answer", "yes")
			read(browser.PostForm(w.url+"/auth/authorize", v))
		}()
		return nil
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	s, err := session.SignIn(ctx, w.url, "studio", vault{}, http.DefaultClient, open)
	if err != nil {
		t.Fatal(err)
	}
	_ = s
	u, err := w.DB.UserByEmail(ctx, "ada@example.org")
	if err != nil {
		t.Fatal(err)
	}
	sessions, err := w.DB.Sessions(ctx, u.ID, w.Now())
	if err != nil || len(sessions) != 2 {
		t.Errorf("%d sessions, %v", len(sessions), err)
	}
}

func TestAFormFromElsewhereChangesNothing(t *testing.T) {
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
	req, err := http.NewRequest("DELETE", w.url+"/api/account", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.AddCookie(&http.Cookie{Name: "sa_session", Value: cookie})
	req.Header.Set("Origin", "https://evil.example")
	req.Header.Set("Sec-Fetch-Site", "cross-site")
	nobody := &user{w: w}
	var p wire.Problem
	if resp := nobody.do(req, &p); resp.StatusCode != 403 {
		t.Errorf("%d %+v", resp.StatusCode, p)
	}
	if _, err := w.DB.User(t.Context(), ada.id); err != nil {
		t.Errorf("the account is gone: %v", err)
	}
}

// vault keeps secrets in memory.
type vault map[string]string

func (v vault) Get(_ context.Context, key string) (string, error) {
	if s, ok := v[key]; ok {
		return s, nil
	}
	return "", session.ErrNotFound
}
func (v vault) Set(_ context.Context, key, secret string) error { v[key] = secret; return nil }
func (v vault) Delete(_ context.Context, key string) error      { delete(v, key); return nil }
