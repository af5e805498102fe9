//! From a message to the handler that serves it: who may say it, whether it is for us, which command it is.

use signalbox_adapter::{Document, IncomingKind, Purpose};

use super::press;
use crate::access;
use crate::command::{Misunderstood, Parsed};
use crate::format;
use crate::handlers::{self, edit, pairing};
use crate::store::{InboxOutcome, StoreError};
use crate::turn::{Turn, forwards, intake, rights};

/// A group is told once in this time, a year, how the bot is reached there.
const HINT_EVERY: std::time::Duration = std::time::Duration::from_secs(365 * 24 * 3600);

/// Serves the message, and closes its inbox row.
pub(super) fn serve(turn: &Turn<'_>, parsed: &Result<Parsed, Misunderstood>) -> Result<(), StoreError> {
    let outcome = take(turn, parsed)?;
    turn.answer_press("");
    if outcome != InboxOutcome::Ok {
        turn.tx.forget_words(turn.inbox, turn.incoming)?;
    }
    turn.tx.close_inbound(turn.inbox, outcome)
}

fn take(turn: &Turn<'_>, parsed: &Result<Parsed, Misunderstood>) -> Result<InboxOutcome, StoreError> {
    if let IncomingKind::Moved { to } = &turn.incoming.kind {
        turn.tx.move_chat(&turn.incoming.address, to)?;
        return Ok(InboxOutcome::Ok);
    }
    if turn.incoming.kind == IncomingKind::Deleted {
        return edit::withdraw(turn);
    }
    if turn.incoming.sender.bot || !is_for_us(turn, parsed)? {
        return Ok(InboxOutcome::Ignored);
    }
    let role = rights::role_of(turn.tx, turn.cx, turn.incoming)?;
    if let Some(outcome) = pairing::try_code(turn, parsed, role)? {
        return Ok(outcome);
    }
    let Some(role) = role else { return refuse_stranger(turn) };
    note_aside(turn)?;
    if intake::voice(&turn.incoming.files).is_some() {
        match turn.looked.heard() {
            Some(Ok(_)) => {}
            Some(Err(why)) => return turn.refuse(format::intake::not_heard(why)),
            None => {
                let transport = turn.cx.transports.get(turn.incoming.address.provider.as_str());
                let section = transport.and_then(|transport| transport.voice.as_ref()).map(|voice| voice.section);
                return turn.refuse(format::intake::no_program(section));
            }
        }
    }
    let parsed = match parsed {
        Ok(parsed) => parsed,
        Err(misunderstood) => return turn.refuse(misunderstood.document()),
    };
    if let Some(need) = parsed.need()
        && !access::suffices(role, need)
    {
        return turn.refuse(format::access::not_enough(role, need));
    }
    let limit_bytes = usize::try_from(turn.cx.config.limits.max_prompt_bytes).unwrap_or(usize::MAX);
    if let Some(size_bytes) = parsed.prompt().map(str::len).filter(|size| *size > limit_bytes) {
        return turn.refuse(format::session::long_prompt(size_bytes, limit_bytes));
    }
    if let IncomingKind::Edited(_) = &turn.incoming.kind
        && let Some(outcome) = edit::take(turn, parsed)?
    {
        return Ok(outcome);
    }
    press::adopt(turn, parsed)?;
    match handlers::handler(parsed) {
        Some(handler) => handler.handle(turn),
        // Something came with it that could not be taken.
        None if says_something_else(turn) => turn.refuse(Document::default()),
        None => turn.refuse(format::intake::how_to_start()),
    }
}

/// Plain text of a group is for us where it mentions the bot, answers it, or stands in a session's thread of a chat that wants
/// it so, and what is forwarded there where it follows a comment that was for us.
fn is_for_us(turn: &Turn<'_>, parsed: &Result<Parsed, Misunderstood>) -> Result<bool, StoreError> {
    let plain = match parsed {
        Ok(Parsed::Nothing) => return Ok(calls_us(turn) || turn.incoming.direct && says_something_else(turn)),
        Ok(Parsed::FreeText(_)) => true,
        Err(misunderstood) => !misunderstood.command,
        Ok(Parsed::Command(_)) => false,
    };
    Ok(!plain
        || rights::is_addressed(turn.tx, turn.cx, turn.incoming)?
        || forwards::commented(turn.tx, turn.incoming)?.is_some())
}

/// Whether the bot is mentioned and nothing else is said.
fn calls_us(turn: &Turn<'_>) -> bool {
    let IncomingKind::Text(text) = &turn.incoming.kind else { return false };
    let text = text.trim();
    // What begins otherwise is a command for another bot.
    let is_alone = turn.incoming.files.is_empty() && turn.incoming.not_taken.is_empty();
    turn.incoming.addressed && is_alone && (text.is_empty() || text.starts_with('@'))
}

/// Whether there is something to answer though nothing was said.
fn says_something_else(turn: &Turn<'_>) -> bool {
    !turn.incoming.not_taken.is_empty() || intake::voice(&turn.incoming.files).is_some()
}

/// Notes what is to be said beside the answer: what was not taken, and how a group reaches the bot that is shown only a part
/// of what is said there.
fn note_aside(turn: &Turn<'_>) -> Result<(), StoreError> {
    let not_taken = turn.incoming.not_taken.iter().map(|why| format::intake::not_taken(why));
    turn.say_beside(not_taken, []);
    let asks = matches!(turn.incoming.kind, IncomingKind::Text(_) | IncomingKind::Edited(_));
    let others_read_along = !turn.incoming.direct && turn.incoming.window.is_none();
    if asks && others_read_along && !turn.incoming.hears_all && !turn.is_trusted() {
        let what = format!("group-hint:{}", turn.chat());
        if turn.tx.first_in(&what, HINT_EVERY)? {
            turn.say_beside([], format::intake::group_hint().blocks);
        }
    }
    Ok(())
}

fn refuse_stranger(turn: &Turn<'_>) -> Result<InboxOutcome, StoreError> {
    tracing::warn!(
        sender.id = %turn.incoming.sender.id, chat.id = %turn.incoming.address.chat,
        "refused a message of a stranger"
    );
    if turn.is_press() {
        turn.answer_press(&format::access::no_button(turn.incoming));
    } else if rights::answers_stranger(turn.tx, turn.incoming)? {
        turn.say(format::access::stranger(turn.incoming), Purpose::Result, Vec::new(), None)?;
    }
    Ok(InboxOutcome::Refused)
}
