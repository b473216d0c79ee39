-- The window lists the newest first, those of one moment by name: this order is read off an index.
DROP INDEX samples_by_added;
CREATE INDEX samples_by_added ON samples (added_at DESC, name_key);
