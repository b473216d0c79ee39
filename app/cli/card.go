package cli

import (
	"github.com/spf13/cobra"

	"sampleagent/library/sp404"
)

func (c *command) card() *cobra.Command {
	k := &cobra.Command{
		Use: "card", Short: "SD cards of the device: plan, write, verify, read, inspect",
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return usagef("card needs one of: inspect") },
	}
	k.AddCommand(&cobra.Command{
		Use: "inspect FILE", Short: "decode a PADCONF.BIN, .SMP or PTN file of the device",
		Long: `Decodes a file of the device and prints what it says: a PADCONF.BIN, an .SMP, a PTN file, or the
project folder they lie in. Positions are frames, speeds percent, tempos BPM.`,
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error { return c.cardInspect(args[0]) },
	})
	return k
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
