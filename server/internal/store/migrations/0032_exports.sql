-- +goose Up
ALTER TABLE exports ADD COLUMN name TEXT NOT NULL DEFAULT '';
ALTER TABLE exports ADD COLUMN warnings TEXT NOT NULL DEFAULT '[]';
ALTER TABLE exports ADD COLUMN queue_id BIGINT NOT NULL DEFAULT 0;
ALTER TABLE exports ADD COLUMN work_ms BIGINT NOT NULL DEFAULT 0;
ALTER TABLE exports ADD COLUMN tier TEXT NOT NULL DEFAULT '';
-- The file on the uploader's machine when other bytes were sent (a WAV packed as FLAC): by it a
-- kit's pads name their samples.
ALTER TABLE samples ADD COLUMN source_sha256 TEXT NOT NULL DEFAULT '';
CREATE INDEX samples_user_source ON samples (user_id, source_sha256) WHERE source_sha256 <> '';
ALTER TABLE uploads ADD COLUMN source_sha256 TEXT NOT NULL DEFAULT '';
