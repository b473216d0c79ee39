-- +goose Up
-- Each step of a job rewrote its place in indexes of all jobs by status, though only those that wait,
-- run or were just done are looked for by it. What is looked for, and by which index:
-- a user's list by jobs_user; a user's unfinished ones, and all of them, by jobs_live; who comes first
-- in a lane by jobs_waiting; how many of a user run by jobs_running; whose deadline is near by jobs_due
-- (the index of deadlines alone lost to that of the lane, so that each look sorted all who wait).
DROP INDEX jobs_user_status;
DROP INDEX jobs_queue_status;
DROP INDEX jobs_user_created;
DROP INDEX jobs_deadline;
CREATE INDEX jobs_user ON processing_jobs (user_id, id);
CREATE INDEX jobs_due ON processing_jobs (queue, deadline_at) WHERE status = 'pending';
CREATE INDEX jobs_live ON processing_jobs (user_id, queue) WHERE status IN ('pending', 'processing');
