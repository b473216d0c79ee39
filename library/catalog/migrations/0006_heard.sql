-- What the cloud's engine heard, as numbers: it counts where this machine heard nothing, or was
-- less sure.
ALTER TABLE clouds ADD COLUMN heard TEXT NOT NULL DEFAULT ''; -- JSON, type Heard; '' where only words were said
