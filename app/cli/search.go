package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/mattn/go-runewidth"
	"github.com/spf13/cobra"

	"sampleagent/app"
	"sampleagent/app/words"
	"sampleagent/library/catalog"
	"sampleagent/library/search"
)

func (c *command) search() *cobra.Command {
	var limit int
	var by string
	var down bool
	s := &cobra.Command{
		Use: "search QUERY", Annotations: map[string]string{takesQuery: "yes"}, Short: "find samples, in the window's query language",
		Long: `Finds samples. An empty query lists everything in the order of import.

` + fieldsHelp() + `
A word with a minus in front must not be found.`,
		Example: `  sample-agent search kick punchy -vocal
  sample-agent search bpm:88-92 kind:loop key:Am~
  sample-agent search --limit 10 'tag:dusty -vocal'`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usagef("search needs a query; an empty one (\"\") lists everything")
			}
			if limit < 0 {
				return usagef("--limit %d is not possible: 1 or more, 0 for all", limit)
			}
			if by != "" && !slices.Contains(search.Orders(), search.By(by)) {
				return usagef("--sort %s is not possible: %s", by, strings.Join(orders(), ", "))
			}
			return c.searchRun(cmd.Context(), strings.Join(args, " "), search.Sort{By: search.By(by), Desc: down}, limit)
		},
	}
	s.Flags().IntVar(&limit, "limit", 0, "at most `N` samples (0: all)")
	s.Flags().StringVar(&by, "sort", "", "order: "+strings.Join(orders(), ", "))
	s.Flags().BoolVar(&down, "desc", false, "the other way round")
	return s
}

func orders() []string {
	var all []string
	for _, o := range search.Orders() {
		if o != search.Relevance {
			all = append(all, string(o))
		}
	}
	return all
}

func (c *command) searchRun(ctx context.Context, query string, sort search.Sort, limit int) error {
	return c.withApp(ctx, func(a *app.App) error {
		rows, err := a.SearchFirst(ctx, query, sort, limit)
		if err != nil {
			return atWord(query, err)
		}
		t := c.out.table(column{title: "NAME", cut: 16}, column{title: "KIND"}, column{title: "CLASS"}, column{title: "LENGTH", right: true},
			column{title: "BPM", right: true}, column{title: "KEY"}, column{title: "TAGS", cut: 8}, column{title: "ID"}, column{title: "PATH", cut: 16, path: true})
		const step = 500 // read and printed together
		for at := 0; at < len(rows); at += step {
			found, err := a.Samples(ctx, rows[at:min(at+step, len(rows))])
			if err != nil {
				return err
			}
			if c.out.json {
				objects, err := sampleReports(ctx, a, found)
				if err != nil {
					return err
				}
				for _, o := range objects {
					c.out.object(o)
				}
			} else {
				for _, s := range found {
					t.row(s.Name, state(s), word(s.Class), lengthOf(s), tempo(s.BPM), word(s.Key), strings.Join(s.Tags, " "), s.ID, text(pathHere(s)))
				}
			}
			if err := c.out.trouble(); err != nil {
				return err
			}
		}
		t.end()
		c.out.note("%s", words.Count(len(rows), "sample", "samples"))
		return nil
	})
}

// atWord makes of an error in a query one that shows the query and points at the word.
func atWord(query string, err error) error {
	var wrong *search.Error
	if !errors.As(err, &wrong) {
		return err
	}
	return usage{fmt.Errorf("%w\n  %s\n  %s^", wrong, query, strings.Repeat(" ", runewidth.StringWidth(query[:min(wrong.Offset, len(query))])))}
}

// state is the kind of a sample, or what is the matter with it.
func state(s catalog.Sample) string {
	switch s.State {
	case catalog.Failed:
		return "unreadable"
	case catalog.Missing:
		if s.Remote() {
			return "elsewhere"
		}
		return "missing"
	case catalog.Listed:
		return "waiting"
	}
	return word(string(s.Kind))
}

func lengthOf(s catalog.Sample) string {
	return word(words.Length(s.Duration))
}
