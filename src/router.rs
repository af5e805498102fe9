//! The router: an inbound message becomes one durable step.
//!
//! Outside the transaction: parse (pure), and look at what only the machine can tell (installed agents). Inside it:
//! check rights, decide, write the rows and the answer. [`Turn`] is what every handler gets.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use signalbox_adapter::{Attachment, Block, Button, Document, Incoming, IncomingKind, Part, Purpose, Render, Signal};

use crate::access;
use crate::agent::catalogue::{Catalogue, Presence};
use crate::command::{self, Command, Misunderstood, Parsed, SessionCommand};
use crate::config::{Config, Role};
use crate::format;
use crate::session;
use crate::store::{InboxOutcome, NewDelivery, OpenInbound, StoreError, Task, TaskId, Tx, about_status};
use crate::tasks;

/// A refused stranger is answered once in this time.
const REFUSAL_EVERY: std::time::Duration = std::time::Duration::from_secs(3600);

/// What the core knows of a transport; all that differs between providers is data here.
#[derive(Clone)]
pub struct Transport {
    /// Renders for it.
    pub render: Arc<dyn Render>,
    /// Whether who can use it owns this machine's user account, and so is admin.
    pub trusted: bool,
    /// Whether a message can be changed after it was sent.
    pub edits: bool,
    /// The bot's name there, for `/command@name`; known once the provider has told it.
    pub bot_name: Arc<OnceLock<String>>,
}

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
}

/// Routes inbound messages.
#[derive(Clone)]
pub struct Router {
    context: Arc<Context>,
}

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
    /// Whether a press has been answered.
    pressed: Cell<bool>,
}

impl Router {
    /// Makes a router.
    #[must_use]
    pub fn new(context: Context) -> Self {
        Self { context: Arc::new(context) }
    }

    /// Returns what the handlers know.
    #[must_use]
    pub fn context(&self) -> &Context {
        &self.context
    }

    /// Makes the step that accepts and routes a new message; a copy of a known one changes nothing.
    pub async fn step(
        &self,
        incoming: Incoming,
    ) -> impl FnMut(&Tx<'_>) -> Result<(), StoreError> + Send + 'static + use<> {
        let ready = self.prepare(incoming).await;
        move |tx| match tx.accept(&ready.incoming)? {
            Some(inbox) => ready.route(tx, inbox),
            None => {
                // A press that comes again is still to be answered, or its button spins.
                answer_press(tx, &ready.incoming, "");
                Ok(())
            }
        }
    }

    /// Makes the step that routes a message which another process has accepted.
    pub async fn step_open(
        &self,
        inbound: OpenInbound,
    ) -> impl FnMut(&Tx<'_>) -> Result<(), StoreError> + Send + 'static + use<> {
        let ready = self.prepare(inbound.incoming).await;
        move |tx| if tx.is_open(inbound.id)? { ready.route(tx, inbound.id) } else { Ok(()) }
    }

    async fn prepare(&self, incoming: Incoming) -> Ready {
        let transport = self.context.transports.get(incoming.address.provider.as_str());
        let bot_name = transport.and_then(|transport| transport.bot_name.get()).map(String::as_str);
        let parsed = match &incoming.kind {
            IncomingKind::Text(text) | IncomingKind::Edited(text) => command::parse(text, bot_name),
            // A button carries a command without its slash.
            IncomingKind::Button { action, .. } => command::parse(&format!("/{action}"), None),
        };
        let presence = match &parsed {
            Ok(Parsed::Command(Command::Agents)) => self.context.agents.look_closely().await,
            Ok(Parsed::Command(Command::Session(SessionCommand::Start(_))) | Parsed::FreeText { .. }) => {
                self.context.agents.look()
            }
            Ok(Parsed::Command(_) | Parsed::Nothing) | Err(_) => Presence::default(),
        };
        Ready { context: Arc::clone(&self.context), incoming, parsed, presence }
    }
}

/// A message that is ready for its transaction.
struct Ready {
    context: Arc<Context>,
    incoming: Incoming,
    parsed: Result<Parsed, Misunderstood>,
    presence: Presence,
}

impl Ready {
    fn route(&self, tx: &Tx<'_>, inbox: i64) -> Result<(), StoreError> {
        let turn = Turn {
            tx,
            cx: &self.context,
            incoming: &self.incoming,
            inbox,
            presence: &self.presence,
            pressed: Cell::default(),
        };
        let outcome = turn.take(&self.parsed)?;
        turn.answer_press("");
        tx.close_inbound(inbox, outcome)
    }
}

impl Turn<'_> {
    fn take(&self, parsed: &Result<Parsed, Misunderstood>) -> Result<InboxOutcome, StoreError> {
        if self.incoming.sender.bot {
            return Ok(InboxOutcome::Ignored);
        }
        if matches!(parsed, Ok(Parsed::Nothing)) || !self.is_for_us(parsed) {
            return Ok(InboxOutcome::Ignored);
        }
        let Some(role) = access::role_of(&self.cx.config.allow, self.incoming, self.is_trusted()) else {
            return self.refuse_stranger();
        };
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
        match parsed {
            Parsed::Command(command) => self.command(command, role),
            Parsed::FreeText { mention, prompt, whole } => session::free_text(self, mention.as_ref(), prompt, whole),
            Parsed::Nothing => Ok(InboxOutcome::Ignored),
        }
    }

    /// Plain text in a group is for us only as a reply to one of our messages.
    fn is_for_us(&self, parsed: &Result<Parsed, Misunderstood>) -> bool {
        match parsed {
            Ok(Parsed::FreeText { .. }) => self.incoming.direct || self.incoming.reply_to.is_some(),
            Err(misunderstood) => self.incoming.direct || misunderstood.command,
            Ok(Parsed::Command(_) | Parsed::Nothing) => true,
        }
    }

    fn command(&self, command: &Command, role: Role) -> Result<InboxOutcome, StoreError> {
        match command {
            Command::Session(command) => session::handle(self, command),
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
            Command::Id => self.answer(format::access::identity(self.incoming, role)),
            Command::Help { topic } => {
                let help = topic.as_deref().and_then(command::help::detail);
                self.answer(help.unwrap_or_else(command::help::overview))
            }
        }
    }

    fn is_trusted(&self) -> bool {
        self.cx.transports.get(self.incoming.address.provider.as_str()).is_some_and(|transport| transport.trusted)
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
        if let Some(notice) = format::notice(&document).filter(|_| self.is_press()) {
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

/// Tells the provider that a press was handled, and the person in one line what came of it.
fn answer_press(tx: &Tx<'_>, incoming: &Incoming, notice: &str) {
    if let IncomingKind::Button { press: Some(press), .. } = &incoming.kind {
        tx.sign(&incoming.address.provider, Signal::Pressed { press: press.clone(), notice: notice.to_owned() });
    }
}

impl Context {
    /// Renders a document for a provider, and what does not fit as a file; one that is not configured gets bare text.
    #[must_use]
    pub fn render(&self, provider: &str, document: &Document) -> (Vec<Part>, Option<Attachment>) {
        let Some(transport) = self.transports.get(provider) else {
            return (vec![Part { body: document.to_markdown() }], None);
        };
        let max_parts = usize::try_from(self.config.render.max_parts).unwrap_or(usize::MAX);
        let rendered = transport.render.render(document, max_parts);
        let attachment = rendered.rest.map(|text| Attachment {
            file_name: "answer.md".into(),
            media_type: "text/markdown".into(),
            text,
        });
        (rendered.parts, attachment)
    }

    /// Whether messages of a provider can be changed after they were sent.
    #[must_use]
    pub fn can_edit(&self, provider: &str) -> bool {
        self.transports.get(provider).is_some_and(|transport| transport.edits)
    }

    /// Makes the delivery that tells a task's chat something of it.
    #[must_use]
    pub fn tell(&self, task: &Task, document: &Document, purpose: Purpose, buttons: Vec<Button>) -> NewDelivery {
        let (parts, attachment) = self.render(task.address.provider.as_str(), document);
        NewDelivery {
            address: task.address.clone(),
            window: task.window.clone(),
            reply_to: task.reply_to.clone(),
            purpose,
            parts,
            buttons,
            attachment,
            task: Some(task.id.clone()),
            inbox: task.inbox,
            about: None,
        }
    }
}

/// Makes a document of one line with `code` spans marked by backquotes.
#[must_use]
pub fn line(text: &str) -> Document {
    Document { blocks: vec![Block::Paragraph(format::marked(text))] }
}

#[cfg(test)]
mod tests {
    use signalbox_adapter::{Limits, PlainMeasure, Rendered, TextUnit, split};

    use super::*;
    use crate::config::Agents;

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
        let narrow = Transport { render: Arc::new(Narrow), trusted: false, edits: false, bot_name: Arc::default() };
        let mut context = Context {
            config: Config::default(),
            agents: Catalogue::new(Agents::default(), BTreeMap::new()),
            transports: BTreeMap::from([("narrow".to_owned(), narrow)]),
            state: PathBuf::new(),
        };
        context.config.render.max_parts = 2;
        let (parts, attachment) = context.render("narrow", &Document::text("word ".repeat(100) + "end"));
        assert_eq!(parts.len(), 2);
        assert!(parts[1].body.ends_with("(2/2)"), "{parts:?}");
        let attachment = attachment.expect("there is more");
        assert_eq!((attachment.file_name.as_str(), attachment.media_type.as_str()), ("answer.md", "text/markdown"));
        assert!(attachment.text.ends_with("word end"), "{}", attachment.text);
        let (parts, attachment) = context.render("narrow", &Document::text("short"));
        assert_eq!((parts.len(), attachment), (1, None));
    }
}
