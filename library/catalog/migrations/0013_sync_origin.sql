-- What the server's state was last known to have grown from. A server that was restored from a backup
-- has grown from another: this library, which may have been restored with it, then writes under a new name.
ALTER TABLE sync_state ADD COLUMN origin TEXT NOT NULL DEFAULT '';
