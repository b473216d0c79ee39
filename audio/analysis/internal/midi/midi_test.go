package midi

import (
	"bytes"
	"math/rand/v2"
	"reflect"
	"strings"
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

// Every row of every style is whole beats of signs that are known, and what is drawn lies within the loop.
func TestStylesArePlayable(t *testing.T) {
	for _, s := range append(drumStyles, lineStyles...) {
		fields := strings.Fields(s.bar)
		if len(fields) == 0 || len(fields)%2 != 0 || s.lo < 40 || s.hi > 250 || s.lo >= s.hi {
			t.Fatalf("%v is no style", s)
		}
		for i := 0; i < len(fields); i += 2 {
			name, row := fields[i], fields[i+1]
			signs := "Xxo?."
			if drumKeys[name] == 0 {
				if linePrograms[name] == nil {
					t.Errorf("%q: nothing plays %q", s.bar, name)
				}
				signs = "0123cx-."
			}
			if len(row)%s.beats != 0 || strings.Trim(row, signs) != "" {
				t.Errorf("%q: %q is not a row of %d beats", s.bar, row, s.beats)
			}
		}
	}
	kits := []int{0, 8}
	for seed := range uint64(200) {
		loop, notes, length := draw(rand.New(rand.NewPCG(seed, 1)), kits)
		_, again, _ := draw(rand.New(rand.NewPCG(seed, 1)), kits)
		if !reflect.DeepEqual(notes, again) {
			t.Fatalf("seed %d draws two loops", seed)
		}
		if len(notes) == 0 || length > longestLoop && length > 5*60/loop.BPM {
			t.Errorf("%+v: %d notes in %.1f s", loop, len(notes), length)
		}
		for _, n := range notes {
			if n.At < 0 || n.At > length+.1 || n.Pitch < 20 || n.Pitch > 110 || n.Velocity < 1 || n.Velocity > 127 {
				t.Errorf("%+v: %+v in %.1f s", loop, n, length)
			}
		}
	}
}
