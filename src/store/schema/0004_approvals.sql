-- An approval is for what was shown: its row says which event of which run asked, and for what exactly.

CREATE TABLE asked (
    id         TEXT PRIMARY KEY,
    task       TEXT NOT NULL,
    attempt    INTEGER NOT NULL,   -- the task's run that asked
    event      INTEGER,            -- which of the run's events, from 1; NULL: asked before this was noted
    request    TEXT NOT NULL,      -- the agent's own id of the request
    tool       TEXT NOT NULL,
    detail     TEXT NOT NULL,      -- what a person is shown; may be cut
    digest     TEXT,               -- of the tool and its whole input; NULL: the supervisor gave none
    asked_at   INTEGER NOT NULL,
    decision   TEXT,
    decided_by TEXT,
    decided_at INTEGER
) STRICT;

INSERT INTO asked (id, task, attempt, request, tool, detail, asked_at, decision, decided_by, decided_at)
SELECT id, task, coalesce((SELECT attempt FROM tasks WHERE tasks.id = approvals.task), 0), request, tool, detail,
       asked_at, decision, decided_by, decided_at
FROM approvals;

DROP TABLE approvals;
ALTER TABLE asked RENAME TO approvals;
CREATE INDEX approvals_task ON approvals (task, attempt, event);
