//! What the core knows of a provider. All that differs between providers is data here; the wiring fills it in.

use std::sync::{Arc, OnceLock};

use signalbox_adapter::{ChatAddress, Compose, Deliver, Render, Threads};

/// One provider.
#[derive(Clone)]
pub struct Transport {
    /// Renders for it.
    pub render: Arc<dyn Render>,
    /// Whether who can use it owns this machine's user account, and so is admin.
    pub trusted: bool,
    /// Whether a message can be changed after it was sent.
    pub edits: bool,
    /// What threads its chats have at a message.
    pub threads: Threads,
    /// How voice notes are written down; `None` where there are none.
    pub voice: Option<Voice>,
    /// Who is told of what is done, where people are only written to; `None` for chats.
    pub readers: Option<Readers>,
    /// The bot's name there, for `/command@name`; known once the provider has told it.
    pub bot_name: Arc<OnceLock<String>>,
    /// What writes there, where it is connected.
    pub deliver: Option<Arc<dyn Deliver>>,
    /// What its chats are called.
    pub chats: ChatIds,
}

/// What the chats of a provider are called.
#[derive(Debug, Clone, Copy)]
pub struct ChatIds {
    /// Whether a chat, or a thread of one, can be called so.
    pub is_one: fn(&ChatAddress) -> bool,
    /// What they are called, for people.
    pub form: &'static str,
}

impl ChatIds {
    /// Any text.
    pub const ANY: Self = Self { is_one: |_| true, form: "" };
}

impl Transport {
    /// A provider of chats that is not connected yet, of which nothing special is known.
    #[must_use]
    pub fn new(render: Arc<dyn Render>) -> Self {
        Self {
            render,
            trusted: false,
            edits: false,
            threads: Threads::None,
            voice: None,
            readers: None,
            bot_name: Arc::default(),
            deliver: None,
            chats: ChatIds::ANY,
        }
    }

    /// Says what chats of it are called, where none can be called like this one.
    #[must_use]
    pub fn chat_form(&self, address: &ChatAddress) -> Option<&'static str> {
        (!(self.chats.is_one)(address)).then_some(self.chats.form)
    }

    /// Whether anything writes to it.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        self.trusted || self.deliver.is_some()
    }

    /// Whether its chats can be written to.
    #[must_use]
    pub fn reaches_chats(&self) -> bool {
        self.readers.is_none() && self.is_connected()
    }
}

/// How voice notes are written down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Voice {
    /// The section of the configuration whose `transcribe` names the program.
    pub section: &'static str,
    /// The program and its arguments; empty where nobody has named one.
    pub program: Vec<String>,
}

/// Who is told of what is done, by a provider that is only written to.
#[derive(Debug, Clone)]
pub struct Readers {
    /// Makes the part of a notice that each of them gets.
    pub compose: Compose,
    /// Their addresses; empty where the provider is not set up.
    pub to: Vec<String>,
    /// The keys of the configuration that have to be set before there are any, as in `smtp.host`.
    pub needs: &'static [&'static str],
}
