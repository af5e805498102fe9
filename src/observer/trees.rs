//! Git work trees of sessions: made before the first run, removed with the session where nothing would be lost.

use std::path::Path;

use super::state::Observer;
use crate::agent::checkout::Git;
use crate::bus::Bus;
use crate::format;
use crate::store::{Completion, Session, SessionId, Status, StoreError};

/// Work trees that are looked at in one round.
const MAX_A_ROUND: usize = 1000;

impl Observer {
    /// Makes the work tree that a session is to have, where it is not there.
    ///
    /// # Errors
    /// How its run ends instead, in git's own words.
    pub(super) async fn make_room(&self, session: Option<&Session>) -> Result<(), Box<Completion>> {
        let Some((session, project)) = session.and_then(|it| Some((it, it.worktree_of.as_ref()?))) else {
            return Ok(());
        };
        let git = Git::new(self.bus.router().context().agents.variables());
        let made = git.add(Path::new(project), Path::new(&session.directory), &session.branch()).await;
        made.map_err(|why| {
            let why = format::project::no_worktree(project, &why);
            Box::new(Completion::unstarted(Status::ErrorInternal, why))
        })
    }
}

/// Removes the work tree of a session that was closed.
pub(super) async fn leave(bus: &Bus, session: SessionId) -> Result<(), StoreError> {
    match bus.store().read(move |tx| tx.session(session)).await? {
        Some(session) => remove(bus, &session).await,
        None => Ok(()),
    }
}

/// Removes those that an earlier end of this program, or something not committed then, has left.
pub(super) async fn leave_all(bus: &Bus) -> Result<(), StoreError> {
    for session in bus.store().read(|tx| tx.closed_with_worktree(MAX_A_ROUND)).await? {
        remove(bus, &session).await?;
    }
    Ok(())
}

async fn remove(bus: &Bus, session: &Session) -> Result<(), StoreError> {
    let Some(project) = &session.worktree_of else { return Ok(()) };
    let git = Git::new(bus.router().context().agents.variables());
    match git.remove(Path::new(project), Path::new(&session.directory), &session.branch()).await {
        Ok(true) => {
            let id = session.id;
            bus.write(move |tx| tx.forget_worktree(id)).await
        }
        // Something there is not committed: it stays until it is.
        Ok(false) => Ok(()),
        Err(error) => {
            tracing::warn!(%error, directory = session.directory, "could not remove a session's work tree");
            Ok(())
        }
    }
}
