-- A room can be kept for a time of its own.
ALTER TABLE room ADD COLUMN keep TEXT NOT NULL DEFAULT '';
ALTER TABLE room ADD COLUMN keep_since INTEGER NOT NULL DEFAULT 0;
