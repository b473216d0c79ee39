-- +goose Up
-- The first form of this table was never written to.
DROP TABLE tenants;

-- Whose name, logo, colours and host an enterprise account has. host counts while proven_at, when
-- it was last shown to lead to this server, is fresh; wrong says what the last look found.
CREATE TABLE tenants (
    id TEXT PRIMARY KEY,
    owner_id TEXT NOT NULL UNIQUE REFERENCES users (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    host TEXT NOT NULL UNIQUE,
    colours TEXT NOT NULL,
    logo TEXT NOT NULL DEFAULT '',
    proven_at BIGINT NOT NULL DEFAULT 0,
    looked_at BIGINT NOT NULL DEFAULT 0,
    wrong TEXT NOT NULL DEFAULT '',
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX users_tenant ON users (tenant_id) WHERE tenant_id <> '';

-- At whose host a sign-in code was asked for: a new account belongs there.
ALTER TABLE login_codes ADD COLUMN tenant_id TEXT NOT NULL DEFAULT '';
