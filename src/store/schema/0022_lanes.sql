-- Whether a lane is busy is asked for each message, however many wait in it.
CREATE INDEX outbox_sending ON outbox (lane) WHERE state = 'sending';
