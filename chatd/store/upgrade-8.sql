-- From version 8 to version 9: the words that the owner of an account wants to be alerted to, in order.
CREATE TABLE alert (
    account INTEGER NOT NULL,
    number INTEGER NOT NULL,
    word TEXT NOT NULL,
    PRIMARY KEY (account, number)
) STRICT, WITHOUT ROWID;
