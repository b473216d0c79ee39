package ops_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sampleagent/server/internal/account"
	"sampleagent/server/internal/config"
	"sampleagent/server/internal/job"
	"sampleagent/server/internal/ops"
	"sampleagent/server/internal/plan"
	"sampleagent/server/internal/store"
	"sampleagent/server/internal/testbed/fakestripe"
	"sampleagent/server/internal/vibe"
	"sampleagent/sync/wire"
)

// customer is one simulated user of the month.
type customer struct {
	name, story string
	id          string
	wantTier    plan.Tier
	small, deep int64 // calls of the models
}

// month is a month of a server that sells, on the clock of the payment provider.
type month struct {
	*shop
	people []*customer
	sample map[string]string // of each customer, for deep analyses
}

func (m *month) user(c *customer) *store.User {
	m.t.Helper()
	u, err := m.DB.User(m.t.Context(), c.id)
	if err != nil {
		m.t.Fatal(err)
	}
	return u
}

// join makes an account with one analysed sound.
func (m *month) join(name, story string, ends plan.Tier) *customer {
	m.t.Helper()
	u := m.signIn(name+"@example.org", plan.Free)
	c := &customer{name: name, story: story, id: u.id, wantTier: ends}
	m.people = append(m.people, c)
	row := m.user(c)
	l, err := m.Accounts.Limits(row)
	if err != nil {
		m.t.Fatal(err)
	}
	sound := wav(m.t, 0.3, len(m.people))
	j, _, err := m.Jobs.Submit(m.t.Context(), job.Who{User: row, Limits: l}, job.Incoming{Name: name + ".wav", Body: bytes.NewReader(sound), Length: int64(len(sound))})
	if err != nil {
		m.t.Fatal(err)
	}
	m.waitFor("the sound of "+name, func() bool {
		done, err := m.DB.JobByID(m.t.Context(), j.ID)
		return err == nil && done.Status == wire.Completed
	})
	c.small++
	m.sample[name] = j.SampleID
	return c
}

// to moves the clock to a day of June 2026 and lets everything that fell due be heard and handled.
func (m *month) to(day int) {
	m.t.Helper()
	m.stripe.Advance(time.Date(2026, 6, day, 9, 0, 0, 0, time.UTC))
	m.heard()
}

func (m *month) heard() {
	m.t.Helper()
	for _, e := range m.stripe.Events()[m.delivered:] {
		m.deliver()
		m.waitFor("message "+e.Type, func() bool {
			kept, err := m.DB.StripeEvent(m.t.Context(), e.ID)
			return err == nil && kept.State == store.EventDone
		})
	}
}

func (m *month) buy(c *customer, every string) {
	m.t.Helper()
	link, err := m.Bills.Checkout(m.t.Context(), m.user(c), every)
	if err != nil {
		m.t.Fatal(err)
	}
	if m.stripe.Pay(strings.TrimPrefix(link, m.stripe.URL+"/pay/")) == "" {
		m.t.Fatal("not paid")
	}
	m.heard()
}

// listen asks the small model n times, as n more sounds would.
func (m *month) listens(c *customer, n int64) {
	m.t.Helper()
	u := m.user(c)
	l, err := m.Accounts.Limits(u)
	if err != nil {
		m.t.Fatal(err)
	}
	for range n {
		v, _, err := m.Vibe.Describe(m.t.Context(), vibe.Ask{User: u, Limits: l, SampleID: m.sample[c.name], Facts: vibe.Facts{Name: "loop", Duration: 2}})
		if err != nil || v.Source != wire.VibeFromAI {
			m.t.Fatal(v, err)
		}
	}
	c.small += n
}

// deeps asks for n deep analyses and waits for each.
func (m *month) deeps(c *customer, n int64) {
	m.t.Helper()
	for range n {
		u := m.user(c)
		l, err := m.Accounts.Limits(u)
		if err != nil {
			m.t.Fatal(err)
		}
		if err := m.Jobs.Deep(m.t.Context(), job.Who{User: u, Limits: l}, m.sample[c.name]); err != nil {
			m.t.Fatal(c.name, err)
		}
		m.waitFor("deep analysis of "+c.name, func() bool {
			d, err := m.DB.DeepOf(m.t.Context(), c.id, m.sample[c.name])
			return err == nil && d.State == store.DeepDone
		})
	}
	c.deep += n
	m.waitFor("usage told", func() bool {
		rows, err := m.DB.PendingMeterEvents(m.t.Context(), m.Now().Add(time.Hour), 10)
		return err == nil && len(rows) == 0
	})
}

// line is a customer's month in money: cents, but AI in micro-dollars.
type line struct{ charged, refunded, disputed, fees, net, deepCents, aiMicro, calls int64 }

func (l *line) add(o line) {
	l.charged, l.refunded, l.disputed, l.fees, l.net = l.charged+o.charged, l.refunded+o.refunded, l.disputed+o.disputed, l.fees+o.fees, l.net+o.net
	l.deepCents, l.aiMicro, l.calls = l.deepCents+o.deepCents, l.aiMicro+o.aiMicro, l.calls+o.calls
}

// June 2026 of eight users through the real code, on the payment provider's clock: what they pay, what
// it costs, and what is left add up to the cent, in our books as in the provider's.
// go test ./server/internal/ops -run AddsUpToTheCent -update writes the table into docs/money.md.
func TestAMonthAddsUpToTheCent(t *testing.T) {
	m := &month{sample: map[string]string{}}
	m.shop = openShopAt(t, "", time.Date(2026, 5, 20, 9, 0, 0, 0, time.UTC), func(s *fakestripe.Stripe) setting {
		return func(_ *config.Config, o *ops.Options) { o.Now = s.Now }
	})
	began, ended := time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC), time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC)

	// Before the month: three who have paid once.
	gil := m.join("gil", "pro by the month, renews", plan.Pro)
	dan := m.join("dan", "pro by the month; the card is declined, then replaced", plan.Pro)
	eve := m.join("eve", "pro by the month, cancelled: free after what was paid", plan.Free)
	for _, c := range []*customer{gil, dan, eve} {
		m.buy(c, "month")
	}
	before := map[string]int64{"gil": 1, "dan": 1, "eve": 1} // calls that were made in May
	m.to(1)
	fay := m.join("fay", "free", plan.Free)
	m.listens(fay, 3)
	tom := m.join("tom", "a day of trial, then free", plan.Free)
	if err := m.Accounts.StartTrial(t.Context(), &account.Principal{User: m.user(tom)}, ""); err != nil {
		t.Fatal(err)
	}
	m.listens(tom, 4)
	ada := m.join("ada", "pro by the month, deep analyses beyond the share", plan.Pro)
	m.buy(ada, "month")
	share := int64(2)
	if _, err := m.Accounts.Agree(t.Context(), ada.id, plan.Contract{Tier: plan.Pro, Terms: plan.Overrides{DeepShare: &share}, From: m.Now()}, "admin:test", "so that the test is short"); err != nil {
		t.Fatal(err)
	}
	m.deeps(ada, 5)
	m.to(3)
	bob := m.join("bob", "pro by the year", plan.Pro)
	m.buy(bob, "year")
	m.listens(bob, 2)
	m.to(5)
	cleo := m.join("cleo", "pro by the month, to the year in its middle", plan.Pro)
	m.buy(cleo, "month")
	erin := m.join("erin", "pro by the month, $5 given back", plan.Pro)
	m.buy(erin, "month")
	if err := m.Bills.Cancel(t.Context(), m.user(eve)); err != nil {
		t.Fatal(err)
	}
	m.stripe.Card(m.user(dan).StripeCustomer, false)
	m.to(12)
	bills, err := m.DB.InvoicesOf(t.Context(), erin.id, 1)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.Bills.Refund(t.Context(), m.user(erin), bills[0].ID, 500, "admin:test", "a slow week"); err != nil {
		t.Fatal(err)
	}
	m.to(20) // half of cleo's month
	if err := m.Bills.GoYearly(t.Context(), m.user(cleo)); err != nil {
		t.Fatal(err)
	}
	m.to(21)
	if got := m.user(dan).SubscriptionStatus; got != "past_due" {
		t.Errorf("dan is %s", got)
	}
	m.stripe.Card(m.user(dan).StripeCustomer, true)
	m.to(28)
	m.listens(gil, 6)
	m.stripe.Advance(ended.Add(-time.Second))
	m.heard()
	if _, err := m.Bills.Reconcile(t.Context()); err != nil {
		t.Fatal(err)
	}

	var b bytes.Buffer
	var all line
	fmt.Fprintln(&b, "| who | June 2026 | at its end | charged | of it deep | given back | fees | net | AI calls | AI cost | left |")
	fmt.Fprintln(&b, "| --- | --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
	moved := map[string]store.Payment{}
	rows, err := m.DB.Payments(t.Context(), began, ended)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range m.people {
		l := m.lineOf(c, rows, began, moved)
		if want := c.small + c.deep - before[c.name]; l.calls != want {
			t.Errorf("%s: %d calls in the books, %d were made", c.name, l.calls, want)
		}
		if tier := m.user(c).EffectiveTier(m.Now()); tier != c.wantTier {
			t.Errorf("%s is %s, want %s", c.name, tier, c.wantTier)
		}
		all.add(l)
		fmt.Fprintf(&b, "| %s | %s | %s |%s\n", c.name, c.story, m.user(c).EffectiveTier(m.Now()), l)
	}
	fmt.Fprintf(&b, "| **all** | | |%s\n", all)

	// The provider's own books of the month are ours, one for one.
	var theirs line
	n := 0
	for _, x := range m.stripe.All("balance_transaction") {
		at := time.Unix(x["created"].(int64), 0)
		if at.Before(began) || !at.Before(ended) {
			continue
		}
		n++
		p, ok := moved[x["id"].(string)]
		if !ok || p.GrossCents != x["amount"] || p.FeeCents != x["fee"] || p.NetCents != x["net"] || p.NetCents != p.GrossCents-p.FeeCents {
			t.Errorf("the provider has %v, we %+v", x, p)
		}
		theirs.net += x["net"].(int64)
	}
	if n != len(rows) || theirs.net != all.net || all.net != all.charged-all.refunded-all.fees {
		t.Errorf("%d movements there and %d here; net %d there and %d here: %+v", n, len(rows), theirs.net, all.net, all)
	}
	// Every bill of the month is paid by the charges of the month, with its parts.
	paid := int64(0)
	issued, err := m.DB.Invoices(t.Context(), began, ended)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range issued {
		paid += v.PaidCents
		if v.Status != "paid" || v.PlanCents+v.DeepCents != v.TotalCents || v.DeepCents != v.DeepCount*plan.DeepMicro/10_000 {
			t.Errorf("bill %+v", v)
		}
	}
	if paid != all.charged {
		t.Errorf("bills of %d cents, charges of %d", paid, all.charged)
	}
	// What was used beyond the share is on a bill or will be on the next one.
	used, err := m.DB.MeterEventsOf(t.Context(), ada.id, began, ended)
	if err != nil || len(used) != 3 {
		t.Errorf("%d uses beyond the share, %v", len(used), err)
	}
	m.to(31) // ada's renewal
	m.stripe.Advance(time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC))
	m.heard()
	if bills, err = m.DB.InvoicesOf(t.Context(), ada.id, 1); err != nil || bills[0].DeepCount != 3 || bills[0].TotalCents != 1002 {
		t.Errorf("ada's next bill: %+v, %v", bills, err)
	}
	checkMonth(t, b.String())
}

// lineOf is a customer's month from our books.
func (m *month) lineOf(c *customer, rows []store.Payment, began time.Time, moved map[string]store.Payment) line {
	m.t.Helper()
	var l line
	for _, p := range rows {
		if p.UserID != c.id {
			continue
		}
		moved[p.ID] = p
		if p.Kind == store.PaymentCharge {
			l.charged += p.GrossCents
		} else {
			l.refunded -= p.GrossCents
		}
		l.fees, l.net = l.fees+p.FeeCents, l.net+p.NetCents
	}
	bills, err := m.DB.InvoicesOf(m.t.Context(), c.id, 100)
	if err != nil {
		m.t.Fatal(err)
	}
	for _, v := range bills {
		if v.CreatedAt >= store.At(began) {
			l.deepCents += v.DeepCents
		}
	}
	calls, err := m.DB.UsageOf(m.t.Context(), c.id, 1000)
	if err != nil {
		m.t.Fatal(err)
	}
	for _, u := range calls {
		if u.CreatedAt >= store.At(began) {
			l.calls, l.aiMicro = l.calls+1, l.aiMicro+u.CostMicro
		}
		if u.CostSource != "provider" || u.State != "settled" {
			m.t.Errorf("a call that is not settled with the provider's price: %+v", u)
		}
	}
	return l
}

func (l line) String() string {
	d := func(cents int64) string { return fmt.Sprintf("%.2f", float64(cents)/100) }
	return fmt.Sprintf(" %s | %s | %s | %s | %s | %d | %.5f | %.5f |", d(l.charged), d(l.deepCents), d(l.refunded), d(l.fees), d(l.net), l.calls, float64(l.aiMicro)/1e6, float64(l.net)/100-float64(l.aiMicro)/1e6)
}

// checkMonth compares the table with the one in docs/money.md.
func checkMonth(t *testing.T, table string) {
	t.Helper()
	const head, foot = "<!-- month -->\n", "<!-- end of month -->"
	file := filepath.Join("..", "..", "..", "docs", "money.md")
	have, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(have), head)
	old, after, ok2 := strings.Cut(rest, foot)
	if !ok || !ok2 {
		t.Fatal("docs/money.md has no place for the month")
	}
	if *update {
		if err := os.WriteFile(file, []byte(before+head+table+foot+after), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if old != table {
		t.Errorf("docs/money.md has another month; run with -update:\n%s", table)
	}
}
