-- From version 7 to version 8: private messages are stored, in inboxes, which are rows of room. So their ids are as well.
DROP TABLE private_id;

-- What the owner of an account has received and read (core/account.py).
CREATE TABLE mark (
    account INTEGER NOT NULL,
    room TEXT NOT NULL,
    seq INTEGER NOT NULL,
    PRIMARY KEY (account, room)
) STRICT, WITHOUT ROWID;

-- Whom the owner of an account ignores.
CREATE TABLE ignored (
    account INTEGER NOT NULL,
    nick TEXT NOT NULL,
    PRIMARY KEY (account, nick)
) STRICT, WITHOUT ROWID;
