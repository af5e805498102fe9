-- A small fact may have an end, after which it is swept; NULL: it is kept for ever. What was said once a group is
-- remembered for a year, what was said once a stranger or message for a month.
ALTER TABLE kv ADD COLUMN expires_at INTEGER;
CREATE INDEX kv_expires ON kv (expires_at) WHERE expires_at IS NOT NULL;
UPDATE kv SET expires_at = CAST(value AS INTEGER) + 31536000000
    WHERE key LIKE 'last:group-hint:%' OR key LIKE 'last:only-host:%';
UPDATE kv SET expires_at = CAST(value AS INTEGER) + 2592000000
    WHERE key LIKE 'last:%' AND key <> 'last:write_probe' AND expires_at IS NULL;

-- The provider's id of a message, by which an edit finds what became of it.
ALTER TABLE inbox ADD COLUMN message TEXT;
UPDATE inbox SET message = json_extract(incoming, '$.message');
