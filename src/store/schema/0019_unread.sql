-- Alerts of an incident's last message that came and are more than is read of one; they are part of `left_out`.
ALTER TABLE incidents ADD COLUMN unread INTEGER NOT NULL DEFAULT 0;
