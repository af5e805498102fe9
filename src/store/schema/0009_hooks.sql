-- Hooks that were made on the command line, and deliveries that are known.
CREATE TABLE hooks (
    id         TEXT PRIMARY KEY,
    source     TEXT NOT NULL,
    address    TEXT NOT NULL,     -- the chat, or thread of it, that is told
    secret     TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE hook_deliveries (
    hook       TEXT NOT NULL,
    key        TEXT NOT NULL,     -- the sender's own id of it, or its signature
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (hook, key)
) STRICT;
CREATE INDEX hook_deliveries_ends ON hook_deliveries (expires_at);
