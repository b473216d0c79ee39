package cli

import (
	"fmt"
	"strings"
)

// none stands in a table where a value is not known.
const none = "–"

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
