-- Investigations: tasks whose answer is a root cause analysis, and how a chat wants to hear of them.

ALTER TABLE chats ADD COLUMN background INTEGER;   -- 0 or 1; NULL: as it is usual for the transport
ALTER TABLE chats ADD COLUMN notify TEXT;          -- JSON list of channels; NULL: never set
ALTER TABLE sessions ADD COLUMN investigation INTEGER NOT NULL DEFAULT 0;   -- 1: of an investigation, in no list and under no cap

CREATE TABLE investigations (
    task        TEXT PRIMARY KEY REFERENCES tasks (id) ON DELETE CASCADE,
    chat        TEXT NOT NULL,
    title       TEXT NOT NULL,
    question    TEXT NOT NULL,     -- what a person asks
    alert       TEXT,              -- what an alert says; untrusted
    fingerprint TEXT,
    background  INTEGER NOT NULL,
    turns       INTEGER NOT NULL DEFAULT 0,   -- answers that were no analysis
    answer      TEXT,              -- the first of them
    fault       TEXT,              -- and what was wrong with it
    stats       TEXT NOT NULL DEFAULT '{"tool_calls":0,"loops":0,"score":null,"supported":0,"claims":0}',
    rca         TEXT               -- the analysis as JSON
) STRICT;
CREATE INDEX investigations_chat ON investigations (chat);
