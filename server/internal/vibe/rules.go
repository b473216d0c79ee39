package vibe

import (
	"fmt"
	"math"
	"strings"

	"sampleagent/audio/key"
	"sampleagent/sync/wire"
)

// Rules says how a sound feels from its measurements alone. It names only what they support;
// the vibe is labelled as the rules' own.
func Rules(f Facts) *wire.Vibe {
	v := &wire.Vibe{Source: wire.VibeFromRules, Model: "rules/1", Mood: []string{}, Texture: []string{}, Descriptors: []string{}, Tags: []string{}, WorksWith: []string{}, Confidence: 0.3}
	bright, dark := false, false
	if f.Centroid != nil {
		// Limits between what listeners call dark, warm and bright: thirds of the classes in the
		// labelled material beside the repository.
		switch c := *f.Centroid; {
		case c < 900:
			v.Texture, dark = append(v.Texture, "dark"), true
		case c < 2500:
			v.Texture = append(v.Texture, "warm")
		default:
			v.Texture, bright = append(v.Texture, "bright"), true
		}
	}
	if f.Flatness != nil && *f.Flatness > 0.1 {
		v.Texture = append(v.Texture, "noisy")
	}
	if f.Harmonic != nil {
		switch h := *f.Harmonic; {
		case h > 0.7:
			v.Texture = append(v.Texture, "tonal")
		case h < 0.3:
			v.Texture = append(v.Texture, "percussive")
		}
	}
	energy := energyOf(f)
	v.Energy = energy
	minor := f.Key != nil && strings.HasSuffix(*f.Key, "minor")
	switch {
	case energy != nil && *energy > 0.65:
		v.Mood = append(v.Mood, "driving")
	case energy != nil && *energy < 0.3:
		v.Mood = append(v.Mood, "calm")
	}
	switch {
	case minor && dark:
		v.Mood = append(v.Mood, "moody")
	case minor:
		v.Mood = append(v.Mood, "melancholic")
	case f.Key != nil && bright:
		v.Mood = append(v.Mood, "uplifting")
	case f.Key != nil:
		v.Mood = append(v.Mood, "open")
	}
	for _, w := range []string{f.Kind, f.Class} {
		if w != "" {
			v.Tags = append(v.Tags, w)
		}
	}
	v.Tags = append(v.Tags, v.Texture...)
	v.CompatibleKeys, v.CompatibleBPM = compatible(f)
	use := map[string]string{"one-shot": "on a pad of its own", "loop": "as the bed of a beat, in time with the project", "music": "as material to chop"}[f.Kind]
	if use != "" {
		v.BestUse = &use
	}
	v.OneLine = oneLine(f, v)
	return v
}

// energyOf blends loudness, density and brightness; nil when loudness is not known.
func energyOf(f Facts) *float64 {
	if f.LUFS == nil {
		return nil
	}
	loud := clamp((*f.LUFS + 36) / 30) // -36 LUFS quiet, -6 LUFS full
	dense := clamp(f.OnsetsPerSec / 8)
	e := 0.6*loud + 0.4*dense
	if f.Centroid != nil {
		e = 0.5*loud + 0.3*dense + 0.2*clamp(*f.Centroid/5000)
	}
	e = math.Round(e*100) / 100
	return &e
}

func clamp(x float64) float64 { return math.Max(0, math.Min(1, x)) }

func oneLine(f Facts, v *wire.Vibe) string {
	what := f.Class
	if what == "" {
		what = "sound"
	}
	if f.Kind == "loop" && !strings.Contains(what, "loop") {
		what += " loop"
	}
	parts := append([]string{}, v.Texture...)
	if len(parts) > 2 {
		parts = parts[:2]
	}
	line := strings.TrimSpace(strings.Join(parts, ", ") + " " + what)
	if f.BPM != nil {
		line += fmt.Sprintf(" at %.0f BPM", *f.BPM)
	}
	if f.Key != nil {
		line += " in " + *f.Key
	}
	return line
}

// compatible is the keys beside a key on the circle of fifths and its relative, and the tempos
// that a loop fits at full, half and double time.
func compatible(f Facts) (keys, tempos []string) {
	keys, tempos = []string{}, []string{}
	if f.Key != nil {
		named, _ := key.Parse(*f.Key)
		for _, k := range named.Compatible() {
			keys = append(keys, k.String())
		}
	}
	if f.BPM != nil {
		for _, t := range []float64{*f.BPM / 2, *f.BPM, *f.BPM * 2} {
			if t >= 50 && t <= 220 {
				tempos = append(tempos, fmt.Sprintf("%.0f-%.0f", math.Floor(t*0.97), math.Ceil(t*1.03)))
			}
		}
	}
	return keys, tempos
}
