package ops

import (
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"sampleagent/server/internal/job/lane"
)

// capacityCommand simulates days of users through the queue's own rules.
func capacityCommand() *cobra.Command {
	load, m := lane.Load{}, lane.Measured
	var breaks, needs bool
	var seed uint64
	cmd := &cobra.Command{Use: "capacity", Short: "Simulate a day of users through the queue's rules: which promises hold, and what they take", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			out := cmd.OutOrStdout()
			o, err := lane.Day(load, m, seed)
			if err != nil {
				return err
			}
			if err := printDay(out, o); err != nil {
				return err
			}
			if breaks {
				n, err := lane.Breaks(load, m, 64, seed, func(times float64, kept bool) {
					fmt.Fprintf(cmd.ErrOrStderr(), "%.1f times these users: %s\n", times, said(kept))
				})
				if err != nil {
					return err
				}
				fmt.Fprintf(out, "every promise holds up to %.1f times these users\n", n)
			}
			if needs {
				n, err := lane.Needs(load, m, seed)
				if err != nil {
					return err
				}
				fmt.Fprintf(out, "enough: %.0f cores, %d free, %d pro, %d enterprise workers over all processes\n", n.Cores, n.Free, n.Pro, n.Enterprise)
			}
			return nil
		}}
	f := cmd.Flags()
	f.IntVar(&load.Free, "free", 10_000, "free users")
	f.IntVar(&load.FreeFiles, "free-files", 10, "uploads of each on a day")
	f.IntVar(&load.Pro, "pro", 300, "pro users")
	f.IntVar(&load.ProFiles, "pro-files", 48, "uploads of each on a day: a month's 1,000 on 21 working days, at once")
	f.IntVar(&load.Enterprise, "enterprise", 0, "enterprise users")
	f.IntVar(&load.EnterpriseFiles, "enterprise-files", 100, "uploads of each on a day")
	f.IntVar(&load.Days, "days", 2, "days that follow each other")
	f.Float64Var(&load.AIWait, "ai-wait", 0, "seconds a model takes to answer, median; 0: no AI")
	f.Float64Var(&m.Cores, "cores", 2, "cores of all machines together")
	f.IntVar(&m.Free, "free-workers", 2, "free workers of all processes together")
	f.IntVar(&m.Pro, "pro-workers", 4, "pro workers")
	f.IntVar(&m.ProBursts, "burst-workers", 0, "further pro workers while the pro lane is deep")
	f.IntVar(&m.Enterprise, "enterprise-workers", 2, "enterprise workers")
	f.Float64Var(&m.CPUPerSecond, "cpu-per-second", m.CPUPerSecond, "seconds of one core for a second of sound")
	f.Float64Var(&m.CPUPerJob, "cpu-per-job", m.CPUPerJob, "seconds of one core for a job beside that")
	f.Uint64Var(&seed, "seed", 1, "the same seed gives the same day")
	f.BoolVar(&breaks, "breaks", false, "find how many times these users the machines carry")
	f.BoolVar(&needs, "needs", false, "find the fewest cores and workers that carry these users")
	return cmd
}

func printDay(out io.Writer, o lane.Outcome) error {
	t := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	fmt.Fprintln(t, "tier\tjobs\tin time\tlate\tpromoted\tmedian\t95 %\tlongest\tpromise\tmost waiting")
	for _, r := range o.Tiers {
		fmt.Fprintf(t, "%s\t%d\t%.2f %%\t%d\t%d\t%s\t%s\t%s\t%s\t%d\n", r.Tier, r.Jobs, 100*r.InTime(), r.Late, r.Promoted, short(r.P50), short(r.P95), short(r.Max), r.Promise, r.MostWaiting)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(out, "cores busy %.0f %% of the time; burst workers ran %s; %s\n", 100*o.Busy, o.Bursts, said(o.Kept()))
	return err
}

func said(kept bool) string {
	if kept {
		return "every promise is kept"
	}
	return "promises are broken"
}

func short(d time.Duration) time.Duration {
	switch {
	case d > time.Hour:
		return d.Round(time.Minute)
	case d > time.Minute:
		return d.Round(time.Second)
	}
	return d.Round(10 * time.Millisecond)
}
