-- +goose Up
-- Portable: TEXT ids, BIGINT unix milliseconds (0: never), BIGINT micro-dollars, JSON as TEXT.
CREATE TABLE secrets (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
);

CREATE TABLE users (
    id TEXT PRIMARY KEY,
    email TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL DEFAULT '',
    tier TEXT NOT NULL,
    overrides TEXT NOT NULL DEFAULT '{}',
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    last_seen_at BIGINT NOT NULL DEFAULT 0,
    blocked_at BIGINT NOT NULL DEFAULT 0,
    deleted_at BIGINT NOT NULL DEFAULT 0,
    trial_started_at BIGINT NOT NULL DEFAULT 0,
    trial_ends_at BIGINT NOT NULL DEFAULT 0,
    period_start BIGINT NOT NULL DEFAULT 0,
    period_end BIGINT NOT NULL DEFAULT 0,
    stripe_customer TEXT NOT NULL DEFAULT '',
    stripe_subscription TEXT NOT NULL DEFAULT '',
    subscription_status TEXT NOT NULL DEFAULT '',
    tenant_id TEXT NOT NULL DEFAULT '',
    storage_bytes BIGINT NOT NULL DEFAULT 0,
    over_quota_since BIGINT NOT NULL DEFAULT 0,
    event_seq BIGINT NOT NULL DEFAULT 0,
    unsubscribe_token TEXT NOT NULL UNIQUE,
    notify_processed BOOLEAN NOT NULL DEFAULT TRUE,
    notify_failed BOOLEAN NOT NULL DEFAULT TRUE,
    notify_expiring BOOLEAN NOT NULL DEFAULT TRUE,
    notify_quota BOOLEAN NOT NULL DEFAULT TRUE
);
CREATE INDEX users_stripe ON users (stripe_customer);

CREATE TABLE identities (
    issuer TEXT NOT NULL,
    subject TEXT NOT NULL,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (issuer, subject)
);

CREATE TABLE login_codes (
    id TEXT PRIMARY KEY,
    email TEXT NOT NULL,
    code_hash TEXT NOT NULL,
    link_hash TEXT NOT NULL UNIQUE,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    tries BIGINT NOT NULL DEFAULT 0,
    used_at BIGINT NOT NULL DEFAULT 0,
    ip TEXT NOT NULL DEFAULT ''
);
CREATE INDEX login_codes_email ON login_codes (email, created_at);

CREATE TABLE auth_grants (
    code_hash TEXT PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    client_id TEXT NOT NULL,
    redirect_uri TEXT NOT NULL,
    code_challenge TEXT NOT NULL,
    device TEXT NOT NULL DEFAULT '',
    session_id TEXT NOT NULL DEFAULT '',
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT NOT NULL DEFAULT 0
);

CREATE TABLE sessions (
    id TEXT PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    device TEXT NOT NULL DEFAULT '',
    ip TEXT NOT NULL DEFAULT '',
    created_at BIGINT NOT NULL,
    last_used_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    revoked_at BIGINT NOT NULL DEFAULT 0,
    revoked_why TEXT NOT NULL DEFAULT ''
);
CREATE INDEX sessions_user ON sessions (user_id, created_at);

CREATE TABLE tokens (
    hash TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    session_id TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    rotated_at BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX tokens_session ON tokens (session_id);
CREATE INDEX tokens_expiry ON tokens (expires_at);

CREATE TABLE api_keys (
    id TEXT PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    prefix TEXT NOT NULL,
    hash TEXT NOT NULL UNIQUE,
    scopes TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    last_used_at BIGINT NOT NULL DEFAULT 0,
    revoked_at BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX api_keys_user ON api_keys (user_id);

-- Counters that a conditional UPDATE guards. kind: uploads, invalid, api.
CREATE TABLE quota_windows (
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    window_start BIGINT NOT NULL,
    window_end BIGINT NOT NULL,
    used BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (user_id, kind, window_start)
);

-- What the counters are derived from: one row for each reservation.
-- state: reserved, used, refunded. amount is files for uploads and bytes for storage.
CREATE TABLE ledger (
    id TEXT PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    amount BIGINT NOT NULL,
    window_start BIGINT NOT NULL DEFAULT 0,
    job_id TEXT NOT NULL DEFAULT '',
    state TEXT NOT NULL,
    reason TEXT NOT NULL DEFAULT '',
    created_at BIGINT NOT NULL,
    settled_at BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX ledger_user ON ledger (user_id, kind, window_start);
CREATE INDEX ledger_job ON ledger (job_id);

CREATE TABLE batches (
    id TEXT PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name TEXT NOT NULL DEFAULT '',
    files BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    told_at BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX batches_user ON batches (user_id, created_at);

-- Direct uploads that were promised an address. state: open, completed, expired.
CREATE TABLE uploads (
    id TEXT PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    batch_id TEXT NOT NULL DEFAULT '',
    job_id TEXT NOT NULL,
    file_key TEXT NOT NULL,
    name TEXT NOT NULL,
    size BIGINT NOT NULL,
    sha256 TEXT NOT NULL,
    content_type TEXT NOT NULL,
    idempotency_key TEXT NOT NULL DEFAULT '',
    state TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX uploads_user ON uploads (user_id, created_at);
CREATE INDEX uploads_open ON uploads (expires_at) WHERE state = 'open';
CREATE UNIQUE INDEX uploads_idempotency ON uploads (user_id, idempotency_key) WHERE idempotency_key <> '';

CREATE TABLE processing_jobs (
    id TEXT PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    batch_id TEXT NOT NULL DEFAULT '',
    status TEXT NOT NULL,
    step TEXT NOT NULL DEFAULT '',
    tier TEXT NOT NULL,
    queue TEXT NOT NULL,
    priority BIGINT NOT NULL,
    queue_id BIGINT NOT NULL DEFAULT 0,
    file_key TEXT NOT NULL,
    format TEXT NOT NULL,
    original_name TEXT NOT NULL,
    size BIGINT NOT NULL,
    sha256 TEXT NOT NULL,
    duration DOUBLE PRECISION NOT NULL DEFAULT 0,
    idempotency_key TEXT NOT NULL DEFAULT '',
    options TEXT NOT NULL DEFAULT '{}',
    attempts BIGINT NOT NULL DEFAULT 0,
    failures BIGINT NOT NULL DEFAULT 0,
    sample_id TEXT NOT NULL,
    error_code TEXT NOT NULL DEFAULT '',
    error TEXT NOT NULL DEFAULT '',
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    started_at BIGINT NOT NULL DEFAULT 0,
    completed_at BIGINT NOT NULL DEFAULT 0,
    deadline_at BIGINT NOT NULL,
    promoted_at BIGINT NOT NULL DEFAULT 0,
    cleaned_at BIGINT NOT NULL DEFAULT 0,
    work_ms BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX jobs_user_status ON processing_jobs (user_id, status);
CREATE INDEX jobs_queue_status ON processing_jobs (queue, status, priority, created_at);
CREATE INDEX jobs_user_created ON processing_jobs (user_id, created_at);
CREATE INDEX jobs_waiting ON processing_jobs (queue, priority, created_at) WHERE status = 'pending';
CREATE INDEX jobs_running ON processing_jobs (queue, user_id) WHERE status = 'processing';
CREATE INDEX jobs_deadline ON processing_jobs (deadline_at) WHERE status = 'pending';
CREATE INDEX jobs_done ON processing_jobs (queue, completed_at) WHERE status = 'completed';
CREATE INDEX jobs_batch ON processing_jobs (batch_id) WHERE batch_id <> '';
CREATE INDEX jobs_unclean ON processing_jobs (completed_at) WHERE cleaned_at = 0 AND completed_at > 0;
CREATE UNIQUE INDEX jobs_idempotency ON processing_jobs (user_id, idempotency_key) WHERE idempotency_key <> '';

CREATE TABLE samples (
    id TEXT PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    job_id TEXT NOT NULL UNIQUE,
    version BIGINT NOT NULL DEFAULT 1,
    filename TEXT NOT NULL,
    title TEXT NOT NULL,
    search TEXT NOT NULL,
    file_key TEXT NOT NULL,
    preview_key TEXT NOT NULL DEFAULT '',
    peaks_key TEXT NOT NULL DEFAULT '',
    format TEXT NOT NULL,
    size BIGINT NOT NULL,
    sha256 TEXT NOT NULL,
    duration DOUBLE PRECISION NOT NULL,
    sample_rate BIGINT NOT NULL,
    channels BIGINT NOT NULL,
    bit_depth BIGINT NOT NULL DEFAULT 0,
    kind TEXT NOT NULL DEFAULT '',
    class TEXT NOT NULL DEFAULT '',
    class_confidence DOUBLE PRECISION NOT NULL DEFAULT 0,
    bpm DOUBLE PRECISION NOT NULL DEFAULT 0,
    bpm_confidence DOUBLE PRECISION NOT NULL DEFAULT 0,
    bpm_source TEXT NOT NULL DEFAULT '',
    bpm_hand DOUBLE PRECISION NOT NULL DEFAULT 0,
    musical_key TEXT NOT NULL DEFAULT '',
    key_confidence DOUBLE PRECISION NOT NULL DEFAULT 0,
    key_source TEXT NOT NULL DEFAULT '',
    key_hand TEXT NOT NULL DEFAULT '',
    genre TEXT NOT NULL DEFAULT '',
    tags TEXT NOT NULL DEFAULT '[]',
    note TEXT NOT NULL DEFAULT '',
    rating BIGINT NOT NULL DEFAULT 0,
    favourite BOOLEAN NOT NULL DEFAULT FALSE,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    analyzed_at BIGINT NOT NULL,
    last_accessed_at BIGINT NOT NULL DEFAULT 0,
    expires_at BIGINT NOT NULL DEFAULT 0,
    warned_7_at BIGINT NOT NULL DEFAULT 0,
    warned_1_at BIGINT NOT NULL DEFAULT 0,
    audio_removed_at BIGINT NOT NULL DEFAULT 0,
    deleted_at BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX samples_user ON samples (user_id, created_at, id);
CREATE INDEX samples_user_bpm ON samples (user_id, bpm);
CREATE INDEX samples_user_title ON samples (user_id, title, id);
CREATE INDEX samples_user_sha ON samples (user_id, sha256);
CREATE INDEX samples_expiry ON samples (expires_at) WHERE expires_at > 0 AND audio_removed_at = 0;
CREATE INDEX samples_removed ON samples (deleted_at) WHERE deleted_at > 0;

CREATE TABLE audio_features (
    sample_id TEXT PRIMARY KEY REFERENCES samples (id) ON DELETE CASCADE,
    engine TEXT NOT NULL,
    duration_seconds DOUBLE PRECISION NOT NULL,
    sample_rate BIGINT NOT NULL,
    num_channels BIGINT NOT NULL,
    num_samples BIGINT NOT NULL,
    bpm DOUBLE PRECISION,
    bpm_confidence DOUBLE PRECISION,
    bpm_candidates TEXT NOT NULL DEFAULT '[]',
    beats_in_loop BIGINT,
    beats TEXT NOT NULL DEFAULT '[]',
    key_name TEXT,
    scale TEXT,
    key_confidence DOUBLE PRECISION,
    tuning_cents DOUBLE PRECISION,
    sample_type TEXT,
    class TEXT,
    class_confidence DOUBLE PRECISION,
    integrated_lufs DOUBLE PRECISION,
    true_peak_dbtp DOUBLE PRECISION,
    sample_peak_dbfs DOUBLE PRECISION,
    silence_start DOUBLE PRECISION,
    silence_end DOUBLE PRECISION,
    onsets TEXT NOT NULL DEFAULT '[]',
    onset_count BIGINT NOT NULL DEFAULT 0,
    spectral_centroid DOUBLE PRECISION,
    spectral_centroid_std DOUBLE PRECISION,
    spectral_bandwidth DOUBLE PRECISION,
    spectral_bandwidth_std DOUBLE PRECISION,
    spectral_rolloff DOUBLE PRECISION,
    spectral_rolloff_std DOUBLE PRECISION,
    spectral_flatness DOUBLE PRECISION,
    spectral_flatness_std DOUBLE PRECISION,
    zero_crossing_rate DOUBLE PRECISION,
    zero_crossing_rate_std DOUBLE PRECISION,
    rms_energy DOUBLE PRECISION,
    rms_energy_std DOUBLE PRECISION,
    harmonic_ratio DOUBLE PRECISION,
    mfcc_mean TEXT NOT NULL DEFAULT '[]',
    mfcc_std TEXT NOT NULL DEFAULT '[]',
    chroma_mean TEXT NOT NULL DEFAULT '[]',
    chroma_std TEXT NOT NULL DEFAULT '[]',
    embedding TEXT NOT NULL DEFAULT '[]',
    took_ms DOUBLE PRECISION NOT NULL,
    extraction_timestamp BIGINT NOT NULL
);

CREATE TABLE vibe_analyses (
    id TEXT PRIMARY KEY,
    sample_id TEXT NOT NULL REFERENCES samples (id) ON DELETE CASCADE,
    user_id TEXT NOT NULL,
    source TEXT NOT NULL,
    model TEXT NOT NULL,
    reason TEXT NOT NULL DEFAULT '',
    deep BOOLEAN NOT NULL DEFAULT FALSE,
    vibe TEXT NOT NULL,
    confidence DOUBLE PRECISION NOT NULL,
    took_ms BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX vibe_sample ON vibe_analyses (sample_id, created_at);

-- One row for each AI call: reserved before, settled after. state: reserved, settled, released.
CREATE TABLE api_usage (
    id TEXT PRIMARY KEY,
    user_id TEXT NOT NULL,
    job_id TEXT NOT NULL DEFAULT '',
    sample_id TEXT NOT NULL DEFAULT '',
    provider TEXT NOT NULL,
    request_id TEXT NOT NULL DEFAULT '',
    model TEXT NOT NULL,
    operation TEXT NOT NULL,
    tier TEXT NOT NULL DEFAULT '',
    state TEXT NOT NULL,
    input_tokens BIGINT NOT NULL DEFAULT 0,
    output_tokens BIGINT NOT NULL DEFAULT 0,
    total_tokens BIGINT NOT NULL DEFAULT 0,
    cost_micro BIGINT NOT NULL,
    cost_source TEXT NOT NULL DEFAULT '',
    price_version TEXT NOT NULL,
    took_ms BIGINT NOT NULL DEFAULT 0,
    error TEXT NOT NULL DEFAULT '',
    created_at BIGINT NOT NULL,
    settled_at BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX api_usage_user ON api_usage (user_id, created_at);
CREATE INDEX api_usage_open ON api_usage (created_at) WHERE state = 'reserved';

CREATE TABLE preferences (
    user_id TEXT PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    auto_vibe_analysis BOOLEAN NOT NULL,
    auto_audio_features BOOLEAN NOT NULL,
    vibe_analysis_model TEXT NOT NULL,
    batch_processing_model TEXT NOT NULL,
    batch_auto_analyze BOOLEAN NOT NULL,
    max_cost_per_request BIGINT NOT NULL,
    default_export_format TEXT NOT NULL,
    default_export_organization TEXT NOT NULL,
    auto_sanitize_filenames BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

CREATE TABLE events (
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    seq BIGINT NOT NULL,
    kind TEXT NOT NULL,
    data TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (user_id, seq)
);
CREATE INDEX events_age ON events (created_at);

CREATE TABLE webhooks (
    id TEXT PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    url TEXT NOT NULL,
    secret TEXT NOT NULL,
    events TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    disabled_at BIGINT NOT NULL DEFAULT 0,
    disabled_reason TEXT NOT NULL DEFAULT '',
    last_success_at BIGINT NOT NULL DEFAULT 0,
    last_failure_at BIGINT NOT NULL DEFAULT 0,
    failing_since BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX webhooks_user ON webhooks (user_id);

CREATE TABLE webhook_deliveries (
    id TEXT PRIMARY KEY,
    webhook_id TEXT NOT NULL REFERENCES webhooks (id) ON DELETE CASCADE,
    user_id TEXT NOT NULL,
    event TEXT NOT NULL,
    body TEXT NOT NULL,
    state TEXT NOT NULL,
    tries BIGINT NOT NULL DEFAULT 0,
    status BIGINT NOT NULL DEFAULT 0,
    error TEXT NOT NULL DEFAULT '',
    created_at BIGINT NOT NULL,
    last_try_at BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX webhook_deliveries_hook ON webhook_deliveries (webhook_id, created_at);

CREATE TABLE mails (
    id TEXT PRIMARY KEY,
    user_id TEXT NOT NULL DEFAULT '',
    kind TEXT NOT NULL,
    recipient TEXT NOT NULL,
    state TEXT NOT NULL,
    error TEXT NOT NULL DEFAULT '',
    created_at BIGINT NOT NULL,
    sent_at BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX mails_user ON mails (user_id, created_at);

CREATE TABLE audit_log (
    id TEXT PRIMARY KEY,
    user_id TEXT NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    subject TEXT NOT NULL DEFAULT '',
    detail TEXT NOT NULL DEFAULT '{}',
    ip TEXT NOT NULL DEFAULT '',
    created_at BIGINT NOT NULL
);
CREATE INDEX audit_user ON audit_log (user_id, created_at);

CREATE TABLE tenants (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    host TEXT NOT NULL UNIQUE,
    logo TEXT NOT NULL DEFAULT '',
    colors TEXT NOT NULL DEFAULT '{}',
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

CREATE TABLE exports (
    id TEXT PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    status TEXT NOT NULL,
    request TEXT NOT NULL,
    file_key TEXT NOT NULL DEFAULT '',
    size BIGINT NOT NULL DEFAULT 0,
    files BIGINT NOT NULL DEFAULT 0,
    report TEXT NOT NULL DEFAULT '[]',
    error TEXT NOT NULL DEFAULT '',
    created_at BIGINT NOT NULL,
    completed_at BIGINT NOT NULL DEFAULT 0,
    expires_at BIGINT NOT NULL DEFAULT 0,
    removed_at BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX exports_user ON exports (user_id, created_at);
CREATE INDEX exports_expiry ON exports (expires_at) WHERE removed_at = 0;
