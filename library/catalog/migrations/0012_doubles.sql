-- The contents that more than one sample has, kept up to date by triggers: finding them among all
-- contents is slow in a large library, and an import would have it done again and again.
CREATE TABLE doubles (content INTEGER PRIMARY KEY);
INSERT INTO doubles SELECT content FROM samples WHERE content IS NOT NULL GROUP BY content HAVING count(*) > 1;
CREATE TRIGGER double_insert AFTER INSERT ON samples WHEN new.content IS NOT NULL BEGIN
  INSERT INTO doubles SELECT new.content WHERE EXISTS (SELECT 1 FROM samples WHERE content = new.content AND row <> new.row)
    ON CONFLICT DO NOTHING;
END;
CREATE TRIGGER double_update AFTER UPDATE OF content ON samples WHEN old.content IS NOT new.content BEGIN
  INSERT INTO doubles SELECT new.content WHERE EXISTS (SELECT 1 FROM samples WHERE content = new.content AND row <> new.row)
    ON CONFLICT DO NOTHING;
  DELETE FROM doubles WHERE content = old.content AND (SELECT count(*) FROM (SELECT 1 FROM samples WHERE content = old.content LIMIT 2)) < 2;
END;
CREATE TRIGGER double_delete AFTER DELETE ON samples WHEN old.content IS NOT NULL BEGIN
  DELETE FROM doubles WHERE content = old.content AND (SELECT count(*) FROM (SELECT 1 FROM samples WHERE content = old.content LIMIT 2)) < 2;
END;
