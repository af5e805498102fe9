-- The labels that all alerts of an incident have, as JSON; NULL of one that began before they were kept.
ALTER TABLE incidents ADD COLUMN common TEXT;
