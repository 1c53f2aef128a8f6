-- From version 6 to version 7: adds the rights of rooms.
ALTER TABLE room ADD COLUMN rights TEXT NOT NULL DEFAULT '';
