// Command program is the desktop program without its window, for tests that need a process. As
// `program edit` it makes one of the window's edits that no command makes.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"

	"sampleagent/app"
	"sampleagent/app/cli"
	"sampleagent/library/catalog"
)

func main() {
	if len(os.Args) > 1 && os.Args[1] == "edit" {
		if err := edit(context.Background(), os.Args[2:]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(2)
		}
		return
	}
	os.Exit(cli.Run(context.Background(), os.Args[1:], cli.Env{Stdout: os.Stdout, Stderr: os.Stderr}))
}

// edit is `SAMPLE WHAT VALUE`: it ends well once the edit is stored. WHAT is a field, what happens
// to the collection of the name VALUE, or "show", which prints everything that can be edited so.
func edit(ctx context.Context, args []string) (err error) {
	if len(args) != 3 {
		return errors.New("edit SAMPLE WHAT VALUE")
	}
	a, err := app.Open(ctx, app.Options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	s, err := a.SampleByID(ctx, args[0])
	if err != nil {
		return err
	}
	rows, value := []catalog.Row{s.Row}, args[2]
	n, _ := strconv.Atoi(value)
	switch args[1] {
	case "rating":
		return a.SetRating(ctx, rows, n)
	case "favourite":
		return a.SetFavourite(ctx, rows, n == 1)
	case "tempo":
		return a.SetTempo(ctx, rows, float64(n))
	case "note":
		return a.SetNote(ctx, s.Row, value)
	case "tag":
		return a.AddTags(ctx, rows, value)
	case "untag":
		return a.RemoveTags(ctx, rows, value)
	case "make":
		_, err := a.NewCollection(ctx, "", value, nil)
		return err
	case "in":
		return inCollection(ctx, a, value, func(id string) error { return a.AddToCollection(ctx, id, rows) })
	case "out":
		return inCollection(ctx, a, value, func(id string) error { return a.RemoveFromCollection(ctx, id, rows) })
	case "describe":
		return inCollection(ctx, a, value, func(id string) error {
			return a.ChangeCollection(ctx, id, func(c *catalog.Collection) { c.Description += "." })
		})
	case "show":
		return show(ctx, a, s)
	}
	return fmt.Errorf("edit %q", args[1])
}

func inCollection(ctx context.Context, a *app.App, name string, do func(id string) error) error {
	all, err := a.Collections(ctx)
	if err != nil {
		return err
	}
	at := slices.IndexFunc(all, func(c catalog.Collection) bool { return c.Name == name })
	if at < 0 {
		return fmt.Errorf("no collection %s", name)
	}
	return do(all[at].ID)
}

func show(ctx context.Context, a *app.App, s catalog.Sample) error {
	fmt.Printf("rating %d\nfavourite %v\ntempo %g\nnote %s\n", s.Rating, s.Favourite, s.BPM, s.Note)
	for _, t := range s.Tags {
		fmt.Println("tag", t)
	}
	all, err := a.Collections(ctx)
	for _, c := range all {
		fmt.Printf("%s: %d samples, %d dots\n", c.Name, c.Count, len(c.Description))
	}
	return err
}
