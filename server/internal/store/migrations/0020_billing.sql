-- +goose Up
-- What the payment provider says of an account, as it was last fetched. version rises with each
-- write, so that a fetch that was overtaken by a newer one is thrown away and made again. A row
-- outlives its account: a last bill may still be paid.
CREATE TABLE subscriptions (
    user_id TEXT PRIMARY KEY,
    customer TEXT NOT NULL UNIQUE,
    subscription TEXT NOT NULL DEFAULT '',
    status TEXT NOT NULL DEFAULT '',
    billed_every TEXT NOT NULL DEFAULT '',
    period_start BIGINT NOT NULL DEFAULT 0,
    period_end BIGINT NOT NULL DEFAULT 0,
    ends_at BIGINT NOT NULL DEFAULT 0,
    version BIGINT NOT NULL DEFAULT 0,
    synced_at BIGINT NOT NULL DEFAULT 0
);

-- Every movement of money, one row for each balance transaction of the payment provider, in the
-- currency's smallest unit. Rows are never changed and outlive their account.
CREATE TABLE payments (
    id TEXT PRIMARY KEY,
    user_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    gross_cents BIGINT NOT NULL,
    fee_cents BIGINT NOT NULL,
    net_cents BIGINT NOT NULL,
    currency TEXT NOT NULL,
    invoice TEXT NOT NULL DEFAULT '',
    source TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX payments_user ON payments (user_id, created_at);
CREATE INDEX payments_time ON payments (created_at);

-- plan_cents and deep_cents are what of the total is for the plan and for deep analyses.
CREATE TABLE invoices (
    id TEXT PRIMARY KEY,
    user_id TEXT NOT NULL,
    number TEXT NOT NULL DEFAULT '',
    status TEXT NOT NULL,
    reason TEXT NOT NULL DEFAULT '',
    currency TEXT NOT NULL,
    total_cents BIGINT NOT NULL,
    paid_cents BIGINT NOT NULL,
    due_cents BIGINT NOT NULL,
    plan_cents BIGINT NOT NULL,
    deep_cents BIGINT NOT NULL,
    deep_count BIGINT NOT NULL,
    period_start BIGINT NOT NULL,
    period_end BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    paid_at BIGINT NOT NULL DEFAULT 0,
    attempts BIGINT NOT NULL DEFAULT 0,
    next_attempt_at BIGINT NOT NULL DEFAULT 0,
    url TEXT NOT NULL DEFAULT '',
    pdf TEXT NOT NULL DEFAULT '',
    reminders BIGINT NOT NULL DEFAULT 0,
    reminded_at BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX invoices_user ON invoices (user_id, created_at);
CREATE INDEX invoices_open ON invoices (created_at) WHERE status = 'open';

-- Messages of the payment provider, each stored once. state: new, done.
CREATE TABLE stripe_events (
    id TEXT PRIMARY KEY,
    type TEXT NOT NULL,
    customer TEXT NOT NULL DEFAULT '',
    payload TEXT NOT NULL,
    state TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    received_at BIGINT NOT NULL,
    handled_at BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX stripe_events_new ON stripe_events (received_at) WHERE state = 'new';

-- Deep analyses that users asked for, at the price they were shown. state: asked, done, failed.
CREATE TABLE deep_analyses (
    id TEXT PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    sample_id TEXT NOT NULL,
    state TEXT NOT NULL,
    price_micro BIGINT NOT NULL,
    window_start BIGINT NOT NULL,
    reason TEXT NOT NULL DEFAULT '',
    created_at BIGINT NOT NULL,
    done_at BIGINT NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX deep_analyses_open ON deep_analyses (sample_id) WHERE state = 'asked';
CREATE INDEX deep_analyses_user ON deep_analyses (user_id, created_at);

-- Outbox of metered usage: a row is written with what it bills, its id is the identifier by which
-- the payment provider knows a repeated message. state: pending, sent.
CREATE TABLE meter_events (
    id TEXT PRIMARY KEY,
    user_id TEXT NOT NULL,
    customer TEXT NOT NULL,
    sample_id TEXT NOT NULL DEFAULT '',
    quantity BIGINT NOT NULL,
    price_micro BIGINT NOT NULL,
    state TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    tried_at BIGINT NOT NULL DEFAULT 0,
    sent_at BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX meter_events_pending ON meter_events (created_at) WHERE state = 'pending';
CREATE INDEX meter_events_user ON meter_events (user_id, created_at);

-- Addresses that had their trial, hashed: a new account of the same address has no second one.
CREATE TABLE trials (
    address_hash TEXT PRIMARY KEY,
    started_at BIGINT NOT NULL
);
