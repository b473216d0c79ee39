package cloud

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"sampleagent/audio/analysis"
	"sampleagent/library/catalog"
)

func told(id string, bpm float64) catalog.Cloud {
	return catalog.Cloud{RemoteID: id, Description: "A loop for rain " + id, Words: []string{"hazy", "late night"}, JSON: `{"id":"` + id + `"}`,
		Heard: catalog.Heard{BPM: &bpm, BPMConfidence: 0.99}}
}

// What the cloud said on one machine is seen, found and counts on the others, with or without the file.
func TestWhatTheCloudSaidIsSeenOnEveryMachine(t *testing.T) {
	ctx, dir, h := t.Context(), t.TempDir(), newHub()
	a, b, c := newMachine(t, h, dir, "a"), newMachine(t, h, dir, "b"), newMachine(t, h, dir, "c")
	row := a.add("amen")
	b.add("amen")
	a.do(a.db.SetCloud(ctx, row, told("s1", 87)))
	for range 2 {
		a.sync()
		b.sync()
		c.sync()
	}
	want := told("s1", 87)
	for _, m := range []*machine{a, b, c} {
		s, _ := m.find("amen")
		got, ok, err := m.db.Cloud(ctx, s.Row)
		if err != nil || !ok || !reflect.DeepEqual(got, want) {
			t.Errorf("the cloud said %+v, %v, %v", got, ok, err)
		}
		if s.BPM != 87 || s.BPMSource != analysis.FromCloud {
			t.Errorf("tempo %v from %s", s.BPM, s.BPMSource)
		}
	}
	// A longer answer than a cell holds is told in its words.
	long := told("s2", 88)
	long.JSON = `"` + strings.Repeat("x", 70_000) + `"`
	a.do(a.db.SetCloud(ctx, row, long))
	a.sync()
	b.sync()
	got, _, err := b.db.Cloud(ctx, b.row("amen"))
	if long.JSON = ""; err != nil || !reflect.DeepEqual(got, long) {
		t.Errorf("%+v, %v", got, err)
	}
	// A twin of the file, imported later, is the same sound.
	twin := a.addAs("amen", "/samples/copy of amen.wav")
	a.do(a.db.AddTags(ctx, []catalog.Row{twin}, "later"))
	a.sync()
	if _, ok, err := a.db.Cloud(ctx, row); err != nil || !ok {
		t.Errorf("a twin took away what the cloud said: %v, %v", ok, err)
	}
}

// Three machines edit, ask the cloud and sync in any order: in the end all show the same of what the
// cloud said, none lost it, and a tempo that a person typed stands over it.
func TestWhatTheCloudSaidMerges(t *testing.T) {
	ctx, dir, h := t.Context(), t.TempDir(), newHub()
	all := []*machine{newMachine(t, h, dir, "a"), newMachine(t, h, dir, "b"), newMachine(t, h, dir, "c")}
	run := 0
	rapid.Check(t, func(t *rapid.T) {
		run++
		name := fmt.Sprint("sound-", run)
		all[0].add(name)
		file := [3]bool{true}
		said, typed := map[string]bool{}, map[string]bool{}
		for n := range rapid.IntRange(1, 12).Draw(t, "steps") {
			i := rapid.IntRange(0, 2).Draw(t, "machine")
			m := all[i]
			s, here := m.find(name)
			switch op := rapid.SampledFrom([]string{"sync", "file", "cloud", "tempo", "tag"}).Draw(t, "op"); {
			case op == "sync":
				m.sync()
			case op == "file" && !file[i]:
				m.add(name)
				file[i] = true
			case op == "cloud" && here:
				id := fmt.Sprint(name, "-", n)
				m.do(m.db.SetCloud(ctx, s.Row, told(id, 60+float64(n))))
				said[id] = true
			case op == "tempo" && here:
				bpm := fmt.Sprint(160 + n)
				m.do(m.db.SetField(ctx, []catalog.Row{s.Row}, catalog.FieldBPM, bpm))
				typed[bpm] = true
			case op == "tag" && here:
				m.do(m.db.AddTags(ctx, []catalog.Row{s.Row}, fmt.Sprint("tag", n)))
			}
		}
		for range 2 {
			for _, m := range all {
				m.sync()
			}
		}
		var first catalog.Cloud
		var shown catalog.Sample
		for i, m := range all {
			s, here := m.find(name)
			if !here {
				t.Fatalf("machine %d has no %s", i, name)
			}
			got, ok, err := m.db.Cloud(ctx, s.Row)
			if err != nil || ok != (len(said) > 0) || ok && !said[got.RemoteID] {
				t.Fatalf("machine %d: the cloud said %+v, %v, %v; asked were %v", i, got, ok, err, said)
			}
			if typed[fmt.Sprint(s.BPM)] != (len(typed) > 0) || (s.BPMSource == analysis.FromHand) != (len(typed) > 0) {
				t.Fatalf("machine %d shows tempo %v from %s; typed were %v", i, s.BPM, s.BPMSource, typed)
			}
			if i == 0 {
				first, shown = got, s
			}
			if !reflect.DeepEqual(got, first) || s.BPM != shown.BPM || strings.Join(s.Tags, " ") != strings.Join(shown.Tags, " ") {
				t.Fatalf("machine %d shows %+v, %v, %v; the first one %+v, %v, %v", i, got, s.BPM, s.Tags, first, shown.BPM, shown.Tags)
			}
		}
	})
}
