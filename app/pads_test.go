package app

import (
	"bytes"
	"context"
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"gitlab.com/gomidi/midi/v2/smf"

	"sampleagent/audio/controller"
	"sampleagent/audio/pcm"
	"sampleagent/audio/play"
	"sampleagent/audio/playback"
	"sampleagent/library/kit"
)

func set(t *testing.T, pairs ...string) kit.Settings {
	t.Helper()
	s, err := (kit.Settings{}).WithText(pairs...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// sounding renders what a pad of a sample sounds like, n frames of it.
func sounding(t *testing.T, b *pcm.Buffer, s kit.Settings, bank kit.Bank, bpm float64, n int) [][2]float64 {
	t.Helper()
	v := voiceOf(s, bank, bpm, b)
	if v.stretch != 1 || v.cents != 0 {
		region := &pcm.Buffer{Rate: b.Rate, Channels: b.Channels, Samples: b.Samples[v.cutFrom*b.Channels : v.cutTo*b.Channels]}
		var err error
		if b, err = follow(t.Context(), region, v.stretch, v.cents); err != nil {
			t.Fatal(err)
		}
	}
	m := &playback.Manual{}
	p := playback.NewPlayer(m)
	t.Cleanup(func() { p.Close() })
	p.PlayPad(play.Pad{Pad: 1, Sound: b, Voicing: v.Voicing})
	return m.Advance(n)
}

func TestAPadSoundsAsItIsSet(t *testing.T) {
	// A ramp of 48000 frames at 48 kHz, so that every frame tells where it came from.
	b := &pcm.Buffer{Rate: 48000, Channels: 1}
	for i := range 48000 {
		b.Samples = append(b.Samples, float32(i)/48000)
	}
	quiet, err := kit.Bank{}.WithVolume(64)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name     string
		settings []string
		bank     kit.Bank
		frame    int
		left     float64
		right    float64
	}{
		{"fresh", nil, kit.Bank{}, 24000, 0.5, 0.5},
		{"start", []string{"start=12000", "end=36000"}, kit.Bank{}, 1000, 13000.0 / 48000, 13000.0 / 48000},
		{"after the end", []string{"start=12000", "end=36000"}, kit.Bank{}, 24100, 0, 0},
		{"reverse", []string{"reverse=on"}, kit.Bank{}, 1000, 46999.0 / 48000, 46999.0 / 48000},
		{"loop from its point", []string{"loop=on", "loop_top=12000"}, kit.Bank{}, 49000, 13000.0 / 48000, 13000.0 / 48000},
		{"reverse loop", []string{"loop=on", "reverse=on"}, kit.Bank{}, 49000, 46999.0 / 48000, 46999.0 / 48000},
		{"to and fro", []string{"loop=on", "pingpong=on"}, kit.Bank{}, 50000, 45998.0 / 48000, 45998.0 / 48000},
		{"volume", []string{"volume=64"}, quiet, 24000, 0.5 * 64 / 127 * 64 / 127, 0.5 * 64 / 127 * 64 / 127},
		{"silence", []string{"volume=0"}, kit.Bank{}, 24000, 0, 0},
		{"right", []string{"pan=R50"}, kit.Bank{}, 24000, 0, 0.5},
		{"mono on the left", []string{"pan=MONO(L)"}, kit.Bank{}, 24000, 0.5, 0},
		{"an octave down as on a record", []string{"pitch=-12"}, kit.Bank{}, 24000, 0.25, 0.25},
		{"half speed as on a record", []string{"speed=50"}, kit.Bank{}, 24000, 0.25, 0.25},
		{"attack", []string{"attack=127"}, kit.Bank{}, 24000, 0.5 / 6, 0.5 / 6}, // 0.5 s of 3 s
		{"after the held half", []string{"hold=50", "release=0"}, kit.Bank{}, 30000, 0, 0},
	} {
		x := sounding(t, b, set(t, c.settings...), c.bank, 90, c.frame+1)[c.frame]
		if math.Abs(x[0]-c.left) > 2e-3 || math.Abs(x[1]-c.right) > 2e-3 {
			t.Errorf("%s: frame %d is %.4f %.4f, want %.4f %.4f", c.name, c.frame, x[0], x[1], c.left, c.right)
		}
	}
}

// With vinyl off, and with BPM sync, length and pitch are apart.
func TestAPadKeepsItsPitchWhenItIsStretched(t *testing.T) {
	b := &pcm.Buffer{Rate: 48000, Channels: 1}
	for i := range 48000 {
		b.Samples = append(b.Samples, float32(0.5*math.Sin(2*math.Pi*480*float64(i)/48000)))
	}
	for _, c := range []struct {
		name     string
		settings []string
		bpm      float64
		hz       float64
		seconds  float64
	}{
		{"speed without vinyl", []string{"vinyl=off", "speed=80"}, 90, 480, 1.25},
		{"pitch without vinyl", []string{"vinyl=off", "pitch=12"}, 90, 960, 1},
		{"fine pitch without vinyl", []string{"vinyl=off", "pitch=-12", "fine=0"}, 90, 240, 1},
		{"BPM sync", []string{"bpm_sync=on", "tempo=120"}, 90, 480, 4.0 / 3},
		{"vinyl", []string{"pitch=-12"}, 90, 240, 2},
	} {
		x := sounding(t, b, set(t, c.settings...), kit.Bank{}, c.bpm, 3*48000)
		length := 0
		crossings := 0
		for i := 1; i < len(x); i++ {
			if math.Abs(x[i][0]) > 1e-4 {
				length = i
			}
			if i >= 9600 && i < 9600+24000 && x[i-1][0] < 0 && x[i][0] >= 0 {
				crossings++
			}
		}
		if got := float64(length) / 48000; math.Abs(got-c.seconds) > 0.02 {
			t.Errorf("%s: %.3f s long, want %.3f", c.name, got, c.seconds)
		}
		if got := float64(crossings) * 2; math.Abs(got-c.hz) > 6 {
			t.Errorf("%s: %.0f Hz, want %.0f", c.name, got, c.hz)
		}
	}
}

// deck is an application whose sound is rendered by hand, with a kit of looped tones on A1 to A3.
func deck(t *testing.T) (*App, *playback.Manual, kit.Kit) {
	t.Helper()
	m := &playback.Manual{}
	a := open(t, Options{Sound: func() (Sound, error) { return playback.NewSound(m), nil }})
	rows := seed(t, a, 3)
	k, err := a.NewKit(t.Context(), "Deck")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.SetPads(t.Context(), k.ID, 0, rows); err != nil {
		t.Fatal(err)
	}
	return a, m, k
}

func sounds(a *App, k kit.Kit) map[kit.Slot]bool {
	out := map[kit.Slot]bool{}
	for _, p := range a.PlayingPads(k.ID) {
		out[p.Slot] = true
	}
	return out
}

func TestPadsSoundTogetherAndByTheirSettings(t *testing.T) {
	a, m, k := deck(t)
	setPads := func(slots []kit.Slot, pairs ...string) {
		t.Helper()
		if err := a.SetPadSettings(t.Context(), k.ID, slots, pairs...); err != nil {
			t.Fatal(err)
		}
	}
	press := func(s kit.Slot, want ...kit.Slot) {
		t.Helper()
		a.PressPad(k.ID, s, 100)
		eventually(t, s.String()+" sounds as it should", func() bool {
			m.Advance(64)
			now := sounds(a, k)
			if len(now) != len(want) {
				return false
			}
			for _, w := range want {
				if !now[w] {
					return false
				}
			}
			return true
		})
	}
	all := []kit.Slot{0, 1, 2}
	setPads(all, "loop=on", "gate=on")
	press(0, 0)
	press(1, 0, 1)
	a.ReleasePad(0)
	eventually(t, "the first pad let go", func() bool { m.Advance(256); return !sounds(a, k)[0] && sounds(a, k)[1] })
	// Without gate a second press stops.
	setPads(all, "gate=off")
	press(2, 1, 2)
	press(2, 1)
	a.StopPads()
	eventually(t, "silence", func() bool { m.Advance(256); return len(sounds(a, k)) == 0 })
	// One mute group: the newest alone. Linked: together.
	setPads([]kit.Slot{0, 1}, "mute_group=A")
	press(0, 0)
	press(1, 1)
	a.StopPads()
	setPads(all, "mute_group=none", "pad_link=C")
	press(2, 0, 1, 2)
	a.Stop()
	eventually(t, "silence", func() bool { m.Advance(256); return len(sounds(a, k)) == 0 })
}

func TestAPatternPlaysInTime(t *testing.T) {
	a, m, k := deck(t)
	ctx := t.Context()
	p := kit.Pattern{Bars: 1, Beats: 1, LoopStart: 1, LoopEnd: 1, Notes: []kit.Note{
		{Tick: 0, Pad: 0, Velocity: 127, Length: 60}, {Tick: 240, Pad: 1, Velocity: 64, Length: 60},
	}}
	err := a.EditKit(ctx, k.ID, "pattern", "", func(k *kit.Kit) error {
		if err := k.Change([]kit.Slot{0, 1}, func(s kit.Settings) (kit.Settings, error) { return s.WithText("end=1000", "one_shot=on") }); err != nil {
			return err
		}
		bank := k.Bank(0)
		bank.Tempo, _ = kit.NewBPM(120)
		if err := k.SetBank(0, bank); err != nil {
			return err
		}
		return k.SetPattern(0, p)
	})
	if err != nil {
		t.Fatal(err)
	}
	a.PlayPattern(k.ID, 0)
	eventually(t, "a pattern", func() bool { _, ok := a.PlayingPattern(); return ok })
	// 120 BPM: a quarter is 24000 frames, an eighth 12000. The clock is moved on as the queue is
	// filled ahead of it.
	var strikes []int
	was, at := 0.0, 0
	eventually(t, "eight strikes", func() bool {
		for _, x := range m.Advance(512) {
			loud := math.Abs(x[0]) > 1e-3
			if loud && at-int(was) > 4000 {
				strikes = append(strikes, at)
			}
			if loud {
				was = float64(at)
			}
			at++
		}
		time.Sleep(time.Millisecond)
		return len(strikes) > 8
	})
	for i := 1; i < len(strikes); i++ {
		if d := strikes[i] - strikes[i-1]; d < 11990 || d > 12010 {
			t.Errorf("strike %d comes %d frames after the one before, want 12000", i, d)
		}
	}
	if now, ok := a.PlayingPattern(); !ok || now.BPM != 120 || now.Tick < 0 || now.Tick >= 480 || now.KitID != k.ID {
		t.Errorf("%+v %v", now, ok)
	}
	a.StopPattern()
	if _, ok := a.PlayingPattern(); ok {
		t.Error("it plays on")
	}
}

func TestPatternsGoToMIDIAndBack(t *testing.T) {
	a, _, k := deck(t)
	ctx := context.Background()
	var drums smf.Track
	for _, key := range []uint8{36, 42, 38, 42} {
		drums.Add(0, []byte{0x99, key, 100})
		drums.Add(240, []byte{0x89, key, 0})
	}
	drums.Close(0)
	s := smf.New()
	s.TimeFormat = smf.MetricTicks(480)
	if err := s.Add(drums); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if _, err := s.WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "beat.mid")
	if err := os.WriteFile(file, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	warnings, err := a.ImportPattern(ctx, k.ID, 5, file)
	if err != nil || len(warnings) != 0 {
		t.Fatalf("%v %q", err, warnings)
	}
	now, err := a.Kit(ctx, k.ID)
	if err != nil {
		t.Fatal(err)
	}
	p, ok := now.Pattern(5)
	if !ok || len(p.Notes) != 4 || p.Notes[0].Pad != 0 || p.Notes[1].Pad != 2 || p.Notes[2].Pad != 1 || p.Notes[2].Tick != 480 {
		t.Fatalf("%+v", p)
	}
	out := filepath.Join(t.TempDir(), "out.mid")
	if err := a.ExportPattern(ctx, k.ID, 5, out); err != nil {
		t.Fatal(err)
	}
	if _, err := a.ImportPattern(ctx, k.ID, 6, out); err != nil {
		t.Fatal(err)
	}
	if now, err = a.Kit(ctx, k.ID); err != nil {
		t.Fatal(err)
	}
	if q, _ := now.Pattern(6); len(q.Notes) != 4 || q.Notes[3] != p.Notes[3] {
		t.Errorf("%+v is not %+v", q, p)
	}
	if _, err := a.Undo(ctx); err != nil {
		t.Fatal(err)
	}
	if now, err = a.Kit(ctx, k.ID); err != nil {
		t.Fatal(err)
	}
	if _, there := now.Pattern(6); there {
		t.Error("undo leaves the pattern")
	}
	if err := a.ExportPattern(ctx, k.ID, 9, out); err == nil {
		t.Error("a pattern that is not there is exported")
	}
}

func TestAControllerPlaysTheBankThatIsShown(t *testing.T) {
	a, m, k := deck(t)
	if err := a.SetPadSettings(t.Context(), k.ID, []kit.Slot{0, 1, 2}, "loop=on", "gate=on"); err != nil {
		t.Fatal(err)
	}
	a.controllerNote(controller.Note{Channel: 1, Key: 36, Velocity: 100}) // nothing is shown yet
	a.PlayFrom(k.ID, 0, 2)
	a.controllerNote(controller.Note{Channel: 10, Key: 37, Velocity: 100})
	a.controllerNote(controller.Note{Channel: 16, Key: 60, Velocity: 100})
	a.controllerNote(controller.Note{Channel: 1, Key: 99, Velocity: 100})
	eventually(t, "A2 and A3", func() bool {
		m.Advance(64)
		now := sounds(a, k)
		return len(now) == 2 && now[1] && now[2]
	})
	a.controllerNote(controller.Note{Channel: 10, Key: 37})
	eventually(t, "A2 let go", func() bool { m.Advance(256); return !sounds(a, k)[1] })
}
