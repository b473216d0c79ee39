-- +goose Up
-- The waveform as pages draw it: pairs of lowest and highest as int8. An object of its own cost a
-- request at the object store, or a flushed file, for each sound. SQLite keeps bytes in any column.
ALTER TABLE audio_features ADD COLUMN peaks BYTEA;
