-- A row may open a thread of this name: at the message of the row that `after` names, or at `reply_to`.
ALTER TABLE outbox ADD COLUMN opens TEXT;
