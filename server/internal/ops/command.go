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
	"syscall"

	"github.com/spf13/cobra"

	"sampleagent/server/internal/api"
	"sampleagent/server/internal/config"
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

// NewLog is the log of the settings, with request ids; see calm for what it leaves out.
func NewLog(w io.Writer, c *config.Config) *slog.Logger {
	var level slog.Level
	if err := level.UnmarshalText([]byte(c.LogLevel)); err != nil {
		level = slog.LevelInfo
	}
	opts := &slog.HandlerOptions{Level: level}
	var h slog.Handler = slog.NewTextHandler(w, opts)
	if c.LogFormat == "json" {
		h = slog.NewJSONHandler(w, opts)
	}
	return slog.New(newCalm(api.IDs{Handler: h}))
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
	s, err := Open(ctx, c, NewLog(stderr, c), Options{Role: role})
	if err != nil {
		return err
	}
	return errors.Join(s.Run(ctx, nil), s.Close())
}

func migrateCommand(stderr io.Writer) *cobra.Command {
	return &cobra.Command{Use: "migrate", Short: "Bring the database to this program's version; serve and worker do it too", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return with(cmd, stderr, MigrateOlder, func(ctx context.Context, s *Server) error {
				_, err := fmt.Fprintln(cmd.OutOrStdout(), s.DB.Kind()+" is up to date")
				return err
			})
		}}
}

// with opens a server that neither serves nor works.
func with(cmd *cobra.Command, stderr io.Writer, schema Older, f func(ctx context.Context, s *Server) error) error {
	c, err := load(cmd)
	if err != nil {
		return err
	}
	s, err := Open(cmd.Context(), c, NewLog(stderr, c), Options{Schema: schema})
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
			s, err := Open(cmd.Context(), c, NewLog(stderr, c), Options{Schema: KeepOlder})
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
