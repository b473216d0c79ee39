package sp404

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"sampleagent/audio/codec"
	"sampleagent/audio/pcm"
	"sampleagent/library/kit"
)

// nearest stands in for dsp.Resample where the test is not about sound.
func nearest(_ context.Context, b *pcm.Buffer, rate int) (*pcm.Buffer, error) {
	n := int(resampledFrames(int64(b.Frames()), b.Rate))
	out := &pcm.Buffer{Rate: rate, Channels: b.Channels, Samples: make([]float32, n*b.Channels)}
	for i := range n {
		from := min(i*b.Rate/rate, b.Frames()-1)
		copy(out.Samples[i*b.Channels:(i+1)*b.Channels], b.Samples[from*b.Channels:])
	}
	return out, nil
}

func fixedNow() time.Time { return time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC) }

func tone(rate, channels, frames int, hz float64) *pcm.Buffer {
	b := &pcm.Buffer{Rate: rate, Channels: channels, Samples: make([]float32, frames*channels)}
	for i := range b.Samples {
		b.Samples[i] = 0.5 * float32(math.Sin(2*math.Pi*hz*float64(i/channels)/float64(rate)))
	}
	return b
}

func writeFile(t testing.TB, path string, write func(*bytes.Buffer) error) {
	t.Helper()
	var b bytes.Buffer
	if err := write(&b); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

func wav(t testing.TB, path string, b *pcm.Buffer, bits int) {
	writeFile(t, path, func(w *bytes.Buffer) error {
		return codec.EncodeWAV(w, b, codec.WAVOptions{PCMOptions: codec.PCMOptions{Bits: bits}})
	})
}

// bench is a library of a few small samples and a kit on a card.
type bench struct {
	t       testing.TB
	src     string
	card    string
	kit     kit.Kit
	samples map[string]Sample
	opt     Options
}

func newBench(t testing.TB) *bench {
	b := &bench{t: t, src: memoryDir(t), card: memoryDir(t), samples: map[string]Sample{}}
	b.kit = kit.Kit{ID: "kit-1", Name: "Demo"}
	b.opt = Options{Resample: nearest, Now: fixedNow}
	b.add("kick", tone(44100, 1, 8000, 60), 24, "A1")
	b.add("plain", tone(48000, 2, 6000, 220), 16, "A2")
	b.add("hat", tone(48000, 1, 500, 5000), 16, "B16")
	return b
}

func (b *bench) add(id string, sound *pcm.Buffer, bits int, slots ...string) {
	b.t.Helper()
	path := filepath.Join(b.src, id+".wav")
	wav(b.t, path, sound, bits)
	b.samples[id] = Sample{ID: id, Name: id, Path: path}
	b.put(id, slots...)
}

func (b *bench) put(id string, slots ...string) {
	b.t.Helper()
	for _, text := range slots {
		s, err := kit.ParseSlot(text)
		if err == nil {
			err = b.kit.SetSample(s, id)
		}
		if err != nil {
			b.t.Fatal(err)
		}
	}
}

func (b *bench) plan() *Plan {
	b.t.Helper()
	p, err := NewPlan(context.Background(), b.kit, b.samples, b.card, b.opt)
	if err != nil {
		b.t.Fatal(err)
	}
	return p
}

func (b *bench) write() *Outcome {
	b.t.Helper()
	out, err := b.plan().Write(context.Background(), nil)
	if err != nil {
		b.t.Fatal(err)
	}
	return out
}

func (b *bench) verify() *Report {
	b.t.Helper()
	r, err := Verify(context.Background(), b.card, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	return r
}

// snapshot is every file and folder below a folder, with content.
func snapshot(t testing.TB, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(dir, path)
		if d.IsDir() {
			out[filepath.ToSlash(rel)+"/"] = ""
			return nil
		}
		b, err := os.ReadFile(path)
		out[filepath.ToSlash(rel)] = string(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func names(m map[string]string) []string { return slices.Sorted(maps.Keys(m)) }

func decode(t testing.TB, path string) *codec.Clip {
	t.Helper()
	c, err := codec.DecodeFile(context.Background(), path, codec.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestLooseSamplesOnACard(t *testing.T) {
	b := newBench(t)
	p := b.plan()
	if len(snapshot(t, b.card)) != 1 {
		t.Fatal("planning writes to the card")
	}
	var steps []Progress
	out, err := p.Write(context.Background(), func(p Progress) { steps = append(steps, p) })
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"./", "IMPORT/", "IMPORT/Demo/", "IMPORT/Demo/A/", "IMPORT/Demo/A/01 kick.wav", "IMPORT/Demo/A/02 plain.wav",
		"IMPORT/Demo/B/", "IMPORT/Demo/B/16 hat.wav", "IMPORT/Demo/sample-agent.json",
	}
	now := snapshot(t, b.card)
	if !slices.Equal(names(now), want) {
		t.Errorf("the card holds %q", names(now))
	}
	if source, _ := os.ReadFile(b.samples["plain"].Path); now["IMPORT/Demo/A/02 plain.wav"] != string(source) {
		t.Error("a sample that needs nothing is not written byte for byte")
	}
	for _, f := range p.Files {
		if int64(len(now[f.Target])) != f.Bytes {
			t.Errorf("%s was planned with %d bytes and has %d", f.Target, f.Bytes, len(now[f.Target]))
		}
	}
	if !out.Verified || out.Files != 4 || out.Bytes != p.Bytes {
		t.Errorf("outcome %+v, planned %d bytes", out, p.Bytes)
	}
	for name, c := range map[string]struct{ frames, channels int }{"A/01 kick.wav": {8707, 1}, "A/02 plain.wav": {6000, 2}, "B/16 hat.wav": {4800, 1}} {
		clip := decode(t, filepath.Join(b.card, "IMPORT/Demo", name))
		if clip.Rate != 48000 || clip.BitDepth != 16 || clip.Channels != c.channels || clip.Audio.Frames() != c.frames {
			t.Errorf("%s: %+v, %d frames", name, clip.Info, clip.Audio.Frames())
		}
	}
	last := steps[len(steps)-1]
	if last.Stage != Swapping || last.Bytes != last.TotalBytes || last.TotalFiles != 4 {
		t.Errorf("progress ends with %+v", last)
	}
	if r := b.verify(); !r.OK() || r.Files != 3 {
		t.Errorf("%+v", r)
	}
}

func TestAIFFOnACard(t *testing.T) {
	b := newBench(t)
	b.opt.Format = AIFF
	path := filepath.Join(b.src, "native.aif")
	writeFile(t, path, func(w *bytes.Buffer) error {
		return codec.EncodeAIFF(w, tone(48000, 2, 5000, 100), codec.AIFFOptions{})
	})
	b.samples["native"] = Sample{ID: "native", Path: path}
	b.put("native", "A3")
	p := b.plan()
	if _, err := p.Write(context.Background(), nil); err != nil {
		t.Fatal(err)
	}
	now := snapshot(t, b.card)
	source, _ := os.ReadFile(path)
	if now["IMPORT/Demo/A/03 native.aiff"] != string(source) {
		t.Error("an AIFF file that needs nothing is not copied byte for byte")
	}
	for _, f := range p.Files {
		if int64(len(now[f.Target])) != f.Bytes {
			t.Errorf("%s was planned with %d bytes and has %d", f.Target, f.Bytes, len(now[f.Target]))
		}
	}
	a, w := decode(t, filepath.Join(b.card, "IMPORT/Demo/A/02 plain.aiff")), decode(t, b.samples["plain"].Path)
	if !slices.Equal(a.Audio.Samples, w.Audio.Samples) || a.Format != codec.AIFF {
		t.Error("the sound of a WAV file changes on its way to AIFF")
	}
}

func TestPlanSaysWhatIsChanged(t *testing.T) {
	b := newBench(t)
	b.add("Käse: 100%", tone(96000, 6, 9600, 100), 24, "C1")
	b.samples["gone"] = Sample{ID: "gone", Name: "gone", Path: filepath.Join(b.src, "gone.wav")}
	b.put("gone", "C2")
	if err := b.kit.Change([]kit.Slot{0}, func(s kit.Settings) (kit.Settings, error) { return s.WithText("volume=90") }); err != nil {
		t.Fatal(err)
	}
	p := b.plan()
	got := map[string]map[string]any{}
	for _, f := range p.Files {
		out, err := json.Marshal(f)
		if err != nil {
			t.Fatal(err)
		}
		var m map[string]any
		if err := json.Unmarshal(out, &m); err != nil {
			t.Fatal(err)
		}
		for _, key := range []string{"pad", "source", "target", "bytes", "converted", "renamed_from", "warning"} {
			if _, ok := m[key]; !ok {
				t.Errorf("%s lacks %s", out, key)
			}
		}
		pad, _ := m["pad"].(string)
		got[pad] = m
	}
	for pad, want := range map[string]map[string]any{
		"A1":  {"target": "IMPORT/Demo/A/01 kick.wav", "converted": "44.1 kHz to 48 kHz, 24 bit to 16 bit", "renamed_from": nil},
		"A2":  {"converted": nil, "renamed_from": nil, "warning": nil},
		"B16": {"converted": "silence added to 100 ms"},
		"C1":  {"target": "IMPORT/Demo/C/01 Kase_ 100.wav", "converted": "96 kHz to 48 kHz, 24 bit to 16 bit, 6 channels to stereo", "renamed_from": "Käse: 100%"},
		"C2":  {"warning": "left out"},
		"":    {"target": "IMPORT/Demo/sample-agent.json"},
	} {
		for k, w := range want {
			if got[pad][k] != w {
				t.Errorf("%s %s: %v, want %v", pad, k, got[pad][k], w)
			}
		}
	}
	if len(p.Failed()) != 1 || p.Failed()[0].Error == "" {
		t.Errorf("left out: %+v", p.Failed())
	}
	if len(p.Warnings) != 1 || !strings.Contains(p.Warnings[0], "1 pad") {
		t.Errorf("warnings: %q", p.Warnings)
	}
	s, err := json.Marshal(p.Summary())
	if err != nil || !strings.Contains(string(s), `"replaces":[]`) || !strings.Contains(string(s), `"verified":null`) || p.Summary().Files != 5 {
		t.Errorf("%s, %v", s, err)
	}
	if _, err := p.Write(context.Background(), nil); err != nil {
		t.Fatal(err)
	}
	if r := b.verify(); !r.OK() || r.Files != 4 {
		t.Errorf("%+v", r)
	}
}

func TestPlanRefuses(t *testing.T) {
	b := newBench(t)
	ctx := context.Background()
	for name, c := range map[string]struct {
		kit kit.Kit
		dir string
		opt Options
	}{
		"empty kit":    {kit.Kit{Name: "none"}, b.card, b.opt},
		"no card":      {b.kit, filepath.Join(b.card, "nothing"), b.opt},
		"two are new":  {b.kit, filepath.Join(b.card, "nothing", "new"), Options{Make: true}},
		"not plugged":  {b.kit, "/media/nobody/SP-404MK2", Options{Make: true}},
		"a file":       {b.kit, b.samples["kick"].Path, b.opt},
		"form":         {b.kit, b.card, Options{Form: "tape"}},
		"format":       {b.kit, b.card, Options{Format: "mp3"}},
		"project 17":   {b.kit, b.card, Options{Form: FormProject, Project: 17}},
		"bad template": {b.kit, b.card, Options{Form: FormProject, Template: []byte("RFPD")}},
	} {
		if _, err := NewPlan(ctx, c.kit, b.samples, c.dir, c.opt); err == nil {
			t.Errorf("%s passes", name)
		}
	}
	if len(snapshot(t, b.card)) != 1 {
		t.Error("something was written")
	}
}

func TestWhatIsNotOursIsNeverReplaced(t *testing.T) {
	b := newBench(t)
	foreign := filepath.Join(b.card, "IMPORT", "demo", "own.wav")
	wav(t, foreign, tone(48000, 1, 4800, 100), 16)
	for _, name := range []string{"BKUP/one", "SP404MKII_APP0.bin", "EXPORT/PROJECT/PROJECT_01/PADCONF.BIN"} {
		writeFile(t, filepath.Join(b.card, name), func(w *bytes.Buffer) error { _, err := w.WriteString(name); return err })
	}
	before := snapshot(t, b.card)
	b.opt.Form = FormBoth
	b.write()
	now := snapshot(t, b.card)
	for name, content := range before {
		if now[name] != content {
			t.Errorf("%s has changed", name)
		}
	}
	if _, ok := now["IMPORT/Demo 2/A/01 kick.wav"]; !ok {
		t.Errorf("the kit is not beside the folder with its name: %q", names(now))
	}
	if _, ok := now["EXPORT/PROJECT/PROJECT_02/PADCONF.BIN"]; !ok {
		t.Errorf("the project is not in the next free folder")
	}

	// Written again, the same folders are taken, and a file put there by hand stays.
	writeFile(t, filepath.Join(b.card, "IMPORT/Demo 2/A/notes.txt"), func(w *bytes.Buffer) error { _, err := w.WriteString("mine"); return err })
	if err := b.kit.Clear(1); err != nil {
		t.Fatal(err)
	}
	p := b.plan()
	if !slices.Contains(p.Keeps, "IMPORT/Demo 2/A/notes.txt") || !slices.Contains(p.Replaces, "IMPORT/Demo 2/A/02 plain.wav") ||
		!slices.Contains(p.Replaces, "EXPORT/PROJECT/PROJECT_02/SMPL/BANK1-02.SMP") {
		t.Errorf("keeps %q, replaces %q", p.Keeps, p.Replaces)
	}
	if _, err := p.Write(context.Background(), nil); err != nil {
		t.Fatal(err)
	}
	now = snapshot(t, b.card)
	if now["IMPORT/Demo 2/A/notes.txt"] != "mine" {
		t.Error("a file put there by hand is lost")
	}
	for _, gone := range []string{"IMPORT/Demo 2/A/02 plain.wav", "EXPORT/PROJECT/PROJECT_02/SMPL/BANK1-02.SMP", "IMPORT/Demo 3/"} {
		if _, ok := now[gone]; ok {
			t.Errorf("%s is still there", gone)
		}
	}
	r := b.verify()
	if len(r.Findings) != 1 || r.Findings[0].Fault != Extra || len(r.Folders) != 2 {
		t.Errorf("%+v", r)
	}
}

func TestVerifyNamesEachFault(t *testing.T) {
	b := newBench(t)
	b.opt.Form = FormBoth
	b.write()
	if r := b.verify(); !r.OK() || len(r.Folders) != 2 {
		t.Fatalf("%+v", r)
	}
	at := func(name string) string { return filepath.Join(b.card, name) }
	if err := os.Remove(at("IMPORT/Demo/A/01 kick.wav")); err != nil {
		t.Fatal(err)
	}
	flip := func(name string) {
		data, err := os.ReadFile(at(name))
		if err != nil {
			t.Fatal(err)
		}
		data[len(data)-1] ^= 1
		if err := os.WriteFile(at(name), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	flip("IMPORT/Demo/A/02 plain.wav")
	flip("EXPORT/PROJECT/PROJECT_01/PADCONF.BIN")
	writeFile(t, at("IMPORT/Demo/B/._16 hat.wav"), func(w *bytes.Buffer) error { _, err := w.WriteString("x"); return err })
	if err := os.Truncate(at("EXPORT/PROJECT/PROJECT_01/SMPL/BANK2-16.SMP"), 700); err != nil {
		t.Fatal(err)
	}
	got := map[string]Fault{}
	for _, f := range b.verify().Findings {
		got[f.File] = f.Fault
	}
	want := map[string]Fault{
		"IMPORT/Demo/A/01 kick.wav": Missing, "IMPORT/Demo/A/02 plain.wav": Changed, "IMPORT/Demo/B/._16 hat.wav": Extra,
		"EXPORT/PROJECT/PROJECT_01/PADCONF.BIN": Changed, "EXPORT/PROJECT/PROJECT_01/SMPL/BANK2-16.SMP": Changed,
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("found %v", got)
	}
	if _, err := Verify(context.Background(), b.src, nil); err == nil {
		t.Error("a folder that we never wrote is verified")
	}
}

func TestProjectWithoutAnythingUnknown(t *testing.T) {
	b := newBench(t)
	b.opt.Form = FormProject
	p := b.plan()
	if !p.Experimental() || !slices.Contains(p.Warnings, BackupAdvice) {
		t.Errorf("warnings %q", p.Warnings)
	}
	b.write()
	want := []string{
		"EXPORT/PROJECT/PROJECT_01/", "EXPORT/PROJECT/PROJECT_01/PADCONF.BIN", "EXPORT/PROJECT/PROJECT_01/PICTURE/", "EXPORT/PROJECT/PROJECT_01/PTN/",
		"EXPORT/PROJECT/PROJECT_01/SMPL/", "EXPORT/PROJECT/PROJECT_01/SMPL/BANK1-01.SMP", "EXPORT/PROJECT/PROJECT_01/SMPL/BANK1-02.SMP",
		"EXPORT/PROJECT/PROJECT_01/SMPL/BANK2-16.SMP",
	}
	var got []string
	for _, n := range names(snapshot(t, b.card)) {
		if strings.HasPrefix(n, "EXPORT/PROJECT/PROJECT_01/") {
			got = append(got, n)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("the project folder holds %q", got)
	}
}
