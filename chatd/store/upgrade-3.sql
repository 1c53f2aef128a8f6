-- From version 3 to version 4: renames a column, and adds the runs of the server and the ids of private messages.
ALTER TABLE event RENAME COLUMN origin TO sender_id;

CREATE TABLE run (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE run_start (
    room INTEGER NOT NULL,
    run INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    PRIMARY KEY (room, run)
) STRICT, WITHOUT ROWID;

-- In version 3, all runs have the same name.
INSERT INTO run (name) SELECT log FROM server;
DROP TABLE server;

-- A private message that is sent again after a restart is not delivered twice.
CREATE TABLE private_id (
    number INTEGER PRIMARY KEY,
    sender_id TEXT NOT NULL,
    sent TEXT NOT NULL,
    nick TEXT NOT NULL,
    UNIQUE (sender_id, sent)
) STRICT;
