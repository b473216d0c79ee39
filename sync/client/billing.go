package client

import (
	"context"
	"net/http"

	"sampleagent/sync/wire"
)

// Checkout is the address of the payment page for pro, paid every "month" or "year".
func (c *Client) Checkout(ctx context.Context, every string) (string, error) {
	return c.billing(ctx, wire.PathCheckout, wire.CheckoutRequest{Every: every})
}

// Portal is the address of the page with bills, card and cancellation.
func (c *Client) Portal(ctx context.Context) (string, error) {
	return c.billing(ctx, wire.PathPortal, nil)
}

// billing asks for a page of the payment provider; asking again makes another address, no harm.
func (c *Client) billing(ctx context.Context, path string, ask any) (string, error) {
	var out wire.BillingLink
	err := c.call(ctx, func(token string) error {
		r := request(ctx, c.http, token, true)
		if ask != nil {
			r.SetBody(ask)
		}
		return send(r, http.MethodPost, c.server+path, &out)
	})
	return out.URL, err
}
