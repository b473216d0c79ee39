package cli

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"sampleagent/app"
	"sampleagent/app/words"
	"sampleagent/library/catalog"
	"sampleagent/library/kit"
)

func (c *command) kit() *cobra.Command {
	k := &cobra.Command{
		Use: "kit", Short: "kits: ten banks of sixteen pads, as on the device",
		Long: `A kit is a project of the device: banks A to J with pads 1 to 16. KIT is a kit's name or id,
SAMPLE a sample's id or path, a pad is written A1 to J16.`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			return usagef("kit needs one of: new, set, fill, pattern, show, list")
		},
	}
	k.AddCommand(
		&cobra.Command{
			Use: "new NAME", Short: "make an empty kit and print its id", Args: arguments(1, 1),
			RunE: func(cmd *cobra.Command, args []string) error { return c.kitNew(cmd.Context(), args[0]) },
		},
		&cobra.Command{
			Use: "set KIT PAD [SAMPLE] [SETTING=VALUE ...]", Short: "put a sample on a pad, and change its settings",
			Long:    "Puts a sample on a pad and changes the pad's settings. Without SAMPLE only the settings change.\n\nSettings:\n" + settingsHelp(),
			Example: "  sample-agent kit set Demo A1 kicks/deep.wav gate=off volume=100\n  sample-agent kit set Demo A1 loop=on pan=L10",
			Args:    arguments(3, anyNumber),
			RunE:    func(cmd *cobra.Command, args []string) error { return c.kitSet(cmd.Context(), args) },
		},
		c.fillCommand(),
		c.patternCommand(),
		&cobra.Command{
			Use: "show KIT", Short: "what lies on the pads", Args: arguments(1, 1),
			RunE: func(cmd *cobra.Command, args []string) error { return c.kitShow(cmd.Context(), args[0]) },
		},
		&cobra.Command{
			Use: "list", Short: "all kits", Args: arguments(0, 0),
			RunE: func(cmd *cobra.Command, _ []string) error { return c.kitList(cmd.Context()) },
		},
	)
	return k
}

func (c *command) fillCommand() *cobra.Command {
	var template, seed string
	var templates strings.Builder
	for _, t := range kit.Templates {
		fmt.Fprintf(&templates, "  %-12s %s\n", t.Template, t.Help)
	}
	cmd := &cobra.Command{
		Use: "fill KIT BANK [QUERY]", Annotations: map[string]string{takesQuery: "yes"}, Short: "fill a bank's empty pads from a search", Args: arguments(2, anyNumber),
		Long: "Fills the empty pads of a bank from what QUERY finds: drums on their usual pads, loops of one tempo,\n" +
			"sounds of one key, then what is left. With --template only what fits it is put on a pad.\n" +
			"Filled pads are left alone.\n\nTemplates:\n" + templates.String(),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.kitFill(cmd.Context(), args[0], args[1], strings.Join(args[2:], " "), kit.Template(template), seed)
		},
	}
	cmd.Flags().StringVar(&template, "template", "", "fill by this `TEMPLATE` only")
	cmd.Flags().StringVar(&seed, "seed", "", "a `SAMPLE` to start from: its id or path")
	return cmd
}

func (c *command) patternCommand() *cobra.Command {
	k := &cobra.Command{
		Use: "pattern", Short: "a kit's patterns as standard MIDI files", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return usagef("kit pattern needs one of: import, export") },
	}
	on := func(use, short, long string, do func(ctx context.Context, a *app.App, id string, slot kit.Slot, file string) error) *cobra.Command {
		return &cobra.Command{
			Use: use, Short: short, Long: long, Args: arguments(3, 3),
			RunE: func(cmd *cobra.Command, args []string) error {
				slot, err := kit.ParseSlot(args[1])
				if err != nil {
					return usage{err}
				}
				return c.withApp(cmd.Context(), func(a *app.App) error {
					k, err := a.Kit(cmd.Context(), args[0])
					if err != nil {
						return err
					}
					return do(cmd.Context(), a, k.ID, slot, args[2])
				})
			},
		}
	}
	k.AddCommand(
		on("import KIT SLOT FILE.mid", "read a MIDI file as a pattern",
			"Reads a standard MIDI file as the pattern of SLOT (A1 to J16). Drums of General MIDI go to the usual pads\nof the slot's bank; files that this program exported come back as they were.",
			func(ctx context.Context, a *app.App, id string, slot kit.Slot, file string) error {
				warnings, err := a.ImportPattern(ctx, id, slot, file)
				for _, w := range warnings {
					c.out.message("%s", w)
				}
				if err == nil {
					c.out.note("%s is pattern %s now.", filepath.Base(file), slot)
				}
				return err
			}),
		on("export KIT SLOT FILE.mid", "write a pattern as a MIDI file", "Writes the pattern of SLOT as a standard MIDI file.",
			func(ctx context.Context, a *app.App, id string, slot kit.Slot, file string) error {
				err := a.ExportPattern(ctx, id, slot, file)
				if err == nil {
					c.out.note("Pattern %s is written to %s.", slot, file)
				}
				return err
			}),
	)
	return k
}

func settingsHelp() string {
	var b strings.Builder
	for _, p := range kit.Params {
		fmt.Fprintf(&b, "  %-15s %s (%s; default %s)\n", p.Name, p.Help, p.Range(), p.Text(p.Default))
	}
	b.WriteString("  chops           Chop marks in frames at 48 kHz, as 0,12000,24000\n")
	b.WriteString("  reverse, pingpong  on or off: parts of play_mode\n")
	return b.String()
}

func (c *command) kitNew(ctx context.Context, name string) error {
	return c.makingApp(ctx, func(a *app.App) error {
		all, err := a.Kits(ctx)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(all, func(k app.KitInfo) bool { return strings.EqualFold(k.Name, name) }) {
			c.out.message("Another kit is called %s already: from now on commands need the id.", name)
		}
		k, err := a.NewKit(ctx, name)
		if err != nil {
			return err
		}
		if c.out.json {
			c.out.object(struct {
				ID   string `json:"id"`
				Name string `json:"name"`
			}{k.ID, k.Name})
			return nil
		}
		c.out.line(k.ID)
		return nil
	})
}

func (c *command) kitList(ctx context.Context) error {
	return c.withApp(ctx, func(a *app.App) error {
		all, err := a.Kits(ctx)
		if err != nil {
			return err
		}
		t := c.out.table(column{title: "NAME", cut: 12}, column{title: "PADS", right: true}, column{title: "CHANGED"}, column{title: "ID"})
		for _, k := range all {
			if c.out.json {
				c.out.object(struct {
					ID   string `json:"id"`
					Name string `json:"name"`
					Pads int    `json:"pads"`
				}{k.ID, k.Name, k.Filled})
				continue
			}
			t.row(k.Name, fmt.Sprint(k.Filled), k.Modified.Local().Format("2006-01-02 15:04"), k.ID)
		}
		t.end()
		if len(all) == 0 {
			c.out.note("There is no kit yet: sample-agent kit new NAME makes one.")
		}
		return nil
	})
}

// sample finds a sample by its id or its file's path.
func sample(ctx context.Context, a *app.App, name string) (catalog.Sample, error) {
	s, err := a.SampleByID(ctx, name)
	if err == nil || !errors.Is(err, catalog.ErrNotFound) {
		return s, err
	}
	abs, perr := filepath.Abs(name)
	if perr != nil {
		return s, perr
	}
	s, err = a.SampleByPath(ctx, abs)
	if errors.Is(err, catalog.ErrNotFound) {
		return s, fmt.Errorf("sample %s is not in the library, neither as an id nor as a path; import it first", name)
	}
	return s, err
}

func (c *command) kitSet(ctx context.Context, args []string) error {
	slot, err := kit.ParseSlot(args[1])
	if err != nil {
		return usage{err}
	}
	name, pairs := args[2], args[3:]
	if before, _, isPair := strings.Cut(name, "="); isPair && isSetting(before) {
		name, pairs = "", args[2:]
	}
	// Settings are checked before the sample is placed: all of the command happens, or nothing.
	if _, err := (kit.Settings{}).WithText(pairs...); err != nil && !isRange(err) {
		return usage{err}
	}
	return c.withApp(ctx, func(a *app.App) error {
		k, err := a.Kit(ctx, args[0])
		if err != nil {
			return err
		}
		var s catalog.Sample
		if name != "" {
			if s, err = sample(ctx, a, name); err != nil {
				return err
			}
		}
		if err := a.SetPadSample(ctx, k.ID, slot, s.ID, pairs...); err != nil {
			return err
		}
		if c.out.json {
			return c.showPads(ctx, a, k.ID, func(at kit.Slot) bool { return at == slot })
		}
		if name == "" {
			c.out.note("Kit %s: pad %s is set.", k.Name, slot)
			return nil
		}
		c.out.note("Kit %s: %s is on pad %s.", k.Name, s.Name, slot)
		return nil
	})
}

func isSetting(name string) bool {
	switch strings.ToLower(name) {
	case "reverse", "pingpong", "chops", "marks":
		return true
	}
	_, ok := kit.ParamByName(name)
	return ok
}

func isRange(err error) bool {
	var r *kit.RangeError
	return errors.As(err, &r)
}

func (c *command) kitFill(ctx context.Context, name, bankName, query string, t kit.Template, seed string) error {
	bank, err := kit.ParseBank(bankName)
	if err != nil {
		return usage{err}
	}
	if t != "" && !slices.ContainsFunc(kit.Templates, func(i kit.TemplateInfo) bool { return i.Template == t }) {
		return usagef("there is no template %s; kit fill --help lists them", t)
	}
	if seed != "" && t == "" {
		return usagef("--seed needs a --template that starts from it")
	}
	return c.withApp(ctx, func(a *app.App) error {
		k, err := a.Kit(ctx, name)
		if err != nil {
			return err
		}
		var from catalog.Sample
		if seed != "" {
			if from, err = sample(ctx, a, seed); err != nil {
				return err
			}
		}
		var filled app.Filled
		if t == "" {
			filled, err = a.FillBank(ctx, k.ID, bank, query)
		} else {
			filled, err = a.FillBankAs(ctx, k.ID, bank, t, query, from.ID)
		}
		if err != nil {
			return atWord(query, err)
		}
		placed := map[kit.Slot]bool{}
		for _, s := range filled.Placed {
			placed[s] = true
		}
		c.out.note("Kit %s, bank %s: %s filled; %s.", k.Name, kit.BankName(bank), words.Count(len(filled.Placed), "pad", "pads"), filled.Left)
		if len(filled.Placed) == 0 {
			return nil
		}
		return c.showPads(ctx, a, k.ID, func(at kit.Slot) bool { return placed[at] })
	})
}

func (c *command) kitShow(ctx context.Context, name string) error {
	return c.withApp(ctx, func(a *app.App) error {
		k, err := a.Kit(ctx, name)
		if err != nil {
			return err
		}
		if len(k.Filled()) == 0 {
			c.out.note("Kit %s is empty: sample-agent kit fill or kit set puts samples on its pads.", k.Name)
		}
		return c.showPads(ctx, a, k.ID, func(kit.Slot) bool { return true })
	})
}

// padObject is a pad as kit show --json prints it.
type padObject struct {
	Kit      string         `json:"kit"` // id
	Name     string         `json:"kit_name"`
	Pad      kit.Slot       `json:"pad"`
	ID       string         `json:"id"` // of the sample
	Path     *string        `json:"path"`
	Title    *string        `json:"name"`
	Kind     *string        `json:"kind"`
	Duration *float64       `json:"duration"`
	BPM      *float64       `json:"bpm"`
	Key      *string        `json:"key"`
	Settings map[string]any `json:"settings"`
}

// showPads prints the pads that are asked for.
func (c *command) showPads(ctx context.Context, a *app.App, id string, want func(kit.Slot) bool) error {
	k, err := a.Kit(ctx, id)
	if err != nil {
		return err
	}
	samples, err := a.PadSamples(ctx, k)
	if err != nil {
		return err
	}
	t := c.out.table(column{title: "PAD"}, column{title: "NAME", cut: 14}, column{title: "KIND"}, column{title: "LENGTH", right: true},
		column{title: "BPM", right: true}, column{title: "KEY"}, column{title: "SETTINGS", cut: 10}, column{title: "PATH", cut: 16, path: true})
	for _, at := range k.Filled() {
		if !want(at) {
			continue
		}
		p := k.Pad(at)
		s, there := samples[p.SampleID]
		if c.out.json {
			o := padObject{Kit: k.ID, Name: k.Name, Pad: at, ID: p.SampleID, Settings: values(p.Settings)}
			if there {
				o.Path, o.Title, o.Kind, o.Key = pathHere(s), known(s.Name), known(string(s.Kind)), known(s.Key)
				o.Duration, o.BPM = known(s.Duration), known(s.BPM)
			}
			c.out.object(o)
			continue
		}
		if !there {
			t.row(at.String(), "(no longer in the library)", none, none, none, none, "", p.SampleID)
			continue
		}
		var changed []string
		for _, pair := range p.Settings.Strings() {
			// The tempo is the sample's own, shown beside it already.
			if !strings.HasPrefix(pair, "tempo=") {
				changed = append(changed, pair)
			}
		}
		t.row(at.String(), s.Name, word(string(s.Kind)), lengthOf(s), tempo(s.BPM), word(s.Key), strings.Join(changed, " "), text(pathHere(s)))
	}
	t.end()
	return nil
}

// values are a pad's settings with their types: switches as booleans, numbers in their units.
func values(s kit.Settings) map[string]any {
	out := map[string]any{}
	for _, p := range kit.Params {
		switch {
		case p.Kind == kit.Switch:
			out[p.Name] = s.On(p.Param)
		case len(p.Choices) > 0:
			out[p.Name] = s.Text(p.Param)
		default:
			out[p.Name] = s.Float(p.Param)
		}
	}
	marks := s.Marks()
	if marks == nil {
		marks = []int{}
	}
	out["chops"] = marks
	return out
}

// known is nil for what is not known.
func known[T comparable](v T) *T {
	var zero T
	if v == zero {
		return nil
	}
	return &v
}

func word(s string) string {
	if s == "" {
		return none
	}
	return s
}

func tempo(bpm float64) string {
	if bpm == 0 {
		return none
	}
	return fmt.Sprintf("%.1f", bpm)
}
