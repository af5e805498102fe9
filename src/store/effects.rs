//! What a step sets in motion once it is durable.

use signalbox_adapter::{Provider, Signal};

use super::approval::Approval;
use super::delivery::Delivery;
use super::id::{SessionId, TaskId};
use super::task::Task;

/// What a write returned, and what to do now that it is durable.
#[derive(Debug)]
pub struct Written<T> {
    /// The closure's own answer.
    pub value: T,
    /// What to do now.
    pub effects: Effects,
}

/// What to do after a commit.
#[derive(Debug, Default)]
pub struct Effects {
    /// Tasks that may start; their rows are `running`.
    pub start: Vec<Task>,
    /// Running tasks to end.
    pub cancel: Vec<TaskId>,
    /// Permission requests that were answered.
    pub answered: Vec<Approval>,
    /// Running tasks whose session is allowed nothing more.
    pub revoked: Vec<TaskId>,
    /// Sessions whose agents are not to be kept between runs any longer.
    pub cooled: Vec<SessionId>,
    /// Sessions that were closed; their scratch is no longer needed.
    pub closed: Vec<SessionId>,
    /// Deliveries of a free lane, already `sending` by this process.
    pub send: Vec<Delivery>,
    /// Whether a lane may have something to claim.
    pub deliver: bool,
    /// Whether an incident is to be looked at.
    pub triage: bool,
    /// Whether a fire of a schedule is to be run.
    pub fires: bool,
    /// Whether a source is to be told of a silence, or to take one back.
    pub silences: bool,
    /// Signs to give, each with its provider.
    pub signs: Vec<(Provider, Signal)>,
    /// Whether nobody waits for the disk to have it.
    pub(super) rides_along: bool,
}

impl Effects {
    /// Adds another write's effects.
    pub fn extend(&mut self, other: Effects) {
        self.start.extend(other.start);
        self.cancel.extend(other.cancel);
        self.answered.extend(other.answered);
        self.revoked.extend(other.revoked);
        self.cooled.extend(other.cooled);
        self.closed.extend(other.closed);
        self.send.extend(other.send);
        self.deliver |= other.deliver;
        self.triage |= other.triage;
        self.fires |= other.fires;
        self.silences |= other.silences;
        self.signs.extend(other.signs);
        self.rides_along &= other.rides_along;
    }
}
