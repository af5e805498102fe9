-- What an answer rests on is shown as it was measured then.
ALTER TABLE tasks ADD COLUMN evidence TEXT;
