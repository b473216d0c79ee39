-- What keeps this library in step with a person's other machines. All of it is empty until
-- somebody signs in to an account that syncs.
--
-- Objects: "sample/<sha256>", "collection/<id>", "kit/<id>".

CREATE TABLE sync_state (
  one     INTEGER PRIMARY KEY CHECK (one = 1),
  account TEXT    NOT NULL, -- server and user; another account starts anew
  actor   TEXT    NOT NULL, -- this installation's name in that account
  cursor  INTEGER NOT NULL DEFAULT 0
);

CREATE TABLE sync_cells (
  object TEXT    NOT NULL,
  field  TEXT    NOT NULL,
  cell   TEXT    NOT NULL, -- JSON, package wire's form
  unsent INTEGER NOT NULL CHECK (unsent IN (0, 1)),
  PRIMARY KEY (object, field)
) WITHOUT ROWID;
CREATE INDEX sync_members ON sync_cells (field) WHERE field LIKE 'item/%';
CREATE INDEX sync_unsent ON sync_cells (object, field) WHERE unsent = 1;

-- Objects that a person changed and that are not cells yet. Triggers write it in the very
-- transaction of the change, so that no way of changing something can forget to.
CREATE TABLE sync_dirty (
  object TEXT    PRIMARY KEY,
  at     INTEGER NOT NULL
) WITHOUT ROWID;

-- Samples whose cells and library agree (hidden 0), and those that a person took out of this
-- library (hidden 1): what others say of them does not bring them back. A sample that is in
-- neither state joins what it says with what its cells say.
CREATE TABLE sync_joined (
  sha256 TEXT    PRIMARY KEY,
  hidden INTEGER NOT NULL CHECK (hidden IN (0, 1))
) WITHOUT ROWID;

CREATE TRIGGER sync_edit_insert AFTER INSERT ON edits WHEN EXISTS (SELECT 1 FROM sync_state) BEGIN
  INSERT INTO sync_dirty SELECT 'sample/' || sha256, CAST(unixepoch('subsec') * 1000 AS INTEGER) FROM samples WHERE row = new.row AND sha256 <> ''
    ON CONFLICT (object) DO UPDATE SET at = excluded.at;
END;
CREATE TRIGGER sync_edit_update AFTER UPDATE ON edits WHEN EXISTS (SELECT 1 FROM sync_state) BEGIN
  INSERT INTO sync_dirty SELECT 'sample/' || sha256, CAST(unixepoch('subsec') * 1000 AS INTEGER) FROM samples WHERE row = new.row AND sha256 <> ''
    ON CONFLICT (object) DO UPDATE SET at = excluded.at;
END;
CREATE TRIGGER sync_edit_delete AFTER DELETE ON edits WHEN EXISTS (SELECT 1 FROM sync_state) BEGIN
  INSERT INTO sync_dirty SELECT 'sample/' || sha256, CAST(unixepoch('subsec') * 1000 AS INTEGER) FROM samples WHERE row = old.row AND sha256 <> ''
    ON CONFLICT (object) DO UPDATE SET at = excluded.at;
END;
CREATE TRIGGER sync_tag_insert AFTER INSERT ON sample_tags WHEN EXISTS (SELECT 1 FROM sync_state) BEGIN
  INSERT INTO sync_dirty SELECT 'sample/' || sha256, CAST(unixepoch('subsec') * 1000 AS INTEGER) FROM samples WHERE row = new.row AND sha256 <> ''
    ON CONFLICT (object) DO UPDATE SET at = excluded.at;
END;
CREATE TRIGGER sync_tag_delete AFTER DELETE ON sample_tags WHEN EXISTS (SELECT 1 FROM sync_state) BEGIN
  INSERT INTO sync_dirty SELECT 'sample/' || sha256, CAST(unixepoch('subsec') * 1000 AS INTEGER) FROM samples WHERE row = old.row AND sha256 <> ''
    ON CONFLICT (object) DO UPDATE SET at = excluded.at;
END;
CREATE TRIGGER sync_tag_rename AFTER UPDATE OF name ON tags WHEN EXISTS (SELECT 1 FROM sync_state) BEGIN
  INSERT INTO sync_dirty SELECT 'sample/' || s.sha256, CAST(unixepoch('subsec') * 1000 AS INTEGER)
    FROM sample_tags st JOIN samples s ON s.row = st.row WHERE st.tag = new.tag AND s.sha256 <> ''
    ON CONFLICT (object) DO UPDATE SET at = excluded.at;
END;
-- The hash comes with the analysis: from then on a sample has a name that all machines share.
CREATE TRIGGER sync_sample_update AFTER UPDATE OF rating, favourite, note, sha256 ON samples
  WHEN new.sha256 <> '' AND (old.sha256 <> new.sha256 OR old.rating <> new.rating OR old.favourite <> new.favourite OR old.note <> new.note)
    AND EXISTS (SELECT 1 FROM sync_state) BEGIN
  INSERT INTO sync_dirty VALUES ('sample/' || new.sha256, CAST(unixepoch('subsec') * 1000 AS INTEGER))
    ON CONFLICT (object) DO UPDATE SET at = excluded.at;
  INSERT INTO sync_dirty SELECT DISTINCT 'kit/' || kit, CAST(unixepoch('subsec') * 1000 AS INTEGER) FROM kit_pads WHERE sample_id = new.id AND old.sha256 <> new.sha256
    ON CONFLICT (object) DO UPDATE SET at = excluded.at;
  INSERT INTO sync_dirty SELECT DISTINCT 'collection/' || collection, CAST(unixepoch('subsec') * 1000 AS INTEGER) FROM collection_samples WHERE row = new.row AND old.sha256 <> new.sha256
    ON CONFLICT (object) DO UPDATE SET at = excluded.at;
END;
CREATE TRIGGER sync_sample_delete AFTER DELETE ON samples WHEN old.sha256 <> '' AND EXISTS (SELECT 1 FROM sync_state) BEGIN
  INSERT INTO sync_joined SELECT old.sha256, 1 WHERE NOT EXISTS (SELECT 1 FROM samples WHERE sha256 = old.sha256)
    ON CONFLICT (sha256) DO UPDATE SET hidden = 1;
END;
CREATE TRIGGER sync_sample_back AFTER UPDATE OF sha256 ON samples WHEN new.sha256 <> '' BEGIN
  DELETE FROM sync_joined WHERE sha256 = new.sha256 AND hidden = 1;
END;
CREATE TRIGGER sync_collection_insert AFTER INSERT ON collections WHEN EXISTS (SELECT 1 FROM sync_state) BEGIN
  INSERT INTO sync_dirty VALUES ('collection/' || new.id, CAST(unixepoch('subsec') * 1000 AS INTEGER))
    ON CONFLICT (object) DO UPDATE SET at = excluded.at;
END;
CREATE TRIGGER sync_collection_update AFTER UPDATE ON collections WHEN EXISTS (SELECT 1 FROM sync_state) BEGIN
  INSERT INTO sync_dirty VALUES ('collection/' || new.id, CAST(unixepoch('subsec') * 1000 AS INTEGER))
    ON CONFLICT (object) DO UPDATE SET at = excluded.at;
END;
CREATE TRIGGER sync_collection_delete AFTER DELETE ON collections WHEN EXISTS (SELECT 1 FROM sync_state) BEGIN
  INSERT INTO sync_dirty VALUES ('collection/' || old.id, CAST(unixepoch('subsec') * 1000 AS INTEGER))
    ON CONFLICT (object) DO UPDATE SET at = excluded.at;
END;
CREATE TRIGGER sync_member_insert AFTER INSERT ON collection_samples WHEN EXISTS (SELECT 1 FROM sync_state) BEGIN
  INSERT INTO sync_dirty VALUES ('collection/' || new.collection, CAST(unixepoch('subsec') * 1000 AS INTEGER))
    ON CONFLICT (object) DO UPDATE SET at = excluded.at;
END;
CREATE TRIGGER sync_member_update AFTER UPDATE ON collection_samples WHEN EXISTS (SELECT 1 FROM sync_state) BEGIN
  INSERT INTO sync_dirty VALUES ('collection/' || new.collection, CAST(unixepoch('subsec') * 1000 AS INTEGER))
    ON CONFLICT (object) DO UPDATE SET at = excluded.at;
END;
CREATE TRIGGER sync_member_delete AFTER DELETE ON collection_samples WHEN EXISTS (SELECT 1 FROM sync_state) BEGIN
  INSERT INTO sync_dirty VALUES ('collection/' || old.collection, CAST(unixepoch('subsec') * 1000 AS INTEGER))
    ON CONFLICT (object) DO UPDATE SET at = excluded.at;
END;
CREATE TRIGGER sync_kit_insert AFTER INSERT ON kits WHEN EXISTS (SELECT 1 FROM sync_state) BEGIN
  INSERT INTO sync_dirty VALUES ('kit/' || new.id, CAST(unixepoch('subsec') * 1000 AS INTEGER))
    ON CONFLICT (object) DO UPDATE SET at = excluded.at;
END;
CREATE TRIGGER sync_kit_update AFTER UPDATE ON kits WHEN EXISTS (SELECT 1 FROM sync_state) BEGIN
  INSERT INTO sync_dirty VALUES ('kit/' || new.id, CAST(unixepoch('subsec') * 1000 AS INTEGER))
    ON CONFLICT (object) DO UPDATE SET at = excluded.at;
END;
CREATE TRIGGER sync_kit_delete AFTER DELETE ON kits WHEN EXISTS (SELECT 1 FROM sync_state) BEGIN
  INSERT INTO sync_dirty VALUES ('kit/' || old.id, CAST(unixepoch('subsec') * 1000 AS INTEGER))
    ON CONFLICT (object) DO UPDATE SET at = excluded.at;
END;
