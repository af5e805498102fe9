-- What is allowed for a session is what a person was told: kept with each request, and listed by the session.
-- Tools that were allowed before, each for every use, are asked for again.
ALTER TABLE approvals ADD COLUMN allows TEXT;   -- JSON; NULL: it cannot be allowed for the session
UPDATE sessions SET allowed_tools = '[]';
