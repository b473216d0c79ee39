package catalog

import (
	"strconv"
	"strings"
)

// ParseKey reads a musical key as people write it, without regard to case but for a lone m:
// "A minor", "Am", "a min", "A-", "F#", "Gb major", "Bb maj", "8A" (wheel of fifths). It returns
// the form the library holds: "A minor", "F# major", with sharps.
func ParseKey(s string) (string, bool) {
	s = strings.TrimSpace(s)
	if slot, ok := parseWheel(s); ok {
		return keyOfSlot[slot], true
	}
	if s == "" {
		return "", false
	}
	note, ok := noteNames[s[0]|0x20]
	if !ok {
		return "", false
	}
	rest := s[1:]
	for len(rest) > 0 {
		if rest[0] == '#' {
			note, rest = note+1, rest[1:]
		} else if strings.HasPrefix(rest, "♯") {
			note, rest = note+1, rest[len("♯"):]
		} else if strings.HasPrefix(rest, "♭") {
			note, rest = note+11, rest[len("♭"):]
		} else if rest[0] == 'b' {
			note, rest = note+11, rest[1:]
		} else {
			break
		}
	}
	rest = strings.Trim(rest, " _-")
	switch {
	case rest == "M", rest == "" && !strings.HasSuffix(s, "-"):
		return sharps[note%12] + " major", true
	case rest == "m", rest == "":
		return sharps[note%12] + " minor", true
	}
	switch strings.ToLower(rest) {
	case "maj", "major", "dur":
		return sharps[note%12] + " major", true
	case "min", "minor", "moll":
		return sharps[note%12] + " minor", true
	}
	return "", false
}

// KeySlot is the place of a key on the wheel of fifths: 1A, 1B, 2A, ... 12B as 1 to 24, so that
// odd is minor and even major; 0 for a key that is none.
func KeySlot(key string) int {
	k, ok := ParseKey(key)
	if !ok {
		return 0
	}
	return slotOfKey[k]
}

// CompatibleKeys lists the slots that mix with slot: itself, its relative, and its neighbours a
// fifth up and down. Slot 0 has none.
func CompatibleKeys(slot int) []int {
	if slot < 1 || slot > 24 {
		return nil
	}
	i := slot - 1
	return []int{slot, (i ^ 1) + 1, (i+2)%24 + 1, (i+22)%24 + 1}
}

var (
	sharps    = [12]string{"C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B"}
	noteNames = map[byte]int{'c': 0, 'd': 2, 'e': 4, 'f': 5, 'g': 7, 'a': 9, 'b': 11}
	keyOfSlot = wheel()
	slotOfKey = func() map[string]int {
		m := map[string]int{}
		for slot, key := range keyOfSlot {
			m[key] = slot
		}
		delete(m, "")
		return m
	}()
)

// wheel lays the keys out in fifths: 1A is A flat minor, 1B B major, each hour a fifth up.
func wheel() (w [25]string) {
	for hour := range 12 {
		w[2*hour+1] = sharps[(8+7*hour)%12] + " minor"
		w[2*hour+2] = sharps[(11+7*hour)%12] + " major"
	}
	return w
}

func parseWheel(s string) (int, bool) {
	if len(s) < 2 || len(s) > 3 {
		return 0, false
	}
	hour, err := strconv.Atoi(s[:len(s)-1])
	if err != nil || hour < 1 || hour > 12 || s[0] == '+' || s[0] == '0' {
		return 0, false
	}
	switch s[len(s)-1] | 0x20 {
	case 'a':
		return 2*hour - 1, true
	case 'b':
		return 2 * hour, true
	}
	return 0, false
}

// keyWords is a key in the words a person may search by.
func keyWords(key string) string {
	slot := KeySlot(key)
	if slot == 0 {
		return ""
	}
	key = keyOfSlot[slot]
	note, mode, _ := strings.Cut(key, " ")
	short, letter := note, "B"
	if mode == "minor" {
		short, letter = note+"m", "A"
	}
	return key + " " + short + " " + note + mode[:3] + " " + strconv.Itoa((slot+1)/2) + letter
}
