-- +goose Up
-- users.overrides becomes the list of the account's contracts (plan.Contract).
UPDATE users SET overrides = CASE WHEN overrides = '{}' THEN '[]'
    ELSE '[{"id":"","tier":"' || tier || '","terms":' || overrides || '}]' END;

-- What was agreed with whom, by whom and why; rows stay. ended_at: ended before its time.
CREATE TABLE contracts (
    id TEXT PRIMARY KEY,
    user_id TEXT NOT NULL,
    tier TEXT NOT NULL,
    terms TEXT NOT NULL,
    from_at BIGINT NOT NULL DEFAULT 0,
    to_at BIGINT NOT NULL DEFAULT 0,
    actor TEXT NOT NULL,
    reason TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    ended_at BIGINT NOT NULL DEFAULT 0,
    ended_by TEXT NOT NULL DEFAULT '',
    ended_why TEXT NOT NULL DEFAULT ''
);
CREATE INDEX contracts_user ON contracts (user_id, created_at);

-- Features that an operator switched, over phase and settings.
CREATE TABLE feature_flags (
    name TEXT PRIMARY KEY,
    state BOOLEAN NOT NULL,
    actor TEXT NOT NULL,
    reason TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX audit_time ON audit_log (created_at, id);
