-- What the cloud said of a sample is told to the person's other machines.
CREATE TRIGGER sync_cloud_insert AFTER INSERT ON clouds WHEN EXISTS (SELECT 1 FROM sync_state) BEGIN
  INSERT INTO sync_dirty SELECT 'sample/' || sha256, CAST(unixepoch('subsec') * 1000 AS INTEGER) FROM samples WHERE row = new.row AND sha256 <> ''
    ON CONFLICT (object) DO UPDATE SET at = excluded.at;
END;
-- What it said before is sent, and what other machines sent, which this one kept without knowing
-- what it means, is shown.
INSERT INTO sync_dirty SELECT 'sample/' || s.sha256, c.at FROM clouds c JOIN samples s USING (row) WHERE s.sha256 <> '' AND EXISTS (SELECT 1 FROM sync_state)
  ON CONFLICT DO NOTHING;
INSERT INTO sync_dirty SELECT object, 0 FROM sync_cells WHERE field = 'cloud' ON CONFLICT DO NOTHING;
DELETE FROM sync_joined WHERE hidden = 0 AND 'sample/' || sha256 IN (SELECT object FROM sync_cells WHERE field = 'cloud');
