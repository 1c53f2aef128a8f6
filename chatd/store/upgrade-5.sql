-- From version 5 to version 6: the search index has words that are folded before. All messages are indexed again.
DROP TABLE search;
DELETE FROM indexed;

CREATE VIRTUAL TABLE search USING fts5 (
    text,
    content = '',
    tokenize = "ascii"
);

CREATE TABLE folding (
    rule TEXT NOT NULL
) STRICT;
