package codec

import "testing"

func TestParseName(t *testing.T) {
	for _, c := range []struct {
		name string
		bpm  float64
		key  string
	}{
		{"Amen_165bpm_F#min.wav", 165, "F# minor"},
		{"Amen_165bpm_F#min", 165, "F# minor"},
		{"/packs/Funk 90 BPM/loop_01.wav", 0, ""},
		{`C:\packs\drum loop 92.5bpm Gbmaj.aif`, 92.5, "F# major"},
		{"165 bpm break.wav", 165, ""},
		{"break 165-BPM.wav", 165, ""},
		{"BPM_174_reese.wav", 174, ""},
		{"bpm120.wav", 120, ""},
		{"Drums120BPMdry.wav", 120, ""},
		{"loop_92,5bpm.wav", 92.5, ""},
		{"piano_120_Am.wav", 120, "A minor"},
		{"piano_Am_120.wav", 120, "A minor"},
		{"Bass 128 Fm 01.wav", 128, "F minor"},
		{"XX_Drum_Loop_120_01.wav", 120, ""},
		{"120 drum loop.wav", 120, ""},
		{"PianoLoop120Amin.wav", 120, "A minor"},
		{"BPM120Am.wav", 120, "A minor"},
		{"Keys - Bb minor - 84bpm.flac", 84, "A# minor"},
		{"Keys B flat minor 84 bpm", 84, "A# minor"},
		{"Keys_F_sharp_Major", 0, "F# major"},
		{"Pad Dmaj", 0, "D major"},
		{"Pad C Minor", 0, "C minor"},
		{"Pad C-min", 0, "C minor"},
		{"Pad Ebm", 0, "D# minor"},
		{"Gmin_pad", 0, "G minor"},
		{"128 - 8A - Artist", 128, "A minor"},
		{"Lead 8A 128bpm", 128, "A minor"},

		{"808", 0, ""}, {"808 Kick", 0, ""}, {"SP404 kick", 0, ""}, {"SP-404_01", 0, ""},
		{"kick 01", 0, ""}, {"kick 100", 0, ""}, {"Snare_120", 0, ""}, {"Snare 120 loop", 0, ""},
		{"loop 24bit 48k", 0, ""}, {"loop 96k", 0, ""}, {"loop 96 kHz", 0, ""}, {"loop_96000", 0, ""},
		{"MPC60 beat", 0, ""}, {"MPC 60 beat", 0, ""}, {"Juno 106 loop", 0, ""}, {"Drum Loop 101", 0, ""},
		{"TR 66 groove", 0, ""}, {"vel100", 0, ""}, {"Piano C3 vel 100", 0, ""}, {"loop 100%", 0, ""},
		{"2021-120-loop", 0, ""}, {"beat 120 90", 0, ""}, {"groove 120s", 0, ""}, {"loop 1.20.3", 0, ""},
		{"120", 0, ""}, {"Track 128", 0, ""},

		{"A", 0, ""}, {"Drum A", 0, ""}, {"DrumA", 0, ""}, {"E-piano", 0, ""}, {"E-Piano Major", 0, ""},
		{"D-Mix", 0, ""}, {"Kick C", 0, ""}, {"Bass F#", 0, ""}, {"Bass F#2", 0, ""}, {"Note A3", 0, ""},
		{"I Am Here", 0, ""}, {"I_Am_Legend", 0, ""}, {"Am I Wrong", 0, ""}, {"here we Am go", 0, ""},
		{"Amen", 0, ""}, {"Ambient", 0, ""}, {"admin", 0, ""}, {"Emo", 0, ""}, {"Gm7 chord", 0, ""}, {"Cmaj9", 0, ""},
		{"FM bell", 0, ""}, {"DM", 0, ""}, {"a minor thing", 0, ""}, {"Bank 1A", 0, ""}, {"Take 2B", 0, ""},
		{"Dmin to Gmin", 0, ""}, {"5 min loop", 0, ""}, {"vitamin", 0, ""}, {"VitAmin", 0, "A minor"},
		{"", 0, ""}, {"._", 0, ""},
	} {
		if bpm, key := ParseName(c.name); bpm != c.bpm || key != c.key {
			t.Errorf("%q: %v %q, want %v %q", c.name, bpm, key, c.bpm, c.key)
		}
	}
}
