//! What somebody else said that came with a message: a message that it answers, or that was forwarded, or that a command was
//! given to.
//!
//! It is data. An agent is told of it below the person's own words, between marks that nobody could have guessed; it is never
//! read as a command, nor as what the person asks.

use std::borrow::Cow;

use signalbox_adapter::{Quoted, Quoting};

use super::Turn;
use crate::agent::words::{fill, mark};
use crate::alert;
use crate::format::prompt;
use crate::store::{Session, StoreError};

const TEMPLATE: &str = include_str!("../../config/prompts/quoted.md");
/// Most that is taken along with one message.
const MAX_QUOTED: usize = 10;

/// Returns what came with a message that a session does not know: not what it says itself.
///
/// # Errors
/// [`StoreError`].
pub fn of<'t>(turn: &Turn<'t>, session: &Session) -> Result<Vec<&'t Quoted>, StoreError> {
    let incoming = turn.incoming;
    let is_its_own = match &incoming.reply_to {
        Some(message) => {
            let said_by = turn.tx.session_of_message(&incoming.address, message.as_str())?;
            said_by.is_some_and(|said_by| said_by.id == session.id)
        }
        None => false,
    };
    let known = |quoted: &&Quoted| !(is_its_own && quoted.why == Quoting::Answered);
    Ok(incoming.quoted.iter().filter(known).take(MAX_QUOTED).collect())
}

/// What is investigated of what others said.
pub struct Brought {
    /// All that came along.
    pub text: String,
    /// The part of it that is meant.
    pub meant: Option<String>,
}

/// Returns all that came with a message, for an agent that knows nothing yet; `None` where nothing did.
#[must_use]
pub fn told(turn: &Turn<'_>) -> Option<Brought> {
    let all = turn.incoming.quoted.iter().take(MAX_QUOTED);
    let (parts, whole): (Vec<&Quoted>, Vec<&Quoted>) = all.partition(|quoted| quoted.why == Quoting::Meant);
    let text = |of: &[&Quoted]| of.iter().map(|quoted| quoted.text.as_str()).collect::<Vec<_>>().join("\n\n");
    match (whole.is_empty(), parts.is_empty()) {
        (true, true) => None,
        (true, false) => Some(Brought { text: text(&parts), meant: None }),
        (false, is_all) => Some(Brought { text: text(&whole), meant: (!is_all).then(|| text(&parts)) }),
    }
}

/// Tells an agent of it below a prompt; an agent that goes by words is not, since it would take them for the person's.
///
/// # Errors
/// [`StoreError`].
pub fn below(turn: &Turn<'_>, session: &Session, words: &str) -> Result<String, StoreError> {
    let mut prompt = words.to_owned();
    if turn.cx.agents.goes_by_words(&session.agent) {
        return Ok(prompt);
    }
    for quoted in of(turn, session)? {
        prompt.push_str(&fenced(turn, &prompt::quoted(quoted), &quoted.text));
    }
    Ok(prompt)
}

/// Returns a prompt as a session is given it: an alert that somebody pasted is data there, too.
#[must_use]
pub fn fenced_alert<'w>(turn: &Turn<'_>, agent: &str, words: &'w str) -> Cow<'w, str> {
    if !alert::is_alert(words) || turn.cx.agents.goes_by_words(agent) {
        return Cow::Borrowed(words);
    }
    Cow::Owned(format!("{}{}", prompt::ONLY_ALERT, fenced(turn, prompt::PASTED_ALERT, words)))
}

/// Puts what somebody else said between marks that nobody could have guessed, with why it is told.
pub(super) fn fenced(turn: &Turn<'_>, why: &str, text: &str) -> String {
    let chance = u64::try_from(turn.tx.chance(usize::MAX)).unwrap_or_default();
    let mark = mark("QUOTE", text, chance);
    fill(TEMPLATE, &[("why", why), ("mark", &mark), ("quoted", text)])
}
