//! What was said without a command: for a named session, the session of the message replied to or of the thread, the chat's
//! active session, or a new one; what answers an incident that nobody has investigated asks about that; what is plainly an
//! alert is investigated, whatever is active.

use signalbox_adapter::{IncomingKind, Quoted, Quoting};

use super::{follow_up, start};
use crate::alert;
use crate::command::{FreeText, Resolved};
use crate::handlers::{approvals, forwards, incidents, investigate};
use crate::store::{InboxOutcome, Session, StoreError};
use crate::turn::{self, Handler, Look, Turn, mention};

impl Handler for FreeText {
    fn looks(&self) -> Vec<Look> {
        vec![Look::Presence]
    }

    fn handle(&self, turn: &Turn<'_>) -> Result<InboxOutcome, StoreError> {
        let is_alert = turn.incoming.quoted.iter().any(is_forwarded_alert);
        let commented = turn::forwards::commented(turn.tx, turn.incoming)?;
        if let Some(task) = commented.as_ref().filter(|_| is_alert)
            && let Some(outcome) = forwards::investigate(turn, task)?
        {
            return Ok(outcome);
        }
        if let Some(task) = commented
            && (!is_alert || turn.tx.investigation(&task.id)?.is_some())
            && let Some(outcome) = forwards::join(turn, &task)?
        {
            return Ok(outcome);
        }
        let resolved = mention::resolve(turn, self.mention.as_ref())?;
        if let Some(why) = mention::misnamed(&resolved) {
            return turn.refuse(why);
        }
        let unknown = mention::unknown(turn, self.mention.as_ref(), &resolved)?;
        let wish = match resolved {
            Resolved::Session(name) => {
                if let Some(session) = turn.tx.session_by_name(&turn.chat(), &name)?
                    && let Some(outcome) = decided(turn, Some(&session), &self.prompt)?
                {
                    return Ok(outcome);
                }
                return follow_up::by_name(turn, &name, &self.prompt);
            }
            Resolved::Agent { agent, model } => Some((agent, model)),
            Resolved::Text | Resolved::NearMiss { .. } | Resolved::NoModel { .. } => None,
        };
        let replied = turn.incoming.reply_to.as_ref().map(|message| message.as_str());
        if wish.is_none() {
            if let Some(session) = at_hand(turn, replied)? {
                return go_on(turn, session, &self.whole, unknown);
            }
            if let Some(incident) = turn.tx.incident_of(&turn.incoming.address, replied)? {
                return incidents::investigate(turn, &incident, Some(&self.whole));
            }
        }
        // What is plainly an alert is one whatever is active: a stranger's words do not go into a conversation by themselves.
        let (agent, model) = wish.unzip();
        let words = if agent.is_some() { &self.prompt } else { &self.whole };
        let by = investigate::By { agent: agent.as_deref(), model: model.as_ref().and_then(Option::as_deref) };
        if alert::is_alert(words) {
            return investigate::pasted(turn, words, by);
        }
        if is_alert {
            return investigate::quoted(turn, words, by);
        }
        if agent.is_none()
            && replied.is_none()
            && let Some(session) = active(turn)?
        {
            return go_on(turn, session, &self.whole, unknown);
        }
        if agent.is_none()
            && let Some(outcome) = decided(turn, None, words)?
        {
            return Ok(outcome);
        }
        let wish = start::Wish { name: None, project: None, agent: by.agent, model: by.model, prompt: words, unknown };
        start::start(turn, &wish)
    }
}

/// Answers what a session's agent asks, else follows the session up.
fn go_on(turn: &Turn<'_>, session: Session, words: &str, unknown: Option<String>) -> Result<InboxOutcome, StoreError> {
    if let Some(outcome) = decided(turn, Some(&session), words)? {
        return Ok(outcome);
    }
    let is_answer = matches!(turn.incoming.kind, IncomingKind::Text(_)) && !alert::is_alert(words);
    if is_answer && let Some(outcome) = approvals::answer_in_words(turn, &session, words)? {
        return Ok(outcome);
    }
    follow_up::follow(turn, session, words, unknown)
}

/// Takes a word such as `yes` for an answer to what is asked, where something is.
fn decided(turn: &Turn<'_>, session: Option<&Session>, words: &str) -> Result<Option<InboxOutcome>, StoreError> {
    let is_typed = matches!(turn.incoming.kind, IncomingKind::Text(_));
    if is_typed { approvals::decide_in_words(turn, session, words) } else { Ok(None) }
}

/// An alert that somebody forwards is an alert.
fn is_forwarded_alert(quoted: &Quoted) -> bool {
    quoted.why == Quoting::Forwarded && alert::is_alert(&quoted.text)
}

/// Returns the session that plain text belongs to by where it stands: that of the message replied to, or that of the thread;
/// none where that never ran, since it would hardly run now.
fn at_hand(turn: &Turn<'_>, replied: Option<&str>) -> Result<Option<Session>, StoreError> {
    let session = match replied {
        Some(message) => turn.tx.session_of_message(&turn.incoming.address, message)?,
        None => turn.tx.session_of_thread(&turn.incoming.address)?,
    };
    match session {
        Some(session) if turn.tx.never_ran(session.id)? => Ok(None),
        other => Ok(other),
    }
}

/// Returns the chat's active session.
fn active(turn: &Turn<'_>) -> Result<Option<Session>, StoreError> {
    match turn.tx.active_session_id(&turn.chat())? {
        Some(id) => turn.tx.session(id),
        None => Ok(None),
    }
}
