//! The answering half of an adapter.

use std::time::{Duration, SystemTime};

use async_trait::async_trait;

use crate::{ChatAddress, ChatId, MessageId, Opening, Outgoing, ThreadId, UserId};

/// Delivers messages to one provider.
#[async_trait]
pub trait Deliver: Send + Sync {
    /// Makes one attempt; the outbox decides about another.
    ///
    /// # Errors
    /// The variant of [`DeliverError`] says what is known about the attempt and what to do next.
    async fn deliver(&self, message: &Outgoing) -> Result<Receipt, DeliverError>;

    /// Finds out whether the message of this key has already arrived. An adapter that has to recognise it by what it says
    /// takes no message for it that [`Tried`] tells it cannot be.
    ///
    /// # Errors
    /// As [`Deliver::deliver`]; the question itself changes nothing.
    async fn reconcile(&self, message: &Outgoing, tried: &Tried) -> Result<Reconciled, DeliverError>;

    /// Finds a message that was sent without a receipt and whose buttons are of no use any more, where the provider numbers the
    /// messages of a chat one after the other; it has no buttons then. Few messages are tried, and none but that one is changed.
    ///
    /// # Errors
    /// As [`Deliver::deliver`]; the question may be asked again.
    async fn find_lost(&self, _astray: &Astray) -> Result<Option<MessageId>, DeliverError> {
        Ok(None)
    }

    /// Opens a thread at a message, or finds the one that stands there: done twice it is the same, so that an attempt whose
    /// answer was lost is simply made again. The thread's id is the message's.
    ///
    /// Called where the adapter states [`Threads::Opened`](crate::Threads::Opened).
    ///
    /// # Errors
    /// As [`Deliver::deliver`]; a refusal is no loss: what was meant for the thread answers its message in the chat's main
    /// stream then.
    async fn open_thread(&self, _opening: &Opening) -> Result<ThreadId, DeliverError> {
        let words = "there are no threads to open here".to_owned();
        Err(DeliverError::RefusedForm { what: Form::Thread, words })
    }

    /// Gives a sign that is worth nothing later: typing, a reaction, the answer to a press. Never repeated, never stored.
    ///
    /// # Errors
    /// [`DeliverError`]; the core only logs it.
    async fn signal(&self, _signal: &Signal) -> Result<(), DeliverError> {
        Ok(())
    }

    /// How fast a chat and the provider as a whole may be written to.
    fn pace(&self, _address: &ChatAddress) -> Pace {
        Pace::UNBOUNDED
    }

    /// Returns how many calls, of all kinds, the provider has refused because there were too many (429), since this was made.
    fn too_many(&self) -> u64 {
        0
    }

    /// Asks whether a chat can be written to, without showing anything there.
    ///
    /// # Errors
    /// [`DeliverError::Refused`] with the provider's words where it cannot; as [`Deliver::deliver`] where nobody knows.
    async fn can_post(&self, _address: &ChatAddress) -> Result<(), DeliverError> {
        Ok(())
    }

    /// Names the person whose direct chat with the bot this is, where the chat's id itself says so.
    fn whose(&self, _chat: &ChatId) -> Option<UserId> {
        None
    }

    /// Names what the bot lacks in a chat for what is watched and told there, in words that say what to do; `None` where it lacks
    /// nothing, and where the provider does not tell. Nothing is shown there.
    ///
    /// # Errors
    /// [`DeliverError::Refused`] with the provider's words where the bot may not even ask; as [`Deliver::deliver`] where nobody
    /// knows.
    async fn lacks(&self, _address: &ChatAddress) -> Result<Option<String>, DeliverError> {
        Ok(None)
    }

    /// Asks the provider who we are.
    ///
    /// # Errors
    /// [`DeliverError::Refused`] for bad credentials, [`DeliverError::Unreachable`] without a connection.
    async fn check(&self) -> Result<Identity, DeliverError>;
}

/// A sign that is worth nothing later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Signal {
    /// An agent works for this chat; to be given again while it does.
    Working(ChatAddress),
    /// A message was taken.
    Taken {
        /// Where.
        address: ChatAddress,
        /// Which.
        message: MessageId,
    },
    /// What a message asked for has ended.
    Ended {
        /// Where.
        address: ChatAddress,
        /// Which.
        message: MessageId,
        /// Whether it went well.
        ok: bool,
    },
    /// A press of a button was handled.
    Pressed {
        /// The provider's id of the press.
        press: String,
        /// What the person is shown, one line.
        notice: String,
    },
}

/// How fast messages may follow each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// Least time between two messages to one chat, on average.
    pub chat_interval: Duration,
    /// Messages to one chat that may come at once.
    pub chat_burst: u32,
    /// Least time between two messages in all, on average.
    pub overall_interval: Duration,
    /// Messages in all that may come at once.
    pub overall_burst: u32,
    /// Least time between two edits of one status message; `None` where messages cannot be edited.
    pub edit_interval: Option<Duration>,
    /// What the provider counts apart from new messages.
    pub apart: Apart,
}

/// What a provider counts apart: each has an allowance of its own, as large as that of a chat's messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Apart {
    /// Nothing: whatever goes to a chat is counted together.
    Nothing,
    /// Changes of messages, openings of threads, and each thread.
    KindsAndThreads,
}

impl Pace {
    /// As fast as can be, and without edits.
    pub const UNBOUNDED: Self = Self {
        chat_interval: Duration::ZERO,
        chat_burst: 1,
        overall_interval: Duration::ZERO,
        overall_burst: 1,
        edit_interval: None,
        apart: Apart::Nothing,
    };
}

/// A provider's word that a message has arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// The provider's id of the message.
    pub message: MessageId,
    /// The thread that it began, in a chat whose main stream takes no messages but each begins one (a forum): the further
    /// parts of what was sent go there. Its id is the message's.
    pub begun: Option<ThreadId>,
}

impl Receipt {
    /// A message that is shown where it was sent to.
    #[must_use]
    pub fn of(message: MessageId) -> Self {
        Self { message, begun: None }
    }
}

/// What the core knows of a message of which an attempt had no clear answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tried {
    /// When it was written, by the core's clock, which may differ from the provider's: no attempt is older.
    pub written: SystemTime,
    /// How long ago that was, by the same clock, which goes on while the machine sleeps.
    pub age: Duration,
    /// Messages that the chat is known to show for other deliveries, the newest first: it is none of these.
    pub others: Vec<MessageId>,
}

impl Tried {
    /// A message that was just written, no earlier than then, in a chat that shows nothing else that is known of.
    #[must_use]
    pub fn at(written: SystemTime) -> Self {
        Self { written, age: Duration::ZERO, others: Vec::new() }
    }
}

/// What the core knows of where a message without a receipt is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Astray {
    /// The chat.
    pub address: ChatAddress,
    /// The message that it answers.
    pub after: MessageId,
    /// A message that was sent once it was no longer sent.
    pub before: MessageId,
    /// Messages that the chat is known to show: it is none of these.
    pub others: Vec<MessageId>,
}

/// What is known of an earlier attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reconciled {
    /// It arrived.
    Delivered(Receipt),
    /// It did not; sending again repeats nothing.
    Absent,
    /// The provider gives no way to tell.
    Unknowable,
}

/// Who the provider takes us for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The bot's id.
    pub id: String,
    /// The bot's name.
    pub name: String,
}

/// Tells why a delivery failed, by what to do next.
#[derive(Debug, thiserror::Error)]
pub enum DeliverError {
    /// Surely not accepted; the provider asks to wait this long.
    #[error("the provider asks to wait {}", humane(*.after))]
    Wait {
        /// How long.
        after: Duration,
        /// Whether all chats have to wait, or only this one.
        everywhere: bool,
    },
    /// Surely not accepted: the chat has another id now.
    #[error("the chat is now {}", .to.as_str())]
    Moved {
        /// Its new id.
        to: ChatId,
    },
    /// Surely not accepted; the provider could not be reached. Retry later.
    #[error("could not be reached: {0}")]
    Unreachable(String),
    /// Surely not accepted, and never will be. Carries the provider's words.
    #[error("refused: {0}")]
    Refused(String),
    /// Surely not accepted, for what it says: a rule of the chat's own forbids that, while the chat takes other messages.
    /// Carries the provider's words.
    #[error("not allowed there: {0}")]
    Blocked(String),
    /// Surely not accepted as it is, though the chat may take it in another form: what was refused of it is left out, and it
    /// is sent once more. Carries the provider's words.
    #[error("refused in this form: {words}")]
    RefusedForm {
        /// What of it.
        what: Form,
        /// The provider's words.
        words: String,
    },
    /// Sent, and no clear answer came: it may have arrived. Also every server error to a call that shows something new,
    /// whatever its words: a server may fail after it has done what it was asked for.
    #[error("it may have arrived: {0}")]
    Unknown(String),
}

/// What of a message a provider may refuse while it takes messages for the chat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Form {
    /// How the text is written: its formatting, links, blocks or length; and whatever nobody has heard of before. The text
    /// goes in the plainest form then ([`Outgoing::plain`]).
    Text,
    /// The buttons below it.
    Buttons,
    /// The file that goes with it.
    File,
    /// The message it answers is gone, or cannot be answered.
    Reply,
    /// The thread it goes to is gone or closed: it goes to the chat's main stream then, and what follows in that thread too.
    Thread,
    /// The window it is for is gone: it goes to the chat then.
    Window,
}

fn humane(wait: Duration) -> String {
    format!("{:.1} s", wait.as_secs_f64())
}
