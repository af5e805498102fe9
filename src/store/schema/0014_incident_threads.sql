-- An incident keeps its first thread when another card takes the place of the first.
ALTER TABLE incidents ADD COLUMN root TEXT;   -- key of the card at which its thread stands
UPDATE incidents SET root = card;
CREATE INDEX incidents_root ON incidents (root) WHERE root IS NOT NULL;

-- What an incident's thread is to be told as soon as there is one.
CREATE TABLE incident_lines (
    id       INTEGER PRIMARY KEY,
    incident INTEGER NOT NULL,
    parts    TEXT NOT NULL            -- rendered, as JSON
) STRICT;
CREATE INDEX incident_lines_incident ON incident_lines (incident, id);
