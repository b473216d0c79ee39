package codec

import (
	"strconv"
	"strings"
	"unicode"

	"sampleagent/audio/key"
)

// ParseName reads tempo and key out of a file's name: "Amen_165bpm_F#min.wav" gives 165 and
// "F# minor". It takes a name or a path with either kind of slash. 0 and "" mean that the name
// does not say: a number or a letter that could as well be something else is left alone, since
// what a name says is believed later on.
//
// A number is a tempo when "bpm" stands beside it. A bare number from 60 to 200 is one only if
// it is alone in that and either a key stands beside it or the name speaks of a loop and the
// number cannot be a count, a device, a velocity or a date. A key needs its mode: "Am", "F#min",
// "Gb maj"; a lone letter is a note, a bank or a version.
func ParseName(base string) (bpm float64, key string) {
	words := splitName(base)
	keys := nameKeys(words)
	bpm = nameTempo(words, keys)
	for i, k := range keys {
		if k.text == "" || k.wheel && !words.tempoBeside(i, k.end) {
			continue
		}
		if key != "" && key != k.text {
			return bpm, "" // two keys: it goes from one to the other, or one is something else
		}
		key = k.text
	}
	return bpm, key
}

// word is a run of letters or of digits of a name. "PianoLoop120Am" is four.
type word struct {
	text  string
	lower string
	sep   string  // what stands before it; "" where it is glued to the word before
	value float64 // of a number; 0 for words and for numbers with leading zeros
	digit bool
}

type words []word

// splitName cuts a name at everything that is neither letter nor digit, at the borders of
// letters and digits, and where a capital begins a new word.
func splitName(base string) words {
	if i := strings.LastIndexAny(base, `/\`); i >= 0 {
		base = base[i+1:]
	}
	if i := strings.LastIndexByte(base, '.'); i > 0 && len(base)-i <= 6 && !isNumber(base[i+1:]) {
		base = base[:i]
	}
	if len(base) > 1024 {
		base = base[:1024]
	}
	var (
		out words
		sep strings.Builder
		r   = []rune(base)
	)
	sep.WriteByte('^') // the name's beginning counts as a separator
	for i := 0; i < len(r); {
		j := i
		switch {
		case isDigit(r[i]):
			for j < len(r) && (isDigit(r[j]) || (r[j] == '.' || r[j] == ',') && j+1 < len(r) && isDigit(r[j+1])) {
				j++
			}
		case unicode.IsLetter(r[i]):
			j = letters(r, i)
		default:
			sep.WriteRune(r[i])
			i++
			continue
		}
		w := word{text: string(r[i:j]), sep: sep.String(), digit: isDigit(r[i])}
		w.lower = strings.ToLower(w.text)
		if w.digit && r[i] != '0' {
			// A number too long for a float or with two points stays 0: no tempo.
			w.value, _ = strconv.ParseFloat(strings.Replace(w.text, ",", ".", 1), 64)
		}
		out = append(out, w)
		sep.Reset()
		i = j
	}
	return out
}

// letters is where the word that begins at i ends: before a digit, a separator or a capital
// after a small letter, behind a sharp.
func letters(r []rune, i int) int {
	if i+3 <= len(r) && strings.EqualFold(string(r[i:i+3]), "bpm") {
		return i + 3
	}
	j := i + 1
	for j < len(r) {
		switch {
		case (r[j] == '#' || r[j] == '♯' || r[j] == '♭') && j == i+1 && isNote(r[i]):
			return j + 1
		case !unicode.IsLetter(r[j]):
			return j
		case unicode.IsUpper(r[j]) && unicode.IsLower(r[j-1]):
			return j
		case unicode.IsLower(r[j]) && unicode.IsUpper(r[j-1]) && j-1 > i:
			return j - 1 // "DJMix": the M begins the next word
		}
		j++
	}
	return j
}

func isNote(r rune) bool {
	r = unicode.ToUpper(r)
	return r >= 'A' && r <= 'G'
}

func isDigit(r rune) bool { return r >= '0' && r <= '9' }

func isNumber(s string) bool {
	return s != "" && strings.IndexFunc(s, func(r rune) bool { return !isDigit(r) }) < 0
}

// nameKey is a key found at a word; end is the word behind it.
type nameKey struct {
	text  string
	end   int
	wheel bool // Camelot: believed only beside a tempo
}

// nameKeys finds the keys; the result has one entry per word, empty where none begins.
func nameKeys(w words) []nameKey {
	keys := make([]nameKey, len(w))
	for i := 0; i < len(w); i++ {
		if k := w.keyAt(i); k.text != "" {
			keys[i] = k
			i = k.end - 1
		}
	}
	return keys
}

func (w words) keyAt(i int) nameKey {
	word := w[i]
	if word.digit {
		if i+1 < len(w) && w[i+1].sep == "" && (w[i+1].text == "A" || w[i+1].text == "B") && !w.glued(i+1) {
			if k, ok := key.Parse(strings.TrimPrefix(word.text, "0") + w[i+1].text); ok {
				return nameKey{k.String(), i + 2, true}
			}
		}
		return nameKey{}
	}
	if i > 0 && word.sep == "" && !w[i-1].digit && !unicode.IsUpper([]rune(word.text)[0]) {
		return nameKey{}
	}
	tonic, rest, ok := key.CutTonic(word.text)
	if !ok {
		return nameKey{}
	}
	end := i + 1
	// "F sharp minor", "B_flat_min"
	if rest == "" && len(word.text) == 1 && end < len(w) && (w[end].lower == "sharp" || w[end].lower == "flat") {
		move := 1
		if w[end].lower == "flat" {
			move = 11
		}
		tonic = (tonic + move) % 12
		end++
	}
	var minor, known, named bool // known: there is a mode; named: it is a word, not an m
	switch {
	case rest == "m" && word.text[0] < 'a':
		minor, known = true, true
	case rest != "":
		minor, named = key.Mode(rest)
		known = named
	case end < len(w) && len([]rune(w[end].sep)) <= 1 && !w[end].digit:
		if w[end].text == "m" && w[end].sep == "" {
			minor, known = true, true
		} else {
			minor, named = key.Mode(w[end].lower)
			known = named
		}
		if w[end].sep != "" && word.text == "a" {
			known = false // "a minor thing" is a sentence
		}
		end++
	}
	if !known || w.glued(end-1) {
		return nameKey{} // glued: "Am7" and "Cmaj9" are chords, "Dmix" is a word
	}
	// "Am", "Em" and "Dm" are words too: they need company that a word does not have.
	if !named && word.text == "Am" && w.pronoun(i) {
		return nameKey{}
	}
	return nameKey{key.New(tonic, minor).String(), end, false}
}

// glued says whether the next word hangs on word i without a separator.
func (w words) glued(i int) bool {
	return i+1 < len(w) && w[i+1].sep == ""
}

// pronoun says whether "Am" at i reads as English: beside an I, or between words by blanks.
func (w words) pronoun(i int) bool {
	before, after := "", ""
	spaced := w[i].sep == " "
	if i > 0 {
		before = w[i-1].lower
	}
	if i+1 < len(w) {
		after = w[i+1].lower
		spaced = spaced && w[i+1].sep == " " && !w[i+1].digit
	}
	if i > 0 && w[i-1].digit {
		spaced = false
	}
	return before == "i" || after == "i" || before == "who" || before == "where" || (spaced && i+1 < len(w) && after != "bpm")
}

// tempoBeside says whether a number that can be a tempo, or "bpm", stands directly before word i
// or at word end.
func (w words) tempoBeside(i, end int) bool {
	can := func(k int) bool {
		return k >= 0 && k < len(w) && (w[k].lower == "bpm" || plainTempo(w[k].value))
	}
	return can(i-1) || can(end)
}

// plainTempo bounds what a bare number may be.
func plainTempo(v float64) bool { return v >= 60 && v <= 200 }

// nameTempo finds the tempo.
func nameTempo(w words, keys []nameKey) float64 {
	for i := range w {
		if v := w.markedTempo(i); v > 0 {
			return v
		}
	}
	found, others := 0.0, 0
	for i := range w {
		switch {
		case !plainTempo(w[i].value) || w[i].value == found:
		case w.bareTempo(i, keys) && found == 0:
			found = w[i].value
		default:
			others++
		}
	}
	if others > 0 {
		return 0
	}
	return found
}

// markedTempo is the number that stands with "bpm" or "tempo" at i.
func (w words) markedTempo(i int) float64 {
	at := func(k int) float64 {
		if k >= 0 && k < len(w) && w[k].value >= minBPM && w[k].value <= maxBPM {
			return w[k].value
		}
		return 0
	}
	switch w[i].lower {
	case "bpm", "bpms":
		if v := at(i - 1); v > 0 {
			return v
		}
		return at(i + 1)
	case "tempo":
		return at(i + 1)
	}
	return 0
}

// loopWords make a bare number a likely tempo.
var loopWords = set("loop loops lp break breaks breakbeat amen beat beats groove riff drumloop bassline arp melody toploop")

// breakWords are those loops that are named after their tempo more often than counted.
var breakWords = set("break breaks breakbeat amen")

// countWords are followed by a count, a device's number, a velocity: not by a tempo.
var countWords = set(`loop loops lp break breaks beat beats groove riff fill kick kicks snare snares snr hat hats hh clap claps tom toms
	crash ride cymbal perc percussion conga bongo shaker rim clave cowbell hit hits stab shot oneshot fx sfx noise
	take part no nr num number vol volume vel velocity track trk bank pad preset patch version ver v sample smp
	bass chord chords piano keys lead synth pluck vox vocal note midi disc cd side page bar bars step steps
	sp mpc tr mc mv dx juno jx jv jp ju rz ry cr kr sk sr hr dr linn lm drumulator emu sc tb sh cs op ms korg roland akai casio yamaha
	moog rhodes wurlitzer wurli emulator ensoniq eps asr mirage s k top hot best the route studio room`)

// unitWords turn the number before them into something else.
var unitWords = set("k khz hz bit bits kbps ms s sec secs min mins db st nd rd th bars bar beats hits samples sounds x percent cents cent oz mm inch in years")

func set(s string) map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(s) {
		m[w] = true
	}
	return m
}

// bareTempo judges a number from 60 to 200 that nothing marks as a tempo.
func (w words) bareTempo(i int, keys []nameKey) bool {
	keyAfter := i+1 < len(w) && keys[i+1].text != ""
	keyBefore := false
	for k, key := range keys {
		keyBefore = keyBefore || key.text != "" && key.end == i && k < i
	}
	// SP404, v100, 96k, 120x and jigs157-Gminor are no tempos; Loop120Am is one.
	if w.glued(i) && !keyAfter || w[i].sep == "" && !keyBefore && (!keyAfter || !w.glued(i)) {
		return false
	}
	if i+1 < len(w) && unitWords[w[i+1].lower] && !keyAfter {
		return false
	}
	if strings.ContainsAny(w[i].sep, "#$%+") || i+1 < len(w) && strings.HasPrefix(w[i+1].sep, "%") {
		return false
	}
	for _, k := range [...]int{i - 1, i + 1} { // a year beside it makes it part of a date
		if k >= 0 && k < len(w) && w[k].value >= 1900 && w[k].value < 2100 {
			return false
		}
	}
	if keyAfter || keyBefore {
		return true
	}
	loop, index := false, false
	for k := range w {
		loop = loop || loopWords[w[k].lower]
		index = index || k != i && w[k].digit && (w[k].value == 0 || w[k].value < 60)
	}
	if !loop {
		return false
	}
	switch {
	case i == 0:
		return true
	case w[i-1].digit && i > 1 && w[i-1].sep == "" && !loopWords[w[i-2].lower]:
		return false // session1-100 counts on; 01_120 and loop1_120 do not
	case breakWords[w[i-1].lower]:
		return index || w[i].value >= 100 // there are Break 1 to 99, and then there is Break 170
	}
	return index || !countWords[w[i-1].lower]
}
