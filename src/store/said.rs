//! What people said in a thread that became nothing there: it is told to the agent whose turn is next.

use rusqlite::params;
use signalbox_adapter::{ChatAddress, Incoming, IncomingKind, MessageId};

use std::collections::BTreeSet;

use super::chat::ChatKey;
use super::error::StoreError;
use super::id::{InboxId, SessionId};
use super::inbox::InboxOutcome;
use super::tx::Tx;

/// Most messages of a thread that are looked at.
const MAX_LOOKED_AT: usize = 200;

impl Tx<'_> {
    /// Returns the newest message of which a session's agent has surely been told all that stood before it: the one that has
    /// asked for the latest task that was really given to the agent. One that was cancelled while it waited was not, nor one
    /// whose agent failed by itself; such may be told something twice, and miss nothing.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn told_until(&self, session: SessionId) -> Result<Option<InboxId>, StoreError> {
        let sql = "SELECT max(inbox) FROM tasks WHERE session = ?1 AND started_at IS NOT NULL
             AND status NOT IN ('error:cli', 'error:cli_not_found', 'error:internal')";
        Ok(self.connection.prepare_cached(sql)?.query_row([session], |row| row.get(0))?)
    }

    /// Returns what people said at an address after one message and before another that was neither a prompt nor a command, as
    /// they said it last, newest first; what they took away is not there.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn said_aside(
        &self,
        address: &ChatAddress,
        after: Option<InboxId>,
        before: InboxId,
    ) -> Result<Vec<Incoming>, StoreError> {
        let Some(thread) = &address.thread else { return Ok(Vec::new()) };
        // As far back as the newest rows go, so that no index is needed.
        let mut statement = self.connection.prepare_cached(
            "SELECT outcome, message, incoming FROM inbox WHERE id > (SELECT max(id) - 2000 FROM inbox)
             AND id > coalesce(?2, 0) AND id < ?3 AND chat = ?1 AND outcome IS NOT NULL ORDER BY id DESC",
        )?;
        let mut rows = statement.query(params![ChatKey::of(address), after, before])?;
        let (mut said, mut settled) = (Vec::new(), BTreeSet::new());
        while let Some(row) = rows.next()?.filter(|_| said.len() < MAX_LOOKED_AT) {
            let Some(message) = row.get::<_, Option<String>>(1)? else { continue };
            if row.get::<_, String>(0)? == InboxOutcome::Ok.as_str() {
                settled.insert(message);
                continue;
            }
            let body: String = row.get(2)?;
            // Most of a chat is of other threads, and need not be read.
            if settled.contains(&message) || !body.contains(thread.as_str()) {
                continue;
            }
            let Ok(incoming) = serde_json::from_str::<Incoming>(&body) else { continue };
            if incoming.address != *address {
                continue;
            }
            settled.insert(message);
            let is_said = match &incoming.kind {
                IncomingKind::Text(text) => !is_command(text),
                // Of a message that has done something already the agent knows.
                IncomingKind::Edited(text) => {
                    !is_command(text) && !self.has_done(address, incoming.message.as_ref())?
                }
                IncomingKind::Deleted | IncomingKind::Moved { .. } | IncomingKind::Button { .. } => false,
            };
            if is_said && !incoming.sender.bot {
                said.push(incoming);
            }
        }
        Ok(said)
    }

    /// Whether a message that stands in a thread may be told to an agent with what is asked there next.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn is_said_aside(&self, address: &ChatAddress, message: &MessageId) -> Result<bool, StoreError> {
        if address.thread.is_none() {
            return Ok(false);
        }
        let outcome = self.outcome_of(address, message)?;
        Ok(matches!(outcome, Some(InboxOutcome::Refused | InboxOutcome::Ignored)))
    }

    fn has_done(&self, address: &ChatAddress, message: Option<&MessageId>) -> Result<bool, StoreError> {
        let outcome = message.map(|message| self.outcome_of(address, message)).transpose()?.flatten();
        Ok(outcome == Some(InboxOutcome::Ok))
    }
}

fn is_command(text: &str) -> bool {
    text.trim_start().starts_with('/')
}
