//! One message's turn: what every handler gets, and the ways in which it answers.
//!
//! A [`Turn`] is one transaction with what the handlers know that is no row ([`Context`]). Everything here serves more than
//! one command: what a handler is ([`Handler`]) and what it can have looked at beforehand ([`Look`]), who may do what
//! ([`rights`]), a prompt as a task ([`admit`]), what a chat is shown of a task ([`report`]) and of an incident ([`incident`],
//! [`silence`]), files that came along ([`intake`]), what was forwarded with a comment ([`forwards`]), and what people said in
//! the thread meanwhile ([`talk`]).

pub mod admit;
mod context;
pub mod crew;
mod desk;
pub mod forwards;
mod handler;
pub mod incident;
pub mod intake;
mod layout;
mod look;
pub mod loss;
pub mod mention;
pub mod notice;
pub mod quoted;
pub mod report;
pub mod rights;
pub mod schedule;
pub mod silence;
pub mod talk;
mod transport;

use std::cell::{Cell, RefCell};

use signalbox_adapter::{Block, Button, ChatAddress, Document, Incoming, IncomingKind, Purpose, Signal};

use crate::config::{Agent, Role};
use crate::format::{self, Draft};
use crate::store::{About, Admission, ChatKey, InboxId, InboxOutcome, NewDelivery, StoreError, TaskId, Tx};
pub use context::Context;
pub use handler::Handler;
use layout::MAX_WITHIN_BYTES;
pub use layout::{Laid, Layout};
pub use look::{Heard, Look, Looked};
pub use transport::{ChatIds, Readers, Transport, Voice};

/// One message's turn: the transaction, and all that its handler may need.
pub struct Turn<'t> {
    /// The transaction.
    pub tx: &'t Tx<'t>,
    /// What is no row.
    pub cx: &'t Context,
    /// The message.
    pub incoming: &'t Incoming,
    /// Its inbox row.
    pub inbox: InboxId,
    /// What was found outside of the transaction.
    pub looked: &'t Looked,
    /// Whether a press has been answered.
    pressed: Cell<bool>,
    /// What is said with the first answer.
    aside: RefCell<Aside>,
}

/// What is said with the first answer, before it and after it.
#[derive(Default)]
struct Aside {
    before: Vec<Block>,
    after: Vec<Block>,
}

impl<'t> Turn<'t> {
    /// Begins a message's turn.
    #[must_use]
    pub fn new(tx: &'t Tx<'t>, cx: &'t Context, incoming: &'t Incoming, inbox: InboxId, looked: &'t Looked) -> Self {
        let before = match looked.heard() {
            Some(Ok(words)) => vec![Block::Quote(vec![Block::text(words.clone())])],
            Some(Err(_)) | None => Vec::new(),
        };
        let aside = RefCell::new(Aside { before, after: Vec::new() });
        Self { tx, cx, incoming, inbox, looked, pressed: Cell::default(), aside }
    }

    /// Whether who can use this transport owns this machine's user account.
    #[must_use]
    pub fn is_trusted(&self) -> bool {
        rights::is_trusted(self.cx, self.incoming)
    }

    /// Returns the role of a message's sender.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn role_in(&self, incoming: &Incoming) -> Result<Option<Role>, StoreError> {
        rights::role_of(self.tx, self.cx, incoming)
    }

    /// Says why who speaks may not have an agent work, be it from anew or in what it has begun; `None` where they may.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn barred_from(&self, agent: &str) -> Result<Option<Document>, StoreError> {
        self.lacking(agent, self.cx.agents.agent(agent).map(|agent| agent.role))
    }

    /// Says why who speaks may not allow an agent what it asks for; `None` where they may.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn barred_from_approving(&self, agent: &str) -> Result<Option<Document>, StoreError> {
        self.lacking(agent, self.cx.agents.agent(agent).map(Agent::approver))
    }

    fn lacking(&self, agent: &str, need: Option<Role>) -> Result<Option<Document>, StoreError> {
        let Some(need) = need else { return Ok(None) };
        let role = self.role_in(self.incoming)?.unwrap_or(Role::Viewer);
        Ok((role < need).then(|| format::access::not_your_agent(agent, need, role)))
    }

    /// Answers a command.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn answer(&self, draft: impl Into<Draft>) -> Result<InboxOutcome, StoreError> {
        self.reply(draft.into())?;
        Ok(InboxOutcome::Ok)
    }

    /// Answers that something cannot be done, and why.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn refuse(&self, draft: impl Into<Draft>) -> Result<InboxOutcome, StoreError> {
        self.reply(draft.into())?;
        Ok(InboxOutcome::Refused)
    }

    /// Answers a press where it was made, if the answer is short; all else is a message.
    fn reply(&self, draft: Draft) -> Result<(), StoreError> {
        if self.is_press()
            && draft.weight_bytes() <= MAX_WITHIN_BYTES
            && let Some(notice) = format::notice(&self.typed(&draft).document())
        {
            self.answer_press(&notice);
            return Ok(());
        }
        self.say(draft, Purpose::Result, Vec::new(), None)
    }

    /// Writes the commands in what is said as they are typed where it was asked.
    fn typed(&self, draft: &Draft) -> Draft {
        draft.clone().typed(&|command| self.cx.typed(&self.incoming.address, false, command))
    }

    /// Whether the message is the press of a button.
    #[must_use]
    pub fn is_press(&self) -> bool {
        matches!(&self.incoming.kind, IncomingKind::Button { press: Some(_), .. })
    }

    /// Answers a press, once.
    pub fn answer_press(&self, notice: &str) {
        if !self.pressed.replace(true) {
            answer_press(self.tx, self.incoming, &self.cx.redactor.clean(notice));
        }
    }

    /// Notes what is to be said beside the answer: before it and after it.
    pub fn say_beside(&self, before: impl IntoIterator<Item = Block>, after: impl IntoIterator<Item = Block>) {
        let mut aside = self.aside.borrow_mut();
        aside.before.extend(before);
        aside.after.extend(after);
    }

    /// Tells the chat that asked.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn say(
        &self,
        draft: impl Into<Draft>,
        purpose: Purpose,
        buttons: Vec<Button>,
        task: Option<&TaskId>,
    ) -> Result<(), StoreError> {
        self.say_at(&self.incoming.address, draft, purpose, buttons, task)
    }

    /// Tells the chat that asked at an address of its own, such as a thread at the message that asks.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn say_at(
        &self,
        address: &ChatAddress,
        draft: impl Into<Draft>,
        purpose: Purpose,
        buttons: Vec<Button>,
        task: Option<&TaskId>,
    ) -> Result<(), StoreError> {
        self.tx.enqueue(&self.answer_at(address, draft.into(), purpose, buttons, task)?)
    }

    /// Shows how a new task stands: when it has run for a while, so that a quick answer comes alone; at once where it waits,
    /// and where there is no message at which a sign could say that it was taken. What the status `mentions` besides stands
    /// with the result, too: the status changes, and after a quick answer there is none.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn show_status(
        &self,
        address: &ChatAddress,
        admission: &Admission,
        draft: impl Into<Draft>,
        mentions: &[String],
    ) -> Result<(), StoreError> {
        let (task, runs) = match admission {
            Admission::Started(task) => (task, true),
            Admission::Queued(task, _) => (task, false),
        };
        let buttons = vec![format::button::cancel(&task.id)];
        let status = self.answer_at(address, draft.into(), Purpose::Progress, buttons, Some(&task.id))?;
        let comes_later = self.incoming.message.is_some();
        let is_lost = comes_later || self.cx.can_edit(address.provider.as_str());
        for line in mentions.iter().filter(|_| is_lost) {
            self.tx.mention(&task.id, line)?;
        }
        let waits = runs && comes_later;
        let not_before = waits.then(|| self.tx.now().after(self.cx.config.progress.after));
        self.tx.enqueue(&NewDelivery { not_before, ..status })
    }

    fn answer_at(
        &self,
        address: &ChatAddress,
        draft: Draft,
        purpose: Purpose,
        buttons: Vec<Button>,
        task: Option<&TaskId>,
    ) -> Result<NewDelivery, StoreError> {
        let Aside { mut before, after } = self.aside.take();
        let draft = match purpose {
            // A status message changes; what is said beside it stays.
            Purpose::Progress => {
                before.extend(after);
                if !before.is_empty() {
                    self.say_at(address, Document { blocks: before }, Purpose::Result, Vec::new(), task)?;
                }
                draft
            }
            Purpose::Result | Purpose::Approval | Purpose::Alert => {
                Draft::from(Document { blocks: before }).then(draft).then(Document { blocks: after })
            }
        };
        let is_reply = self.incoming.message.is_some();
        let draft = draft.typed(&|command| self.cx.typed(address, is_reply, command));
        let (parts, attachment) = self.cx.render(address, draft)?;
        Ok(NewDelivery {
            address: address.clone(),
            window: self.incoming.window.clone(),
            reply_to: self.incoming.message.as_ref().map(|message| message.as_str().to_owned()),
            purpose,
            parts,
            buttons: self.cx.masked(buttons),
            attachment,
            files: Vec::new(),
            task: task.cloned(),
            inbox: Some(self.inbox),
            about: task.filter(|_| purpose == Purpose::Progress).map(|task| About::Status(task.clone())),
            not_before: None,
        })
    }

    /// Names the chat, as the tables do.
    #[must_use]
    pub fn chat(&self) -> ChatKey {
        ChatKey::of(&self.incoming.address)
    }
}

/// Tells the provider that a press was handled, and the person in one line what came of it.
pub fn answer_press(tx: &Tx<'_>, incoming: &Incoming, notice: &str) {
    if let IncomingKind::Button { press: Some(press), .. } = &incoming.kind {
        tx.sign(&incoming.address.provider, Signal::Pressed { press: press.clone(), notice: notice.to_owned() });
    }
}
