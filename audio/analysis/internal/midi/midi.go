// Package midi plays notes on the General MIDI sound fonts of the system, by fluidsynth, for the ear to
// learn from real instruments whose name, key and tempo are known. It serves the train and eval commands
// only; nothing of the fonts is kept in the program.
package midi

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"

	"sampleagent/audio/codec"
	"sampleagent/audio/pcm"
)

// Note is one note. Times are seconds.
type Note struct {
	At, Length float64
	Program    int // 0 to 127; for drums the kit
	Pitch      int // 60 is middle C; for drums the instrument
	Velocity   int // 1 to 127
	Drum       bool
}

// Font is the file of a sound font.
type Font string

// Fonts are those that the Debian packages fluid-soundfont-gm and timgm6mb-soundfont install.
func Fonts() ([]Font, error) {
	list := []Font{"/usr/share/sounds/sf2/FluidR3_GM.sf2", "/usr/share/sounds/sf2/TimGM6mb.sf2"}
	for _, f := range list {
		if _, err := os.Stat(string(f)); err != nil {
			return nil, fmt.Errorf("sound font: %w; install fluid-soundfont-gm and timgm6mb-soundfont", err)
		}
	}
	return list, nil
}

const (
	ticks    = 960 // a second: a quarter note at 60 BPM
	drumsOn  = 9   // the drums' channel
	playRate = 44100
)

// Play gives the notes as one channel at 44.1 kHz, dry, with what rings on after the last. Up to 15
// programs may sound at once.
func (f Font) Play(ctx context.Context, notes []Note) (*pcm.Buffer, error) {
	song, err := file(notes)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "sample-agent-midi")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	from, to := filepath.Join(dir, "song.mid"), filepath.Join(dir, "song.wav")
	if err := os.WriteFile(from, song, 0o600); err != nil {
		return nil, err
	}
	out, err := exec.CommandContext(ctx, "fluidsynth", "-ni", "-q", "-R", "0", "-C", "0", "-g", "0.5",
		"-r", fmt.Sprint(playRate), "-T", "wav", "-O", "float", "-F", to, string(f), from).CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("fluidsynth: %w: %s", err, bytes.TrimSpace(out))
	}
	clip, err := codec.DecodeFile(ctx, to, codec.Limits{})
	if err != nil {
		return nil, err
	}
	mono := make([]float32, clip.Audio.Frames())
	for i := range mono {
		mono[i] = (clip.Audio.Samples[2*i] + clip.Audio.Samples[2*i+1]) / 2
	}
	return &pcm.Buffer{Rate: playRate, Channels: 1, Samples: mono}, nil
}

// event is what a channel is told at a time.
type event struct {
	tick  int
	order int // programs before ends before beginnings
	bytes []byte
}

// file is a standard MIDI file of format 0.
func file(notes []Note) ([]byte, error) {
	var events []event
	free := map[int]int{} // program to channel
	for _, n := range notes {
		ch := drumsOn
		if !n.Drum {
			var known bool
			if ch, known = free[n.Program]; !known {
				if ch = len(free); ch >= drumsOn {
					ch++
				}
				if ch > 15 {
					return nil, errors.New("more than 15 programs at once")
				}
				free[n.Program] = ch
			}
		}
		on := int(n.At*ticks + .5)
		off := max(on+1, int((n.At+n.Length)*ticks+.5))
		events = append(events,
			event{max(0, on-1), 0, []byte{0xC0 | byte(ch), byte(n.Program)}},
			event{off, 1, []byte{0x80 | byte(ch), byte(n.Pitch), 0}},
			event{on, 2, []byte{0x90 | byte(ch), byte(n.Pitch), byte(n.Velocity)}})
	}
	slices.SortStableFunc(events, func(a, b event) int {
		if a.tick != b.tick {
			return a.tick - b.tick
		}
		return a.order - b.order
	})
	track := []byte{0, 0xFF, 0x51, 3, 0x0F, 0x42, 0x40} // 1,000,000 µs a quarter note
	at := 0
	for _, e := range events {
		track = append(variable(track, e.tick-at), e.bytes...)
		at = e.tick
	}
	track = append(variable(track, 2*ticks), 0xFF, 0x2F, 0)
	out := append([]byte("MThd"), 0, 0, 0, 6, 0, 0, 0, 1, ticks>>8, ticks&0xFF)
	out = binary.BigEndian.AppendUint32(append(out, "MTrk"...), uint32(len(track)))
	return append(out, track...), nil
}

// variable appends a number in groups of seven bits, the highest first.
func variable(b []byte, n int) []byte {
	for shift := 21; shift > 0; shift -= 7 {
		if n>>shift > 0 {
			b = append(b, byte(n>>shift&0x7F|0x80))
		}
	}
	return append(b, byte(n&0x7F))
}

// Kits are the numbers of a font's drum kits, as its headers list them, without kits of noises.
func (f Font) Kits() ([]int, error) {
	const (
		header = 38 // bytes of a preset's header in the phdr chunk (SoundFont 2.04, 7.2)
		drums  = 128
		noises = 56 // General MIDI 2's kit of effects
	)
	b, err := os.ReadFile(string(f))
	if err != nil {
		return nil, err
	}
	i := bytes.LastIndex(b, []byte("phdr"))
	if i < 0 || i+8 > len(b) {
		return nil, fmt.Errorf("%s has no list of presets", f)
	}
	n := int(binary.LittleEndian.Uint32(b[i+4:]))
	b = b[i+8:]
	var kits []int
	for ; n >= 2*header && len(b) >= 2*header; n, b = n-header, b[header:] { // the last one only ends the list
		program, bank := int(binary.LittleEndian.Uint16(b[20:])), int(binary.LittleEndian.Uint16(b[22:]))
		if bank == drums && program < 127 && program != noises {
			kits = append(kits, program)
		}
	}
	slices.Sort(kits)
	return kits, nil
}
