//! Pairing: the one thing that a stranger may say.
//!
//! A code counts where nobody else reads it: in a direct chat, or by a command that the provider shows to nobody. Said where
//! others read along, it is good for nothing any more, whoever said it. Once taken it is worthless, so it does no harm that the
//! message stays in the inbox.

use std::time::Duration;

use signalbox_adapter::IncomingKind;

use crate::command::{Command, Misunderstood, Parsed, StartCommand};
use crate::config::Role;
use crate::format;
use crate::store::pairing::{Redeemed, TRIES_IN, is_code};
use crate::store::{InboxOutcome, StoreError};
use crate::turn::{Turn, rights};

/// A code said in a group is answered once in this time.
const GROUP_ANSWER_EVERY: Duration = Duration::from_secs(60);

/// Words of one message that may be codes and are looked up.
const MAX_WORDS: usize = 100;

/// Takes a pairing code; `None` when the message carries none.
///
/// A stranger's word is one only while a code is open; whoever is allowed already is asked for none, and raises their role with
/// `/start <code>` alone.
///
/// # Errors
/// [`StoreError`].
pub fn try_code(
    turn: &Turn<'_>,
    parsed: &Result<Parsed, Misunderstood>,
    role: Option<Role>,
) -> Result<Option<InboxOutcome>, StoreError> {
    // What is answered alone was shown to nobody else.
    let is_read_by_others = !turn.incoming.direct && turn.incoming.window.is_none();
    if is_read_by_others && burn(turn)? {
        return turn.refuse(format::access::burnt_code()).map(Some);
    }
    let (code, is_offered) = match parsed {
        Ok(Parsed::Command(Command::Start(StartCommand { code: Some(code) }))) if is_code(code) => {
            (code.as_str(), true)
        }
        Ok(Parsed::FreeText(text)) if role.is_none() && is_code(text.whole.trim()) => (text.whole.trim(), false),
        Ok(_) | Err(_) => return Ok(None),
    };
    if !is_offered && !turn.tx.has_open_code()? {
        return Ok(None);
    }
    let (provider, sender) = (&turn.incoming.address.provider, &turn.incoming.sender);
    if is_read_by_others {
        let what = format!("code-in-group:{}", turn.chat());
        return match turn.tx.first_in(&what, GROUP_ANSWER_EVERY)? {
            true => turn.refuse(format::access::code_in_group()).map(Some),
            false => Ok(Some(InboxOutcome::Refused)),
        };
    }
    if turn.is_trusted() {
        return turn.refuse(format::access::code_at_home(code)).map(Some);
    }
    // Nothing can be guessed where no code is open: who presses their link once more has made no wrong try.
    if let Some(role) = role
        && !turn.tx.has_open_code()?
    {
        return turn.answer(format::access::let_in_already(role)).map(Some);
    }
    match turn.tx.redeem(code, provider, sender)? {
        Redeemed::Paired(role) => {
            tracing::info!(sender.id = %sender.id, transport = %provider, role = role.as_str(), "paired a person");
            turn.answer(format::access::paired(role)).map(Some)
        }
        Redeemed::Wrong(left) => {
            tracing::warn!(sender.id = %sender.id, transport = %provider, "a wrong pairing code");
            match role {
                Some(role) => turn.answer(format::access::let_in_already(role)).map(Some),
                None if is_offered || rights::answers_stranger(turn.tx, turn.incoming)? => {
                    turn.refuse(format::access::wrong_code(left)).map(Some)
                }
                None => Ok(Some(InboxOutcome::Refused)),
            }
        }
        Redeemed::TooMany => {
            let what = format!("too-many-codes:{provider}:{}", sender.id);
            match turn.tx.first_in(&what, TRIES_IN)? {
                true => turn.refuse(format::access::too_many_codes()).map(Some),
                false => Ok(Some(InboxOutcome::Refused)),
            }
        }
    }
}

/// Makes the open codes void that a message says where others read along; whether there were any.
fn burn(turn: &Turn<'_>) -> Result<bool, StoreError> {
    let (IncomingKind::Text(text) | IncomingKind::Edited(text)) = &turn.incoming.kind else { return Ok(false) };
    let mut codes = text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| is_code(word)).peekable();
    if codes.peek().is_none() || !turn.tx.has_open_code()? {
        return Ok(false);
    }
    let mut burnt = false;
    for code in codes.take(MAX_WORDS) {
        burnt |= turn.tx.burn_code(code)?;
    }
    if burnt {
        tracing::warn!(chat.id = %turn.incoming.address.chat, "a pairing code was said where others read along; it is void");
    }
    Ok(burnt)
}
