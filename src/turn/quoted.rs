//! What somebody else said that came with a message: a message that it answers, or that was forwarded, or that a command was
//! given to.
//!
//! It is data. An agent is told of it below the person's own words, between marks that nobody could have guessed; it is never
//! read as a command, nor as what the person asks.

use signalbox_adapter::{Quoted, Quoting};

use super::Turn;
use crate::agent::words::{fill, mark};
use crate::format::prompt;
use crate::store::StoreError;

const TEMPLATE: &str = include_str!("../../config/prompts/quoted.md");
/// Most that is taken along with one message.
const MAX_QUOTED: usize = 10;

/// Returns what came with a message that the agent does not know: not what a session or an incident of ours says itself.
///
/// # Errors
/// [`StoreError`].
pub fn of<'t>(turn: &Turn<'t>) -> Result<Vec<&'t Quoted>, StoreError> {
    let incoming = turn.incoming;
    let answered = incoming.reply_to.as_ref().map(|message| message.as_str());
    let is_ours = match answered {
        Some(message) => {
            turn.tx.session_of_message(&incoming.address, message)?.is_some()
                || turn.tx.incident_of(&incoming.address, answered)?.is_some()
        }
        None => false,
    };
    let known = |quoted: &&Quoted| !(is_ours && quoted.why == Quoting::Answered);
    Ok(incoming.quoted.iter().filter(known).take(MAX_QUOTED).collect())
}

/// Returns all of it as one text; `None` where nothing came along.
///
/// # Errors
/// [`StoreError`].
pub fn text(turn: &Turn<'_>) -> Result<Option<String>, StoreError> {
    let texts: Vec<&str> = of(turn)?.into_iter().map(|quoted| quoted.text.as_str()).collect();
    Ok((!texts.is_empty()).then(|| texts.join("\n\n")))
}

/// Tells an agent of it below a prompt; an agent that goes by words is not, since it would take them for the person's.
///
/// # Errors
/// [`StoreError`].
pub fn below(turn: &Turn<'_>, agent: &str, words: &str) -> Result<String, StoreError> {
    let mut prompt = words.to_owned();
    if turn.cx.agents.goes_by_words(agent) {
        return Ok(prompt);
    }
    for quoted in of(turn)? {
        let chance = u64::try_from(turn.tx.chance(usize::MAX)).unwrap_or_default();
        let mark = mark("QUOTE", &quoted.text, chance);
        let why = prompt::quoted(quoted);
        prompt.push_str(&fill(TEMPLATE, &[("why", &why), ("mark", &mark), ("quoted", &quoted.text)]));
    }
    Ok(prompt)
}
