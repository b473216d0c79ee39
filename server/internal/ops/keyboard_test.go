package ops_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"sampleagent/server/internal/plan"
)

// stops notes what the tab key reaches on a page, and whether the eye sees it there.
const stops = `(() => {
	window.reached = new Set(); window.unseen = [];
	const name = e => e.tagName + ' ' + (e.name || e.getAttribute('href') || e.textContent.trim()).slice(0, 60);
	document.addEventListener('focusin', ev => {
		const e = ev.target;
		reached.add(e);
		if (![e, e.parentElement, e.nextElementSibling].some(x => x && getComputedStyle(x).outlineStyle !== 'none')) unseen.push(name(e));
	});
	const all = [...document.querySelectorAll('a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex="0"]')]
		.filter(e => !e.disabled && e.checkVisibility() && !e.closest('template'))
		.filter(e => e.type !== 'radio' || e.checked || !document.querySelector('input[name="' + e.name + '"]:checked'));
	window.missed = () => all.filter(e => e.isConnected && !reached.has(e)).map(name);
	return all.length;
})()`

// Every page can be worked with the keyboard alone: the tab key reaches all that can be pressed or
// filled in, and shows where it is.
func TestTheKeyboardReachesEverything(t *testing.T) {
	w := start(t, "", env("ADMINS", "ada@example.org"))
	v := browse(t, w, func(text, url string) { t.Error(text, url) })
	ada := w.signIn("ada@example.org", plan.Pro)
	_, accepted, _ := ada.upload("a.wav", wav(t, 1, 1))
	sample := *ada.waitJob(accepted.JobID).SampleID
	v.open("/")
	v.enter("ada@example.org")
	for _, path := range []string{"/", "/pricing", "/upload", "/jobs", "/jobs/" + accepted.JobID, "/samples", "/samples/" + sample, "/exports", "/account", "/account/security",
		"/account/notifications", "/account/webhooks", "/account/keys", "/admin", "/admin/users/" + ada.id, "/admin/cost", "/admin/margin", "/admin/features"} {
		v.open(path)
		n := eval[int](v, stops)
		// Twice: a field for a date has several stops.
		v.do("tab through "+path, chromedp.KeyEvent(strings.Repeat(kb.Tab, 2*n)))
		if missed := eval[[]string](v, `missed()`); len(missed) > 0 || n < 5 {
			t.Errorf("%s: of %d not reached: %q", path, n, missed)
		}
		if unseen := eval[[]string](v, `unseen`); len(unseen) > 0 {
			t.Errorf("%s: nobody sees the focus on %q", path, unseen)
		}
	}
}

// tabTo presses the tab key until the focus is on what a selector names.
func (v *chromium) tabTo(selector string) {
	v.t.Helper()
	for range 60 {
		v.do("tab", chromedp.KeyEvent(kb.Tab))
		if eval[bool](v, `document.activeElement.matches('`+selector+`')`) {
			return
		}
	}
	v.t.Fatalf("the tab key never reaches %s", selector)
}

// enter signs in with a mailed code, by keys.
func (v *chromium) enter(email string) {
	v.t.Helper()
	before := len(v.w.mails(email))
	v.open("/signin?next=/upload")
	v.do("ask for the code", chromedp.SendKeys(css(`input[name=email]`), email+"\r"), chromedp.WaitVisible(css(`input.code`)))
	v.w.waitFor("mail", func() bool { return len(v.w.mails(email)) > before })
	code := subject.FindStringSubmatch(v.w.mails(email)[before])[1]
	v.do("enter the code", chromedp.SendKeys(css(`input.code`), code+"\r"), chromedp.WaitVisible(css(`.drop`)))
}

// Without scripts, and with keys alone: sign in, send a sound, see it ready, hear of it, hear it,
// change a setting, leave.
func TestWithoutScripts(t *testing.T) {
	w := start(t, "")
	v := browse(t, w, func(text, url string) { t.Error(text, url) })
	tell(v, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
	v.enter("ada@example.org")
	file := filepath.Join(t.TempDir(), strings.Repeat("Harbour_at_night_", 9)+".wav") // no space to break at
	if err := os.WriteFile(file, wav(t, 1, 1), 0o600); err != nil {
		t.Fatal(err)
	}
	v.tabTo(`input[type=file]`)
	v.do("choose a file", chromedp.SetUploadFiles(css(`input[type=file]`), []string{file}))
	v.shoot("upload-plain")
	if !eval[bool](v, `getComputedStyle(document.querySelector('input[type=file]')).opacity === '1'`) {
		t.Error("nothing shows which file was chosen")
	}
	v.tabTo(`.drop button`)
	v.do("send", chromedp.KeyEvent("\r"), chromedp.WaitVisible(css(`.jobs, #job, .notice`)))
	w.waitFor("the sound", func() bool {
		v.open("/samples")
		return eval[bool](v, `!!document.querySelector('a[href^="/samples/"]')`)
	})
	v.shoot("samples-plain")
	v.tabTo(`main a[href^="/samples/"]`)
	v.do("open it", chromedp.KeyEvent("\r"), chromedp.WaitVisible(css(`audio`)))
	v.shoot("sample-plain")
	v.until("it can be played", `document.querySelector('audio').readyState > 0 || (document.querySelector('audio').load(), false)`)
	v.open("/account/notifications")
	v.tabTo(`input[name=processed]`)
	v.do("fewer mails", chromedp.KeyEvent(" "))
	v.tabTo(`form[action="/account/notify"] button`)
	v.do("save", chromedp.KeyEvent("\r"), chromedp.WaitVisible(css(`.notice`)))
	if user, err := w.DB.UserByEmail(t.Context(), "ada@example.org"); err != nil || user.NotifyProcessed {
		t.Error(errors.Join(err, errors.New("the setting did not change")))
	}
	v.tabTo(`form[action="/signout"] button`)
	v.do("leave", chromedp.KeyEvent("\r"), chromedp.WaitVisible(css(`.hero`)))
}
