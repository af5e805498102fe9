//! What a chat could not be shown: one line about it, where a line can be shown.

use signalbox_adapter::{ChatAddress, Purpose};

use super::Context;
use crate::format::delivery::{self, Whose};
use crate::outbox::Loss;
use crate::store::{About, ChatKey, Delivery, NewDelivery, StoreError, Tx};

/// Tells a chat what became of a delivery; once as long as the same line waits to be said.
///
/// Nothing is told of status messages, of notices besides and of such lines themselves.
///
/// # Errors
/// [`StoreError`].
pub fn tell(tx: &Tx<'_>, cx: &Context, lost: &Delivery, loss: Loss) -> Result<(), StoreError> {
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
    let (document, address) = match loss {
        Loss::Message => (delivery::unshown(whose, lost.purpose), lost.address.clone()),
        Loss::File => (delivery::file_unshown(whose), lost.address.clone()),
        Loss::Thread => (delivery::thread_gone(whose), ChatAddress { thread: None, ..lost.address.clone() }),
    };
    let about = About::Loss(format!("{loss:?}:{}", name.unwrap_or_default()));
    if tx.waits_about(&ChatKey::of(&address), &about)? {
        return Ok(());
    }
    let (parts, _) = cx.render(address.provider.as_str(), document)?;
    let line = NewDelivery::to(address, Purpose::Result, parts);
    tx.enqueue(&NewDelivery { task: task.map(|task| task.id), about: Some(about), ..line })
}
