//! Telling others that an investigation is done: rows of the outbox, so that a failing channel fails nothing else.

use signalbox_adapter::{ChatAddress, ChatId, Document, Part, Provider, Purpose};

use super::{Context, Turn};
use crate::command::channel::Channel;
use crate::format;
use crate::store::{Investigation, NewDelivery, StoreError, Task, TaskId, Tx};
use crate::wiring::{self, Mail};

/// What the notices about an investigation are known by.
#[must_use]
pub fn about(task: &TaskId) -> String {
    format!("notice:{task}")
}

/// What tests of a chat's channels are known by.
#[must_use]
pub fn about_test(chat: &str) -> String {
    format!("notice-test:{chat}")
}

/// Who is told where nobody has said: the mail's recipients, if there are any.
#[must_use]
pub fn default_channels(cx: &Context) -> Vec<Channel> {
    let mails = cx.config.smtp.is_set() && !cx.config.smtp.to.is_empty();
    if mails { vec![Channel::Email] } else { Vec::new() }
}

/// Writes the notices that an investigation has ended.
///
/// # Errors
/// [`StoreError`].
pub fn done(tx: &Tx<'_>, cx: &Context, ended: &Task, name: &str, inquiry: &Investigation) -> Result<(), StoreError> {
    let chat = crate::store::chat(&ended.address);
    let channels = tx.channels(&chat)?.unwrap_or_else(|| default_channels(cx));
    let mail = Mail {
        subject: format::rca::subject(ended, inquiry),
        to: cx.config.smtp.to.clone(),
        id: format!("rca-{}", ended.id),
        references: ended.retry_of.iter().map(|earlier| format!("rca-{earlier}")).collect(),
        document: format::rca::mail(ended, name, inquiry, tx.now()),
    };
    let notice = format::rca::notice(ended, inquiry);
    let notices = Notices { tx, cx, about: about(&ended.id) };
    for channel in &channels {
        notices.send(channel, &ended.address, &notice, &mail)?;
    }
    Ok(())
}

/// Writes a test to every channel.
///
/// # Errors
/// [`StoreError`].
pub fn test(turn: &Turn<'_>, channels: &[Channel]) -> Result<(), StoreError> {
    let chat = turn.chat();
    let document = format::background::test_notice(&chat);
    let mail = Mail {
        subject: "signalbox test".to_owned(),
        to: turn.cx.config.smtp.to.clone(),
        id: format!("test-{}", turn.tx.new_task_id()),
        references: Vec::new(),
        document: document.clone(),
    };
    let notices = Notices { tx: turn.tx, cx: turn.cx, about: about_test(&chat) };
    for channel in channels {
        notices.send(channel, &turn.incoming.address, &document, &mail)?;
    }
    Ok(())
}

struct Notices<'n> {
    tx: &'n Tx<'n>,
    cx: &'n Context,
    about: String,
}

impl Notices<'_> {
    fn send(
        &self,
        channel: &Channel,
        asked_in: &ChatAddress,
        notice: &Document,
        mail: &Mail,
    ) -> Result<(), StoreError> {
        match channel {
            Channel::Email => {
                let part = wiring::mail_part(mail);
                for recipient in &mail.to {
                    let address = ChatAddress {
                        provider: Provider::new(wiring::EMAIL),
                        chat: ChatId::new(recipient.clone()),
                        thread: None,
                    };
                    self.row(address, vec![part.clone()])?;
                }
                Ok(())
            }
            // Where the work ran in the main stream, its result stands there.
            Channel::Chat if asked_in.thread.is_none() => Ok(()),
            Channel::Chat => self.notice(ChatAddress { thread: None, ..asked_in.clone() }, notice),
            Channel::To(address) => self.notice(address.clone(), notice),
        }
    }

    fn notice(&self, address: ChatAddress, notice: &Document) -> Result<(), StoreError> {
        let (parts, _) = self.cx.render(address.provider.as_str(), notice);
        self.row(address, parts)
    }

    /// No task: whoever answers the notice elsewhere must not come into this chat's session by it.
    fn row(&self, address: ChatAddress, parts: Vec<Part>) -> Result<(), StoreError> {
        self.tx.enqueue(&NewDelivery {
            address,
            window: None,
            reply_to: None,
            purpose: Purpose::Result,
            parts,
            buttons: Vec::new(),
            attachment: None,
            task: None,
            inbox: None,
            about: Some(self.about.clone()),
        })
    }
}
