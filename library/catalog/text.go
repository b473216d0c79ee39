package catalog

import (
	"path/filepath"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"sampleagent/audio/key"
)

// fold takes marks off letters and makes them small: what sorting and comparing names see.
func fold(s string) string {
	if ascii(s) {
		return strings.ToLower(s)
	}
	var b strings.Builder
	for _, r := range norm.NFD.String(s) {
		if !unicode.Is(unicode.Mn, r) {
			b.WriteRune(unicode.ToLower(r))
		}
	}
	return b.String()
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// NameKey is what sorting by name compares: without regard to case and marks, and with numbers
// in counting order, so that "Kick 9" comes before "Kick 10".
func NameKey(name string) string {
	s := fold(name)
	var b strings.Builder
	b.Grow(len(s) + 4)
	for i := 0; i < len(s); {
		if s[i] < '0' || s[i] > '9' {
			b.WriteByte(s[i])
			i++
			continue
		}
		end := i
		for end < len(s) && '0' <= s[end] && s[end] <= '9' {
			end++
		}
		digits := strings.TrimLeft(s[i:end], "0")
		// The count of digits stands first; beyond 9 digits it is one more 9 for each.
		n := len(digits)
		for ; n > 8; n -= 8 {
			b.WriteByte('9')
		}
		b.WriteByte(byte('0' + n))
		b.WriteString(digits)
		i = end
	}
	return b.String()
}

// displayName is a path's last element as it can be shown in one line: bytes that are no text
// replaced, a space for what ends lines or jumps, and nothing for what turns the text beside it round.
func displayName(path string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsControl(r):
			return ' '
		case unicode.Is(unicode.Bidi_Control, r):
			return -1
		}
		return r
	}, strings.ToValidUTF8(filepath.Base(path), "�"))
}

// hiddenWords finds the words that the tokenizer cannot see because nothing stands between
// them: "KickPunchy808" holds Kick, Punchy and 808.
func hiddenWords(name string) string {
	var out []string
	start := 0
	runes := []rune(strings.ToValidUTF8(name, " "))
	for i := 1; i < len(runes); i++ {
		a, b := runes[i-1], runes[i]
		if unicode.IsLower(a) && unicode.IsUpper(b) || unicode.IsDigit(a) && unicode.IsLetter(b) || unicode.IsLetter(a) && unicode.IsDigit(b) {
			out = append(out, string(runes[start:i]))
			start = i
		}
	}
	if len(out) == 0 {
		return ""
	}
	return strings.Join(append(out, string(runes[start:])), " ")
}

// folderWords is the end of the file's folder, for free text: the near folders say what a
// sound is ("Drums/Kicks"), the far ones only where the disk is.
func folderWords(path string) string {
	const near = 3
	parts := strings.Split(filepath.ToSlash(filepath.Dir(path)), "/")
	return strings.ToValidUTF8(strings.Join(parts[max(0, len(parts)-near):], " "), " ")
}

// soundWords is kind, class and key in words.
func soundWords(kind, class string, k key.Key) string {
	w := []string{class, kind}
	if kind == "one-shot" {
		w = append(w, "oneshot")
	}
	if k.Valid() { // in every spelling that a person may search by
		mode := "maj"
		if k.Minor() {
			mode = "min"
		}
		w = append(w, k.String(), k.Short(), key.Notes[k.Tonic()]+mode, k.Camelot())
	}
	return strings.Join(strings.Fields(strings.Join(w, " ")), " ")
}
