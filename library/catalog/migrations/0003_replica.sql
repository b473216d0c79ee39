-- What tells a library that it is an older copy of itself, or a copy of another machine's.
ALTER TABLE sync_state ADD COLUMN clock   INTEGER NOT NULL DEFAULT 0;  -- the newest write under this name
ALTER TABLE sync_state ADD COLUMN epoch   INTEGER NOT NULL DEFAULT -1; -- the server's count of deletions of everything; -1: not known
ALTER TABLE sync_state ADD COLUMN machine TEXT    NOT NULL DEFAULT ''; -- the installation that took the name
