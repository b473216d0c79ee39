package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/cli/browser"
	"github.com/spf13/cobra"

	"sampleagent/app"
	"sampleagent/app/cloud"
	"sampleagent/app/words"
	"sampleagent/library/catalog"
	"sampleagent/sync/replica"
	"sampleagent/sync/session"
)

func (c *command) cloud() *cobra.Command {
	k := &cobra.Command{
		Use: "cloud", Short: "the account: analysis in the cloud, and sync between machines",
		Long: "Everything else works without an account. The server is the one in " + app.ServerVariable + " or in the settings.",
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			return usagef("cloud needs one of: signin, signout, status, queue, jobs, sync, keep, fetch")
		},
	}
	var link bool
	signin := &cobra.Command{
		Use: "signin [SERVER]", Short: "sign in through the system's browser", Args: arguments(0, 1),
		RunE: func(cmd *cobra.Command, args []string) error { return c.cloudSignIn(cmd.Context(), args, link) },
	}
	signin.Flags().BoolVar(&link, "print-link", false, "print the address instead of opening a browser (it must be opened on this machine)")
	var wait bool
	queue := &cobra.Command{
		Use: "queue SAMPLE...", Short: "send samples (ids or paths) to be analysed in the cloud", Args: arguments(1, anyNumber),
		RunE: func(cmd *cobra.Command, args []string) error { return c.cloudQueue(cmd.Context(), args, wait) },
	}
	queue.Flags().BoolVar(&wait, "wait", false, "stay until the results are there")
	k.AddCommand(signin, queue,
		&cobra.Command{Use: "signout", Short: "sign out; the library stays as it is", Args: arguments(0, 0),
			RunE: func(cmd *cobra.Command, _ []string) error { return c.cloudSignOut(cmd.Context()) }},
		&cobra.Command{Use: "status", Short: "who is signed in, the plan, and what of it is used", Args: arguments(0, 0),
			RunE: func(cmd *cobra.Command, _ []string) error { return c.cloudStatus(cmd.Context()) }},
		&cobra.Command{Use: "jobs", Short: "what waits, runs and has ended", Args: arguments(0, 0),
			RunE: func(cmd *cobra.Command, _ []string) error { return c.cloudJobs(cmd.Context()) }},
	)
	var watch bool
	step := &cobra.Command{Use: "sync", Short: "sync this library with your other machines, and go on doing so in the window", Args: arguments(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if watch {
				return c.cloudWatch(cmd.Context())
			}
			return c.cloudSync(cmd.Context())
		}}
	step.Flags().BoolVar(&watch, "watch", false, "stay, and do what the window does: send, fetch and analyse until Ctrl-C")
	keep := &cobra.Command{Use: "keep SAMPLE|kit:KIT...", Short: "keep the audio of samples, or of a kit's pads, in the cloud for your other machines", Args: arguments(1, anyNumber),
		RunE: func(cmd *cobra.Command, args []string) error { return c.cloudKeep(cmd.Context(), args) }}
	fetch := &cobra.Command{Use: "fetch SAMPLE...", Short: "bring the files of samples that are kept in the cloud to this machine", Args: arguments(1, anyNumber),
		RunE: func(cmd *cobra.Command, args []string) error { return c.cloudFetch(cmd.Context(), args) }}
	k.AddCommand(step, keep, fetch)
	return k
}

func (c *command) cloudSignIn(ctx context.Context, args []string, link bool) error {
	return c.makingApp(ctx, func(a *app.App) error {
		server := a.Server()
		if len(args) == 1 {
			server = args[0]
		}
		server, err := session.CleanServer(server)
		if err != nil {
			return err
		}
		if check := app.CheckServer(ctx, server); !check.OK {
			return errors.New(check.State) // the browser would tell it, and the command wait for ever
		}
		browser.Stdout, browser.Stderr = c.env.Stderr, c.env.Stderr
		open := func(address string) error {
			if !link {
				if err := browser.OpenURL(address); err == nil {
					c.out.message("Finish signing in in the browser. If none opened, open this address on this machine:\n%s", address)
					return nil
				}
			}
			c.out.message("Open this address in a browser on this machine to sign in:\n%s", address)
			return nil
		}
		if err := a.Cloud().SignIn(ctx, server, open); err != nil {
			return err
		}
		if !a.Cloud().State().Kept {
			return errors.New("the system keyring does not answer, so this sign-in could not be kept for the next command; see: sample-agent doctor")
		}
		return c.printStatus(a)
	})
}

func (c *command) cloudSignOut(ctx context.Context) error {
	return c.withApp(ctx, func(a *app.App) error {
		who := a.Cloud().State().Account
		if err := a.Cloud().SignOut(ctx); err != nil {
			return err
		}
		if c.out.json {
			c.out.object(signedOutLine{who.Server, who.Email})
			return nil
		}
		c.out.message("Signed out of %s. The library stays as it is.", who.Server)
		return nil
	})
}

// signedOutLine is the account that was left as --json prints it.
type signedOutLine struct {
	Server string `json:"server"`
	Email  string `json:"email"`
}

// accountLine is the account as --json prints it.
type accountLine struct {
	Server       string     `json:"server"`
	Email        string     `json:"email"`
	Tier         string     `json:"tier"`
	Uploads      int64      `json:"uploads"`
	UploadsLimit *int64     `json:"uploads_limit"` // null: any number
	ResetAt      *time.Time `json:"reset_at"`
	StorageBytes int64      `json:"storage_bytes"`
	StorageLimit *int64     `json:"storage_limit"` // null: any size
	Sync         bool       `json:"sync"`
}

func (c *command) cloudStatus(ctx context.Context) error {
	return c.withApp(ctx, func(a *app.App) error {
		if err := a.Cloud().Refresh(ctx); err != nil {
			return err
		}
		return c.printStatus(a)
	})
}

func (c *command) printStatus(a *app.App) error {
	s := a.Cloud().State()
	d := s.Details
	if d == nil {
		return errors.New("the server has not told the account")
	}
	if c.out.json {
		c.out.object(accountLine{s.Account.Server, s.Account.Email, d.Tier, d.Usage.Uploads, limit(d.Limits.Uploads), &d.Usage.UploadsResetAt,
			d.Usage.StorageBytes, limit(d.Limits.StorageBytes), d.Limits.Sync})
		return nil
	}
	t := c.out.table(column{}, column{})
	t.row("account", s.Account.Email)
	t.row("server", s.Account.Server)
	t.row("plan", d.Tier)
	t.row("uploads", fmt.Sprintf("%d of %s used, new at %s", d.Usage.Uploads, unlimited(d.Limits.Uploads), d.Usage.UploadsResetAt.Local().Format("2 Jan 15:04")))
	t.row("storage", fmt.Sprintf("%s of %s", words.Size(d.Usage.StorageBytes), unlimitedSize(d.Limits.StorageBytes)))
	t.row("sync", map[bool]string{true: "this plan syncs machines", false: "not in this plan"}[d.Limits.Sync])
	t.end()
	return nil
}

// limit is what a plan allows, nil for any number, which the wire writes as one below 0.
func limit(n int64) *int64 {
	if n < 0 {
		return nil
	}
	return &n
}

func unlimited(n int64) string {
	if n < 0 {
		return "any number"
	}
	return fmt.Sprint(n)
}

func unlimitedSize(n int64) string {
	if n < 0 {
		return "any size"
	}
	return words.Size(n)
}

func (c *command) cloudQueue(ctx context.Context, args []string, wait bool) error {
	return c.withApp(ctx, func(a *app.App) error {
		found, err := c.found(ctx, a, args)
		if err != nil {
			return err
		}
		rows := make([]catalog.Row, len(found))
		for i, s := range found {
			rows[i] = s.Row
		}
		if err := a.Cloud().Refresh(ctx); err != nil && !cloudIsAway(err) {
			return err
		}
		n, err := a.Cloud().Queue(ctx, rows)
		if err != nil && n == 0 {
			return err
		}
		if err != nil {
			c.out.message("%v", err) // the samples that were refused, with the reasons
			c.out.count()
		}
		for {
			err := a.Cloud().Work(ctx, func(j cloud.Job) { c.out.message("%s: %s", j.Name, jobState(j)) })
			if err != nil && !cloudIsAway(err) {
				return fmt.Errorf("%s to be sent: %w", waits(n, "sample", "samples"), err)
			}
			if err != nil { // they go up with the next command, or by the window
				c.out.message("%s to be sent: %v", waits(n, "sample", "samples"), err)
				c.out.count()
				return c.listJobs(ctx, a, n)
			}
			left, err := a.Cloud().Pending(ctx)
			if err != nil {
				return err
			}
			if left == 0 || !wait {
				return errors.Join(c.countFailed(ctx, a, n), c.listJobs(ctx, a, n))
			}
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(time.Second):
			}
		}
	})
}

// waits says "1 file waits", "2 files wait".
func waits[N int | int64](n N, one, many string) string {
	return words.Count(n, one+" waits", many+" wait")
}

// found are the samples that args name.
func (c *command) found(ctx context.Context, a *app.App, args []string) ([]catalog.Sample, error) {
	return eachFound(c, args, func(arg string) (catalog.Sample, error) { return sample(ctx, a, arg) })
}

// eachFound finds what args name. One that is not there is told and counted; where none is, nothing
// can be done.
func eachFound[T any](c *command, args []string, find func(arg string) (T, error)) ([]T, error) {
	var all []T
	var first error
	for _, arg := range args {
		one, err := find(arg)
		if err == nil {
			all = append(all, one)
			continue
		}
		if first == nil {
			first = err
		}
		if len(args) > 1 {
			c.out.failure(arg, err.Error())
		}
	}
	switch {
	case len(all) > 0:
		return all, nil
	case len(args) > 1:
		return nil, errors.New("none of these is in the library")
	}
	return nil, first
}

// countFailed counts those of the newest jobs that failed; the list tells why.
func (c *command) countFailed(ctx context.Context, a *app.App, limit int) error {
	jobs, err := a.Cloud().Jobs(ctx, limit)
	for _, j := range jobs {
		if j.State == catalog.JobFailed {
			c.out.count()
		}
	}
	return err
}

// cloudIsAway says whether work can go on and be sent later.
func cloudIsAway(err error) bool { return errors.Is(err, cloud.ErrUnreachable) }

func (c *command) cloudJobs(ctx context.Context) error {
	return c.withApp(ctx, func(a *app.App) error {
		if err := a.Cloud().Work(ctx, nil); err != nil {
			c.out.message("As last known: %v.", err)
		}
		return c.listJobs(ctx, a, 200)
	})
}

// jobLine is a job as --json prints it.
type jobLine struct {
	ID       string     `json:"id"`
	Sample   string     `json:"sample"`
	Name     string     `json:"name"`
	State    string     `json:"state"`
	Step     *string    `json:"step"`
	Position *int64     `json:"position"`
	ETA      *time.Time `json:"estimated_completion"`
	Error    *string    `json:"error"`
}

func (c *command) listJobs(ctx context.Context, a *app.App, limit int) error {
	jobs, err := a.Cloud().Jobs(ctx, limit)
	if err != nil {
		return err
	}
	t := c.out.table(column{title: "NAME", cut: 20}, column{title: "STATE"}, column{title: "PLACE", right: true}, column{title: "READY BY"}, column{title: "WHY", cut: 20})
	for _, j := range jobs {
		line := jobLine{ID: j.ID, Sample: j.Sample, Name: j.Name, State: string(j.State)}
		if j.Step != "" {
			line.Step = &j.Step
		}
		if j.Error != "" {
			line.Error = &j.Error
		}
		place, ready := "", ""
		if j.Remote != nil {
			line.Position, line.ETA = j.Remote.Position, j.Remote.EstimatedCompletion
			if line.Position != nil {
				place = fmt.Sprint(*line.Position + 1)
			}
			if line.ETA != nil && !j.State.Final() {
				ready = line.ETA.Local().Format("2 Jan 15:04")
			}
		}
		if c.out.json {
			c.out.object(line)
			continue
		}
		t.row(j.Name, jobState(j), place, ready, j.Error)
	}
	if !c.out.json {
		t.end()
	}
	if len(jobs) == 0 {
		c.out.note("Nothing was queued here yet: sample-agent cloud queue does it.")
	}
	return nil
}

func jobState(j cloud.Job) string {
	if j.State.Final() || j.Step == "" {
		return string(j.State)
	}
	return j.Step
}

// syncLine is the outcome of a sync as --json prints it.
type syncLine struct {
	Sent     int `json:"sent"`
	Received int `json:"received"`
	Changed  int `json:"changed"`
}

func (c *command) cloudSync(ctx context.Context) error {
	return c.makingApp(ctx, func(a *app.App) error {
		r, err := a.Cloud().Sync(ctx, func(r replica.Result) {
			c.out.progress("%d changes sent, %d received", r.Sent, r.Received)
		})
		if err != nil {
			return err
		}
		if c.out.json {
			c.out.object(syncLine{r.Sent, r.Received, r.Changed})
			return nil
		}
		c.out.message("Synced: %d changes sent, %d received, %d samples, kits and collections changed here.", r.Sent, r.Received, r.Changed)
		return nil
	})
}

// cloudWatch keeps the library in sync until Ctrl-C, as the window does.
func (c *command) cloudWatch(ctx context.Context) (err error) {
	o := c.options()
	o.Background = true
	a, err := app.Open(ctx, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	if err := a.Cloud().SetSync(ctx, true); err != nil {
		return err
	}
	events := a.Subscribe()
	defer events.Close()
	var last cloud.State
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-events.C():
		}
		s := a.Cloud().State()
		if s.Problem != last.Problem && s.Problem != "" {
			c.out.message("%s", s.Problem)
		}
		if s.LastMove != last.LastMove {
			if c.out.json {
				c.out.object(syncLine{s.Moved.Sent, s.Moved.Received, s.Moved.Changed})
			} else {
				c.out.message("Synced: %d changes sent, %d received.", s.Moved.Sent, s.Moved.Received)
			}
		}
		last = s
	}
}

// keptLine is a sample or a kit that is kept in the cloud as --json prints it.
type keptLine struct {
	ID   string `json:"id"`
	Kind string `json:"kind"` // sample or kit
	Name string `json:"name"`

	object string // its name in the sync
}

// toKeep finds what an argument of cloud keep names.
func toKeep(ctx context.Context, a *app.App, arg string) (keptLine, error) {
	if name, ok := strings.CutPrefix(arg, "kit:"); ok {
		k, err := a.Kit(ctx, name)
		return keptLine{k.ID, "kit", k.Name, cloud.KitObject(k.ID)}, err
	}
	s, err := sample(ctx, a, arg)
	if err == nil && s.SHA256 == "" {
		err = fmt.Errorf("%s has not been read yet, or cannot be; import it again first", s.Name)
	}
	return keptLine{s.ID, "sample", s.Name, cloud.SampleObject(s)}, err
}

// cloudKeep chooses audio to be kept in the cloud and sends it.
func (c *command) cloudKeep(ctx context.Context, args []string) error {
	return c.withApp(ctx, func(a *app.App) error {
		kept, err := eachFound(c, args, func(arg string) (keptLine, error) { return toKeep(ctx, a, arg) })
		if err != nil {
			return err
		}
		var objects []string
		for _, k := range kept {
			objects = append(objects, k.object)
		}
		if err := a.Cloud().Keep(ctx, objects...); err != nil {
			return err
		}
		if err := a.Cloud().SendKept(ctx); err != nil {
			return err
		}
		if k := a.Cloud().State().Keeping; k.Left > 0 {
			return fmt.Errorf("%s: %s", waits(k.Left, "file", "files"), k.Problem)
		}
		if _, err := a.Cloud().Sync(ctx, nil); err != nil { // so that the other machines know
			return err
		}
		for _, k := range kept {
			if c.out.json {
				c.out.object(k)
				continue
			}
			c.out.note("The audio of %s is kept in the cloud.", k.Name)
		}
		return nil
	})
}

// fetchedLine is a file that was brought here as --json prints it.
type fetchedLine struct {
	ID   string `json:"id"`
	Path string `json:"path"`
}

// cloudFetch brings files here.
func (c *command) cloudFetch(ctx context.Context, args []string) error {
	return c.withApp(ctx, func(a *app.App) error {
		found, err := c.found(ctx, a, args)
		if err != nil {
			return err
		}
		for _, s := range found {
			if err := a.Cloud().Fetch(ctx, s.Row, func(got, all int64) { c.out.progress("%s: %s of %s", s.Name, words.Size(got), words.Size(all)) }); err != nil {
				if len(found) == 1 || ctx.Err() != nil {
					return err
				}
				c.out.failure(s.Name, err.Error())
				continue
			}
			if s, err = a.SampleByID(ctx, s.ID); err != nil {
				return err
			}
			if c.out.json {
				c.out.object(fetchedLine{s.ID, s.Path})
				continue
			}
			c.out.line(s.Path)
		}
		return nil
	})
}
