//! Telling others that an investigation is done: rows of the outbox, so that a failing channel fails nothing else.

use signalbox_adapter::{ChatAddress, ChatId, Document, Notice, Part, Provider, Purpose};

use super::{Context, Turn};
use crate::command::channel::Channel;
use crate::format::{self, Draft};
use crate::store::{About, ChatKey, Investigation, NewDelivery, StoreError, Task, Tx};

/// Who is told where nobody has said: all readers that the configuration names.
#[must_use]
pub fn default_channels(cx: &Context) -> Vec<Channel> {
    let named = cx.readers_by_name().filter(|(_, readers)| !readers.to.is_empty());
    named.map(|(provider, _)| Channel::Readers(Provider::new(provider))).collect()
}

/// Writes the notices that an investigation has ended.
///
/// # Errors
/// [`StoreError`].
pub fn done(
    tx: &Tx<'_>,
    cx: &Context,
    ended: &Task,
    name: &str,
    investigation: &Investigation,
) -> Result<(), StoreError> {
    let chat = ChatKey::of(&ended.address);
    let channels = tx.channels(&chat)?.unwrap_or_else(|| default_channels(cx));
    let references = ended.retry_of.iter().map(|earlier| tx.letter_id(&format!("rca-{earlier}")));
    let letter = Notice {
        subject: format::rca::subject(ended, investigation),
        to: Vec::new(),
        id: tx.letter_id(&format!("rca-{}", ended.id))?,
        references: references.collect::<Result<_, _>>()?,
        document: Document::default(),
    };
    // The commands in them are for the chat that asked.
    let there = |command: &str| cx.typed(&ended.address, false, command);
    let said = format::rca::mail(ended, name, investigation, tx.now()).typed(&there);
    let notice = format::rca::notice(ended, investigation).typed(&there);
    let notices = Notices { tx, cx, about: About::Notice(ended.id.clone()) };
    for channel in &channels {
        notices.send(channel, &ended.address, &notice, (&letter, &said))?;
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
    let letter = Notice {
        subject: format::background::test_subject().to_owned(),
        to: Vec::new(),
        id: turn.tx.letter_id(&format!("test-{}", turn.tx.new_task_id()))?,
        references: Vec::new(),
        document: Document::default(),
    };
    let said = Draft::from(document.clone());
    let notices = Notices { tx: turn.tx, cx: turn.cx, about: About::NoticeTest(chat) };
    for channel in channels {
        notices.send(channel, &turn.incoming.address, &document, (&letter, &said))?;
    }
    Ok(())
}

struct Notices<'n> {
    tx: &'n Tx<'n>,
    cx: &'n Context,
    about: About,
}

impl Notices<'_> {
    fn send(
        &self,
        channel: &Channel,
        asked_in: &ChatAddress,
        notice: &Document,
        (letter, said): (&Notice, &Draft),
    ) -> Result<(), StoreError> {
        match channel {
            Channel::Readers(provider) => {
                let Some(readers) = self.cx.readers(provider.as_str()) else { return Ok(()) };
                let letter = Notice { to: readers.to.clone(), ..letter.clone() };
                let parts = self.cx.letter(provider.as_str(), letter, said)?;
                for recipient in &readers.to {
                    let address = ChatAddress::new(provider.clone(), ChatId::new(recipient.clone()));
                    self.row(address, parts.clone())?;
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
        let (parts, _) = self.cx.render(&address, notice.clone())?;
        self.row(address, parts)
    }

    /// No task: whoever answers the notice elsewhere must not come into this chat's session by it.
    fn row(&self, address: ChatAddress, parts: Vec<Part>) -> Result<(), StoreError> {
        let notice = NewDelivery::to(address, Purpose::Result, parts);
        self.tx.enqueue(&NewDelivery { about: Some(self.about.clone()), ..notice })
    }
}
