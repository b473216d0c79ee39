package browser

import (
	"strings"

	"sampleagent/audio/key"
)

// The query is the one place where filters live: a chip writes a term into the text and reads
// from the text whether it is lit. So what one sees is what is searched, and it can be saved,
// undone and copied as text.

// terms splits a query at spaces outside of quotes.
func terms(text string) []string {
	var out []string
	var cur strings.Builder
	quoted := false
	for _, r := range text {
		switch {
		case r == '"':
			quoted = !quoted
			cur.WriteRune(r)
		case r == ' ' && !quoted:
			if cur.Len() > 0 {
				out = append(out, cur.String())
				cur.Reset()
			}
		default:
			cur.WriteRune(r)
		}
	}
	if cur.Len() > 0 {
		out = append(out, cur.String())
	}
	return out
}

// hasTerm says whether a query contains the term.
func hasTerm(text, term string) bool {
	for _, t := range terms(text) {
		if strings.EqualFold(t, term) {
			return true
		}
	}
	return false
}

// toggleTerm adds the term or takes it out.
func toggleTerm(text, term string) string {
	var out []string
	had := false
	for _, t := range terms(text) {
		if strings.EqualFold(t, term) {
			had = true
			continue
		}
		out = append(out, t)
	}
	if !had {
		out = append(out, term)
	}
	return strings.Join(out, " ")
}

// Field is the value of a field's first term, "" when the query has none: "88-92" of "bpm:88-92".
func Field(text, field string) string {
	for _, t := range terms(text) {
		if k, v, ok := strings.Cut(t, ":"); ok && strings.EqualFold(k, field) {
			return strings.Trim(v, `"`)
		}
	}
	return ""
}

// setField replaces a field's terms by one with the value, or by none when it is "".
func setField(text, field, value string) string {
	var out []string
	for _, t := range terms(text) {
		if k, _, ok := strings.Cut(t, ":"); ok && strings.EqualFold(k, field) {
			continue
		}
		out = append(out, t)
	}
	if value != "" {
		if strings.ContainsAny(value, " ") {
			value = `"` + value + `"`
		}
		out = append(out, field+":"+value)
	}
	return strings.Join(out, " ")
}

// Keys are the names of all keys, minor before major, for lists to choose from.
var Keys = func() (all []string) {
	for _, minor := range []bool{true, false} {
		for tonic := range key.Notes {
			all = append(all, key.New(tonic, minor).String())
		}
	}
	return all
}()
