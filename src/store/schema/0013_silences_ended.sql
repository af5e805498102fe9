-- Silences that a source kept, so that it can be asked when they end.
CREATE INDEX silences_kept ON silences (ends_at) WHERE state = 'written';
