-- +goose Up
-- The number of each push, which is that of its last change. Numbers are times, so that a server that
-- was restored from a backup never gives one out again: a machine that names a number that is not
-- here has seen what this server forgot.
CREATE TABLE sync_pushes (
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    seq BIGINT NOT NULL,
    PRIMARY KEY (user_id, seq)
);
INSERT INTO sync_pushes SELECT id, sync_seq FROM users WHERE sync_seq > 0;
-- How many cells an account has: their numbers no longer say so.
ALTER TABLE users ADD COLUMN sync_cells BIGINT NOT NULL DEFAULT 0;
UPDATE users SET sync_cells = (SELECT COUNT(*) FROM sync_cells WHERE user_id = users.id);
