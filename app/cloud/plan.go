package cloud

import "context"

// Checkout is the address of the page on which pro is bought, paid every "month" or "year"; it is
// for a browser. The new plan comes back by itself, as a change of the State.
func (c *Cloud) Checkout(ctx context.Context, every string) (string, error) {
	remote, account, err := c.signedIn()
	if err != nil {
		return "", err
	}
	address, err := remote.Checkout(ctx, every)
	c.note(account, err)
	return address, err
}

// Portal is the address of the page with bills, card and cancellation, for a browser.
func (c *Cloud) Portal(ctx context.Context) (string, error) {
	remote, account, err := c.signedIn()
	if err != nil {
		return "", err
	}
	address, err := remote.Portal(ctx)
	c.note(account, err)
	return address, err
}
