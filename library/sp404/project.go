package sp404

import (
	"fmt"
	"slices"

	"sampleagent/library/kit"
	"sampleagent/library/sp404/padconf"
	"sampleagent/library/sp404/ptn"
)

// buildPadconf makes the project's PADCONF.BIN: of the user's template, whose unknown bytes
// stay, or of constants.
func (p *Plan) buildPadconf(r *result) ([]byte, error) {
	f := padconf.New()
	if len(p.opt.Template) > 0 {
		var err error
		if f, err = padconf.Decode(p.opt.Template); err != nil {
			return nil, fmt.Errorf("template: %w", err)
		}
	}
	pr := padconf.Project{
		Name:       displayName(p.Kit.Name, padconf.MaxProjectName, false),
		Tempo:      p.Kit.Tempo.Hundredths(),
		UseProject: p.Kit.TempoSelect == kit.TempoOfProject,
	}
	for b := range pr.Banks {
		bank := p.Kit.Bank(b)
		pr.Banks[b] = padconf.Bank{Tempo: bank.Tempo.Hundredths(), Protected: bank.Protected, Volume: bank.Volume()}
	}
	if err := f.SetProject(pr); err != nil {
		return nil, err
	}
	for i := range kit.PadCount {
		slot := kit.Slot(i)
		s, ok := r.sounds[slot]
		if !ok {
			f.Clear(i)
			continue
		}
		pad := p.Kit.Pad(slot)
		name := pad.Name
		if name == "" {
			name = s.name
		}
		rec, err := padRecord(f.Pad(i), pad, displayName(name, padconf.MaxName, p.alike[slot]), s.frames, s.channels, s.bpm)
		if err != nil {
			return nil, fmt.Errorf("pad %s: %w", slot, err)
		}
		if err := f.SetPad(i, rec); err != nil {
			return nil, fmt.Errorf("pad %s: %w", slot, err)
		}
	}
	return f.Encode()
}

// buildPattern makes a pattern's file. A pattern that came from the device and was not edited
// is written as it was, with all that its notes do not tell.
func (p *Plan) buildPattern(s kit.Slot) ([]byte, error) {
	pat, _ := p.Kit.Pattern(s)
	if len(pat.Raw) > 0 {
		if was, _, err := decodePattern(pat.Raw); err == nil && samePattern(was, pat) {
			return pat.Raw, nil
		}
	}
	return encodePattern(pat)
}

// samePattern says that two patterns play the same notes, whatever else their files hold.
func samePattern(a, b kit.Pattern) bool {
	return a.Bars == b.Bars && a.Beats == b.Beats && a.LoopStart == b.LoopStart && a.LoopEnd == b.LoopEnd &&
		slices.Equal(a.Sorted().Notes, b.Sorted().Notes)
}

// encodePattern writes a kit's pattern as the device's file.
func encodePattern(p kit.Pattern) ([]byte, error) {
	if err := p.Validate(); err != nil {
		return nil, err
	}
	out := ptn.Pattern{Bars: p.Bars, Beats: p.Beats, LoopStart: p.LoopStart, LoopEnd: p.LoopEnd}
	for _, n := range p.Sorted().Notes {
		out.Notes = append(out.Notes, ptn.Note{
			Tick: n.Tick, Pad: int(n.Pad), Semitones: n.Semitones, Poly: n.Poly, Velocity: n.Velocity, Length: n.Length,
		})
	}
	f, err := ptn.Build(out)
	if err != nil {
		return nil, err
	}
	return f.Encode(), nil
}

// decodePattern reads the device's file as a kit's pattern; the file itself is kept in Raw. What
// the kit cannot hold is brought into range and told in words.
func decodePattern(b []byte) (kit.Pattern, []string, error) {
	f, err := ptn.Decode(b)
	if err != nil {
		return kit.Pattern{}, nil, err
	}
	var warnings []string
	p := kit.Pattern{Bars: f.Trailer.Bars(), Beats: f.Trailer.Beats(), Raw: f.Encode()}
	p.LoopStart, p.LoopEnd = f.Trailer.Loop()
	if p.Bars < 1 || p.Bars > kit.MaxBars {
		return kit.Pattern{}, nil, fmt.Errorf("a pattern of %d bars is not possible: 1 to %d", p.Bars, kit.MaxBars)
	}
	if p.Beats == 0 {
		p.Beats = 4
		warnings = append(warnings, "unknown time signature: shown as 4/4")
	}
	if p.LoopStart < 1 || p.LoopEnd < p.LoopStart || p.LoopEnd > p.Bars {
		p.LoopStart, p.LoopEnd = 1, p.Bars
		warnings = append(warnings, "the loop lies outside of the pattern: shown as the whole")
	}
	late := 0
	for _, n := range f.Notes() {
		if n.Tick >= p.Ticks() {
			late++
			continue
		}
		p.Notes = append(p.Notes, kit.Note{
			Tick: n.Tick, Pad: kit.Slot(n.Pad), Semitones: max(n.Semitones, -12), Poly: n.Poly,
			Velocity: min(max(n.Velocity, 1), 127), Length: n.Length,
		})
	}
	if late > 0 {
		warnings = append(warnings, fmt.Sprintf("%s behind the pattern's end left out", count(late, "note")))
	}
	return p, warnings, p.Validate()
}
