package wire

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func at(ms int64) func() time.Time { return func() time.Time { return time.UnixMilli(ms) } }

func text(s string) json.RawMessage { return json.RawMessage(fmt.Sprintf("%q", s)) }

// history draws the states that one cell passes through on several replicas that write, delete
// and merge at random.
func history(t *rapid.T) []Cell {
	const replicas = 4
	var tickers [replicas]*Ticker
	var states [replicas]Cell
	for i := range states {
		tickers[i] = NewTicker(0, at(int64(rapid.IntRange(1, 5).Draw(t, "clock"))))
		states[i] = Cell{Object: "sample/x", Field: "bpm"}
	}
	all := []Cell{states[0]}
	for range rapid.IntRange(1, 30).Draw(t, "steps") {
		i := rapid.IntRange(0, replicas-1).Draw(t, "who")
		switch rapid.IntRange(0, 3).Draw(t, "what") {
		case 0, 1:
			d := Dot{Clock: tickers[i].Next(), Actor: fmt.Sprint("r", i)}
			states[i] = states[i].Write(d, text(fmt.Sprint(d)))
		case 2:
			states[i] = states[i].Write(Dot{Clock: tickers[i].Next(), Actor: fmt.Sprint("r", i)}, nil)
		case 3:
			from := rapid.SampledFrom(all).Draw(t, "from")
			if err := tickers[i].See(from.Newest()); err != nil {
				t.Fatal(err)
			}
			states[i] = Merge(states[i], from)
		}
		all = append(all, states[i])
	}
	return all
}

func TestMergeNeedsNoOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		states := history(t)
		pick := rapid.SampledFrom(states)
		a, b, c := pick.Draw(t, "a"), pick.Draw(t, "b"), pick.Draw(t, "c")
		if !Equal(Merge(a, b), Merge(b, a)) {
			t.Fatalf("order matters: %v / %v", Merge(a, b), Merge(b, a))
		}
		if !Equal(Merge(Merge(a, b), c), Merge(a, Merge(b, c))) {
			t.Fatalf("grouping matters")
		}
		if !Equal(Merge(a, Merge(a, b)), Merge(a, b)) {
			t.Fatalf("repeating matters")
		}
		merged := Merge(a, b)
		if len(merged.Context) > 0 {
			if err := merged.Check(); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// Whatever a person typed is still a head somewhere in the merge of all states, unless somebody
// who had seen it wrote again.
func TestNothingTypedIsLost(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		states := history(t)
		end := states[0]
		for _, i := range rapid.Permutation(slices.Collect(func(yield func(int) bool) {
			for i := range states {
				if !yield(i) {
					return
				}
			}
		})).Draw(t, "order") {
			end = Merge(end, states[i])
		}
		for _, s := range states {
			for _, h := range s.Heads {
				replaced := slices.ContainsFunc(states, func(o Cell) bool { return o.Context.Covers(h.Dot) && !o.holds(h.Dot) })
				if replaced == end.holds(h.Dot) {
					t.Fatalf("%v: replaced %v, held at the end %v", h.Dot, replaced, end.holds(h.Dot))
				}
			}
		}
	})
}

func TestLaterWriteIsShownAndTheOtherKept(t *testing.T) {
	base := Cell{Object: "sample/x", Field: "bpm"}.Write(Dot{1, "a"}, text("90"))
	left := base.Write(Dot{5, "a"}, text("91"))
	right := base.Write(Dot{4, "b"}, text("92"))
	m := Merge(left, right)
	if string(m.Value()) != `"91"` || len(m.Alternates()) != 1 || string(m.Alternates()[0].Value) != `"92"` {
		t.Fatalf("shown %s, alternates %v", m.Value(), m.Alternates())
	}
	if again := m.Write(Dot{9, "b"}, text("93")); len(again.Heads) != 1 {
		t.Fatalf("a write that saw both leaves %v", again.Heads)
	}
}

func TestAddSurvivesRemoveThatDidNotSeeIt(t *testing.T) {
	tag := Cell{Object: "sample/x", Field: "tag/dusty"}.Write(Dot{1, "a"}, text("on"))
	removed := tag.Write(Dot{9, "b"}, nil)
	readded := tag.Write(Dot{5, "c"}, text("on"))
	if m := Merge(removed, readded); m.Value() == nil {
		t.Fatal("the add was lost")
	}
	if m := Merge(removed, tag); m.Value() != nil {
		t.Fatal("the remove was lost")
	}
}

func TestCheckRefuses(t *testing.T) {
	good := Cell{Object: "o", Field: "f", Context: Context{"a": 3}, Heads: []Head{{Dot{3, "a"}, text("x")}}}
	if err := good.Check(); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]Cell{
		"no object":       {Field: "f", Context: Context{"a": 1}},
		"no field":        {Object: "o", Context: Context{"a": 1}},
		"no context":      {Object: "o", Field: "f"},
		"nameless":        {Object: "o", Field: "f", Context: Context{"": 1}},
		"outside context": {Object: "o", Field: "f", Context: Context{"a": 2}, Heads: []Head{{Dot{3, "a"}, text("x")}}},
		"two of one":      {Object: "o", Field: "f", Context: Context{"a": 3, "b": 1}, Heads: []Head{{Dot{3, "a"}, text("x")}, {Dot{2, "a"}, text("y")}}},
		"not json":        {Object: "o", Field: "f", Context: Context{"a": 3}, Heads: []Head{{Dot{3, "a"}, json.RawMessage("{")}}},
	} {
		if c.Check() == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestTickerAlwaysGrows(t *testing.T) {
	now := time.UnixMilli(1000)
	ticker := NewTicker(0, func() time.Time { return now })
	a := ticker.Next()
	now = now.Add(-time.Minute)
	b := ticker.Next()
	if err := ticker.See(Clock(5000) << 16); err != nil {
		t.Fatal(err)
	}
	c := ticker.Next()
	if a >= b || b >= c || c.Time().UnixMilli() != 5000 {
		t.Fatalf("%d %d %d", a, b, c)
	}
	if err := ticker.See(Clock(now.Add(MaxAhead+time.Hour).UnixMilli()) << 16); err == nil {
		t.Fatal("a clock two days ahead was believed")
	}
}

func TestPositionsStayBetween(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var keys []string
		for range rapid.IntRange(1, 200).Draw(t, "n") {
			i := rapid.IntRange(0, len(keys)).Draw(t, "at")
			var a, b string
			if i > 0 {
				a = keys[i-1]
			}
			if i < len(keys) {
				b = keys[i]
			}
			k := Between(a, b)
			if !ValidPosition(k) || (a != "" && k <= a) || (b != "" && k >= b) {
				t.Fatalf("Between(%q, %q) = %q", a, b, k)
			}
			keys = slices.Insert(keys, i, k)
		}
	})
}

func TestAppendedPositionsStayShort(t *testing.T) {
	key := ""
	for range 1000 {
		key = Between(key, "")
	}
	if len(key) > 60 {
		t.Fatalf("%d digits after 1,000 appends", len(key))
	}
}
