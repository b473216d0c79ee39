// Package fill is the dialog that fills a bank for a person: a template, a seed to start from, what
// it would put on each pad and why, and the next best sounds one key away.
//
// Model is the dialog as data; View draws it. Nothing is put on a pad before a person says so, and
// nothing on a pad is replaced unless that was asked for.
package fill

import (
	"context"
	"fmt"

	"sampleagent/app"
	"sampleagent/library/catalog"
	device "sampleagent/library/kit"
	"sampleagent/ui/browser"
)

// Core is what the dialog needs of the application.
type Core interface {
	ProposeBank(ctx context.Context, id string, bank int, t device.Template, query string, o device.FillOptions) (*device.Proposal, map[string]catalog.Sample, error)
	ApplyPicks(ctx context.Context, id string, bank int, picks []device.Pick) error
	Audition(row catalog.Row, o app.Audition)
}

// Seed is a sound to start from.
type Seed struct{ ID, Name string }

// Line is a pad of the proposal.
type Line struct {
	device.Pick
	Name   string // of the sample
	Old    string // name of what it would replace, "" for nothing
	Number int    // which of the choices this is, from 1
	Of     int    // how many there are
	Skip   bool   // a person does not want it
}

// Model is the dialog as data. All methods belong to the UI goroutine.
type Model struct {
	OnChanged func()
	OnDone    func(placed int)

	core Core
	run  browser.Background

	kit      string
	bank     int
	template device.Template
	query    string
	seed     Seed
	replace  bool

	busy     bool
	err      string
	proposal *device.Proposal
	samples  map[string]catalog.Sample
	lines    []Line
	asked    int
}

// NewModel begins with a template and a query for a bank of a kit.
func NewModel(core Core, run browser.Background, kitID string, bank int, t device.Template, query string, seed Seed) *Model {
	m := &Model{core: core, run: run, kit: kitID, bank: bank, template: t, query: query, seed: seed}
	m.propose()
	return m
}

// Template, Query, Seed and Replace are the choices so far.
func (m *Model) Template() device.Template { return m.template }

// Query narrows what is chosen from; "" is the whole library.
func (m *Model) Query() string { return m.query }

// Seed is the sound to start from; without ID there is none.
func (m *Model) Seed() Seed { return m.seed }

// Replace says whether filled pads may be chosen too.
func (m *Model) Replace() bool { return m.replace }

// Bank is the bank that is filled.
func (m *Model) Bank() int { return m.bank }

// Busy says that a proposal is being worked out; Err why there is none.
func (m *Model) Busy() bool { return m.busy }

// Err says why there is no proposal.
func (m *Model) Err() string { return m.err }

// Lines are the pads of the proposal.
func (m *Model) Lines() []Line { return m.lines }

func (m *Model) changed() {
	if m.OnChanged != nil {
		m.OnChanged()
	}
}

// SetTemplate, SetQuery, SetSeed and SetReplace work out another proposal.
func (m *Model) SetTemplate(t device.Template) { m.template = t; m.propose() }

// SetQuery narrows what is chosen from.
func (m *Model) SetQuery(q string) {
	if q != m.query {
		m.query = q
		m.propose()
	}
}

// SetSeed takes a sound to start from; the zero Seed none.
func (m *Model) SetSeed(s Seed) { m.seed = s; m.propose() }

// SetReplace lets filled pads be chosen too.
func (m *Model) SetReplace(on bool) { m.replace = on; m.propose() }

func (m *Model) propose() {
	m.asked++
	asked, t, q, o := m.asked, m.template, m.query, device.FillOptions{Seed: m.seed.ID, Replace: m.replace}
	m.busy, m.err = true, ""
	m.changed()
	m.run(func(ctx context.Context) func() {
		p, samples, err := m.core.ProposeBank(ctx, m.kit, m.bank, t, q, o)
		return func() {
			if asked != m.asked {
				return
			}
			m.busy, m.proposal, m.samples, m.lines = false, p, samples, nil
			if err != nil {
				m.err = err.Error()
			} else {
				for _, pick := range p.Picks {
					m.lines = append(m.lines, m.line(pick, 1))
				}
				if len(p.Picks) == 0 {
					m.err = "Nothing that was found fits. Try another template, or a wider search."
				}
			}
			m.changed()
		}
	})
}

func (m *Model) line(p device.Pick, number int) Line {
	l := Line{Pick: p, Name: m.name(p.SampleID), Number: number, Of: 1 + len(p.Alternates)}
	if p.Replaces != "" {
		l.Old = m.name(p.Replaces)
	}
	return l
}

func (m *Model) name(id string) string {
	if s, ok := m.samples[id]; ok {
		return browser.Plain(s.Name)
	}
	return "a sound outside of the search"
}

// Sample is the sample of a line.
func (m *Model) Sample(i int) (catalog.Sample, bool) {
	if i < 0 || i >= len(m.lines) {
		return catalog.Sample{}, false
	}
	s, ok := m.samples[m.lines[i].SampleID]
	return s, ok
}

// Next exchanges the sound of a line for the next best, or with back for the one before; what
// another line uses is passed over. Of a chopped loop it is the loop that changes, on all lines.
func (m *Model) Next(i int, back bool) {
	if i < 0 || i >= len(m.lines) || m.lines[i].Of < 2 {
		return
	}
	if m.proposal.Template == device.Chops {
		if a := m.lines[i].Alternates; len(a) > 0 {
			m.SetSeed(Seed{a[0].SampleID, m.name(a[0].SampleID)})
		}
		return
	}
	used := map[string]bool{}
	for j, l := range m.lines {
		if j != i {
			used[l.SampleID] = true
		}
	}
	l := m.lines[i]
	original := m.proposal.Picks[i]
	step := 1
	if back {
		step = l.Of - 1
	}
	for n := (l.Number - 1 + step) % l.Of; n != l.Number-1; n = (n + step) % l.Of {
		p := original
		if n > 0 {
			p = original.Choose(n - 1)
		}
		if used[p.SampleID] {
			continue
		}
		next := m.line(p, n+1)
		next.Of, next.Skip = l.Of, false
		m.lines[i] = next
		m.changed()
		return
	}
}

// Skip leaves a line out, or takes it in again.
func (m *Model) Skip(i int) {
	if i >= 0 && i < len(m.lines) {
		m.lines[i].Skip = !m.lines[i].Skip
		m.changed()
	}
}

// Play lets the sound of a line be heard.
func (m *Model) Play(i int) {
	if s, ok := m.Sample(i); ok {
		m.core.Audition(s.Row, app.Audition{})
	}
}

// Chosen says how many pads would be filled, and how many of them are filled now.
func (m *Model) Chosen() (fill, replace int) {
	for _, l := range m.lines {
		if !l.Skip {
			fill++
			if l.Replaces != "" {
				replace++
			}
		}
	}
	return fill, replace
}

// Apply puts what is chosen on the pads, as one edit that can be undone.
func (m *Model) Apply() {
	var picks []device.Pick
	for _, l := range m.lines {
		if !l.Skip {
			picks = append(picks, l.Pick)
		}
	}
	if len(picks) == 0 || m.busy {
		return
	}
	m.busy = true
	m.changed()
	m.run(func(ctx context.Context) func() {
		err := m.core.ApplyPicks(ctx, m.kit, m.bank, picks)
		return func() {
			m.busy = false
			if err != nil {
				m.err = err.Error()
				m.changed()
				return
			}
			m.OnDone(len(picks))
		}
	})
}

// Aim says in words what the proposal aims at.
func (m *Model) Aim() string {
	p := m.proposal
	if p == nil || m.err != "" {
		return ""
	}
	text := ""
	if p.BPM > 0 {
		text = browser.Tempo(p.BPM) + " BPM"
	}
	if p.Key != "" {
		if text != "" {
			text += ", "
		}
		text += p.Key
	}
	if n := len(p.Empty); n > 0 {
		if text != "" {
			text += " · "
		}
		text += fmt.Sprintf("nothing fits %d more", n)
	}
	return text
}
