package kit

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func library() []Candidate {
	var out []Candidate
	add := func(n int, class, kind string, change func(i int, c *Candidate)) {
		for i := range n {
			c := Candidate{ID: fmt.Sprintf("%s-%s-%d", kind, class, i), Name: fmt.Sprintf("%s %d", class, i), Kind: kind, Class: class, ClassConf: 0.9, Seconds: 0.2 + 0.1*float64(i), Bright: 500 + 400*float64(i)}
			if change != nil {
				change(i, &c)
			}
			out = append(out, c)
		}
	}
	add(4, "kick", "one-shot", nil)
	add(3, "snare", "one-shot", func(i int, c *Candidate) { c.Favourite = i == 2 })
	add(4, "hat", "one-shot", func(i int, c *Candidate) { c.Seconds = []float64{0.05, 0.06, 0.5, 0.7}[i] })
	add(2, "clap", "one-shot", nil)
	add(2, "cymbal", "one-shot", nil)
	add(2, "tom", "one-shot", nil)
	add(5, "percussion", "one-shot", nil)
	add(2, "bass", "one-shot", func(_ int, c *Candidate) { c.Key = "A minor" })
	add(6, "drums", "loop", func(i int, c *Candidate) {
		c.BPM, c.Seconds = []float64{90, 91, 180, 45.5, 120, 140}[i], 5.3
		for o := range 20 {
			c.Onsets = append(c.Onsets, 0.25*float64(o)+0.01)
		}
	})
	add(4, "chords", "loop", func(i int, c *Candidate) {
		c.BPM, c.Key = 90, []string{"A minor", "C major", "E minor", "D# major"}[i]
	})
	add(3, "bass", "loop", func(i int, c *Candidate) { c.BPM, c.Key = 90, "A minor" })
	add(2, "melody", "loop", func(i int, c *Candidate) { c.BPM, c.Key = 90, "A minor" })
	add(2, "vocal", "one-shot", nil)
	return out
}

func pick(p *Proposal, slot string) *Pick {
	s, _ := ParseSlot(slot)
	for i := range p.Picks {
		if p.Picks[i].Slot == s {
			return &p.Picks[i]
		}
	}
	return &Pick{}
}

func fill(t *testing.T, k *Kit, tpl Template, o FillOptions) *Proposal {
	t.Helper()
	p, err := k.Fill(tpl, 0, library(), o)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestDrumKitOnItsUsualPads(t *testing.T) {
	var k Kit
	p := fill(t, &k, DrumKit, FillOptions{})
	for slot, class := range map[string]string{"A1": "kick", "A2": "snare", "A3": "hat", "A4": "hat", "A5": "kick", "A6": "snare", "A7": "clap", "A9": "tom", "A10": "tom", "A11": "cymbal", "A12": "cymbal", "A16": "bass"} {
		c := pick(p, slot)
		if !strings.Contains(c.SampleID, class) || c.Reason == "" {
			t.Errorf("%s (%s) is %s: %s", slot, c.Role, c.SampleID, c.Reason)
		}
	}
	if c := pick(p, "A2"); c.SampleID != "one-shot-snare-2" || !strings.Contains(c.Reason, "favourite") || len(c.Alternates) == 0 {
		t.Errorf("the favourite snare is not first: %+v", c)
	}
	closed, open := pick(p, "A3"), pick(p, "A4")
	if closed.SampleID >= open.SampleID || closed.Settings.Get(MuteGroup) != 1 || open.Settings.Get(MuteGroup) != 1 || !open.Settings.On(OneShot) {
		t.Errorf("hats: %+v, %+v", closed, open)
	}
	if err := k.Apply(p.Picks); err != nil || len(k.Filled()) != len(p.Picks) {
		t.Fatal(err)
	}
	if err := k.Apply(p.Picks); err == nil {
		t.Error("an old proposal is applied to a changed bank")
	}
}

func TestNamesDecideWhereTheyNameAPad(t *testing.T) {
	sound := func(name, class string) Candidate {
		return Candidate{ID: name, Name: name, Kind: "one-shot", Class: class, ClassConf: 0.9, Seconds: 0.3, Bright: 900}
	}
	all := []Candidate{
		sound("Sand Shaker.wav", "percussion"), sound("TinCowbell_02.aif", "percussion"), sound("Another Shaker.wav", "percussion"),
		sound("Low Tom.wav", "kick"), sound("Crash Kit Kick 01.wav", "kick"), sound("OpenHats.wav", "hat"), sound("Crisp Hat.wav", "hat"),
		sound("Plain Snare.wav", "snare"), sound("Block.wav", "percussion"),
	}
	var k Kit
	p, err := k.Fill(DrumKit, 0, all, FillOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for slot, want := range map[string]string{
		"A1": "Crash Kit Kick 01.wav", "A2": "Plain Snare.wav", "A3": "Crisp Hat.wav", "A4": "OpenHats.wav", "A8": "Block.wav", "A9": "Low Tom.wav",
		"A10": "", "A11": "", "A14": "Sand Shaker.wav", "A13": "TinCowbell_02.aif", "A15": "Another Shaker.wav",
	} {
		if got := pick(p, slot).SampleID; got != want {
			t.Errorf("%s is %q, want %q", slot, got, want)
		}
	}
	if !slices.IsSortedFunc(p.Picks, func(a, b Pick) int { return int(a.Slot) - int(b.Slot) }) {
		t.Error("picks are not in the order of the pads")
	}
}

func TestStandInsTakeNoPadsSound(t *testing.T) {
	var k Kit
	p, err := k.Fill(DrumKit, 0, []Candidate{
		{ID: "a", Name: "a", Kind: "one-shot", Class: "snare", ClassConf: 0.9}, {ID: "b", Name: "b", Kind: "one-shot", Class: "snare", ClassConf: 0.8},
		{ID: "c", Name: "c", Kind: "one-shot", Class: "snare", ClassConf: 0.7}, {ID: "d", Name: "d", Kind: "one-shot", Class: "percussion", ClassConf: 0.9},
		{ID: "e", Name: "e", Kind: "one-shot", Class: "percussion", ClassConf: 0.8}, {ID: "f", Name: "f", Kind: "one-shot", Class: "percussion", ClassConf: 0.7},
		{ID: "g", Name: "g", Kind: "one-shot", Class: "percussion", ClassConf: 0.6},
	}, FillOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for slot, want := range map[string]string{"A2": "a", "A6": "b", "A7": "c", "A8": "d", "A9": "", "A13": "e", "A14": "f", "A15": "g"} {
		if got := pick(p, slot).SampleID; got != want {
			t.Errorf("%s is %q, want %q", slot, got, want)
		}
	}
}

func TestChopsOfALoop(t *testing.T) {
	var k Kit
	p := fill(t, &k, Chops, FillOptions{Seed: "loop-drums-0"})
	if len(p.Picks) != 16 || p.BPM != 90 {
		t.Fatalf("%d chops at %g BPM", len(p.Picks), p.BPM)
	}
	end := 0
	for i, c := range p.Picks {
		start := c.Settings.Get(Start)
		if c.SampleID != "loop-drums-0" || start != end || int(c.Slot) != i {
			t.Errorf("chop %d starts at %d, the one before ends at %d", i+1, start, end)
		}
		if onset := float64(start)/Rate - 0.01; i > 0 && (onset/0.25)-float64(int(onset/0.25+0.5)) > 0.001 {
			t.Errorf("chop %d starts off a transient, at %.3f s", i+1, onset)
		}
		end = c.Settings.Get(End)
	}
	if end != int(5.3*Rate) {
		t.Errorf("the last chop ends at %d", end)
	}
	if err := k.Apply(p.Picks); err != nil {
		t.Fatal(err)
	}
}

func TestOneTempoAndOneKey(t *testing.T) {
	var k Kit
	p := fill(t, &k, OneTempo, FillOptions{BPM: 90})
	if len(p.Picks) != 13 { // 4 drum loops of 6, 9 others
		t.Errorf("%d loops at 90 BPM", len(p.Picks))
	}
	for _, c := range p.Picks {
		if c.SampleID == "loop-drums-4" || c.SampleID == "loop-drums-5" || !c.Settings.On(Loop) || c.Settings.Get(Tempo) == 9000 && strings.Contains(c.SampleID, "drums-1") {
			t.Errorf("%+v", c)
		}
	}
	p = fill(t, &k, OneKey, FillOptions{Seed: "loop-chords-0"})
	if p.Key != "A minor" {
		t.Errorf("key %q", p.Key)
	}
	for _, c := range p.Picks {
		if c.SampleID == "loop-chords-3" || c.Reason == "" {
			t.Errorf("D# major beside A minor: %+v", c)
		}
	}
	if p := fill(t, &k, Performance, FillOptions{}); len(p.Picks) < 12 || !strings.Contains(pick(p, "A1").SampleID, "loop-drums") || pick(p, "A9").Role != "kick" {
		t.Errorf("performance: %+v", p)
	}
}

func TestCompleteKeepsWhatIsThere(t *testing.T) {
	var k Kit
	must(t, k.SetSample(0, "one-shot-kick-3"))
	must(t, k.SetSample(1, "one-shot-snare-0"))
	p := fill(t, &k, Complete, FillOptions{})
	if p.Template != DrumKit || pick(p, "A1").SampleID != "" || pick(p, "A2").SampleID != "" || pick(p, "A3").SampleID == "" {
		t.Errorf("%+v", p)
	}
	for _, c := range p.Picks {
		if c.Replaces != "" || c.SampleID == "one-shot-kick-3" {
			t.Errorf("%+v", c)
		}
	}
	must(t, k.Apply(p.Picks))
	if k.Pad(0).SampleID != "one-shot-kick-3" {
		t.Error("a pad was replaced")
	}
	if p := fill(t, &k, DrumKit, FillOptions{Replace: true}); pick(p, "A1").Replaces != "one-shot-kick-3" {
		t.Errorf("%+v", pick(p, "A1"))
	}
	var empty Kit
	if _, err := empty.Fill(Complete, 0, library(), FillOptions{Seed: "one-shot-vocal-0"}); err != nil {
		t.Error(err)
	}
	for name, try := range map[string]func() (*Proposal, error){
		"bank":     func() (*Proposal, error) { return k.Fill(DrumKit, 10, nil, FillOptions{}) },
		"template": func() (*Proposal, error) { return k.Fill("x", 0, nil, FillOptions{}) },
		"seed":     func() (*Proposal, error) { return k.Fill(Alike, 0, library(), FillOptions{Seed: "nobody"}) },
		"no seed":  func() (*Proposal, error) { return k.Fill(Alike, 0, library(), FillOptions{}) },
		"no loop":  func() (*Proposal, error) { return k.Fill(Chops, 0, nil, FillOptions{}) },
		"protected": func() (*Proposal, error) {
			p := Kit{banks: [10]Bank{{Protected: true}}}
			return p.Fill(DrumKit, 0, library(), FillOptions{})
		},
	} {
		if _, err := try(); err == nil {
			t.Errorf("%s passes", name)
		}
	}
}

// Whatever the candidates: a proposal can be applied, replaces nothing unasked, uses no sample
// twice (but a chopped loop), and does not depend on their order.
func TestProposalsAreSound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := library()
		for i := range all {
			all[i].Vector = []float32{rapid.Float32Range(-1, 1).Draw(t, "v"), 1}
			all[i].BPM = rapid.SampledFrom([]float64{0, 20, 60, 90, 93, 180, 400}).Draw(t, "bpm")
			all[i].Key = rapid.SampledFrom([]string{"", "A minor", "C major", "F# major", "H minor"}).Draw(t, "key")
		}
		var k Kit
		for range rapid.IntRange(0, 10).Draw(t, "there") {
			s := Slot(rapid.IntRange(0, 15).Draw(t, "slot"))
			if err := k.SetSample(s, rapid.SampledFrom(all).Draw(t, "sample").ID); err != nil {
				t.Fatal(err)
			}
		}
		tpl := rapid.SampledFrom(Templates).Draw(t, "template").Template
		o := FillOptions{Seed: rapid.SampledFrom(all).Draw(t, "seed").ID, Replace: rapid.Bool().Draw(t, "replace")}
		p, err := k.Fill(tpl, 0, all, o)
		if err != nil {
			return
		}
		shuffled := slices.Clone(all)
		rand.New(rand.NewPCG(1, 1)).Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		q, err := k.Fill(tpl, 0, shuffled, o)
		if err != nil || fmt.Sprint(p) != fmt.Sprint(q) {
			t.Fatal("the order of the candidates matters")
		}
		seen := map[string]bool{}
		for _, c := range p.Picks {
			if c.Replaces != "" && !o.Replace {
				t.Fatalf("%s replaces unasked", c.Slot)
			}
			if seen[c.SampleID] && p.Template != Chops || c.Reason == "" {
				t.Fatalf("%s twice, or without a reason", c.SampleID)
			}
			seen[c.SampleID] = true
		}
		if err := k.Apply(p.Picks); err != nil {
			t.Fatal(err)
		}
	})
}

func TestChopPointsKeepTheirDistance(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		frames := rapid.IntRange(0, 2*MaxFrames).Draw(t, "frames")
		onsets := rapid.SliceOfN(rapid.Float64Range(-1, 1000), 0, 60).Draw(t, "onsets")
		cuts, _ := ChopPoints(frames, onsets, rapid.IntRange(0, 16).Draw(t, "n"))
		for i, c := range cuts {
			if i == 0 && c != 0 || i > 0 && c-cuts[i-1] < MinRegion {
				t.Fatalf("cuts %v", cuts)
			}
		}
		if len(cuts) > 0 && (cuts[len(cuts)-1] != frames || len(cuts) > 17) {
			t.Fatalf("cuts %v of %d frames", cuts, frames)
		}
	})
}

func TestKeysThatGoTogether(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want float64
	}{{"A minor", "A minor", 1}, {"A minor", "C major", 0.9}, {"A minor", "E minor", 0.7}, {"C major", "F major", 0.7}, {"A minor", "G major", 0.5}, {"A minor", "D# major", 0}, {"", "A minor", 0}, {"H minor", "A minor", 0}} {
		if got, _ := keyMatch(c.a, c.b); got != c.want {
			t.Errorf("%s with %s: %g, want %g", c.a, c.b, got, c.want)
		}
		if got, _ := keyMatch(c.b, c.a); got != c.want {
			t.Errorf("%s with %s: %g, want %g", c.b, c.a, got, c.want)
		}
	}
}
