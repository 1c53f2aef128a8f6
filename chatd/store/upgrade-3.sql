-- From version 3 to version 4: a column is renamed.
ALTER TABLE event RENAME COLUMN origin TO sender_id;
