-- Incidents: groups of alerts from first firing to resolution, and what was done about each.
CREATE TABLE incidents (
    id             INTEGER PRIMARY KEY,
    chat           TEXT NOT NULL,
    address        TEXT NOT NULL,     -- where its card is shown
    origin         TEXT NOT NULL,     -- 'hook:<id>' or 'post:<sender>'
    weak           INTEGER NOT NULL,  -- 1: only posts have told of it
    grouping       TEXT NOT NULL,     -- key of its group
    labels         TEXT NOT NULL,     -- the group's, as JSON
    kin            TEXT NOT NULL,     -- what a hook's alert and a post about the same have in common
    alert          TEXT NOT NULL,     -- its first alert, as JSON
    severity       INTEGER NOT NULL,  -- rank of the worst that fires, or fired last
    state          TEXT NOT NULL CHECK (state IN ('firing', 'acknowledged', 'silenced', 'resolved')),
    owner          TEXT,
    alerts         INTEGER NOT NULL DEFAULT 0,
    firing         INTEGER NOT NULL DEFAULT 0,
    times          INTEGER NOT NULL DEFAULT 0,   -- firings in all
    left_out       INTEGER NOT NULL DEFAULT 0,   -- alerts that fire and that the sender did not name
    created_at     INTEGER NOT NULL,
    starts_at      INTEGER NOT NULL,
    last_seen_at   INTEGER NOT NULL,
    resolved_at    INTEGER,
    silenced_until INTEGER,
    folded         INTEGER NOT NULL DEFAULT 0,   -- 1: too mild for a card of its own
    due_at         INTEGER,           -- when it is to be looked at; NULL: when something happens
    card           TEXT,              -- key of the delivery that shows it
    carded_at      INTEGER,
    edited_at      INTEGER,
    card_lost      INTEGER NOT NULL DEFAULT 0,   -- 1: it cannot be changed any more
    told_at        INTEGER NOT NULL DEFAULT 0,   -- when the thread last heard of what happens by itself
    wanted         INTEGER,           -- 1: an investigation of it is to begin, 0: none is; NULL: not decided
    session        INTEGER,           -- of its newest investigation
    task           TEXT
) STRICT;
CREATE INDEX incidents_group ON incidents (chat, grouping, id);
CREATE INDEX incidents_kin ON incidents (chat, kin, id);
CREATE INDEX incidents_due ON incidents (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX incidents_open ON incidents (chat, id) WHERE state <> 'resolved';
CREATE INDEX incidents_over ON incidents (resolved_at) WHERE resolved_at IS NOT NULL;
CREATE INDEX incidents_card ON incidents (card) WHERE card IS NOT NULL;
CREATE INDEX incidents_session ON incidents (session) WHERE session IS NOT NULL;

-- What is known of a fingerprint within an incident.
CREATE TABLE incident_alerts (
    id           INTEGER PRIMARY KEY,
    incident     INTEGER NOT NULL,
    chat         TEXT NOT NULL,
    fingerprint  TEXT NOT NULL,       -- '<source>:<fingerprint>'
    firing       INTEGER NOT NULL,
    starts_at    INTEGER NOT NULL,
    last_seen_at INTEGER NOT NULL,
    times        INTEGER NOT NULL DEFAULT 1,
    severity     INTEGER NOT NULL,
    weak         INTEGER NOT NULL,
    alert        TEXT NOT NULL,
    UNIQUE (incident, fingerprint)
) STRICT;
CREATE INDEX incident_alerts_known ON incident_alerts (chat, fingerprint, incident);

CREATE TABLE incident_events (
    id       INTEGER PRIMARY KEY,
    incident INTEGER NOT NULL,
    at       INTEGER NOT NULL,
    event    TEXT NOT NULL,
    who      TEXT,                    -- user id; NULL: it happened by itself
    name     TEXT,                    -- and how people call them
    detail   TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX incident_events_incident ON incident_events (incident, id);
CREATE INDEX incident_events_begun ON incident_events (at) WHERE event = 'investigated';

-- Silences that the source is to be told of.
CREATE TABLE silences (
    id        INTEGER PRIMARY KEY,
    incident  INTEGER NOT NULL,
    matchers  TEXT NOT NULL,          -- labels that are silenced, as JSON
    name      TEXT NOT NULL,          -- who wants it
    starts_at INTEGER NOT NULL,
    ends_at   INTEGER NOT NULL,
    state     TEXT NOT NULL CHECK (state IN ('wanted', 'written', 'unwanted', 'over')),
    remote    TEXT                    -- the source's own id of it
) STRICT;
CREATE INDEX silences_incident ON silences (incident, id);
CREATE INDEX silences_waiting ON silences (id) WHERE state IN ('wanted', 'unwanted');
