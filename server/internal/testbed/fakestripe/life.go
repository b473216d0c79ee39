package fakestripe

import (
	"fmt"
	"math"
	"time"
)

// Now is the provider's clock.
func (s *Stripe) Now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now
}

// Card says whether a customer's card is accepted from now on.
func (s *Stripe) Card(customer string, accepted bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cards[customer] = accepted
}

// Pay fills in a checkout session's form: the subscription begins and its first bill is paid.
// It returns the subscription's id; "" when the session is over or the card is declined.
func (s *Stripe) Pay(session string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.all[session]
	customer := str(c["customer"])
	if c["status"] != "open" || !s.cards[customer] {
		return ""
	}
	o := s.add("sub", "subscription", obj{"customer": customer, "status": "active", "cancel_at_period_end": false, "cancel_at": nil, "canceled_at": nil, "ended_at": nil,
		"start_date": s.now.Unix(), "metadata": obj{}, "anchor_": s.now})
	var items []any
	for _, it := range c["line_items_"].([]obj) {
		items = append(items, obj{"id": s.id("si"), "object": "subscription_item", "price": s.all[str(it["price"])], "subscription": o["id"]})
	}
	o["items"] = obj{"object": "list", "data": items, "has_more": false}
	s.period(o, s.now)
	s.tell("customer.subscription.created", o)
	v := s.bill(o, []obj{s.planLine(o)}, "subscription_create", s.now, s.now)
	s.keepInvoice(v)
	s.pay(v)
	c["status"], c["payment_status"], c["subscription"] = "complete", "paid", o["id"]
	s.tell("checkout.session.completed", c)
	return str(o["id"])
}

// period gives the items of a subscription the period that begins at from.
func (s *Stripe) period(o obj, from time.Time) {
	to := addMonths(o["anchor_"].(time.Time), from, intervalMonths(flat(o)))
	for _, it := range sub(o["items"])["data"].([]any) {
		it.(obj)["current_period_start"], it.(obj)["current_period_end"] = from.Unix(), to.Unix()
	}
}

func intervalMonths(item obj) int {
	if sub(sub(item["price"])["recurring"])["interval"] == "year" {
		return 12
	}
	return 1
}

// addMonths keeps the anchor's day, or the month's last.
func addMonths(anchor, from time.Time, n int) time.Time {
	first := time.Date(from.Year(), from.Month()+time.Month(n), 1, anchor.Hour(), anchor.Minute(), anchor.Second(), 0, time.UTC)
	return first.AddDate(0, 0, min(anchor.Day(), first.AddDate(0, 1, -1).Day())-1)
}

func item(o obj, usageType string) obj {
	for _, it := range sub(o["items"])["data"].([]any) {
		if sub(sub(it.(obj)["price"])["recurring"])["usage_type"] == usageType {
			return it.(obj)
		}
	}
	return nil
}

func flat(o obj) obj { return item(o, "licensed") }

func bounds(o obj) (from, to time.Time) {
	f := flat(o)
	return time.Unix(num(f["current_period_start"]), 0).UTC(), time.Unix(num(f["current_period_end"]), 0).UTC()
}

func (s *Stripe) line(price obj, amount, quantity int64, text string) obj {
	return obj{"id": s.id("il"), "object": "line_item", "amount": amount, "currency": "usd", "quantity": quantity, "description": text,
		"pricing": obj{"type": "price_details", "price_details": obj{"price": price["id"], "product": price["product"]}}}
}

func (s *Stripe) planLine(o obj) obj {
	p := sub(flat(o)["price"])
	return s.line(p, num(p["unit_amount"]), 1, "1 × the plan")
}

// usageLine bills what was used before a time and not billed; nil when nothing was. keep marks it.
func (s *Stripe) usageLine(o obj, before time.Time, keep bool) obj {
	it := item(o, "metered")
	if it == nil {
		return nil
	}
	from, _ := bounds(o)
	total := int64(0)
	for i := range s.usage {
		u := &s.usage[i]
		if u.customer == o["customer"] && !u.billed && !u.at.Before(from) && u.at.Before(before) {
			total += u.value
			u.billed = u.billed || keep
		}
	}
	if total == 0 {
		return nil
	}
	p := sub(it["price"])
	return s.line(p, total*num(p["unit_amount"]), total, fmt.Sprintf("%d × usage", total))
}

// change gives a subscription other prices at once: what was paid and not used is credited, what
// was used is billed, a new period begins. Without keep it only says the lines.
func (s *Stripe) change(o obj, items []obj, keep bool) ([]obj, *refusal) {
	var lines []obj
	from, to := bounds(o)
	old := sub(flat(o)["price"])
	unused := float64(to.Unix()-s.now.Unix()) / float64(to.Unix()-from.Unix())
	lines = append(lines, s.line(old, -int64(math.Round(float64(num(old["unit_amount"]))*unused)), 1, "Unused time"))
	if l := s.usageLine(o, s.now.Add(time.Second), keep); l != nil {
		lines = append(lines, l)
	}
	var fresh obj
	for _, ask := range items {
		price := s.all[str(ask["price"])]
		if price == nil {
			return nil, missing(str(ask["price"]))
		}
		if sub(price["recurring"])["usage_type"] == "licensed" {
			fresh = price
		}
		if !keep {
			continue
		}
		for _, it := range sub(o["items"])["data"].([]any) {
			if it.(obj)["id"] == str(ask["id"]) {
				it.(obj)["price"] = price
			}
		}
	}
	if fresh == nil {
		return nil, bad("no plan among the items")
	}
	lines = append(lines, s.line(fresh, num(fresh["unit_amount"]), 1, "1 × the plan"))
	if keep {
		o["anchor_"] = s.now
		s.period(o, s.now)
	}
	return lines, nil
}

// bill is an invoice that nobody keeps yet.
func (s *Stripe) bill(o obj, lines []obj, reason string, from, to time.Time) obj {
	total := int64(0)
	for _, l := range lines {
		total += num(l["amount"])
	}
	owed := num(s.all[str(o["customer"])]["balance"])
	return obj{"object": "invoice", "customer": o["customer"], "status": "draft", "billing_reason": reason, "currency": "usd", "total": total, "subtotal": total, "starting_balance": owed,
		"amount_due": max(0, total+owed), "amount_paid": int64(0), "amount_remaining": max(0, total+owed), "attempt_count": int64(0), "next_payment_attempt": nil,
		"period_start": from.Unix(), "period_end": to.Unix(), "lines": page(lines), "status_transitions": obj{"paid_at": nil},
		"parent": obj{"type": "subscription_details", "subscription_details": obj{"subscription": o["id"]}}}
}

func (s *Stripe) keepInvoice(v obj) {
	s.add("in", "invoice", v)
	v["number"] = fmt.Sprintf("SA-%04d", number.Load())
	v["status"], v["hosted_invoice_url"], v["invoice_pdf"] = "open", s.URL+"/invoice/"+str(v["id"]), s.URL+"/invoice/"+str(v["id"])+".pdf"
	v["payments"] = page(nil)
	s.all[str(sub(sub(v["parent"])["subscription_details"])["subscription"])]["latest_invoice"] = v["id"]
	s.tell("invoice.finalized", v)
}

// least is the smallest charge; a smaller bill is carried over to the next.
const least = 50

// Fee is what the provider keeps of a charge: 2.9 % and 30 cents.
func Fee(cents int64) int64 { return int64(math.Round(float64(cents)*0.029)) + 30 }

// pay charges an invoice's customer.
func (s *Stripe) pay(v obj) {
	customer := s.all[str(v["customer"])]
	due := num(v["total"]) + num(v["starting_balance"])
	if due < least {
		customer["balance"] = due
		s.paid(v, 0)
		return
	}
	v["attempt_count"] = num(v["attempt_count"]) + 1
	pi := s.add("pi", "payment_intent", obj{"customer": v["customer"], "amount": due, "currency": "usd"})
	ch := s.add("ch", "charge", obj{"customer": v["customer"], "amount": due, "amount_refunded": int64(0), "currency": "usd", "payment_intent": pi["id"], "disputed": false, "refunded": false})
	if !s.cards[str(v["customer"])] {
		ch["status"], ch["paid"] = "failed", false
		pi["status"] = "requires_payment_method"
		v["next_payment_attempt"] = nil
		if pause, ok := pauses[num(v["attempt_count"])]; ok {
			v["next_payment_attempt"] = s.now.AddDate(0, 0, pause).Unix()
		}
		s.tell("charge.failed", ch)
		s.tell("invoice.payment_failed", v)
		return
	}
	ch["status"], ch["paid"], pi["status"] = "succeeded", true, "succeeded"
	ch["balance_transaction"] = s.move("charge", str(ch["id"]), due, Fee(due))
	v["payments"] = page([]obj{{"id": s.id("inpay"), "object": "invoice_payment", "status": "paid", "amount_paid": due, "invoice": v["id"],
		"payment": obj{"type": "payment_intent", "payment_intent": pi["id"]}}})
	customer["balance"] = int64(0)
	s.tell("charge.succeeded", ch)
	s.paid(v, due)
}

// pauses are the days until the next try after so many; after the last the subscription ends.
var pauses = map[int64]int{1: 3, 2: 5, 3: 7}

func (s *Stripe) paid(v obj, amount int64) {
	v["status"], v["amount_paid"], v["amount_remaining"], v["next_payment_attempt"] = "paid", amount, int64(0), nil
	v["status_transitions"] = obj{"paid_at": s.now.Unix()}
	s.tell("invoice.paid", v)
}

// move writes a balance transaction.
func (s *Stripe) move(kind, source string, amount, fee int64) string {
	return str(s.add("txn", "balance_transaction", obj{"type": kind, "source": source, "amount": amount, "fee": fee, "net": amount - fee, "currency": "usd", "status": "available"})["id"])
}

func (s *Stripe) refund(charge string, amount int64) (any, *refusal) {
	ch := s.all[charge]
	if ch == nil || ch["status"] != "succeeded" {
		return nil, missing(charge)
	}
	left := num(ch["amount"]) - num(ch["amount_refunded"])
	if amount == 0 {
		amount = left
	}
	if amount > left || left == 0 {
		return nil, bad("Charge %s has already been refunded.", charge)
	}
	re := s.add("re", "refund", obj{"charge": charge, "amount": amount, "currency": "usd", "status": "succeeded", "payment_intent": ch["payment_intent"]})
	re["balance_transaction"] = s.move("refund", str(re["id"]), -amount, 0)
	ch["amount_refunded"], ch["refunded"] = num(ch["amount_refunded"])+amount, amount == left
	s.tell("charge.refunded", ch)
	return re, nil
}

// Dispute takes a charge back, with the fee of a dispute.
func (s *Stripe) Dispute(charge string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	ch := s.all[charge]
	ch["disputed"] = true
	d := s.add("dp", "dispute", obj{"charge": charge, "amount": ch["amount"], "currency": "usd", "status": "needs_response"})
	d["balance_transactions"] = []obj{s.all[s.move("adjustment", str(d["id"]), -num(ch["amount"]), 1500)]}
	// Stripe's event holds the dispute, which names its charge and no customer.
	s.tell("charge.dispute.funds_withdrawn", d)
}

// CancelLater is the portal's button: the subscription ends with its period, or after all not.
func (s *Stripe) CancelLater(subscription string, cancel bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if o := s.all[subscription]; o != nil && o["status"] != "canceled" {
		s.cancelLater(o, cancel)
	}
}

func (s *Stripe) cancelLater(o obj, cancel bool) {
	o["cancel_at_period_end"], o["cancel_at"] = cancel, nil
	if cancel {
		_, to := bounds(o)
		o["cancel_at"] = to.Unix()
	}
	s.tell("customer.subscription.updated", o)
}

// end ends a subscription now; bill says whether what was used is billed.
func (s *Stripe) end(o obj, bill bool) {
	if l := s.usageLine(o, s.now.Add(time.Second), bill); bill && l != nil {
		from, _ := bounds(o)
		v := s.bill(o, []obj{l}, "subscription_cycle", from, s.now)
		s.keepInvoice(v)
		s.pay(v)
	}
	o["status"], o["ended_at"], o["canceled_at"] = "canceled", s.now.Unix(), s.now.Unix()
	s.tell("customer.subscription.deleted", o)
}

// PayBill is the button on an open bill's page.
func (s *Stripe) PayBill(invoice string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if v := s.all[invoice]; v != nil && v["status"] == "open" {
		s.retry(v)
	}
}

func (s *Stripe) retry(v obj) {
	s.pay(v)
	o := s.all[str(sub(sub(v["parent"])["subscription_details"])["subscription"])]
	switch {
	case o["status"] == "canceled":
	case v["status"] == "paid":
		o["status"] = "active"
		s.tell("customer.subscription.updated", o)
	case v["next_payment_attempt"] == nil:
		s.end(o, false)
	}
}

// Advance moves the clock and does what falls due, in order.
func (s *Stripe) Advance(to time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		at, act := to, func() {}
		found := false
		due := func(t time.Time, f func()) {
			if !t.After(at) && (!found || t.Before(at)) {
				at, act, found = t, f, true
			}
		}
		for _, o := range s.list("subscription", func(o obj) bool { return o["status"] != "canceled" }) {
			_, end := bounds(o)
			due(end, func() { s.renew(o) })
		}
		for _, v := range s.list("invoice", func(v obj) bool { return v["status"] == "open" && v["next_payment_attempt"] != nil }) {
			due(time.Unix(num(v["next_payment_attempt"]), 0).UTC(), func() { s.retry(v) })
		}
		if !found {
			break
		}
		s.now = at
		act()
	}
	if to.After(s.now) {
		s.now = to.UTC().Truncate(time.Second)
	}
}

func (s *Stripe) renew(o obj) {
	from, to := bounds(o)
	if o["cancel_at_period_end"] == true {
		s.end(o, true)
		return
	}
	var lines []obj
	if l := s.usageLine(o, to, true); l != nil {
		lines = append(lines, l)
	}
	lines = append(lines, s.planLine(o))
	s.period(o, to)
	v := s.bill(o, lines, "subscription_cycle", from, to)
	s.keepInvoice(v)
	s.pay(v)
	if v["status"] == "open" {
		o["status"] = "past_due"
	}
	s.tell("customer.subscription.updated", o)
}
