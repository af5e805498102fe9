-- Schedules: what is delivered by itself, when and where.
CREATE TABLE schedules (
    id         INTEGER PRIMARY KEY,
    name       TEXT NOT NULL,
    kind       TEXT NOT NULL,
    cron       TEXT NOT NULL,
    zone       TEXT NOT NULL,
    span_ms    INTEGER NOT NULL,      -- how far it looks back
    catch_up   TEXT NOT NULL,
    scope      TEXT,                  -- the chat that it tells of; NULL: all
    quiet      INTEGER NOT NULL,      -- 1: nothing is said where there is nothing to say
    paused     INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL,
    created_by TEXT NOT NULL,
    planned_to INTEGER NOT NULL,      -- what became of fires up to here is decided
    next_at    INTEGER                -- next fire after that; NULL: paused
) STRICT;
CREATE INDEX schedules_due ON schedules (next_at) WHERE next_at IS NOT NULL;

CREATE TABLE schedule_targets (
    id       INTEGER PRIMARY KEY,
    schedule INTEGER NOT NULL,
    chat     TEXT NOT NULL,
    address  TEXT NOT NULL,
    UNIQUE (schedule, address)
) STRICT;
CREATE INDEX schedule_targets_chat ON schedule_targets (chat);

-- One scheduled instant of a schedule, and who runs it.
CREATE TABLE fires (
    id          INTEGER PRIMARY KEY,
    schedule    INTEGER NOT NULL,
    fire_at     INTEGER NOT NULL,     -- UTC
    cause       TEXT NOT NULL CHECK (cause IN ('planned', 'caught-up', 'asked')),
    state       TEXT NOT NULL CHECK (state IN ('claimed', 'done', 'quiet', 'failed', 'missed')),
    started_at  INTEGER NOT NULL,
    ended_at    INTEGER,
    error       TEXT,
    missed      INTEGER NOT NULL DEFAULT 0,   -- of a missed one: how many it stands for
    UNIQUE (schedule, fire_at, cause)
) STRICT;
CREATE INDEX fires_claimed ON fires (id) WHERE state = 'claimed';
CREATE INDEX fires_ended ON fires (ended_at) WHERE ended_at IS NOT NULL;
CREATE INDEX incidents_begun ON incidents (created_at);
