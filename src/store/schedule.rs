//! A schedule and its fires, as values.

use std::collections::BTreeMap;
use std::ops::Deref;
use std::time::Duration;

use signalbox_adapter::{ChatAddress, MessageId};

use super::chat::ChatKey;
use super::delivery::State as DeliveryState;
use super::id::{FireId, ScheduleId};
use crate::clock::Timestamp;
use crate::plan::{CatchUp, DigestKind, Plan};

/// A schedule to be.
#[derive(Debug, Clone, PartialEq)]
pub struct NewSchedule {
    /// What it is called.
    pub name: String,
    /// What it delivers.
    pub kind: DigestKind,
    /// When.
    pub plan: Plan,
    /// Where to; never empty.
    pub targets: Vec<ChatAddress>,
    /// How far it looks back.
    pub span: Duration,
    /// What is done about missed fires.
    pub catch_up: CatchUp,
    /// Whether nothing is said where there is nothing to say.
    pub quiet: bool,
    /// Whether each fire has a thread of its own, where chats have threads at messages.
    pub new_thread: bool,
    /// The agent that adds to it or works for it; `None` for none, or for the default where one is needed.
    pub agent: Option<String>,
    /// What else it is told, by name.
    pub params: BTreeMap<String, String>,
    /// The chat that it tells of; `None` for all of this machine's.
    pub scope: Option<ChatKey>,
    /// User id of who made it.
    pub created_by: String,
}

/// A schedule: what it was made as, and how it stands. Its settings are read as its own.
#[derive(Debug, Clone, PartialEq)]
pub struct Schedule {
    /// Number.
    pub id: ScheduleId,
    /// What it was made as.
    pub made: NewSchedule,
    /// Whether it rests.
    pub paused: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// What became of fires up to here is decided.
    pub planned_to: Timestamp,
    /// The next fire after that; `None` while it rests.
    pub next_at: Option<Timestamp>,
    /// When it was made, or resumed: whether it is heard of counts from here.
    pub since: Timestamp,
}

impl Deref for Schedule {
    type Target = NewSchedule;

    fn deref(&self) -> &NewSchedule {
        &self.made
    }
}

/// Why a fire is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FireCause {
    /// Its time has come.
    Planned,
    /// It was missed, and is caught up with.
    CaughtUp,
    /// Somebody asked for it.
    Asked,
}

/// How a fire stands. What became of its messages is told by their deliveries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FireState {
    /// It is being run.
    Claimed,
    /// What it delivers was written.
    Done,
    /// There was nothing to say.
    Quiet,
    /// It failed.
    Failed,
    /// It was not run, since nothing ran at its time.
    Missed,
}

/// One scheduled instant of a schedule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fire {
    /// Number.
    pub id: FireId,
    /// Its schedule.
    pub schedule: ScheduleId,
    /// The instant.
    pub at: Timestamp,
    /// Why it is run.
    pub cause: FireCause,
    /// How it stands.
    pub state: FireState,
    /// When it was claimed.
    pub started_at: Timestamp,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// Why it failed.
    pub error: Option<String>,
    /// Of a missed one: how many it stands for.
    pub missed: usize,
    /// Raised by whoever takes it to run it: what a former holder does is refused.
    pub token: i64,
}

/// A fire with what became of it at each of its targets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToldFire {
    /// The fire.
    pub fire: Fire,
    /// What became of it, a target each.
    pub outcomes: Vec<FireOutcome>,
}

/// What became of a fire at one of its targets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FireOutcome {
    /// The target.
    pub address: ChatAddress,
    /// How its message stands; of several, the worst.
    pub state: DeliveryState,
    /// The provider's ids of its messages that have arrived.
    pub messages: Vec<MessageId>,
    /// Why it has not arrived.
    pub error: Option<String>,
    /// When its message was written.
    pub since: Timestamp,
    /// When what waits is tried next; `None` where nothing waits for an hour.
    pub next_try: Option<Timestamp>,
    /// The key of its first message that was given up.
    pub lost: Option<String>,
}

impl FireOutcome {
    /// Whether its message waits in a chat of this name and nothing has gone wrong with it: that of terminals shows it when
    /// the next one is open.
    #[must_use]
    pub fn waits_in(&self, chat: &str) -> bool {
        self.state == DeliveryState::Pending && self.address.to_string() == chat
    }
}

impl FireCause {
    const ALL: [Self; 3] = [Self::Planned, Self::CaughtUp, Self::Asked];

    /// Returns the word shown to people and stored.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::CaughtUp => "caught-up",
            Self::Asked => "asked",
        }
    }

    pub(super) fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|cause| cause.as_str() == word)
    }
}

impl FireState {
    const ALL: [Self; 5] = [Self::Claimed, Self::Done, Self::Quiet, Self::Failed, Self::Missed];

    /// Returns the word shown to people and stored.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Claimed => "claimed",
            Self::Done => "done",
            Self::Quiet => "quiet",
            Self::Failed => "failed",
            Self::Missed => "missed",
        }
    }

    pub(super) fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }
}
