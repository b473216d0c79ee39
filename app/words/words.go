// Package words says numbers as people read them, in the window and by the commands alike: sizes,
// lengths, counts. It knows no sample, no cloud and no screen.
package words

import (
	"fmt"
	"math"
)

// Size says a number of bytes with two or three digits. A kB is 1024 bytes and a MB 1024 kB, as in
// the plans' limits.
func Size(bytes int64) string {
	const unit = 1024
	b := float64(bytes)
	switch {
	case bytes < unit:
		return Count(bytes, "byte", "bytes")
	case b < 9.95*unit:
		return fmt.Sprintf("%.1f kB", b/unit)
	case b < 999.5*unit:
		return fmt.Sprintf("%.0f kB", b/unit)
	case b < 999.95*unit*unit:
		return fmt.Sprintf("%.1f MB", b/unit/unit)
	}
	return fmt.Sprintf("%.1f GB", b/unit/unit/unit)
}

// Length says the length of a sound in seconds: 0.42 s, 12.3 s, 3:05, 1:02:03. Without a length it
// says nothing.
func Length(seconds float64) string {
	switch {
	case seconds <= 0 || math.IsNaN(seconds):
		return ""
	case seconds < 9.995:
		return fmt.Sprintf("%.2f s", seconds)
	case seconds < 59.95:
		return fmt.Sprintf("%.1f s", seconds)
	}
	whole := int64(math.Round(seconds))
	if whole < 3600 {
		return fmt.Sprintf("%d:%02d", whole/60, whole%60)
	}
	return fmt.Sprintf("%d:%02d:%02d", whole/3600, whole/60%60, whole%60)
}

// Count says so many of something: 1 file, 2,400 files.
func Count[N int | int64](n N, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return Thousands(n) + " " + many
}

// Thousands groups the digits of a number from 0 on: 12,345.
func Thousands[N int | int64](n N) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
