// Package earlier brings over the library of the earlier Python system: its SQLite file, or a
// plain pg_dump of its PostgreSQL database, and the files that both point at. It only reads what
// is there; what comes over is listed, and so is what cannot.
package earlier

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"sampleagent/library/catalog"
)

// record is one row: column to text, without the columns that are NULL.
type record = map[string]string

// tables are those of the earlier system that have something for us.
var tables = []string{"samples", "collections", "collection_samples", "kits", "kit_samples", "sample_sources", "vibe_analyses"}

// ErrNotEarlier says that a file is neither of the two forms.
var ErrNotEarlier = errors.New("neither a database nor a plain pg_dump of the earlier system")

// read loads the tables of a file.
func read(ctx context.Context, path string) (map[string][]record, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	head := make([]byte, 16)
	if _, err := io.ReadFull(f, head); err != nil {
		return nil, ErrNotEarlier
	}
	var out map[string][]record
	if string(head) == "SQLite format 3\x00" {
		out, err = catalog.ReadForeign(ctx, path, tables)
	} else if _, err = f.Seek(0, io.SeekStart); err == nil {
		out, err = readDump(ctx, f)
	}
	if err != nil {
		return nil, err
	}
	if out["samples"] == nil {
		return nil, ErrNotEarlier
	}
	return out, nil
}

// readDump reads the COPY blocks of a plain pg_dump. Their form is that of PostgreSQL's manual,
// COPY, "Text Format": tabs between columns, \N for NULL, backslash escapes, \. at the end.
func readDump(ctx context.Context, r io.Reader) (map[string][]record, error) {
	out := map[string][]record{}
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 64<<20) // one sample's JSON may be long
	var table string
	var columns []string
	for n := 0; lines.Scan(); n++ {
		if n%1000 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		line := lines.Text()
		switch {
		case columns == nil:
			if table, columns = copyHead(line); columns != nil && out[table] == nil {
				out[table] = []record{}
			}
		case line == `\.`:
			columns = nil
		default:
			values := strings.Split(line, "\t")
			if len(values) != len(columns) {
				return nil, fmt.Errorf("line %d of the dump: %d values for %d columns of %s", n+1, len(values), len(columns), table)
			}
			rec := record{}
			for i, v := range values {
				if v != `\N` {
					rec[columns[i]] = unescape(v)
				}
			}
			out[table] = append(out[table], rec)
		}
	}
	return out, lines.Err()
}

// copyHead reads "COPY public.samples (id, title) FROM stdin;"; columns is nil for other lines.
func copyHead(line string) (table string, columns []string) {
	rest, ok := strings.CutPrefix(line, "COPY ")
	if !ok {
		return "", nil
	}
	name, rest, ok := strings.Cut(rest, " (")
	if !ok {
		return "", nil
	}
	list, _, ok := strings.Cut(rest, ") FROM stdin;")
	if !ok {
		return "", nil
	}
	name = strings.Trim(name[strings.LastIndexByte(name, '.')+1:], `"`)
	for _, c := range strings.Split(list, ", ") {
		columns = append(columns, strings.Trim(c, `"`))
	}
	if !slices.Contains(tables, name) { // its lines are read over all the same
		name = ""
	}
	return name, columns
}

// unescape undoes the escapes of COPY.
func unescape(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	plain := map[byte]byte{'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t', 'v': '\v'}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 == len(s) {
			b.WriteByte(s[i])
			continue
		}
		i++
		if c, ok := plain[s[i]]; ok {
			b.WriteByte(c)
		} else {
			b.WriteByte(s[i])
		}
	}
	return b.String()
}
