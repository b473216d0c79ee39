-- The library as one file. Times are milliseconds since 1970 (UTC) but for mtime, which is in
-- nanoseconds as the file system gave it. Unknown numbers are NULL, unknown words ''.

CREATE TABLE samples (
  row         INTEGER PRIMARY KEY AUTOINCREMENT, -- never used twice; its order is the order of import
  id          TEXT    NOT NULL UNIQUE,           -- UUIDv7
  path        TEXT    NOT NULL UNIQUE,           -- bytes of the file system, not always UTF-8
  name        TEXT    NOT NULL,
  name_key    TEXT    NOT NULL,                  -- folded, numbers in counting order: what sorting by name compares
  state       TEXT    NOT NULL CHECK (state IN ('listed', 'analysed', 'failed', 'missing')),
  kind        TEXT    NOT NULL DEFAULT '',
  class       TEXT    NOT NULL DEFAULT '',
  bpm         REAL,
  key         TEXT    NOT NULL DEFAULT '',
  key_slot    INTEGER NOT NULL DEFAULT 0,        -- wheel of fifths: 1A, 1B, ... 12B are 1 to 24, 0 unknown
  duration    REAL,
  rating      INTEGER NOT NULL DEFAULT 0 CHECK (rating BETWEEN 0 AND 5),
  favourite   INTEGER NOT NULL DEFAULT 0 CHECK (favourite IN (0, 1)),
  added_at    INTEGER NOT NULL,
  format      TEXT    NOT NULL DEFAULT '',
  rate        INTEGER,
  channels    INTEGER,
  bit_depth   INTEGER,
  frames      INTEGER,
  size        INTEGER NOT NULL,
  mtime       INTEGER NOT NULL,
  sha256      TEXT    NOT NULL DEFAULT '',
  content     INTEGER,                           -- first 8 bytes of sha256: finds twins in a small index
  error       TEXT    NOT NULL DEFAULT '',
  class_conf  REAL    NOT NULL DEFAULT 0,
  bpm_conf    REAL    NOT NULL DEFAULT 0,
  bpm_source  TEXT    NOT NULL DEFAULT '',
  key_conf    REAL    NOT NULL DEFAULT 0,
  key_source  TEXT    NOT NULL DEFAULT '',
  lufs        REAL,
  peak        REAL,
  beats       INTEGER,
  note        TEXT    NOT NULL DEFAULT '',
  last_played INTEGER,
  engine      TEXT    NOT NULL DEFAULT '',       -- version of the analysis that wrote the values
  import_id   TEXT    NOT NULL DEFAULT '',
  managed     INTEGER NOT NULL DEFAULT 0,        -- 1: a copy in the managed folder
  tries       INTEGER NOT NULL DEFAULT 0,        -- analyses begun and not ended
  name_words  TEXT    NOT NULL DEFAULT '',       -- words inside the name that the tokenizer cannot see
  folder      TEXT    NOT NULL DEFAULT '',       -- last elements of the folder, for free text
  sound_words TEXT    NOT NULL DEFAULT ''        -- kind, class and key in words
);
-- The sorts: each lists all samples in its order without touching the table.
CREATE INDEX samples_by_name     ON samples (name_key);
CREATE INDEX samples_by_bpm      ON samples (bpm, name_key) WHERE bpm IS NOT NULL;
CREATE INDEX samples_by_key      ON samples (key_slot, name_key);
CREATE INDEX samples_by_duration ON samples (duration, name_key);
CREATE INDEX samples_by_added    ON samples (added_at, name_key);
CREATE INDEX samples_by_rating   ON samples (rating, name_key) WHERE rating > 0;
CREATE INDEX samples_by_kind     ON samples (kind, class, name_key);
CREATE INDEX samples_by_class    ON samples (class, kind, name_key);
-- The filters: everything one can ask by number, so that a query that narrows little reads a
-- fifth of what the table holds.
CREATE INDEX samples_numbers ON samples (kind, class, bpm, key_slot, duration, rating, favourite, state, format, rate, channels,
  bit_depth, beats, lufs, peak, size, added_at, last_played, bpm_conf, key_conf, class_conf);
CREATE INDEX samples_by_content  ON samples (content) WHERE content IS NOT NULL;
CREATE INDEX samples_by_state    ON samples (state) WHERE state <> 'analysed';
CREATE INDEX samples_favourite   ON samples (favourite) WHERE favourite = 1;

-- One number a column, for filters on every feature.
CREATE TABLE features (
  row        INTEGER PRIMARY KEY REFERENCES samples (row) ON DELETE CASCADE,
  true_peak  REAL, silence_start REAL, silence_end REAL, onsets INTEGER, tuning REAL,
  centroid   REAL, bandwidth REAL, rolloff REAL, flatness REAL, zcr REAL, rms REAL, harmonic REAL
);

CREATE TABLE reports (
  row  INTEGER PRIMARY KEY REFERENCES samples (row) ON DELETE CASCADE,
  json TEXT NOT NULL -- analysis.Report as found, before any hand edit
);

CREATE TABLE waveforms (
  row      INTEGER PRIMARY KEY REFERENCES samples (row) ON DELETE CASCADE,
  overview BLOB, -- pairs of int8 (min, max)
  peaks    BLOB  -- audio/waveform's own form
);

CREATE TABLE embeddings (
  row    INTEGER PRIMARY KEY REFERENCES samples (row) ON DELETE CASCADE,
  vector BLOB NOT NULL -- float32, little endian, unit length
);

-- What a person typed, and nothing else: the value found stays in reports.
CREATE TABLE edits (
  row   INTEGER NOT NULL REFERENCES samples (row) ON DELETE CASCADE,
  field TEXT    NOT NULL CHECK (field IN ('name', 'bpm', 'key', 'kind', 'class')),
  value TEXT    NOT NULL,
  at    INTEGER NOT NULL,
  PRIMARY KEY (row, field)
) WITHOUT ROWID;

CREATE TABLE tags (
  tag  INTEGER PRIMARY KEY,
  name TEXT NOT NULL COLLATE NOCASE UNIQUE CHECK (name <> '')
);
CREATE TABLE sample_tags (
  tag INTEGER NOT NULL REFERENCES tags (tag) ON DELETE CASCADE,
  row INTEGER NOT NULL REFERENCES samples (row) ON DELETE CASCADE,
  PRIMARY KEY (tag, row)
) WITHOUT ROWID;
CREATE INDEX sample_tags_by_row ON sample_tags (row, tag);

CREATE TABLE sources (
  row               INTEGER PRIMARY KEY REFERENCES samples (row) ON DELETE CASCADE,
  type              TEXT NOT NULL DEFAULT '',
  url               TEXT NOT NULL DEFAULT '',
  artist            TEXT NOT NULL DEFAULT '',
  album             TEXT NOT NULL DEFAULT '',
  title             TEXT NOT NULL DEFAULT '',
  release_date      TEXT NOT NULL DEFAULT '',
  licence           TEXT NOT NULL DEFAULT '',
  licence_url       TEXT NOT NULL DEFAULT '',
  original_filename TEXT NOT NULL DEFAULT '',
  attribution       TEXT NOT NULL DEFAULT '',
  metadata          TEXT NOT NULL DEFAULT '' -- JSON
);

CREATE TABLE clouds (
  row         INTEGER PRIMARY KEY REFERENCES samples (row) ON DELETE CASCADE,
  remote_id   TEXT NOT NULL DEFAULT '',
  description TEXT NOT NULL DEFAULT '',
  words       TEXT NOT NULL DEFAULT '', -- everything of the description that search may find
  json        TEXT NOT NULL DEFAULT '',
  at          INTEGER NOT NULL
);

CREATE TABLE collections (
  id          TEXT PRIMARY KEY,
  parent      TEXT REFERENCES collections (id) ON DELETE CASCADE,
  name        TEXT NOT NULL CHECK (name <> ''),
  description TEXT NOT NULL DEFAULT '',
  position    INTEGER NOT NULL,
  query       TEXT, -- a smart collection's rule; NULL: filled by hand
  created_at  INTEGER NOT NULL,
  modified_at INTEGER NOT NULL
);
CREATE INDEX collections_by_parent ON collections (parent, position);
CREATE TABLE collection_samples (
  collection TEXT    NOT NULL REFERENCES collections (id) ON DELETE CASCADE,
  row        INTEGER NOT NULL REFERENCES samples (row) ON DELETE CASCADE,
  position   INTEGER NOT NULL,
  added_at   INTEGER NOT NULL,
  PRIMARY KEY (collection, row)
) WITHOUT ROWID;
CREATE INDEX collection_samples_by_row ON collection_samples (row);

CREATE TABLE kits (
  id          TEXT PRIMARY KEY,
  name        TEXT NOT NULL,
  data        TEXT NOT NULL, -- the kit as JSON but for its pads
  created_at  INTEGER NOT NULL,
  modified_at INTEGER NOT NULL
);
-- A pad keeps the sample's text id, so that a kit survives a sample that comes back.
CREATE TABLE kit_pads (
  kit       TEXT    NOT NULL REFERENCES kits (id) ON DELETE CASCADE,
  bank      INTEGER NOT NULL CHECK (bank BETWEEN 0 AND 9),
  pad       INTEGER NOT NULL CHECK (pad BETWEEN 0 AND 15),
  sample_id TEXT    NOT NULL,
  data      TEXT    NOT NULL, -- the pad's settings as JSON
  PRIMARY KEY (kit, bank, pad)
) WITHOUT ROWID;
CREATE INDEX kit_pads_by_sample ON kit_pads (sample_id);

CREATE TABLE folders (
  path       TEXT PRIMARY KEY,
  copy       INTEGER NOT NULL DEFAULT 0,
  tags       INTEGER NOT NULL DEFAULT 0, -- 1: names of sub-folders become tags
  added_at   INTEGER NOT NULL,
  scanned_at INTEGER
);

-- Work that outlives the program: the same states as the server's jobs.
CREATE TABLE jobs (
  id          TEXT    PRIMARY KEY,
  kind        TEXT    NOT NULL,
  state       TEXT    NOT NULL CHECK (state IN ('pending', 'processing', 'completed', 'failed', 'cancelled', 'expired')),
  step        TEXT    NOT NULL DEFAULT '',
  payload     TEXT    NOT NULL DEFAULT '{}',
  result      TEXT    NOT NULL DEFAULT '',
  error       TEXT    NOT NULL DEFAULT '',
  total       INTEGER NOT NULL DEFAULT 0,
  done        INTEGER NOT NULL DEFAULT 0,
  failed      INTEGER NOT NULL DEFAULT 0,
  attempts    INTEGER NOT NULL DEFAULT 0,
  created_at  INTEGER NOT NULL,
  started_at  INTEGER,
  finished_at INTEGER,
  not_before  INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX jobs_by_state ON jobs (state, not_before, created_at);

-- Reasons for files that are no samples: folders that cannot be opened, links that lead nowhere.
CREATE TABLE failures (
  path   TEXT PRIMARY KEY,
  reason TEXT NOT NULL,
  job    TEXT NOT NULL DEFAULT '',
  at     INTEGER NOT NULL
);

CREATE VIRTUAL TABLE sample_fts USING fts5 (
  name, folder, tags, sound, note, cloud, origin,
  content = '', contentless_delete = 1,
  tokenize = 'unicode61 remove_diacritics 2', prefix = '1 2 3'
);
CREATE VIEW sample_text AS
  SELECT s.row AS row, s.name || ' ' || s.name_words AS name, s.folder AS folder,
         coalesce((SELECT group_concat(t.name, ' ') FROM sample_tags st JOIN tags t USING (tag) WHERE st.row = s.row), '') AS tags,
         s.sound_words AS sound, s.note AS note, coalesce(c.words, '') AS cloud,
         coalesce(o.title || ' ' || o.artist || ' ' || o.album, '') AS origin
  FROM samples s LEFT JOIN clouds c ON c.row = s.row LEFT JOIN sources o ON o.row = s.row;
CREATE TRIGGER samples_leave_text AFTER DELETE ON samples BEGIN
  DELETE FROM sample_fts WHERE rowid = old.row;
END;
