-- Who has acknowledged an incident, which may be somebody else than who has it; NULL: nobody, or it is over.
ALTER TABLE incidents ADD COLUMN acked_by TEXT;
UPDATE incidents SET acked_by = coalesce(
    (SELECT e.name FROM incident_events e WHERE e.incident = incidents.id AND e.event = 'acked' ORDER BY e.id DESC LIMIT 1),
    owner
) WHERE state = 'acknowledged';
