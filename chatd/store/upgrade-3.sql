-- From version 3 to version 4: a column is called by its present name.
ALTER TABLE event RENAME COLUMN origin TO sender_id;
