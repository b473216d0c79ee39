package app

import (
	"context"
	"strings"

	"sampleagent/app/event"
	"sampleagent/audio/controller"
	"sampleagent/library/kit"
)

// hands is what a MIDI controller plays: the bank that is shown.
type hands struct {
	kit      string
	bank     int
	selected kit.Slot
}

// As on the device (documented: MIDI mode A): notes 36 to 51 are pads 1 to 16; channel 16 plays
// the selected pad chromatically, 48 is its own pitch. On the device the other channels are banks;
// here a controller plays the bank that is shown, whatever channel it sends on.
const (
	firstPadKey      = 36
	chromaticChannel = 16
	ownPitchKey      = 48
)

// PlayFrom says which bank a MIDI controller plays, and which pad chromatically.
func (a *App) PlayFrom(kitID string, bank int, selected kit.Slot) {
	a.pads.mu.Lock()
	a.pads.hands = hands{kitID, bank, selected}
	a.pads.mu.Unlock()
}

// controllers lets MIDI controllers play until the application ends.
func (a *App) controllers(ctx context.Context, dir string) {
	before := ""
	controller.Watch(ctx, dir, a.controllerNote, func(names []string) {
		now := strings.Join(names, ", ")
		switch {
		case now != "":
			a.Tell(event.Info, "MIDI controller: %s. Its notes 36 to 51 play the pads of the bank that is shown.", now)
		case before != "":
			a.Tell(event.Info, "The MIDI controller %s is gone.", before)
		}
		before = now
	})
}

func (a *App) controllerNote(n controller.Note) {
	d := a.pads
	d.mu.Lock()
	h := d.hands
	d.mu.Unlock()
	note := kit.Note{Pad: h.selected, Velocity: n.Velocity}
	if n.Channel == chromaticChannel {
		note.Semitones, note.Poly = n.Key-ownPitchKey, true
	} else {
		slot, err := kit.At(h.bank, n.Key-firstPadKey+1)
		if err != nil {
			return // a key that is no pad
		}
		note.Pad = slot
	}
	switch {
	case h.kit == "":
	case n.Velocity == 0:
		d.letGo(note.Pad)
	default:
		d.strike(h.kit, note)
	}
}
