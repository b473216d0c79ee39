package ops

import (
	"context"
	"fmt"
	"io"
	"os"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"sampleagent/server/internal/store"
	"sampleagent/server/internal/tenant"
)

// tenantCommand is what operators do about names and hosts of enterprise accounts.
func tenantCommand(stderr io.Writer, actor string, find func(context.Context, *Server, string) (*store.User, error)) *cobra.Command {
	root := &cobra.Command{Use: "tenant", Short: "Give enterprise accounts a name, logo, colours and host of their own"}
	var reason string
	// on adds a command about one account, with its reason.
	on := func(cmd *cobra.Command, do func(ctx context.Context, s *Server, u *store.User, args []string) error) *cobra.Command {
		cmd.RunE = func(cmd *cobra.Command, args []string) error {
			return with(cmd, stderr, func(ctx context.Context, s *Server) error {
				u, err := find(ctx, s, args[0])
				if err != nil {
					return err
				}
				return do(ctx, s, u, args)
			})
		}
		cmd.Flags().StringVar(&reason, "reason", "", "why, for the audit log")
		if err := cmd.MarkFlagRequired("reason"); err != nil {
			panic(err) // the flag stands one line above
		}
		root.AddCommand(cmd)
		return cmd
	}
	values := map[string]*string{}
	set := &cobra.Command{Use: "set EMAIL", Short: "Set what is named, keep the rest, and look whether the host leads here", Args: cobra.ExactArgs(1)}
	on(set, func(ctx context.Context, s *Server, u *store.User, _ []string) error {
		given := func(name string) *string {
			if set.Flags().Changed(name) {
				return values[name]
			}
			return nil
		}
		c := tenant.Change{Name: given("name"), Host: given("host"), Accent: given("accent"), Bar: given("bar")}
		if file := given("logo"); file != nil {
			c.Logo = []byte{}
			if *file != "" {
				var err error
				if c.Logo, err = os.ReadFile(*file); err != nil {
					return err
				}
			}
		}
		t, err := s.Tenants.Set(ctx, u.ID, c, actor, reason)
		if err != nil {
			return err
		}
		state := t.Host + " leads here"
		if t.Wrong != "" {
			state = "the host does not count yet: " + t.Wrong
		}
		_, err = fmt.Fprintln(set.OutOrStdout(), t.Name+": "+state)
		return err
	})
	for name, usage := range map[string]string{"name": "what pages and mails are headed with", "host": "host name that leads to this server, like sounds.example.com",
		"accent": "colour of buttons and links, like #b34d05", "bar": "colour of the bar on top of pages, empty for none", "logo": "PNG, JPEG or WebP file, empty for none"} {
		values[name] = set.Flags().String(name, "", usage)
	}
	on(&cobra.Command{Use: "remove EMAIL", Short: "Take name and host away; accounts that belonged to it stay", Args: cobra.ExactArgs(1)},
		func(ctx context.Context, s *Server, u *store.User, _ []string) error {
			return s.Tenants.Remove(ctx, u.ID, actor, reason)
		})
	on(&cobra.Command{Use: "join EMAIL HOST|none", Short: "Let an account belong to the tenant with HOST: its mails carry that name", Args: cobra.ExactArgs(2)},
		func(ctx context.Context, s *Server, u *store.User, args []string) error {
			host := args[1]
			if host == "none" {
				host = ""
			}
			return s.Tenants.Join(ctx, u.ID, host, actor, reason)
		})
	root.AddCommand(&cobra.Command{Use: "list", Short: "List all, with what was found at their hosts", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return with(cmd, stderr, func(ctx context.Context, s *Server) error {
				all, err := s.DB.Tenants(ctx)
				if err != nil {
					return err
				}
				w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 4, 2, ' ', 0)
				for _, t := range all {
					state := "leads here"
					if !tenant.Counts(&t, s.Now()) {
						state = "does not count"
					}
					if t.Wrong != "" {
						state += ": " + t.Wrong
					}
					fmt.Fprintf(w, "%s\t%s\t%s\n", t.Name, t.Host, state)
				}
				return w.Flush()
			})
		}})
	return root
}
