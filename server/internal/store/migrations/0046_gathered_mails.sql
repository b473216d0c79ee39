-- +goose Up
-- A mail that gathers what else gets ready before it is sent: ids of the first, how many in all, and
-- its entry in the job queue.
ALTER TABLE mails ADD COLUMN about TEXT NOT NULL DEFAULT '';
ALTER TABLE mails ADD COLUMN gathered BIGINT NOT NULL DEFAULT 0;
ALTER TABLE mails ADD COLUMN queue_id BIGINT NOT NULL DEFAULT 0;
CREATE INDEX mails_gathering ON mails (user_id, kind) WHERE state = 'gathering';
