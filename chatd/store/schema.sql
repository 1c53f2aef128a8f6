-- The database of chatd, version 4.  A change here needs an upgrade-N.sql: an upgraded database equals a fresh one.

-- Every run of the server that has stored something (runs.py), by the name that its welcomes gave (docs/protocol.md).
CREATE TABLE run (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
) STRICT;

-- Where a room stood when a run began: the seq of its next event.  Left out where it is that of the run before.
CREATE TABLE run_start (
    room INTEGER NOT NULL,
    run INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    PRIMARY KEY (room, run)
) STRICT, WITHOUT ROWID;

CREATE TABLE room (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,           -- the name after case folding
    name TEXT NOT NULL,                 -- the name as it is shown
    first INTEGER NOT NULL DEFAULT 1,   -- the seq of the oldest event that is kept; the next event's, where none is
    topic TEXT NOT NULL DEFAULT '',
    keep TEXT NOT NULL DEFAULT '',      -- how long it is kept (keep.py): 30d, none, or empty: as long as the server keeps
    keep_since INTEGER NOT NULL DEFAULT 0   -- from when on that is in force, in milliseconds since 1970-01-01 UTC
) STRICT;

-- What happened.  Events are added at the end of a room and deleted at its beginning, so that the seqs of a room have no hole.
CREATE TABLE event (
    id INTEGER PRIMARY KEY,             -- room.id * 2^40 + seq: one tree serves both the room's order and the row
    time INTEGER NOT NULL,              -- milliseconds since 1970-01-01 UTC
    kind INTEGER NOT NULL,              -- queries.py: 1 said, 2 action, 3 joined, 4 left, 5 renamed, 6 topic, 7 keep
    nick TEXT NOT NULL,
    sender_id TEXT NOT NULL,            -- whose seat: a hash of the sender's token, or chance
    text TEXT NOT NULL,
    detail TEXT NOT NULL,               -- left: the reason; renamed: the new nick; keep: since when
    sent TEXT                           -- the id that the sender gave to the message, if any
) STRICT;

-- Sent again is not said twice: for as long as the message is kept.
CREATE UNIQUE INDEX event_sent ON event (sender_id, sent) WHERE sent IS NOT NULL;

-- The words of what was said, under the ids of the events.  It holds no texts, only where their words are.
CREATE VIRTUAL TABLE search USING fts5 (
    text,
    content = '',
    tokenize = "unicode61 remove_diacritics 2"
);

-- How far it goes: the seq of the next event of a room that it does not have yet.
CREATE TABLE indexed (
    room INTEGER PRIMARY KEY,
    next INTEGER NOT NULL
) STRICT;

-- Who has a private message, by its sender and the id that the sender gave it.  The message itself is not stored.
CREATE TABLE private_id (
    number INTEGER PRIMARY KEY,
    sender_id TEXT NOT NULL,
    sent TEXT NOT NULL,
    nick TEXT NOT NULL,
    UNIQUE (sender_id, sent)
) STRICT;
