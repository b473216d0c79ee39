// Package kit is what a producer puts on the device, as pure values: ten banks of sixteen pads
// with every pad setting of the SP-404MK2 and its range, patterns, and the rules by which pads
// are moved about and filled.
//
// A value out of range cannot be built. The package must never know a file, a database, a
// screen or a byte of the device's formats (library/sp404 has those).
package kit

import (
	"fmt"
	"strconv"
)

// The device's layout (reference manual v5, "Main specifications").
const (
	BankCount   = 10 // A to J
	PadsPerBank = 16
	PadCount    = BankCount * PadsPerBank
)

// Slot is a pad's place: 0 is A1, 15 is A16, 16 is B1, 159 is J16. The device counts alike.
type Slot uint8

// At gives the slot of a bank (0 to 9) and a pad (1 to 16).
func At(bank, pad int) (Slot, error) {
	if bank < 0 || bank >= BankCount || pad < 1 || pad > PadsPerBank {
		return 0, fmt.Errorf("no pad %d in bank %d: banks are 0 to 9, pads 1 to 16", pad, bank)
	}
	return Slot(bank*PadsPerBank + pad - 1), nil
}

// ParseSlot reads "A1" to "J16", in either case.
func ParseSlot(s string) (Slot, error) {
	if len(s) >= 2 && len(s) <= 3 && s[1] != '0' {
		bank, err := ParseBank(s[:1])
		pad, perr := strconv.ParseUint(s[1:], 10, 8)
		if err == nil && perr == nil && pad >= 1 && pad <= PadsPerBank {
			return At(bank, int(pad))
		}
	}
	return 0, fmt.Errorf("%q is not a pad: pads are A1 to J16", s)
}

// Valid says whether the slot is one of the 160.
func (s Slot) Valid() bool { return s < PadCount }

// Bank is 0 (A) to 9 (J).
func (s Slot) Bank() int { return int(s) / PadsPerBank }

// Pad is 1 to 16 inside its bank.
func (s Slot) Pad() int { return int(s)%PadsPerBank + 1 }

// String is "A1" to "J16".
func (s Slot) String() string { return BankName(s.Bank()) + strconv.Itoa(s.Pad()) }

// MarshalText writes "A1".
func (s Slot) MarshalText() ([]byte, error) {
	if !s.Valid() {
		return nil, fmt.Errorf("no pad number %d", uint8(s))
	}
	return []byte(s.String()), nil
}

// UnmarshalText reads "A1".
func (s *Slot) UnmarshalText(b []byte) error {
	v, err := ParseSlot(string(b))
	if err == nil {
		*s = v
	}
	return err
}

// BankName is "A" to "J"; "?" for a number that is no bank.
func BankName(bank int) string {
	if bank < 0 || bank >= BankCount {
		return "?"
	}
	return string(rune('A' + bank))
}

// ParseBank reads "A" to "J", in either case, as 0 to 9.
func ParseBank(s string) (int, error) {
	if len(s) == 1 {
		c := s[0] &^ 0x20
		if c >= 'A' && c <= 'J' {
			return int(c - 'A'), nil
		}
	}
	return 0, fmt.Errorf("%q is not a bank: banks are A to J", s)
}

// BankSlots are the sixteen slots of a bank, in order.
func BankSlots(bank int) []Slot {
	out := make([]Slot, 0, PadsPerBank)
	for pad := 1; pad <= PadsPerBank; pad++ {
		if s, err := At(bank, pad); err == nil {
			out = append(out, s)
		}
	}
	return out
}
