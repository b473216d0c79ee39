-- Audio in the cloud. kept is a person's choice: the sound of these samples, and of what is in
-- these collections and kits, is kept for their other machines. cloud_audio is what the account
-- keeps of it, as its machines told each other.
CREATE TABLE kept (
  object TEXT PRIMARY KEY -- "sample/<sha256>", "collection/<id>", "kit/<id>"
) WITHOUT ROWID;
CREATE TABLE cloud_audio (
  sha256 TEXT PRIMARY KEY, -- of the file as it was where it came from
  info   TEXT NOT NULL     -- JSON: what is stored for it
) WITHOUT ROWID;
CREATE TRIGGER sync_kept_insert AFTER INSERT ON kept WHEN EXISTS (SELECT 1 FROM sync_state) BEGIN
  INSERT INTO sync_dirty VALUES (new.object, CAST(unixepoch('subsec') * 1000 AS INTEGER))
    ON CONFLICT (object) DO UPDATE SET at = excluded.at;
END;
CREATE TRIGGER sync_kept_delete AFTER DELETE ON kept WHEN EXISTS (SELECT 1 FROM sync_state) BEGIN
  INSERT INTO sync_dirty VALUES (old.object, CAST(unixepoch('subsec') * 1000 AS INTEGER))
    ON CONFLICT (object) DO UPDATE SET at = excluded.at;
END;
CREATE TRIGGER sync_audio_insert AFTER INSERT ON cloud_audio WHEN EXISTS (SELECT 1 FROM sync_state) BEGIN
  INSERT INTO sync_dirty VALUES ('sample/' || new.sha256, CAST(unixepoch('subsec') * 1000 AS INTEGER))
    ON CONFLICT (object) DO UPDATE SET at = excluded.at;
END;
CREATE TRIGGER sync_audio_delete AFTER DELETE ON cloud_audio WHEN EXISTS (SELECT 1 FROM sync_state) BEGIN
  INSERT INTO sync_dirty VALUES ('sample/' || old.sha256, CAST(unixepoch('subsec') * 1000 AS INTEGER))
    ON CONFLICT (object) DO UPDATE SET at = excluded.at;
END;
