package cli

import (
	"context"

	"github.com/spf13/cobra"

	"sampleagent/app"
)

func (c *command) doctor() *cobra.Command {
	return &cobra.Command{
		Use: "doctor", Short: "what works on this machine, and what to do about the rest", Args: arguments(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error { return c.doctorRun(cmd.Context()) },
	}
}

func (c *command) doctorRun(ctx context.Context) error {
	o := c.options()
	o.Sound = c.env.Sound
	checks := app.Doctor(ctx, o)
	t := c.out.table(column{title: "WHAT"}, column{title: "WORKS"}, column{title: "FOUND", cut: 30})
	for _, k := range checks {
		if !k.OK {
			c.out.count()
		}
		if c.out.json {
			c.out.object(struct {
				Check  string  `json:"check"`
				OK     bool    `json:"ok"`
				State  string  `json:"state"`
				Advice *string `json:"advice"`
			}{k.Name, k.OK, k.State, known(k.Advice)})
			continue
		}
		works := "yes"
		if !k.OK {
			works = "no"
		}
		t.row(k.Name, works, k.State)
	}
	t.end()
	if !c.out.json {
		for _, k := range checks {
			if k.Advice != "" {
				c.out.line("")
				c.out.line(k.Name + ": " + k.Advice)
			}
		}
	}
	return ctx.Err()
}
