-- +goose Up
-- When a file that is kept for other machines goes, after its plan no longer keeps it (B08), and
-- when its account was warned. 0: it stays; not yet.
ALTER TABLE sync_audio ADD COLUMN expires_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE sync_audio ADD COLUMN warned_7_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE sync_audio ADD COLUMN warned_1_at BIGINT NOT NULL DEFAULT 0;
CREATE INDEX sync_audio_end ON sync_audio (expires_at) WHERE expires_at > 0;
