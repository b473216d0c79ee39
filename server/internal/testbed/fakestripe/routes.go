package fakestripe

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

// route answers one kind of request.
func (s *Stripe) route(method string, p []string, f obj) (any, *refusal) {
	get, post := method == http.MethodGet, method == http.MethodPost
	at := func(pattern string) bool {
		want := strings.Split(pattern, "/")
		if len(want) != len(p) {
			return false
		}
		for i := range want {
			if want[i] != "*" && want[i] != p[i] {
				return false
			}
		}
		return true
	}
	last := p[len(p)-1]
	byCustomer := func(kind string) (any, *refusal) {
		return paged(s.list(kind, func(o obj) bool { return o["customer"] == str(f["customer"]) }), f)
	}
	switch {
	case post && at("products"):
		if id := str(f["id"]); s.all[id] != nil {
			return nil, bad("Product already exists.")
		}
		return s.add("prod", "product", obj{"id": f["id"], "name": f["name"], "active": true}), nil
	case post && at("prices"):
		return s.newPrice(f)
	case get && at("prices"):
		keys := texts(f["lookup_keys"])
		return paged(s.list("price", func(o obj) bool { return len(keys) == 0 || slices.Contains(keys, str(o["lookup_key"])) }), f)
	case post && at("billing/meters"):
		return s.add("mtr", "billing.meter", obj{"event_name": f["event_name"], "display_name": f["display_name"], "status": "active"}), nil
	case get && at("billing/meters"):
		return paged(s.list("billing.meter", nil), f)
	case post && at("billing/meter_events"):
		return s.meter(f)
	case get && at("billing/meters/*/event_summaries"):
		from, to := time.Unix(num(f["start_time"]), 0), time.Unix(num(f["end_time"]), 0)
		if from.Second() != 0 || to.Second() != 0 {
			return nil, bad("start_time and end_time must align with minute boundaries.")
		}
		total := int64(0)
		for _, u := range s.usage {
			if u.customer == str(f["customer"]) && !u.at.Before(from) && u.at.Before(to) {
				total += u.value
			}
		}
		return page([]obj{{"id": "mtrusg_1", "object": "billing.meter_event_summary", "aggregated_value": total, "meter": p[2], "start_time": num(f["start_time"]), "end_time": num(f["end_time"])}}), nil
	case post && at("billing_portal/configurations"):
		return s.add("bpc", "billing_portal.configuration", obj{"active": true, "metadata": metadata(f["metadata"])}), nil
	case post && at("billing_portal/configurations/*"):
		return s.all[last], nil
	case get && at("billing_portal/configurations"):
		return paged(s.list("billing_portal.configuration", nil), f)
	case post && at("billing_portal/sessions"):
		return s.add("bps", "billing_portal.session", obj{"customer": f["customer"], "configuration": f["configuration"], "return_url": f["return_url"], "url": s.URL + "/portal/" + str(f["customer"])}), nil
	case post && at("customers"):
		c := s.add("cus", "customer", obj{"email": f["email"], "metadata": metadata(f["metadata"]), "balance": int64(0)})
		s.cards[str(c["id"])] = true
		s.tell("customer.created", c)
		return c, nil
	case post && at("checkout/sessions"):
		return s.newSession(f)
	case get && at("checkout/sessions"):
		return paged(s.list("checkout.session", func(o obj) bool {
			return o["customer"] == str(f["customer"]) && (str(f["status"]) == "" || o["status"] == str(f["status"]))
		}), f)
	case post && at("checkout/sessions/*/expire"):
		o := s.all[p[2]]
		if o == nil || o["status"] != "open" {
			return nil, bad("Only Checkout Sessions with a status in [open] can be expired.")
		}
		o["status"] = "expired"
		s.tell("checkout.session.expired", o)
		return o, nil
	case get && at("subscriptions"):
		return paged(s.list("subscription", func(o obj) bool {
			return o["customer"] == str(f["customer"]) && (str(f["status"]) == "all" || o["status"] != "canceled")
		}), f)
	case post && at("subscriptions/*"):
		return s.updateSubscription(last, f)
	case method == http.MethodDelete && at("subscriptions/*"):
		o := s.all[last]
		if o == nil || o["status"] == "canceled" {
			return nil, missing(last)
		}
		s.end(o, f["invoice_now"] == "true")
		return o, nil
	case post && at("invoices/create_preview"):
		d := sub(f["subscription_details"])
		o := s.all[str(f["subscription"])]
		if o == nil {
			return nil, missing(str(f["subscription"]))
		}
		lines, err := s.change(o, sorted(d["items"]), false)
		if err != nil {
			return nil, err
		}
		return s.bill(o, lines, "subscription_update", s.now, s.now), nil
	case get && at("invoices"):
		return byCustomer("invoice")
	case get && at("charges"):
		return byCustomer("charge")
	case get && at("disputes"):
		return paged(s.list("dispute", func(o obj) bool { return o["charge"] == str(f["charge"]) }), f)
	case post && at("refunds"):
		return s.refund(str(f["charge"]), num(f["amount"]))
	case get && len(p) >= 2 && s.all[last] != nil:
		return s.all[last], nil
	}
	return nil, missing(strings.Join(p, "/"))
}

func missing(what string) *refusal {
	return &refusal{http.StatusNotFound, "invalid_request_error", "resource_missing", "No such thing: '" + what + "'"}
}

func (s *Stripe) newPrice(f obj) (any, *refusal) {
	key := str(f["lookup_key"])
	for _, o := range s.list("price", func(o obj) bool { return key != "" && o["lookup_key"] == key }) {
		if f["transfer_lookup_key"] != "true" {
			return nil, bad("A price (`%s`) already uses that lookup key.", o["id"])
		}
		o["lookup_key"] = nil
	}
	r := sub(f["recurring"])
	usage := "licensed"
	if str(r["usage_type"]) != "" {
		usage = str(r["usage_type"])
	}
	return s.add("price", "price", obj{"active": true, "currency": f["currency"], "lookup_key": key, "product": f["product"], "unit_amount": num(f["unit_amount"]), "type": "recurring",
		"recurring": obj{"interval": r["interval"], "interval_count": int64(1), "usage_type": usage, "meter": r["meter"]}}), nil
}

// usage is a meter event.
type usage struct {
	identifier, customer string
	value                int64
	at, received         time.Time
	billed               bool
}

// meter counts usage; an identifier is remembered for 24 hours, as Stripe promises at least.
func (s *Stripe) meter(f obj) (any, *refusal) {
	payload := sub(f["payload"])
	u := usage{identifier: str(f["identifier"]), customer: str(payload["stripe_customer_id"]), value: num(payload["value"]), at: s.now, received: s.now}
	if t := num(f["timestamp"]); t != 0 {
		u.at = time.Unix(t, 0).UTC()
	}
	if s.all[u.customer] == nil || u.value < 1 {
		return nil, bad("The payload is not valid.")
	}
	if u.at.Before(s.now.AddDate(0, 0, -35)) || u.at.After(s.now.Add(5*time.Minute)) {
		return nil, bad("timestamp must be within the past 35 calendar days or up to 5 minutes in the future.")
	}
	for _, known := range s.usage {
		if known.identifier == u.identifier && s.now.Sub(known.received) < 24*time.Hour {
			return nil, bad("An event already exists with identifier %s.", u.identifier)
		}
	}
	s.usage = append(s.usage, u)
	return obj{"object": "billing.meter_event", "identifier": u.identifier, "event_name": f["event_name"], "payload": payload, "timestamp": u.at.Unix(), "created": s.now.Unix(), "livemode": false}, nil
}

func (s *Stripe) newSession(f obj) (any, *refusal) {
	if s.all[str(f["customer"])] == nil {
		return nil, missing(str(f["customer"]))
	}
	items := sorted(f["line_items"])
	interval := ""
	for _, it := range items {
		p := s.all[str(it["price"])]
		if p == nil {
			return nil, missing(str(it["price"]))
		}
		r := sub(p["recurring"])
		if interval != "" && interval != str(r["interval"]) {
			return nil, bad("All recurring prices of a session must have the same interval.")
		}
		interval = str(r["interval"])
		if r["usage_type"] == "metered" && it["quantity"] != nil {
			return nil, bad("Quantity must not be specified for metered prices.")
		}
	}
	o := s.add("cs_test", "checkout.session", obj{"mode": f["mode"], "customer": f["customer"], "client_reference_id": f["client_reference_id"], "status": "open", "payment_status": "unpaid",
		"success_url": f["success_url"], "cancel_url": f["cancel_url"], "subscription": nil, "metadata": metadata(f["metadata"]), "line_items_": items})
	o["url"] = s.URL + "/pay/" + str(o["id"])
	return o, nil
}

func (s *Stripe) updateSubscription(id string, f obj) (any, *refusal) {
	o := s.all[id]
	if o == nil || o["status"] == "canceled" {
		return nil, missing(id)
	}
	if v, ok := f["cancel_at_period_end"]; ok {
		s.cancelLater(o, v == "true")
	}
	if items := sorted(f["items"]); len(items) > 0 {
		if !s.cards[str(o["customer"])] {
			return nil, &refusal{http.StatusPaymentRequired, "card_error", "card_declined", "Your card was declined."}
		}
		lines, err := s.change(o, items, true)
		if err != nil {
			return nil, err
		}
		v := s.bill(o, lines, "subscription_update", s.now, s.now)
		s.keepInvoice(v)
		s.pay(v)
		s.tell("customer.subscription.updated", o)
	}
	return o, nil
}
