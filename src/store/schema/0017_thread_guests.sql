-- Who asked for a thread that is to be opened, and is added to it.
ALTER TABLE outbox ADD COLUMN guest TEXT;
