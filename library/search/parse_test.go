package search

import (
	"errors"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sampleagent/audio/key"
)

var inf = math.Inf(1)

var opts = cmp.AllowUnexported(not{}, text{}, tagged{}, equal{}, begins{}, licensed{}, inPath{}, inCollection{}, inKeys{}, number{}, span{}, property{}, like{})

func TestParse(t *testing.T) {
	word := func(s string) text { return text{words: s, prefix: true} }
	for in, want := range map[string]node{
		"":                      nil,
		"  \t ":                 nil,
		"kick":                  word("kick"),
		"kick punchy":           allOf{word("kick"), word("punchy")},
		`"boom bap"`:            text{words: "boom bap"},
		`"boom bap`:             text{words: "boom bap"},
		`"say \"hi\" \\o/"`:     text{words: `say "hi" \o/`},
		`"12:30"`:               text{words: "12:30"},
		"-vocal":                not{word("vocal")},
		"--vocal":               not{not{word("vocal")}},
		"hi-hat":                word("hi-hat"),
		"- kick":                word("kick"),
		"kick -":                word("kick"),
		"*** !":                 nil,
		"kick | snare":          anyOf{word("kick"), word("snare")},
		"kick|snare bpm:90":     anyOf{word("kick"), allOf{word("snare"), number{"samples", "bpm", []span{{89.5, 90.5, false, true}}}}},
		"(kick | snare) tag:x":  allOf{anyOf{word("kick"), word("snare")}, tagged{name: "x"}},
		"-(kick | snare)":       not{anyOf{word("kick"), word("snare")}},
		"(kick":                 word("kick"),
		"loop(1)":               word("loop(1)"),
		"kick)":                 word("kick)"),
		"tag:dusty,Warm":        anyOf{tagged{name: "dusty"}, tagged{name: "Warm"}},
		`tag:"lo  fi"`:          tagged{name: "lo fi"},
		`tag:"a,b"`:             tagged{name: "a,b"},
		"tag:du*":               tagged{"du", true},
		"bpm:88-92":             number{"samples", "bpm", []span{{88, 92, false, false}}},
		"BPM:88..92":            number{"samples", "bpm", []span{{88, 92, false, false}}},
		"bpm:~88-92":            number{"samples", "bpm", []span{{44, 46, false, false}, {88, 92, false, false}, {176, 184, false, false}}},
		"tempo:>140":            number{"samples", "bpm", []span{{140, inf, true, false}}},
		"len:<300ms":            number{"samples", "duration", []span{{-inf, 0.3, false, true}}},
		"len:0.5-2":             number{"samples", "duration", []span{{0.5, 2, false, false}}},
		"rate:44.1k":            number{"samples", "rate", []span{{44100, 44100, false, false}}},
		"lufs:-20..-14":         number{"samples", "lufs", []span{{-20, -14, false, false}}},
		"lufs:-20--14":          number{"samples", "lufs", []span{{-20, -14, false, false}}},
		"rating:>=3":            number{"samples", "rating", []span{{3, inf, false, false}}},
		"size:>10M":             number{"samples", "size", []span{{10 << 20, inf, true, false}}},
		"key:Am":                inKeys{[]key.Key{15}},
		"key:8a":                inKeys{[]key.Key{15}},
		`key:"A minor"`:         inKeys{[]key.Key{15}},
		"key:Am~":               inKeys{[]key.Key{13, 15, 16, 17}},
		`key:"A minor"~`:        inKeys{[]key.Key{13, 15, 16, 17}},
		"key:Am,C":              anyOf{inKeys{[]key.Key{15}}, inKeys{[]key.Key{16}}},
		"kind:oneshot":          equal{"kind", "one-shot"},
		"class:Kick":            equal{"class", "kick"},
		"format:aif":            equal{"format", "aiff"},
		"is:favorite":           property{"is", "favourite"},
		"has:bpm":               property{"has", "bpm"},
		`in:"My kit, loud"`:     inCollection{"My kit, loud", 3},
		"path:drums/a,b":        inPath{"drums/a,b"},
		"name:break":            text{"name", "break", true},
		"like:abc":              nil,
		"licence:royalty*":      licensed{"royalty", true},
		"kick like:abc -tag:b ": allOf{word("kick"), not{tagged{name: "b"}}},
	} {
		q, err := Parse(in)
		if err != nil {
			t.Errorf("%q: %v", in, err)
			continue
		}
		if d := cmp.Diff(want, q.root, opts); d != "" {
			t.Errorf("%q: %s", in, d)
		}
	}
	if q, err := Parse("kick like:abc"); err != nil || q.like == nil || q.like.id != "abc" || len(q.text) != 1 {
		t.Errorf("like: %+v, %v", q, err)
	}
}

func TestErrorsPointAtTheWord(t *testing.T) {
	for in, want := range map[string]Error{
		"kick bmp:90":      {5, "bmp:90", "there is no field bmp:", "bpm:90"},
		"kick 12:30":       {}, // no letters before the colon: text
		"c:/sounds":        {0, "c:/sounds", "there is no field c:", `"c:/sounds"`},
		"a -bpm:fast":      {3, "bpm:fast", "bpm: needs a number or a range, such as bpm:90 or bpm:>140", ""},
		"bpm:":             {0, "bpm:", "bpm: needs a value", "bpm:90"},
		"bpm:92-88":        {0, "bpm:92-88", "the range runs backwards", ""},
		"len:~2":           {0, "len:~2", "~ stands only with bpm: and key:", "len:2"},
		"key:H":            {0, "key:H", `a key is written Am, F#, Bbm, 8A or "A minor"`, ""},
		"kick is:favorit":  {5, "is:favorit", "is: takes analysed, duplicate, edited, elsewhere, failed, favourite, managed, missing, twin or waiting", "is:favourite"},
		"format:waw":       {0, "format:waw", "a format is wav, aiff, flac, mp3 or ogg", "format:wav"},
		"kind:lop":         {0, "kind:lop", "a kind is one-shot, loop or music", "kind:loop"},
		"kick |":           {5, "|", "nothing stands after it", ""},
		"| kick":           {0, "|", "nothing stands before it", ""},
		"ä like:a -like:b": {11, "like:b", "like: can stand only once, and not after - or beside |", ""},
		"like:a like:b":    {7, "like:b", "like: can stand only once, and not after - or beside |", ""},
		"like:a | kick":    {0, "like:a", "like: can stand only once, and not after - or beside |", ""},
		"kick | like:a":    {7, "like:a", "like: can stand only once, and not after - or beside |", ""},
		"like:":            {0, "like:", "like: needs a sample's id", ""},
		"added:soon":       {0, "added:soon", "added: needs today, yesterday, week, 7d, 12h, a date as 2026-01-31, or > or < before it", ""},
		"name:***":         {0, "name:***", "there is no letter and no digit to look for", ""},
		"key:Am,,C":        {0, "key:Am,,C", "key: needs a value", "key:Am"},
	} {
		_, err := Parse(in)
		if want.Reason == "" {
			if err != nil {
				t.Errorf("%q: %v", in, err)
			}
			continue
		}
		var got *Error
		if !errors.As(err, &got) {
			t.Errorf("%q: %v is no *Error", in, err)
			continue
		}
		if d := cmp.Diff(want, *got); d != "" {
			t.Errorf("%q: %s", in, d)
		}
		if in[got.Offset:got.Offset+len(got.Word)] != got.Word {
			t.Errorf("%q: the error points at %q", in, in[got.Offset:])
		}
	}
	if _, err := Parse(strings.Repeat("(", 100)); err == nil {
		t.Error("a hundred groups were taken")
	}
	if _, err := Parse(strings.Repeat("-", 100000)); err == nil {
		t.Error("a hundred thousand dashes were taken")
	}
}

func TestTimes(t *testing.T) {
	zone := time.FixedZone("x", 2*3600)
	now := time.Date(2026, 3, 10, 15, 4, 5, 0, zone)
	day := func(y, m, d int) time.Time { return time.Date(y, time.Month(m), d, 0, 0, 0, 0, zone) }
	for in, want := range map[string][2]time.Time{
		"today":                  {day(2026, 3, 10), day(2026, 3, 11)},
		"yesterday":              {day(2026, 3, 9), day(2026, 3, 10)},
		"7d":                     {now.AddDate(0, 0, -7), now.Add(time.Minute)},
		"2026-02":                {day(2026, 2, 1), day(2026, 3, 1)},
		"2025":                   {day(2025, 1, 1), day(2026, 1, 1)},
		"2026-02-28":             {day(2026, 2, 28), day(2026, 3, 1)},
		">2026-02-28":            {day(2026, 3, 1), {}},
		">=2026-02-28":           {day(2026, 2, 28), {}},
		"<2026-02":               {{}, day(2026, 2, 1)},
		"<=2026-02":              {{}, day(2026, 3, 1)},
		"2026-01-01..2026-02-01": {day(2026, 1, 1), day(2026, 2, 2)},
	} {
		f := parseTime(in)
		if f == nil {
			t.Errorf("%s was not taken", in)
			continue
		}
		lo, hi := f(now)
		if !lo.Equal(want[0]) || !hi.Equal(want[1]) {
			t.Errorf("%s: %v to %v, want %v to %v", in, lo, hi, want[0], want[1])
		}
	}
	for _, in := range []string{"", "d", "-1d", "2026-13", "..", ">", "99999d"} {
		if parseTime(in) != nil {
			t.Errorf("%q was taken", in)
		}
	}
}

// pieces are what random queries are made of.
var pieces = []string{"kick", "sn", "wav", "dusty", `"warm kick"`, "-", "(", ")", "|", " ", " ", " ", " ", " ", "bpm:", "90", "88-92", "~", "key:Am", "key:Am~", "key:minor",
	"tag:dusty", "tag:w*", "kind:loop", "class:kick,snare", "len:<1", "rate:48k", "format:wav", "is:favourite", "is:failed", "has:key", "rating:>=3", `in:"Mine"`, "in:Smart",
	"path:VOL", "-has:bpm", "bpm:~90", "lufs:-20..-10", "centroid:>3k", "added:today", "name:kick", ",", `"`, "*", "é", "like:x", "\\", "\x00", "\xff", "%", "_", "'", ";"}

func randomQuery(rng *rand.Rand, n int) string {
	var b strings.Builder
	for range n {
		b.WriteString(pieces[rng.IntN(len(pieces))])
	}
	return b.String()
}

func FuzzParse(f *testing.F) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		f.Add(randomQuery(rng, 1+rng.IntN(12)))
	}
	f.Fuzz(func(t *testing.T, in string) {
		_, err := Parse(in)
		if err == nil {
			return
		}
		var e *Error
		if !errors.As(err, &e) {
			t.Fatalf("%q: %v is no *Error", in, err)
		}
		if e.Offset < 0 || e.Offset > len(in) || !strings.HasPrefix(in[e.Offset:], e.Word) {
			t.Fatalf("%q: error at %d of %q points beside it", in, e.Offset, e.Word)
		}
		if e.Reason == "" {
			t.Fatalf("%q: error without a reason", in)
		}
	})
}

func TestFieldsHaveHelp(t *testing.T) {
	for _, f := range Fields() {
		if f.Help == "" || len(f.Examples) == 0 {
			t.Errorf("%s has no help", f.Name)
		}
		for _, e := range f.Examples {
			if _, err := Parse(e); err != nil {
				t.Errorf("example %s: %v", e, err)
			}
		}
	}
}
