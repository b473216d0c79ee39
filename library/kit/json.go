package kit

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// jsonVersion is the version of the stored form. A reader refuses a newer one rather than lose
// what it does not know.
const jsonVersion = 1

type kitJSON struct {
	Version     int           `json:"version"`
	ID          string        `json:"id"`
	Name        string        `json:"name"`
	Tempo       float64       `json:"tempo"`
	TempoSelect string        `json:"tempo_select"`
	Banks       []bankJSON    `json:"banks"`
	Patterns    []patternJSON `json:"patterns,omitempty"`
}

type bankJSON struct {
	Bank      string    `json:"bank"`
	Tempo     float64   `json:"tempo"`
	Volume    int       `json:"volume"`
	Protected bool      `json:"protected,omitempty"`
	Pads      []padJSON `json:"pads,omitempty"`
}

type padJSON struct {
	Pad      Slot         `json:"pad"`
	Sample   string       `json:"sample"`
	Name     string       `json:"name,omitempty"`
	Settings settingsJSON `json:"settings,omitempty"`
}

// settingsJSON keeps the table's order, as text: {"volume":"100","gate":"off"}.
type settingsJSON []string

type patternJSON struct {
	Slot      Slot       `json:"slot"`
	Bars      int        `json:"bars"`
	Beats     int        `json:"beats"`
	LoopStart int        `json:"loop_start"`
	LoopEnd   int        `json:"loop_end"`
	Notes     []noteJSON `json:"notes,omitempty"`
	Raw       []byte     `json:"raw,omitempty"`
}

type noteJSON struct {
	Tick      int  `json:"tick"`
	Pad       Slot `json:"pad"`
	Semitones int  `json:"semitones,omitempty"`
	Poly      bool `json:"poly,omitempty"`
	Velocity  int  `json:"velocity"`
	Length    int  `json:"length"`
}

func (s settingsJSON) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, pair := range s {
		if i > 0 {
			b.WriteByte(',')
		}
		name, text, _ := strings.Cut(pair, "=")
		k, err := json.Marshal(name)
		if err != nil {
			return nil, err
		}
		v, err := json.Marshal(text)
		if err != nil {
			return nil, err
		}
		b.Write(k)
		b.WriteByte(':')
		b.Write(v)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

func (s *settingsJSON) UnmarshalJSON(data []byte) error {
	var m map[string]string
	if err := json.Unmarshal(data, &m); err != nil {
		return err
	}
	*s = nil
	for _, name := range paramNames() {
		if v, ok := m[name]; ok {
			*s = append(*s, name+"="+v)
			delete(m, name)
		}
	}
	for name := range m {
		return fmt.Errorf("there is no pad setting %q", name)
	}
	return nil
}

// MarshalJSON writes the kit; equal kits give equal bytes.
func (k Kit) MarshalJSON() ([]byte, error) {
	j := kitJSON{
		Version: jsonVersion, ID: k.ID, Name: k.Name,
		Tempo: k.Tempo.Float(), TempoSelect: k.TempoSelect.String(),
	}
	for b := range BankCount {
		bank := k.banks[b]
		bj := bankJSON{Bank: BankName(b), Tempo: bank.Tempo.Float(), Volume: bank.Volume(), Protected: bank.Protected}
		for _, s := range BankSlots(b) {
			if p := k.pads[s]; !p.Empty() {
				bj.Pads = append(bj.Pads, padJSON{s, p.SampleID, p.Name, p.Settings.Strings()})
			}
		}
		j.Banks = append(j.Banks, bj)
	}
	for _, s := range k.Patterns() {
		p := k.patterns[s]
		pj := patternJSON{Slot: s, Bars: p.Bars, Beats: p.Beats, LoopStart: p.LoopStart, LoopEnd: p.LoopEnd, Raw: p.Raw}
		for _, n := range p.Notes {
			pj.Notes = append(pj.Notes, noteJSON(n))
		}
		j.Patterns = append(j.Patterns, pj)
	}
	return json.Marshal(j)
}

// UnmarshalJSON reads what MarshalJSON wrote and refuses everything out of range; on an error
// the kit stays as it is.
func (k *Kit) UnmarshalJSON(data []byte) error {
	var j kitJSON
	if err := json.Unmarshal(data, &j); err != nil {
		return fmt.Errorf("kit: %w", err)
	}
	if j.Version < 1 || j.Version > jsonVersion {
		return fmt.Errorf("kit %s has version %d; this program knows version %d", j.Name, j.Version, jsonVersion)
	}
	n, err := j.kit()
	if err != nil {
		return fmt.Errorf("kit %s: %w", j.Name, err)
	}
	*k = n
	return nil
}

func (j kitJSON) kit() (Kit, error) {
	n := Kit{ID: j.ID, Name: j.Name}
	var err error
	if n.Tempo, err = NewBPM(j.Tempo); err != nil {
		return n, err
	}
	if n.TempoSelect, err = parseTempoSelect(j.TempoSelect); err != nil {
		return n, err
	}
	var banks [BankCount]Bank
	for _, bj := range j.Banks {
		b, err := ParseBank(bj.Bank)
		if err != nil {
			return n, err
		}
		if banks[b], err = bj.bank(); err != nil {
			return n, fmt.Errorf("bank %s: %w", bj.Bank, err)
		}
		for _, pj := range bj.Pads {
			if pj.Pad.Bank() != b {
				return n, fmt.Errorf("pad %s is listed in bank %s", pj.Pad, bj.Bank)
			}
			set, err := Settings{}.WithText(pj.Settings...)
			if err != nil {
				return n, fmt.Errorf("pad %s: %w", pj.Pad, err)
			}
			if err := n.SetPad(pj.Pad, Pad{pj.Sample, pj.Name, set}); err != nil {
				return n, err
			}
		}
	}
	for _, pj := range j.Patterns {
		p := Pattern{Bars: pj.Bars, Beats: pj.Beats, LoopStart: pj.LoopStart, LoopEnd: pj.LoopEnd, Raw: pj.Raw}
		for _, note := range pj.Notes {
			p.Notes = append(p.Notes, Note(note))
		}
		if err := n.SetPattern(pj.Slot, p); err != nil {
			return n, err
		}
	}
	n.banks = banks // last: protection must not refuse what is being read
	return n, nil
}

func (j bankJSON) bank() (Bank, error) {
	t, err := NewBPM(j.Tempo)
	if err != nil {
		return Bank{}, err
	}
	return Bank{Tempo: t, Protected: j.Protected}.WithVolume(j.Volume)
}
