package sp404

import (
	"encoding/binary"
	"fmt"
)

// checkSMF walks through a standard MIDI file and refuses lengths that the file does not have.
// The library behind ImportMIDI believes them, and would take a quarter of a gigabyte for a
// text of four bytes. (Standard MIDI Files 1.0, RP-001.)
func checkSMF(b []byte) error {
	if len(b) < 14 || string(b[:4]) != "MThd" {
		return fmt.Errorf("at byte 0: no MThd")
	}
	at := 8 + int(binary.BigEndian.Uint32(b[4:]))
	if at < 14 || at > len(b) {
		return fmt.Errorf("at byte 4: a header of %d bytes", at-8)
	}
	for at < len(b) {
		if len(b)-at < 8 {
			return fmt.Errorf("at byte %d: the file ends inside a chunk's header", at)
		}
		size := int(binary.BigEndian.Uint32(b[at+4:]))
		body := at + 8
		if size > len(b)-body {
			return fmt.Errorf("at byte %d: a chunk of %d bytes in a file that has %d more", at+4, size, len(b)-body)
		}
		if string(b[at:at+4]) == "MTrk" {
			if off, err := checkTrack(b[body : body+size]); err != nil {
				return fmt.Errorf("at byte %d: %w", body+off, err)
			}
		}
		at = body + size
	}
	return nil
}

// checkTrack walks through a track's events; the offset is that of what is wrong.
func checkTrack(b []byte) (int, error) {
	at := 0
	number := func() (int, bool) {
		n := 0
		for range 4 {
			if at >= len(b) {
				return 0, false
			}
			c := b[at]
			at++
			n = n<<7 | int(c&0x7F)
			if c < 0x80 {
				return n, true
			}
		}
		return 0, false
	}
	var running byte
	for at < len(b) {
		start := at
		if _, ok := number(); !ok || at >= len(b) {
			return start, fmt.Errorf("no time before an event")
		}
		status := b[at]
		if status >= 0x80 {
			at++
		} else if status = running; status == 0 {
			return at, fmt.Errorf("an event without a status")
		}
		var skip int
		switch {
		case status == 0xFF, status == 0xF0, status == 0xF7:
			if status == 0xFF {
				at++ // type
			}
			n, ok := number()
			if !ok {
				return start, fmt.Errorf("no length of a text")
			}
			skip, running = n, 0
		case status >= 0xF0:
			return start, fmt.Errorf("status %02X has no place in a file", status)
		default:
			running = status
			skip = 2
			if status>>4 == 0xC || status>>4 == 0xD {
				skip = 1
			}
		}
		if skip > len(b)-at {
			return start, fmt.Errorf("an event of %d bytes in a track that has %d more", skip, len(b)-at)
		}
		at += skip
	}
	return 0, nil
}
