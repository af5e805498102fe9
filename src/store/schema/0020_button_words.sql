-- Whether the buttons of a message are told in words below it, since the provider refused them.
ALTER TABLE outbox ADD COLUMN by_words INTEGER NOT NULL DEFAULT FALSE;
