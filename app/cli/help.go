package cli

import (
	"fmt"
	"strings"

	"sampleagent/library/search"
)

// fieldsHelp lists the search fields for the help text.
func fieldsHelp() string {
	var b strings.Builder
	b.WriteString("Fields:\n")
	for _, f := range search.Fields() {
		fmt.Fprintf(&b, "  %-14s %s\n", f.Name, f.Help)
	}
	return b.String()
}
