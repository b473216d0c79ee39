package ops_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"sampleagent/server/internal/plan"
	"sampleagent/server/internal/testbed"
	"sampleagent/sync/wire"
)

// A whole run at the lowest level of the log, in which much goes wrong that quotes what it was given:
// none of the secrets that it used stands in the log.
func TestNoSecretIsLogged(t *testing.T) {
	const (
		seal, openRouter, stripe, endpoint = "seal-5f1c0a7e9d3b48265f1c0a7e9d3b4826", "sk-or-v1-0b6c4d9f2e", "sk_test_51Kd83hF0q", "whsec_c2lnbmVkLWJ5LXVz"
		mail, hookWord, hookQuery          = "mail-password-81c2", "hook-password-77ab", "hook-token-3d9e"
	)
	// It answers as some providers do: with the key that it does not know.
	ai := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		rw.WriteHeader(http.StatusUnauthorized)
		_, _ = rw.Write([]byte(`{"error":{"message":"incorrect key: ` + r.Header.Get("Authorization") + `"}}`))
	}))
	defer ai.Close()
	hook := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		http.Error(rw, r.URL.String()+" "+r.Header.Get("Authorization")+" "+r.Header.Get("webhook-signature"), http.StatusInternalServerError)
	}))
	defer hook.Close()
	settings := []string{"LOG_LEVEL", "debug", "SECRET", seal, "OPENROUTER_KEY", openRouter, "OPENROUTER_URL", ai.URL, "WEBHOOK_ALLOW", "127.0.0.0/8",
		"STRIPE_KEY", stripe, "STRIPE_WEBHOOK_SECRET", endpoint, "STRIPE_URL", "http://127.0.0.1:1",
		"SMTP_URL", "smtp://user:" + mail + "@127.0.0.1:1", "MAIL_FROM", "noreply@example.org"}
	run := func(t *testing.T, w *world, secrets map[string]string) {
		for name, s := range map[string]string{"secret": seal, "AI key": openRouter, "Stripe key": stripe, "Stripe's webhook secret": endpoint,
			"mail password": mail, "webhook's password": hookWord, "webhook's query": hookQuery} {
			secrets[name] = s
		}
		// A sign-in: a wrong code, the code, the link, the tokens, one of them used twice.
		nobody := &user{w: w}
		nobody.call("POST", "/api/auth/code", wire.CodeRequest{Email: "ada@example.org"}, nil)
		codes, err := w.DB.LiveLoginCodes(t.Context(), "ada@example.org", w.Now())
		if err != nil || len(codes) != 1 {
			t.Fatal(err, len(codes))
		}
		code, link := w.Accounts.CodeOf(codes[0].ID), w.Accounts.LinkOf(codes[0].ID)
		secrets["code"], secrets["link"] = "="+code, link // six digits alone may stand anywhere
		get(t, w.url+"/auth/link?token="+link)
		nobody.call("POST", "/api/auth/token", map[string]string{"grant_type": "password", "code": link}, nil)
		var tokens, fresh wire.Tokens
		if resp := nobody.call("POST", "/api/auth/token", wire.TokenRequest{Grant: wire.GrantEmailCode, Email: "ada@example.org", Code: code}, &tokens); resp.StatusCode != 200 {
			t.Fatal(resp.StatusCode)
		}
		nobody.call("POST", "/api/auth/token", wire.TokenRequest{Grant: wire.GrantRefresh, RefreshToken: tokens.RefreshToken}, &fresh)
		secrets["access token"], secrets["refresh token"] = tokens.AccessToken, tokens.RefreshToken
		secrets["second access token"], secrets["second refresh token"] = fresh.AccessToken, fresh.RefreshToken
		ada := w.signIn("ada@example.org", plan.Pro)
		secrets["third access token"] = ada.token
		eve := w.browser("eve@example.org", plan.Pro)
		secrets["cookie"] = eve.cookie
		for _, page := range []string{"/account", "/samples", "/account/security", "/billing/done?session_id=" + eve.cookie} {
			eve.get(page)
		}
		eve.post("/billing/checkout", "every", "month")
		ada.call("POST", "/api/billing/checkout", map[string]string{"every": "month"}, nil)
		// Keys, webhooks, addresses that hold what they should not.
		var k wire.Key
		ada.call("POST", "/api/keys", wire.KeyRequest{Name: "k", Scopes: []string{"read"}}, &k)
		(&user{w: w, token: k.Secret}).call("GET", "/api/account", nil, nil)
		(&user{w: w, token: k.Secret + "x"}).call("GET", "/api/account", nil, nil)
		secrets["API key"] = k.Secret
		for _, address := range []string{hook.URL, "http://127.0.0.1:1"} {
			var h wire.Webhook
			at := strings.Replace(address, "//", "//user:"+hookWord+"@", 1) + "/in?token=" + hookQuery
			if resp := ada.call("POST", "/api/webhooks", wire.WebhookRequest{URL: at, Events: []string{wire.EventSampleProcessed}}, &h); resp.StatusCode != 201 {
				at = address + "/in?token=" + hookQuery
				resp = ada.call("POST", "/api/webhooks", wire.WebhookRequest{URL: at, Events: []string{wire.EventSampleProcessed}}, &h)
				if resp.StatusCode != 201 {
					t.Fatal(resp.StatusCode)
				}
			}
			ada.call("POST", "/api/webhooks/"+h.ID+"/test", nil, nil)
			secrets["secret of the webhook at "+address] = h.Secret
		}
		row, err := w.DB.UserByEmail(t.Context(), "ada@example.org")
		if err != nil {
			t.Fatal(err)
		}
		secrets["unsubscribe token"] = row.UnsubscribeToken
		get(t, w.url+"/unsubscribe/"+row.UnsubscribeToken)
		for _, path := range []string{"/api/samples?q=", "/api/jobs/", "/nowhere/", "/outbox?", "/objects/"} {
			ada.call("GET", path+ada.token, nil, nil)
			get(t, w.url+path+ada.token)
		}
		get(t, w.url+"/api/events?access_token="+ada.token)
		// Sounds: uploaded, sent to a signed address, heard, played by signed links.
		_, ok, _ := ada.upload("kick.wav", wav(t, 0.3, 1))
		content := wav(t, 0.3, 2)
		var d wire.DirectUpload
		ada.call("POST", "/api/uploads", announce("x.wav", content), &d)
		if s := putTo(t, d, content); s != 200 {
			t.Fatalf("put: %d", s)
		}
		ada.call("POST", d.Complete, nil, nil)
		job := ada.waitJob(ok.JobID)
		if job.SampleID == nil {
			t.Fatalf("%+v", job)
		}
		links := map[string]string{"signed upload": d.URL}
		for _, what := range []string{"play", "download"} {
			var l wire.Link
			if resp := ada.call("GET", "/api/samples/"+*job.SampleID+"/"+what, nil, &l, "Accept", "application/json"); resp.StatusCode != 200 {
				t.Fatal(what, resp.StatusCode)
			}
			links[what] = l.URL
			get(t, l.URL)
			get(t, l.URL+"0")
		}
		for what, l := range links {
			u, err := url.Parse(l)
			if err != nil {
				t.Fatal(err)
			}
			for name, values := range u.Query() {
				if len(values[0]) >= 32 { // the signature, and what it signs
					secrets[what+": "+name] = values[0]
				}
			}
		}
		w.waitFor("a delivery that failed", func() bool {
			var list struct{ Items []wire.Webhook }
			var tries struct{ Items []wire.WebhookTry }
			ada.call("GET", "/api/webhooks", nil, &list)
			for _, h := range list.Items {
				ada.call("GET", "/api/webhooks/"+h.ID+"/deliveries", nil, &tries)
				if len(tries.Items) == 0 || tries.Items[0].Tries == 0 {
					return false
				}
			}
			return true
		})
		w.Examine(t.Context())
		w.stop()
		log := w.log.String()
		for _, line := range []string{"route=/api/auth/token", "route=/api/upload", "route=/auth/link", `msg="AI provider"`, "send_mail", "level=DEBUG", "payment provider"} {
			if !strings.Contains(log, line) {
				t.Errorf("the log has no %s: this run shows nothing", line)
			}
		}
		for name, s := range secrets {
			if len(s) < 7 {
				t.Errorf("%s is %q", name, s)
			}
			for _, form := range []string{s, url.QueryEscape(s), url.PathEscape(s)} {
				if at := strings.Index(log, form); at >= 0 {
					t.Errorf("%s is in the log: %s", name, log[strings.LastIndex(log[:at], "\n")+1:][:400])
					break
				}
			}
		}
	}
	t.Run("SQLite and folder", func(t *testing.T) { run(t, start(t, "", env(settings...)), map[string]string{}) })
	t.Run("PostgreSQL and bucket", func(t *testing.T) {
		const password = "pg-password-4410"
		address, err := url.Parse(testbed.Postgres(t))
		if err != nil {
			t.Fatal(err)
		}
		address.User = url.UserPassword(address.User.Username(), password)
		_, _, secret := testbed.S3(t)
		run(t, start(t, address.String(), env(append(settings, bucket(t)...)...)), map[string]string{"database's password": password, "bucket's secret": secret})
	})
}
