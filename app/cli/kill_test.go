package cli

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"sampleagent/audio/codec/codectest"
)

// How long machines and server are killed; the figure of a long run is in docs/benchmarks.md.
var (
	killFor  = flag.Duration("kill-for", 12*time.Second, "how long processes are killed")
	killSeed = flag.Uint64("kill-seed", 1, "of the random kills")
)

// machines are the names of the two of the kill loop, and of the collection that each fills.
var machines = [2]string{"studio", "laptop"}

// edited is all that a person can edit of the one sound of the kill loop, as it has to be in the
// end. Every field is one machine's alone, so that what has to stand there is known; all of them
// are the same sample's and the same collections'.
type edited struct {
	rating, tempo int             // the studio's; the laptop's
	favourite     bool            // the studio's
	note          string          // the laptop's
	tags          map[string]bool // named after their machine
	in            [2]bool         // each machine's own collection
	dots          [2]int          // in the description of each collection: the other machine's
}

// next is a random edit of a machine, as `program edit` takes it, and what it changes.
func (e *edited) next(machine int, r *rand.Rand) (what, value string, done func()) {
	n := 1 + r.IntN(4)
	switch r.IntN(6) {
	case 0, 1:
		tag := fmt.Sprint(machines[machine], "-", n)
		if e.tags[tag] {
			return "untag", tag, func() { delete(e.tags, tag) }
		}
		return "tag", tag, func() { e.tags[tag] = true }
	case 2:
		to := !e.in[machine]
		return map[bool]string{true: "in", false: "out"}[to], machines[machine], func() { e.in[machine] = to }
	case 3:
		return "describe", machines[1-machine], func() { e.dots[1-machine]++ }
	case 4:
		if machine == 0 {
			to := !e.favourite
			return "favourite", map[bool]string{true: "1", false: "0"}[to], func() { e.favourite = to }
		}
		text := fmt.Sprint("take ", r.IntN(1000))
		return "note", text, func() { e.note = text }
	}
	if machine == 0 {
		return "rating", fmt.Sprint(n), func() { e.rating = n }
	}
	return "tempo", fmt.Sprint(100 + n), func() { e.tempo = 100 + n }
}

// String is what `program edit SAMPLE show` prints.
func (e *edited) String() string {
	out := fmt.Sprintf("rating %d\nfavourite %v\ntempo %d\nnote %s\n", e.rating, e.favourite, e.tempo, e.note)
	for _, tag := range slices.Sorted(maps.Keys(e.tags)) {
		out += "tag " + tag + "\n"
	}
	for i, name := range machines {
		out += fmt.Sprintf("%s: %d samples, %d dots\n", name, map[bool]int{true: 1}[e.in[i]], e.dots[i])
	}
	return out
}

// volumes are the kit's pads with their volumes.
func (d *desk) volumes(kit string) map[string]int {
	d.t.Helper()
	out := map[string]int{}
	for line := range strings.Lines(d.do("kit", "show", "--json", kit)) {
		var p struct {
			Pad      string         `json:"pad"`
			Settings map[string]any `json:"settings"`
		}
		if err := json.Unmarshal([]byte(line), &p); err != nil {
			d.t.Fatalf("%v: %s", err, line)
		}
		if v, ok := p.Settings["volume"].(float64); ok && p.Pad != "" {
			out[p.Pad] = int(v)
		}
	}
	return out
}

// Two real desktops and a real server, each killed at any moment: every edit of a kit, a sample and
// a collection that a process acknowledged is there in the end, on both machines.
func TestNothingIsLostWhenEverythingIsKilled(t *testing.T) {
	s := newServer(t)
	dir := t.TempDir()
	file := filepath.Join(dir, secretName+".wav")
	codectest.WAV(t, file, clicks(2, 120))
	desks := []*desk{newDesk(t, s, machines[0]), newDesk(t, s, machines[1])}
	desks[0].do("import", "--quiet", file)
	desks[0].signIn("producer@example.org")
	s.tier("pro")
	desks[0].do("kit", "new", "Night")
	first := sampleID(t, desks[0], "")
	for _, name := range machines {
		desks[0].do("edit", first, "make", name)
	}
	desks[0].do("edit", first, "tempo", "100")
	desks[0].do("cloud", "sync")
	desks[1].signIn("producer@example.org")
	desks[1].do("cloud", "sync")
	var sample [2]string
	for i, d := range desks {
		sample[i] = sampleID(t, d, "")
		d.stay()
	}
	r := rand.New(rand.NewPCG(*killSeed, 7))
	pads, other := map[string]int{}, &edited{tempo: 100, tags: map[string]bool{}}
	edits, kills := 0, 0
	try := func(i int, done func(), args ...string) {
		if out, err := desks[i].try(args...); err != nil {
			t.Fatalf("not acknowledged: %v %s", err, out)
		}
		done()
		edits++
	}
	for end := time.Now().Add(*killFor); time.Now().Before(end); {
		i := r.IntN(2)
		// Each machine has pads of its own.
		pad := fmt.Sprintf("%c%d", 'A'+r.IntN(10), 2*r.IntN(8)+1+i)
		volume := r.IntN(128)
		try(i, func() { pads[pad] = volume }, "kit", "set", "Night", pad, sample[i], fmt.Sprintf("volume=%d", volume))
		what, value, done := other.next(i, r)
		try(i, done, "edit", sample[i], what, value)
		switch r.IntN(5) {
		case 0:
			desks[i].kill()
			desks[i].stay()
			kills++
		case 1:
			s.kill()
			s.start()
			kills++
		}
	}
	t.Logf("%d edits, %d kills", edits, kills)
	for end := time.Now().Add(3 * time.Minute); ; time.Sleep(500 * time.Millisecond) {
		wrong := ""
		for i, d := range desks {
			if got := d.do("edit", sample[i], "show", ""); got != other.String() {
				wrong += fmt.Sprintf("%s shows\n%s\nwant\n%s\n", machines[i], got, other)
			}
			if got := d.volumes("Night"); !maps.Equal(got, pads) {
				wrong += fmt.Sprintf("%s: pads %v\nwant %v\n", machines[i], got, pads)
			}
		}
		if wrong == "" {
			break
		}
		if time.Now().After(end) {
			t.Fatal(wrong)
		}
	}
	for _, log := range []string{s.log.Name(), desks[0].log.Name(), desks[1].log.Name()} {
		text, err := os.ReadFile(log)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(text, []byte("Grandmother")) {
			t.Errorf("a file's name stands in %s", log)
		}
	}
}
