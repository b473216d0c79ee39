// Package pad is the editor of one pad: its sound as a waveform with start, end, loop point and up
// to sixteen marks that can be dragged, and every setting of the device around it.
//
// Model is the editor as data, on top of ui/kit's model of the open kit; View draws it. The
// package keeps nothing but what is being dragged.
package pad

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"sampleagent/audio/edit"
	"sampleagent/audio/pcm"
	"sampleagent/audio/waveform"
	device "sampleagent/library/kit"
	"sampleagent/ui/browser"
	"sampleagent/ui/kit"
	"sampleagent/ui/theme"
	own "sampleagent/ui/widget"
)

// Sound is what the editor draws and snaps to.
type Sound struct {
	Audio  *pcm.Buffer // never changed
	Peaks  *waveform.Peaks
	Onsets []float64 // s
	Beats  []float64 // s
}

// Seconds is its length.
func (s *Sound) Seconds() float64 { return float64(s.Audio.Frames()) / float64(s.Audio.Rate) }

// Core is what the editor needs of the application beside the kit's own edits.
type Core interface {
	PadSound(ctx context.Context, sampleID string) (*Sound, error)
}

// Model is the pad that is edited: the one that is selected in the kit. All methods belong to the
// UI goroutine.
type Model struct {
	Kit       *kit.Model
	OnSound   func() // another sound is there, or none
	OnFailure func(error)

	core  Core
	run   browser.Background
	id    string // sample whose sound is there or on its way
	sound *Sound
	why   string // there is no sound because of this
	asked int
}

// NewModel follows the selection of k while it is told to.
func NewModel(core Core, run browser.Background, k *kit.Model) *Model {
	return &Model{Kit: k, core: core, run: run}
}

// Sound is the sound of the selected pad; nil while it is not there, and why says the reason.
func (m *Model) Sound() (s *Sound, why string) { return m.sound, m.why }

// Follow reads the sound of the pad that is selected now.
func (m *Model) Follow() {
	k, _ := m.Kit.Kit()
	id := k.Pad(m.Kit.Slot()).SampleID
	if id == m.id {
		return
	}
	m.id, m.sound, m.why = id, nil, ""
	m.asked++
	asked := m.asked
	switch id {
	case "":
		m.why = "This pad is empty"
	default:
		m.why = "Reading the sound…"
		m.run(func(ctx context.Context) func() {
			s, err := m.core.PadSound(ctx, id)
			return func() {
				if asked != m.asked {
					return
				}
				m.sound, m.why = s, ""
				if err != nil {
					m.sound, m.why = nil, err.Error()
				}
				m.OnSound()
			}
		})
	}
	m.OnSound()
}

// Kind says what a handle is.
type Kind int

// The handles in the order in which they are drawn and chosen.
const (
	Start Kind = iota
	End
	Loop
	Mark // and those after it: the marks from the second on, since the first is frame 0
)

// Handles are start, end, loop point and marks as they are drawn, with the region in seconds.
func (m *Model) Handles() (handles []own.Handle, from, to float64) {
	if m.sound == nil {
		return nil, 0, 0
	}
	s := m.Kit.Settings()
	length := m.sound.Seconds()
	at := func(frame int) float64 { return min(float64(frame)/device.Rate, length) }
	from, to = at(s.Get(device.Start)), length
	if e := s.Get(device.End); e > 0 {
		to = at(e)
	}
	handles = []own.Handle{
		{Label: own.StartHandle, Colour: theme.Good, At: from, Row: 1},
		{Label: own.EndHandle, Colour: theme.Bad, At: to, Row: 1, Left: true},
		{Label: "LOOP", Colour: theme.Accent, At: at(max(s.Get(device.LoopTop), s.Get(device.Start))), Row: 2},
	}
	for i, mark := range s.Marks() {
		if i > 0 {
			handles = append(handles, own.Handle{Label: strconv.Itoa(i + 1), Colour: theme.OnsetMark, At: at(mark), Row: 0})
		}
	}
	return handles, from, to
}

// frame is a time as the device counts it.
func frame(seconds float64) int { return int(math.Round(seconds * device.Rate)) }

// Bound is where a handle that is dragged to a time may be: start and end keep the least distance
// that the device keeps, the loop point stays between them, marks inside of the sound.
func (m *Model) Bound(i int, at float64) float64 {
	handles, from, to := m.Handles()
	if i < 0 || i >= len(handles) {
		return at
	}
	const least = float64(device.MinRegion) / device.Rate
	switch Kind(i) {
	case Start:
		return max(0, min(at, to-least))
	case End:
		return min(m.sound.Seconds(), max(at, from+least))
	case Loop:
		return max(from, min(at, to))
	}
	return max(1/float64(device.Rate), min(at, m.sound.Seconds()))
}

// Snap draws a place that is dragged to the transient within reach (s), else to the nearest zero
// crossing within it.
func (m *Model) Snap(_ int, at, reach float64) float64 {
	if m.sound == nil {
		return at
	}
	if o, ok := nearest(m.sound.Onsets, at, reach); ok {
		return o
	}
	rate := float64(m.sound.Audio.Rate)
	f := edit.SnapZero(m.sound.Audio, int(math.Round(at*rate)), int(reach*rate))
	return float64(f) / rate
}

func nearest(sorted []float64, at, reach float64) (float64, bool) {
	i, _ := slices.BinarySearch(sorted, at)
	best, found := 0.0, false
	for _, j := range []int{i - 1, i} {
		if j >= 0 && j < len(sorted) && math.Abs(sorted[j]-at) <= reach {
			reach, best, found = math.Abs(sorted[j]-at), sorted[j], true
		}
	}
	return best, found
}

// Move puts a handle at a time.
func (m *Model) Move(i int, at float64) {
	if m.sound == nil {
		return
	}
	at = m.Bound(i, at)
	f := frame(at)
	switch Kind(i) {
	case Start:
		m.Kit.SetPairs("start=" + strconv.Itoa(f))
	case End:
		if at >= m.sound.Seconds() {
			f = 0 // the end of the sample
		}
		m.Kit.SetPairs("end=" + strconv.Itoa(f))
	case Loop:
		m.Kit.SetPairs("loop_top=" + strconv.Itoa(f))
	default:
		marks := m.Kit.Settings().Marks()
		if n := i - int(Mark) + 1; n < len(marks) {
			marks[n] = f
			m.setMarks(marks)
		}
	}
}

// Marks is how many marks the pad has, the first at the very start.
func (m *Model) Marks() int { return len(m.Kit.Settings().Marks()) }

// AddMark puts a mark at a time.
func (m *Model) AddMark(at float64) {
	if m.sound == nil {
		return
	}
	marks := m.Kit.Settings().Marks()
	if len(marks) >= device.MaxMarks {
		m.OnFailure(fmt.Errorf("a pad holds %d marks, the first at its start", device.MaxMarks))
		return
	}
	m.setMarks(append(marks, frame(m.Bound(int(Mark), at))))
}

// RemoveMark takes the mark of a handle away; start, end and loop point go back to a fresh pad's.
func (m *Model) RemoveMark(i int) {
	switch Kind(i) {
	case Start:
		m.Kit.SetPairs("start=0")
		return
	case End:
		m.Kit.SetPairs("end=0")
		return
	case Loop:
		m.Kit.SetPairs("loop_top=" + strconv.Itoa(m.Kit.Settings().Get(device.Start)))
		return
	}
	marks := m.Kit.Settings().Marks()
	if n := i - int(Mark) + 1; n > 0 && n < len(marks) {
		marks = slices.Delete(marks, n, n+1)
		if len(marks) == 1 {
			marks = nil // the first alone divides nothing
		}
		m.setMarks(marks)
	}
}

// ClearMarks takes all marks away.
func (m *Model) ClearMarks() { m.setMarks(nil) }

// Divide marks the sound into n equal parts, as the device's automatic marking does; moved onto
// transients that are near when so asked.
func (m *Model) Divide(n int, transients bool) {
	if m.sound == nil {
		return
	}
	frames := frame(m.sound.Seconds())
	var onsets []float64
	if transients {
		onsets = m.sound.Onsets
	}
	cuts, _ := device.ChopPoints(frames, onsets, n)
	if len(cuts) < 3 {
		m.OnFailure(fmt.Errorf("the sound is too short to be divided"))
		return
	}
	m.setMarks(cuts[:len(cuts)-1])
}

func (m *Model) setMarks(marks []int) {
	var words []string
	for _, f := range marks {
		words = append(words, strconv.Itoa(f))
	}
	text := strings.Join(words, ",")
	if text == "" {
		text = "none"
	}
	m.Kit.SetPairs("chops=" + text)
}

// Columns draws the sound: from its peaks, and from its frames where they can be told apart.
func (m *Model) Columns() func(from, to float64, n int) []waveform.Column {
	s := m.sound
	if s == nil {
		return nil
	}
	rate := float64(s.Audio.Rate)
	var out []waveform.Column
	return func(from, to float64, n int) []waveform.Column {
		a, b := int(from*rate), int(math.Ceil(to*rate))
		if b-a < n*waveform.BaseFrames {
			out = waveform.Samples(s.Audio, a, b, n, out)
		} else {
			out = s.Peaks.Range(a, b, n, out)
		}
		return out
	}
}
