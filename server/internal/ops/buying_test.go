package ops_test

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"sampleagent/server/internal/store"
)

// TestBuyingInARealBrowser walks from the plans to the provider's page and back, to the year, to a
// deep analysis, through a declined card and out again, as a person does.
func TestBuyingInARealBrowser(t *testing.T) {
	s := openShop(t, "")
	v := browse(t, s.world, func(text, url string) {
		if !strings.HasSuffix(url, "/favicon.ico") { // the provider's page has none
			t.Error("the browser says:", text, url)
		}
	})
	v.open("/pricing")
	v.shoot("pricing")
	v.open("/signin?next=/pricing")
	v.do("ask for the code", chromedp.SendKeys(css(`input[name=email]`), "ada@example.org\r"), chromedp.WaitVisible(css(`input.code`)))
	s.waitFor("mail", func() bool { return len(s.mails("ada@example.org")) == 1 })
	code := subject.FindStringSubmatch(s.mails("ada@example.org")[0])[1]
	v.do("enter the code", chromedp.SendKeys(css(`input.code`), code+"\r"), chromedp.WaitVisible(css(`.plans`)))
	v.do("by the year", chromedp.Click(css(`label[for=by-year]`)))
	v.until("prices by the year", `getComputedStyle(document.querySelector('.price.by-year')).display !== 'none' && getComputedStyle(document.querySelector('.price.by-month')).display === 'none'`)
	v.shoot("plans")
	v.do("by the month", chromedp.Click(css(`label[for=by-month]`)))
	v.do("upgrade", chromedp.Click(css(`.plans button.button`)), chromedp.WaitVisible(css(`#pay`)))
	v.do("pay", chromedp.Click(css(`#pay`)), chromedp.WaitVisible(css(`#bought .tick`)))
	v.shoot("bought")
	s.deliver()
	v.open("/pricing")
	v.shoot("plans-pro")

	// A deep analysis has its price on the page.
	v.submitElsewhere("loop.wav")
	ada, err := s.DB.UserByEmail(t.Context(), "ada@example.org")
	if err != nil {
		t.Fatal(err)
	}
	var samples []store.Sample
	s.waitFor("the sound", func() bool {
		samples, err = s.DB.Samples(t.Context(), ada.ID, store.SampleFilter{}, 1)
		return err == nil && len(samples) == 1
	})
	v.open("/samples/" + samples[0].ID)
	v.until("what it costs", `document.querySelector('#deep').textContent.includes('Included: 100 of 100')`)
	v.do("ask", chromedp.Click(css(`#deep button`)), chromedp.WaitVisible(css(`.notice`)))
	v.until("done, on the same page", `document.querySelector('#deep').textContent.includes('Ask again')`)
	if eval[bool](v, `document.body.textContent.includes('%!')`) {
		t.Error("a figure on the sample's page is not written")
	}
	v.shoot("deep")

	v.open("/account")
	v.shoot("account-pro")
	v.do("to the year", chromedp.Click(css(`a[href="/billing/year"]`)), chromedp.WaitVisible(css(`.sum`)))
	v.shoot("year")
	v.do("pay it", chromedp.Click(css(`form[action="/billing/year"] button`)), chromedp.WaitVisible(css(`.notice`)))
	v.until("by the year", `document.querySelector('#plan').textContent.includes('Paid by the year')`)
	v.do("cancel", chromedp.Click(css(`form[action="/billing/cancel"] button`)), chromedp.WaitVisible(css(`form[action="/billing/keep"]`)))
	v.shoot("account-ending")
	v.do("keep", chromedp.Click(css(`form[action="/billing/keep"] button`)), chromedp.WaitVisible(css(`form[action="/billing/cancel"]`)))

	// The card is declined a year later: the page says so by itself, while it is looked at.
	if ada, err = s.DB.User(t.Context(), ada.ID); err != nil {
		t.Fatal(err)
	}
	s.stripe.Card(ada.StripeCustomer, false)
	s.stripe.Advance(s.stripe.Now().AddDate(1, 0, 1))
	s.deliver()
	v.until("not paid, by itself", `document.querySelector('#plan').textContent.includes('Not paid')`)
	v.shoot("account-unpaid")
}
