package sp404

import (
	"fmt"
	"math"

	"sampleagent/library/kit"
	"sampleagent/library/sp404/padconf"
)

// padRecord is a pad of a kit as the device keeps it. Settings that the file has no known place
// for stay as they are in was: tempo mode, and BPM sync, whose polarity is disputed.
func padRecord(was padconf.Pad, p kit.Pad, name string, frames int64, channels int, bpm float64) (padconf.Pad, error) {
	size, err := padconf.Position(frames, channels)
	if err != nil {
		return padconf.Pad{}, err
	}
	out := padconf.Fresh(name, size)
	out.BPMSync = was.BPMSync
	s := p.Settings
	at := func(param kit.Param) (uint32, error) {
		return padconf.Position(min(int64(s.Get(param)), frames), channels)
	}
	if out.Start, err = at(kit.Start); err != nil {
		return out, err
	}
	if out.LoopTop, err = at(kit.LoopTop); err != nil {
		return out, err
	}
	if s.Get(kit.End) > 0 {
		if out.End, err = at(kit.End); err != nil {
			return out, err
		}
	}
	// A region that lies behind the end of a shorter sample is none.
	if padconf.Frame(out.End, channels)-padconf.Frame(out.Start, channels) < min(kit.MinRegion, frames) {
		out.Start, out.End, out.LoopTop = padconf.AudioOffset, size, padconf.AudioOffset
	}
	u := func(param kit.Param) uint32 { return uint32(s.Get(param)) }
	out.Volume, out.Pan = u(kit.Volume), uint32(64+s.Get(kit.Pan))
	out.Gate, out.Loop, out.OneShot = s.On(kit.Gate), s.On(kit.Loop), s.On(kit.OneShot)
	out.PlayMode, out.MuteGroup, out.PadLink, out.Bus = u(kit.PlayMode), u(kit.MuteGroup), u(kit.PadLink), u(kit.Bus)
	out.Pitch, out.Fine, out.Speed = int32(s.Get(kit.Pitch)), int32(s.Get(kit.Fine)), u(kit.Speed)
	out.Vinyl, out.Vari, out.Chromatic = s.On(kit.Vinyl), u(kit.Vari), u(kit.Chromatic)
	out.Attack, out.Hold, out.Release = u(kit.Attack), u(kit.Hold), u(kit.Release)
	out.FixedVelocity = s.On(kit.FixedVelocity)
	out.Tempo = uint32(padTempo(s, bpm))
	roll, ok := padconf.RollNumber(s.Text(kit.Roll))
	if !ok {
		return out, fmt.Errorf("roll %s has no number on the device", s.Text(kit.Roll))
	}
	out.Roll = roll
	for _, m := range s.Marks() {
		if int64(m) < frames {
			out.Marks = append(out.Marks, uint32(m))
		}
	}
	return out, nil
}

// padSettings reads a device's pad as settings of a kit. What the kit cannot hold is left at its
// default and told in words.
func padSettings(p padconf.Pad, channels int) (kit.Settings, []string) {
	var s kit.Settings
	var warnings []string
	frames := p.Frames(channels)
	set := func(param kit.Param, v int64) {
		if v > math.MaxInt32 || v < math.MinInt32 {
			v = math.MaxInt32
		}
		next, err := s.Set(param, int(v))
		if err != nil {
			warnings = append(warnings, err.Error())
			return
		}
		s = next
	}
	flag := func(param kit.Param, on bool) {
		if on {
			set(param, 1)
		} else {
			set(param, 0)
		}
	}
	flag(kit.Vinyl, p.Vinyl) // first: it decides which pitches are possible
	set(kit.Vari, int64(p.Vari))
	set(kit.Pitch, int64(p.Pitch))
	set(kit.Fine, int64(p.Fine))
	set(kit.Volume, int64(p.Volume))
	set(kit.Pan, int64(p.Pan)-64)
	set(kit.Tempo, int64(p.Tempo))
	flag(kit.Gate, p.Gate)
	flag(kit.Loop, p.Loop)
	if p.OneShot {
		if p.Gate || p.Loop {
			warnings = append(warnings, "one-shot together with gate or loop: kept as one-shot")
		}
		set(kit.OneShot, 1)
	}
	set(kit.PlayMode, int64(p.PlayMode))
	set(kit.MuteGroup, int64(p.MuteGroup))
	set(kit.PadLink, int64(p.PadLink))
	set(kit.Bus, int64(p.Bus))
	set(kit.Speed, int64(p.Speed))
	set(kit.Attack, int64(p.Attack))
	set(kit.Hold, int64(p.Hold))
	set(kit.Release, int64(p.Release))
	flag(kit.FixedVelocity, p.FixedVelocity)
	set(kit.Chromatic, int64(p.Chromatic))
	if v, err := kit.Params[kit.Roll].Parse(p.RollName()); err == nil {
		set(kit.Roll, int64(v))
	} else {
		warnings = append(warnings, err.Error())
	}
	start, end, top := padconf.Frame(p.Start, channels), padconf.Frame(p.End, channels), padconf.Frame(p.LoopTop, channels)
	if end >= frames {
		end = 0
	}
	if start > 0 || end > 0 || top > 0 {
		region, err := s.With(kit.Change{Param: kit.Start, Value: int(start)}, kit.Change{Param: kit.End, Value: int(end)}, kit.Change{Param: kit.LoopTop, Value: int(top)})
		if err != nil {
			region, err = s.With(kit.Change{Param: kit.Start, Value: int(start)}, kit.Change{Param: kit.End, Value: int(end)})
		}
		if err != nil {
			warnings = append(warnings, err.Error())
		} else {
			s = region
		}
	}
	marks := make([]int, 0, len(p.Marks))
	for _, m := range p.Marks {
		marks = append(marks, int(min(m, math.MaxInt32)))
	}
	if next, err := s.WithMarks(marks); err == nil {
		s = next
	} else {
		warnings = append(warnings, err.Error())
	}
	return s, warnings
}
