-- +goose Up
-- Audio that a person chose to keep in the cloud for their other machines, by what its bytes are.
-- Its storage is in the ledger under its id. An open row is an upload under way.
CREATE TABLE sync_audio (
    id TEXT PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    sha256 TEXT NOT NULL,
    size BIGINT NOT NULL,
    state TEXT NOT NULL, -- open, stored
    created_at BIGINT NOT NULL,
    UNIQUE (user_id, sha256)
);
CREATE INDEX sync_audio_open ON sync_audio (created_at) WHERE state = 'open';
