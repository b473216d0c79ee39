package analysis

import (
	"context"
	"testing"

	"sampleagent/audio/pcm"
)

// What the eval command scores must be what the program answers.
func TestDecidingOnEvidenceIsAnalysing(t *testing.T) {
	for i, b := range []*pcm.Buffer{tune(44100, 2, 6), clicks(48000, 97, 5), clicks(22050, 140, 0.3), tune(44100, 1, 0.4), {Rate: 44100, Channels: 1, Samples: make([]float32, 1000)}} {
		r := mustAnalyze(t, b)
		e, err := Notice(context.Background(), b)
		if err != nil {
			t.Fatal(err)
		}
		v := builtin().Decide(e)
		key := ""
		if r.Key != nil {
			key = *r.Key
		}
		bpm := 0.0
		if r.BPM != nil {
			bpm = *r.BPM
		}
		if v.Kind != r.Kind || v.KindConfidence != r.KindConfidence || v.Class != r.Class || v.ClassConfidence != r.ClassConfidence ||
			v.BPM != bpm || v.BPMConfidence != r.BPMConfidence || v.Key != key || v.KeyConfidence != r.KeyConfidence || len(v.Embedding) != len(r.Embedding) {
			t.Errorf("sound %d: decided %+v, answered %+v", i, v, r)
		}
	}
}
