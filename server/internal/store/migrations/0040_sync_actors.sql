-- +goose Up
-- The newest clock of each replica of an account: a machine that asks learns from it whether its
-- library is an older copy of itself. sync_epoch counts how often a person had everything deleted.
CREATE TABLE sync_actors (
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    actor TEXT NOT NULL,
    clock BIGINT NOT NULL,
    PRIMARY KEY (user_id, actor)
);
ALTER TABLE users ADD COLUMN sync_epoch BIGINT NOT NULL DEFAULT 0;
