-- How far a library that begins to be kept in step has been gone through: samples up to this row
-- are marked as to be sent. NULL: everything is.
ALTER TABLE sync_state ADD COLUMN marking INTEGER;
