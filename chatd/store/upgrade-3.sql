-- From version 3 to version 4: a column is renamed, and the runs of the server are known.
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

-- Until now all runs had one name.
INSERT INTO run (name) SELECT log FROM server;
DROP TABLE server;

-- What is sent again in private after a restart is not told twice.
CREATE TABLE private_id (
    number INTEGER PRIMARY KEY,
    sender_id TEXT NOT NULL,
    sent TEXT NOT NULL,
    nick TEXT NOT NULL,
    UNIQUE (sender_id, sent)
) STRICT;
