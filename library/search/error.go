package search

import (
	"fmt"
	"slices"
	"strings"
)

// Error points at the word of a query that cannot be understood.
type Error struct {
	Offset     int    // bytes before the word
	Word       string // as typed
	Reason     string // what is wrong, for a person
	Suggestion string // what was perhaps meant, as it would be typed; "" for no idea
}

func (e *Error) Error() string {
	text := fmt.Sprintf("%s: %s", e.Word, e.Reason)
	if e.Word == "" {
		text = e.Reason
	}
	if e.Suggestion != "" {
		text += fmt.Sprintf(" (did you mean %s?)", e.Suggestion)
	}
	return text
}

// nearest finds the word that differs least from what was typed, if it differs little.
func nearest(typed string, words []string) (string, bool) {
	typed = strings.ToLower(typed)
	best, least := "", 3
	for _, w := range words {
		d := distance(typed, w)
		if len(typed) > 1 && strings.HasPrefix(w, typed) {
			d = min(d, 1)
		}
		if d < least && d < min(len(w), len(typed)) {
			best, least = w, d
		}
	}
	return best, best != ""
}

// distance is Levenshtein's, in bytes.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		before := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			before, row[j+1] = row[j+1], min(row[j+1]+1, row[j]+1, before+cost)
		}
	}
	return row[len(b)]
}

// choices lists words for a sentence: "a, b or c".
func choices(words []string) string {
	words = slices.Clone(words)
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " or " + words[last]
}
