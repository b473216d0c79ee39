-- A first sync takes up a hundred thousand objects in runs: each run finds the oldest by this.
CREATE INDEX sync_dirty_at ON sync_dirty (at, object);
