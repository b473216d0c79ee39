package catalog

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
)

// Source says where a sample comes from and what one may do with it.
type Source struct {
	Type             string // youtube, upload, sample_pack, batch_import, card, recording, ""
	URL              string
	Artist           string
	Album            string
	Title            string
	ReleaseDate      string // as the source writes it, the year first
	Licence          string // royalty_free, cc_by, cc_by_sa, creative_commons, commercial, unknown, or a person's words
	LicenceURL       string
	OriginalFilename string
	Attribution      string // the line to print; "" makes it from the fields
	Metadata         string // JSON, whatever else is known
}

const sourceColumns = `type, url, artist, album, title, release_date, licence, licence_url, original_filename, attribution, metadata`

func (s *Source) targets() []any {
	return []any{&s.Type, &s.URL, &s.Artist, &s.Album, &s.Title, &s.ReleaseDate, &s.Licence, &s.LicenceURL, &s.OriginalFilename, &s.Attribution, &s.Metadata}
}

// AttributionText is the line that names the author: the one typed, or Artist – 'Album' – (year),
// with the licence when the source has one that asks for it. "" when nothing is known.
func (s Source) AttributionText() string {
	if s.Attribution != "" {
		return s.Attribution
	}
	var parts []string
	if s.Artist != "" {
		parts = append(parts, s.Artist)
	}
	if work := s.Album; work != "" || s.Title != "" {
		if work == "" {
			work = s.Title
		}
		parts = append(parts, "'"+work+"'")
	}
	if len(s.ReleaseDate) >= 4 {
		parts = append(parts, "("+s.ReleaseDate[:4]+")")
	}
	if len(parts) == 0 {
		return ""
	}
	text := strings.Join(parts, " – ")
	if name, ok := licenceNames[s.Licence]; ok {
		text += ", " + name
	} else if s.Licence != "" && s.Licence != "unknown" {
		text += ", " + s.Licence
	}
	return text
}

// licenceNames are the licences people choose from, by the name they are stored under.
var licenceNames = map[string]string{
	"royalty_free":     "royalty free",
	"cc_by":            "CC BY",
	"cc_by_sa":         "CC BY-SA",
	"creative_commons": "Creative Commons",
	"commercial":       "commercial licence",
}

// Source reads where a sample comes from; the zero Source when nothing is known.
func (db *DB) Source(ctx context.Context, row Row) (Source, error) {
	var s Source
	err := query(ctx, db.r, `SELECT `+sourceColumns+` FROM sources WHERE row = ?`, []any{row}, func(scan func(...any) error) error { return scan(s.targets()...) })
	return s, plain(err)
}

// SetSource writes where samples come from, every field.
func (db *DB) SetSource(ctx context.Context, rows []Row, s Source) error {
	return db.tx(ctx, func(tx *sql.Tx, c *Change) error {
		c.Updated = rows
		for _, r := range rows {
			if err := putSource(ctx, tx, r, s); err != nil {
				return fmt.Errorf("source of row %d: %w", r, err)
			}
		}
		return reindex(ctx, tx, rows)
	})
}

func putSource(ctx context.Context, tx *sql.Tx, row Row, s Source) error {
	_, err := tx.ExecContext(ctx, `INSERT OR REPLACE INTO sources (row, `+sourceColumns+`) SELECT row, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ? FROM samples WHERE row = ?`,
		s.Type, s.URL, s.Artist, s.Album, s.Title, s.ReleaseDate, s.Licence, s.LicenceURL, s.OriginalFilename, s.Attribution, s.Metadata, row)
	return err
}

// fillSource writes the fields that are empty so far: what a person typed stays.
func fillSource(ctx context.Context, tx *sql.Tx, row Row, s Source) error {
	if s == (Source{}) {
		return nil
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO sources (row, `+sourceColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (row) DO UPDATE SET
		type = coalesce(nullif(type, ''), excluded.type), url = coalesce(nullif(url, ''), excluded.url),
		artist = coalesce(nullif(artist, ''), excluded.artist), album = coalesce(nullif(album, ''), excluded.album),
		title = coalesce(nullif(title, ''), excluded.title), release_date = coalesce(nullif(release_date, ''), excluded.release_date),
		licence = coalesce(nullif(licence, ''), excluded.licence), licence_url = coalesce(nullif(licence_url, ''), excluded.licence_url),
		original_filename = coalesce(nullif(original_filename, ''), excluded.original_filename),
		attribution = coalesce(nullif(attribution, ''), excluded.attribution), metadata = coalesce(nullif(metadata, ''), excluded.metadata)`,
		row, s.Type, s.URL, s.Artist, s.Album, s.Title, s.ReleaseDate, s.Licence, s.LicenceURL, s.OriginalFilename, s.Attribution, s.Metadata)
	return err
}

// Cloud is what the cloud said of a sample: its AI in words, its engine in values. Machines tell
// each other of it in this form.
type Cloud struct {
	RemoteID    string   `json:"remote_id,omitempty"`
	Description string   `json:"description,omitempty"` // one line
	Words       []string `json:"words,omitempty"`       // moods, genre, era, texture, tags: what search may find
	JSON        string   `json:"answer,omitempty"`      // the whole answer
	Heard       Heard    `json:"heard,omitzero"`
}

// Cloud reads what the cloud said; ok is false when it has said nothing.
func (db *DB) Cloud(ctx context.Context, row Row) (c Cloud, ok bool, err error) {
	c, ok, err = cloudOf(ctx, db.r, row)
	return c, ok, plain(err)
}

func cloudOf(ctx context.Context, on queryer, row Row) (c Cloud, ok bool, err error) {
	if c.Heard, err = heardOf(ctx, on, row); err != nil {
		return c, false, err
	}
	err = query(ctx, on, `SELECT remote_id, description, words, json FROM clouds WHERE row = ?`, []any{row}, func(scan func(...any) error) error {
		var text string
		ok = true
		if err := scan(&c.RemoteID, &c.Description, &text, &c.JSON); err != nil {
			return err
		}
		for line := range strings.Lines(text) {
			if line = strings.TrimSpace(line); line != "" && line != c.Description {
				c.Words = append(c.Words, line)
			}
		}
		return nil
	})
	return c, ok, err
}

// SetCloud stores what the cloud said of a sample, in place of what it said before.
func (db *DB) SetCloud(ctx context.Context, row Row, cl Cloud) error {
	return db.tx(ctx, func(tx *sql.Tx, c *Change) error {
		c.Updated = []Row{row}
		if err := db.putCloud(ctx, tx, row, cl); err != nil {
			return err
		}
		return reindex(ctx, tx, c.Updated)
	})
}

func (db *DB) putCloud(ctx context.Context, tx *sql.Tx, row Row, cl Cloud) error {
	text := cl.Description
	for _, w := range cl.Words {
		text += "\n" + strings.Join(strings.Fields(w), " ")
	}
	if _, err := tx.ExecContext(ctx, `INSERT OR REPLACE INTO clouds (row, remote_id, description, words, json, at) VALUES (?, ?, ?, ?, ?, ?)`,
		row, cl.RemoteID, cl.Description, text, cl.JSON, db.stamp()); err != nil {
		return err
	}
	return db.putHeard(ctx, tx, row, cl.Heard)
}
