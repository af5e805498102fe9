-- Times are milliseconds since the Unix epoch. `chat` is `provider:chat`, `address` adds the thread.

CREATE TABLE kv (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;

CREATE TABLE roles (
    name     TEXT PRIMARY KEY,
    fence    INTEGER NOT NULL,
    holder   INTEGER NOT NULL,   -- process id
    taken_at INTEGER NOT NULL
) STRICT;

CREATE TABLE chats (
    chat           TEXT PRIMARY KEY,
    active_session INTEGER,
    last_start     INTEGER NOT NULL DEFAULT 0    -- turn counter of the fair queue
) STRICT;

CREATE INDEX chats_turn ON chats (last_start);

CREATE TABLE inbox (
    id          INTEGER PRIMARY KEY,
    key         TEXT NOT NULL UNIQUE,
    chat        TEXT NOT NULL,
    incoming    TEXT NOT NULL,
    state       TEXT NOT NULL CHECK (state IN ('open', 'done')),
    outcome     TEXT,            -- 'ok', 'refused' or 'ignored'
    received_at INTEGER NOT NULL,
    done_at     INTEGER
) STRICT;
CREATE INDEX inbox_open ON inbox (id) WHERE state = 'open';
CREATE INDEX inbox_done ON inbox (done_at) WHERE state = 'done';

CREATE TABLE sessions (
    id               INTEGER PRIMARY KEY,
    chat             TEXT NOT NULL,
    address          TEXT NOT NULL,
    name             TEXT NOT NULL,
    folded           TEXT NOT NULL,   -- the name without case, by which it is unique and found
    agent            TEXT NOT NULL,
    model            TEXT,
    agent_session    TEXT,
    status           TEXT NOT NULL CHECK (status IN ('idle', 'running', 'ended')),
    archived         INTEGER NOT NULL DEFAULT 0,
    created_at       INTEGER NOT NULL,
    last_used_at     INTEGER NOT NULL,
    messages         INTEGER NOT NULL DEFAULT 0,
    last_prompt      TEXT NOT NULL DEFAULT '',
    title            TEXT NOT NULL DEFAULT '',
    directory        TEXT NOT NULL,
    input_tokens     INTEGER NOT NULL DEFAULT 0,
    output_tokens    INTEGER NOT NULL DEFAULT 0,
    cost_usd         REAL NOT NULL DEFAULT 0,
    reported_cost    REAL NOT NULL DEFAULT 0,   -- the agent's own running total, to take differences from
    allowed_tools    TEXT NOT NULL DEFAULT '[]'
) STRICT;
CREATE UNIQUE INDEX sessions_open_name ON sessions (chat, folded) WHERE status <> 'ended';
CREATE INDEX sessions_chat ON sessions (chat, status, last_used_at);

CREATE TABLE tasks (
    seq              INTEGER PRIMARY KEY,
    id               TEXT NOT NULL UNIQUE,
    chat             TEXT NOT NULL,
    address          TEXT NOT NULL,
    window           TEXT,
    reply_to         TEXT,
    session          INTEGER REFERENCES sessions (id),
    inbox            INTEGER REFERENCES inbox (id),
    requested_by     TEXT NOT NULL,
    agent            TEXT NOT NULL,
    model            TEXT,
    prompt           TEXT NOT NULL,
    directory        TEXT NOT NULL,
    status           TEXT NOT NULL,
    attempt          INTEGER NOT NULL DEFAULT 0,
    boot             TEXT,
    retry_of         TEXT,
    created_at       INTEGER NOT NULL,
    started_at       INTEGER,
    finished_at      INTEGER,
    cancel_at        INTEGER,
    discarded        INTEGER NOT NULL DEFAULT 0,
    result           TEXT,
    error            TEXT,
    tools            INTEGER NOT NULL DEFAULT 0,
    input_tokens     INTEGER,
    output_tokens    INTEGER,
    cost_usd         REAL,
    denials          TEXT NOT NULL DEFAULT '[]'
) STRICT;
CREATE INDEX tasks_unfinished ON tasks (status, chat, seq) WHERE finished_at IS NULL;
CREATE INDEX tasks_session ON tasks (session, seq);
CREATE INDEX tasks_inbox ON tasks (inbox);
CREATE INDEX tasks_finished ON tasks (finished_at) WHERE finished_at IS NOT NULL;

CREATE TABLE task_events (
    id     INTEGER PRIMARY KEY,
    task   TEXT NOT NULL,
    at     INTEGER NOT NULL,
    what   TEXT NOT NULL,
    detail TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX task_events_task ON task_events (task, id);

CREATE TABLE approvals (
    id         TEXT PRIMARY KEY,
    task       TEXT NOT NULL,
    request    TEXT NOT NULL,      -- the agent's own id of the request
    tool       TEXT NOT NULL,
    detail     TEXT NOT NULL,
    asked_at   INTEGER NOT NULL,
    decision   TEXT,
    decided_by TEXT,
    decided_at INTEGER,
    UNIQUE (task, request)
) STRICT;

CREATE TABLE outbox (
    id           INTEGER PRIMARY KEY,
    key          TEXT NOT NULL UNIQUE,
    lane         TEXT NOT NULL,     -- order is kept within a lane: a chat, and its window where it has some
    provider     TEXT NOT NULL,
    window       TEXT,
    address      TEXT NOT NULL,
    purpose      INTEGER NOT NULL,  -- smaller goes first
    part         TEXT NOT NULL,
    buttons      TEXT NOT NULL DEFAULT '[]',
    attachment   TEXT,
    reply_to     TEXT,
    after        TEXT,              -- key of the part before
    task         TEXT,
    inbox        INTEGER,
    state        TEXT NOT NULL CHECK (state IN ('pending', 'sending', 'unknown', 'delivered', 'failed')),
    sender       TEXT,              -- process that is sending it
    attempts     INTEGER NOT NULL DEFAULT 0,
    next_at      INTEGER NOT NULL DEFAULT 0,
    created_at   INTEGER NOT NULL,
    finished_at  INTEGER,
    message      TEXT,              -- the provider's id
    error        TEXT,
    maybe_repeat INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX outbox_waiting ON outbox (lane, purpose, id) WHERE state IN ('pending', 'sending', 'unknown');
CREATE INDEX outbox_finished ON outbox (finished_at) WHERE finished_at IS NOT NULL;
CREATE INDEX outbox_failed ON outbox (id) WHERE state = 'failed';
CREATE INDEX outbox_message ON outbox (address, message) WHERE message IS NOT NULL;
CREATE INDEX outbox_inbox ON outbox (inbox);
CREATE INDEX outbox_task ON outbox (task);
