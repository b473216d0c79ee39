package cli

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"sampleagent/app"
	"sampleagent/app/words"
	"sampleagent/library/kit"
	"sampleagent/library/sp404"
)

func (c *command) card() *cobra.Command {
	k := &cobra.Command{
		Use: "card", Short: "SD cards of the device: plan, write, verify, read, inspect",
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			return usagef("card needs one of: plan, write, verify, read, inspect")
		},
	}
	var o app.CardOptions
	planned := func(use, short, long string, run func(context.Context, app.CardOptions) error) *cobra.Command {
		cmd := &cobra.Command{
			Use: use, Short: short, Long: long, Args: arguments(1, 1),
			RunE: func(cmd *cobra.Command, args []string) error {
				o.Dir, o.Make = args[0], true
				if err := checkCard(o); err != nil {
					return err
				}
				return run(cmd.Context(), o)
			},
		}
		f := cmd.Flags()
		f.StringVar(&o.Kit, "kit", "", "the kit's `NAME` or id")
		f.StringVar((*string)(&o.Form), "form", string(sp404.FormImport), "import (loose samples), project (experimental) or both")
		f.StringVar((*string)(&o.Format), "format", "", "wav or aiff (default: what the settings say)")
		f.StringVar(&o.Template, "template", "", "a PADCONF.BIN exported by your own device, whose unknown bytes are kept")
		f.IntVar(&o.Project, "project", 0, "replace the project folder with this `NUMBER`, 1 to 16")
		return cmd
	}
	k.AddCommand(
		planned("plan --kit KIT DIR", "what would be written", "Shows every file that writing a kit to DIR would make, and what would be replaced. Writes nothing.", c.cardPlan),
		planned("write --kit KIT DIR", "write a kit, then verify it", `Writes a kit to DIR: everything beside its place first, read back and compared, then put in place.
Stopped or failing at any moment, it leaves what was there before.`, c.cardWrite),
		&cobra.Command{
			Use: "verify DIR", Short: "compare a card with what was written to it", Args: arguments(1, 1),
			RunE: func(cmd *cobra.Command, args []string) error { return c.cardVerify(cmd.Context(), args[0]) },
		},
		&cobra.Command{
			Use: "read DIR", Short: "take what lies on a card into the library", Args: arguments(1, 1),
			Long: `Takes the kits and sounds of a card, of a backup of one, or of a project folder into the library.
Sounds are copied into the managed folder; nothing on the card changes.`,
			RunE: func(cmd *cobra.Command, args []string) error { return c.cardRead(cmd.Context(), args[0]) },
		},
		&cobra.Command{
			Use: "inspect FILE", Short: "decode a PADCONF.BIN, .SMP or PTN file of the device",
			Long: `Decodes a file of the device and prints what it says: a PADCONF.BIN, an .SMP, a PTN file, or the
project folder they lie in. Positions are frames, speeds percent, tempos BPM.`,
			Args: arguments(1, 1),
			RunE: func(_ *cobra.Command, args []string) error { return c.cardInspect(args[0]) },
		},
	)
	return k
}

// checkCard refuses what cannot be meant before anything is opened.
func checkCard(o app.CardOptions) error {
	switch o.Form {
	case sp404.FormImport, sp404.FormProject, sp404.FormBoth:
	default:
		return usagef("--form %s is not possible: import, project or both", o.Form)
	}
	switch o.Format {
	case "", sp404.WAV, sp404.AIFF:
	default:
		return usagef("--format %s is not possible: wav or aiff", o.Format)
	}
	if o.Form == sp404.FormImport && (o.Template != "" || o.Project != 0) {
		return usagef("--template and --project are for a project: --form project or both")
	}
	if o.Kit == "" {
		return usagef("which kit? --kit NAME says it")
	}
	if o.Project < 0 || o.Project > 16 {
		return usagef("--project %d is not possible: 1 to 16", o.Project)
	}
	return nil
}

func (c *command) cardPlan(ctx context.Context, o app.CardOptions) error {
	return c.withApp(ctx, func(a *app.App) error {
		p, err := a.PlanCard(ctx, o)
		if err != nil {
			return err
		}
		c.showPlan(p)
		if c.out.json {
			c.out.object(p.Summary())
		} else {
			c.sum("would be written", p, p.Summary())
		}
		if !p.Fits() {
			return fmt.Errorf("%w: %s are free", sp404.ErrDoesNotFit, words.Size(p.Free))
		}
		return nil
	})
}

// showPlan prints every file of a plan; files that are left out count as failed.
func (c *command) showPlan(p *sp404.Plan) {
	t := c.out.table(column{title: "PAD"}, column{title: "TARGET", cut: 24, path: true}, column{title: "SIZE", right: true},
		column{title: "CONVERTED", cut: 12}, column{title: "SOURCE", cut: 12, path: true})
	var left []string
	for _, f := range p.Files {
		if f.Error != "" {
			c.out.count()
			left = append(left, fmt.Sprintf("%s is left out: %s", f.Source, f.Error))
		}
		if c.out.json {
			c.out.object(f)
			continue
		}
		if f.Error != "" {
			continue
		}
		pad := ""
		if f.Pad != nil {
			pad = f.Pad.String()
		}
		t.row(pad, f.Target, words.Size(f.Bytes), word(f.Converted), word(f.Source))
	}
	t.end()
	for _, l := range left {
		c.out.message("%s", l)
	}
	if c.out.json {
		return
	}
	for _, f := range p.Files {
		if f.Warning != "" && f.Error == "" {
			c.out.message("%s: %s", f.Target, f.Warning)
		}
	}
}

// sum says in a few lines what the last JSON object holds.
func (c *command) sum(what string, p *sp404.Plan, s sp404.Summary) {
	line := fmt.Sprintf("%s, %s, %s", words.Count(s.Files, "file", "files"), words.Size(s.Bytes), what)
	if s.Free != nil {
		line += fmt.Sprintf("; %s free", words.Size(*s.Free))
	}
	c.out.note("%s.", line)
	if n := len(s.Replaces); n > 0 {
		c.out.note("%s there now: %s.", words.Count(n, "file is replaced", "files are replaced"), few(s.Replaces))
	}
	for _, w := range s.Warnings {
		c.out.message("%s", w)
	}
	if p.Experimental() {
		c.out.message("%s", sp404.BackupAdvice)
	}
}

// few lists the first of many.
func few(all []string) string {
	const most = 4
	if len(all) <= most {
		return strings.Join(all, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(all[:most], ", "), len(all)-most)
}

func (c *command) cardProgress(p sp404.Progress) {
	c.out.progress("%s %d of %d, %s of %s: %s", p.Stage, p.Files, p.TotalFiles, words.Size(p.Bytes), words.Size(p.TotalBytes), p.Current)
}

func (c *command) cardWrite(ctx context.Context, o app.CardOptions) error {
	return c.withApp(ctx, func(a *app.App) error {
		p, err := a.PlanCard(ctx, o)
		if err != nil {
			return err
		}
		out, err := p.Write(ctx, c.cardProgress)
		if err != nil {
			if ctx.Err() != nil {
				c.out.message("%v", err)
				return ctx.Err()
			}
			return err
		}
		c.showPlan(p)
		s := p.WrittenSummary(out)
		if c.out.json {
			c.out.object(s)
			return nil
		}
		c.sum("written and verified", p, s)
		return nil
	})
}

func (c *command) cardVerify(ctx context.Context, dir string) error {
	if err := folder(dir); err != nil {
		return err
	}
	rep, err := sp404.Verify(ctx, dir, c.cardProgress)
	if err != nil {
		return err
	}
	t := c.out.table(column{title: "FAULT"}, column{title: "FILE", cut: 20, path: true}, column{title: "REASON", cut: 20})
	for _, f := range rep.Findings {
		c.out.count()
		if c.out.json {
			c.out.object(f)
			continue
		}
		t.row(string(f.Fault), f.File, f.Reason)
	}
	t.end()
	for _, d := range rep.Halted {
		c.out.failure(d, "a writing was interrupted here; write the card again, which puts it in order")
	}
	if c.out.json {
		c.out.object(struct {
			Files    int      `json:"files"`
			Bytes    int64    `json:"bytes"`
			Folders  []string `json:"folders"`
			Verified bool     `json:"verified"`
		}{rep.Files, rep.Bytes, rep.Folders, rep.OK()})
		return nil
	}
	if rep.OK() {
		c.out.line(fmt.Sprintf("All %s are as they were written.", words.Count(rep.Files, "file", "files")))
	}
	return nil
}

// folder says what is wrong with a DIR that is none.
func folder(dir string) error {
	switch fi, err := os.Stat(dir); {
	case err != nil:
		return fmt.Errorf("the folder cannot be used: %w", err)
	case !fi.IsDir():
		return fmt.Errorf("%s is a file: name the card, or the folder that was written (card inspect decodes one file)", dir)
	}
	return nil
}

func (c *command) cardRead(ctx context.Context, dir string) error {
	if err := folder(dir); err != nil {
		return err
	}
	return c.makingApp(ctx, func(a *app.App) error {
		got, err := a.ReadCardNow(ctx, dir, app.CardChoice{}, func(done, total int, current string) {
			c.out.progress("%d of %s read: %s", done, words.Count(total, "sound", "sounds"), current)
		})
		if err != nil {
			return err
		}
		for _, k := range got.Kits {
			if c.out.json {
				if err := c.showPads(ctx, a, k.ID, func(kit.Slot) bool { return true }); err != nil {
					return err
				}
				continue
			}
			c.out.line(fmt.Sprintf("Kit %s, %s (%s)", k.Name, words.Count(k.Filled, "pad", "pads"), k.ID))
			if err := c.showPads(ctx, a, k.ID, func(kit.Slot) bool { return true }); err != nil {
				return err
			}
		}
		for _, p := range got.Problems {
			c.out.failure(p.File, p.Reason)
		}
		if c.out.json {
			type kitObject struct {
				ID   string `json:"id"`
				Name string `json:"name"`
				Pads int    `json:"pads"`
			}
			kits := []kitObject{}
			for _, k := range got.Kits {
				kits = append(kits, kitObject{k.ID, k.Name, k.Filled})
			}
			problems := got.Problems
			if problems == nil {
				problems = []sp404.ReadNote{}
			}
			c.out.object(struct {
				Kits     []kitObject      `json:"kits"`
				Sounds   int              `json:"sounds"`
				Problems []sp404.ReadNote `json:"problems"`
			}{kits, got.Sounds, problems})
			return nil
		}
		c.out.note("%s and %s came into the library.", words.Count(len(got.Kits), "kit", "kits"), words.Count(got.Sounds, "sound", "sounds"))
		return nil
	})
}

func (c *command) cardInspect(path string) error {
	i, err := sp404.Inspect(path)
	if err != nil {
		return err
	}
	if c.out.json {
		c.out.object(i)
		return nil
	}
	t := c.out.table(column{title: "FIELD"}, column{title: "VALUE", cut: 20})
	for _, l := range i.Lines() {
		t.row(l[0], l[1])
	}
	t.end()
	return nil
}
