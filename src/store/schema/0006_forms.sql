-- Whether it goes in the plainest form, since another was refused.
ALTER TABLE outbox ADD COLUMN plain INTEGER NOT NULL DEFAULT 0;
-- An unclear answer is never the end, so nobody counts them.
ALTER TABLE outbox DROP COLUMN unknowns;
