-- Fires that are free are found without those that run; and what was made only to try something is told from the rest.
DROP INDEX fires_claimed;
CREATE INDEX fires_free ON fires (lease_until, id) WHERE state = 'claimed';

ALTER TABLE tasks ADD COLUMN is_check INTEGER NOT NULL DEFAULT 0;     -- 1: works for a synthetic run
UPDATE tasks SET is_check = 1 WHERE fire IN
    (SELECT f.id FROM fires f JOIN schedules s ON s.id = f.schedule WHERE s.kind = 'synthetic_run');
ALTER TABLE incidents ADD COLUMN is_try INTEGER NOT NULL DEFAULT 0;   -- 1: begun by `hooks test`
