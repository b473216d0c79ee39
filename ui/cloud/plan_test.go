package cloud

import (
	"context"
	"errors"
	"image/png"
	"os"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	app "sampleagent/app/cloud"
	"sampleagent/sync/wire"
	"sampleagent/ui/theme"
	own "sampleagent/ui/widget"
)

// shop is an account that can buy.
type shop struct {
	state  app.State
	every  string
	fail   error
	portal int
}

func (s *shop) State() app.State              { return s.state }
func (s *shop) Refresh(context.Context) error { return nil }
func (s *shop) Checkout(_ context.Context, every string) (string, error) {
	s.every = every
	return "https://pay.example/1", s.fail
}
func (s *shop) Portal(context.Context) (string, error) {
	s.portal++
	return "https://pay.example/portal", s.fail
}

func offers() []wire.Offer {
	return []wire.Offer{
		{Tier: "free", Current: true, Features: []wire.Feature{{Name: "Uploads", Value: "10 a day", Now: "10 a day"}, {Name: "Batches"}}},
		{Tier: "pro", MonthCents: 999, YearCents: 9900, Checkout: true, Features: []wire.Feature{{Name: "Uploads", Value: "1,000 a month", Now: "10 a day", More: true}, {Name: "Batches", Value: "100 files at once", More: true}}},
		{Tier: "enterprise", MonthCents: 9900, ByContract: true, Why: "By contract: write to the operator."},
	}
}

// The dialog opens the payment page of what was chosen, waits, and says so when the plan is there.
func TestPlans(t *testing.T) {
	core := &shop{state: app.State{Details: &wire.Account{Tier: "free", Billing: "on", Offers: offers()}}}
	var opened []string
	m := NewPlanModel(core, func(work func(context.Context) func()) {
		if apply := work(t.Context()); apply != nil {
			apply()
		}
	}, func(address string) error { opened = append(opened, address); return nil })
	drawn := 0
	m.OnChanged = func() { drawn++ }
	m.Buy()
	if core.every != "month" || len(opened) != 1 || opened[0] != "https://pay.example/1" {
		t.Errorf("%q, opened %q", core.every, opened)
	}
	if text, bad := m.Note(); bad || text != "Your browser shows the payment page. The plan changes here by itself once it is paid." {
		t.Errorf("%q", text)
	}
	renews := time.Date(2027, 1, 2, 12, 0, 0, 0, time.Local)
	core.state.Details = &wire.Account{Tier: "pro", Billing: "on", Offers: offers(), Plan: wire.Plan{Every: "month", RenewsAt: &renews, Manage: true}}
	m.Refresh()
	if text, _ := m.Note(); text != "You have pro now. Thank you!" || !m.Manage() {
		t.Errorf("%q", text)
	}
	m.SetYearly(true)
	m.Buy()
	if core.every != "year" || drawn == 0 {
		t.Errorf("%q, drawn %d times", core.every, drawn)
	}
	core.fail = errors.New("the payment provider cannot be reached")
	m.Bills()
	if text, bad := m.Note(); !bad || text != core.fail.Error() || len(opened) != 2 {
		t.Errorf("%q, opened %q", text, opened)
	}
}

func TestPlanNotes(t *testing.T) {
	day := time.Date(2027, 1, 2, 12, 0, 0, 0, time.Local)
	for want, d := range map[string]*wire.Account{
		"The server has not answered yet.":                                                         nil,
		"Billing is off on this server, so nobody can pay there.":                                  {Billing: "off"},
		"Paid by the year, renews on 2 January 2027.":                                              {Billing: "on", Plan: wire.Plan{Every: "year", RenewsAt: &day}},
		"Cancelled: the plan lasts until 2 January 2027; nothing is deleted for 30 days after it.": {Billing: "on", Plan: wire.Plan{Every: "month", EndsAt: &day}},
		"The last payment did not go through: open bills and card.":                                {Billing: "on", Plan: wire.Plan{Every: "month", Unpaid: &wire.Invoice{}}},
		"": {Billing: "on"},
	} {
		m := NewPlanModel(&shop{state: app.State{Details: d}}, func(func(context.Context) func()) {}, nil)
		if got, _ := m.Note(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestPrices(t *testing.T) {
	o := offers()
	for _, c := range []struct {
		o          wire.Offer
		yearly     bool
		price, per string
	}{
		{o[0], false, "$0", "for as long as you like"}, {o[1], false, "$9.99", "a month"}, {o[1], true, "$99", "a year, that is $8.25 a month"},
		{o[2], true, "$99", "a month and up, by contract"},
	} {
		if price, per := Price(c.o, c.yearly); price != c.price || per != c.per {
			t.Errorf("%s %q, want %s %q", price, per, c.price, c.per)
		}
	}
}

// Every plan has a column; PLAN_PICTURE names a file that a picture of the dialog is written to.
func TestPlanViewDraws(t *testing.T) {
	look := test.NewTempApp(t)
	mode := theme.Dark
	if os.Getenv("PLAN_LIGHT") != "" {
		mode = theme.Light
	}
	look.Settings().SetTheme(theme.New(mode))
	core := &shop{state: app.State{Details: &wire.Account{Tier: "free", Billing: "on", Offers: offers()}}}
	bought := 0
	m := NewPlanModel(core, func(work func(context.Context) func()) {
		if apply := work(t.Context()); apply != nil {
			apply()
		}
	}, func(string) error { bought++; return nil })
	root, focus := NewPlanView(m, func() {})
	w := test.NewTempWindow(t, own.Inset(root, 20, 16))
	w.Resize(fyne.NewSize(900, 560))
	buttons := 0
	for _, o := range test.LaidOutObjects(root) {
		if b, ok := o.(*own.IconButton); ok && b.Visible() && b.Strong {
			buttons++
			test.Tap(b)
		}
	}
	if focus == nil || buttons != 1 || bought != 1 {
		t.Errorf("%d buttons buy, bought %d times", buttons, bought)
	}
	if file := os.Getenv("PLAN_PICTURE"); file != "" {
		f, err := os.Create(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(png.Encode(f, w.Canvas().Capture()), f.Close()); err != nil {
			t.Fatal(err)
		}
	}
}
