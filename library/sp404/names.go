package sp404

import (
	"fmt"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// MaxName is how many characters of a name the device shows and keeps (manual, RENAME; verified
// in real files). File names on the card keep to it before their extension.
const MaxName = 23

// Letters that do not come apart into a plain letter and its marks.
var letters = map[rune]string{
	'ß': "ss", 'ẞ': "SS", 'æ': "ae", 'Æ': "AE", 'œ': "oe", 'Œ': "OE", 'ø': "o", 'Ø': "O", 'đ': "d", 'Đ': "D",
	'ð': "d", 'Ð': "D", 'þ': "th", 'Þ': "Th", 'ł': "l", 'Ł': "L", 'ı': "i", 'ħ': "h", 'Ħ': "H", 'ŋ': "ng", 'Ŋ': "NG",
	'’': "", '‘': "", '\'': "", '"': "", '“': "", '”': "", '–': "-", '—': "-", '−': "-", '‐': "-",
	'#': "s", '♯': "s", '♭': "b", '&': " and ", '+': " plus ", '@': " at ",

	'а': "a", 'б': "b", 'в': "v", 'г': "g", 'д': "d", 'е': "e", 'ё': "e", 'ж': "zh", 'з': "z", 'и': "i", 'й': "i",
	'к': "k", 'л': "l", 'м': "m", 'н': "n", 'о': "o", 'п': "p", 'р': "r", 'с': "s", 'т': "t", 'у': "u", 'ф': "f",
	'х': "kh", 'ц': "ts", 'ч': "ch", 'ш': "sh", 'щ': "shch", 'ъ': "", 'ы': "y", 'ь': "", 'э': "e", 'ю': "yu", 'я': "ya",
	'є': "ye", 'і': "i", 'ї': "yi", 'ґ': "g",

	'α': "a", 'β': "v", 'γ': "g", 'δ': "d", 'ε': "e", 'ζ': "z", 'η': "i", 'θ': "th", 'ι': "i", 'κ': "k", 'λ': "l",
	'μ': "m", 'ν': "n", 'ξ': "x", 'ο': "o", 'π': "p", 'ρ': "r", 'σ': "s", 'ς': "s", 'τ': "t", 'υ': "y", 'φ': "f",
	'χ': "ch", 'ψ': "ps", 'ω': "o",
}

// plainName turns any text into letters, digits, spaces, '_' and '-' of ASCII: what the device
// has been seen to accept in file names. It may come out empty.
func plainName(s string) string {
	var b strings.Builder
	for _, r := range s {
		plainRune(&b, r)
	}
	out := strings.Join(strings.Fields(b.String()), " ")
	for strings.Contains(out, "__") {
		out = strings.ReplaceAll(out, "__", "_")
	}
	return strings.Trim(out, " _")
}

func plainRune(b *strings.Builder, r rune) {
	switch {
	case r < 0x80 && (unicode.IsLetter(r) || unicode.IsDigit(r)) || r == '_' || r == '-' || r == ' ':
		b.WriteRune(r)
		return
	case r == '\t' || unicode.IsSpace(r):
		b.WriteByte(' ')
		return
	}
	if t, ok := letters[r]; ok {
		b.WriteString(t)
		return
	}
	if t, ok := letters[unicode.ToLower(r)]; ok { // a capital of the table's alphabets
		b.WriteString(strings.ToUpper(t[:min(1, len(t))]))
		b.WriteString(t[min(1, len(t)):])
		return
	}
	apart := norm.NFKD.String(string(r))
	if apart == string(r) {
		if !unicode.Is(unicode.Mn, r) {
			b.WriteByte('_')
		}
		return
	}
	for _, p := range apart {
		plainRune(b, p)
	}
}

// cut shortens to n characters of ASCII without leaving a space or a stroke at the end.
func cut(s string, n int) string {
	if len(s) > n {
		s = s[:n]
	}
	return strings.TrimRight(s, " _-.")
}

// Names that DOS and Windows keep for themselves, whatever the extension.
func reserved(s string) bool {
	up := strings.ToUpper(s)
	switch up {
	case "CON", "PRN", "AUX", "NUL":
		return true
	}
	return len(up) == 4 && (up[:3] == "COM" || up[:3] == "LPT") && up[3] >= '0' && up[3] <= '9'
}

// folderName is a kit's name as a folder on the card; never empty, never a reserved name.
func folderName(name string) string {
	s := cut(plainName(name), MaxName)
	switch {
	case s == "":
		return "Kit"
	case reserved(s):
		return s + " kit"
	case strings.EqualFold(s, "PROJECT") || len(s) >= 8 && strings.EqualFold(s[:8], "PROJECT_"):
		return cut("Kit "+s, MaxName) // the device takes such a folder in IMPORT for a project
	}
	return s
}

// padFileName is "01 kick" for pad 1: the number keeps the pads in order in the device's list,
// and makes the name unique in its folder.
func padFileName(pad int, name string, alike bool) string {
	return fmt.Sprintf("%02d %s", pad, displayName(name, fileStem, alike))
}

// fileStem is what the pad's number leaves of a file's name.
const fileStem = MaxName - len("01 ")

// shorten cuts a plain name to n characters. Names of one folder of samples often begin alike;
// where another is cut to the same, the beginning and the end are kept instead.
func shorten(plain string, n int, alike bool) string {
	if len(plain) <= n || !alike {
		return cut(plain, n)
	}
	head := n / 3
	return cut(strings.TrimRight(plain[:head], " _-")+"-"+strings.TrimLeft(plain[len(plain)-(n-head-1):], " _-"), n)
}

// displayName is a pad's or project's name inside the device's own files; at most n characters.
func displayName(name string, n int, alike bool) string {
	if s := shorten(plainName(name), n, alike); s != "" {
		return s
	}
	return "sample"
}

// freeName adds a number to a name until taken (asked with lower-case names) says no.
func freeName(name string, taken func(lower string) bool) string {
	if !taken(strings.ToLower(name)) {
		return name
	}
	for n := 2; ; n++ {
		tail := fmt.Sprintf(" %d", n)
		if s := cut(name, MaxName-len(tail)) + tail; !taken(strings.ToLower(s)) {
			return s
		}
	}
}
