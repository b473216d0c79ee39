// Package kit is the screen of the device's pads: ten banks of sixteen, laid out as on the
// SP-404MK2, with every setting of a pad and the means to fill them.
//
// Model is the screen as data; View draws it. Kits are kept by the application at every change;
// the package keeps nothing but what is selected.
package kit

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"sampleagent/app/words"
	"sampleagent/audio/analysis"
	"sampleagent/library/catalog"
	device "sampleagent/library/kit"
	"sampleagent/ui/browser"
	own "sampleagent/ui/widget"
)

// Info is a kit in the list of kits.
type Info struct {
	ID, Name string
	Filled   int
}

// Core is what the screen needs of the application. Every method may take time; edits can be
// undone there.
type Core interface {
	KitList(ctx context.Context) ([]Info, error)
	Kit(ctx context.Context, id string) (device.Kit, error)
	PadSamples(ctx context.Context, k device.Kit) (map[string]catalog.Sample, error)
	NewKit(ctx context.Context, name string) (device.Kit, error)
	RenameKit(ctx context.Context, id, name string) error
	DeleteKit(ctx context.Context, id string) error
	DuplicateKit(ctx context.Context, id, name string) (device.Kit, error)

	SetPads(ctx context.Context, id string, first device.Slot, rows []catalog.Row) (int, error)
	ClearPads(ctx context.Context, id string, slots ...device.Slot) error
	SwapPads(ctx context.Context, id string, one, other device.Slot) error
	CopyPad(ctx context.Context, id string, from, to device.Slot) error
	MovePad(ctx context.Context, id string, from, to device.Slot) error
	PutPads(ctx context.Context, id string, first device.Slot, pads []device.Pad) (int, error)
	SetPadSettings(ctx context.Context, id string, slots []device.Slot, pairs ...string) error
	SetBank(ctx context.Context, id string, bank int, b device.Bank) error
	ClearBank(ctx context.Context, id string, bank int) error
	SwapBanks(ctx context.Context, id string, one, other int) error
	CopyBank(ctx context.Context, id string, from, to int) error
	MoveBank(ctx context.Context, id string, from, to int) error

	PressPad(id string, slot device.Slot, velocity int)
	ReleasePad(slot device.Slot)
	// PlayFrom says which bank a MIDI controller plays, and which pad chromatically.
	PlayFrom(id string, bank int, selected device.Slot)
	// PreparePads decodes what a bank's pads play, so that they sound at once.
	PreparePads(id string, bank int)
}

// Model is the kit that is open. All methods belong to the UI goroutine.
type Model struct {
	OnFailure func(error)

	core Core
	run  browser.Background

	list    []Info
	kit     device.Kit
	open    bool
	samples map[string]catalog.Sample
	bank    int
	pad     int            // 0 to 15
	marked  [own.Pads]bool // pads of the bank that are edited with the selected one
	copied  []device.Pad   // what Paste puts down, in pad order
	watch   []func()       // told when the kit, the list of kits, bank or pad changed
	lit     []func()       // told when other pads sound
	playing map[device.Slot]bool
	wanted  string // the kit that is shown, or will be when it has been read
	reading bool   // a reload is under way
	again   bool   // and one more is due

	waiting []func() // for the kit that is being made
}

// NewModel has no kit open.
func NewModel(core Core, run browser.Background) *Model {
	return &Model{core: core, run: run, samples: map[string]catalog.Sample{}}
}

// Kits are all kits.
func (m *Model) Kits() []Info { return m.list }

// Kit is the one that is open.
func (m *Model) Kit() (k device.Kit, open bool) { return m.kit, m.open }

// Bank is the bank that is shown, 0 to 9.
func (m *Model) Bank() int { return m.bank }

// Pad is the selected pad, 0 to 15.
func (m *Model) Pad() int { return m.pad }

// Slot is the selected pad's place.
func (m *Model) Slot() device.Slot { return m.slot(m.pad) }

func (m *Model) slot(pad int) device.Slot {
	s, err := device.At(m.bank, pad+1)
	if err != nil {
		return 0
	}
	return s
}

// Sample is what lies on the selected pad.
func (m *Model) Sample() (catalog.Sample, bool) {
	s, ok := m.samples[m.kit.Pad(m.Slot()).SampleID]
	return s, ok
}

// Names are the names of the kit's samples by their ids.
func (m *Model) Names() map[string]string {
	out := map[string]string{}
	for id, s := range m.samples {
		out[id] = browser.Plain(s.Name)
	}
	return out
}

// Classes are what the kit's samples are, by their ids.
func (m *Model) Classes() map[string]string {
	out := map[string]string{}
	for id, s := range m.samples {
		out[id] = s.Class
	}
	return out
}

// Settings are those of the selected pad.
func (m *Model) Settings() device.Settings { return m.kit.Pad(m.Slot()).Settings }

// OnChange calls f whenever the kit, the list of kits, bank or pad changed; OnPlaying when other
// pads sound.
func (m *Model) OnChange(f func()) { m.watch = append(m.watch, f) }

// OnPlaying calls f when other pads sound.
func (m *Model) OnPlaying(f func()) { m.lit = append(m.lit, f) }

func (m *Model) changed() {
	if m.open {
		m.core.PlayFrom(m.kit.ID, m.bank, m.Slot())
	}
	for _, f := range m.watch {
		f()
	}
}

// Start opens the kit of last time, or the first there is.
func (m *Model) Start(id string, bank int) {
	m.bank = max(0, min(bank, device.BankCount-1))
	m.reload(id)
}

// Reload reads the list of kits and the open kit again.
func (m *Model) Reload() { m.reload(m.wanted) }

// KitChanged reads a kit again if it is the open one.
func (m *Model) KitChanged(id string) {
	if id == m.wanted {
		m.Reload()
	}
}

// Open shows another kit.
func (m *Model) Open(id string) {
	m.pad = 0
	m.reload(id)
}

// reload opens the kit, or the first there is when it is gone. While one reading is under way, one
// more is enough, and what the first found is shown: kits that change without end are seen to.
func (m *Model) reload(id string) {
	m.wanted = id
	if m.reading {
		m.again = true
		return
	}
	m.reading = true
	m.run(func(ctx context.Context) func() {
		got, err := m.read(ctx, id)
		return func() {
			again := m.again
			m.reading, m.again = false, false
			if err != nil {
				m.fail(err)()
			} else if m.wanted == id {
				m.list, m.kit, m.open, m.samples, m.wanted = got.list, got.kit, got.open, got.samples, got.kit.ID
				m.prepare()
				m.changed()
			}
			if again {
				m.reload(m.wanted)
			}
		}
	})
}

// reading is what a reload finds.
type reading struct {
	list    []Info
	kit     device.Kit
	open    bool
	samples map[string]catalog.Sample
}

func (m *Model) read(ctx context.Context, id string) (r reading, err error) {
	if r.list, err = m.core.KitList(ctx); err != nil || len(r.list) == 0 {
		return r, err
	}
	if !slices.ContainsFunc(r.list, func(k Info) bool { return k.ID == id }) {
		id = r.list[0].ID
	}
	if r.kit, err = m.core.Kit(ctx, id); err == nil {
		r.samples, err = m.core.PadSamples(ctx, r.kit)
	}
	r.open = err == nil
	return r, err
}

func (m *Model) fail(err error) func() {
	return func() {
		if m.OnFailure != nil {
			m.OnFailure(err)
		}
	}
}

// SetBank shows another bank.
func (m *Model) SetBank(bank int) {
	bank = (bank + device.BankCount) % device.BankCount
	if bank != m.bank {
		m.bank, m.marked = bank, [own.Pads]bool{}
		m.prepare()
		m.changed()
	}
}

func (m *Model) prepare() {
	if m.open {
		m.core.PreparePads(m.kit.ID, m.bank)
	}
}

// Select selects a pad, 0 to 15.
func (m *Model) Select(pad int) {
	if pad >= 0 && pad < device.PadsPerBank && (pad != m.pad || m.marked != [own.Pads]bool{}) {
		m.pad, m.marked = pad, [own.Pads]bool{}
		m.changed()
	}
}

// edit runs a change of the open kit and shows the kit as it is then. Without a kit one is made.
func (m *Model) edit(change func(ctx context.Context, id string) error) {
	m.Ensure(func() { m.change(m.kit.ID, change) })
}

// Ensure calls then with a kit open. When there is none it is made, once: what comes before it is there
// waits for it.
func (m *Model) Ensure(then func()) {
	if m.open {
		then()
		return
	}
	m.waiting = append(m.waiting, then)
	if len(m.waiting) > 1 {
		return
	}
	m.run(func(ctx context.Context) func() {
		k, err := m.core.NewKit(ctx, "My first kit")
		return func() {
			waiting := m.waiting
			m.waiting = nil
			if err != nil {
				m.fail(err)()
				return
			}
			m.kit, m.open, m.wanted = k, true, k.ID
			for _, then := range waiting {
				then()
			}
		}
	})
}

func (m *Model) change(id string, change func(ctx context.Context, id string) error) {
	m.run(func(ctx context.Context) func() {
		err := change(ctx, id)
		return func() {
			if err != nil {
				m.fail(err)()
			}
			m.Reload()
		}
	})
}

// Place puts samples on pads from pad on; each next empty or not, one after the other.
func (m *Model) Place(pad int, rows []catalog.Row) {
	if len(rows) == 0 || pad < 0 || pad >= device.PadsPerBank {
		return
	}
	first := m.slot(pad)
	m.edit(func(ctx context.Context, id string) error {
		n, err := m.core.SetPads(ctx, id, first, rows)
		switch {
		case err != nil || n == len(rows):
			return err
		case n == 0:
			return errors.New("what cannot be read goes on no pad")
		case n == device.PadsPerBank-pad:
			return fmt.Errorf("%d of %d samples were placed: bank %s has no more pads", n, len(rows), device.BankName(first.Bank()))
		}
		return fmt.Errorf("%d of %d samples were placed: the others cannot be read", n, len(rows))
	})
	next := pad + len(rows)
	m.pad = pad
	if len(rows) == 1 && next < device.PadsPerBank {
		m.pad = next // filling goes on with the next pad
	}
}

// Move drags a pad onto another: they change places, or with copying the first is copied. To
// below 0 is outside of the pads: nothing happens, a slip must not lose a pad.
func (m *Model) Move(from, to int, copying bool) {
	if to < 0 || from == to {
		return
	}
	a, b := m.slot(from), m.slot(to)
	m.pad = to
	m.edit(func(ctx context.Context, id string) error {
		if copying {
			return m.core.CopyPad(ctx, id, a, b)
		}
		return m.core.SwapPads(ctx, id, a, b)
	})
}

// SetBankTempo and SetBankVolume change what belongs to the whole bank.
func (m *Model) SetBankTempo(bpm float64) {
	t, err := device.NewBPM(bpm)
	if err != nil {
		m.fail(err)()
		return
	}
	m.setBank(func(b device.Bank) (device.Bank, error) { b.Tempo = t; return b, nil })
}

// SetBankVolume takes 0 to 127.
func (m *Model) SetBankVolume(v int) {
	m.setBank(func(b device.Bank) (device.Bank, error) { return b.WithVolume(v) })
}

// Protect protects the bank against changes, or ends it.
func (m *Model) Protect(on bool) {
	m.setBank(func(b device.Bank) (device.Bank, error) { b.Protected = on; return b, nil })
}

func (m *Model) setBank(change func(device.Bank) (device.Bank, error)) {
	bank := m.bank
	b, err := change(m.kit.Bank(bank))
	if err != nil {
		m.fail(err)()
		return
	}
	m.edit(func(ctx context.Context, id string) error { return m.core.SetBank(ctx, id, bank, b) })
}

// New makes a kit and opens it.
func (m *Model) New(name string) {
	m.run(func(ctx context.Context) func() {
		k, err := m.core.NewKit(ctx, name)
		if err != nil {
			return m.fail(err)
		}
		return func() { m.Open(k.ID) }
	})
}

// Rename, Duplicate and Delete are about the open kit.
func (m *Model) Rename(name string) {
	m.edit(func(ctx context.Context, id string) error { return m.core.RenameKit(ctx, id, name) })
}

// Duplicate opens a copy of the kit.
func (m *Model) Duplicate(name string) {
	id := m.kit.ID
	m.run(func(ctx context.Context) func() {
		k, err := m.core.DuplicateKit(ctx, id, name)
		if err != nil {
			return m.fail(err)
		}
		return func() { m.Open(k.ID) }
	})
}

// Delete deletes the open kit.
func (m *Model) Delete() {
	id := m.kit.ID
	m.run(func(ctx context.Context) func() {
		if err := m.core.DeleteKit(ctx, id); err != nil {
			return m.fail(err)
		}
		return func() { m.reload("") }
	})
}

// strike is how strong a key or the mouse strikes a pad: as hard as can be, since neither knows.
const strike = 127

// Play sounds a pad; Release ends it when it is a gated one.
func (m *Model) Play(pad int) {
	s := m.slot(pad)
	if m.open && !m.kit.Pad(s).Empty() {
		m.core.PressPad(m.kit.ID, s, strike)
	}
}

// Release is the finger off the pad.
func (m *Model) Release(pad int) {
	if m.open {
		m.core.ReleasePad(m.slot(pad))
	}
}

// Playing says which pads of the open kit sound now.
func (m *Model) Playing(slots []device.Slot) {
	same := len(slots) == len(m.playing)
	for _, s := range slots {
		same = same && m.playing[s]
	}
	if same {
		return
	}
	m.playing = map[device.Slot]bool{}
	for _, s := range slots {
		m.playing[s] = true
	}
	for _, f := range m.lit {
		f()
	}
}

// PlayingPads are the pads of the shown bank that sound.
func (m *Model) PlayingPads() (on [own.Pads]bool) {
	for i := range on {
		on[i] = m.playing[m.slot(i)]
	}
	return on
}

// Filled says how many pads of each bank have a sample.
func (m *Model) Filled() (n [device.BankCount]int) {
	for _, s := range m.kit.Filled() {
		n[s.Bank()]++
	}
	return n
}

// Pads are the pads of the shown bank as they are drawn.
func (m *Model) Pads() (pads [own.Pads]own.Pad) {
	for i := range pads {
		pads[i] = m.padOf(m.slot(i))
	}
	return pads
}

func (m *Model) padOf(slot device.Slot) own.Pad {
	p := m.kit.Pad(slot)
	if p.Empty() {
		return own.Pad{}
	}
	s, ok := m.samples[p.SampleID]
	if !ok {
		return own.Pad{Filled: true, Name: "not in the library", Missing: true}
	}
	pad := own.Pad{Filled: true, Name: browser.Plain(s.Name), Class: s.Class, Overview: s.Overview, Missing: s.State == catalog.Missing && !s.InCloud || s.State == catalog.Failed}
	if p.Name != "" {
		pad.Name = p.Name
	}
	var parts []string
	if s.Kind == analysis.LoopKind && s.BPM > 0 {
		parts = append(parts, browser.Tempo(s.BPM))
	}
	if s.Key != "" {
		parts = append(parts, browser.ShortKey(s.Key))
	}
	if len(parts) == 0 {
		parts = append(parts, words.Length(s.Duration))
	}
	pad.Detail = strings.Join(parts, " · ")
	pad.Badges = badges(p.Settings)
	return pad
}

// badges are the settings worth seeing from afar: how the pad plays when it is hit.
func badges(s device.Settings) string {
	var b []string
	switch {
	case s.On(device.OneShot):
		b = append(b, "1-SHOT")
	case s.On(device.Loop):
		b = append(b, "LOOP")
	}
	if s.Get(device.PlayMode) == 1 || s.Get(device.PlayMode) == 3 {
		b = append(b, "REV")
	}
	if g := s.Get(device.MuteGroup); g > 0 {
		b = append(b, "M"+device.MuteGroup.Info().Text(g))
	}
	return strings.Join(b, " ")
}

// SamplesChanged reads names and values of the samples on the pads again.
func (m *Model) SamplesChanged() {
	if m.open {
		m.Reload()
	}
}
