// Command eval scores the ear on the labelled development set and writes docs/accuracy.md.
//
//	go run ./audio/analysis/eval [-cache build/ear.cache] [-out docs/accuracy.md]
//
// Every file is judged by scorers that never heard its source and by scorers that never heard its
// family, fitted on the spot as the train command does, and by those in the program, which were
// fitted to it. The first two are the figures that count.
package main

import (
	_ "embed"
	"flag"
	"fmt"
	"log"
	"os"
	"slices"
	"strings"

	"sampleagent/audio/analysis"
	"sampleagent/audio/analysis/internal/labset"
	"sampleagent/audio/analysis/internal/learn"
)

func main() {
	out := flag.String("out", "", "file to write the tables to; standard output when empty")
	cache := flag.String("cache", "", "file to keep what was heard in between runs")
	weights := flag.String("weights", "", "also write the scorers for the program into this folder, as the train command does")
	flag.Parse()
	if err := run(*out, *cache, *weights); err != nil {
		log.Fatal(err)
	}
}

// story is what a stranger wants to know first.
//
//go:embed story.md
var story string

// answer is the verdict on one file or a copy of it.
type answer struct {
	item    labset.Item
	how     string // "" for the file as it is
	verdict analysis.Verdict
}

// protocol is one way of choosing who judges an item.
type protocol struct {
	name    string
	judge   func(labset.Item) *analysis.Scorers
	answers []answer
}

func run(out, cache, weights string) error {
	set, err := learn.Hear(cache)
	if err != nil {
		return err
	}
	fitted, err := set.Fit()
	if err != nil {
		return err
	}
	if weights != "" {
		if err := fitted.Save(weights); err != nil {
			return err
		}
	}
	sources, err := fitted.Sources.Judges()
	if err != nil {
		return err
	}
	families, err := fitted.Families.Judges()
	if err != nil {
		return err
	}
	protocols := []*protocol{
		{name: "sources not heard", judge: func(it labset.Item) *analysis.Scorers { return sources[labset.SourceFold(it)] }},
		{name: "families not heard", judge: func(it labset.Item) *analysis.Scorers { return families[labset.FamilyFold(it)] }},
		{name: "as shipped", judge: func(labset.Item) *analysis.Scorers { return fitted.Shipped }},
	}
	for i := range set.Examples {
		e := &set.Examples[i]
		if e.How != "" && !slices.Contains(labset.Perturbations, e.How) {
			continue // a copy to learn from only
		}
		it := set.Items[e.Item]
		for _, p := range protocols {
			p.answers = append(p.answers, answer{it, e.How, p.judge(it).Decide(&e.Evidence)})
		}
	}
	var b strings.Builder
	report(&b, len(set.Items), protocols)
	if err := onsetReport(&b); err != nil {
		return err
	}
	if out == "" {
		fmt.Print(b.String())
		return nil
	}
	return os.WriteFile(out, []byte(b.String()), 0o644)
}
