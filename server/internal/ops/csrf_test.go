package ops_test

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/go-chi/chi/v5"

	"sampleagent/server/internal/plan"
)

// fromAnywhere are what programs of other sites post to by design: none of it acts by a cookie.
var fromAnywhere = []string{"POST /api/auth/code", "POST /api/auth/token", "POST /api/auth/revoke", // codes and tokens in the body
	"POST /api/billing/webhook", // signed by the payment provider
	"POST /unsubscribe/{token}", // one click in a mail program (RFC 8058)
}

// Whatever changes something, page or API, does not know who sends it when a form or script of another
// site does so in the browser of somebody signed in, operators' pages included; from our own pages it
// does.
func TestEveryFormIsRefusedFromElsewhere(t *testing.T) {
	s := openShop(t, "", operators)
	op := s.browser("op@example.org", plan.Pro)
	op.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	h, err := s.Handler()
	if err != nil {
		t.Fatal(err)
	}
	ids := regexp.MustCompile(`\{[^}]+\}`)
	send := func(method, route, header, value string) (status int, to string) {
		t.Helper()
		req, err := http.NewRequest(method, s.url+strings.TrimSuffix(ids.ReplaceAllString(route, "x"), "*"), strings.NewReader("a=b"))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set(header, value)
		resp, err := op.client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		if err := resp.Body.Close(); err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, resp.Header.Get("Location")
	}
	// Refused, as if nobody were signed in, or no such address at all.
	refused := func(status int, to string) bool {
		return slices.Contains([]int{http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound, http.StatusMethodNotAllowed}, status) ||
			status == http.StatusSeeOther && strings.HasPrefix(to, "/signin")
	}
	tried := 0
	if err := chi.Walk(h.(chi.Routes), func(method, route string, _ http.Handler, _ ...func(http.Handler) http.Handler) error {
		if slices.Contains([]string{http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodTrace, http.MethodConnect}, method) || slices.Contains(fromAnywhere, method+" "+route) {
			return nil
		}
		tried++
		for _, from := range [][2]string{{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"}, {"Origin", "https://evil.example"}, {"Origin", "null"}} {
			if status, to := send(method, route, from[0], from[1]); !refused(status, to) {
				t.Errorf("%s %s is taken with %s %s: %d %s", method, route, from[0], from[1], status, to)
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d ways to change something", tried)
	if tried < 60 {
		t.Errorf("only %d routes were tried", tried)
	}
	if status, to := send(http.MethodPost, "/account/keys", "Sec-Fetch-Site", "same-origin"); refused(status, to) {
		t.Errorf("our own page: %d %s", status, to)
	}
	if status, _ := op.get("/account"); status != http.StatusOK {
		t.Errorf("afterwards nobody is signed in: %d", status)
	}
}
