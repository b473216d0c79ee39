package ops

import (
	"context"
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"sampleagent/server/internal/store"
)

// billingCommand is what operators do about money.
func billingCommand(stderr io.Writer, actor string, find func(context.Context, *Server, string) (*store.User, error)) *cobra.Command {
	root := &cobra.Command{Use: "billing", Short: "Set Stripe up, compare with it, list bills, refund"}
	root.AddCommand(&cobra.Command{Use: "setup", Short: "Make products, prices, the meter and the portal at Stripe; what is there stays", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return with(cmd, stderr, func(ctx context.Context, s *Server) error {
				did, err := s.Bills.Setup(ctx)
				for _, line := range did {
					fmt.Fprintln(cmd.OutOrStdout(), line)
				}
				if err == nil {
					fmt.Fprintf(cmd.OutOrStdout(), "\nAt Stripe, point a webhook at %s/api/billing/webhook with the events\n%s\nand set stripe_webhook_secret to its secret.\n", s.Config.PublicURL, stripeEvents)
				}
				return err
			})
		}})
	root.AddCommand(&cobra.Command{Use: "reconcile", Short: "Compare every account with Stripe now, as every night", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return with(cmd, stderr, func(ctx context.Context, s *Server) error {
				if !s.Bills.On() {
					return fmt.Errorf("billing is off; set stripe_key and stripe_webhook_secret")
				}
				n, err := s.Bills.Reconcile(ctx)
				fmt.Fprintf(cmd.OutOrStdout(), "%+v\n", n)
				return err
			})
		}})
	root.AddCommand(&cobra.Command{Use: "bills EMAIL", Short: "List an account's bills and every movement of money", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return with(cmd, stderr, func(ctx context.Context, s *Server) error {
				u, err := find(ctx, s, args[0])
				if err != nil {
					return err
				}
				return printBills(ctx, cmd.OutOrStdout(), s.DB, u)
			})
		}})
	var cents int64
	var reason string
	refund := &cobra.Command{Use: "refund EMAIL BILL", Short: "Give a bill's payment back, or with --cents a part of it", Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			return with(cmd, stderr, func(ctx context.Context, s *Server) error {
				u, err := find(ctx, s, args[0])
				if err != nil {
					return err
				}
				given, err := s.Bills.Refund(ctx, u, args[1], cents, actor, reason)
				if err == nil {
					fmt.Fprintf(cmd.OutOrStdout(), "%s refunded to %s\n", money(given), u.Email)
				}
				return err
			})
		}}
	refund.Flags().Int64Var(&cents, "cents", 0, "how much; 0 for all of it")
	refund.Flags().StringVar(&reason, "reason", "", "why, for the audit log")
	if err := refund.MarkFlagRequired("reason"); err != nil {
		panic(err) // the flag stands one line above
	}
	root.AddCommand(refund)
	return root
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
