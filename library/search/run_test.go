//go:build sqlite_fts5 || fts5

package search

import (
	"cmp"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"sampleagent/audio/key"
	"sampleagent/library/catalog"
	"sampleagent/library/catalog/catalogtest"
)

func openNew(t testing.TB) *catalog.DB {
	t.Helper()
	db, err := catalog.Open(t.Context(), filepath.Join(t.TempDir(), "library.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// filled is a library with something for every field to find.
func filled(t testing.TB, count int) (*catalog.DB, []catalog.Row) {
	t.Helper()
	db := openNew(t)
	ctx := t.Context()
	rows, err := catalogtest.Fill(ctx, db, catalogtest.Options{Count: count, Seed: 7, Dim: 16, Listed: count / 10})
	must(t, err)
	must(t, db.SetFavourite(ctx, rows[3:9], true))
	must(t, db.SetRating(ctx, rows[:20], 4))
	must(t, db.SetRating(ctx, rows[10:30], 2))
	must(t, db.SetNote(ctx, rows[5:8], "for the chorus"))
	must(t, db.SetMissing(ctx, rows[40:44]))
	c, err := db.NewCollection(ctx, "", "Mine", nil)
	must(t, err)
	must(t, db.AddToCollection(ctx, c.ID, []catalog.Row{rows[9], rows[2], rows[7]}))
	inner, err := db.NewCollection(ctx, c.ID, "Inner", nil)
	must(t, err)
	must(t, db.AddToCollection(ctx, inner.ID, []catalog.Row{rows[2], rows[30]}))
	_, err = db.NewCollection(ctx, "", "Smart", ptr("kind:loop bpm:<120"))
	must(t, err)
	return db, rows
}

func find(t testing.TB, db *catalog.DB, q string, sort Sort) []catalog.Row {
	t.Helper()
	parsed, err := Parse(q)
	if err != nil {
		t.Fatalf("%q: %v", q, err)
	}
	rows, err := Run(t.Context(), db, parsed, sort, 0)
	if err != nil {
		t.Fatalf("%q: %v", q, err)
	}
	return rows
}

// naive answers a query by looking at every sample, in the way the documentation says it.
type naive struct {
	t       testing.TB
	db      *catalog.DB
	members map[string][]catalog.Row
	reports map[catalog.Row]float64 // centroid
}

func tokens(s string) []string {
	return strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsNumber(r) })
}

// hasWords says whether the tokens of a phrase stand together in s.
func hasWords(s, phrase string, prefix bool) bool {
	have, want := tokens(s), tokens(phrase)
	for i := range have {
		if i+len(want) > len(have) {
			return false
		}
		ok := true
		for j, w := range want {
			h := have[i+j]
			ok = ok && (h == w || prefix && j == len(want)-1 && strings.HasPrefix(h, w))
		}
		if ok {
			return true
		}
	}
	return false
}

// splitHidden puts spaces where letters and digits or small and capital letters meet.
func splitHidden(s string) string {
	var b strings.Builder
	prev := rune(0)
	for _, r := range s {
		if unicode.IsLower(prev) && unicode.IsUpper(r) || unicode.IsDigit(prev) && unicode.IsLetter(r) || unicode.IsLetter(prev) && unicode.IsDigit(r) {
			b.WriteByte(' ')
		}
		b.WriteRune(r)
		prev = r
	}
	return b.String()
}

func (n naive) holds(c node, s catalog.Sample) bool {
	switch c := c.(type) {
	case allOf:
		return !slices.ContainsFunc(c, func(m node) bool { return !n.holds(m, s) })
	case anyOf:
		return slices.ContainsFunc(c, func(m node) bool { return n.holds(m, s) })
	case not:
		return !n.holds(c.node, s)
	case text:
		texts := []string{s.Name + " " + splitHidden(s.Name)}
		if c.column == "" {
			dir := strings.Split(filepath.Dir(s.Path), "/")
			spelled := ""
			if k, ok := key.Parse(s.Key); ok {
				note, mode, _ := strings.Cut(s.Key, " ")
				spelled = s.Key + " " + map[string]string{"minor": note + "m", "major": note}[mode] + " " + note + mode[:3] + " " + k.Camelot()
			}
			sound := s.Class + " " + string(s.Kind)
			if s.Kind == "one-shot" {
				sound += " oneshot"
			}
			texts = append(texts, strings.Join(dir[max(0, len(dir)-3):], " "), strings.Join(s.Tags, " "), sound+" "+spelled, s.Note)
		}
		return slices.ContainsFunc(texts, func(t string) bool { return hasWords(t, c.words, c.prefix) })
	case tagged:
		return slices.ContainsFunc(s.Tags, func(t string) bool {
			return strings.EqualFold(t, c.name) || c.prefix && len(t) >= len(c.name) && strings.EqualFold(t[:len(c.name)], c.name)
		})
	case equal:
		return map[string]string{"kind": string(s.Kind), "class": s.Class, "format": s.Format, "id": s.ID}[c.column] == c.value
	case begins:
		return strings.HasPrefix(s.Class, c.value)
	case inKeys:
		k, _ := key.Parse(s.Key)
		return slices.Contains(c.keys, k)
	case number:
		v, known := map[string]float64{"bpm": s.BPM, "duration": s.Duration, "rate": float64(s.Rate), "rating": float64(s.Rating)}[c.column], true
		switch c.column {
		case "lufs":
			if known = s.LUFS != nil; known {
				v = *s.LUFS
			}
		case "centroid":
			v, known = n.reports[s.Row], n.reports[s.Row] != 0
		case "rating":
		default:
			known = v != 0
		}
		return known && slices.ContainsFunc(c.spans, func(sp span) bool { return sp.holds(v) })
	case property:
		switch c.group + ":" + c.name {
		case "is:favourite":
			return s.Favourite
		case "is:failed":
			return s.State == catalog.Failed
		case "has:key":
			return s.Key != ""
		case "has:bpm":
			return s.BPM != 0
		}
	case inPath:
		return strings.Contains(strings.ToLower(s.Path), strings.ToLower(c.piece))
	case inCollection:
		if c.name == "Smart" {
			return s.Kind == "loop" && s.BPM != 0 && s.BPM < 120
		}
		return slices.Contains(n.members[c.name], s.Row)
	case during:
		lo, hi := c.from(time.Now())
		return !s.AddedAt.Before(lo) && s.AddedAt.Before(hi)
	}
	n.t.Fatalf("naive does not know %T %+v", c, c)
	return false
}

func TestResultsAreThoseOfANaiveFilter(t *testing.T) {
	db, rows := filled(t, 600)
	samples, err := db.Samples(t.Context(), rows)
	must(t, err)
	n := naive{t: t, db: db, members: map[string][]catalog.Row{"Mine": {rows[9], rows[2], rows[7], rows[30]}}, reports: map[catalog.Row]float64{}}
	for _, s := range samples {
		if rep, err := db.Original(t.Context(), s.Row); err == nil {
			n.reports[s.Row] = rep.Spectral.CentroidMean
		}
	}
	rng := rand.New(rand.NewPCG(3, 4))
	asked, found := 0, 0
	for range 4000 {
		in := randomQuery(rng, 1+rng.IntN(9))
		q, err := Parse(in)
		if err != nil {
			continue
		}
		got, err := Run(t.Context(), db, q, Sort{By: Import}, 0)
		if e := new(Error); errors.As(err, &e) { // a collection or sample that is not there
			continue
		}
		if err != nil {
			t.Fatalf("%q: %v", in, err)
		}
		if strings.ContainsFunc(in, func(r rune) bool { return r == 0 || r > 126 }) {
			continue // what a token is there is for SQLite to say; it must only not fail
		}
		var want []catalog.Row
		for _, s := range samples {
			if q.root == nil || n.holds(q.root, s) {
				want = append(want, s.Row)
			}
		}
		if !slices.Equal(got, want) {
			t.Fatalf("%q: got %v, want %v", in, got, want)
		}
		asked++
		if len(got) > 0 && len(got) < len(rows) {
			found++
		}
	}
	if asked < 500 || found < 100 {
		t.Errorf("only %d queries could be compared, %d of them found some", asked, found)
	}
}

func TestOrders(t *testing.T) {
	db, rows := filled(t, 400)
	value := map[By]func(s catalog.Sample) (float64, string){
		Import: func(s catalog.Sample) (float64, string) { return float64(s.Row), "" },
		Name:   func(s catalog.Sample) (float64, string) { return 1, catalog.NameKey(s.Name) },
		Tempo:  func(s catalog.Sample) (float64, string) { return s.BPM, "" },
		Key: func(s catalog.Sample) (float64, string) {
			k, _ := key.Parse(s.Key)
			return float64(k), ""
		},
		Length: func(s catalog.Sample) (float64, string) { return s.Duration, "" },
		Rating: func(s catalog.Sample) (float64, string) { return float64(s.Rating), "" },
		Class:  func(s catalog.Sample) (float64, string) { return float64(len(s.Class)), s.Class },
	}
	for by, f := range value {
		for _, desc := range []bool{false, true} {
			got := find(t, db, "", Sort{by, desc})
			if len(got) != len(rows) {
				t.Errorf("%s: %d of %d", by, len(got), len(rows))
			}
			sorted, err := db.Samples(t.Context(), got)
			must(t, err)
			unknown := false
			for i, s := range sorted {
				v, text := f(s)
				if by != Name && v == 0 {
					unknown = true
					continue
				}
				if unknown {
					t.Fatalf("%s: a known value stands behind an unknown one", by)
				}
				if i == 0 {
					continue
				}
				pv, ptext := f(sorted[i-1])
				c := cmp.Compare(pv, v)
				if by == Name || by == Class {
					c = cmp.Compare(ptext, text)
				}
				if desc {
					c = -c
				}
				if c > 0 {
					t.Fatalf("%s desc=%v: %v %s stands before %v %s", by, desc, pv, ptext, v, text)
				}
				if prev := sorted[i-1].Name; c == 0 && by != Class && catalog.NameKey(prev) > catalog.NameKey(s.Name) {
					t.Fatalf("%s desc=%v: %s stands before %s of the same value", by, desc, prev, s.Name)
				}
			}
		}
	}
	q, _ := Parse("")
	if _, err := Run(t.Context(), db, q, Sort{By: "colour"}, 0); !errors.Is(err, catalog.ErrOutOfRange) {
		t.Errorf("sort by colour: %v", err)
	}
	if got, err := Run(t.Context(), db, q, Sort{}, 7); err != nil || !slices.Equal(got, rows[:7]) {
		t.Errorf("limit: %v, %v", got, err)
	}
}

func TestAPartHasTheOrderOfTheWhole(t *testing.T) {
	db, _ := filled(t, 300)
	part := catalog.SetOf(find(t, db, "kind:loop", Sort{By: Import}))
	for by := range orders {
		for _, desc := range []bool{false, true} {
			whole, err := db.Ordered(t.Context(), statement("samples", Sort{by, desc}), statement(few, Sort{by, desc}))
			must(t, err)
			rows, err := json.Marshal(part.List())
			must(t, err)
			sorted, err := db.Rows(t.Context(), statement(few, Sort{by, desc}), string(rows))
			must(t, err)
			if len(sorted) == 0 || !slices.Equal(pick(sorted, part), pick(whole, part)) {
				t.Errorf("%s, descending %v: a part of the library is ordered in another way than the whole", by, desc)
			}
		}
	}
}

func TestRelevance(t *testing.T) {
	db := openNew(t)
	rows, err := db.List(t.Context(), "", []catalog.NewFile{
		{Path: "/s/kick drums/zz.wav"}, {Path: "/s/a/kicks.wav"}, {Path: "/s/a/my kick.wav"}, {Path: "/s/a/BigKick9.wav"}, {Path: "/s/a/snare.wav"}})
	must(t, err)
	want := []catalog.Row{rows[3], rows[2], rows[1], rows[0]}
	if got := find(t, db, "kick", Sort{}); !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

func TestWhatIsRanked(t *testing.T) {
	for text, want := range map[string]bool{
		"": false, "kind:loop": false, "bpm:90 key:Am": false, "-kick": false, "kick": true, "kind:loop dusty": true,
		"like:x": true, "in:mine": true, "is:twin": true, "is:duplicate kind:loop": true, "is:favourite": false,
	} {
		q, err := Parse(text)
		must(t, err)
		if q.Ranked() != want {
			t.Errorf("%q: ranked %v", text, q.Ranked())
		}
	}
}

func TestManualOrderOfACollection(t *testing.T) {
	db, rows := filled(t, 60)
	if got, want := find(t, db, "in:mine", Sort{}), []catalog.Row{rows[9], rows[2], rows[7], rows[30]}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if got, want := find(t, db, "in:Mine/Inner", Sort{}), []catalog.Row{rows[2], rows[30]}; !slices.Equal(got, want) {
		t.Errorf("inner: %v, want %v", got, want)
	}
}

func TestSmartCollectionsAreAskedLive(t *testing.T) {
	db, rows := filled(t, 100)
	ctx := t.Context()
	c, err := db.NewCollection(ctx, "", "Stars", ptr("rating:5"))
	must(t, err)
	if got := find(t, db, "in:Stars", Sort{}); len(got) != 0 {
		t.Errorf("before: %v", got)
	}
	must(t, db.SetRating(ctx, rows[50:52], 5))
	if got := find(t, db, "in:Stars", Sort{}); !slices.Equal(got, rows[50:52]) {
		t.Errorf("after: %v", got)
	}
	c.Query = ptr(`in:Stars | rating:4 rating:5`)
	must(t, db.SetCollection(ctx, c))
	if got := find(t, db, "in:Stars", Sort{}); len(got) != 0 {
		t.Errorf("a circle found %v", got)
	}
	c.Query = ptr(`bmp:3`)
	must(t, db.SetCollection(ctx, c))
	q, err := Parse("in:Stars")
	must(t, err)
	_, err = Run(ctx, db, q, Sort{}, 0)
	if rule := new(RuleError); !errors.As(err, &rule) || rule.Collection != "Stars" {
		t.Errorf("a broken rule: %v", err)
	}
	s, err := db.Sample(ctx, rows[0])
	must(t, err)
	c.Query = ptr("like:" + s.ID + " kind:loop")
	must(t, db.SetCollection(ctx, c))
	want := find(t, db, *c.Query, Sort{By: Import})
	if got := find(t, db, "in:Stars", Sort{By: Import}); len(got) == 0 || !slices.Equal(got, want) {
		t.Errorf("a rule with like: %v, want %v", got, want)
	}
}

func TestUnknownCollectionAndSampleAreErrors(t *testing.T) {
	db, _ := filled(t, 60)
	for in, want := range map[string]Error{
		"kick in:Mone": {Offset: 8, Word: "Mone", Suggestion: `in:"Mine"`},
		"kick like:x":  {Offset: 5, Word: "like:x"},
	} {
		q, err := Parse(in)
		must(t, err)
		_, err = Run(t.Context(), db, q, Sort{}, 0)
		var e *Error
		if !errors.As(err, &e) || e.Offset != want.Offset || e.Word != want.Word || e.Suggestion != want.Suggestion {
			t.Errorf("%q: %v", in, err)
		}
	}
}

func TestLikeListsTheNearestFirst(t *testing.T) {
	db, rows := filled(t, likeLimit+300)
	s, err := db.Sample(t.Context(), rows[5])
	must(t, err)
	v, err := db.Vectors(t.Context())
	must(t, err)
	at := func(r catalog.Row) []float32 {
		i, _ := slices.BinarySearch(v.Rows, r)
		return v.At(i)
	}
	for _, q := range []string{"like:" + s.ID, "like:" + s.ID + " kind:loop"} {
		got := find(t, db, q, Sort{})
		among := catalog.SetOf(v.Rows)
		if strings.HasSuffix(q, "loop") {
			among = catalog.SetOf(find(t, db, "kind:loop", Sort{})).And(among)
		}
		want := among.Without(catalog.SetOf(rows[5:6])).List()
		slices.SortStableFunc(want, func(a, b catalog.Row) int { return cmp.Compare(dot(at(s.Row), at(b)), dot(at(s.Row), at(a))) })
		want = want[:min(len(want), likeLimit)]
		if !slices.Equal(got, want) {
			t.Errorf("%s: %d found, want %d; first %v, want %v", q, len(got), len(want), got[:3], want[:3])
		}
		if back := find(t, db, q, Sort{Similarity, true}); back[0] != got[len(got)-1] {
			t.Error("the other direction does not begin with the farthest")
		}
	}
	listed, err := db.Sample(t.Context(), rows[len(rows)-1])
	must(t, err)
	if got := find(t, db, "like:"+listed.ID, Sort{}); len(got) != 0 {
		t.Errorf("a sample without analysis has neighbours: %v", got)
	}
}
