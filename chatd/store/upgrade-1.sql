-- From version 1 to version 2: the search index.

CREATE VIRTUAL TABLE search USING fts5 (
    text,
    content = '',
    tokenize = "unicode61 remove_diacritics 2"
);

CREATE TABLE indexed (
    room INTEGER PRIMARY KEY,
    next INTEGER NOT NULL
) STRICT;
