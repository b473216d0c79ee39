package search

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"sampleagent/audio/key"
	"sampleagent/library/catalog"
)

// Field is a word that may stand before a colon.
type Field struct {
	Name     string
	Help     string   // one line
	Examples []string // as typed

	whole bool // commas belong to the value
	parse func(v part) (n node, problem, better string)
}

// Fields lists every field, for help and completion.
func Fields() []Field { return slices.Clone(fields) }

var fields = []Field{
	{Name: "tag", Help: "has the tag; * at the end for any that begin so", Examples: []string{"tag:dusty", "tag:du*", "tag:dusty,warm", `tag:"lo fi"`}, parse: parseTag},
	numeric("bpm", "tempo; ~ also finds half and double time", "samples", "bpm", unitNone, "bpm:90", "bpm:88-92", "bpm:~90", "bpm:>140"),
	{Name: "key", Help: "key; ~ also finds the keys that go with it", Examples: []string{"key:Am", "key:F#m~", "key:8A", "key:minor"}, parse: parseKey},
	{Name: "kind", Help: "one-shot, loop or music", Examples: []string{"kind:loop", "kind:one-shot"}, parse: parseKind},
	{Name: "class", Help: "what plays", Examples: []string{"class:kick", "class:kick,snare"}, parse: parseClass},
	numeric("len", "length in seconds (or ms, m)", "samples", "duration", unitTime, "len:<2", "len:0.5-2", "len:<300ms"),
	numeric("rate", "sample rate in Hz (or k)", "samples", "rate", unitRate, "rate:48k", "rate:44100"),
	numeric("bits", "bits a sample", "samples", "bit_depth", unitWhole, "bits:24"),
	numeric("channels", "channels", "samples", "channels", unitWhole, "channels:1"),
	{Name: "format", Help: "file format", Examples: []string{"format:wav", "format:flac,wav"}, parse: parseFormat},
	numeric("size", "size of the file in bytes (or k, M, G)", "samples", "size", unitSize, "size:>10M"),
	numeric("rating", "stars, 0 to 5", "samples", "rating", unitWhole, "rating:>=3", "rating:5"),
	{Name: "is", Help: "a property: " + choices(flagNames("is")), Examples: []string{"is:favourite", "is:failed", "is:duplicate"}, parse: parseFlag("is")},
	{Name: "has", Help: "something is known: " + choices(flagNames("has")), Examples: []string{"has:bpm", "-has:key"}, parse: parseFlag("has")},
	{Name: "in", Help: "in a collection or one inside it", Examples: []string{`in:"My kit"`, "in:Drums/Kicks"}, whole: true, parse: parseIn},
	{Name: "path", Help: "these letters are in the file's path", Examples: []string{"path:drums/", `path:"sample packs"`}, whole: true, parse: parsePath},
	{Name: "id", Help: "the sample's id", Examples: []string{"id:018f..."}, parse: func(v part) (node, string, string) { return equal{"id", v.text}, "", "" }},
	textual("name", "name", "words of the name only", "name:break"),
	textual("folder", "folder", "words of the near folders only", "folder:drums"),
	textual("note", "note", "words of your notes", "note:chorus"),
	textual("source", "origin", "words of artist, album and title", "source:james"),
	textual("cloud", "cloud", "words of the cloud's description", "cloud:melancholic"),
	{Name: "licence", Help: "the licence of the source", Examples: []string{"licence:cc_by", "licence:royalty*"}, parse: parseLicence},
	temporal("added", "added_at", "when it came into the library", "added:today", "added:7d", "added:2026-01", "added:>2026-01-31"),
	temporal("played", "last_played", "when it was last heard", "played:week"),
	numeric("beats", "beats in the loop", "samples", "beats", unitWhole, "beats:16"),
	numeric("lufs", "loudness, LUFS", "samples", "lufs", unitNone, "lufs:>-12", "lufs:-20..-14"),
	numeric("peak", "sample peak, dBFS", "samples", "peak", unitNone, "peak:>-0.1"),
	numeric("truepeak", "true peak, dBTP", "features", "true_peak", unitNone, "truepeak:>0"),
	numeric("centroid", "brightness: mean spectral centroid, Hz", "features", "centroid", unitRate, "centroid:>3k"),
	numeric("bandwidth", "mean spectral bandwidth, Hz", "features", "bandwidth", unitRate, "bandwidth:<1k"),
	numeric("rolloff", "mean 85 % rolloff, Hz", "features", "rolloff", unitRate, "rolloff:>5k"),
	numeric("flatness", "noisiness, 0 to 1", "features", "flatness", unitNone, "flatness:>0.3"),
	numeric("zcr", "zero crossings a sample, 0 to 1", "features", "zcr", unitNone, "zcr:<0.05"),
	numeric("rms", "mean level, 0 to 1", "features", "rms", unitNone, "rms:>0.1"),
	numeric("harmonic", "harmonic share, 0 to 1", "features", "harmonic", unitNone, "harmonic:>0.8"),
	numeric("tuning", "deviation from A440, cents", "features", "tuning", unitNone, "tuning:-5..5"),
	numeric("onsets", "number of onsets", "features", "onsets", unitWhole, "onsets:1"),
	numeric("bpmconf", "how sure the tempo is, 0 to 1", "samples", "bpm_conf", unitNone, "bpmconf:>0.8"),
	numeric("keyconf", "how sure the key is, 0 to 1", "samples", "key_conf", unitNone, "keyconf:>0.8"),
	numeric("classconf", "how sure the class is, 0 to 1", "samples", "class_conf", unitNone, "classconf:>0.8"),
	{Name: "like", Help: "sounds like the sample with the id, the nearest first", Examples: []string{"like:018f..."}},
}

// aliases are other words for fields.
var aliases = map[string]string{"length": "len", "duration": "len", "tempo": "bpm", "tags": "tag", "license": "licence", "notes": "note", "collection": "in", "artist": "source", "stars": "rating"}

var (
	fieldsByName = map[string]*Field{}
	fieldNames   []string
)

func init() {
	for i := range fields {
		fieldsByName[fields[i].Name] = &fields[i]
		fieldNames = append(fieldNames, fields[i].Name)
	}
	for alias, name := range aliases {
		fieldsByName[alias] = fieldsByName[name]
	}
	slices.Sort(fieldNames)
}

// ---- text

// text finds words; column "" looks in all.
type text struct {
	column string
	words  string
	prefix bool // the last word may be only begun
}

func textual(name, column, help, example string) Field {
	return Field{Name: name, Help: help, Examples: []string{example}, whole: true, parse: func(v part) (node, string, string) {
		if !searchable(v.text) {
			return nil, "there is no letter and no digit to look for", ""
		}
		return text{column, v.text, !v.quoted}, "", ""
	}}
}

// tagged finds samples with a tag.
type tagged struct {
	name   string
	prefix bool
}

func parseTag(v part) (node, string, string) {
	name, prefix := strings.CutSuffix(v.text, "*")
	prefix = prefix && !v.quoted
	if !prefix {
		name = v.text
	}
	return tagged{strings.Join(strings.Fields(name), " "), prefix}, "", ""
}

// equal finds samples whose column holds a text, without regard to case.
type equal struct{ column, value string }

// begins finds samples whose column begins with a text, without regard to case.
type begins struct{ column, value string }

func parseClass(v part) (node, string, string) {
	class := strings.ToLower(v.text)
	if b, ok := strings.CutSuffix(class, "*"); ok {
		return begins{"class", b}, "", ""
	}
	switch class {
	case "hihat", "hi-hat", "hats":
		class = "hat"
	}
	return equal{"class", class}, "", ""
}

func parseKind(v part) (node, string, string) {
	kinds := []string{"one-shot", "loop", "music"}
	switch k := strings.ToLower(v.text); k {
	case "one-shot", "oneshot", "shot", "one_shot":
		return equal{"kind", "one-shot"}, "", ""
	case "loop", "loops":
		return equal{"kind", "loop"}, "", ""
	case "music", "song":
		return equal{"kind", "music"}, "", ""
	default:
		near, _ := nearest(k, kinds)
		return nil, "a kind is " + choices(kinds), near
	}
}

func parseFormat(v part) (node, string, string) {
	formats := []string{"wav", "aiff", "flac", "mp3", "ogg"}
	f := strings.ToLower(v.text)
	switch f {
	case "aif", "aifc":
		f = "aiff"
	case "vorbis":
		f = "ogg"
	case "wave":
		f = "wav"
	}
	if !slices.Contains(formats, f) {
		near, _ := nearest(f, formats)
		return nil, "a format is " + choices(formats), near
	}
	return equal{"format", f}, "", ""
}

// licensed finds samples by the licence of their source.
type licensed struct {
	value  string
	prefix bool
}

func parseLicence(v part) (node, string, string) {
	value, prefix := strings.CutSuffix(strings.ToLower(v.text), "*")
	return licensed{value, prefix}, "", ""
}

// inPath finds samples by a piece of their path, without regard to the case of A to Z.
type inPath struct{ piece string }

func parsePath(v part) (node, string, string) { return inPath{v.text}, "", "" }

// inCollection finds what is in a collection; its offset is for the error when there is none.
type inCollection struct {
	name   string
	offset int
}

func parseIn(v part) (node, string, string) { return inCollection{v.text, v.offset}, "", "" }

// ---- key

// inKeys finds samples in any of the keys.
type inKeys struct{ keys []key.Key }

func parseKey(v part) (node, string, string) {
	switch strings.ToLower(v.text) {
	case "minor", "min":
		return inKeys{inMode(true)}, "", ""
	case "major", "maj":
		return inKeys{inMode(false)}, "", ""
	}
	name, after := strings.CutSuffix(v.text, "~")
	name, before := strings.CutPrefix(name, "~")
	k, ok := key.Typed(name)
	if !ok {
		return nil, "a key is written Am, F#, Bbm, 8A or \"A minor\"", ""
	}
	keys := []key.Key{k}
	if before || after {
		keys = k.Compatible()
	}
	slices.Sort(keys)
	return inKeys{keys}, "", ""
}

// inMode lists the minor or the major keys.
func inMode(minor bool) (out []key.Key) {
	for k := key.Key(1); k <= key.Count; k++ {
		if k.Minor() == minor {
			out = append(out, k)
		}
	}
	return out
}

// ---- numbers

// number finds samples whose column lies in one of the spans; unknown values lie in none.
type number struct {
	table, column string
	spans         []span
}

// span is from lo to hi; an open end leaves the bound itself out.
type span struct {
	lo, hi         float64
	loOpen, hiOpen bool
}

func (s span) holds(v float64) bool {
	return (v > s.lo || v == s.lo && !s.loOpen) && (v < s.hi || v == s.hi && !s.hiOpen)
}

type unit int

const (
	unitNone unit = iota
	unitWhole
	unitTime
	unitRate
	unitSize
)

var suffixes = map[unit]map[string]float64{
	unitTime: {"s": 1, "ms": 0.001, "m": 60, "min": 60},
	unitRate: {"hz": 1, "k": 1000, "khz": 1000},
	unitSize: {"b": 1, "k": 1 << 10, "kb": 1 << 10, "m": 1 << 20, "mb": 1 << 20, "g": 1 << 30, "gb": 1 << 30},
}

func numeric(name, help, table, column string, u unit, examples ...string) Field {
	return Field{Name: name, Help: help, Examples: examples, parse: func(v part) (node, string, string) {
		in, half := strings.CutPrefix(v.text, "~")
		if half && name != "bpm" {
			return nil, "~ stands only with bpm: and key:", in
		}
		s, ok := parseSpan(in, u, half)
		if !ok {
			return nil, name + ": needs a number or a range, such as " + examples[0] + " or " + examples[len(examples)-1], ""
		}
		if s.lo > s.hi {
			return nil, "the range runs backwards", ""
		}
		spans := []span{s}
		if half {
			spans = append(spans, span{s.lo / 2, s.hi / 2, s.loOpen, s.hiOpen}, span{s.lo * 2, s.hi * 2, s.loOpen, s.hiOpen})
			slices.SortFunc(spans, func(a, b span) int { return cmp.Compare(a.lo, b.lo) })
		}
		return number{table, column, spans}, "", ""
	}}
}

// about is how far from a tempo asked with ~ another may lie: what a drummer calls the same.
const about = 0.02

// parseSpan reads 90, 88-92, 88..92, >90, >=90, <90, <=90, 90-, 90.. with the unit's suffixes.
func parseSpan(in string, u unit, near bool) (span, bool) {
	inf := math.Inf(1)
	for _, op := range []string{">=", "<=", ">", "<", "="} {
		rest, ok := strings.CutPrefix(in, op)
		if !ok {
			continue
		}
		v, _, rest, ok := readNumber(rest, u)
		if !ok || rest != "" {
			return span{}, false
		}
		switch op {
		case ">":
			return span{v, inf, true, false}, true
		case ">=":
			return span{v, inf, false, false}, true
		case "<":
			return span{-inf, v, false, true}, true
		case "<=":
			return span{-inf, v, false, false}, true
		}
		return span{v, v, false, false}, true
	}
	v, step, rest, ok := readNumber(in, u)
	if !ok {
		return span{}, false
	}
	if rest == "" {
		switch {
		case near:
			return span{v * (1 - about), v * (1 + about), false, false}, true
		case u == unitWhole, u == unitSize, u == unitRate && step >= 1:
			return span{v, v, false, false}, true
		}
		// A value is found by the digits that show: 90 finds all that rounds to 90.
		return span{v - step/2, v + step/2, false, true}, true
	}
	end, ok := strings.CutPrefix(rest, "..")
	if !ok {
		if end, ok = strings.CutPrefix(rest, "-"); !ok {
			return span{}, false
		}
	}
	if end == "" {
		return span{v, inf, false, false}, true
	}
	to, _, rest, ok := readNumber(end, u)
	return span{v, to, false, false}, ok && rest == ""
}

// readNumber reads a number with its suffix; step is the worth of its last digit.
func readNumber(in string, u unit) (v, step float64, rest string, ok bool) {
	i := 0
	if i < len(in) && (in[i] == '-' || in[i] == '+') {
		i++
	}
	digits, point, decimals := 0, false, 0
	for ; i < len(in); i++ {
		if c := in[i]; '0' <= c && c <= '9' {
			digits++
			if point {
				decimals++
			}
		} else if c == '.' && !point && !strings.HasPrefix(in[i:], "..") {
			point = true
		} else {
			break
		}
	}
	if digits == 0 || digits > 18 {
		return 0, 0, in, false
	}
	v, err := strconv.ParseFloat(in[:i], 64)
	if err != nil {
		return 0, 0, in, false
	}
	step, rest = math.Pow10(-decimals), in[i:]
	n := 0
	for n < len(rest) && letters(rest[:n+1]) {
		n++
	}
	if n > 0 {
		factor, known := suffixes[u][strings.ToLower(rest[:n])]
		if !known {
			return 0, 0, in, false
		}
		v, step, rest = v*factor, step*factor, rest[n:]
	}
	return v, step, rest, true
}

// ---- time

// during finds samples whose time lies in what f makes of the present.
type during struct {
	column string
	from   func(now time.Time) (lo, hi time.Time) // a zero time is an open end; hi is left out
}

func temporal(name, column, help string, examples ...string) Field {
	return Field{Name: name, Help: help, Examples: examples, parse: func(v part) (node, string, string) {
		f := parseTime(strings.ToLower(v.text))
		if f == nil {
			return nil, name + ": needs today, yesterday, week, 7d, 12h, a date as 2026-01-31, or > or < before it", ""
		}
		return during{column, f}, "", ""
	}}
}

func parseTime(in string) func(now time.Time) (lo, hi time.Time) {
	for _, op := range []string{">=", "<=", ">", "<"} {
		rest, ok := strings.CutPrefix(in, op)
		if !ok {
			continue
		}
		f := parsePeriod(rest)
		if f == nil {
			return nil
		}
		return func(now time.Time) (lo, hi time.Time) {
			lo, hi = f(now)
			switch op {
			case ">":
				return hi, time.Time{}
			case ">=":
				return lo, time.Time{}
			case "<":
				return time.Time{}, lo
			}
			return time.Time{}, hi
		}
	}
	if a, b, ok := strings.Cut(in, ".."); ok {
		fa, fb := parsePeriod(a), parsePeriod(b)
		if fa == nil || fb == nil {
			return nil
		}
		return func(now time.Time) (time.Time, time.Time) {
			lo, _ := fa(now)
			_, hi := fb(now)
			return lo, hi
		}
	}
	return parsePeriod(in)
}

// parsePeriod reads a day, month, year, or how long ago.
func parsePeriod(in string) func(now time.Time) (lo, hi time.Time) {
	day := func(now time.Time, shift int) time.Time {
		y, m, d := now.Date()
		return time.Date(y, m, d+shift, 0, 0, 0, 0, now.Location())
	}
	last := func(d time.Duration) func(now time.Time) (lo, hi time.Time) {
		// The end lies ahead, so that what comes in while one looks is found.
		return func(now time.Time) (time.Time, time.Time) { return now.Add(-d), now.Add(time.Minute) }
	}
	const aDay = 24 * time.Hour
	switch in {
	case "today":
		return func(now time.Time) (time.Time, time.Time) { return day(now, 0), day(now, 1) }
	case "yesterday":
		return func(now time.Time) (time.Time, time.Time) { return day(now, -1), day(now, 0) }
	case "week":
		return last(7 * aDay)
	case "month":
		return last(30 * aDay)
	case "year":
		return last(365 * aDay)
	}
	if n := len(in); n > 1 && n < 6 {
		if count, err := strconv.ParseUint(in[:n-1], 10, 16); err == nil {
			switch in[n-1] {
			case 'h':
				return last(time.Duration(count) * time.Hour)
			case 'd':
				return last(time.Duration(count) * aDay)
			case 'w':
				return last(time.Duration(count) * 7 * aDay)
			}
		}
	}
	for layout, add := range map[string][3]int{"2006-01-02": {0, 0, 1}, "2006-01": {0, 1, 0}, "2006": {1, 0, 0}} {
		if t, err := time.Parse(layout, in); err == nil {
			return func(now time.Time) (time.Time, time.Time) {
				lo := time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, now.Location())
				return lo, lo.AddDate(add[0], add[1], add[2])
			}
		}
	}
	return nil
}

// ---- properties

// property is one with a fixed statement, from the table below.
type property struct{ group, name string }

// flags maps is: and has: to statements.
var flags = map[string]map[string]string{
	"is": {
		"favourite": `SELECT row FROM samples WHERE favourite = 1`,
		"failed":    `SELECT row FROM samples WHERE state = 'failed' AND state <> 'analysed'`, // the second half names the index
		"missing":   `SELECT row FROM samples WHERE state = 'missing' AND state <> 'analysed' AND NOT (` + catalog.WhereRemote + `)`,
		"elsewhere": `SELECT row FROM samples WHERE state = 'missing' AND ` + catalog.WhereRemote, // on another machine
		"waiting":   `SELECT row FROM samples WHERE state = 'listed' AND state <> 'analysed'`,
		"analysed":  `SELECT row FROM samples WHERE state = 'analysed'`,
		"edited":    `SELECT DISTINCT row FROM edits`,
		"managed":   `SELECT row FROM samples WHERE managed = 1`,
		"duplicate": `SELECT row FROM samples WHERE content IN (SELECT content FROM doubles)`,
		"twin":      "", // by sound: see twins.go
	},
	"has": {
		"bpm":        `SELECT row FROM samples WHERE bpm IS NOT NULL`,
		"key":        `SELECT row FROM samples WHERE key_slot > 0`,
		"kind":       `SELECT row FROM samples WHERE kind > ''`,
		"class":      `SELECT row FROM samples WHERE class > ''`,
		"rating":     `SELECT row FROM samples WHERE rating > 0`,
		"beats":      `SELECT row FROM samples WHERE beats > 0`,
		"note":       `SELECT row FROM samples WHERE note <> ''`,
		"tags":       `SELECT DISTINCT row FROM sample_tags`,
		"cloud":      `SELECT row FROM clouds`,
		"licence":    `SELECT row FROM sources WHERE licence NOT IN ('', 'unknown')`,
		"source":     `SELECT row FROM sources WHERE artist <> '' OR album <> '' OR url <> ''`,
		"collection": `SELECT DISTINCT row FROM collection_samples`,
		"kit":        `SELECT row FROM samples WHERE id IN (SELECT sample_id FROM kit_pads)`,
		"sound":      `SELECT row FROM embeddings`,
	},
}

// acrossRows are those of the flags that other rows, collections or kits decide.
var acrossRows = []string{"duplicate", "collection", "kit"}

var flagAliases = map[string]string{"favorite": "favourite", "fav": "favourite", "listed": "waiting", "analyzed": "analysed", "tempo": "bpm", "tag": "tags", "license": "licence", "notes": "note", "dupe": "duplicate", "twins": "twin", "duplicates": "duplicate"}

func flagNames(group string) (out []string) {
	for name := range flags[group] {
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}

func parseFlag(group string) func(v part) (node, string, string) {
	return func(v part) (node, string, string) {
		name := strings.ToLower(v.text)
		if a, ok := flagAliases[name]; ok {
			name = a
		}
		if _, ok := flags[group][name]; !ok {
			names := flagNames(group)
			near, _ := nearest(name, names)
			return nil, group + ": takes " + choices(names), near
		}
		return property{group, name}, "", ""
	}
}
