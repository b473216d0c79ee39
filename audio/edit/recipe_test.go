package edit

import (
	"math"
	"testing"

	"sampleagent/audio/pcm"
)

// ramp is a mono sound of 100 Hz whose frames count up from 0.01.
func ramp(frames int) *pcm.Buffer {
	b := &pcm.Buffer{Rate: 100, Channels: 1}
	for i := range frames {
		b.Samples = append(b.Samples, float32(i+1)/100)
	}
	return b
}

func TestARecipeIsDoneInItsOrderAndLeavesTheOriginal(t *testing.T) {
	b := ramp(50)
	got, err := Recipe{From: 0.1, To: 0.3, Reverse: true, Normalise: true, Peak: 0, FadeOut: 0.02}.Apply(b)
	if err != nil {
		t.Fatal(err)
	}
	// Frames 10 to 29 hold 0.11 to 0.30; backwards and brought to 1 they begin at 1 and end,
	// but for the fade, at 0.11/0.30.
	if got.Frames() != 20 || got.Samples[0] != 1 || math.Abs(float64(got.Samples[17])-0.13/0.30) > 1e-6 || got.Samples[19] != 0 {
		t.Errorf("%d frames: %v", got.Frames(), got.Samples)
	}
	if b.Frames() != 50 || b.Samples[10] != 0.11 {
		t.Error("the original was changed")
	}
	if _, err := (Recipe{From: 0.3, To: 0.3}).Apply(b); err == nil {
		t.Error("nothing was left, and no error")
	}
	same, err := Recipe{}.Apply(b)
	if err != nil || same.Frames() != 50 {
		t.Errorf("an empty recipe changed something: %v", err)
	}
}

func TestCutsMoveToAZeroCrossing(t *testing.T) {
	b := &pcm.Buffer{Rate: 44100, Channels: 1}
	for i := range 44100 {
		b.Samples = append(b.Samples, float32(math.Sin(2*math.Pi*1000*float64(i)/44100)))
	}
	got, err := Recipe{From: 0.12345, To: 0.51234}.Apply(b)
	if err != nil {
		t.Fatal(err)
	}
	step := 2 * math.Pi * 1000 / 44100
	if first, last := math.Abs(float64(got.Samples[0])), math.Abs(float64(got.Samples[got.Frames()-1])); first > step || last > step {
		t.Errorf("the cut clicks: %v, %v", first, last)
	}
	if off := math.Abs(float64(got.Frames())/44100 - (0.51234 - 0.12345)); off > 0.002 {
		t.Errorf("the cuts moved by %v s", off)
	}
}

func TestPartsKeepWhatTheRecipeSays(t *testing.T) {
	r := Recipe{From: 1, To: 5, Reverse: true}
	parts := r.Parts(8, []float64{0.5, 4, 2, 2.001, 4.9995, 7}, 0.01)
	want := [][2]float64{{1, 2}, {2, 4}, {4, 5}}
	if len(parts) != len(want) {
		t.Fatalf("%+v", parts)
	}
	for i, p := range parts {
		if math.Abs(p.From-want[i][0]) > 1e-5 || math.Abs(p.To-want[i][1]) > 1e-5 || !p.Reverse {
			t.Errorf("part %d: %+v", i, p)
		}
	}
	whole := Recipe{}.Parts(2, []float64{1}, 0)
	if len(whole) != 2 || whole[1].To != 0 {
		t.Errorf("the last part must go to the very end: %+v", whole)
	}
}

func TestWordsOfARecipe(t *testing.T) {
	if w := (Recipe{To: 2, Normalise: true, FadeIn: 1}).Words(); w != "trim normalise fade" {
		t.Errorf("%q", w)
	}
	if w := (Recipe{}).Words(); w != "" {
		t.Errorf("%q", w)
	}
}
