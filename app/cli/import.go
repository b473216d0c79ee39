package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"sampleagent/app"
	"sampleagent/app/words"
	"sampleagent/audio/analysis"
	"sampleagent/library/catalog"
	"sampleagent/library/ingest"
)

func (c *command) imports() *cobra.Command {
	var copied bool
	var database string
	cmd := &cobra.Command{
		Use: "import PATH...", Short: "add files and folders to the library",
		Long: `Adds files and folders to the library. What is unchanged is passed over, what has moved is found
again, and an import that was stopped goes on where it was.

With --earlier, the library of the earlier system comes over: its samples with their tags, sources
and licences, its collections and its kits. Files are looked for where it says, beside it, and
below each PATH.`,
		Args: func(cmd *cobra.Command, args []string) error {
			if database != "" {
				return nil
			}
			return arguments(1, anyNumber)(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if database != "" {
				return c.bringEarlier(cmd.Context(), database, args, copied)
			}
			return c.importRun(cmd.Context(), args, copied)
		},
	}
	cmd.Flags().StringVar(&database, "earlier", "", "bring over the earlier system's SQLite `file` or plain pg_dump")
	cmd.Flags().BoolVar(&copied, "copy", false, "copy the files into the managed folder and import the copies")
	return cmd
}

// broughtOver is what `import --earlier` prints.
type broughtOver struct {
	Samples     int `json:"samples"` // in the earlier library
	Brought     int `json:"brought"`
	Collections int `json:"collections"`
	Kits        int `json:"kits"`
	Problems    int `json:"problems"`
}

func (c *command) bringEarlier(ctx context.Context, database string, roots []string, copied bool) error {
	return c.makingApp(ctx, func(a *app.App) error {
		sum, err := a.BringEarlierNow(ctx, database, roots, copied, c.showImport)
		if err != nil {
			return err
		}
		for _, p := range sum.Problems {
			c.out.failure(p.Path, p.Reason)
		}
		if c.out.json {
			c.out.object(broughtOver{sum.Samples, sum.Brought, sum.Collections, sum.Kits, len(sum.Problems)})
		}
		c.out.note("%s", app.EarlierSummary(sum))
		if sum.Samples > 0 && sum.Brought == 0 {
			return errors.New("none of its files were found; name the folders they lie in now")
		}
		return nil
	})
}

// showImport is the line of progress of an import.
func (c *command) showImport(p ingest.Progress) {
	switch p.Step {
	case ingest.Listing:
		c.out.progress("%s found", words.Count(p.Found, "file", "files"))
	case ingest.Analysing:
		c.out.progress("%d of %s analysed, %s of %s", p.Done, words.Count(p.Total, "file", "files"), words.Size(p.Bytes), words.Size(p.TotalBytes))
	}
}

func (c *command) importRun(ctx context.Context, paths []string, copied bool) error {
	return c.makingApp(ctx, func(a *app.App) error {
		p := importPrinter{command: c, app: a, table: c.out.reportTable()}
		var trouble error
		sum, err := a.ImportNow(ctx, paths, app.ImportOptions{
			Copy:     copied,
			Progress: c.showImport,
			File: func(o ingest.Outcome) {
				if err := p.file(context.WithoutCancel(ctx), o); err != nil && trouble == nil {
					trouble = err
				}
			},
		})
		if perr := p.flush(context.WithoutCancel(ctx)); trouble == nil {
			trouble = perr
		}
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
		switch total {
		case 0:
			return fmt.Errorf("no sound file found in %s", list(paths))
		case sum.Count[ingest.Refused]:
			return errors.New("none of the paths could be read")
		}
		c.out.note("%s", app.ImportSummary(sum))
		return nil
	})
}

// importPrinter prints what became of each file. Files that are unchanged are in no table, but in
// JSON every file is printed: a script asks for its id.
type importPrinter struct {
	*command
	app     *app.App
	table   *table
	waiting []catalog.Row // to be read and printed together
}

// printBatch is how many files that need no analysis are printed together; they come by the
// thousand.
const printBatch = 200

func (p *importPrinter) file(ctx context.Context, o ingest.Outcome) error {
	failed := o.What == ingest.Failed || o.What == ingest.Refused
	switch {
	case failed && p.out.json:
		p.out.count()
	case failed:
		p.out.failure(o.Path, o.Err)
		return nil
	case p.out.json:
	case o.What == ingest.Unchanged:
		return nil
	case o.What == ingest.Missing:
		p.out.note("%s: the file is gone", o.Path)
		return nil
	case o.What == ingest.Duplicate:
		p.out.note("%s: left out, the library has it as %s", o.Path, o.From)
		return nil
	}
	if o.Row == 0 {
		if err := p.flush(ctx); err != nil {
			return err
		}
		r := &analysis.Report{Path: o.Path, Engine: analysis.Engine}
		if o.Err != "" {
			r.Error = &o.Err
		}
		p.out.object(reportWithID(nil, r))
		return nil
	}
	p.waiting = append(p.waiting, o.Row)
	if o.What == ingest.Unchanged && len(p.waiting) < printBatch {
		return nil
	}
	return p.flush(ctx)
}

// flush prints what waits.
func (p *importPrinter) flush(ctx context.Context) error {
	if len(p.waiting) == 0 {
		return nil
	}
	samples, err := p.app.Samples(ctx, p.waiting)
	p.waiting = p.waiting[:0]
	if err != nil {
		return err
	}
	all, err := sampleReports(ctx, p.app, samples)
	if err != nil {
		return err
	}
	for _, r := range all {
		if p.out.json {
			p.out.object(r)
		} else {
			reportRow(p.table, r.Report)
		}
	}
	return p.out.trouble()
}
