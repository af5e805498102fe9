-- A chat may have a project that its new sessions work in, and a session a git work tree of its own.
ALTER TABLE chats ADD COLUMN project TEXT;           -- name of a configured project; NULL: none
ALTER TABLE sessions ADD COLUMN worktree_of TEXT;    -- the project's path, while the work tree is there; NULL: no such
