//! Where an incident stands, and what each event makes of it: one total function.

use serde::{Deserialize, Serialize};

/// Where an incident stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum IncidentState {
    /// An alert of it fires, and nobody has taken it.
    Firing,
    /// Somebody has taken it.
    Acknowledged,
    /// It fires, and nobody is to be told for a while.
    Silenced,
    /// It is over.
    Resolved,
}

impl IncidentState {
    /// Every state.
    pub const ALL: [Self; 4] = [Self::Firing, Self::Acknowledged, Self::Silenced, Self::Resolved];

    /// Returns the word shown to people and stored.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Firing => "firing",
            Self::Acknowledged => "acknowledged",
            Self::Silenced => "silenced",
            Self::Resolved => "resolved",
        }
    }

    /// Reads the word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }

    /// Whether it is not over.
    #[must_use]
    pub fn is_open(self) -> bool {
        self != Self::Resolved
    }
}

/// What happens to an incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IncidentEvent {
    /// An alert fires that did not before.
    Fired,
    /// The source says that no alert of it fires any more.
    Cleared,
    /// A person takes it.
    Acked,
    /// Its source says that nobody has it any more.
    Unacked,
    /// A person gives it to somebody.
    Assigned,
    /// A person wants quiet about it for a while.
    Silenced,
    /// That while is over, or a person ends it.
    SilenceEnded,
    /// A person says that it is over.
    Resolved,
    /// A person says that it is not over.
    Reopened,
    /// An investigation of it begins.
    Investigated,
}

impl IncidentEvent {
    /// Every event.
    pub const ALL: [Self; 10] = [
        Self::Fired,
        Self::Cleared,
        Self::Acked,
        Self::Unacked,
        Self::Assigned,
        Self::Silenced,
        Self::SilenceEnded,
        Self::Resolved,
        Self::Reopened,
        Self::Investigated,
    ];

    /// Returns the word that is stored.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Fired => "fired",
            Self::Cleared => "cleared",
            Self::Acked => "acked",
            Self::Unacked => "unacked",
            Self::Assigned => "assigned",
            Self::Silenced => "silenced",
            Self::SilenceEnded => "silence_ended",
            Self::Resolved => "resolved",
            Self::Reopened => "reopened",
            Self::Investigated => "investigated",
        }
    }

    /// Reads the word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|event| event.as_str() == word)
    }

    /// Whether it is a source's doing, or the clock's, and not a person's.
    #[must_use]
    pub fn happens_by_itself(self) -> bool {
        matches!(self, Self::Fired | Self::Cleared | Self::Unacked | Self::SilenceEnded)
    }
}

/// Why an event changes nothing, for the person who wanted it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It is over; only reopening makes sense.
    #[error("it is resolved; reopen it first")]
    IsResolved,
    /// Somebody has taken it already.
    #[error("it is acknowledged already")]
    IsAcknowledged,
    /// Nobody is told of it as it is.
    #[error("it is silenced; end the silence first")]
    IsSilenced,
    /// It is not over.
    #[error("it is open already")]
    IsOpen,
}

/// Returns the state that an event leads to; `is_acked` says whether somebody has acknowledged it and nobody has taken that back.
///
/// What a source or the clock says is never refused: what it does not change it leaves. An alert that fires makes a
/// resolved incident fire again and leaves every other as it is, also a silenced one. What was acknowledged before it was
/// silenced is so again when the silence is over. A person may acknowledge what
/// fires, assign and silence what is open (a second silence takes the place of the first), resolve what is open, and
/// reopen what is resolved or silenced.
///
/// # Errors
/// [`Refused`], for what a person wants that makes no sense in this state.
pub fn moved(state: IncidentState, is_acked: bool, event: IncidentEvent) -> Result<IncidentState, Refused> {
    use IncidentState::{Acknowledged, Firing, Resolved, Silenced};
    match (event, state) {
        (IncidentEvent::SilenceEnded | IncidentEvent::Reopened, Silenced) if is_acked => Ok(Acknowledged),
        (IncidentEvent::Fired, Resolved) | (IncidentEvent::SilenceEnded, Silenced) => Ok(Firing),
        (IncidentEvent::Fired, Firing | Acknowledged | Silenced)
        | (IncidentEvent::SilenceEnded, Firing | Acknowledged | Resolved) => Ok(state),
        (IncidentEvent::Cleared, _) => Ok(Resolved),
        (IncidentEvent::Unacked, Acknowledged) => Ok(Firing),
        (IncidentEvent::Unacked, Firing | Silenced | Resolved) => Ok(state),
        (IncidentEvent::Acked, Firing) => Ok(Acknowledged),
        (IncidentEvent::Acked, Acknowledged) => Err(Refused::IsAcknowledged),
        (IncidentEvent::Acked, Silenced) => Err(Refused::IsSilenced),
        (IncidentEvent::Assigned, Firing | Acknowledged | Silenced) => Ok(state),
        (IncidentEvent::Silenced, Firing | Acknowledged | Silenced) => Ok(Silenced),
        (IncidentEvent::Resolved, Firing | Acknowledged | Silenced) => Ok(Resolved),
        (
            IncidentEvent::Acked | IncidentEvent::Assigned | IncidentEvent::Silenced | IncidentEvent::Resolved,
            Resolved,
        ) => Err(Refused::IsResolved),
        (IncidentEvent::Reopened, Resolved | Silenced) => Ok(Firing),
        (IncidentEvent::Reopened, Firing | Acknowledged) => Err(Refused::IsOpen),
        (IncidentEvent::Investigated, _) => Ok(state),
    }
}
