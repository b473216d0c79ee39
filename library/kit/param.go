package kit

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Param is one setting of a pad. The table Params says all about each; the command line, the
// window's editor and the device's codec read it and have no list of their own.
type Param uint8

// The settings of a pad. Sections and pages are those of the device's reference manual v5.
const (
	Volume        Param = iota // 0 to 127
	Pan                        // -50 (left) to 50 (right), -51 and 51 are MONO(L) and MONO(R)
	Tempo                      // hundredths of a beat per minute
	TempoMode                  // how the device finds the pad's tempo
	BPMSync                    // follow the project's tempo
	Gate                       // sound as long as the pad is held
	Loop                       // repeat
	OneShot                    // play to the end whatever happens; excludes gate and loop
	PlayMode                   // forward, reverse, and both as ping-pong
	MuteGroup                  // pads of a group cut each other off
	PadLink                    // pads of a group sound together
	Bus                        // which effect bus
	Pitch                      // semitones
	Fine                       // hundredths of a semitone
	Speed                      // hundredths of a percent
	Vinyl                      // speed and pitch coupled, as on a record
	Vari                       // time-stretch algorithm, with vinyl off
	Roll                       // note value of the pad's roll
	Attack                     // 0 to 127
	Hold                       // percent
	Release                    // 0 to 127; 127 is 3 s
	FixedVelocity              // every hit at 127
	Chromatic                  // voices when played chromatically
	Start                      // first frame to sound
	End                        // frame after the last to sound; 0 is the end of the sample
	LoopTop                    // where a loop starts anew
	paramCount
)

// Limits of positions, in frames at the device's 48 kHz.
const (
	Rate      = 48000
	MaxFrames = 46_126_464 // the longest sample seen on a device, 16 min 0.968 s
	MinRegion = 1000       // the device keeps start this far before end
	MaxMarks  = 16
)

// Kind says how a setting is shown and typed.
type Kind uint8

// The kinds of settings.
const (
	Number   Kind = iota // a slider
	Switch               // on or off
	Choice               // one of Choices
	Position             // a frame at 48 kHz, shown on the waveform
)

// Info describes a setting. Values are integers; Scale of them make one Unit.
type Info struct {
	Param    Param
	Name     string // as typed and printed: "volume"
	Label    string // as shown: "Volume"
	Unit     string // "BPM", "%", "st", "cent", "frames" or ""
	Kind     Kind
	Min, Max int
	Default  int
	Scale    int      // 100 for hundredths, else 1
	Choices  []string // names of Min.. Max, for Choice
	Help     string   // one line for a tooltip
}

var groups = []string{"none", "A", "B", "C", "D", "E", "F", "G", "H", "I", "J"}

// Params is the one table of pad settings, in the order in which they are printed.
var Params = [paramCount]Info{
	num(Volume, "volume", "Volume", "", 0, 127, 127, 1, "How loud the pad is"),
	num(Pan, "pan", "Pan", "", -51, 51, 0, 1, "L50 to R50, or MONO(L) and MONO(R)"),
	num(Tempo, "tempo", "Tempo", "BPM", 4000, 20000, 9000, 100, "The sample's own tempo"),
	choice(TempoMode, "tempo_mode", "Tempo found", 0, "How the device finds the tempo; not in the project file", "auto", "manual", "manual-f"),
	onOff(BPMSync, "bpm_sync", "BPM sync", 0, "Follow the tempo of bank or project"),
	onOff(Gate, "gate", "Gate", 1, "Sound only while the pad is held"),
	onOff(Loop, "loop", "Loop", 0, "Repeat from the loop point"),
	onOff(OneShot, "one_shot", "One-shot", 0, "Always play to the end; turns gate and loop off"),
	choice(PlayMode, "play_mode", "Direction", 0, "Forward, reverse, or to and fro", "forward", "reverse", "fwd_pingpong", "rev_pingpong"),
	choice(MuteGroup, "mute_group", "Mute group", 0, "Pads of a group cut each other off", groups...),
	choice(PadLink, "pad_link", "Pad link", 0, "Up to four pads of a group sound together", groups...),
	choice(Bus, "bus", "Bus", 1, "Effect bus", "dry", "bus1", "bus2"),
	num(Pitch, "pitch", "Pitch", "st", -12, 12, 0, 1, "Semitones; with vinyl on up to +7"),
	num(Fine, "fine", "Fine pitch", "cent", -100, 100, 0, 1, "Hundredths of a semitone; with vinyl on -49 to +50"),
	num(Speed, "speed", "Speed", "%", 5000, 15000, 10000, 100, "Without BPM sync only"),
	onOff(Vinyl, "vinyl", "Vinyl", 1, "Speed and pitch move together, as on a record"),
	choice(Vari, "vari", "Vari", 0, "Time-stretch, with vinyl off", "off", "backing", "ensemble"),
	choice(Roll, "roll", "Roll", 1, "Note value of the roll", "off", "1/4", "1/8", "1/16", "1/32", "1/64", "3/8", "3/16", "3/32", "3/64"),
	num(Attack, "attack", "Attack", "", 0, 127, 0, 1, "Time to full level"),
	num(Hold, "hold", "Hold", "%", 1, 100, 100, 1, "Share of the sample at full level"),
	num(Release, "release", "Release", "", 0, 127, 0, 1, "Time to silence; 127 is 3 s"),
	onOff(FixedVelocity, "fixed_velocity", "Fixed velocity", 0, "Every hit at 127"),
	choice(Chromatic, "chromatic", "Chromatic", 0, "Voices when played chromatically", "mono", "legato", "poly"),
	pos(Start, "start", "Start", "First frame to sound, at 48 kHz"),
	pos(End, "end", "End", "Frame after the last to sound; 0 is the end of the sample"),
	pos(LoopTop, "loop_top", "Loop point", "Where the loop starts anew"),
}

func num(p Param, name, label, unit string, low, high, def, scale int, help string) Info {
	return Info{Param: p, Name: name, Label: label, Unit: unit, Kind: Number, Min: low, Max: high, Default: def, Scale: scale, Help: help}
}

func onOff(p Param, name, label string, def int, help string) Info {
	return Info{Param: p, Name: name, Label: label, Kind: Switch, Max: 1, Default: def, Scale: 1, Help: help, Choices: []string{"off", "on"}}
}

func choice(p Param, name, label string, def int, help string, names ...string) Info {
	return Info{Param: p, Name: name, Label: label, Kind: Choice, Max: len(names) - 1, Default: def, Scale: 1, Help: help, Choices: names}
}

func pos(p Param, name, label, help string) Info {
	return Info{Param: p, Name: name, Label: label, Unit: "frames", Kind: Position, Max: MaxFrames, Scale: 1, Help: help}
}

// ParamByName finds a setting by the name it is typed with.
func ParamByName(name string) (Param, bool) {
	name = strings.ToLower(strings.ReplaceAll(name, "-", "_"))
	for i := range Params {
		if Params[i].Name == name {
			return Param(i), true
		}
	}
	p, ok := alias[name]
	return p, ok
}

// Other words that hands type.
var alias = map[string]Param{
	"bpm": Tempo, "sync": BPMSync, "mute": MuteGroup, "link": PadLink, "direction": PlayMode,
	"oneshot": OneShot, "vol": Volume, "mode": PlayMode,
}

// Info is the parameter's line of the table.
func (p Param) Info() Info {
	if p >= paramCount {
		return Info{Param: p, Name: "?", Scale: 1}
	}
	return Params[p]
}

// String is the parameter's name.
func (p Param) String() string { return p.Info().Name }

// RangeError says that a value lies outside of what the device knows.
type RangeError struct {
	Param Param
	Text  string // what was asked for
	Want  string // what would be right: "0 to 127"
}

func (e *RangeError) Error() string {
	return fmt.Sprintf("%s=%s is not possible: %s", e.Param, e.Text, e.Want)
}

// Range says in words what a setting takes: "0 to 127", "on or off".
func (i Info) Range() string {
	switch {
	case i.Kind == Switch:
		return "on or off"
	case i.Kind == Choice:
		return "one of " + strings.Join(i.Choices, ", ")
	case i.Param == Pan:
		return "L50 to R50, C, MONO(L) or MONO(R)"
	}
	s := i.number(i.Min) + " to " + i.number(i.Max)
	if i.Kind == Position {
		return s + " frames, or a time as 1.5s or 250ms"
	}
	if i.Unit != "" {
		s += " " + i.Unit
	}
	return s
}

func (i Info) number(v int) string {
	return strconv.FormatFloat(float64(v)/float64(i.Scale), 'f', -1, 64)
}

// Text prints a value of the setting as it is typed.
func (i Info) Text(v int) string {
	switch {
	case len(i.Choices) > 0 && v >= 0 && v < len(i.Choices):
		return i.Choices[v]
	case i.Param == Pan:
		return panText(v)
	}
	return i.number(v)
}

// Parse reads a value as it is typed; it is in range, or the error is a *RangeError.
func (i Info) Parse(text string) (int, error) {
	text = strings.TrimSpace(text)
	bad := &RangeError{Param: i.Param, Text: text, Want: i.Range()}
	if len(i.Choices) > 0 {
		for v, c := range i.Choices {
			if strings.EqualFold(c, text) {
				return v, nil
			}
		}
		if i.Kind == Switch {
			switch strings.ToLower(text) {
			case "1", "true", "yes":
				return 1, nil
			case "0", "false", "no":
				return 0, nil
			}
		}
		if (i.Param == MuteGroup || i.Param == PadLink) && strings.EqualFold(text, "off") {
			return 0, nil
		}
		return 0, bad
	}
	if i.Param == Pan {
		if v, ok := parsePan(text); ok {
			return v, nil
		}
		return 0, bad
	}
	if i.Kind == Position {
		if v, ok := parseTime(text); ok && v >= i.Min && v <= i.Max {
			return v, nil
		}
	}
	f, err := strconv.ParseFloat(strings.TrimSuffix(text, "%"), 64)
	v := math.Round(f * float64(i.Scale))
	if err != nil || math.IsNaN(v) || v < float64(i.Min) || v > float64(i.Max) {
		return 0, bad
	}
	if i.Scale == 1 && v != f {
		return 0, bad
	}
	return int(v), nil
}

// parseTime reads a position in seconds, "1.5s", or milliseconds, "250ms".
func parseTime(text string) (frame int, ok bool) {
	number, seconds := strings.CutSuffix(strings.ToLower(text), "s")
	number, milli := strings.CutSuffix(number, "m")
	f, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	if milli {
		f /= 1000
	}
	f = math.Round(f * Rate)
	return int(f), seconds && err == nil && f >= 0 && f <= MaxFrames
}

func panText(v int) string {
	switch {
	case v < -50:
		return "MONO(L)"
	case v > 50:
		return "MONO(R)"
	case v < 0:
		return "L" + strconv.Itoa(-v)
	case v > 0:
		return "R" + strconv.Itoa(v)
	}
	return "C"
}

func parsePan(text string) (int, bool) {
	up := strings.ToUpper(text)
	switch up {
	case "C", "CENTRE", "CENTER":
		return 0, true
	case "MONO(L)":
		return -51, true
	case "MONO(R)":
		return 51, true
	}
	sign := 1
	switch {
	case strings.HasPrefix(up, "L"):
		sign, up = -1, up[1:]
	case strings.HasPrefix(up, "R"):
		up = up[1:]
	default:
		v, err := strconv.Atoi(up)
		return v, err == nil && v >= -50 && v <= 50
	}
	v, err := strconv.ParseUint(up, 10, 8)
	return sign * int(v), err == nil && v <= 50
}
