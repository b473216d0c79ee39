package cli

import (
	"context"
	"fmt"
	"runtime"

	"github.com/spf13/cobra"

	"sampleagent/app/words"
	"sampleagent/audio/analysis"
)

func (c *command) analyze() *cobra.Command {
	var soundOnly bool
	var jobs int
	cmd := &cobra.Command{
		Use: "analyze PATH...", Short: "analyse files and folders without a library",
		Args: arguments(1, anyNumber),
		RunE: func(cmd *cobra.Command, args []string) error {
			if jobs < 0 {
				return usagef("--jobs %d is not possible: 1 or more, 0 for one per core", jobs)
			}
			if jobs == 0 {
				jobs = runtime.NumCPU()
			}
			return c.analyzeRun(cmd.Context(), args, soundOnly, jobs)
		},
	}
	cmd.Flags().BoolVar(&soundOnly, "sound-only", false, "ignore names, tags and chunks: only the sound decides")
	cmd.Flags().IntVar(&jobs, "jobs", 0, "analyse `N` files at once (default: one per core)")
	return cmd
}

// analyzed is what came of one file.
type analyzed struct {
	report  *analysis.Report
	nothing bool // it was not even there
}

func (c *command) analyzeRun(ctx context.Context, paths []string, soundOnly bool, jobs int) error {
	t := c.out.reportTable()
	n, missing := 0, 0
	err := ordered(ctx, jobs, files(ctx, paths), func(ctx context.Context, f found) analyzed {
		if f.err != nil {
			reason := f.err.Error()
			return analyzed{&analysis.Report{Path: f.path, Error: &reason, Engine: analysis.Engine}, true}
		}
		// The report itself says why the file could not be heard.
		r, _, _ := analysis.File(ctx, f.path, analysis.Options{SoundOnly: soundOnly})
		return analyzed{report: r}
	}, func(a analyzed) error {
		n++
		if a.nothing {
			missing++
		}
		r := a.report
		switch {
		case c.out.json:
			c.out.object(r)
			if !r.OK {
				c.out.count()
			}
		case !r.OK:
			c.out.failure(r.Path, *r.Error)
		default:
			reportRow(t, r)
		}
		c.out.progress("%s analysed", words.Count(n, "file", "files"))
		return c.out.trouble()
	})
	switch {
	case err != nil:
		return err
	case n == 0:
		return fmt.Errorf("no sound file found in %s", list(paths))
	case n == missing:
		return fmt.Errorf("none of the paths could be read")
	}
	if failed := c.out.failures(); failed > 0 {
		c.out.note("%s analysed, %d could not be.", words.Count(n-failed, "file", "files"), failed)
	} else {
		c.out.note("%s analysed.", words.Count(n, "file", "files"))
	}
	return nil
}

func list(paths []string) string {
	if len(paths) == 1 {
		return paths[0]
	}
	return fmt.Sprintf("%s and %d more", paths[0], len(paths)-1)
}
