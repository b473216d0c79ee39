package cli

import (
	"fmt"
	"math"
	"strings"
)

// none stands in a table where a value is not known.
const none = "–"

// size says bytes in the units of file managers (1 MB = 1024 × 1024 bytes, as in product.md).
func size(n int64) string {
	const unit = 1024
	switch {
	case n < unit:
		return fmt.Sprintf("%d B", n)
	case n < unit*unit:
		return fmt.Sprintf("%.1f kB", float64(n)/unit)
	case n < unit*unit*unit:
		return fmt.Sprintf("%.1f MB", float64(n)/unit/unit)
	}
	return fmt.Sprintf("%.2f GB", float64(n)/unit/unit/unit)
}

// length says a sound's length: seconds, from a minute on minutes and seconds.
func length(s float64) string {
	switch {
	case s < 59.995:
		return fmt.Sprintf("%.2f s", s)
	case s < 3599.5:
		whole := int(math.Round(s))
		return fmt.Sprintf("%d:%02d min", whole/60, whole%60)
	}
	whole := int(math.Round(s))
	return fmt.Sprintf("%d:%02d:%02d h", whole/3600, whole/60%60, whole%60)
}

// plural says "1 file", "2 files".
func plural[N int | int64](n N, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// percent says a confidence of 0 to 1.
func percent(v float64) string { return fmt.Sprintf("%.0f%%", 100*v) }

func number(v *float64, format string) string {
	if v == nil {
		return none
	}
	if text := fmt.Sprintf(format, *v); strings.ContainsAny(text, "123456789") {
		return text
	}
	return fmt.Sprintf(format, 0.0) // not -0.0
}

func text[S ~string](v *S) string {
	if v == nil || *v == "" {
		return none
	}
	return string(*v)
}
