-- +goose Up
-- What the machines of an account keep in step: one merged cell a field of an object. seq rises
-- by one per change of the account, so that a machine asks for what it has not seen.
CREATE TABLE sync_cells (
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    object TEXT NOT NULL,
    field TEXT NOT NULL,
    cell TEXT NOT NULL,
    seq BIGINT NOT NULL,
    PRIMARY KEY (user_id, object, field)
);
CREATE UNIQUE INDEX sync_cells_seq ON sync_cells (user_id, seq);
ALTER TABLE users ADD COLUMN sync_seq BIGINT NOT NULL DEFAULT 0;
