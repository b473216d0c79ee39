// Package pattern is the screen of a kit's patterns: the sixteen of a bank, one of them as a piano
// roll whose keys are pads, played through the same pads as a hand, exported to and imported from
// standard MIDI files.
//
// Model is the screen as data, on top of ui/kit's model of the open kit; View draws it.
package pattern

import (
	"context"
	"fmt"
	"slices"

	"sampleagent/app/words"
	device "sampleagent/library/kit"
	"sampleagent/ui/browser"
	"sampleagent/ui/kit"
	"sampleagent/ui/theme"
	own "sampleagent/ui/widget"
)

// Core is what the screen needs of the application.
type Core interface {
	PlayPattern(kitID string, slot device.Slot)
	StopPattern()
	ExportPattern(ctx context.Context, kitID string, slot device.Slot, file string) error
	ImportPattern(ctx context.Context, kitID string, slot device.Slot, file string) (warnings []string, err error)
	ClearPattern(ctx context.Context, kitID string, slot device.Slot) error
}

// Model is the pattern that is shown. All methods belong to the UI goroutine.
type Model struct {
	Kit       *kit.Model
	OnChanged func()
	OnFailure func(error)
	OnNote    func(string)

	core Core
	run  browser.Background
	at   int // 0 to 15 in the shown bank
}

// NewModel shows the first pattern of the bank.
func NewModel(core Core, run browser.Background, k *kit.Model) *Model {
	return &Model{Kit: k, core: core, run: run}
}

// Slot is the pattern's place.
func (m *Model) Slot() device.Slot {
	s, err := device.At(m.Kit.Bank(), m.at+1)
	if err != nil {
		return 0
	}
	return s
}

// Select shows another pattern of the bank, 0 to 15.
func (m *Model) Select(at int) {
	if at >= 0 && at < device.PadsPerBank {
		m.at = at
		m.OnChanged()
	}
}

// SelectFirst goes to the first pattern there is, when the one that is shown is empty.
func (m *Model) SelectFirst() {
	k, _ := m.Kit.Kit()
	all := k.Patterns()
	if _, ok := k.Pattern(m.Slot()); ok || len(all) == 0 {
		return
	}
	// One with notes, and of this bank, if there is any: effects alone are little to look at.
	first, best := all[0], -1
	for _, s := range all {
		worth := 0
		if p, _ := k.Pattern(s); len(p.Notes) > 0 {
			worth += 2
		}
		if s.Bank() == m.Kit.Bank() {
			worth++
		}
		if worth > best {
			first, best = s, worth
		}
	}
	m.at = first.Pad() - 1
	m.Kit.SetBank(first.Bank())
}

// Pattern is what is shown, and whether there is one.
func (m *Model) Pattern() (device.Pattern, bool) {
	k, _ := m.Kit.Kit()
	return k.Pattern(m.Slot())
}

// Filled says which of the bank's sixteen patterns exist.
func (m *Model) Filled() (on [device.PadsPerBank]bool) {
	k, _ := m.Kit.Kit()
	for _, s := range k.Patterns() {
		if s.Bank() == m.Kit.Bank() {
			on[s.Pad()-1] = true
		}
	}
	return on
}

// Tempo is the tempo at which the pattern plays, in BPM.
func (m *Model) Tempo() float64 {
	k, _ := m.Kit.Kit()
	if k.TempoSelect == device.TempoOfProject {
		return k.Tempo.Float()
	}
	return k.Bank(m.Kit.Bank()).Tempo.Float()
}

// Rolled is the pattern as it is drawn: a row for each pad of its bank and for each other pad that
// it strikes, in the device's order.
func (m *Model) Rolled() (own.Rolled, []device.Slot) {
	p, ok := m.Pattern()
	if !ok {
		return own.Rolled{}, nil
	}
	k, _ := m.Kit.Kit()
	names, classes := m.Kit.Names(), m.Kit.Classes()
	const quarter = float64(device.TicksPerBeat)
	bar := float64(p.Beats)
	out := own.Rolled{
		Length: float64(p.Ticks()) / quarter, Bar: p.Beats,
		LoopFrom: float64(p.LoopStart-1) * bar, LoopTo: float64(p.LoopEnd) * bar,
	}
	pads := device.BankSlots(m.Slot().Bank())
	for _, n := range p.Notes {
		if !slices.Contains(pads, n.Pad) {
			pads = append(pads, n.Pad)
		}
	}
	slices.Sort(pads)
	for _, s := range pads {
		pad := k.Pad(s)
		row := own.RollRow{Label: s.String(), Name: names[pad.SampleID], Colour: theme.Class(classes[pad.SampleID])}
		switch {
		case pad.Empty():
			row.Name = "empty"
		case pad.Name != "":
			row.Name = pad.Name
		}
		out.Rows = append(out.Rows, row)
	}
	for _, n := range p.Notes {
		row, _ := slices.BinarySearch(pads, n.Pad)
		out.Notes = append(out.Notes, own.RollNote{
			Row: row, At: float64(n.Tick) / quarter, Length: float64(n.Length) / quarter,
			Strength: float64(n.Velocity) / 127, Semitones: n.Semitones,
		})
	}
	return out, pads
}

// Title says in words what the pattern is.
func (m *Model) Title() (title, info string) {
	title = "Pattern " + m.Slot().String()
	p, ok := m.Pattern()
	if !ok {
		return title, "empty"
	}
	if len(p.Notes) == 0 {
		return title, fmt.Sprintf("%s of %d/4 · no notes, only what the effects do", words.Count(p.Bars, "bar", "bars"), p.Beats)
	}
	info = fmt.Sprintf("%s of %d/4 · %s · %s BPM", words.Count(p.Bars, "bar", "bars"), p.Beats, words.Count(len(p.Notes), "note", "notes"), browser.Tempo(m.Tempo()))
	if p.LoopStart != 1 || p.LoopEnd != p.Bars {
		info += fmt.Sprintf(" · loops bars %d to %d", p.LoopStart, p.LoopEnd)
	}
	return title, info
}

// Play plays the pattern's loop.
func (m *Model) Play() {
	k, open := m.Kit.Kit()
	if _, ok := m.Pattern(); open && ok {
		m.core.PlayPattern(k.ID, m.Slot())
	}
}

// Stop ends it.
func (m *Model) Stop() { m.core.StopPattern() }

// Export writes the pattern as a standard MIDI file.
func (m *Model) Export(file string) {
	k, _ := m.Kit.Kit()
	slot := m.Slot()
	m.do(func(ctx context.Context) (string, error) {
		return fmt.Sprintf("Pattern %s is written to %s", slot, file), m.core.ExportPattern(ctx, k.ID, slot, file)
	})
}

// Import reads a standard MIDI file onto the slot that is shown.
func (m *Model) Import(file string) {
	k, open := m.Kit.Kit()
	slot := m.Slot()
	if !open {
		m.OnFailure(fmt.Errorf("make a kit first"))
		return
	}
	m.do(func(ctx context.Context) (string, error) {
		warnings, err := m.core.ImportPattern(ctx, k.ID, slot, file)
		note := fmt.Sprintf("The MIDI file is pattern %s now", slot)
		for _, w := range warnings {
			note += ". " + w
		}
		return note, err
	})
}

// Clear takes the pattern away.
func (m *Model) Clear() {
	k, _ := m.Kit.Kit()
	slot := m.Slot()
	if _, ok := m.Pattern(); ok {
		m.do(func(ctx context.Context) (string, error) { return "", m.core.ClearPattern(ctx, k.ID, slot) })
	}
}

func (m *Model) do(work func(ctx context.Context) (note string, err error)) {
	m.run(func(ctx context.Context) func() {
		note, err := work(ctx)
		return func() {
			switch {
			case err != nil:
				m.OnFailure(err)
			case note != "":
				m.OnNote(note)
			}
			m.Kit.Reload()
		}
	})
}
