-- From version 4 to version 5: accounts.

-- Who owns a nick (core/account.py).
CREATE TABLE account (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    made INTEGER NOT NULL,
    password TEXT NOT NULL,
    disabled INTEGER NOT NULL
) STRICT;

-- What else belongs to an account: session secrets, keys and invitations.
CREATE TABLE credential (
    id INTEGER PRIMARY KEY,
    account INTEGER NOT NULL,
    kind TEXT NOT NULL,
    value TEXT NOT NULL,
    label TEXT NOT NULL,
    made INTEGER NOT NULL,
    used INTEGER NOT NULL,
    UNIQUE (kind, value)
) STRICT;
