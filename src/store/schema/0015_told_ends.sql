-- When an alert that is over was over, by its source's clock: what began before that and is told of later is no news.
ALTER TABLE incident_alerts ADD COLUMN ended_at INTEGER;
