package ops_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	cdplog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"sampleagent/server/internal/testbed"
)

var (
	screenshots = flag.String("screenshots", "", "folder that TestInARealBrowser writes pictures of pages into")
	everyLook   = flag.Bool("every-look", false, "every page in both themes at both widths, instead of those that docs/screenshots has")
)

// looks are how pages are photographed: as on a desk and on a phone, in both themes.
var looks = []struct {
	name  string
	wide  int64
	theme string
	kept  bool
}{{"dark-1280", 1280, "dark", true}, {"light-390", 390, "light", true}, {"light-1280", 1280, "light", false}, {"dark-390", 390, "dark", false}}

type css = chromedp.CSS

// shown are the pages whose pictures docs/screenshots has.
var shown = []string{"landing", "pricing", "signin", "upload", "jobs", "job", "samples", "sample", "account", "notifications", "webhook", "security", "plans", "bought", "year", "account-pro", "deep",
	"keys", "exports", "export", "operator", "contract", "cost", "margin", "features", "tenant"}

// chromium is somebody in front of a real Chromium.
type chromium struct {
	t    *testing.T
	w    *world
	home string // address whose pages are opened
	ctx  context.Context
}

// browse starts a browser that says yes to every question; complain hears what it logs as an error
// and what its scripts throw. hosts are further names of the server.
func browse(t *testing.T, w *world, complain func(text, url string), hosts ...string) *chromium {
	t.Helper()
	v := &chromium{t: t, w: w, home: w.url, ctx: testbed.Browser(t, 10*time.Minute, hosts...)}
	if err := chromedp.Listen(v.ctx, func(e any) {
		switch e := e.(type) {
		case *runtime.EventExceptionThrown:
			complain(fmt.Sprintf("%+v", e.ExceptionDetails), e.ExceptionDetails.URL)
		case *cdplog.EventEntryAdded:
			if e.Entry.Level == cdplog.EntryLevelError {
				complain(e.Entry.Text, e.Entry.URL)
			}
		case *page.EventJavascriptDialogOpening:
			go tell(v, page.HandleJavaScriptDialog, page.HandleJavaScriptDialogParams{Accept: true})
		}
	}); err != nil {
		t.Fatal(err)
	}
	tell(v, cdplog.Enable, cdp.Empty{})
	tell(v, page.Enable, page.EnableParams{})
	return v
}

func (v *chromium) do(what string, actions ...chromedp.Action[chromedp.Void]) {
	v.t.Helper()
	ctx, cancel := context.WithTimeout(v.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, actions...); err != nil {
		text, _ := chromedp.Run(v.ctx, chromedp.Text(chromedp.CSS("body"))) // only for the message
		v.t.Fatalf("%s: %v\n%s\n%s", what, err, text, v.w.log.String())
	}
}

// eval runs an expression in the page.
func eval[T any](v *chromium, expression string) T {
	v.t.Helper()
	ctx, cancel := context.WithTimeout(v.ctx, patience)
	defer cancel()
	out, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		v.t.Fatalf("%s: %v", expression, err)
	}
	return out
}

// tell sends a command to the browser.
func tell[P, R any](v *chromium, cmd cdp.Command[P, R], params P) R {
	v.t.Helper()
	out, err := chromedp.Call(v.ctx, cmd, params)
	if err != nil {
		v.t.Fatal(err)
	}
	return out
}

func (v *chromium) look(wide int64, theme string) {
	v.t.Helper()
	tell(v, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: wide, Height: 800, DeviceScaleFactor: 1, Mobile: wide < 700})
	tell(v, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: theme}}})
}

// until waits for an expression of the page to be true.
func (v *chromium) until(what, expression string) {
	v.t.Helper()
	v.w.waitFor(what, func() bool { return eval[bool](v, expression) })
}

// shoot photographs the page, and checks that it is not wider than its window nor a list than its card.
func (v *chromium) shoot(name string) {
	v.t.Helper()
	for _, l := range looks {
		if !l.kept && !*everyLook {
			continue
		}
		v.look(l.wide, l.theme)
		if over := eval[int](v, `document.documentElement.scrollWidth - document.documentElement.clientWidth`); over > 0 {
			v.t.Errorf("%s at %d: %d pixels wider than the window", name, l.wide, over)
		}
		if cut := eval[int](v, `Math.max(0, ...[...document.querySelectorAll('.card.flush')].map(c => c.scrollWidth - c.clientWidth))`); cut > 0 {
			v.t.Errorf("%s at %d: %d pixels of a list are cut off", name, l.wide, cut)
		}
		if *screenshots == "" || !*everyLook && !slices.Contains(shown, name) {
			continue
		}
		time.Sleep(150 * time.Millisecond) // fades end
		v.until("pictures", `[...document.images].every(i => i.complete && i.naturalWidth > 0)`)
		size, beyond := tell(v, page.GetLayoutMetrics, cdp.Empty{}).CSSContentSize, true
		shot := tell(v, page.CaptureScreenshot, page.CaptureScreenshotParams{CaptureBeyondViewport: &beyond,
			Clip: &page.Viewport{Width: float64(l.wide), Height: min(max(size.Height, 800), 1400), Scale: 1}})
		if err := os.WriteFile(filepath.Join(*screenshots, "web-"+name+"-"+l.name+".png"), shot.Data, 0o644); err != nil {
			v.t.Fatal(err)
		}
	}
	v.look(1280, "dark")
}

func (v *chromium) open(path string) {
	v.t.Helper()
	v.do("open "+path, chromedp.Navigate(v.home+path), chromedp.WaitReady(css("main")))
}

// TestInARealBrowser walks the web pages as a person does: sign in with the mailed code, drop
// several sounds, watch them, listen, change settings, leave. Nothing may be logged as an error
// by the browser, which would also name a breach of the content security policy.
func TestInARealBrowser(t *testing.T) {
	demo, err := filepath.Abs("../../../assets/demo")
	if err != nil {
		t.Fatal(err)
	}
	loops, err := filepath.Glob(filepath.Join(demo, "*Loops", "*.flac"))
	if err != nil || len(loops) < 6 {
		t.Fatal(len(loops), err)
	}
	w := start(t, "", env("WEBHOOK_ALLOW", "127.0.0.0/8"))
	var complaints []string
	v := browse(t, w, func(text, url string) { complaints = append(complaints, text+" "+url) })

	v.open("/")
	v.shoot("landing")
	v.open("/pricing")
	v.shoot("pricing")
	v.open("/signin")
	v.shoot("signin")
	v.do("ask for the code", chromedp.SendKeys(css(`input[name=email]`), "ada@example.org\r"), chromedp.WaitVisible(css(`input.code`)))
	w.waitFor("mail", func() bool { return len(w.mails("ada@example.org")) == 1 })
	v.shoot("code")
	v.open("/outbox")
	v.shoot("outbox")
	code := subject.FindStringSubmatch(w.mails("ada@example.org")[0])[1]
	v.open("/signin?next=/upload")
	v.do("ask again", chromedp.SendKeys(css(`input[name=email]`), "ada@example.org\r"), chromedp.WaitVisible(css(`input.code`)))
	v.do("enter the code", chromedp.SendKeys(css(`input.code`), code+"\r"), chromedp.WaitVisible(css(`[data-upload]`)))
	v.open("/samples")
	v.shoot("empty")
	if resp := eval[bool](v, `!document.querySelector('[data-bar]')`); !resp {
		t.Error("an empty list has a player")
	}

	v.open("/upload")
	html := filepath.Join(t.TempDir(), "not a sound.wav")
	big := filepath.Join(t.TempDir(), "too large.wav")
	if err := errors.Join(os.WriteFile(html, []byte("<html>"), 0o600), os.WriteFile(big, make([]byte, 11<<20), 0o600)); err != nil {
		t.Fatal(err)
	}
	v.do("choose files", chromedp.SetUploadFiles(css(`input[type=file]`), append(loops[:6:6], html, big)))
	v.until("six accepted, two refused", `document.querySelectorAll('.uploads li.bad').length === 2 && document.querySelectorAll('[data-open]:not([hidden])').length === 6`)
	v.until("the plan's use on the same page", `document.querySelector('#plan').textContent.includes('6 of 10')`)
	v.until("ready on the same page", `[...document.querySelectorAll('[data-open]')].filter(a => a.textContent === 'Listen').length === 6`)
	v.shoot("upload")
	v.do("jobs", chromedp.Click(css(`nav a[href="/jobs"]`)), chromedp.WaitVisible(css(`.jobs`)))
	v.shoot("jobs")

	// A list that is looked at changes by itself, and keeps what it shows.
	eval[any](v, `window.mark = document.querySelector('.jobs tbody tr'); null`)
	v.submitElsewhere("while-you-look.wav")
	v.until("a new row by itself", `document.querySelector('.jobs tbody tr').textContent.includes('while-you-look') && document.querySelector('.jobs tbody tr').textContent.includes('Ready')`)
	if !eval[bool](v, `window.mark.isConnected && window.mark.previousElementSibling.textContent.includes('while-you-look')`) {
		t.Error("the rows were replaced")
	}
	v.do("one job", chromedp.Click(css(`.jobs tbody tr:nth-child(3) td a`)), chromedp.WaitVisible(css(`#job`)))
	v.shoot("job")

	v.open("/samples")
	v.do("press down", chromedp.KeyEvent(kb.ArrowDown))
	v.until("the first plays", `!document.querySelector('[data-bar] audio').paused && document.querySelector('tr[data-sound]').classList.contains('sounding')`)
	v.shoot("samples")
	v.do("one sample", chromedp.Click(css(`tr[data-sound]:nth-child(2) a`)), chromedp.WaitVisible(css(`[data-player] canvas`)))
	v.until("a waveform", `(() => { const c = document.querySelector('[data-player] canvas'), d = c.getContext('2d').getImageData(0, 0, c.width, c.height / 3).data; return d.some(x => x > 0); })()`)
	v.until("its length", `document.querySelector('audio').duration > 0`)
	v.shoot("sample")
	v.do("seek by a click", chromedp.MouseClickXY(900, 250))
	v.until("it plays from there", `document.querySelector('audio').currentTime > document.querySelector('audio').duration / 2 || document.querySelector('audio').ended`)
	eval[any](v, `document.activeElement.blur(); document.querySelector('audio').loop = true; null`)
	// A starved browser may give its decoder up: then the sound is loaded again.
	v.until("it plays", `(a => { if (a.error) a.load(); if (a.paused) a.play().catch(() => null); return !a.paused && a.readyState > 2; })(document.querySelector('audio'))`)
	v.do("space", chromedp.KeyEvent(" "))
	v.until("space pauses", `document.querySelector('audio').paused`)

	v.hooks()
	v.open("/account/notifications")
	v.shoot("notifications")
	v.do("fewer mails", chromedp.Click(css(`input[name=processed]`)), chromedp.Click(css(`form[action="/account/notify"] button`)), chromedp.WaitVisible(css(`.notice`)))
	if eval[bool](v, `document.querySelector('input[name=processed]').checked`) {
		t.Error("the mail is not switched off")
	}
	v.open("/account/security")
	v.shoot("security")
	v.open("/account")
	v.shoot("account")
	v.open("/nowhere")
	v.shoot("problem")
	v.open("/auth/authorize?client_id=desktop&redirect_uri=http://127.0.0.1:9/callback&state=0123456789&code_challenge=" + strings.Repeat("a", 43) + "&code_challenge_method=S256&device=studio")
	v.shoot("desktop")
	v.open("/account?delete")
	v.do("leave", chromedp.SendKeys(css(`input[type=email]`), "ada@example.org\r"), chromedp.WaitVisible(css(`.hero`)))
	for _, c := range complaints {
		// The page that is not there is the one error that is meant to be.
		if !strings.Contains(c, "/nowhere") && !strings.Contains(c, "favicon") && !strings.Contains(c, "/api/upload") {
			t.Error("the browser says:", c)
		}
	}
}

// submitElsewhere uploads with the visitor's cookie, as another tab would.
func (v *chromium) submitElsewhere(name string) {
	v.t.Helper()
	status := eval[int](v, fmt.Sprintf(`(async () => {
		const rate = 8000, n = rate, b = new DataView(new ArrayBuffer(44 + 2 * n)), text = (at, s) => [...s].forEach((c, i) => b.setUint8(at + i, c.charCodeAt(0)));
		text(0, 'RIFF'); b.setUint32(4, 36 + 2 * n, true); text(8, 'WAVEfmt '); b.setUint32(16, 16, true); b.setUint16(20, 1, true); b.setUint16(22, 1, true);
		b.setUint32(24, rate, true); b.setUint32(28, 2 * rate, true); b.setUint16(32, 2, true); b.setUint16(34, 16, true); text(36, 'data'); b.setUint32(40, 2 * n, true);
		for (let i = 0; i < n; i++) b.setInt16(44 + 2 * i, 12000 * Math.sin(i / 5) * Math.exp(-i / 2000), true);
		const form = new FormData();
		form.append('audio', new Blob([b.buffer]), %q);
		return (await fetch('/api/upload', { method: 'POST', body: form })).status;
	})()`, name))
	if status != http.StatusAccepted {
		v.t.Fatalf("upload from the page: %d", status)
	}
}

// hooks adds a webhook, sees its secret once, tests, changes, rotates and removes it.
func (v *chromium) hooks() {
	t := v.t
	heard := make(chan string, 10)
	hook := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { heard <- r.Header.Get("webhook-signature") }))
	defer hook.Close()
	v.open("/account/webhooks")
	v.do("add", chromedp.SendKeys(css(`input[name=url]`), hook.URL+"\r"), chromedp.WaitVisible(css(`.hint code`)))
	secret := eval[string](v, `document.querySelector('.hint code').textContent`)
	if !strings.HasPrefix(secret, "whsec_") {
		t.Errorf("secret %q", secret)
	}
	v.shoot("webhook-new")
	v.do("test", chromedp.Click(css(`form[action$="/test"] button`)), chromedp.WaitVisible(css(`.notice`)))
	v.until("the delivery by itself", `document.querySelector('#deliveries')?.textContent.includes('delivered') ?? false`)
	if s := <-heard; strings.Contains(s, " ") {
		t.Errorf("two signatures before a rotation: %s", s)
	}
	if eval[bool](v, fmt.Sprintf(`document.body.textContent.includes(%q)`, secret)) {
		t.Error("the secret is shown again")
	}
	v.do("new secret", chromedp.Click(css(`form[action$="/rotate"] button`)), chromedp.WaitVisible(css(`.hint code`)))
	if eval[string](v, `document.querySelector('.hint code').textContent`) == secret {
		t.Error("the secret stayed")
	}
	v.do("send again", chromedp.Click(css(`form[action$="/resend"] button`)), chromedp.WaitVisible(css(`.notice`)))
	if s := <-heard; len(strings.Fields(s)) != 2 {
		t.Errorf("signatures after a rotation: %q", s)
	}
	v.until("two deliveries", `document.querySelectorAll('[id^=delivery-]').length === 2`)
	v.shoot("webhook")
	v.open("/account/webhooks")
	v.shoot("webhooks")
	v.do("open it", chromedp.Click(css(`.list td a`)), chromedp.WaitVisible(css(`#deliveries`)))
	v.do("remove", chromedp.Click(css(`form[action$="/delete"] button`)), chromedp.WaitVisible(css(`.notice`)))
	if eval[bool](v, `!!document.querySelector('.list')`) {
		t.Error("the webhook is still listed")
	}
}
