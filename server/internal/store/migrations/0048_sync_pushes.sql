-- +goose Up
CREATE INDEX sync_pushes_seq ON sync_pushes (seq); -- the sweep's
