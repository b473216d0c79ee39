// Package cli is the program without its window: the commands that scripts and servers use, with
// tables for people and one JSON object a line for programs.
//
// It only turns words into calls of app and results into text. It must never know a widget, a
// sound device or SQL.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"sampleagent/app"
	"sampleagent/app/settings"
)

// Exit statuses, as the command contract has them.
const (
	statusDone    = 0
	statusSome    = 1 // some items failed, or the work was stopped before its end
	statusNothing = 2 // wrong usage, or nothing could be done
)

// Env is what the program hands to the commands.
type Env struct {
	Stdout, Stderr io.Writer
	Sound          func() (app.Sound, error)             // nil: this build has no sound device
	Demo           fs.FS                                 // the bundled sounds; nil: none
	Window         func(context.Context, *app.App) error // nil: this build has no window
	Folders        *settings.Folders                     // nil: the system's
}

// errStopped ends a command that a person stopped; what was done is kept.
var errStopped = errors.New("stopped; what was done is kept")

// errQuietly is errStopped when all has been said already.
var errQuietly = fmt.Errorf("%w", errStopped)

// usage is an error in how the command was called.
type usage struct{ error }

func usagef(format string, args ...any) error { return usage{fmt.Errorf(format, args...)} }

// command is what the commands share.
type command struct {
	env     Env
	out     *output
	library string // --library
	ran     bool   // the arguments were accepted and the command began
}

// Run carries out one command line, without the program's name, and returns the exit status.
// Interrupt and SIGTERM stop it cleanly.
func Run(ctx context.Context, args []string, env Env) int {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	c := &command{env: env, out: newOutput(env)}
	defer c.out.close()
	root := c.root()
	args = queryWords(root, args)
	root.SetArgs(args)
	root.SetOut(env.Stdout)
	root.SetErr(env.Stderr)
	// A second Ctrl-C ends the program at once.
	context.AfterFunc(ctx, stop)
	err := root.ExecuteContext(ctx)
	return c.status(ctx, root, args, err)
}

// status says the error, if any, and what it means for the caller.
func (c *command) status(ctx context.Context, root *cobra.Command, args []string, err error) int {
	if err == nil {
		err = c.out.trouble()
	}
	var wrong usage
	switch {
	case err == nil && c.out.failures() > 0:
		return statusSome
	case err == nil:
		return statusDone
	case errors.Is(err, errQuietly):
		return statusSome
	case ctx.Err() != nil && errors.Is(err, context.Canceled):
		c.out.message("sample-agent: %v", errStopped)
		return statusSome
	case !c.ran || errors.As(err, &wrong):
		called := root
		if found, _, ferr := root.Find(args); ferr == nil {
			called = found
		}
		c.out.message("%s\nUsage: %s", sentence(err), called.UseLine())
		if called.HasAvailableSubCommands() {
			c.out.message("Commands: %s", strings.Join(names(called), ", "))
		}
		c.out.message("More: %s --help", called.CommandPath())
		return statusNothing
	}
	c.out.message("%s", sentence(err))
	return statusNothing
}

// sentence is an error as a person reads it: with the file's name, without the system call's.
func sentence(err error) string {
	text := err.Error()
	var file *fs.PathError
	if errors.As(err, &file) {
		text = strings.Replace(text, file.Error(), file.Path+": "+file.Err.Error(), 1)
	}
	return "sample-agent: " + text
}

// takesQuery marks the commands whose words are a query, by an annotation.
const takesQuery = "query"

// queryWords puts -- in front of the words of a command that takes a query when one of them begins
// with a single minus: there it is the query's "not" (-vocal) and no short flag. Flags come first then.
// The result is never nil, which to cobra would mean os.Args.
func queryWords(root *cobra.Command, args []string) []string {
	args = append([]string{}, args...)
	cmd, _, err := root.Find(args)
	if err != nil || cmd.Annotations[takesQuery] == "" || slices.Contains(args, "--") {
		return args
	}
	var flags, words []string
	negative := false
	for i := 0; i < len(args); i++ {
		name, isFlag := strings.CutPrefix(args[i], "--")
		switch {
		case args[i] == "-h":
			return args
		case !isFlag:
			negative = negative || strings.HasPrefix(args[i], "-")
			words = append(words, args[i])
			continue
		}
		flags = append(flags, args[i])
		f := cmd.Flag(name)
		if f != nil && f.NoOptDefVal == "" && i+1 < len(args) { // its value is the next word
			i++
			flags = append(flags, args[i])
		}
	}
	depth := len(strings.Fields(cmd.CommandPath())) - 1
	if !negative {
		return args
	}
	return slices.Concat(words[:depth], flags, []string{"--"}, words[depth:])
}

// anyNumber is no upper bound for arguments.
const anyNumber = -1

// arguments says which of a command's arguments is missing, by its name in the usage line, or that
// there is one too many.
func arguments(least, most int) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) < least {
			names := strings.Fields(cmd.Use)[1:]
			for i := 0; i < len(names); i++ { // a flag and its value are no arguments
				if strings.HasPrefix(names[i], "--") {
					names = slices.Delete(names, i, i+2)
					i--
				}
			}
			return usagef("%s is missing", strings.Trim(names[len(args)], "[]."))
		}
		if most != anyNumber && len(args) > most {
			return usagef("%q is one argument too many", args[most])
		}
		return nil
	}
}

func names(c *cobra.Command) []string {
	var all []string
	for _, sub := range c.Commands() {
		if sub.IsAvailableCommand() && sub.Name() != "help" {
			all = append(all, sub.Name())
		}
	}
	return all
}

func (c *command) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "sample-agent [COMMAND]",
		Short: "Samples for the Roland SP-404MK2: find them, hear them, put them on a card",
		Long: `Sample Agent finds, plays and sorts samples, puts them on pads, and writes SD cards for the
Roland SP-404MK2. Without a command it opens its window.

Commands print a table; with --json, one JSON object a line and nothing else. Progress and
messages go to standard error. Exit status: 0 all done, 1 some items failed, 2 wrong usage or
nothing could be done. Ctrl-C stops cleanly and keeps what is done.`,
		Args:          cobra.NoArgs,
		SilenceErrors: true, SilenceUsage: true,
		PersistentPreRun: func(*cobra.Command, []string) { c.ran = true },
		RunE:             func(cmd *cobra.Command, _ []string) error { return c.window(cmd.Context()) },
	}
	root.CompletionOptions.HiddenDefaultCmd = true
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error {
		var wrong *pflag.InvalidValueError
		if errors.As(err, &wrong) && wrong.GetFlag().Value.Type() == "int" {
			return usagef("--%s %s is not possible: a whole number is meant", wrong.GetFlag().Name, wrong.GetValue())
		}
		return err
	})
	flags := root.PersistentFlags()
	flags.StringVar(&c.library, "library", "", "the library's database `file` (default: in the system's data folder)")
	flags.BoolVar(&c.out.json, "json", false, "print one JSON object a line")
	flags.BoolVar(&c.out.quiet, "quiet", false, "no progress")
	root.SetHelpCommand(help(root))
	root.AddCommand(c.analyze(), c.imports(), c.search(), c.kit(), c.card(), c.cloud(), c.doctor(), c.version())
	return root
}

// help is cobra's but for a command that is not known, which is wrong usage.
func help(root *cobra.Command) *cobra.Command {
	return &cobra.Command{
		Use: "help [COMMAND]", Short: "help about any command",
		RunE: func(_ *cobra.Command, args []string) error {
			found, rest, err := root.Find(args)
			if err != nil || len(rest) > 0 {
				return usagef("there is no command %s", strings.Join(args, " "))
			}
			return found.Help()
		},
	}
}

// options are how app is opened for a command.
func (c *command) options() app.Options {
	return app.Options{Library: c.library, Folders: c.env.Folders}
}

// withApp opens the library for a command that only uses it, and closes it in any case. A library
// that was named is not made: its name is more likely to be a mistake.
func (c *command) withApp(ctx context.Context, f func(*app.App) error) error {
	if _, err := os.Stat(c.library); c.library != "" && errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("there is no library %s; import, kit new and card read make one", c.library)
	}
	return c.makingApp(ctx, f)
}

// makingApp is withApp for commands that bring something into the library: they make it where it is
// missing.
func (c *command) makingApp(ctx context.Context, f func(*app.App) error) (err error) {
	a, err := app.Open(ctx, c.options())
	if err != nil {
		return err
	}
	for _, n := range a.Notices() {
		c.out.message("%s", n)
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	return f(a)
}

// window opens the window, or says what to do without one.
func (c *command) window(ctx context.Context) error {
	o := c.options() // before root is built once more, which sets the flags back
	list := strings.Join(names(c.root()), ", ")
	switch {
	case c.env.Window == nil:
		return fmt.Errorf("this build has no window; use a command: %s", list)
	case !app.HasDisplay():
		return fmt.Errorf("there is no display here (DISPLAY and WAYLAND_DISPLAY are not set), so no window can be opened; use a command: %s", list)
	}
	o.Sound, o.Demo, o.Background = c.env.Sound, c.env.Demo, true
	a, err := app.Open(ctx, o)
	if err != nil {
		return err
	}
	return errors.Join(c.env.Window(ctx, a), a.Close())
}

func (c *command) version() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "version, commit, Go, build tags", Args: arguments(0, 0),
		RunE: func(*cobra.Command, []string) error {
			b := app.BuildInfo()
			if c.out.json {
				c.out.object(b)
				return nil
			}
			t := c.out.table(column{}, column{})
			for _, r := range [][2]string{
				{"Sample Agent", b.Version}, {"commit", b.Commit}, {"Go", b.Go},
				{"system", b.OS + "/" + b.Arch}, {"build tags", b.Tags}, {"engine", b.Engine},
			} {
				t.row(r[0], r[1])
			}
			t.end()
			return nil
		},
	}
}
