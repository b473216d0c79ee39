package cli

import (
	"strings"
	"unicode"

	"github.com/mattn/go-runewidth"
)

// column is one column of a table for people.
type column struct {
	title string
	right bool // numbers stand right
	width int  // fixed width, for tables that are printed while they grow; 0: as wide as needed
	cut   int  // may be cut to this many columns when the terminal is narrow; 0: never
	path  bool // is cut at the front, so that the file's own name stays
}

const gap = "  "

// table prints aligned rows. With fixed columns rows appear at once, otherwise at end.
type table struct {
	o      *output
	cols   []column
	rows   [][]string
	widths []int
}

func (o *output) table(cols ...column) *table { return &table{o: o, cols: cols} }

// row adds a row; missing cells are empty.
func (t *table) row(cells ...string) {
	for i, c := range cells {
		cells[i] = strings.Map(printable, c)
	}
	for len(cells) < len(t.cols) {
		cells = append(cells, "")
	}
	if t.cols[0].width == 0 {
		t.rows = append(t.rows, cells)
		return
	}
	if t.widths == nil {
		t.widths = t.fit()
		t.header()
	}
	t.print(cells)
}

// end prints what was gathered.
func (t *table) end() {
	if len(t.rows) == 0 {
		return
	}
	t.widths = t.fit()
	t.header()
	for _, r := range t.rows {
		t.print(r)
	}
	t.rows = nil
}

// fit decides the widths: what is needed, then the columns that may be cut give way, the widest
// first, until the row fits the terminal.
func (t *table) fit() []int {
	w := make([]int, len(t.cols))
	total := len(gap) * (len(t.cols) - 1)
	for i, c := range t.cols {
		w[i] = max(c.width, runewidth.StringWidth(c.title))
		if c.width == 0 {
			for _, r := range t.rows {
				w[i] = max(w[i], runewidth.StringWidth(r[i]))
			}
		}
		total += w[i]
	}
	if t.o.width == 0 {
		return w
	}
	for total > t.o.width {
		widest := -1
		for i, c := range t.cols {
			if c.cut > 0 && w[i] > c.cut && (widest < 0 || w[i] > w[widest]) {
				widest = i
			}
		}
		if widest < 0 {
			break // everything is as narrow as it may be: the terminal wraps
		}
		w[widest]--
		total--
	}
	// A fixed last column takes the room that is left.
	if last := len(w) - 1; t.cols[0].width > 0 && t.cols[last].cut > 0 {
		w[last] = max(t.cols[last].cut, w[last]+t.o.width-total)
	}
	return w
}

func (t *table) header() {
	titles, any := make([]string, len(t.cols)), false
	for i, c := range t.cols {
		titles[i] = c.title
		any = any || c.title != ""
	}
	if any {
		t.print(titles)
	}
}

func (t *table) print(cells []string) {
	var b strings.Builder
	last := len(t.cols) - 1
	for i, c := range t.cols {
		if i > 0 {
			b.WriteString(gap)
		}
		s := cells[i]
		over := runewidth.StringWidth(s) > t.widths[i]
		switch {
		case !over || t.o.width == 0 && i == last: // nobody cuts what goes into a pipe
		case c.path:
			s = runewidth.TruncateLeft(s, runewidth.StringWidth(s)-t.widths[i]+1, "…")
		default:
			s = runewidth.Truncate(s, t.widths[i], "…")
		}
		pad := strings.Repeat(" ", max(0, t.widths[i]-runewidth.StringWidth(s)))
		if c.right {
			b.WriteString(pad + s)
		} else {
			b.WriteString(s + pad)
		}
	}
	t.o.line(strings.TrimRight(b.String(), " "))
}

// printable keeps control characters of file names off the terminal, and what turns text round.
func printable(r rune) rune {
	if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
		return '?'
	}
	return r
}
