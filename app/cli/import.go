package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"sampleagent/app"
	"sampleagent/audio/analysis"
	"sampleagent/library/ingest"
)

func (c *command) imports() *cobra.Command {
	var copied bool
	cmd := &cobra.Command{
		Use: "import PATH...", Short: "add files and folders to the library",
		Long: `Adds files and folders to the library. What is unchanged is passed over, what has moved is found
again, and an import that was stopped goes on where it was.`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return c.importRun(cmd.Context(), args, copied) },
	}
	cmd.Flags().BoolVar(&copied, "copy", false, "copy the files into the managed folder and import the copies")
	return cmd
}

func (c *command) importRun(ctx context.Context, paths []string, copied bool) error {
	return c.withApp(ctx, func(a *app.App) error {
		t := c.out.reportTable()
		var trouble error
		sum, err := a.ImportNow(ctx, paths, app.ImportOptions{
			Copy: copied,
			Progress: func(p ingest.Progress) {
				switch p.Step {
				case ingest.Listing:
					c.out.progress("%s found", plural(p.Found, "file", "files"))
				default:
					c.out.progress("%d of %s analysed, %s of %s", p.Done, plural(p.Total, "file", "files"), size(p.Bytes), size(p.TotalBytes))
				}
			},
			File: func(o ingest.Outcome) {
				if err := c.imported(context.WithoutCancel(ctx), a, t, o); err != nil && trouble == nil {
					trouble = err
				}
			},
		})
		if err == nil {
			err = trouble
		}
		if ctx.Err() != nil {
			c.out.note("%s", app.ImportSummary(sum))
			c.out.message("sample-agent: stopped; what was done is kept, and the same import goes on from there.")
			return errQuietly
		}
		if err != nil {
			return err
		}
		total := 0
		for _, n := range sum.Count {
			total += n
		}
		switch {
		case total == 0:
			return fmt.Errorf("no sound file found in %s", list(paths))
		case total == sum.Count[ingest.Refused]:
			return errors.New("none of the paths could be read")
		}
		c.out.note("%s", app.ImportSummary(sum))
		return nil
	})
}

// imported prints what became of one file. Files that are unchanged are in no table, but in JSON
// every file is printed: a script asks for its id.
func (c *command) imported(ctx context.Context, a *app.App, t *table, o ingest.Outcome) error {
	failed := o.What == ingest.Failed || o.What == ingest.Refused
	switch {
	case failed && c.out.json:
		c.out.count()
	case failed:
		c.out.failure(o.Path, o.Err)
		return nil
	case c.out.json:
	case o.What == ingest.Unchanged:
		return nil
	case o.What == ingest.Missing, o.What == ingest.Duplicate:
		c.out.note("%s: %s", o.Path, map[ingest.What]string{ingest.Missing: "the file is gone", ingest.Duplicate: "left out, the library has it as " + o.From}[o.What])
		return nil
	}
	if o.Row == 0 {
		r := &analysis.Report{Path: o.Path, Engine: analysis.Engine}
		if o.Err != "" {
			r.Error = &o.Err
		}
		c.out.object(withID{nil, r})
		return nil
	}
	s, err := a.Sample(ctx, o.Row)
	if err != nil {
		return err
	}
	r, err := sampleReport(ctx, a, s)
	if err != nil {
		return err
	}
	if c.out.json {
		c.out.object(r)
		return nil
	}
	reportRow(t, r.Report)
	return nil
}
