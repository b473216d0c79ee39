package kits

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"

	"sampleagent/audio/codec"
	"sampleagent/audio/pcm"
)

func TestNamesSayTheClass(t *testing.T) {
	for source, want := range map[string]string{
		"BJA_Pacific/BassDrum": "kick", "drums/bassdrum_acoustic01": "kick", "VariBreaks/VariBreaks Kick 1": "kick",
		"Gimme A Hand 1.0/Hand Clap": "clap", "Gimme A Hand 1.0/Finger Snaps": "clap",
		"Millo-Drums_v.1/Stick": "snare", "ForzeeStereo/Rim Click (Pearl Free Floating Maple 14x3.5)": "snare", "drums/nasty_rim01": "snare",
		"HardElectro1/Side OHH": "hat", "Millo-Drums_v.1/Pedal HH": "hat", "drums/hihat_foot_pedal01": "hat",
		"ColomboAcousticDrumkit/tomhi2": "tom", "BJA_Pacific/Floor Tom": "tom", "drums/tom_low01": "tom",
		"The Black Pearl 1.0/Paiste Bell": "cymbal", "ColomboAcousticDrumkit/ride-cup": "cymbal",
		"circAfrique v4/Djembe1 Bass": "percussion", "Gimme A Hand 1.0/Clave": "percussion", "drums/clav01": "percussion",
		"basses/rave_bass01": "bass", "instruments/bassslap01": "bass",
		"instruments/flute01": "tonal", "latin/latin_guitar01": "tonal",
		"BJA_Pacific/Snare Roll": "", "ForzeeStereo/Stick": "", "Audiophob/Kick": "", "basses/synth_acid01": "",
		"VariBreaks/VariBreaks Drum 1": "", "HardElectro1/Zap 1": "", "drums/zap01": "", "BJA_Pacific/15": "",
	} {
		if got := classOf(source); got != want {
			t.Errorf("%s is a %q, want %q", source, got, want)
		}
	}
}

// The layers of an instrument are one source, a file of two instruments comes once, and a file that the kit
// lacks is left out.
func TestLayersAreOneSource(t *testing.T) {
	dir := t.TempDir()
	kit := filepath.Join(dir, "Kit")
	if err := os.Mkdir(kit, 0o700); err != nil {
		t.Fatal(err)
	}
	b := pcm.Buffer{Rate: 44100, Channels: 2, Samples: []float32{.5, 0, -.25, .25, 0, 0}}
	for _, name := range []string{"soft.wav", "loud.wav", "old.wav"} {
		var wav bytes.Buffer
		if err := codec.EncodeWAV(&wav, &b, codec.WAVOptions{}); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(kit, name), wav.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	list := `<drumkit_info><instrumentList>
<instrument><name>Tom Hi</name><layer><filename>soft.wav</filename></layer><layer><filename>loud.wav</filename></layer></instrument>
<instrument><name>Tom Mid</name><layer><filename>loud.wav</filename></layer><layer><filename>lacking.wav</filename></layer></instrument>
<instrument><name>Crash</name><filename>old.wav</filename></instrument>
</instrumentList></drumkit_info>`
	if err := os.WriteFile(filepath.Join(kit, "drumkit.xml"), []byte(list), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := drumKits(dir)
	if err != nil {
		t.Fatal(err)
	}
	want := []Hit{{"tom", "Kit/Tom Hi", filepath.Join(kit, "soft.wav")}, {"tom", "Kit/Tom Hi", filepath.Join(kit, "loud.wav")}, {"cymbal", "Kit/Crash", filepath.Join(kit, "old.wav")}}
	if len(got) != len(want) {
		t.Fatalf("%v, want %v", got, want)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("%v, want %v", got[i], want[i])
		}
	}
	mono, err := got[0].Read(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if mono.Channels != 1 || mono.Frames() != 3 || mono.Samples[0] < .24 || mono.Samples[0] > .26 || mono.Samples[1] != 0 {
		t.Errorf("mixed to %+v", mono)
	}
	if _, err := drumKits(t.TempDir()); err == nil {
		t.Error("a folder without kits is no error")
	}
}
