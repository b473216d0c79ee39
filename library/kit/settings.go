package kit

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Settings are all settings of a pad. The zero value is a fresh pad; every other value comes
// out of the With functions, so none is out of range. Settings are comparable with ==.
type Settings struct {
	// Distances from the defaults, so that the zero value is the fresh pad.
	d     [paramCount]int32
	marks [MaxMarks]int32
	n     int32
}

// Change is a setting and its new value.
type Change struct {
	Param Param
	Value int
}

// Get is a setting's value in the units of its Info.
func (s Settings) Get(p Param) int {
	if p >= paramCount {
		return 0
	}
	return Params[p].Default + int(s.d[p])
}

// On says whether a switch is on.
func (s Settings) On(p Param) bool { return s.Get(p) != 0 }

// Float is a setting's value in its unit: 92.5 for a tempo, 100 for a speed in percent.
func (s Settings) Float(p Param) float64 { return float64(s.Get(p)) / float64(p.Info().Scale) }

// Text is a setting's value as it is typed and shown.
func (s Settings) Text(p Param) string { return p.Info().Text(s.Get(p)) }

// Changed are the settings that differ from a fresh pad, in the table's order.
func (s Settings) Changed() []Param {
	var out []Param
	for i, d := range s.d {
		if d != 0 {
			out = append(out, Param(i))
		}
	}
	return out
}

// Set changes one setting; what it excludes gives way (see With).
func (s Settings) Set(p Param, value int) (Settings, error) { return s.With(Change{p, value}) }

// With changes settings together; on an error the settings stay as they are.
//
// What the device couples is coupled here: one-shot turns gate and loop off, and either turns
// one-shot off (manual p. 18 to 20); the loop point follows the start when that passes it
// (seen in device files); with vinyl on, pitch ends at +7, fine pitch is -49 to +50 and vari is
// off (PITCH/SPEED, p. 51). A change that contradicts another of the same call is an error.
func (s Settings) With(changes ...Change) (Settings, error) {
	t := s
	for _, c := range changes {
		if c.Param >= paramCount {
			return s, fmt.Errorf("no pad setting number %d", c.Param)
		}
		if i := Params[c.Param]; c.Value < i.Min || c.Value > i.Max {
			return s, &RangeError{c.Param, i.Text(c.Value), i.Range()}
		}
		t.put(c.Param, c.Value)
	}
	t.settle()
	for _, c := range changes {
		if got := t.Get(c.Param); got != c.Value {
			return s, &RangeError{c.Param, c.Param.Info().Text(c.Value), "it contradicts " + t.rival(c.Param)}
		}
	}
	if err := t.check(); err != nil {
		return s, err
	}
	return t, nil
}

func (s *Settings) put(p Param, v int) {
	s.set(p, v)
	switch {
	case p == OneShot && v == 1:
		s.set(Gate, 0)
		s.set(Loop, 0)
	case (p == Gate || p == Loop) && v == 1:
		s.set(OneShot, 0)
	}
}

func (s *Settings) set(p Param, v int) { s.d[p] = int32(v - Params[p].Default) }

// settle moves the loop point back into the region when the region has moved off it.
func (s *Settings) settle() {
	start, end := s.Get(Start), s.Get(End)
	if top := s.Get(LoopTop); top < start || end > 0 && top > end {
		s.set(LoopTop, start)
	}
}

func (s Settings) rival(p Param) string {
	switch p {
	case OneShot:
		return "gate or loop, which one-shot turns off"
	case Gate, Loop:
		return "one-shot, which turns it off"
	case LoopTop:
		return "start and end: the loop point lies between them"
	}
	return "another change made with it"
}

func (s Settings) check() error {
	if s.On(Vinyl) {
		switch pitch, fine := s.Get(Pitch), s.Get(Fine); {
		case pitch > 7:
			return &RangeError{Pitch, s.Text(Pitch), "with vinyl on, pitch is -12 to +7 st; turn vinyl off first"}
		case fine < -49 || fine > 50:
			return &RangeError{Fine, s.Text(Fine), "with vinyl on, fine pitch is -49 to +50 cent; turn vinyl off first"}
		case s.Get(Vari) != 0:
			return &RangeError{Vari, s.Text(Vari), "vari works with vinyl off only; turn vinyl off first"}
		}
	}
	if end := s.Get(End); end > 0 && end-s.Get(Start) < MinRegion {
		return &RangeError{End, strconv.Itoa(end), fmt.Sprintf("the end must lie at least %d frames after the start", MinRegion)}
	}
	if s.Get(Start) > MaxFrames-MinRegion {
		return &RangeError{Start, s.Text(Start), fmt.Sprintf("the start must lie at least %d frames before the end", MinRegion)}
	}
	return nil
}

// Marks are the chop marks in frames at 48 kHz, rising; nil when there are none.
func (s Settings) Marks() []int {
	if s.n == 0 {
		return nil
	}
	out := make([]int, s.n)
	for i := range out {
		out[i] = int(s.marks[i])
	}
	return out
}

// WithMarks replaces the chop marks. They are sorted and freed of repeats; as on the device the
// first is always frame 0, which is added where it is missing.
func (s Settings) WithMarks(frames []int) (Settings, error) {
	m := slices.Clone(frames)
	if len(m) > 0 {
		m = append(m, 0)
	}
	slices.Sort(m)
	m = slices.Compact(m)
	if len(m) > MaxMarks {
		return s, fmt.Errorf("%d marks are too many: a pad holds %d, the first at frame 0", len(m), MaxMarks)
	}
	t := s
	t.marks, t.n = [MaxMarks]int32{}, int32(len(m))
	for i, f := range m {
		if f < 0 || f > MaxFrames {
			return s, fmt.Errorf("a mark at frame %d is not possible: marks lie at 0 to %d", f, MaxFrames)
		}
		t.marks[i] = int32(f)
	}
	return t, nil
}

// WithText changes settings from text such as "gate=on", "volume=100", "chops=0,12000",
// "reverse=on", "pingpong=on". All or none are changed.
func (s Settings) WithText(pairs ...string) (Settings, error) {
	var changes []Change
	t := s
	mode := s.Get(PlayMode)
	for _, pair := range pairs {
		name, text, ok := strings.Cut(pair, "=")
		if !ok {
			return s, fmt.Errorf("%q is not a setting: write it as name=value, for example volume=100", pair)
		}
		switch strings.ToLower(name) {
		case "reverse", "pingpong":
			on, err := Params[Gate].Parse(text)
			if err != nil {
				return s, fmt.Errorf("%s=%s is not possible: on or off", name, text)
			}
			bit := 1 // PlayMode is two bits: reverse, ping-pong
			if strings.EqualFold(name, "pingpong") {
				bit = 2
			}
			mode = mode&^bit | bit*on
			changes = append(changes, Change{PlayMode, mode})
			continue
		case "chops", "marks":
			marks, err := parseMarks(text)
			if err == nil {
				t, err = t.WithMarks(marks)
			}
			if err != nil {
				return s, err
			}
			continue
		}
		p, ok := ParamByName(name)
		if !ok {
			return s, fmt.Errorf("there is no pad setting %q; there are: %s", name, strings.Join(paramNames(), ", "))
		}
		v, err := Params[p].Parse(text)
		if err != nil {
			return s, err
		}
		if p == PlayMode {
			mode = v
		}
		changes = append(changes, Change{p, v})
	}
	// Reverse and ping-pong are two words for halves of one setting: the last of them has both.
	for i := range changes {
		if changes[i].Param == PlayMode {
			changes[i].Value = mode
		}
	}
	out, err := t.With(changes...)
	if err != nil {
		return s, err
	}
	return out, nil
}

// paramNames are the names of all settings that WithText takes.
func paramNames() []string {
	var out []string
	for _, i := range Params {
		out = append(out, i.Name)
	}
	return append(out, "chops")
}

func parseMarks(text string) ([]int, error) {
	if text == "" || strings.EqualFold(text, "none") {
		return nil, nil
	}
	var out []int
	for _, w := range strings.Split(text, ",") {
		f, err := strconv.Atoi(strings.TrimSpace(w))
		if err != nil {
			return nil, fmt.Errorf("chops=%s is not possible: frames with commas between, or none", text)
		}
		out = append(out, f)
	}
	return out, nil
}

// Strings are the settings that differ from a fresh pad, as WithText reads them.
func (s Settings) Strings() []string {
	var out []string
	for _, p := range s.Changed() {
		out = append(out, p.String()+"="+s.Text(p))
	}
	if s.n > 0 {
		var w []string
		for _, m := range s.Marks() {
			w = append(w, strconv.Itoa(m))
		}
		out = append(out, "chops="+strings.Join(w, ","))
	}
	return out
}

// ErrProtected says that a bank is protected, so that its pads and patterns stay as they are.
var ErrProtected = errors.New("bank is protected")
