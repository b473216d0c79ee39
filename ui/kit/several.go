package kit

import (
	"context"
	"fmt"

	device "sampleagent/library/kit"
	own "sampleagent/ui/widget"
)

// Several pads can be edited together: those that are marked, with the selected one.

// Mark adds a pad to those that are edited together, or takes it out again; it becomes the
// selected one.
func (m *Model) Mark(pad int) {
	if pad < 0 || pad >= own.Pads {
		return
	}
	m.marked[m.pad] = true
	m.marked[pad] = !m.marked[pad] || pad == m.pad
	if m.marked[pad] {
		m.pad = pad
	}
	m.changed()
}

// MarkTo marks all pads from the selected one to pad.
func (m *Model) MarkTo(pad int) {
	if pad < 0 || pad >= own.Pads {
		return
	}
	m.marked = [own.Pads]bool{}
	for i := min(m.pad, pad); i <= max(m.pad, pad); i++ {
		m.marked[i] = true
	}
	m.changed()
}

// MarkAll marks every pad of the bank that has a sample.
func (m *Model) MarkAll() {
	for i := range m.marked {
		m.marked[i] = !m.kit.Pad(m.slot(i)).Empty()
	}
	m.changed()
}

// Marked are the pads that are edited together, the selected one too when there are several.
func (m *Model) Marked() [own.Pads]bool { return m.marked }

// Slots are the pads with a sample that an edit changes: the selected one, and the marked ones.
func (m *Model) Slots() []device.Slot {
	var out []device.Slot
	for i := range own.Pads {
		if s := m.slot(i); (i == m.pad || m.marked[i]) && !m.kit.Pad(s).Empty() {
			out = append(out, s)
		}
	}
	return out
}

// Set changes a setting of the chosen pads, in the units of the table of settings.
func (m *Model) Set(p device.Param, value int) {
	slots := m.Slots()
	differs := false
	for _, s := range slots {
		differs = differs || m.kit.Pad(s).Settings.Get(p) != value
	}
	if differs {
		m.setText(slots, p.Info().Name+"="+p.Info().Text(value))
	}
}

// SetPairs changes settings of the selected pad alone, as text: positions and marks belong to its
// sound.
func (m *Model) SetPairs(pairs ...string) { m.setText([]device.Slot{m.Slot()}, pairs...) }

// Reset gives the chosen pads the settings of a fresh pad.
func (m *Model) Reset() {
	slots := m.Slots()
	fresh := device.Settings{}
	changed := map[device.Param]bool{}
	marks := false
	for _, s := range slots {
		set := m.kit.Pad(s).Settings
		for _, p := range set.Changed() {
			changed[p] = true
		}
		marks = marks || len(set.Marks()) > 0
	}
	var pairs []string
	for _, i := range device.Params {
		if changed[i.Param] {
			pairs = append(pairs, i.Name+"="+fresh.Text(i.Param))
		}
	}
	if marks {
		pairs = append(pairs, "chops=none")
	}
	m.setText(slots, pairs...)
}

func (m *Model) setText(slots []device.Slot, pairs ...string) {
	if len(slots) == 0 || len(pairs) == 0 || m.kit.Pad(slots[0]).Empty() {
		return
	}
	m.edit(func(ctx context.Context, id string) error { return m.core.SetPadSettings(ctx, id, slots, pairs...) })
}

// Clear empties a pad, or all that are marked when it is one of them.
func (m *Model) Clear(pad int) {
	slots := []device.Slot{m.slot(pad)}
	if m.marked[pad] {
		slots = m.Slots()
	}
	if len(slots) == 1 && m.kit.Pad(slots[0]).Empty() {
		return
	}
	m.edit(func(ctx context.Context, id string) error { return m.core.ClearPads(ctx, id, slots...) })
}

// Copy remembers the chosen pads with their settings; Cut empties them as well.
func (m *Model) Copy() int {
	slots := m.Slots()
	if len(slots) == 0 {
		return 0
	}
	m.copied = nil
	for _, s := range slots {
		m.copied = append(m.copied, m.kit.Pad(s))
	}
	return len(slots)
}

// Cut is Copy and Clear.
func (m *Model) Cut() int {
	slots := m.Slots()
	n := m.Copy()
	if n > 0 {
		m.edit(func(ctx context.Context, id string) error { return m.core.ClearPads(ctx, id, slots...) })
	}
	return n
}

// CanPaste says whether something was copied.
func (m *Model) CanPaste() bool { return len(m.copied) > 0 }

// Paste puts what was copied on the selected pad and those after it, as far as the bank goes;
// what was there is gone, and can be undone.
func (m *Model) Paste() {
	pads, first := m.copied, m.Slot()
	if len(pads) == 0 {
		return
	}
	m.edit(func(ctx context.Context, id string) error {
		n, err := m.core.PutPads(ctx, id, first, pads)
		if err == nil && n < len(pads) {
			return fmt.Errorf("%d of %d pads were pasted: the bank ends there", n, len(pads))
		}
		return err
	})
}

// MoveToBank exchanges the selected pad with the same place of another bank.
func (m *Model) MoveToBank(bank int) {
	from := m.Slot()
	to, err := device.At(bank, from.Pad())
	if err != nil || to == from {
		return
	}
	m.edit(func(ctx context.Context, id string) error { return m.core.SwapPads(ctx, id, from, to) })
}

// ClearBank, CopyBank, MoveBank and SwapBank are about the whole bank that is shown.
func (m *Model) ClearBank() {
	bank := m.bank
	m.edit(func(ctx context.Context, id string) error { return m.core.ClearBank(ctx, id, bank) })
}

// CopyBank copies the bank over another.
func (m *Model) CopyBank(to int) {
	bank := m.bank
	m.edit(func(ctx context.Context, id string) error { return m.core.CopyBank(ctx, id, bank, to) })
}

// MoveBank takes the bank to another place and follows it there.
func (m *Model) MoveBank(to int) {
	bank := m.bank
	m.bank = to
	m.edit(func(ctx context.Context, id string) error { return m.core.MoveBank(ctx, id, bank, to) })
}

// SwapBank exchanges the bank with another.
func (m *Model) SwapBank(with int) {
	bank := m.bank
	m.edit(func(ctx context.Context, id string) error { return m.core.SwapBanks(ctx, id, bank, with) })
}
