-- From version 2 to version 3: a room has a retention of its own.
ALTER TABLE room ADD COLUMN keep TEXT NOT NULL DEFAULT '';
ALTER TABLE room ADD COLUMN keep_since INTEGER NOT NULL DEFAULT 0;
