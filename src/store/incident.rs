//! An incident as it is stored, and what is done to one.

use std::collections::BTreeMap;
use std::time::Duration;

use signalbox_adapter::{ChatAddress, DeliveryKey};

use super::id::{IncidentId, SessionId, TaskId};
use crate::alert::{Alert, Severity};
use crate::clock::Timestamp;
use crate::incident::{IncidentEvent, IncidentState};

/// An incident.
#[derive(Debug, Clone, PartialEq)]
pub struct Incident {
    /// Row id, as people type it.
    pub id: IncidentId,
    /// Where its card is shown.
    pub address: ChatAddress,
    /// By which door it came: `hook:<id>` or `post:<sender>`.
    pub origin: String,
    /// The labels of its group.
    pub labels: BTreeMap<String, String>,
    /// The labels that all its alerts have had so far; `None` where nobody knows.
    pub common: Option<BTreeMap<String, String>>,
    /// Its first alert.
    pub alert: Alert,
    /// How bad the worst alert is that fires, or that fired last.
    pub severity: Severity,
    /// Where it stands.
    pub state: IncidentState,
    /// Who has it.
    pub owner: Option<String>,
    /// Who has acknowledged it, as long as it is open; a silence changes nothing about that.
    pub acked_by: Option<String>,
    /// Alerts of it, each counted once.
    pub alerts: u32,
    /// How many of them fire.
    pub firing: u32,
    /// Firings in all.
    pub times: u32,
    /// Alerts that fire and are not known by name: left out by their sender, or more than is read of a message.
    pub left_out: u32,
    /// How many of those came, and are more than is read of a message.
    pub unread: u32,
    /// When it was first heard of.
    pub created_at: Timestamp,
    /// When its first alert began to fire.
    pub starts_at: Timestamp,
    /// When an alert of it was last heard of.
    pub last_seen_at: Timestamp,
    /// When it was over.
    pub resolved_at: Option<Timestamp>,
    /// Until when nobody is told.
    pub silenced_until: Option<Timestamp>,
    /// Whether it is too mild for a card of its own.
    pub folded: bool,
    /// When it is to be looked at.
    pub due_at: Option<Timestamp>,
    /// The delivery that shows it.
    pub card: Option<DeliveryKey>,
    /// When that was written.
    pub carded_at: Option<Timestamp>,
    /// When that was last changed.
    pub edited_at: Option<Timestamp>,
    /// Whether that cannot be changed any more.
    pub card_lost: bool,
    /// When its thread last heard of what happens by itself.
    pub told_at: Timestamp,
    /// Whether an investigation of it is to begin by itself; `None` as long as that is not decided.
    pub wanted: Option<bool>,
    /// The session of its newest investigation.
    pub session: Option<SessionId>,
    /// The task of its newest investigation.
    pub task: Option<TaskId>,
    /// The card at which its thread stands: the first, as long as that was shown.
    pub root: Option<DeliveryKey>,
}

/// Where the card of an incident stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CardStanding {
    /// There is none yet.
    None,
    /// It waits to be sent, or is shown, and can be changed.
    Alive,
    /// It is a dead letter, or one that was dropped.
    Unsent,
    /// It is shown and can be changed no more.
    Frozen,
}

/// How far the buttons of a card are taken away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spent {
    /// How often that was tried.
    pub tries: u32,
    /// When it was last tried.
    pub tried_at: Option<Timestamp>,
    /// Whether they are gone, or it is being tried.
    pub is_done: bool,
}

/// What is done to an incident.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IncidentChange<'a> {
    /// What.
    pub event: IncidentEvent,
    /// The user id of who does it, and how people call them; `None` for what happens by itself.
    pub by: Option<(&'a str, &'a str)>,
    /// Whom it is given to, where it is assigned.
    pub owner: Option<&'a str>,
    /// For how long it is silenced.
    pub silence: Option<Duration>,
    /// For how long nothing was heard of it, where it is over for that.
    pub unheard: Option<Duration>,
}

impl<'a> IncidentChange<'a> {
    /// What happens by itself.
    #[must_use]
    pub fn by_itself(event: IncidentEvent) -> Self {
        Self { event, by: None, owner: None, silence: None, unheard: None }
    }

    /// What somebody does; `who` is their user id, `name` how people call them.
    #[must_use]
    pub fn by(event: IncidentEvent, who: &'a str, name: &'a str) -> Self {
        Self { event, by: Some((who, name)), owner: None, silence: None, unheard: None }
    }
}

/// One line of an incident's history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IncidentEntry {
    /// When.
    pub at: Timestamp,
    /// What.
    pub event: IncidentEvent,
    /// How people call who did it; `None` for what happened by itself.
    pub name: Option<String>,
    /// Whether it was done at the incident's source, and not here.
    pub at_source: bool,
    /// What more there is to say, such as whom it was given to.
    pub detail: String,
    /// Whether it is the first time that it fires.
    pub first: bool,
}
