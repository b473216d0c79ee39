// Command train fits the ear's scorers to the labelled development set and writes their weights.
//
//	make train
//
// Every file is heard as it is and as a number of copies: harmed as in labset, played faster or slower,
// coloured and at other levels; drawn hits, those that the sound fonts of two Debian packages play, and those
// of the kits of two more join the one-shots, drawn loops and played ones the loops. `make train` installs
// the packages.
package main

import (
	"flag"
	"log"

	"sampleagent/audio/analysis/internal/learn"
)

func main() {
	out := flag.String("out", "audio/analysis/weights", "folder for the weights")
	cache := flag.String("cache", "", "file to keep what was heard in between runs")
	flag.Parse()
	set, err := learn.Hear(*cache)
	if err != nil {
		log.Fatal(err)
	}
	fitted, err := set.Fit()
	if err != nil {
		log.Fatal(err)
	}
	if err := fitted.Save(*out); err != nil {
		log.Fatal(err)
	}
}
