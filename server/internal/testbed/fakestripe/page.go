package fakestripe

import (
	"fmt"
	"html"
	"net/http"
	"strings"
)

// page is what a customer's browser sees of the provider: the payment page, the portal.
func (s *Stripe) page(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	what, id, _ := strings.Cut(strings.Trim(r.URL.Path, "/"), "/")
	o := s.Get(id)
	if o == nil {
		http.NotFound(w, r)
		return
	}
	back := str(o["cancel_url"])
	if what == "pay" && r.Method == http.MethodPost {
		if s.Pay(id) == "" {
			http.Error(w, "Your card was declined.", http.StatusPaymentRequired)
			return
		}
		http.Redirect(w, r, str(o["success_url"]), http.StatusSeeOther)
		return
	}
	fmt.Fprintf(w, `<!doctype html><title>Test provider</title><h1>%s</h1><form method="post"><button id="pay">Pay</button></form><a id="back" href="%s">Back</a>`, html.EscapeString(what), html.EscapeString(back))
}
