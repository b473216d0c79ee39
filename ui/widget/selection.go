package widget

// Selection is which rows of a list are chosen, as data: a cursor, an anchor from which
// shift extends, and a set. Its zero value has no rows.
type Selection struct {
	n      int
	cursor int // row with the focus, -1 for none
	anchor int
	set    []uint64 // one bit a row
	count  int
}

// newSelection is an empty selection over n rows.
func newSelection(n int) Selection {
	return Selection{n: n, cursor: -1, anchor: -1, set: make([]uint64, (n+63)/64)}
}

// Len is the number of rows the selection ranges over.
func (s *Selection) Len() int { return s.n }

// Cursor is the row that has the focus, -1 for none.
func (s *Selection) Cursor() int {
	if s.n == 0 {
		return -1
	}
	return s.cursor
}

// Count is how many rows are chosen.
func (s *Selection) Count() int { return s.count }

// Has says whether row i is chosen.
func (s *Selection) Has(i int) bool {
	return i >= 0 && i < s.n && s.set[i/64]&(1<<(i%64)) != 0
}

// Rows lists the chosen rows in order.
func (s *Selection) Rows() []int {
	rows := make([]int, 0, s.count)
	for w, bits := range s.set {
		for b := 0; bits != 0; b++ {
			if bits&1 != 0 {
				rows = append(rows, w*64+b)
			}
			bits >>= 1
		}
	}
	return rows
}

// Only chooses row i and nothing else.
func (s *Selection) Only(i int) {
	s.Clear()
	if i < 0 || i >= s.n {
		return
	}
	s.cursor, s.anchor = i, i
	s.put(i, true)
}

// Toggle chooses row i or lets it go; the others stay. The cursor moves to it.
func (s *Selection) Toggle(i int) {
	if i < 0 || i >= s.n {
		return
	}
	s.put(i, !s.Has(i))
	s.cursor, s.anchor = i, i
}

// Extend chooses everything from the anchor to row i, and nothing else.
func (s *Selection) Extend(i int) {
	if i < 0 || i >= s.n {
		return
	}
	anchor := s.anchor
	if anchor < 0 || anchor >= s.n {
		anchor = i
	}
	s.Clear()
	lo, hi := min(anchor, i), max(anchor, i)
	for k := lo; k <= hi; k++ {
		s.put(k, true)
	}
	s.anchor, s.cursor = anchor, i
}

// Set chooses rows and puts the cursor on one of them; below 0 leaves it nowhere.
func (s *Selection) Set(rows []int, cursor int) {
	s.Clear()
	for _, i := range rows {
		if i >= 0 && i < s.n {
			s.put(i, true)
		}
	}
	if cursor >= 0 && cursor < s.n {
		s.cursor, s.anchor = cursor, cursor
	}
}

// All chooses every row.
func (s *Selection) All() {
	cursor := s.cursor
	s.Clear()
	for i := range s.n {
		s.put(i, true)
	}
	s.cursor, s.anchor = max(cursor, 0), 0
	if s.n == 0 {
		s.cursor, s.anchor = -1, -1
	}
}

// Clear chooses nothing and forgets the cursor.
func (s *Selection) Clear() {
	for i := range s.set {
		s.set[i] = 0
	}
	s.count, s.cursor, s.anchor = 0, -1, -1
}

func (s *Selection) put(i int, on bool) {
	if s.Has(i) == on {
		return
	}
	s.set[i/64] ^= 1 << (i % 64)
	if on {
		s.count++
	} else {
		s.count--
	}
}
