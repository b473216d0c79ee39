package widget

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestSelectionAsAPersonExpects(t *testing.T) {
	for _, c := range []struct {
		name   string
		do     func(*Selection)
		want   []int
		cursor int
	}{
		{"one", func(s *Selection) { s.Only(3) }, []int{3}, 3},
		{"another one lets the first go", func(s *Selection) { s.Only(3); s.Only(5) }, []int{5}, 5},
		{"shift extends from the anchor", func(s *Selection) { s.Only(3); s.Extend(6) }, []int{3, 4, 5, 6}, 6},
		{"shift turns round at the anchor", func(s *Selection) { s.Only(3); s.Extend(6); s.Extend(1) }, []int{1, 2, 3}, 1},
		{"ctrl adds", func(s *Selection) { s.Only(3); s.Toggle(7) }, []int{3, 7}, 7},
		{"ctrl again takes away", func(s *Selection) { s.Only(3); s.Toggle(7); s.Toggle(3) }, []int{7}, 3},
		{"shift after ctrl", func(s *Selection) { s.Only(1); s.Toggle(4); s.Extend(6) }, []int{4, 5, 6}, 6},
		{"all", func(s *Selection) { s.Only(2); s.All() }, []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, 2},
		{"beyond the end does nothing", func(s *Selection) { s.Only(2); s.Extend(10); s.Toggle(-1) }, []int{2}, 2},
	} {
		s := newSelection(10)
		c.do(&s)
		if got := s.Rows(); !slices.Equal(got, c.want) || s.Cursor() != c.cursor || s.Count() != len(c.want) {
			t.Errorf("%s: rows %v, cursor %d, count %d; want %v, cursor %d", c.name, got, s.Cursor(), s.Count(), c.want, c.cursor)
		}
	}
}

func TestSelectionCountsWhatItHolds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 200).Draw(t, "n")
		s := newSelection(n)
		for range rapid.IntRange(0, 30).Draw(t, "steps") {
			i := rapid.IntRange(-2, n+2).Draw(t, "i")
			switch rapid.IntRange(0, 3).Draw(t, "op") {
			case 0:
				s.Only(i)
			case 1:
				s.Toggle(i)
			case 2:
				s.Extend(i)
			case 3:
				s.All()
			}
		}
		rows := s.Rows()
		if len(rows) != s.Count() {
			t.Fatalf("%d rows, but the count is %d", len(rows), s.Count())
		}
		for _, r := range rows {
			if r < 0 || r >= n || !s.Has(r) {
				t.Fatalf("row %d of %d", r, n)
			}
		}
		if s.Cursor() < -1 || s.Cursor() >= max(n, 1) {
			t.Fatalf("cursor %d of %d", s.Cursor(), n)
		}
	})
}
