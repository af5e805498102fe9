-- A chat whose id has changed: what was allowed or known under the old id holds under the new one.
CREATE TABLE moved_chats (
    chat TEXT PRIMARY KEY,
    was  TEXT NOT NULL
) STRICT;

-- People who have sent a pairing code to the bot, and the codes that wait for one.
CREATE TABLE paired (
    provider  TEXT NOT NULL,
    user      TEXT NOT NULL,
    name      TEXT NOT NULL,
    role      TEXT NOT NULL CHECK (role IN ('viewer', 'operator', 'admin')),
    paired_at INTEGER NOT NULL,
    PRIMARY KEY (provider, user)
) STRICT;
CREATE TABLE pairing_codes (
    code       TEXT PRIMARY KEY,
    role       TEXT NOT NULL CHECK (role IN ('viewer', 'operator', 'admin')),
    expires_at INTEGER NOT NULL
) STRICT;
CREATE TABLE pairing_tries (
    provider TEXT NOT NULL,
    user     TEXT NOT NULL,
    at       INTEGER NOT NULL
) STRICT;
CREATE INDEX pairing_tries_user ON pairing_tries (provider, user, at);

-- An edit is a row like any other: it changes the message of the row that `after` names.
ALTER TABLE outbox ADD COLUMN is_edit INTEGER NOT NULL DEFAULT 0;
-- Attempts after which nobody knew whether it arrived.
ALTER TABLE outbox ADD COLUMN unknowns INTEGER NOT NULL DEFAULT 0;
-- What its buttons are about (`approval:<id>`), by which they are found when they are spent.
ALTER TABLE outbox ADD COLUMN about TEXT;
CREATE INDEX outbox_about ON outbox (about) WHERE about IS NOT NULL;
CREATE INDEX outbox_after ON outbox (after) WHERE after IS NOT NULL;
-- When it was put off; a clock that stands before that was set back, and the wait is over.
ALTER TABLE outbox ADD COLUMN postponed_at INTEGER NOT NULL DEFAULT 0;
