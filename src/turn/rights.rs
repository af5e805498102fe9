//! Who may do what: the configuration's word and the store's, put together for one message.

use std::time::Duration;

use signalbox_adapter::{ChatAddress, Incoming, Sender, UserId};

use super::context::Context;
use crate::access;
use crate::config::{Follow, Role};
use crate::store::{ChatKey, StoreError, Tx};

/// A stranger is answered once in this time.
const STRANGER_EVERY: Duration = Duration::from_secs(3600);

/// Whether who can use a message's transport owns this machine's user account.
pub(super) fn is_trusted(cx: &Context, incoming: &Incoming) -> bool {
    cx.is_trusted(incoming.address.provider.as_str())
}

/// Looks up what the store knows of a message's sender and chat.
///
/// # Errors
/// [`StoreError`].
pub fn known(tx: &Tx<'_>, cx: &Context, incoming: &Incoming) -> Result<access::Known, StoreError> {
    let trusted = is_trusted(cx, incoming);
    if trusted {
        return Ok(access::Known { trusted, ..access::Known::default() });
    }
    let provider = incoming.address.provider.as_str();
    let former = tx.former_chat(&ChatKey::of(&incoming.address))?;
    Ok(access::Known {
        trusted,
        paired: tx.paired_role(provider, incoming.sender.id.as_str())?,
        former_chat: former.map(|key| key.chat().clone()),
    })
}

/// Returns what a message's sender may do; `None` for a stranger.
///
/// # Errors
/// [`StoreError`].
pub fn role_of(tx: &Tx<'_>, cx: &Context, incoming: &Incoming) -> Result<Option<Role>, StoreError> {
    Ok(access::role_of(&cx.config.allow, incoming, &known(tx, cx, incoming)?))
}

/// Whether who sent a message may have the bot write to another chat: the owner of this machine, or who is allowed there. The
/// direct chat of somebody else is written to only where they may use the bot themselves.
///
/// # Errors
/// [`StoreError`].
pub fn may_write_to(tx: &Tx<'_>, cx: &Context, incoming: &Incoming, address: &ChatAddress) -> Result<bool, StoreError> {
    if is_trusted(cx, incoming) {
        return Ok(true);
    }
    if address.provider == incoming.address.provider {
        let there = Incoming { address: address.clone(), ..incoming.clone() };
        if role_of(tx, cx, &there)?.is_none() {
            return Ok(false);
        }
        return match whose(tx, cx, address)?.filter(|person| *person != incoming.sender.id) {
            Some(person) => {
                let sender = Sender { id: person, bot: false, roles: Vec::new(), ..incoming.sender.clone() };
                Ok(role_of(tx, cx, &Incoming { sender, ..there })?.is_some())
            }
            None => Ok(true),
        };
    }
    Ok(access::chat_is_allowed(&cx.config.allow, address))
}

/// Names the person whose direct chat an address is: as its id says, or as somebody has written there.
fn whose(tx: &Tx<'_>, cx: &Context, address: &ChatAddress) -> Result<Option<UserId>, StoreError> {
    let deliver = cx.transports.get(address.provider.as_str()).and_then(|transport| transport.deliver.as_ref());
    match deliver.and_then(|deliver| deliver.whose(&address.chat)) {
        Some(person) => Ok(Some(person)),
        None => tx.person_of_chat(&ChatKey::of(address)),
    }
}

/// Whether what is no command is meant for the bot all the same.
///
/// # Errors
/// [`StoreError`].
pub fn is_addressed(tx: &Tx<'_>, cx: &Context, incoming: &Incoming) -> Result<bool, StoreError> {
    if incoming.direct || incoming.addressed {
        return Ok(true);
    }
    let replied = incoming.reply_to.as_ref().map(signalbox_adapter::MessageId::as_str);
    if let Some(replied) = replied
        && tx.session_of_message(&incoming.address, replied)?.is_some()
    {
        return Ok(true);
    }
    if follow_in(tx, cx, &incoming.address)? == Follow::Mention {
        return Ok(false);
    }
    Ok(tx.session_of_thread(&incoming.address)?.is_some() || tx.incident_of(&incoming.address, replied)?.is_some())
}

/// Returns which plain words are for the bot in the threads of a chat, also of one that has got another id since it was named.
fn follow_in(tx: &Tx<'_>, cx: &Context, address: &ChatAddress) -> Result<Follow, StoreError> {
    let follow = &cx.config.follow;
    if let Some(named) = follow.named(address) {
        return Ok(named);
    }
    let former = match follow.thread.is_empty() && follow.mention.is_empty() {
        true => None,
        false => tx.former_chat(&ChatKey::of(address))?,
    };
    let former = former.map(|key| ChatAddress { chat: key.chat().clone(), ..address.clone() });
    Ok(former.and_then(|former| follow.named(&former)).unwrap_or(follow.default))
}

/// Whether a stranger is to be answered now; then they are not again for an hour, whatever they say.
///
/// # Errors
/// [`StoreError`].
pub fn answers_stranger(tx: &Tx<'_>, incoming: &Incoming) -> Result<bool, StoreError> {
    let who = format!("refusal:{}:{}", incoming.address.provider, incoming.sender.id);
    tx.first_in(&who, STRANGER_EVERY)
}
