//! What a chat could not be shown: one line about it, where a line can be shown.

use std::time::Duration;

use signalbox_adapter::{ChatAddress, MessageId, Purpose};

use super::Context;
use crate::format::delivery::{self, Whose};
use crate::outbox::Loss;
use crate::store::{About, ChatKey, Delivery, IncidentId, NewDelivery, StoreError, Tx};

/// A chat is told once in this time, a day, why no threads are opened there.
const TELL_UNOPENED_EVERY: Duration = Duration::from_secs(24 * 3600);

/// A chat is told once in this time, a day, that the card of an incident could not be shown; it is tried again and again.
const TELL_UNSHOWN_EVERY: Duration = Duration::from_secs(24 * 3600);

/// Tells a chat what became of a delivery; once as long as the same line waits to be said.
///
/// Nothing is told of status messages, of notices besides and of such lines themselves.
///
/// # Errors
/// [`StoreError`].
pub fn tell(tx: &Tx<'_>, cx: &Context, lost: &Delivery, loss: Loss) -> Result<(), StoreError> {
    if let (Some(About::Card(id)), Loss::Message | Loss::Blocked(_)) = (&lost.about, &loss) {
        return tell_unshown_card(tx, cx, lost, *id);
    }
    let task = lost.task.as_ref().map(|id| tx.task(id)).transpose()?.flatten();
    let is_answer =
        task.as_ref().map_or(lost.about.is_none(), |task| ChatKey::of(&task.address) == ChatKey::of(&lost.address));
    let is_status = lost.purpose == Purpose::Progress && loss != Loss::Thread;
    if !is_answer || is_status || lost.is_edit || !cx.can_reach(lost.address.provider.as_str()) {
        return Ok(());
    }
    let name = task.as_ref().map(|task| tx.name_of(task)).transpose()?;
    let is_investigation = match &task {
        Some(task) => tx.investigation(&task.id)?.is_some(),
        None => false,
    };
    let whose = match (&name, is_investigation) {
        (Some(name), true) => Whose::Investigation(name),
        (Some(name), false) => Whose::Session(name),
        (None, _) => Whose::Command,
    };
    let (document, address) = match &loss {
        Loss::Message => (delivery::unshown(whose, lost.purpose), lost.address.clone()),
        Loss::Blocked(words) => (delivery::blocked(whose, words), lost.address.clone()),
        Loss::File => match lost.attachment.as_ref().filter(|file| file.kept().is_some()) {
            Some(file) => (delivery::agents_file_unshown(&file.file_name), lost.address.clone()),
            None => (delivery::file_unshown(whose), lost.address.clone()),
        },
        Loss::Thread => (delivery::thread_gone(whose), ChatAddress { thread: None, ..lost.address.clone() }),
        Loss::Opening { at, words } => return tell_unopened(tx, cx, lost, at, words),
    };
    let file = lost.attachment.as_ref().filter(|file| loss == Loss::File && file.kept().is_some());
    let file = file.map(|file| format!(":{}", file.file_name)).unwrap_or_default();
    let about = About::Loss(format!("{}:{}{file}", kind(&loss), name.unwrap_or_default()));
    if tx.waits_about(&ChatKey::of(&address), &about)? {
        return Ok(());
    }
    let (parts, _) = cx.render(&address, document)?;
    let line = NewDelivery::to(address, Purpose::Result, parts);
    tx.enqueue(&NewDelivery { task: task.map(|task| task.id), about: Some(about), ..line })
}

fn kind(loss: &Loss) -> &'static str {
    match loss {
        Loss::Message => "Message",
        Loss::Blocked(_) => "Blocked",
        Loss::File => "File",
        Loss::Thread => "Thread",
        Loss::Opening { .. } => "Opening",
    }
}

/// Tells a chat, once a day, that the card of an incident could not be shown.
fn tell_unshown_card(tx: &Tx<'_>, cx: &Context, lost: &Delivery, id: IncidentId) -> Result<(), StoreError> {
    let provider = lost.address.provider.as_str();
    if !cx.can_reach(provider) || !tx.first_in(&format!("card-unshown:{id}"), TELL_UNSHOWN_EVERY)? {
        return Ok(());
    }
    let (parts, _) = cx.render(&lost.address, delivery::card_unshown(id))?;
    let line = NewDelivery::to(lost.address.clone(), Purpose::Alert, parts);
    tx.enqueue(&NewDelivery { about: Some(About::Loss(format!("Card:{id}"))), ..line })
}

/// Tells a chat, once a day, why no threads are opened there.
fn tell_unopened(tx: &Tx<'_>, cx: &Context, lost: &Delivery, at: &MessageId, words: &str) -> Result<(), StoreError> {
    let chat = ChatKey::of(&lost.address);
    if !tx.first_in(&format!("unopened:{chat}"), TELL_UNOPENED_EVERY)? {
        return Ok(());
    }
    let (parts, _) = cx.render(&lost.address, delivery::thread_unopened(words))?;
    let line = NewDelivery::to(lost.address.clone(), Purpose::Result, parts);
    let about = About::Loss("Opening".to_owned());
    tx.enqueue(&NewDelivery { reply_to: Some(at.as_str().to_owned()), about: Some(about), ..line })
}
