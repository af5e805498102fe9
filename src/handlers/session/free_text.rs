//! What was said without a command: for a named session, the session of the message replied to, the chat's active session,
//! or a new one; what answers an incident that nobody has investigated asks about that; what is plainly an alert is
//! investigated.

use signalbox_adapter::{Quoted, Quoting};

use super::{follow_up, start};
use crate::alert;
use crate::command::{FreeText, Resolved};
use crate::format;
use crate::handlers::{incidents, investigate};
use crate::store::{InboxOutcome, Incident, Session, StoreError};
use crate::turn::{Handler, Look, Turn, mention};

impl Handler for FreeText {
    fn looks(&self) -> Vec<Look> {
        vec![Look::Presence]
    }

    fn handle(&self, turn: &Turn<'_>) -> Result<InboxOutcome, StoreError> {
        let wish = match mention::resolve(turn, self.mention.as_ref())? {
            Resolved::Session(name) => return follow_up::by_name(turn, &name, &self.prompt),
            Resolved::NearMiss { word, nearest } => {
                return turn.refuse(format::session::near_miss(&word, nearest.as_deref()));
            }
            Resolved::Agent { agent, model } => Some((agent, model)),
            Resolved::Text => None,
        };
        let context = match (&wish, &turn.incoming.reply_to) {
            (Some(_), _) => None,
            (None, replied) => {
                let replied = replied.as_ref().map(|message| message.as_str());
                context(turn, replied)?
            }
        };
        if wish.is_none()
            && context.is_none()
            && let Some(incident) = incident(turn)?
        {
            return incidents::investigate(turn, &incident, Some(&self.whole));
        }
        if let Some(session) = context {
            return follow_up::follow(turn, session, &self.whole);
        }
        if wish.is_none() && alert::is_alert(&self.whole) {
            return investigate::pasted(turn, &self.whole);
        }
        if wish.is_none() && turn.incoming.quoted.iter().any(is_forwarded_alert) {
            return investigate::quoted(turn, &self.whole);
        }
        let (agent, model) = wish.unzip();
        let prompt = if agent.is_some() { &self.prompt } else { &self.whole };
        let wish = start::Wish {
            name: None,
            project: None,
            agent: agent.as_deref(),
            model: model.as_ref().and_then(Option::as_deref),
            prompt,
        };
        start::start(turn, &wish)
    }
}

/// An alert that somebody forwards is an alert.
fn is_forwarded_alert(quoted: &Quoted) -> bool {
    quoted.why == Quoting::Forwarded && alert::is_alert(&quoted.text)
}

/// Returns the incident that plain text is about: that of the message replied to, or at whose card the thread stands.
fn incident(turn: &Turn<'_>) -> Result<Option<Incident>, StoreError> {
    let replied = turn.incoming.reply_to.as_ref().map(|message| message.as_str());
    turn.tx.incident_of(&turn.incoming.address, replied)
}

/// Returns the session that plain text goes on with: that of the message replied to, that of the thread, or the active one;
/// none where it is about an incident that nobody has investigated.
fn context(turn: &Turn<'_>, replied: Option<&str>) -> Result<Option<Session>, StoreError> {
    if let Some(message) = replied {
        return turn.tx.session_of_message(&turn.incoming.address, message);
    }
    if let Some(session) = turn.tx.session_of_thread(&turn.incoming.address)? {
        return Ok(Some(session));
    }
    if incident(turn)?.is_some() {
        return Ok(None);
    }
    match turn.tx.active_session_id(&turn.chat())? {
        Some(id) => turn.tx.session(id),
        None => Ok(None),
    }
}
