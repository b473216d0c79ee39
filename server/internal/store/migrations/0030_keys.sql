-- +goose Up
-- 0: the key does not end by itself.
ALTER TABLE api_keys ADD COLUMN expires_at BIGINT NOT NULL DEFAULT 0;
