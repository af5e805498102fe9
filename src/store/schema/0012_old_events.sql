-- What was done about an incident is forgotten in its time, also where the incident is still open.
CREATE INDEX incident_events_at ON incident_events (at);
