package wire

import "strings"

// Position keys order lists that several machines edit: each item has a key, items sort by key
// (then by name), and a new key can always be made between two others, so that moving one item
// writes one cell. A key is a fraction in base 36 without its leading "0."; it never ends in the
// lowest digit, which is what leaves room before it.
const digits = "0123456789abcdefghijklmnopqrstuvwxyz"

// Between is a key after a and before b; "" for a means the start, "" for b the end. It needs
// a < b where both are given. Appending gives keys that grow by one digit in about every
// thirty-five items.
func Between(a, b string) string {
	if b == "" && a != "" {
		return after(a)
	}
	var key strings.Builder
	bounded := b != ""
	for i := 0; ; i++ {
		lo := digit(a, i, 0)
		hi := len(digits)
		if bounded {
			hi = digit(b, i, 0)
		}
		switch {
		case lo == hi:
			key.WriteByte(digits[lo])
		case hi-lo > 1:
			key.WriteByte(digits[(lo+hi)/2])
			return key.String()
		default: // neighbours: keep a's digit, and what follows is bounded by a alone
			key.WriteByte(digits[lo])
			bounded = false
		}
	}
}

// after is a short key greater than a.
func after(a string) string {
	for i := range len(a) {
		if d := digit(a, i, 0); d < len(digits)-1 {
			return a[:i] + string(digits[d+1])
		}
	}
	return a + string(digits[1])
}

// digit is the value of the i-th digit of key, or other beyond its end.
func digit(key string, i, other int) int {
	if i >= len(key) {
		return other
	}
	return strings.IndexByte(digits, key[i])
}

// ValidPosition reports whether key is one that Between can have made.
func ValidPosition(key string) bool {
	return key != "" && len(key) <= MaxCellName && strings.Trim(key, digits) == "" && key[len(key)-1] != digits[0]
}
