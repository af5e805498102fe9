-- Which Alertmanager is told of silences by a hook that was made on the command line, and what is known of each silence.
ALTER TABLE hooks ADD COLUMN silences TEXT;       -- address and token as JSON; NULL: none
ALTER TABLE silences ADD COLUMN tried INTEGER NOT NULL DEFAULT 0;    -- 1: it may have been written
ALTER TABLE silences ADD COLUMN told INTEGER NOT NULL DEFAULT 0;     -- 1: the chat knows that its source does not answer
