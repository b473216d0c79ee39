package ops

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"sampleagent/server/internal/plan"
	"sampleagent/server/internal/store"
)

// admin is what the operator's commands share. Each opens a server that neither serves nor works,
// and what it changes is in the audit log of the account with its actor and reason.
type admin struct {
	stderr io.Writer
	actor  string
	reason string // of the flag
}

func adminCommand(stderr io.Writer) *cobra.Command {
	a := &admin{stderr: stderr, actor: "admin:" + os.Getenv("USER")}
	root := &cobra.Command{Use: "admin", Short: "Manage accounts; every change is in their audit log"}
	root.AddCommand(
		a.users(), a.tier(), a.block("block", true), a.block("unblock", false), a.credit(), a.feature(), a.contract(), a.delete(),
		a.backup(), a.sweep(), a.check(), a.billing(), a.tenant(),
	)
	return root
}

// command is one that works on the whole server. The use line names its arguments, of which it
// takes exactly as many.
func (a *admin) command(use, short string, args int, do func(ctx context.Context, s *Server, out io.Writer, args []string) error) *cobra.Command {
	return &cobra.Command{Use: use, Short: short, Args: cobra.ExactArgs(args), RunE: func(cmd *cobra.Command, args []string) error {
		return with(cmd, a.stderr, RefuseOlder, func(ctx context.Context, s *Server) error { return do(ctx, s, cmd.OutOrStdout(), args) })
	}}
}

// account is a command on the account whose address is its first argument.
func (a *admin) account(use, short string, args int, do func(ctx context.Context, s *Server, u *store.User, out io.Writer, args []string) error) *cobra.Command {
	return a.command(use, short, args, func(ctx context.Context, s *Server, out io.Writer, args []string) error {
		u, err := s.DB.UserByEmail(ctx, args[0])
		if errors.Is(err, store.ErrNotFound) {
			return fmt.Errorf("no account has the address %s", args[0])
		}
		if err != nil {
			return err
		}
		return do(ctx, s, u, out, args)
	})
}

// withReason makes a command ask why.
func (a *admin) withReason(cmd *cobra.Command) *cobra.Command {
	cmd.Flags().StringVar(&a.reason, "reason", "", "why, for the audit log")
	if err := cmd.MarkFlagRequired("reason"); err != nil {
		panic(err) // the flag stands one line above
	}
	return cmd
}

func (a *admin) users() *cobra.Command {
	return a.command("users PART", "List accounts whose address contains PART", 1, func(ctx context.Context, s *Server, out io.Writer, args []string) error {
		users, err := s.DB.FindUsers(ctx, args[0], 200)
		for _, u := range users {
			fmt.Fprintf(out, "%s  %-40s  %-10s  %d bytes  blocked %v\n", u.ID, u.Email, u.EffectiveTier(s.Now()), u.StorageBytes, u.BlockedAt != 0)
		}
		return err
	})
}

func (a *admin) tier() *cobra.Command {
	return a.withReason(a.account("tier EMAIL free|pro|enterprise", "Change an account's tier", 2,
		func(ctx context.Context, s *Server, u *store.User, _ io.Writer, args []string) error {
			return s.Accounts.SetTier(ctx, u.ID, plan.Tier(args[1]), plan.Overrides{}, a.actor, a.reason)
		}))
}

func (a *admin) block(name string, blocked bool) *cobra.Command {
	return a.withReason(a.account(name+" EMAIL", name+" an account; nothing is deleted", 1,
		func(ctx context.Context, s *Server, u *store.User, _ io.Writer, _ []string) error {
			return s.Accounts.Block(ctx, u.ID, blocked, a.actor, a.reason)
		}))
}

func (a *admin) credit() *cobra.Command {
	return a.withReason(a.account("credit EMAIL UPLOADS", "Give an account uploads of its running day or month beyond its plan", 2,
		func(ctx context.Context, s *Server, u *store.User, _ io.Writer, args []string) error {
			n, err := strconv.ParseInt(args[1], 10, 64)
			if err != nil {
				return fmt.Errorf("%q is not a number of uploads", args[1])
			}
			return s.Accounts.Credit(ctx, u.ID, n, a.actor, a.reason)
		}))
}

func (a *admin) feature() *cobra.Command {
	return a.withReason(a.command("feature NAME on|off|default", "Switch a feature for all processes, over phase and settings", 2,
		func(ctx context.Context, s *Server, _ io.Writer, args []string) error {
			return s.Features.Turn(ctx, args[0], args[1], a.actor, a.reason)
		}))
}

func (a *admin) contract() *cobra.Command {
	var from, to string
	cmd := a.withReason(a.account("contract EMAIL TERM=VALUE...", "Agree terms with an enterprise account: uploads=50000 storage_bytes=500GB queue=acme", 2,
		func(ctx context.Context, s *Server, u *store.User, out io.Writer, args []string) error {
			terms, err := plan.ParseTerms(args[1:])
			if err != nil {
				return err
			}
			c := plan.Contract{Tier: plan.Enterprise, Terms: terms}
			if c.From, err = day(from); err != nil {
				return err
			}
			if c.To, err = day(to); err != nil {
				return err
			}
			id, err := s.Accounts.Agree(ctx, u.ID, c, a.actor, a.reason)
			if err == nil {
				_, err = fmt.Fprintln(out, id)
			}
			return err
		}))
	cmd.Args = cobra.MinimumNArgs(2)
	cmd.Flags().StringVar(&from, "from", "", "first day (default: now)")
	cmd.Flags().StringVar(&to, "to", "", "day on which it no longer holds (default: until it is ended)")
	return cmd
}

// day reads a day like 2026-12-31; "" is the zero time.
func day(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return t, fmt.Errorf("%q is not a day like 2026-12-31", text)
	}
	return t, nil
}

func (a *admin) delete() *cobra.Command {
	return a.account("delete EMAIL", "Delete an account and everything in it", 1,
		func(ctx context.Context, s *Server, u *store.User, _ io.Writer, _ []string) error {
			return s.Accounts.Delete(ctx, u.ID, a.actor, "")
		})
}

// backup also copies a database that a newer program has yet to bring up to date.
func (a *admin) backup() *cobra.Command {
	return &cobra.Command{Use: "backup FOLDER", Short: "Copy an embedded database and its objects into a new folder, also while the server runs", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return with(cmd, a.stderr, KeepOlder, func(ctx context.Context, s *Server) error {
				n, err := s.Backup(ctx, args[0])
				if err == nil {
					_, err = fmt.Fprintf(cmd.OutOrStdout(), "%d objects\n", n)
				}
				return err
			})
		}}
}

func (a *admin) sweep() *cobra.Command {
	return a.command("sweep", "Remove now what has ended", 0, func(ctx context.Context, s *Server, out io.Writer, _ []string) error {
		swept, err := s.Jobs.Sweep(ctx)
		if err == nil {
			fmt.Fprintln(out, swept)
		}
		return err
	})
}

func (a *admin) check() *cobra.Command {
	var all bool
	cmd := a.command("check", "Compare objects, rows and counters, and repair", 0, func(ctx context.Context, s *Server, out io.Writer, _ []string) error {
		found, err := s.Jobs.Check(ctx, s.Now().AddDate(0, 0, -3), all)
		fmt.Fprintln(out, found)
		return err
	})
	cmd.Flags().BoolVar(&all, "all", false, "repair also where more than a tenth of objects or rows differs: what has no row is removed, what has no object is given up")
	return cmd
}
