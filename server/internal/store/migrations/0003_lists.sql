-- +goose Up
-- A list by key in the order of titles does not walk past all other keys.
CREATE INDEX samples_user_key ON samples (user_id, musical_key, title, id);
