package ops_test

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"net/http/httptest"
	"net/mail"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"sampleagent/server/internal/plan"
	"sampleagent/server/internal/store"
	"sampleagent/server/internal/tenant"
	"sampleagent/sync/wire"
)

// leads is a client for which names of hosts lead to servers, as DNS would say it; the rest is
// not found.
func leads(hosts map[string]string) *http.Client {
	dial := func(ctx context.Context, network, address string) (net.Conn, error) {
		host, _, err := net.SplitHostPort(address)
		if err != nil {
			return nil, err
		}
		if hosts[host] == "" {
			return nil, fmt.Errorf("no such host")
		}
		return new(net.Dialer).DialContext(ctx, network, hosts[host])
	}
	return &http.Client{Transport: &http.Transport{DialContext: dial, DisableKeepAlives: true}, Timeout: patience}
}

// logo is a picture of one colour.
func logo(t *testing.T, wide int, c color.Color) []byte {
	t.Helper()
	m := image.NewNRGBA(image.Rect(0, 0, wide, 96))
	for y := range 96 {
		for x := range wide {
			if (x/12+y/12)%2 == 0 {
				m.Set(x, y, c)
			}
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func said(s string) *string { return &s }

// at is a page as a browser asks for it by a host's name.
func (w *world) at(host, path string) (*http.Response, string) {
	w.t.Helper()
	req, err := http.NewRequest(http.MethodGet, w.url+path, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	req.Host = host
	resp, err := w.client.Do(req)
	if err != nil {
		w.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return resp, string(b)
}

// A tenant's host counts while it leads here and its account may have it, and never for anything
// that is not its own: not for another's host, ours, or one that leads elsewhere.
func TestTenantsHostsAreTheirOwn(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		acme, zeta := w.signIn("boss@acme.example.org", plan.Enterprise), w.signIn("boss@zeta.example.org", plan.Enterprise)
		pro := w.signIn("pro@example.org", plan.Pro)
		elsewhere := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) { io.WriteString(rw, "hello") }))
		defer elsewhere.Close()
		hosts := map[string]string{"sounds.acme.test": w.Config.Listen, "stolen.example.test": elsewhere.Listener.Addr().String()}
		w.Tenants.Client = leads(hosts)
		named := func(name, host string) tenant.Change { return tenant.Change{Name: &name, Host: &host} }
		if _, err := w.Tenants.Set(ctx, pro.id, named("Pro", "pro.test.example"), "admin:op", "x"); err == nil || !strings.Contains(err.Error(), "plan") {
			t.Errorf("a pro account: %v", err)
		}
		if _, err := w.Tenants.Set(ctx, acme.id, named("Acme", "sounds.acme.test"), "admin:op", " "); err == nil {
			t.Error("set without a reason")
		}
		row, err := w.Tenants.Set(ctx, acme.id, named("Acme Sounds", "Sounds.Acme.Test"), "admin:op", "contract 17")
		if err != nil || row.Wrong != "" || row.ProvenAt == 0 {
			t.Fatalf("%v %+v", err, row)
		}
		for _, taken := range []string{"sounds.acme.test", "x.sounds.acme.test", "acme.test", "127.0.0.1"} {
			if _, err := w.Tenants.Set(ctx, zeta.id, named("Zeta", taken), "admin:op", "x"); err == nil {
				t.Errorf("%s is given to Zeta too", taken)
			}
		}
		shows := func(host, want string) {
			t.Helper()
			if _, page := w.at(host, "/pricing"); !strings.Contains(page, want+"</title>") {
				t.Errorf("%s is not headed %s: %.300s", host, want, page)
			}
		}
		shows("sounds.acme.test:8404", "Acme Sounds")
		shows("sounds.acme.test", "Acme Sounds")
		shows(w.Config.Listen, tenant.OwnName)
		shows("never.heard.of", tenant.OwnName)
		// Zeta's host leads to somebody else: no page, and no sign-in link leads there.
		row, err = w.Tenants.Set(ctx, zeta.id, named("Zeta", "stolen.example.test"), "admin:op", "contract 18")
		if err != nil || row.ProvenAt != 0 || !strings.Contains(row.Wrong, "another server") {
			t.Fatalf("%v %+v", err, row)
		}
		shows("stolen.example.test", tenant.OwnName)
		if b := w.Tenants.Of(row.ID); b.Name != "Zeta" || b.Address != w.Config.PublicURL {
			t.Errorf("mails of Zeta: %s, links to %s", b.Name, b.Address)
		}
		// Only this server can answer for a host, and only for a tenant's.
		for _, host := range []string{w.Config.Listen, "never.heard.of"} {
			if resp, _ := w.at(host, tenant.ProofPath+"?nonce="+strings.Repeat("0", 64)); resp.StatusCode != 404 {
				t.Errorf("a proof for %s: %d", host, resp.StatusCode)
			}
		}
		// The name goes to somebody else: looked at every hour, it ends within a day.
		if row, err = w.DB.TenantOf(ctx, acme.id); err != nil {
			t.Fatal(err)
		}
		hosts["sounds.acme.test"] = elsewhere.Listener.Addr().String()
		w.later(time.Hour)
		if err := w.Tenants.Look(ctx, row); err != nil {
			t.Fatal(err)
		}
		shows("sounds.acme.test", "Acme Sounds")
		w.later(tenant.Trust + time.Minute)
		if err := w.Tenants.Look(ctx, row); err != nil {
			t.Fatal(err)
		}
		shows("sounds.acme.test", tenant.OwnName)
		hosts["sounds.acme.test"] = w.Config.Listen
		if err := w.Tenants.Look(ctx, row); err != nil {
			t.Fatal(err)
		}
		shows("sounds.acme.test", "Acme Sounds")
		follows := func(what, want string) {
			t.Helper()
			w.waitFor(what, func() bool {
				_, page := w.at("sounds.acme.test", "/pricing")
				return strings.Contains(page, want+"</title>")
			})
		}
		// Without the plan the host shows our name; with it again, theirs.
		if err := w.Accounts.SetTier(ctx, acme.id, plan.Pro, plan.Overrides{}, "admin:op", "no longer"); err != nil {
			t.Fatal(err)
		}
		follows("the plan is gone", tenant.OwnName)
		if err := w.Accounts.SetTier(ctx, acme.id, plan.Enterprise, plan.Overrides{}, "admin:op", "again"); err != nil {
			t.Fatal(err)
		}
		if err := w.Tenants.Join(ctx, pro.id, "sounds.acme.test", "admin:op", "works there"); err != nil {
			t.Fatal(err)
		}
		follows("the plan is back", "Acme Sounds")
		if u, err := w.DB.User(ctx, pro.id); err != nil || u.TenantID != row.ID {
			t.Errorf("%v %q", err, u.TenantID)
		}
		for state, want := range map[string]string{"off": tenant.OwnName, "on": "Acme Sounds"} {
			if err := w.Features.Turn(ctx, string(plan.FeatureWhiteLabel), state, "admin:op", "to see it"); err != nil {
				t.Fatal(err)
			}
			follows("white label "+state, want)
		}
		if err := w.Features.Turn(ctx, string(plan.FeatureWhiteLabel), "default", "admin:op", "seen"); err != nil {
			t.Fatal(err)
		}
		follows("the feature as set", "Acme Sounds")
		if err := w.Tenants.Remove(ctx, acme.id, "admin:op", "over"); err != nil {
			t.Fatal(err)
		}
		shows("sounds.acme.test", tenant.OwnName)
		if u, err := w.DB.User(ctx, pro.id); err != nil || u.TenantID != "" {
			t.Errorf("a member of what is gone: %v %q", err, u.TenantID)
		}
		log, err := w.DB.AuditLog(ctx, acme.id, "", 50)
		if err != nil {
			t.Fatal(err)
		}
		seen := map[string]string{}
		for _, a := range log {
			seen[a.Action] += a.Actor + " " + a.Detail.V["reason"] + ";"
		}
		if seen["tenant.set"] != "admin:op contract 17;" || seen["tenant.removed"] != "admin:op over;" {
			t.Errorf("the log: %v", seen)
		}
	}, idle)
}

// setTenant sends the operators' form.
func (v *visitor) setTenant(account string, logo []byte, pairs ...string) (int, string) {
	v.t.Helper()
	var b bytes.Buffer
	m := multipart.NewWriter(&b)
	for i := 0; i < len(pairs); i += 2 {
		if err := m.WriteField(pairs[i], pairs[i+1]); err != nil {
			v.t.Fatal(err)
		}
	}
	if logo != nil {
		part, err := m.CreateFormFile("logo", "logo.png")
		if err == nil {
			_, err = part.Write(logo)
		}
		if err != nil {
			v.t.Fatal(err)
		}
	}
	if err := m.Close(); err != nil {
		v.t.Fatal(err)
	}
	return v.read(v.client.Post(v.w.url+"/admin/users/"+account+"/tenant", m.FormDataContentType(), &b))
}

// looksOf is what a page is headed with and coloured in, as the browser shows it.
type looksOf struct {
	Title, Name, Bar, Fill, Text string
	Logo                         float64 // its width
}

func (v *chromium) looksOf(path string) (l looksOf) {
	v.t.Helper()
	v.open(path)
	v.until("pictures", `[...document.images].every(i => i.complete)`)
	return eval[looksOf](v, `(() => { const c = (s, p) => getComputedStyle(document.querySelector(s))[p], i = document.querySelector('.brand img'); return {
		Title: document.title, Name: document.querySelector('.brand').textContent.trim(), Bar: c('header.top', 'backgroundColor'), Fill: c('main .button', 'backgroundColor'),
		Text: document.body.innerText, Logo: i && i.src.includes('/brand/logo.png') ? i.naturalWidth : 0 } })()`)
}

// unreadable lists texts of the page whose contrast to their ground is below what WCAG 2.2 asks
// for (1.4.3, AA).
const unreadable = `(() => {
	const lin = v => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
	const lum = c => 0.2126 * lin(c[0]) + 0.7152 * lin(c[1]) + 0.0722 * lin(c[2]);
	const rgb = s => { const m = s.match(/[\d.]+/g).map(Number); return m.length < 4 ? [...m, 1] : m; };
	const ground = e => { for (; e; e = e.parentElement) { const c = rgb(getComputedStyle(e).backgroundColor); if (c[3] === 1) return c; } return [255, 255, 255, 1]; };
	const bad = [], walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
	for (let n; n = walk.nextNode();) {
		const e = n.parentElement, s = getComputedStyle(e), box = e.getBoundingClientRect();
		if (!n.textContent.trim() || !box.width || s.visibility !== 'visible' || e.closest('.hidden, .skip, option, script')) continue;
		const a = lum(rgb(s.color)), b = lum(ground(e)), ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
		const large = parseFloat(s.fontSize) >= 24 || parseFloat(s.fontSize) >= 18.66 && s.fontWeight >= 700;
		if (ratio < (large ? 3 : 4.5)) bad.push(n.textContent.trim().slice(0, 30) + ' ' + ratio.toFixed(2));
	}
	return bad.join('; ');
})()`

// readable waits until every text of the page can be read: a colour may be on its way to another.
func (v *chromium) readable() {
	v.t.Helper()
	page := eval[string](v, `location.href + (matchMedia('(prefers-color-scheme: dark)').matches ? ', dark' : ', light')`)
	bad := ""
	v.w.waitFor(page+": enough contrast", func() bool {
		if now := eval[string](v, unreadable); now != bad {
			bad = now
			v.t.Logf("%s: too little contrast: %s", page, bad)
		}
		return bad == ""
	})
}

// Two tenants and ourselves on one server, in a real browser under three names: each shows its
// name, logo and colours, everything can be read in both themes, one sign-in counts for one host,
// sounds play, and mails carry the brand and lead back to its host.
func TestTwoHostsTwoNames(t *testing.T) {
	w := start(t, "", operators)
	_, port, err := net.SplitHostPort(w.Config.Listen)
	if err != nil {
		t.Fatal(err)
	}
	w.Tenants.Client = leads(map[string]string{"sounds.acme.test": w.Config.Listen, "beats.zeta.test": w.Config.Listen})
	acme, zeta := w.signIn("boss@acme.example.org", plan.Enterprise), w.signIn("boss@zeta.example.org", plan.Enterprise)
	op := w.browser("op@example.org", plan.Free)
	// An operator does it on the page; what is wrong is said there.
	if status, page := op.setTenant(acme.id, []byte("<svg>"), "name", "Acme Sounds", "host", "sounds.acme.test", "accent", "#ffd400", "bar", "#5b6fae", "reason", "contract 17"); status != 422 || !strings.Contains(page, "not a PNG, JPEG or WebP") {
		t.Errorf("an SVG as logo: %d", status)
	}
	if status, page := op.setTenant(acme.id, logo(t, 300, color.NRGBA{255, 212, 0, 255}), "name", "Acme Sounds", "host", "sounds.acme.test", "accent", "#ffd400", "bar", "#5b6fae", "reason", "contract 17"); status != 200 || !strings.Contains(page, "sounds.acme.test leads here") {
		t.Fatalf("%d %s", status, page)
	}
	if status, _ := w.browser("eve@example.org", plan.Enterprise).setTenant(acme.id, nil, "name", "Eve", "host", "eve.test.example", "accent", "#000000", "reason", "mine"); status != 404 {
		t.Errorf("somebody else: %d", status)
	}
	if _, err := w.Tenants.Set(t.Context(), zeta.id, tenant.Change{Name: said("Zeta Beats"), Host: said("beats.zeta.test"), Accent: said("#101080"), Logo: logo(t, 96, color.NRGBA{20, 20, 120, 255})}, "admin:op", "contract 18"); err != nil {
		t.Fatal(err)
	}
	if _, page := op.get("/admin/tenants"); !strings.Contains(page, "Zeta Beats") || strings.Count(page, "leads here") != 2 {
		t.Errorf("the list: %s", page)
	}
	v := browse(t, w, func(text, url string) {
		// Named hosts are served over https, where this header counts; the test has no certificate.
		if !strings.HasPrefix(text, "The Cross-Origin-Opener-Policy header has been ignored") {
			t.Error("the browser says:", text, url)
		}
	}, "sounds.acme.test", "beats.zeta.test")
	ours, atAcme, atZeta := *v, *v, *v
	atAcme.home, atZeta.home = "http://sounds.acme.test:"+port, "http://beats.zeta.test:"+port
	// The other names are in no text, the own one is.
	for name, c := range map[string]struct {
		v         *chromium
		bar, fill string
		logo      float64
	}{
		tenant.OwnName: {&ours, "rgb(25, 28, 33)", "rgb(255, 138, 60)", 0},
		"Acme Sounds":  {&atAcme, "rgb(91, 111, 174)", "rgb(255, 212, 0)", 300 * 128 / 128},
		"Zeta Beats":   {&atZeta, "rgb(25, 28, 33)", "rgb(16, 16, 128)", 96},
	} {
		c.v.look(1280, "dark")
		l := c.v.looksOf("/")
		if l.Title != name || l.Name != name || l.Bar != c.bar || l.Fill != c.fill || l.Logo != c.logo || !strings.Contains(l.Text, name+" listens") {
			t.Errorf("%s looks like %+v", name, l)
		}
		for _, other := range []string{tenant.OwnName, "Acme Sounds", "Zeta Beats"} {
			if other != name && strings.Contains(l.Text, other) {
				t.Errorf("%s names %s: %s", name, other, l.Text)
			}
		}
		for _, path := range []string{"/", "/pricing", "/signin"} {
			c.v.open(path)
			for _, theme := range []string{"dark", "light"} {
				c.v.look(1280, theme)
				c.v.readable()
			}
		}
	}
	atAcme.open("/")
	atAcme.shoot("tenant")
	atZeta.open("/signin")
	atZeta.shoot("tenant-signin")

	// Somebody new signs in at Acme's host by the mail's link.
	atAcme.open("/signin")
	v.do("ask for the code", chromedp.SendKeys(css(`input[name=email]`), "ada@acme.example.org\r"), chromedp.WaitVisible(css(`input.code`)))
	w.waitFor("mail", func() bool { return len(w.mails("ada@acme.example.org")) == 1 })
	letter := w.branded("ada@acme.example.org", 0, "Acme Sounds", atAcme.home, true)
	link := letter[strings.Index(letter, atAcme.home+"/auth/link?token="):]
	link = link[:strings.IndexAny(link, "\r\n\" <")]
	atAcme.open(strings.TrimPrefix(link, atAcme.home))
	v.do("press", chromedp.Click(css(`main .button`)), chromedp.WaitVisible(css(`[data-upload]`)))
	ada, err := w.DB.UserByEmail(t.Context(), "ada@acme.example.org")
	if err != nil || ada.Tier != plan.Free {
		t.Fatal(err, ada)
	}
	if owner, err := w.DB.TenantOf(t.Context(), acme.id); err != nil || ada.TenantID != owner.ID {
		t.Errorf("Ada belongs to %q: %v", ada.TenantID, err)
	}
	v.submitElsewhere("loop.wav")
	var samples []store.Sample
	w.waitFor("the sound", func() bool {
		samples, err = w.DB.Samples(t.Context(), ada.ID, store.SampleFilter{}, 1)
		return err == nil && len(samples) == 1
	})
	atAcme.open("/samples/" + samples[0].ID)
	v.until("it plays from Acme's host", `document.querySelector('audio').duration > 0 && document.querySelector('audio').currentSrc.startsWith(location.origin)`)
	for _, path := range []string{"/samples/" + samples[0].ID, "/upload", "/jobs", "/samples", "/account", "/account/security"} {
		atAcme.open(path)
		for _, theme := range []string{"dark", "light"} {
			v.look(1280, theme)
			v.readable()
		}
		if text := eval[string](v, `document.body.innerText`); strings.Contains(text, tenant.OwnName) {
			t.Errorf("%s at Acme's names us", path)
		}
	}
	atAcme.open("/account")
	atAcme.shoot("tenant-account")
	w.waitFor("mail of the sound", func() bool { return len(w.mails("ada@acme.example.org")) == 2 })
	w.branded("ada@acme.example.org", 1, "Acme Sounds", atAcme.home+"/samples/"+samples[0].ID, true)
	// The sign-in is Acme's host's alone.
	for _, other := range []*chromium{&ours, &atZeta} {
		other.open("/samples")
		if !eval[bool](v, `location.pathname === '/signin'`) {
			t.Errorf("signed in at %s too", other.home)
		}
	}
	// An account of ours that signs in at Zeta's stays ours; the mail of that is Zeta's.
	w.signIn("old@example.org", plan.Free)
	atZeta.open("/signin")
	v.do("ask for the code", chromedp.SendKeys(css(`input[name=email]`), "old@example.org\r"), chromedp.WaitVisible(css(`input.code`)))
	mails := func() int { return len(w.mails("old@example.org")) }
	w.waitFor("mail", func() bool { return mails() == 2 })
	w.branded("old@example.org", 0, tenant.OwnName, w.url, false)
	w.branded("old@example.org", 1, "Zeta Beats", atZeta.home, true)
	if old, err := w.DB.UserByEmail(t.Context(), "old@example.org"); err != nil || old.TenantID != "" {
		t.Errorf("%v %q", err, old.TenantID)
	}
	// Operators' pages are at our host only.
	if resp, _ := w.at("sounds.acme.test", "/admin"); resp.StatusCode != 404 {
		t.Errorf("/admin at a tenant's: %d", resp.StatusCode)
	}
}

// branded checks who a mail is from and where it leads; it gives the mail's text.
func (w *world) branded(to string, n int, name, link string, hasLogo bool) string {
	w.t.Helper()
	raw := w.mails(to)[n]
	m, err := mail.ReadMessage(strings.NewReader(raw))
	if err != nil {
		w.t.Fatal(err)
	}
	from, err := mail.ParseAddress(m.Header.Get("From"))
	if err != nil || from.Name != name || from.Address != "noreply@localhost" {
		w.t.Errorf("mail %d to %s is from %v %v", n, to, from, err)
	}
	whole := strings.NewReplacer("=\r\n", "", "=\n", "", "=3D", "=").Replace(raw)
	if !strings.Contains(whole, link) || strings.Contains(whole, "cid:logo") != hasLogo || strings.Contains(strings.ToLower(whole), "content-id: <logo>") != hasLogo {
		w.t.Errorf("mail %d to %s does not lead to %s, or its logo is not as it should be:\n%.3000s", n, to, link, whole)
	}
	if name != tenant.OwnName && (strings.Contains(whole, tenant.OwnName) || strings.Contains(whole, w.url+"/")) {
		w.t.Errorf("mail %d to %s names us:\n%.3000s", n, to, whole)
	}
	return whole
}

// The command does the same as the page, with the operating system's user in the log.
func TestTenantCommand(t *testing.T) {
	w := start(t, "", idle)
	acme := w.signIn("boss@acme.example.org", plan.Enterprise)
	w.signIn("ada@example.org", plan.Free)
	out, err := w.command("admin", "tenant", "set", "boss@acme.example.org", "--name", "Acme Sounds", "--host", "acme-sounds.invalid", "--accent", "#ffd400", "--reason", "contract 17")
	if err != nil || !strings.Contains(out, "Acme Sounds: the host does not count yet: acme-sounds.invalid is not reached") {
		t.Errorf("%v %s", err, out)
	}
	if out, err = w.command("admin", "tenant", "list"); err != nil || !strings.Contains(out, "acme-sounds.invalid  does not count: ") {
		t.Errorf("%v %s", err, out)
	}
	if _, err = w.command("admin", "tenant", "join", "ada@example.org", "acme-sounds.invalid", "--reason", "works there"); err != nil {
		t.Error(err)
	}
	row, err := w.DB.TenantOf(t.Context(), acme.id)
	if err != nil || row.Name != "Acme Sounds" || row.Colours.V != (store.Colours{Accent: "#ffd400"}) {
		t.Fatalf("%v %+v", err, row)
	}
	if ada, err := w.DB.UserByEmail(t.Context(), "ada@example.org"); err != nil || ada.TenantID != row.ID {
		t.Errorf("%v %+v", err, ada)
	}
	for _, wrong := range [][]string{{"set", "boss@acme.example.org", "--accent", "gold", "--reason", "x"}, {"set", "ada@example.org", "--name", "A", "--host", "a.example.com", "--reason", "x"},
		{"set", "boss@acme.example.org", "--name", "A"}, {"set", "nobody@example.org", "--reason", "x"}, {"join", "ada@example.org", "other.example.com", "--reason", "x"}} {
		if out, err := w.command(append([]string{"admin", "tenant"}, wrong...)...); err == nil {
			t.Errorf("%v: %s", wrong, out)
		}
	}
	if _, err = w.command("admin", "tenant", "remove", "boss@acme.example.org", "--reason", "over"); err != nil {
		t.Error(err)
	}
	if all, err := w.DB.Tenants(t.Context()); err != nil || len(all) != 0 {
		t.Errorf("%v %+v", err, all)
	}
	var me wire.Account
	acme.call("GET", "/api/account", nil, &me)
	if !me.Limits.WhiteLabel {
		t.Error("the API does not say that enterprise accounts may have a name")
	}
}
