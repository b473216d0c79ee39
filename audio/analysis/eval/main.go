// Command eval scores the ear on the labelled development set and writes docs/accuracy.md.
//
//	go run ./audio/analysis/eval [-out docs/accuracy.md]
//
// Every file is judged by weights that never heard its source, by weights that never heard its
// family (both from folds.zip, which the train command writes), and by the weights in the program, which
// were trained on it. The first two are the figures that count.
//
//	go run ./audio/analysis/eval -speed build/ear-speed.md
//
// measures speed and memory beside other programs.
package main

import (
	"archive/zip"
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"log"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"

	"sampleagent/audio/analysis"
	"sampleagent/audio/analysis/internal/labset"
	"sampleagent/audio/pcm"
)

func main() {
	out := flag.String("out", "", "file to write the tables to; standard output when empty")
	folds := flag.String("folds", "audio/analysis/eval/folds.zip", "weights that left something out, a folder or a zip file; none when empty")
	families := flag.Bool("families", true, "also with whole families left out")
	brief := flag.Bool("brief", false, "only the summary")
	fast := flag.String("speed", "", "measure speed and memory instead and write them to this file (- for standard output)")
	one := flag.String("hear", "", "hear one file and print peak memory in MB and seconds")
	flag.Parse()
	switch {
	case *fast != "":
		if err := speed(*fast); err != nil {
			log.Fatal(err)
		}
		return
	case *one != "":
		if err := hearOne(*one); err != nil {
			log.Fatal(err)
		}
		return
	}
	if err := run(*out, *folds, *families, *brief); err != nil {
		log.Fatal(err)
	}
}

// answer is one judged copy.
type answer struct {
	item labset.Item
	how  string // "" for the file as it is
	dur  float64
	res  *analysis.Result
}

// protocol is one way of choosing who judges an item.
type protocol struct {
	name    string
	judge   func(labset.Item) *analysis.Scorers
	answers []answer
}

func run(out, folds string, families, brief bool) error {
	dir, err := labset.Find()
	if err != nil {
		return err
	}
	items, err := labset.Load(dir)
	if err != nil {
		return err
	}
	var protocols []*protocol
	if folds != "" {
		left, err := openFolds(folds)
		if err != nil {
			return err
		}
		if _, err := fs.Stat(left, labset.FamilyFold(items[0])); errors.Is(err, fs.ErrNotExist) {
			families = false // the file has the fifths of the sources only
		}
		judges := map[string]*analysis.Scorers{}
		for _, it := range items {
			for _, name := range []string{labset.SourceFold(it), labset.FamilyFold(it)} {
				if !families && name == labset.FamilyFold(it) {
					continue
				}
				if judges[name] != nil {
					continue
				}
				if judges[name], err = analysis.LoadScorers(left, name); err != nil {
					return err
				}
			}
		}
		protocols = append(protocols, &protocol{name: "sources not heard", judge: func(it labset.Item) *analysis.Scorers { return judges[labset.SourceFold(it)] }})
		if families {
			protocols = append(protocols, &protocol{name: "families not heard", judge: func(it labset.Item) *analysis.Scorers { return judges[labset.FamilyFold(it)] }})
		}
	}
	protocols = append(protocols, &protocol{name: "as shipped", judge: func(labset.Item) *analysis.Scorers { return analysis.Builtin() }})
	began := time.Now()
	seconds, err := judgeAll(items, protocols)
	if err != nil {
		return err
	}
	var b strings.Builder
	report(&b, protocols, brief)
	if !brief {
		if err := onsetReport(&b); err != nil {
			return err
		}
		fmt.Fprintf(&b, "\n%d files, %.0f s of sound with the harmed copies, judged %d times in %.0f s on %d cores.\n", len(items), seconds, len(protocols), time.Since(began).Seconds(), runtime.NumCPU())
	}
	if out == "" {
		fmt.Print(b.String())
		return nil
	}
	return os.WriteFile(out, []byte(b.String()), 0o644)
}

func openFolds(path string) (fs.FS, error) {
	if filepath.Ext(path) != ".zip" {
		return os.DirFS(path), nil
	}
	z, err := zip.OpenReader(path)
	if err != nil {
		return nil, fmt.Errorf("weights that left something out: %w", err)
	}
	return z, nil
}

// judgeAll has every item and its harmed copies judged under every protocol.
func judgeAll(items []labset.Item, protocols []*protocol) (seconds float64, err error) {
	type bundle struct {
		index   int
		answers [][]answer // per protocol
		seconds float64
		err     error
	}
	work := make(chan int)
	done := make(chan bundle)
	var wg sync.WaitGroup
	for range runtime.NumCPU() {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := range work {
				b := bundle{index: i, answers: make([][]answer, len(protocols))}
				b.seconds, b.err = judge(items[i], i, protocols, b.answers)
				done <- b
			}
		}()
	}
	go func() {
		for i := range items {
			work <- i
		}
		close(work)
		wg.Wait()
		close(done)
	}()
	all := make([]bundle, len(items))
	for b := range done {
		if b.err != nil && err == nil {
			err = b.err
		}
		all[b.index] = b
	}
	for _, b := range all {
		seconds += b.seconds
		for k, p := range protocols {
			if len(b.answers) > k {
				p.answers = append(p.answers, b.answers[k]...)
			}
		}
	}
	return seconds, err
}

func judge(it labset.Item, index int, protocols []*protocol, into [][]answer) (seconds float64, err error) {
	buf, err := it.Read()
	if err != nil {
		return 0, err
	}
	hear := func(b *pcm.Buffer, how string) error {
		seconds += b.Seconds()
		for k, p := range protocols {
			r, err := p.judge(it).Analyze(context.Background(), b)
			if err != nil {
				return fmt.Errorf("%s (%s): %w", it.Path, how, err)
			}
			into[k] = append(into[k], answer{it, how, buf.Seconds(), r})
		}
		return nil
	}
	if err := hear(buf, ""); err != nil {
		return 0, err
	}
	// One harmed copy of each file, the kinds of harm in turn; seeds differ from training's.
	how := labset.Perturbations[index%len(labset.Perturbations)]
	return seconds, hear(labset.Perturb(buf, how, uint64(index)+1_000_000), how)
}
