// Package midi plays notes on the General MIDI sound fonts of the system, by fluidsynth, for the ear to
// learn from real instruments whose name, key and tempo are known. It serves the train and eval commands
// only; nothing of the fonts is kept in the program.
package midi

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"

	"gitlab.com/gomidi/midi/v2"
	"gitlab.com/gomidi/midi/v2/smf"

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

// file is a standard MIDI file.
func file(notes []Note) ([]byte, error) {
	type event struct {
		tick, order int // programs before ends before beginnings
		message     midi.Message
	}
	var events []event
	channels := map[int]uint8{} // of melodic programs
	for _, n := range notes {
		ch := uint8(drumsOn)
		if !n.Drum {
			var known bool
			if ch, known = channels[n.Program]; !known {
				if ch = uint8(len(channels)); ch >= drumsOn {
					ch++
				}
				if ch > 15 {
					return nil, errors.New("more than 15 programs at once")
				}
				channels[n.Program] = ch
			}
		}
		on := int(n.At*ticks + .5)
		off := max(on+1, int((n.At+n.Length)*ticks+.5))
		events = append(events,
			event{max(0, on-1), 0, midi.ProgramChange(ch, uint8(n.Program))},
			event{off, 1, midi.NoteOff(ch, uint8(n.Pitch))},
			event{on, 2, midi.NoteOn(ch, uint8(n.Pitch), uint8(n.Velocity))})
	}
	slices.SortStableFunc(events, func(a, b event) int {
		return cmp.Or(cmp.Compare(a.tick, b.tick), cmp.Compare(a.order, b.order))
	})
	var track smf.Track
	track.Add(0, smf.MetaTempo(60))
	at := 0
	for _, e := range events {
		track.Add(uint32(e.tick-at), e.message)
		at = e.tick
	}
	track.Close(2 * ticks)
	s := smf.New()
	s.TimeFormat = smf.MetricTicks(ticks)
	if err := s.Add(track); err != nil {
		return nil, err
	}
	var out bytes.Buffer
	_, err := s.WriteTo(&out)
	return out.Bytes(), err
}

// Kits are the numbers of a font's drum kits, as its headers list them, without kits of noises and
// without those between General MIDI 2's, which are arranged from the same instruments.
func (f Font) Kits() ([]int, error) {
	const (
		header = 38 // bytes of a preset's header in the phdr chunk (SoundFont 2.04, 7.2)
		drums  = 128
		analog = 25
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
		if bank == drums && (program%8 == 0 || program == analog) && program < noises {
			kits = append(kits, program)
		}
	}
	slices.Sort(kits)
	return kits, nil
}
