-- +goose Up
-- What this database grew from, and where it lay when that was noted. One that lies elsewhere was
-- restored from a copy, or moved, and gets another name: machines that are kept in step then take new
-- names as well, so that none covers what both it and this server have forgotten.
CREATE TABLE origin (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    name TEXT NOT NULL,
    place TEXT NOT NULL
);
