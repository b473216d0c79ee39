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

// tenant is what operators do about names and hosts of enterprise accounts.
func (a *admin) tenant() *cobra.Command {
	root := &cobra.Command{Use: "tenant", Short: "Give enterprise accounts a name, logo, colours and host of their own"}
	root.AddCommand(
		a.setTenant(),
		a.withReason(a.account("remove EMAIL", "Take name and host away; accounts that belonged to it stay", 1,
			func(ctx context.Context, s *Server, u *store.User, _ io.Writer, _ []string) error {
				return s.Tenants.Remove(ctx, u.ID, a.actor, a.reason)
			})),
		a.withReason(a.account("join EMAIL HOST|none", "Let an account belong to the tenant with HOST: its mails carry that name", 2,
			func(ctx context.Context, s *Server, u *store.User, _ io.Writer, args []string) error {
				host := args[1]
				if host == "none" {
					host = ""
				}
				return s.Tenants.Join(ctx, u.ID, host, a.actor, a.reason)
			})),
		a.command("list", "List all, with what was found at their hosts", 0, listTenants),
	)
	return root
}

func (a *admin) setTenant() *cobra.Command {
	var cmd *cobra.Command
	values := map[string]*string{}
	given := func(flag string) *string { // nil: to stay as it is
		if cmd.Flags().Changed(flag) {
			return values[flag]
		}
		return nil
	}
	cmd = a.withReason(a.account("set EMAIL", "Set what is named, keep the rest, and look whether the host leads here", 1,
		func(ctx context.Context, s *Server, u *store.User, out io.Writer, _ []string) error {
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
			t, err := s.Tenants.Set(ctx, u.ID, c, a.actor, a.reason)
			if err != nil {
				return err
			}
			state := t.Host + " leads here"
			if t.Wrong != "" {
				state = "the host does not count yet: " + t.Wrong
			}
			_, err = fmt.Fprintln(out, t.Name+": "+state)
			return err
		}))
	for flag, usage := range map[string]string{"name": "what pages and mails are headed with", "host": "host name that leads to this server, like sounds.example.com",
		"accent": "colour of buttons and links, like #b34d05", "bar": "colour of the bar on top of pages, empty for none", "logo": "PNG, JPEG or WebP file, empty for none"} {
		values[flag] = cmd.Flags().String(flag, "", usage)
	}
	return cmd
}

func listTenants(ctx context.Context, s *Server, out io.Writer, _ []string) error {
	all, err := s.DB.Tenants(ctx)
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
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
}
