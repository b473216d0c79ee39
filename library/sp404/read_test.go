package sp404

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"sampleagent/library/kit"
	"sampleagent/library/sp404/internal/devicefiles"
	"sampleagent/library/sp404/padconf"
	"sampleagent/library/sp404/ptn"
)

func readCard(t *testing.T, dir string) *Card {
	t.Helper()
	c, err := Read(context.Background(), dir)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Every setting there is, and a pattern.
func settle(t *testing.T, b *bench) {
	t.Helper()
	set := func(slot string, pairs ...string) {
		s, err := kit.ParseSlot(slot)
		if err == nil {
			err = b.kit.Change([]kit.Slot{s}, func(s kit.Settings) (kit.Settings, error) { return s.WithText(pairs...) })
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	set("A1", "volume=90", "pan=L10", "tempo=92.5", "vinyl=off", "pitch=12", "fine=-100", "speed=50", "vari=ensemble", "roll=3/64", "attack=1", "hold=64", "release=127", "fixed_velocity=on", "chromatic=poly", "bus=dry", "mute_group=J", "pad_link=A", "start=2000", "end=8000", "loop_top=3000", "chops=0,1000,5000", "loop=on", "play_mode=rev_pingpong", "tempo_mode=manual")
	set("A2", "one_shot=on", "pad_link=A", "pan=MONO(R)", "roll=off", "bus=bus2", "chromatic=legato")
	b.kit.Name = "Tiefe Töne"
	tempo, err := kit.NewBPM(123.45)
	if err != nil {
		t.Fatal(err)
	}
	b.kit.Tempo, b.kit.TempoSelect = tempo, kit.TempoOfProject
	bank, err := kit.Bank{Tempo: tempo}.WithVolume(100)
	if err == nil {
		err = b.kit.SetBank(2, bank)
	}
	if err == nil {
		err = b.kit.SetPattern(3, kit.Pattern{Bars: 2, Beats: 3, LoopStart: 1, LoopEnd: 2, Notes: []kit.Note{{Tick: 100, Pad: 0, Velocity: 90, Length: 120}, {Tick: 100, Pad: 17, Velocity: 1, Length: 1, Semitones: -6, Poly: true}}})
	}
	bank.Protected = true
	if err == nil {
		err = b.kit.SetBank(1, bank)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func kitText(t *testing.T, k kit.Kit) string {
	t.Helper()
	b, err := json.MarshalIndent(k, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestKitComesBackFromACard(t *testing.T) {
	b := newBench(t)
	settle(t, b)
	b.opt.Form = FormBoth
	wav(t, filepath.Join(b.card, "IMPORT", "stray.wav"), tone(48000, 1, 5000, 50), 16)
	writeFile(t, filepath.Join(b.card, "IMPORT", "._stray.wav"), writeText("junk"))
	b.write()
	wav(t, filepath.Join(b.card, "IMPORT", "Tiefe Tone", "A", "added.wav"), tone(48000, 1, 5000, 50), 16)
	c := readCard(t, b.card)
	if len(c.Kits) != 1 || len(c.Problems) != 0 || c.Kits[0].Folder != "IMPORT/Tiefe Tone" || c.Kits[0].Also != "EXPORT/PROJECT/PROJECT_01" {
		t.Fatalf("%+v, problems %v", c.Kits, c.Problems)
	}
	both := &Card{Dir: b.card}
	if err := both.walk(t.Context(), "", 0); err != nil || len(both.Kits) != 2 {
		t.Fatalf("%d kits, %v", len(both.Kits), err)
	}
	want := kitText(t, b.kit)
	for _, k := range both.Kits {
		if len(k.Warnings) > 0 || len(k.Sounds) != 3 {
			t.Errorf("%s: %d sounds, %q", k.Folder, len(k.Sounds), k.Warnings)
		}
		back := map[string]string{}
		for _, s := range k.Sounds {
			back[s.ID] = s.Name
			if buf, err := s.Decode(context.Background()); err != nil || buf.Rate != 48000 {
				t.Errorf("%s: %v", s.ID, err)
			}
		}
		k.Kit.MapSamples(func(_ kit.Slot, id string) string { return back[id] })
		if got := kitText(t, k.Kit); got != want {
			t.Errorf("%s: the kit comes back as %s", k.Folder, got)
		}
	}
	var loose []string
	for _, s := range c.Loose {
		loose = append(loose, s.ID)
	}
	if !slices.Equal(loose, []string{"IMPORT/Tiefe Tone/A/added.wav", "IMPORT/stray.wav"}) {
		t.Errorf("loose: %q", loose)
	}
}

// A kit in both forms is one kit, the form of which more is there, until the device changes the project.
func TestBothFormsAreOneKit(t *testing.T) {
	b := newBench(t)
	settle(t, b)
	b.opt.Form = FormBoth
	b.write()
	whole := readCard(t, b.card).Kits[0]
	if err := os.Remove(whole.Sounds[0].Path); err != nil {
		t.Fatal(err)
	}
	c := readCard(t, b.card)
	if len(c.Kits) != 1 || !c.Kits[0].Project || c.Kits[0].Also != whole.Folder || len(c.Kits[0].Sounds) != 3 || len(c.Kits[0].Warnings) != 0 {
		t.Errorf("a sound is gone: %+v", c.Kits)
	}
	padconfs, err := filepath.Glob(filepath.Join(b.card, "EXPORT", "PROJECT", "*", "PADCONF.BIN"))
	if err != nil || len(padconfs) != 1 {
		t.Fatalf("%q, %v", padconfs, err)
	}
	file, err := os.ReadFile(padconfs[0])
	if err != nil {
		t.Fatal(err)
	}
	f, err := padconf.Decode(file)
	if err != nil {
		t.Fatal(err)
	}
	project := f.Project()
	project.Name = "CHANGED"
	if err := f.SetProject(project); err != nil {
		t.Fatal(err)
	}
	if file, err = f.Encode(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(padconfs[0], file, 0o600); err != nil {
		t.Fatal(err)
	}
	if c := readCard(t, b.card); len(c.Kits) != 2 || c.Kits[0].Also+c.Kits[1].Also != "" {
		t.Errorf("changed on the device: %+v", c.Kits)
	}
}

// Without our manifest, the project alone gives the same kit but for what it has no place for.
func TestKitComesBackFromTheProjectAlone(t *testing.T) {
	b := newBench(t)
	settle(t, b)
	b.opt.Form = FormProject
	b.write()
	if err := os.RemoveAll(filepath.Join(b.card, manifestFolder)); err != nil {
		t.Fatal(err)
	}
	k := readCard(t, filepath.Join(b.card, "EXPORT", "PROJECT", "PROJECT_01")).Kits[0]
	if len(k.Warnings) > 0 {
		t.Errorf("%q", k.Warnings)
	}
	if k.Kit.Name != "Tiefe Tone" || k.Kit.Tempo.Float() != 123.45 || k.Kit.TempoSelect != kit.TempoOfProject || k.Kit.Bank(2) != b.kit.Bank(2) || k.Kit.Bank(1) != b.kit.Bank(1) {
		t.Errorf("project %q, %v", k.Kit.Name, k.Kit.Tempo)
	}
	for _, s := range b.kit.Filled() {
		want, err := b.kit.Pad(s).Settings.Set(kit.TempoMode, 0)
		if err != nil {
			t.Fatal(err)
		}
		if got := k.Kit.Pad(s).Settings; got != want {
			t.Errorf("%s: %q, want %q", s, got.Strings(), want.Strings())
		}
	}
	got, _ := k.Kit.Pattern(3)
	want, _ := b.kit.Pattern(3)
	if !samePattern(got, want) || len(got.Raw) == 0 {
		t.Errorf("pattern %+v", got)
	}
}

func TestRealProjectIsRead(t *testing.T) {
	dir := devicefiles.Dir(t)
	c := readCard(t, filepath.Join(dir, "Project16"))
	if len(c.Kits) != 1 || len(c.Problems) != 0 {
		t.Fatalf("%+v", c)
	}
	k := c.Kits[0]
	if k.Kit.Name != "PROJECT_16" || len(k.Sounds) != 2 || len(k.Kit.Patterns()) < 6 || k.Sounds[0].Frames != 24116 {
		t.Errorf("%s: %d sounds, patterns %v, warnings %q", k.Kit.Name, len(k.Sounds), k.Kit.Patterns(), k.Warnings)
	}
	if fresh, err := k.Kit.Pad(0).Settings.WithMarks(nil); err != nil || fresh != (kit.Settings{}) {
		t.Errorf("a fresh pad is %q", fresh.Strings())
	}
	var out bytes.Buffer
	if err := k.Sounds[0].WriteWAV(context.Background(), &out); err != nil || out.Len() != 44+24116*4 {
		t.Errorf("%d bytes, %v", out.Len(), err)
	}

	// Written again by us, with the device's own file as template, the patterns are the same
	// bytes and PADCONF.BIN says the same of both pads.
	card := t.TempDir()
	samples := map[string]Sample{}
	for i, s := range k.Sounds {
		path := filepath.Join(t.TempDir(), s.Name+".wav")
		writeFile(t, path, func(w *bytes.Buffer) error { return s.WriteWAV(context.Background(), w) })
		samples[s.ID] = Sample{ID: s.ID, Name: s.Name, Path: path, BPM: k.Sounds[i].BPM}
	}
	template, err := os.ReadFile(filepath.Join(dir, "Project16/P16_PROJECT_16/PADCONF.BIN"))
	if err != nil {
		t.Fatal(err)
	}
	for _, tpl := range [][]byte{nil, template} {
		p, err := NewPlan(context.Background(), k.Kit, samples, card, Options{Form: FormProject, Project: 16, Template: tpl, Now: fixedNow})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.Write(context.Background(), nil); err != nil {
			t.Fatal(err)
		}
		ours := filepath.Join(card, "EXPORT/PROJECT/PROJECT_16")
		got, err := os.ReadFile(filepath.Join(ours, "PADCONF.BIN"))
		if err != nil || !bytes.Equal(got, template) {
			t.Errorf("PADCONF.BIN differs from the device's own (%v, template: %v)", err, tpl != nil)
		}
		for _, s := range k.Kit.Patterns() {
			a, err1 := os.ReadFile(filepath.Join(ours, "PTN", ptn.FileName(int(s))))
			b, err2 := os.ReadFile(filepath.Join(dir, "Project16/P16_PROJECT_16/PTN", ptn.FileName(int(s))))
			if err1 != nil || err2 != nil || !bytes.Equal(a, b) {
				t.Errorf("pattern %s differs", s)
			}
		}
		for _, name := range []string{"BANK1-01.SMP", "BANK1-02.SMP"} {
			a, err1 := os.ReadFile(filepath.Join(ours, "SMPL", name))
			b, err2 := os.ReadFile(filepath.Join(dir, "Project16/P16_PROJECT_16/SMPL", name))
			if err1 != nil || err2 != nil || len(a) != len(b) || !bytes.Equal(a[512:], b[512:]) || !bytes.Equal(a[:48], b[:48]) {
				t.Errorf("%s differs in more than its filler", name)
			}
		}
	}
}

// A template's unknown bytes come through, whatever they are.
func TestTemplateKeepsUnknownBytes(t *testing.T) {
	f := padconf.New()
	tpl, err := f.Encode()
	if err != nil {
		t.Fatal(err)
	}
	for _, at := range []int{0x14, 0x1F, 0x28, 0x69, 0xA0 + 4*6, 0xA0 + 4*30} { // header words, words 6 and 30 of pad A1
		tpl[at] ^= 0x5A
	}
	b := newBench(t)
	b.opt.Form, b.opt.Template = FormProject, tpl
	b.write()
	got, err := os.ReadFile(filepath.Join(b.card, "EXPORT/PROJECT/PROJECT_01/PADCONF.BIN"))
	if err != nil {
		t.Fatal(err)
	}
	for _, at := range []int{0x14, 0x1F, 0x28, 0x69, 0xA0 + 4*6, 0xA0 + 4*30} {
		if got[at] != tpl[at] {
			t.Errorf("byte 0x%X of the template is lost", at)
		}
	}
}

func TestBrokenProjectsAreTold(t *testing.T) {
	b := newBench(t)
	b.opt.Form = FormProject
	b.write()
	root := filepath.Join(b.card, "EXPORT/PROJECT/PROJECT_01")
	if err := os.RemoveAll(filepath.Join(b.card, manifestFolder)); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(root, "SMPL/BANK1-01.SMP")); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(filepath.Join(root, "SMPL/BANK1-02.SMP"), 100); err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(root, "PTN/PTN00001.BIN"), writeText("short"))
	writeFile(t, filepath.Join(b.card, "EXPORT/PROJECT/PROJECT_02/PADCONF.BIN"), writeText("RFPD"))
	c := readCard(t, b.card)
	if len(c.Kits) != 1 || len(c.Kits[0].Sounds) != 1 || len(c.Kits[0].Warnings) != 3 || len(c.Problems) != 1 {
		t.Errorf("%+v", c)
	}
}

func TestSettingsSurviveTheDevice(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var s kit.Settings
		for range rapid.IntRange(0, 15).Draw(t, "changes") {
			i := kit.Params[rapid.IntRange(0, len(kit.Params)-1).Draw(t, "param")]
			if next, err := s.Set(i.Param, rapid.IntRange(i.Min, i.Max).Draw(t, "value")); err == nil {
				s = next
			}
		}
		// What the file has no place for, and the one tempo that means "take the sample's".
		s, err := s.With(kit.Change{Param: kit.TempoMode}, kit.Change{Param: kit.BPMSync})
		if err != nil {
			t.Fatal(err)
		}
		channels := rapid.IntRange(1, 2).Draw(t, "channels")
		const frames = 40_000_000
		if s.Get(kit.Start) > frames-kit.MinRegion || s.Get(kit.End) > frames-1 || s.Get(kit.LoopTop) > frames {
			return
		}
		p, err := padRecord(padconf.Fresh("x", 512), kit.Pad{SampleID: "x", Settings: s}, "x", frames, channels, 0)
		if err != nil {
			t.Fatal(err)
		}
		got, warnings := padSettings(p, channels)
		if got != s || len(warnings) > 0 {
			t.Fatalf("%q becomes %q, %q", s.Strings(), got.Strings(), warnings)
		}
	})
}

func TestPatternsAsMIDI(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := kit.Pattern{Bars: rapid.IntRange(1, 8).Draw(t, "bars"), Beats: rapid.IntRange(1, 7).Draw(t, "beats"), LoopStart: 1}
		p.LoopEnd = p.Bars
		busy := map[[2]int]int{} // a MIDI note cannot sound twice at once
		for range rapid.IntRange(1, 20).Draw(t, "notes") {
			n := kit.Note{
				Tick: rapid.IntRange(0, p.Ticks()-1).Draw(t, "tick"), Pad: kit.Slot(rapid.IntRange(0, 159).Draw(t, "pad")),
				Semitones: rapid.IntRange(-12, 12).Draw(t, "semitones"), Poly: rapid.Bool().Draw(t, "poly"),
				Velocity: rapid.IntRange(1, 127).Draw(t, "velocity"), Length: rapid.IntRange(1, 600).Draw(t, "length"),
			}
			key := [2]int{int(n.Pad), n.Semitones}
			if busy[key] == 0 {
				busy[key] = 1
				p.Notes = append(p.Notes, n)
			}
		}
		p.Notes = append(p.Notes, kit.Note{Tick: p.Ticks() - 1, Pad: 159, Velocity: 1, Length: 1}) // so that the last bar is known
		if busy[[2]int{159, 0}] == 1 {
			return
		}
		b, err := ExportMIDI(p, "Pattern", 92.5)
		if err != nil {
			t.Fatal(err)
		}
		m, err := ImportMIDI(b, 0)
		if err != nil {
			t.Fatal(err)
		}
		got, want := order(m.Pattern), order(p)
		if !slices.Equal(got, want) || m.Pattern.Bars != p.Bars || m.Pattern.Beats != p.Beats || m.BPM < 92.4 || m.BPM > 92.6 || len(m.Warnings) > 0 {
			t.Fatalf("%+v\nbecomes\n%+v %v", want, got, m.Warnings)
		}
	})
}

func order(p kit.Pattern) []kit.Note {
	n := slices.Clone(p.Notes)
	slices.SortFunc(n, func(a, b kit.Note) int {
		for _, d := range []int{a.Tick - b.Tick, int(a.Pad) - int(b.Pad), a.Semitones - b.Semitones, a.Length - b.Length, a.Velocity - b.Velocity} {
			if d != 0 {
				return d
			}
		}
		return 0
	})
	return n
}

func TestDrumLoopOfAnotherProgram(t *testing.T) {
	// Format 0, 96 ticks a quarter, channel 10: kick, hat, snare on GM notes; one beat each.
	track := "\x00\xFF\x58\x04\x04\x02\x18\x08" + "\x00\x99\x24\x64" + "\x18\x89\x24\x00" + "\x00\x99\x2A\x40" + "\x18\x99\x2A\x00" + "\x30\x99\x26\x7F" + "\x18\x89\x26\x00" + "\x00\x99\x1B\x40" + "\x01\x89\x1B\x00" + "\x00\xFF\x2F\x00"
	file := "MThd\x00\x00\x00\x06\x00\x00\x00\x01\x00\x60" + "MTrk\x00\x00\x00" + string(rune(len(track))) + track
	m, err := ImportMIDI([]byte(file), 2)
	if err != nil {
		t.Fatal(err)
	}
	want := []kit.Note{{Tick: 0, Pad: 32, Velocity: 100, Length: 120}, {Tick: 120, Pad: 34, Velocity: 64, Length: 120}, {Tick: 480, Pad: 33, Velocity: 127, Length: 120}}
	if !slices.Equal(m.Pattern.Notes, want) || m.Pattern.Bars != 1 || len(m.Warnings) != 1 || !strings.Contains(m.Warnings[0], "1 note") {
		t.Errorf("%+v %q", m.Pattern, m.Warnings)
	}
	for name, b := range map[string]string{"nothing": "", "no notes": "MThd\x00\x00\x00\x06\x00\x00\x00\x01\x00\x60MTrk\x00\x00\x00\x04\x00\xFF\x2F\x00", "text": "hello, this is not MIDI"} {
		if _, err := ImportMIDI([]byte(b), 0); err == nil {
			t.Errorf("%s passes", name)
		}
	}
}

func TestRealPatternsAsMIDI(t *testing.T) {
	dir := devicefiles.Dir(t)
	paths, err := filepath.Glob(filepath.Join(dir, "*/*PTN*.BIN"))
	if err != nil || len(paths) < 10 {
		t.Fatalf("%d patterns, %v", len(paths), err)
	}
	for _, path := range paths {
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		p, _, err := decodePattern(raw)
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		b, err := ExportMIDI(p, "x", 90)
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		m, err := ImportMIDI(b, 0)
		if len(p.Notes) == 0 {
			continue // effect movements only
		}
		if err != nil || !slices.Equal(order(m.Pattern), order(p)) {
			t.Errorf("%s: %v; %+v becomes %+v", path, err, p.Notes, m)
		}
	}
}

func FuzzImportMIDI(f *testing.F) {
	b, err := ExportMIDI(kit.Pattern{Bars: 1, Beats: 4, LoopStart: 1, LoopEnd: 1, Notes: []kit.Note{{Tick: 5, Pad: 3, Velocity: 9, Length: 10}}}, "x", 90)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := ImportMIDI(b, 3)
		if err != nil {
			return
		}
		if _, err := encodePattern(m.Pattern); err != nil {
			t.Fatal(err)
		}
	})
}

func FuzzDecodePattern(f *testing.F) {
	b, err := encodePattern(kit.Pattern{Bars: 1, Beats: 4, LoopStart: 1, LoopEnd: 1, Notes: []kit.Note{{Tick: 5, Pad: 3, Velocity: 9, Length: 10}}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		p, _, err := decodePattern(b)
		if err != nil {
			return
		}
		if err := p.Validate(); err != nil {
			t.Fatal(err)
		}
	})
}
