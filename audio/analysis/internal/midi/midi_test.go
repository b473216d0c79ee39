package midi

import (
	"bytes"
	"testing"

	"gitlab.com/gomidi/midi/v2/smf"
)

// What the file says is what was asked for: program, note, time and length, drums on their channel.
func TestFileHoldsTheNotes(t *testing.T) {
	b, err := file([]Note{{1, .5, 33, 40, 90, false}, {3, 1, 25, 38, 64, true}, {5, .25, 4, 60, 127, false}})
	if err != nil {
		t.Fatal(err)
	}
	s, err := smf.ReadFrom(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	type note struct {
		at, end                     int
		channel, program, key, loud uint8
	}
	var heard []note
	programs := map[uint8]uint8{}
	at := 0
	for _, e := range s.Tracks[0] {
		at += int(e.Delta)
		var ch, a, v uint8
		switch {
		case e.Message.GetProgramChange(&ch, &a):
			programs[ch] = a
		case e.Message.GetNoteStart(&ch, &a, &v):
			heard = append(heard, note{at, 0, ch, programs[ch], a, v})
		case e.Message.GetNoteEnd(&ch, &a):
			heard[len(heard)-1].end = at
		}
	}
	want := []note{{960, 1440, 0, 33, 40, 90}, {2880, 3840, 9, 25, 38, 64}, {4800, 5040, 1, 4, 60, 127}}
	if len(heard) != len(want) {
		t.Fatalf("%d notes, want %d", len(heard), len(want))
	}
	for i := range want {
		if heard[i] != want[i] {
			t.Errorf("note %d is %+v, want %+v", i, heard[i], want[i])
		}
	}
	var many []Note
	for p := range 16 {
		many = append(many, Note{float64(p), 1, p, 60, 90, false})
	}
	if _, err := file(many); err == nil {
		t.Error("sixteen programs found a channel each")
	}
}

func TestTrimKeepsTheSound(t *testing.T) {
	x := make([]float32, 4*playRate)
	for i := playRate; i < 2*playRate; i++ {
		x[i] = .25
	}
	y := trim(x)
	if n := len(y) - playRate; n < 0 || n > playRate/500 {
		t.Errorf("%d frames of a sound of %d", len(y), playRate)
	}
	if y[len(y)/2] < .89 || y[len(y)/2] > .91 {
		t.Errorf("brought to %g", y[len(y)/2])
	}
	if trim(make([]float32, 100)) != nil {
		t.Error("silence is a sound")
	}
}
