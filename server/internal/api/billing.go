package api

import (
	"context"
	"errors"
	"io"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/go-chi/chi/v5"

	"sampleagent/server/internal/billing"
	"sampleagent/sync/wire"
)

// Describe is the account of a request's principal as its owner sees it.
func (a *API) Describe(ctx context.Context) (*wire.Account, error) {
	p := Principal(ctx)
	acc, err := a.Accounts.Describe(ctx, p, a.AI, a.Bills.On())
	if err != nil {
		return nil, err
	}
	return acc, a.Bills.Describe(ctx, p.User, p.Limits, acc)
}

func (a *API) billingRoutes(r chi.Router) {
	link := func(url string, err error) (*Body[wire.BillingLink], error) {
		if err != nil {
			return nil, err
		}
		return &Body[wire.BillingLink]{wire.BillingLink{URL: url}}, nil
	}
	Register(a, Op(http.MethodPost, wire.PathCheckout, Session, "The address of the payment page for pro"), func(ctx context.Context, in *In[wire.CheckoutRequest]) (*Body[wire.BillingLink], error) {
		return link(a.Bills.Checkout(ctx, Principal(ctx).User, in.Body.Every))
	})
	Register(a, Op(http.MethodPost, wire.PathPortal, Session, "The address of the page with bills, card and cancellation"), func(ctx context.Context, _ *struct{}) (*Body[wire.BillingLink], error) {
		return link(a.Bills.Portal(ctx, Principal(ctx).User, "/account"))
	})
	Register(a, Op(http.MethodPost, "/api/billing/cancel", Session, "Cancel pro at the end of the paid period"), func(ctx context.Context, _ *struct{}) (*None, error) {
		return &None{}, a.Bills.Cancel(ctx, Principal(ctx).User)
	})
	Register(a, Op(http.MethodPost, "/api/billing/keep", Session, "Undo a cancellation"), func(ctx context.Context, _ *struct{}) (*None, error) {
		return &None{}, a.Bills.KeepPlan(ctx, Principal(ctx).User)
	})
	Register(a, Op(http.MethodGet, "/api/billing/invoices", Session, "Bills, newest first"), func(ctx context.Context, _ *struct{}) (*Items[wire.Invoice], error) {
		return items(a.invoices(ctx, 200))
	})
	op := Op(http.MethodPost, "/api/billing/webhook", Public, "Stripe's signed webhook messages")
	op.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{"application/json": {Schema: &huma.Schema{Type: "object"}}}}
	op.Responses = map[string]*huma.Response{"200": {Description: "Stored; it is acted on from the queue"}}
	a.raw(r, op, a.stripe)
}

// stripe takes a message whole: its signature is over the bytes.
func (a *API) stripe(w http.ResponseWriter, r *http.Request) error {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, billing.MaxEvent))
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return &wire.Problem{Type: "about:blank", Title: "Content Too Large", Status: http.StatusRequestEntityTooLarge, Code: wire.CodeTooLarge, Detail: "No message of Stripe is as large as this."}
	}
	if err != nil {
		return badRequest("The message broke off.")
	}
	if err := a.Bills.Receive(r.Context(), body, r.Header.Get("Stripe-Signature")); err != nil {
		return err
	}
	w.WriteHeader(http.StatusOK)
	return nil
}

// invoices are the account's bills, newest first.
func (a *API) invoices(ctx context.Context, most int) ([]wire.Invoice, error) {
	rows, err := a.DB.InvoicesOf(ctx, Principal(ctx).User.ID, most)
	list := make([]wire.Invoice, len(rows))
	for i := range rows {
		list[i] = billing.WireInvoice(&rows[i])
	}
	return list, err
}
