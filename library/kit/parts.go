package kit

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Parts is a kit taken apart at the seams that machines edit independently, each as JSON:
//
//	name, project, bank/<A-J>, pad/<A1-J16>, pattern/<slot>
//
// Pads name their samples by a name that all machines share, the hash of the file's bytes.
type Parts map[string]json.RawMessage

type kitDoc struct {
	Version     int             `json:"version"`
	ID          string          `json:"id"`
	Name        string          `json:"name"`
	Tempo       json.RawMessage `json:"tempo,omitempty"`
	TempoSelect json.RawMessage `json:"tempo_select,omitempty"`
	Banks       []bankDoc       `json:"banks"`
	Patterns    []patternDoc    `json:"patterns,omitempty"`
}

type bankDoc struct {
	Bank      string          `json:"bank"`
	Tempo     json.RawMessage `json:"tempo,omitempty"`
	Volume    json.RawMessage `json:"volume,omitempty"`
	Protected bool            `json:"protected,omitempty"`
	Pads      []padDoc        `json:"pads,omitempty"`
}

type padDoc struct {
	Pad      string          `json:"pad"`
	Sample   string          `json:"sample"`
	Name     string          `json:"name,omitempty"`
	Settings json.RawMessage `json:"settings,omitempty"`
}

type patternDoc struct {
	Slot string `json:"slot"`
	Body json.RawMessage
}

// MarshalJSON writes the pattern as the kit did.
func (p patternDoc) MarshalJSON() ([]byte, error) { return p.Body, nil }

// UnmarshalJSON keeps the whole and reads the slot.
func (p *patternDoc) UnmarshalJSON(text []byte) error {
	var slot struct{ Slot string }
	if err := json.Unmarshal(text, &slot); err != nil {
		return err
	}
	p.Slot, p.Body = slot.Slot, slices.Clone(text)
	return nil
}

type projectDoc struct {
	Version     int             `json:"version"`
	Tempo       json.RawMessage `json:"tempo,omitempty"`
	TempoSelect json.RawMessage `json:"tempo_select,omitempty"`
}

// PadText is a pad's part in words: its name, or that it is some sample, and its settings; false
// when the part is no pad.
func PadText(part json.RawMessage) (string, bool) {
	var pad padDoc
	if json.Unmarshal(part, &pad) != nil || pad.Pad == "" {
		return "", false
	}
	out := pad.Name
	if out == "" {
		out = "a sample"
	}
	if len(pad.Settings) > 0 {
		out += " " + string(pad.Settings)
	}
	return out, true
}

// IsPart says whether a field of a synced kit is one of its parts, or says that it was deleted.
func IsPart(field string) bool {
	head, _, _ := strings.Cut(field, "/")
	return slices.Contains([]string{"name", "project", "bank", "pad", "pattern", "deleted"}, head)
}

// TakeApart takes a stored kit apart. shared gives the name that all machines know a sample by;
// pads whose sample has none ("") are left out of the parts and listed in unnamed.
func TakeApart(stored []byte, shared func(sampleID string) (string, error)) (parts Parts, unnamed []string, err error) {
	var doc kitDoc
	if err := json.Unmarshal(stored, &doc); err != nil {
		return nil, nil, err
	}
	parts = Parts{}
	set := func(field string, v any) error {
		text, err := json.Marshal(v)
		parts[field] = text
		return err
	}
	if err := set("name", doc.Name); err != nil {
		return nil, nil, err
	}
	if err := set("project", projectDoc{doc.Version, doc.Tempo, doc.TempoSelect}); err != nil {
		return nil, nil, err
	}
	for _, bank := range doc.Banks {
		pads := bank.Pads
		bank.Pads = nil
		if err := set("bank/"+bank.Bank, bank); err != nil {
			return nil, nil, err
		}
		for _, p := range pads {
			if p.Sample, err = shared(p.Sample); err != nil {
				return nil, nil, err
			}
			if p.Sample == "" {
				unnamed = append(unnamed, "pad/"+p.Pad)
				continue
			}
			if err := set("pad/"+p.Pad, p); err != nil {
				return nil, nil, err
			}
		}
	}
	for _, p := range doc.Patterns {
		parts["pattern/"+p.Slot] = p.Body
	}
	return parts, unnamed, nil
}

// FormError says that parts do not make a kit that this program knows: a newer one wrote them.
type FormError struct{ Err error }

func (e *FormError) Error() string {
	return "these parts make no kit that is known here: " + e.Err.Error()
}

// Unwrap gives the reason.
func (e *FormError) Unwrap() error { return e.Err }

// With is k with what an edit changed from one kit to another: the parts in which these two differ.
// All else stays, so that an edit, or its undoing, never takes back what another machine or
// program changed meanwhile.
func (k Kit) With(from, to Kit) (Kit, error) {
	was, err := from.parts()
	if err != nil {
		return Kit{}, err
	}
	is, err := to.parts()
	if err != nil {
		return Kit{}, err
	}
	now, err := k.parts()
	if err != nil {
		return Kit{}, err
	}
	for field := range was {
		if _, kept := is[field]; !kept {
			delete(now, field)
		}
	}
	for field, value := range is {
		if !bytes.Equal(value, was[field]) {
			now[field] = value
		}
	}
	return now.PutTogether(k.ID, ownName)
}

// parts takes k apart with its samples under their names here.
func (k Kit) parts() (Parts, error) {
	text, err := json.Marshal(k)
	if err != nil {
		return nil, err
	}
	parts, _, err := TakeApart(text, ownName)
	return parts, err
}

func ownName(sampleID string) (string, error) { return sampleID, nil }

// Whole says that the parts hold what every kit has; others may still be on their way.
func (p Parts) Whole() bool { return p["name"] != nil && p["project"] != nil }

// PutTogether makes the kit of its parts. local gives a sample's name here from the shared one.
// What cannot be read of a pad or bank is left out; a kit that is not known is a FormError.
func (p Parts) PutTogether(id string, local func(shared string) (string, error)) (Kit, error) {
	doc := kitDoc{ID: id}
	var project projectDoc
	if !p.read("name", &doc.Name) || !p.read("project", &project) {
		return Kit{}, &FormError{fmt.Errorf("kit %s has no name or no project yet", id)}
	}
	doc.Version, doc.Tempo, doc.TempoSelect = project.Version, project.Tempo, project.TempoSelect
	for b := range BankCount {
		bank := bankDoc{Bank: BankName(b)}
		if !p.read("bank/"+bank.Bank, &bank) {
			continue
		}
		for _, slot := range BankSlots(b) {
			var pad padDoc
			if !p.read("pad/"+slot.String(), &pad) {
				continue
			}
			name, err := local(pad.Sample)
			if err != nil {
				return Kit{}, err
			}
			pad.Sample = name
			bank.Pads = append(bank.Pads, pad)
		}
		doc.Banks = append(doc.Banks, bank)
	}
	for _, field := range slices.Sorted(maps.Keys(p)) {
		if slot, ok := strings.CutPrefix(field, "pattern/"); ok {
			doc.Patterns = append(doc.Patterns, patternDoc{Slot: slot, Body: p[field]})
		}
	}
	stored, err := json.Marshal(doc)
	if err != nil {
		return Kit{}, err
	}
	var k Kit
	if err := json.Unmarshal(stored, &k); err != nil {
		return Kit{}, &FormError{err}
	}
	return k, nil
}

// read reads a part and says whether it was there and of the right form.
func (p Parts) read(field string, to any) bool {
	text, ok := p[field]
	return ok && json.Unmarshal(text, to) == nil
}
