-- The database of chatd, version 8. A change here needs an upgrade-N.sql: an upgraded database equals a new one.

-- Every run of the server that has stored something (runs.py), with the name in its welcomes (docs/protocol.md).
CREATE TABLE run (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
) STRICT;

-- The seq of a room's next event when a run began. There is no row if it is the same as for the run before.
CREATE TABLE run_start (
    room INTEGER NOT NULL,
    run INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    PRIMARY KEY (room, run)
) STRICT, WITHOUT ROWID;

-- The rooms, and the other logs, whose keys begin with @: that of the server, and the inboxes of accounts.
CREATE TABLE room (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,           -- the name after case folding; of an inbox: @ and the key of the account
    name TEXT NOT NULL,                 -- the name as it is shown; of an inbox: @
    first INTEGER NOT NULL DEFAULT 1,   -- the seq of the oldest event; of the next event if there is none
    topic TEXT NOT NULL DEFAULT '',
    keep TEXT NOT NULL DEFAULT '',      -- the retention (retention.py): 30d, none, or empty: that of the server
    keep_since INTEGER NOT NULL DEFAULT 0,  -- when it takes effect, in milliseconds since 1970-01-01 UTC
    rights TEXT NOT NULL DEFAULT ''     -- its roles, bans, invitations and modes (rights.py), as JSON; empty: none
) STRICT;

-- Events are added at the end of a room and deleted at its beginning, so the seqs of a room have no gap.
CREATE TABLE event (
    id INTEGER PRIMARY KEY,             -- room.id * 2^40 + seq: one tree serves both the room's order and the row
    time INTEGER NOT NULL,              -- milliseconds since 1970-01-01 UTC
    kind INTEGER NOT NULL,              -- queries.py: 1 said, 2 action, 3 joined, 4 left, 5 renamed, 6 topic, 7 keep,
                                        -- 8 role, 9 ban, 10 unban, 11 invited, 12 mode, 13 a message that was deleted,
                                        -- 14 deleted, 15 reported, 16 announced, 17 edited, 18 private
    nick TEXT NOT NULL,
    sender_id TEXT NOT NULL,            -- the seat: a hash of the sender's token, or random
    text TEXT NOT NULL,
    detail TEXT NOT NULL,               -- said: the seqs of what it replies to and of its edit; left: the reason;
                                        -- renamed: the new nick; keep: when it takes effect;
                                        -- and what else there is to an event (queries.py)
    sent TEXT                           -- the id that the sender gave the message, if any
) STRICT;

-- A message that is sent again is not stored twice, as long as the first one is kept.
CREATE UNIQUE INDEX event_sent ON event (sender_id, sent) WHERE sent IS NOT NULL;

-- The words of all messages, under the ids of their events. It contains no texts, only the positions of words, which
-- are folded before (folding.py): the tokenizer only separates them at spaces.
CREATE VIRTUAL TABLE search USING fts5 (
    text,
    content = '',
    tokenize = "ascii"
);

-- The folding of these words, in one row. If it is another one at the start, all messages are indexed again.
CREATE TABLE folding (
    rule TEXT NOT NULL
) STRICT;

-- The progress of the index: the seq of the next event of a room to index.
CREATE TABLE indexed (
    room INTEGER PRIMARY KEY,
    next INTEGER NOT NULL
) STRICT;

-- Who owns a nick (core/account.py).
CREATE TABLE account (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,           -- the nick after case folding
    name TEXT NOT NULL,                 -- the nick as it is shown
    made INTEGER NOT NULL,              -- milliseconds since 1970-01-01 UTC
    password TEXT NOT NULL,             -- its hash, with the parameters of the hash; empty: there is none
    disabled INTEGER NOT NULL           -- 1: nobody can log in
) STRICT;

-- What else belongs to an account: session secrets, keys and invitations.
CREATE TABLE credential (
    id INTEGER PRIMARY KEY,
    account INTEGER NOT NULL,
    kind TEXT NOT NULL,
    value TEXT NOT NULL,                -- a hash, or a public key
    label TEXT NOT NULL,
    made INTEGER NOT NULL,              -- this and the next: milliseconds since 1970-01-01 UTC
    used INTEGER NOT NULL,
    UNIQUE (kind, value)
) STRICT;

-- What the owner of an account has received and read (core/account.py).
CREATE TABLE mark (
    account INTEGER NOT NULL,
    room TEXT NOT NULL,                 -- the key of a room; @: the inbox; @ and a nick: the talk with somebody
    seq INTEGER NOT NULL,               -- that of the last event, in the log of the room or in the inbox
    PRIMARY KEY (account, room)
) STRICT, WITHOUT ROWID;

-- Whom the owner of an account ignores.
CREATE TABLE ignored (
    account INTEGER NOT NULL,
    nick TEXT NOT NULL,
    PRIMARY KEY (account, nick)
) STRICT, WITHOUT ROWID;
