-- +goose Up
-- What a unit costs from a day on, in millionths of a micro-dollar so that one request has a
-- whole number. Rows are never changed: a new price is a new row.
CREATE TABLE unit_prices (
    id TEXT PRIMARY KEY,
    item TEXT NOT NULL,
    price_pico BIGINT NOT NULL,
    from_at BIGINT NOT NULL,
    source TEXT NOT NULL,
    actor TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX unit_prices_item ON unit_prices (item, from_at);

-- What an account used of a UTC day (days since 1970), counted as it happened.
CREATE TABLE usage_days (
    day BIGINT NOT NULL,
    user_id TEXT NOT NULL,
    tier TEXT NOT NULL,
    kind TEXT NOT NULL,
    amount BIGINT NOT NULL,
    PRIMARY KEY (day, user_id, tier, kind)
);

-- When storage was last measured: the next sample adds the time since.
CREATE TABLE storage_marks (
    name TEXT PRIMARY KEY,
    at BIGINT NOT NULL
);

CREATE TABLE budgets (
    scope TEXT PRIMARY KEY,
    month_micro BIGINT NOT NULL,
    actor TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

-- An alert is sent once a month and threshold.
CREATE TABLE budget_alerts (
    scope TEXT NOT NULL,
    month TEXT NOT NULL,
    percent BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (scope, month, percent)
);
