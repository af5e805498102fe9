//! One message's turn: who may do what, which handler serves it, and how it is answered.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use signalbox_adapter::{Block, Button, ChatId, Document, Incoming, IncomingKind, Purpose, Signal};

use super::{Context, edit, pairing};
use crate::access;
use crate::agent::catalogue::Presence;
use crate::command::{self, Command, Misunderstood, Parsed};
use crate::config::Role;
use crate::format;
use crate::intake;
use crate::investigation;
use crate::session;
use crate::store::{InboxOutcome, NewDelivery, StoreError, TaskId, Tx, about_status};
use crate::tasks;

/// A refused stranger is answered once in this time.
const REFUSAL_EVERY: std::time::Duration = std::time::Duration::from_secs(3600);

/// One message's turn: the transaction, and all that its handler may need.
pub struct Turn<'t> {
    /// The transaction.
    pub tx: &'t Tx<'t>,
    /// What is no row.
    pub cx: &'t Context,
    /// The message.
    pub incoming: &'t Incoming,
    /// Its inbox row.
    pub inbox: i64,
    /// What the machine said of its agents.
    pub presence: &'t Presence,
    /// The text of a file that came with it, where one was wanted, or why it cannot be read.
    pub attached: Option<&'t Result<String, String>>,
    /// Chats named in it that cannot be written to, and why.
    pub unreachable: &'t BTreeMap<String, String>,
    /// What a voice note was heard to say, or why it could not be heard.
    heard: Option<&'t Heard>,
    /// Whether a press has been answered.
    pressed: Cell<bool>,
    /// What is said with the first answer.
    aside: RefCell<Aside>,
}

/// What was looked at outside of the transaction.
#[derive(Debug, Default)]
pub struct Looked {
    /// What the machine said of its agents.
    pub presence: Presence,
    /// The text of a file that came with the message, or why it cannot be read.
    pub attached: Option<Result<String, String>>,
    /// Chats named in it that cannot be written to, and why.
    pub unreachable: BTreeMap<String, String>,
}

/// What a voice note was heard to say, or why it could not be heard.
pub type Heard = Result<String, String>;

/// What is said with the first answer, before it and after it.
#[derive(Default)]
struct Aside {
    before: Vec<Block>,
    after: Vec<Block>,
}

impl<'t> Turn<'t> {
    pub(super) fn new(
        tx: &'t Tx<'t>,
        cx: &'t Context,
        incoming: &'t Incoming,
        inbox: i64,
        looked: &'t Looked,
        heard: Option<&'t Heard>,
    ) -> Self {
        let before = match heard {
            Some(Ok(words)) => vec![Block::Quote(vec![Block::text(words.clone())])],
            Some(Err(_)) | None => Vec::new(),
        };
        let aside = RefCell::new(Aside { before, after: Vec::new() });
        Self {
            tx,
            cx,
            incoming,
            inbox,
            presence: &looked.presence,
            attached: looked.attached.as_ref(),
            unreachable: &looked.unreachable,
            heard,
            pressed: Cell::default(),
            aside,
        }
    }

    /// Serves the message, and closes its inbox row.
    pub(super) fn serve(&self, parsed: &Result<Parsed, Misunderstood>) -> Result<(), StoreError> {
        let outcome = self.take(parsed)?;
        self.answer_press("");
        self.tx.close_inbound(self.inbox, outcome)
    }

    fn take(&self, parsed: &Result<Parsed, Misunderstood>) -> Result<InboxOutcome, StoreError> {
        if let IncomingKind::Moved { to } = &self.incoming.kind {
            self.tx.move_chat(&self.incoming.address, to)?;
            return Ok(InboxOutcome::Ok);
        }
        if self.incoming.sender.bot || !self.is_for_us(parsed)? {
            return Ok(InboxOutcome::Ignored);
        }
        let role = role_of(self.tx, self.cx, self.incoming)?;
        if let Some(outcome) = pairing::try_code(self, parsed, role)? {
            return Ok(outcome);
        }
        let Some(role) = role else { return self.refuse_stranger() };
        self.note_aside()?;
        if intake::voice(&self.incoming.files).is_some() {
            match self.heard {
                Some(Ok(_)) => {}
                Some(Err(why)) => return self.refuse(format::intake::not_heard(why)),
                None => return self.refuse(format::intake::no_program()),
            }
        }
        let parsed = match parsed {
            Ok(parsed) => parsed,
            Err(misunderstood) => return self.refuse(misunderstood.document()),
        };
        if let Some(need) = parsed.need()
            && !access::suffices(role, need)
        {
            return self.refuse(format::access::not_enough(role, need));
        }
        let limit_bytes = usize::try_from(self.cx.config.limits.max_prompt_bytes).unwrap_or(usize::MAX);
        if let Some(size_bytes) = parsed.prompt().map(str::len).filter(|size| *size > limit_bytes) {
            return self.refuse(format::session::long_prompt(size_bytes, limit_bytes));
        }
        if let IncomingKind::Edited(_) = &self.incoming.kind
            && let Some(outcome) = edit::take(self, parsed)?
        {
            return Ok(outcome);
        }
        match parsed {
            Parsed::Command(command) => self.command(command, role),
            Parsed::FreeText { mention, prompt, whole } => session::free_text(self, mention.as_ref(), prompt, whole),
            // Something came with it that could not be taken.
            Parsed::Nothing => self.refuse(Document::default()),
        }
    }

    /// Plain text of a group is for us where it mentions the bot, answers it, or stands in a session's thread.
    fn is_for_us(&self, parsed: &Result<Parsed, Misunderstood>) -> Result<bool, StoreError> {
        let plain = match parsed {
            Ok(Parsed::Nothing) => return Ok(self.incoming.direct && self.says_something_else()),
            Ok(Parsed::FreeText { .. }) => true,
            Err(misunderstood) => !misunderstood.command,
            Ok(Parsed::Command(_)) => false,
        };
        Ok(!plain || is_addressed(self.tx, self.incoming)?)
    }

    /// Whether there is something to answer though nothing was said.
    fn says_something_else(&self) -> bool {
        !self.incoming.not_taken.is_empty() || intake::voice(&self.incoming.files).is_some()
    }

    /// Notes what is to be said beside the answer: what was not taken, and how a group reaches the bot.
    fn note_aside(&self) -> Result<(), StoreError> {
        let mut aside = self.aside.borrow_mut();
        aside.before.extend(self.incoming.not_taken.iter().map(|why| Block::text(format!("Not taken: {why}"))));
        let asks = matches!(self.incoming.kind, IncomingKind::Text(_) | IncomingKind::Edited(_));
        if asks && !self.incoming.direct && !self.is_trusted() {
            let what = format!("group-hint:{}", self.chat());
            if self.tx.first_in(&what, std::time::Duration::MAX)? {
                aside.after.extend(format::intake::group_hint().blocks);
            }
        }
        Ok(())
    }

    fn command(&self, command: &Command, role: Role) -> Result<InboxOutcome, StoreError> {
        match command {
            Command::Session(command) => session::handle(self, command),
            Command::Investigate(wish) => investigation::start::start(self, wish.as_ref()),
            Command::Background(command) => investigation::background::handle(self, command),
            Command::Status => tasks::status(self),
            Command::Stop { all } => tasks::stop(self, *all),
            Command::Why { of } => tasks::why(self, of),
            Command::Cancel { task } => tasks::cancel(self, task),
            Command::Retry { task } => tasks::retry(self, task),
            Command::Discard { task } => tasks::discard(self, task),
            Command::Approve { request } => tasks::decide(self, request, crate::agent::event::Decision::Allow),
            Command::AllowForSession { request } => {
                tasks::decide(self, request, crate::agent::event::Decision::AllowForSession)
            }
            Command::Deny { request } => tasks::decide(self, request, crate::agent::event::Decision::Deny),
            Command::Agents => self.answer(format::agents::list(&self.cx.agents, self.presence)),
            Command::Id => {
                let paired = known(self.tx, self.cx, self.incoming)?.paired;
                self.answer(format::access::identity(self.incoming, role, paired == Some(role)))
            }
            Command::Start { .. } => self.answer(format::access::welcome()),
            Command::Help { topic } => {
                let help = topic.as_deref().and_then(command::help::detail);
                self.answer(help.unwrap_or_else(command::help::overview))
            }
        }
    }

    /// Whether who can use this transport owns this machine's user account.
    #[must_use]
    pub fn is_trusted(&self) -> bool {
        is_trusted(self.cx, self.incoming)
    }

    /// Returns the role of a message's sender.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn role_in(&self, incoming: &Incoming) -> Result<Option<Role>, StoreError> {
        role_of(self.tx, self.cx, incoming)
    }

    fn refuse_stranger(&self) -> Result<InboxOutcome, StoreError> {
        let who = format!("refusal:{}:{}", self.incoming.address.provider, self.incoming.sender.id);
        tracing::warn!(
            sender.id = %self.incoming.sender.id, chat.id = %self.incoming.address.chat,
            "refused a message of a stranger"
        );
        if self.is_press() {
            self.answer_press(&format::access::no_button(self.incoming));
        } else if self.tx.first_in(&who, REFUSAL_EVERY)? {
            self.say(format::access::stranger(self.incoming), Purpose::Result, Vec::new(), None)?;
        }
        Ok(InboxOutcome::Refused)
    }

    /// Answers a command.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn answer(&self, document: Document) -> Result<InboxOutcome, StoreError> {
        self.reply(document)?;
        Ok(InboxOutcome::Ok)
    }

    /// Answers that something cannot be done, and why.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn refuse(&self, document: Document) -> Result<InboxOutcome, StoreError> {
        self.reply(document)?;
        Ok(InboxOutcome::Refused)
    }

    /// Answers a press where it was made, if the answer is short; all else is a message.
    fn reply(&self, document: Document) -> Result<(), StoreError> {
        if self.is_press()
            && let Some(notice) = format::notice(&document)
        {
            self.answer_press(&notice);
            return Ok(());
        }
        self.say(document, Purpose::Result, Vec::new(), None)
    }

    fn is_press(&self) -> bool {
        matches!(&self.incoming.kind, IncomingKind::Button { press: Some(_), .. })
    }

    /// Answers a press, once.
    fn answer_press(&self, notice: &str) {
        if !self.pressed.replace(true) {
            answer_press(self.tx, self.incoming, notice);
        }
    }

    /// Tells the chat that asked.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn say(
        &self,
        document: Document,
        purpose: Purpose,
        buttons: Vec<Button>,
        task: Option<&TaskId>,
    ) -> Result<(), StoreError> {
        let Aside { mut before, after } = self.aside.take();
        let document = match purpose {
            // A status message changes; what is said beside it stays.
            Purpose::Progress => {
                before.extend(after);
                if !before.is_empty() {
                    self.say(Document { blocks: before }, Purpose::Result, Vec::new(), task)?;
                }
                document
            }
            Purpose::Result | Purpose::Approval | Purpose::Alert => {
                before.extend(document.blocks);
                before.extend(after);
                Document { blocks: before }
            }
        };
        let (parts, attachment) = self.cx.render(self.incoming.address.provider.as_str(), &document);
        self.tx.enqueue(&NewDelivery {
            address: self.incoming.address.clone(),
            window: self.incoming.window.clone(),
            reply_to: self.incoming.message.as_ref().map(|message| message.as_str().to_owned()),
            purpose,
            parts,
            buttons,
            attachment,
            task: task.cloned(),
            inbox: Some(self.inbox),
            about: task.filter(|_| purpose == Purpose::Progress).map(about_status),
        })
    }

    /// Names the chat, as the tables do.
    #[must_use]
    pub fn chat(&self) -> String {
        crate::store::chat(&self.incoming.address)
    }
}

fn is_trusted(cx: &Context, incoming: &Incoming) -> bool {
    cx.is_trusted(incoming.address.provider.as_str())
}

/// Looks up what the store knows of a message's sender and chat.
fn known(tx: &Tx<'_>, cx: &Context, incoming: &Incoming) -> Result<access::Known, StoreError> {
    let trusted = is_trusted(cx, incoming);
    if trusted {
        return Ok(access::Known { trusted, ..access::Known::default() });
    }
    let provider = incoming.address.provider.as_str();
    let former = tx.former_chat(&crate::store::chat(&incoming.address))?;
    Ok(access::Known {
        trusted,
        paired: tx.paired_role(provider, incoming.sender.id.as_str())?,
        former_chat: former.and_then(|chat| chat.split_once(':').map(|(_, id)| ChatId::new(id))),
    })
}

/// Returns what a message's sender may do; `None` for a stranger.
pub(super) fn role_of(tx: &Tx<'_>, cx: &Context, incoming: &Incoming) -> Result<Option<Role>, StoreError> {
    Ok(access::role_of(&cx.config.allow, incoming, &known(tx, cx, incoming)?))
}

/// Whether what is no command is meant for the bot all the same.
pub(super) fn is_addressed(tx: &Tx<'_>, incoming: &Incoming) -> Result<bool, StoreError> {
    if incoming.direct || incoming.addressed {
        return Ok(true);
    }
    if let Some(replied) = &incoming.reply_to
        && tx.session_of_message(&incoming.address, replied.as_str())?.is_some()
    {
        return Ok(true);
    }
    Ok(tx.session_of_thread(&incoming.address)?.is_some())
}

/// Tells the provider that a press was handled, and the person in one line what came of it.
pub(super) fn answer_press(tx: &Tx<'_>, incoming: &Incoming, notice: &str) {
    if let IncomingKind::Button { press: Some(press), .. } = &incoming.kind {
        tx.sign(&incoming.address.provider, Signal::Pressed { press: press.clone(), notice: notice.to_owned() });
    }
}
