package ops

import (
	"context"
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"sampleagent/server/internal/store"
)

// billing is what operators do about money.
func (a *admin) billing() *cobra.Command {
	root := &cobra.Command{Use: "billing", Short: "Set Stripe up, compare with it, list bills, refund"}
	root.AddCommand(
		a.command("setup", "Make products, prices, the meter and the portal at Stripe; what is there stays", 0, setUpStripe),
		a.command("reconcile", "Compare every account with Stripe now, as every night", 0, reconcile),
		a.account("bills EMAIL", "List an account's bills and every movement of money", 1,
			func(ctx context.Context, s *Server, u *store.User, out io.Writer, _ []string) error {
				return printBills(ctx, out, s.DB, u)
			}),
		a.refund(),
	)
	return root
}

func setUpStripe(ctx context.Context, s *Server, out io.Writer, _ []string) error {
	did, err := s.Bills.Setup(ctx)
	for _, line := range did {
		fmt.Fprintln(out, line)
	}
	if err == nil {
		fmt.Fprintf(out, "\nAt Stripe, point a webhook at %s/api/billing/webhook with the events\n%s\nand set stripe_webhook_secret to its secret.\n", s.Config.PublicURL, stripeEvents)
	}
	return err
}

func reconcile(ctx context.Context, s *Server, out io.Writer, _ []string) error {
	if !s.Bills.On() {
		return fmt.Errorf("billing is off; set stripe_key and stripe_webhook_secret")
	}
	n, err := s.Bills.Reconcile(ctx)
	fmt.Fprintf(out, "%+v\n", n)
	return err
}

func (a *admin) refund() *cobra.Command {
	var cents int64
	cmd := a.withReason(a.account("refund EMAIL BILL", "Refund a bill, or with --cents a part of it", 2,
		func(ctx context.Context, s *Server, u *store.User, out io.Writer, args []string) error {
			given, err := s.Bills.Refund(ctx, u, args[1], cents, a.actor, a.reason)
			if err == nil {
				fmt.Fprintf(out, "%s refunded to %s\n", money(given), u.Email)
			}
			return err
		}))
	cmd.Flags().Int64Var(&cents, "cents", 0, "how much; 0 for all of it")
	return cmd
}

// stripeEvents are those after which an account may have changed.
const stripeEvents = "checkout.session.completed, customer.subscription.created, .updated, .deleted,\ninvoice.paid, invoice.payment_failed, invoice.finalized, charge.refunded,\ncharge.dispute.funds_withdrawn, charge.dispute.funds_reinstated"

func money(cents int64) string {
	sign := ""
	if cents < 0 {
		sign, cents = "-", -cents
	}
	return fmt.Sprintf("%s$%d.%02d", sign, cents/100, cents%100)
}

func printBills(ctx context.Context, w io.Writer, db *store.DB, u *store.User) error {
	bills, err := db.InvoicesOf(ctx, u.ID, 200)
	if err != nil {
		return err
	}
	t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	fmt.Fprintln(t, "bill\tnumber\tdate\tstatus\tplan\tdeep\ttotal\tpaid")
	for _, v := range bills {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", v.ID, v.Number, v.CreatedAt.Time().Format("2006-01-02"), v.Status, money(v.PlanCents), money(v.DeepCents), money(v.TotalCents), money(v.PaidCents))
	}
	moves, err := db.PaymentsOf(ctx, u.ID)
	if err != nil {
		return err
	}
	fmt.Fprintln(t, "\nmovement\tkind\tdate\tof bill\tgross\tfee\tnet\t")
	for _, p := range moves {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t\n", p.ID, p.Kind, p.CreatedAt.Time().Format("2006-01-02"), p.Invoice, money(p.GrossCents), money(p.FeeCents), money(p.NetCents))
	}
	return t.Flush()
}
