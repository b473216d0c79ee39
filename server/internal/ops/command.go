package ops

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"sampleagent/server/internal/api"
	"sampleagent/server/internal/config"
	"sampleagent/server/internal/plan"
	"sampleagent/server/internal/store"
)

// Main runs the program and returns its exit status: 0 all done, 1 something was wrong, 2
// wrong usage or nothing could be done.
func Main(args []string, stdout, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	cmd := Command(stdout, stderr)
	cmd.SetArgs(args)
	err := cmd.ExecuteContext(ctx)
	if err == nil {
		return 0
	}
	if errors.Is(err, errWrong) {
		return 1
	}
	fmt.Fprintln(stderr, "sample-agent-server:", err)
	return 2
}

// errWrong says that the doctor found something; it has been printed.
var errWrong = errors.New("something is wrong")

// Command is the tree of commands.
func Command(stdout, stderr io.Writer) *cobra.Command {
	root := &cobra.Command{Use: "sample-agent-server", Short: "The companion server of Sample Agent", SilenceUsage: true, SilenceErrors: true}
	root.SetOut(stdout)
	root.SetErr(stderr)
	config.Flags(root.PersistentFlags())
	root.AddCommand(serveCommand(stderr), workerCommand(stderr), migrateCommand(stderr), capacityCommand(), doctorCommand(stderr), adminCommand(stderr))
	return root
}

// load reads the settings, or prints them and returns nil.
func load(cmd *cobra.Command) (*config.Config, error) {
	return config.Load(cmd.Flags(), os.Getenv)
}

// newLog is the log of the settings, with request ids.
func newLog(w io.Writer, c *config.Config) *slog.Logger {
	var level slog.Level
	if err := level.UnmarshalText([]byte(c.LogLevel)); err != nil {
		level = slog.LevelInfo
	}
	opts := &slog.HandlerOptions{Level: level}
	var h slog.Handler = slog.NewTextHandler(w, opts)
	if c.LogFormat == "json" {
		h = slog.NewJSONHandler(w, opts)
	}
	return slog.New(api.IDs{Handler: h})
}

func serveCommand(stderr io.Writer) *cobra.Command {
	var print, noWorkers bool
	cmd := &cobra.Command{Use: "serve", Short: "Serve the API and pages, and work on jobs; without settings on loopback with an embedded database", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := load(cmd)
			if err != nil {
				return err
			}
			if print {
				return c.Print(cmd.OutOrStdout())
			}
			return run(cmd.Context(), c, stderr, Role{Serve: true, Work: !noWorkers})
		}}
	cmd.Flags().BoolVar(&print, "print-config", false, "print each setting with its origin, secrets masked, and end")
	cmd.Flags().BoolVar(&noWorkers, "no-workers", false, "serve only; jobs are worked on by worker processes")
	return cmd
}

func workerCommand(stderr io.Writer) *cobra.Command {
	return &cobra.Command{Use: "worker", Short: "Work on jobs only; start as many as needed on one PostgreSQL", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := load(cmd)
			if err != nil {
				return err
			}
			return run(cmd.Context(), c, stderr, Role{Work: true})
		}}
}

func run(ctx context.Context, c *config.Config, stderr io.Writer, role Role) error {
	s, err := Open(ctx, c, newLog(stderr, c), Options{Role: role})
	if err != nil {
		return err
	}
	return errors.Join(s.Run(ctx, nil), s.Close())
}

func migrateCommand(stderr io.Writer) *cobra.Command {
	return &cobra.Command{Use: "migrate", Short: "Bring the database to this program's version; serve and worker do it too", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return with(cmd, stderr, func(ctx context.Context, s *Server) error {
				_, err := fmt.Fprintln(cmd.OutOrStdout(), s.DB.Kind()+" is up to date")
				return err
			})
		}}
}

// with opens a server that neither serves nor works.
func with(cmd *cobra.Command, stderr io.Writer, f func(ctx context.Context, s *Server) error) error {
	c, err := load(cmd)
	if err != nil {
		return err
	}
	s, err := Open(cmd.Context(), c, newLog(stderr, c), Options{})
	if err != nil {
		return err
	}
	return errors.Join(f(cmd.Context(), s), s.Close())
}

func doctorCommand(stderr io.Writer) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{Use: "doctor", Short: "Try every part as it is set and say what is wrong", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := load(cmd)
			if err != nil {
				return err
			}
			s, err := Open(cmd.Context(), c, newLog(stderr, c), Options{})
			var all []Finding
			if err != nil {
				all = []Finding{{"start", "wrong", err.Error()}}
			} else {
				all = s.Examine(cmd.Context())
				defer s.Close()
			}
			if asJSON {
				enc := json.NewEncoder(cmd.OutOrStdout())
				for _, f := range all {
					if err := enc.Encode(f); err != nil {
						return err
					}
				}
				for _, f := range all {
					if f.State == "wrong" {
						return errWrong
					}
				}
				return nil
			}
			fine, err := Print(cmd.OutOrStdout(), all)
			if err == nil && !fine {
				err = errWrong
			}
			return err
		}}
	cmd.Flags().BoolVar(&asJSON, "json", false, "one JSON object a line")
	return cmd
}

func adminCommand(stderr io.Writer) *cobra.Command {
	root := &cobra.Command{Use: "admin", Short: "Look after accounts; everything is written to their audit log"}
	actor := "admin:" + os.Getenv("USER")
	find := func(ctx context.Context, s *Server, email string) (*store.User, error) {
		u, err := s.DB.UserByEmail(ctx, email)
		if errors.Is(err, store.ErrNotFound) {
			return nil, fmt.Errorf("no account has the address %s", email)
		}
		return u, err
	}
	root.AddCommand(&cobra.Command{Use: "users PART", Short: "List accounts whose address contains PART", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return with(cmd, stderr, func(ctx context.Context, s *Server) error {
				users, err := s.DB.FindUsers(ctx, args[0], 200)
				for _, u := range users {
					fmt.Fprintf(cmd.OutOrStdout(), "%s  %-40s  %-10s  %d bytes  blocked %v\n", u.ID, u.Email, u.EffectiveTier(s.Now()), u.StorageBytes, u.BlockedAt != 0)
				}
				return err
			})
		}})
	var reason string
	tier := &cobra.Command{Use: "tier EMAIL free|pro|enterprise", Short: "Change an account's tier", Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			return with(cmd, stderr, func(ctx context.Context, s *Server) error {
				u, err := find(ctx, s, args[0])
				if err != nil {
					return err
				}
				return s.Accounts.SetTier(ctx, u.ID, plan.Tier(args[1]), plan.Overrides{}, actor, reason)
			})
		}}
	tier.Flags().StringVar(&reason, "reason", "", "why, for the audit log")
	if err := tier.MarkFlagRequired("reason"); err != nil {
		panic(err) // the flag stands one line above
	}
	root.AddCommand(tier)
	why := func(cmd *cobra.Command) *cobra.Command {
		cmd.Flags().StringVar(&reason, "reason", "", "why, for the audit log")
		if err := cmd.MarkFlagRequired("reason"); err != nil {
			panic(err) // the flag stands one line above
		}
		root.AddCommand(cmd)
		return cmd
	}
	for name, at := range map[string]bool{"block": true, "unblock": false} {
		why(&cobra.Command{Use: name + " EMAIL", Short: name + " an account; nothing is deleted", Args: cobra.ExactArgs(1),
			RunE: func(cmd *cobra.Command, args []string) error {
				return with(cmd, stderr, func(ctx context.Context, s *Server) error {
					u, err := find(ctx, s, args[0])
					if err != nil {
						return err
					}
					return s.Accounts.Block(ctx, u.ID, at, actor, reason)
				})
			}})
	}
	why(&cobra.Command{Use: "credit EMAIL UPLOADS", Short: "Give an account uploads of its running day or month beyond its plan", Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			return with(cmd, stderr, func(ctx context.Context, s *Server) error {
				u, err := find(ctx, s, args[0])
				if err != nil {
					return err
				}
				n, err := strconv.ParseInt(args[1], 10, 64)
				if err != nil {
					return fmt.Errorf("%q is not a number of uploads", args[1])
				}
				return s.Accounts.Credit(ctx, u.ID, n, actor, reason)
			})
		}})
	why(&cobra.Command{Use: "feature NAME on|off|default", Short: "Switch a feature for all processes, over phase and settings", Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			return with(cmd, stderr, func(ctx context.Context, s *Server) error {
				return s.Features.Turn(ctx, args[0], args[1], actor, reason)
			})
		}})
	var fromDay, toDay string
	contract := why(&cobra.Command{Use: "contract EMAIL TERM=VALUE...", Short: "Agree terms with an enterprise account: uploads=50000 storage_bytes=500GB queue=acme", Args: cobra.MinimumNArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			return with(cmd, stderr, func(ctx context.Context, s *Server) error {
				u, err := find(ctx, s, args[0])
				if err != nil {
					return err
				}
				c := plan.Contract{Tier: plan.Enterprise}
				if c.Terms, err = plan.ParseTerms(args[1:]); err != nil {
					return err
				}
				for text, to := range map[*string]*time.Time{&fromDay: &c.From, &toDay: &c.To} {
					if *text != "" {
						if *to, err = time.Parse(time.DateOnly, *text); err != nil {
							return fmt.Errorf("%q is not a day like 2026-12-31", *text)
						}
					}
				}
				id, err := s.Accounts.Agree(ctx, u.ID, c, actor, reason)
				if err == nil {
					_, err = fmt.Fprintln(cmd.OutOrStdout(), id)
				}
				return err
			})
		}})
	contract.Flags().StringVar(&fromDay, "from", "", "first day (default: now)")
	contract.Flags().StringVar(&toDay, "to", "", "day on which it no longer holds (default: until it is ended)")
	root.AddCommand(&cobra.Command{Use: "delete EMAIL", Short: "Delete an account and everything in it", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return with(cmd, stderr, func(ctx context.Context, s *Server) error {
				u, err := find(ctx, s, args[0])
				if err != nil {
					return err
				}
				return s.Accounts.Delete(ctx, u.ID, actor, "")
			})
		}})
	root.AddCommand(&cobra.Command{Use: "backup FOLDER", Short: "Copy an embedded database and its objects into a new folder, also while the server runs", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return with(cmd, stderr, func(ctx context.Context, s *Server) error {
				n, err := s.Backup(ctx, args[0])
				fmt.Fprintf(cmd.OutOrStdout(), "%d objects\n", n)
				return err
			})
		}})
	root.AddCommand(&cobra.Command{Use: "sweep", Short: "Remove now what has ended", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return with(cmd, stderr, func(ctx context.Context, s *Server) error {
				swept, err := s.Jobs.Sweep(ctx)
				if err == nil {
					fmt.Fprintln(cmd.OutOrStdout(), swept)
				}
				return err
			})
		}})
	root.AddCommand(&cobra.Command{Use: "check", Short: "Compare objects, rows and counters, and repair", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return with(cmd, stderr, func(ctx context.Context, s *Server) error {
				found, err := s.Jobs.Check(ctx, s.Now().AddDate(0, 0, -3))
				if err == nil {
					fmt.Fprintln(cmd.OutOrStdout(), found)
				}
				return err
			})
		}})
	root.AddCommand(billingCommand(stderr, actor, find), tenantCommand(stderr, actor, find))
	return root
}
