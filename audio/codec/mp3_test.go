package codec

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
)

// TestMP3Junk: rubbish before, between and behind frames costs no frame, and cut files give what
// they have.
func TestMP3Junk(t *testing.T) {
	good := golden(t, "tone.mp3")
	want := roundTrip(t, good)
	if want.Truncated || want.Frames != 6615 { // 0.15 s: the coder's delays are gone
		t.Fatalf("%+v", want.Info)
	}
	at := int(id3Length(good))
	first, _ := parseMP3Header(good[at:])
	second := at + first.size
	third, _ := parseMP3Header(good[second:])
	between := second + third.size
	for range 2 { // behind frames enough to be sure of the format
		h, _ := parseMP3Header(good[between:])
		between += h.size
	}
	for name, file := range map[string][]byte{
		"zeros before":  join(make([]byte, 100), good[at:]),
		"no tag":        good[at:],
		"two tags":      join(good[:at], good),
		"tag behind":    join(good, []byte("TAG"), make([]byte, 125)),
		"junk between":  join(good[:between], bytes.Repeat([]byte("rubbish "), 40), good[between:]),
		"sync in words": join(good, bytes.Repeat([]byte{0xFF, 0xFB, 0x90, 0}, 50)),
	} {
		t.Run(name, func(t *testing.T) {
			got := roundTrip(t, file)
			if got.Format != MP3 || got.Frames < want.Frames {
				t.Fatalf("%+v", got.Info)
			}
			sameSamples(t, got.Audio.Samples[:len(want.Audio.Samples)], want.Audio.Samples)
		})
	}
	cut := roundTrip(t, good[:len(good)*2/3])
	if !cut.Truncated || cut.Frames == 0 || cut.Frames >= want.Frames {
		t.Errorf("cut: %+v", cut.Info)
	}
}

// TestMP3LowRates: what the library behind us gets wrong is refused, not played.
func TestMP3LowRates(t *testing.T) {
	_, err := Decode(context.Background(), bytes.NewReader(golden(t, "tone-22050-mono.mp3")), Limits{})
	if !errors.Is(err, ErrUnsupported) || !strings.Contains(err.Error(), "22050 Hz") {
		t.Errorf("error is %v", err)
	}
}
