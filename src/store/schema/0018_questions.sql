-- A request may be a question: what it wants, what was answered so far, and what is chosen of the question at hand.
ALTER TABLE approvals ADD COLUMN wants TEXT;   -- JSON; NULL: leave to do something
ALTER TABLE approvals ADD COLUMN words TEXT NOT NULL DEFAULT '[]';
ALTER TABLE approvals ADD COLUMN chosen TEXT NOT NULL DEFAULT '[]';
