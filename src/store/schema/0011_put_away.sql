-- What people have put away, and what counts an incident's alerts without looking at each row.
ALTER TABLE incident_alerts ADD COLUMN put_away INTEGER NOT NULL DEFAULT 0;  -- 1: a person resolved it while it fired
CREATE INDEX incident_alerts_counts ON incident_alerts (incident, weak, firing, severity, times);
