//! What the handlers know that is no row: configuration, agents and providers.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use signalbox_adapter::{Button, Card, ChatAddress, Document, Notice, Part, Purpose, ReadAt, Threads};

use super::layout::{Laid, Layout, Unlaid};
use super::transport::{Readers, Transport};
use crate::agent::catalogue::Catalogue;
use crate::command::definition;
use crate::config::{Config, Unreached};
use crate::format::Draft;
use crate::redact::Redactor;
use crate::store::{Deferral, Enclosed, EnclosedContent, NewDelivery, StoreError, Task};

/// Everything the handlers need that is no row.
pub struct Context {
    /// Configuration.
    pub config: Config,
    /// Agents.
    pub agents: Catalogue,
    /// Transports by provider.
    pub transports: BTreeMap<String, Transport>,
    /// State directory.
    pub state: PathBuf,
    /// Long messages that are being laid out.
    pub layout: Layout,
    /// Masks secrets.
    pub redactor: Arc<Redactor>,
}

impl Context {
    /// Lays a message out for a chat, and what does not fit as a file; one that is not configured gets bare text.
    ///
    /// # Errors
    /// [`StoreError::Deferred`] for a long message that is not ready ([`Layout`]).
    pub fn render(&self, address: &ChatAddress, draft: impl Into<Draft>) -> Result<Laid, StoreError> {
        let draft = draft.into().typed(&|command| self.typed(address, false, command));
        self.layout.of(Unlaid::Chat(address.provider.as_str().to_owned(), draft), |message| self.lay(message))
    }

    /// Returns how a command, its slash first, is typed where it is read: in a chat or a thread, in a message that answers another
    /// or not.
    #[must_use]
    pub fn typed(&self, address: &ChatAddress, is_reply: bool, command: &str) -> String {
        let word = command.trim_start_matches('/').split_whitespace().next().unwrap_or_default();
        let transport = self.transports.get(address.provider.as_str()).filter(|_| definition(word).is_some());
        let Some(transport) = transport else { return command.to_owned() };
        let bot_name = transport.bot_name.get().map(String::as_str);
        transport.render.command(command, &ReadAt { address, is_reply, bot_name })
    }

    /// Lays a card out for a chat; it is short.
    #[must_use]
    pub fn card(&self, address: &ChatAddress, card: &Card) -> Part {
        let document = card.document.clone().typed(&|command| self.typed(address, false, command));
        let card = &Card { document, ..card.clone() }.masked(&|text| self.redactor.secrets(text));
        match self.transports.get(address.provider.as_str()) {
            Some(transport) => transport.render.card(card),
            None => Part { body: card.document.to_markdown() },
        }
    }

    /// Makes the parts of a letter that each of its recipients gets.
    ///
    /// # Errors
    /// [`StoreError::Deferred`] for a long letter that is not ready ([`Layout`]).
    pub fn letter(&self, provider: &str, notice: Notice, draft: &Draft) -> Result<Vec<Part>, StoreError> {
        let message = Unlaid::Letter(provider.to_owned(), notice, draft.clone());
        self.layout.of(message, |message| self.lay(message)).map(|(parts, _)| parts)
    }

    /// Has what a step waits for laid out, beside everything else.
    pub async fn prepare(self: &Arc<Self>, deferral: Deferral) {
        let context = Arc::clone(self);
        self.layout.prepare(deferral, move |message| context.lay(message)).await;
    }

    /// Lays a message out, its secrets masked: whatever leaves comes through here or [`Self::card`], and is stored as it leaves.
    fn lay(&self, message: &Unlaid) -> Laid {
        let masked = |draft: &Draft| draft.document().masked(&|text| self.redactor.secrets(text));
        match message {
            Unlaid::Chat(provider, draft) => self.lay_out(provider, &masked(draft)),
            Unlaid::Letter(provider, notice, draft) => {
                let subject = self.redactor.clean(&notice.subject);
                let letter = Notice { subject, document: masked(draft), ..notice.clone() };
                let part = self.readers(provider).map(|readers| (readers.compose)(&letter));
                (part.into_iter().collect(), None)
            }
        }
    }

    fn lay_out(&self, provider: &str, document: &Document) -> Laid {
        let Some(transport) = self.transports.get(provider) else {
            return (vec![Part { body: document.to_markdown() }], None);
        };
        let max_parts = usize::try_from(self.config.render.max_parts).unwrap_or(usize::MAX);
        let rendered = transport.render.render(document, max_parts);
        let attachment = rendered.rest.map(|text| Enclosed {
            file_name: "answer.md".into(),
            media_type: "text/markdown".into(),
            content: EnclosedContent::Text(text),
        });
        (rendered.parts, attachment)
    }

    /// Makes the messages in which files go to a chat: nothing else stands in them.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn enclosed(&self, to: &ChatAddress, files: Vec<Enclosed>) -> Result<Vec<(Part, Enclosed)>, StoreError> {
        let (parts, _) = self.render(to, Document::default())?;
        let part = parts.into_iter().next().unwrap_or_else(|| Part { body: String::new() });
        Ok(files.into_iter().map(|file| (part.clone(), file)).collect())
    }

    /// Returns the largest file that goes to a chat of a provider, in bytes.
    #[must_use]
    pub fn max_file_bytes(&self, provider: &str) -> u64 {
        self.transports.get(provider).map_or(0, |transport| transport.render.max_file_bytes())
    }

    /// Masks secrets in what buttons say; what they do stays.
    #[must_use]
    pub fn masked(&self, mut buttons: Vec<Button>) -> Vec<Button> {
        buttons.iter_mut().for_each(|button| button.label = self.redactor.clean(&button.label));
        buttons
    }

    /// Whether who can use a transport owns this machine's user account.
    #[must_use]
    pub fn is_trusted(&self, provider: &str) -> bool {
        self.transports.get(provider).is_some_and(|transport| transport.trusted)
    }

    /// Whether chats of a provider can be written to.
    #[must_use]
    pub fn can_reach(&self, provider: &str) -> bool {
        self.transports.get(provider).is_some_and(Transport::reaches_chats)
    }

    /// Whether anything writes to a provider, be it to chats or to readers.
    #[must_use]
    pub fn is_connected(&self, provider: &str) -> bool {
        self.transports.get(provider).is_some_and(Transport::is_connected)
    }

    /// Says why no chat of a provider can be written to.
    #[must_use]
    pub fn unreached(&self, provider: &str) -> Unreached {
        match self.transports.contains_key(provider) {
            true => Unreached::NotConnected(provider.to_owned()),
            false => Unreached::unknown(provider, self.transports.keys().map(String::as_str)),
        }
    }

    /// Says what chats of a provider are called, where none can be called like this one.
    #[must_use]
    pub fn chat_form(&self, address: &ChatAddress) -> Option<&'static str> {
        self.transports.get(address.provider.as_str())?.chat_form(address)
    }

    /// Returns who is told by a provider that is only written to.
    #[must_use]
    pub fn readers(&self, provider: &str) -> Option<&Readers> {
        self.transports.get(provider)?.readers.as_ref()
    }

    /// Names the providers that are only written to.
    pub fn readers_by_name(&self) -> impl Iterator<Item = (&str, &Readers)> {
        self.transports.iter().filter_map(|(name, transport)| Some((name.as_str(), transport.readers.as_ref()?)))
    }

    /// Whether messages of a provider can be changed after they were sent.
    #[must_use]
    pub fn can_edit(&self, provider: &str) -> bool {
        self.transports.get(provider).is_some_and(|transport| transport.edits)
    }

    /// Returns what threads chats of a provider have at a message.
    #[must_use]
    pub fn threads(&self, provider: &str) -> Threads {
        self.transports.get(provider).map_or(Threads::None, |transport| transport.threads)
    }

    /// Makes the delivery that tells a task's chat something of it.
    ///
    /// # Errors
    /// [`StoreError::Deferred`] for a long message that is not ready ([`Layout`]).
    pub fn tell(
        &self,
        task: &Task,
        draft: impl Into<Draft>,
        purpose: Purpose,
        buttons: Vec<Button>,
    ) -> Result<NewDelivery, StoreError> {
        let is_reply = task.reply_to.is_some();
        let draft = draft.into().typed(&|command| self.typed(&task.address, is_reply, command));
        let (parts, attachment) = self.render(&task.address, draft)?;
        Ok(NewDelivery {
            address: task.address.clone(),
            window: task.window.clone(),
            reply_to: task.reply_to.clone(),
            purpose,
            parts,
            buttons: self.masked(buttons),
            attachment,
            files: Vec::new(),
            task: Some(task.id.clone()),
            inbox: task.inbox,
            about: None,
            not_before: None,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use signalbox_adapter::{Limits, PlainMeasure, Render, Rendered, TextUnit, split};

    use super::*;
    use crate::config::{Agents, Redact};

    /// A provider that takes little at a time.
    struct Narrow;

    const LIMIT_CHARS: usize = 100;

    impl Render for Narrow {
        fn limits(&self) -> Limits {
            Limits { max_text: LIMIT_CHARS, unit: TextUnit::Chars }
        }

        fn render(&self, document: &Document, max_parts: usize) -> Rendered {
            let split = split(document, &PlainMeasure(TextUnit::Chars), LIMIT_CHARS, max_parts);
            let rest = split.rest.clone();
            let parts = split.numbered().iter().map(|part| Part { body: part.visible_text() }).collect();
            Rendered { parts, rest }
        }
    }

    #[test]
    fn what_is_beyond_the_last_message_is_attached_as_a_file() {
        let narrow = Transport::new(Arc::new(Narrow));
        let mut context = Context {
            config: Config::default(),
            agents: Catalogue::new(Agents::default(), BTreeMap::new()),
            transports: BTreeMap::from([("narrow".to_owned(), narrow)]),
            state: PathBuf::new(),
            layout: Layout::default(),
            redactor: Arc::new(Redactor::new(&Redact::default())),
        };
        context.config.render.max_parts = 2;
        let narrow: ChatAddress = "narrow:1".parse().expect("an address");
        let (parts, attachment) = context.render(&narrow, Document::text("word ".repeat(100) + "end")).expect("short");
        assert_eq!(parts.len(), 2);
        assert!(parts[1].body.ends_with("(2/2)"), "{parts:?}");
        let attachment = attachment.expect("there is more");
        assert_eq!((attachment.file_name.as_str(), attachment.media_type.as_str()), ("answer.md", "text/markdown"));
        assert!(matches!(&attachment.content, EnclosedContent::Text(text) if text.ends_with("word end")));
        let (parts, attachment) = context.render(&narrow, Document::text("short")).expect("short");
        assert_eq!((parts.len(), attachment), (1, None));
    }

    #[test]
    fn what_leaves_is_masked_whoever_wrote_it() {
        let narrow = Transport::new(Arc::new(Narrow));
        let context = Context {
            config: Config::default(),
            agents: Catalogue::new(Agents::default(), BTreeMap::new()),
            transports: BTreeMap::from([("narrow".to_owned(), narrow)]),
            state: PathBuf::new(),
            layout: Layout::default(),
            redactor: Arc::new(Redactor::new(&Redact {
                literals: vec!["hunter22".to_owned().into()],
                prefixes: vec![],
            })),
        };
        for provider in ["narrow", "none"] {
            let address = format!("{provider}:1").parse().expect("an address");
            let (parts, _) = context.render(&address, Document::text("Added #1: hunter22")).expect("short");
            assert_eq!(parts[0].body.trim().replace('\\', ""), "Added #1: [redacted]");
        }
        let buttons = context.masked(vec![Button { label: "Use hunter22".into(), action: "use:hunter22".into() }]);
        assert_eq!((buttons[0].label.as_str(), buttons[0].action.as_str()), ("Use [redacted]", "use:hunter22"));
    }
}
