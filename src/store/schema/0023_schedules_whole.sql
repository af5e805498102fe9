-- Schedules with an agent, parameters and threads of their own; whether they are heard of; and fires whose right to be run is
-- a lease.
ALTER TABLE schedules ADD COLUMN agent TEXT;                          -- NULL: none, or the default where one is needed
ALTER TABLE schedules ADD COLUMN params TEXT NOT NULL DEFAULT '{}';   -- names and values, as JSON
ALTER TABLE schedules ADD COLUMN new_thread INTEGER NOT NULL DEFAULT 0;
ALTER TABLE schedules ADD COLUMN since INTEGER NOT NULL DEFAULT 0;    -- made, or resumed: silence counts from here
ALTER TABLE schedules ADD COLUMN check_at INTEGER;                    -- when is looked whether it is heard of; NULL: paused
UPDATE schedules SET since = max(created_at, planned_to), check_at = next_at;
CREATE INDEX schedules_check ON schedules (check_at) WHERE check_at IS NOT NULL;

ALTER TABLE schedule_targets ADD COLUMN heard_at INTEGER;             -- newest fire that is known to have come there
ALTER TABLE schedule_targets ADD COLUMN warned_at INTEGER;            -- when was told that none comes

ALTER TABLE tasks ADD COLUMN fire INTEGER;                            -- the fire that it works for
CREATE INDEX tasks_fire ON tasks (fire) WHERE fire IS NOT NULL;
CREATE INDEX tasks_fire_open ON tasks (fire) WHERE fire IS NOT NULL AND finished_at IS NULL;

-- One claim for an instant, whatever it is claimed for.
CREATE TABLE fires_leased (
    id          INTEGER PRIMARY KEY,
    schedule    INTEGER NOT NULL,
    fire_at     INTEGER NOT NULL,               -- UTC
    cause       TEXT NOT NULL CHECK (cause IN ('planned', 'caught-up', 'asked')),
    state       TEXT NOT NULL CHECK (state IN ('claimed', 'done', 'quiet', 'failed', 'missed')),
    started_at  INTEGER NOT NULL,
    ended_at    INTEGER,
    error       TEXT,
    missed      INTEGER NOT NULL DEFAULT 0,     -- of a missed one: how many it stands for
    token       INTEGER NOT NULL DEFAULT 0,     -- raised by whoever takes it: what a former holder does is refused
    lease_until INTEGER NOT NULL DEFAULT 0,     -- nobody else takes it before
    UNIQUE (schedule, fire_at)
) STRICT;
INSERT INTO fires_leased (id, schedule, fire_at, cause, state, started_at, ended_at, error, missed)
    SELECT id, schedule, fire_at, cause, state, started_at, ended_at, error, missed FROM fires WHERE TRUE ORDER BY id
    ON CONFLICT (schedule, fire_at) DO NOTHING;
DROP TABLE fires;
ALTER TABLE fires_leased RENAME TO fires;
CREATE INDEX fires_claimed ON fires (id) WHERE state = 'claimed';
CREATE INDEX fires_ended ON fires (ended_at) WHERE ended_at IS NOT NULL;

ALTER TABLE outbox ADD COLUMN begins_thread INTEGER NOT NULL DEFAULT 0;   -- 1: what waits for it goes into the thread at it
