-- The newest push that the server is known to have had. One that does not know it any more was
-- restored from a backup: everything is sent to it again.
ALTER TABLE sync_state ADD COLUMN mark INTEGER NOT NULL DEFAULT 0;
