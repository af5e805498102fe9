//! What a failed call says about the call: whether it left, whether it was answered, and what to do next.

use std::time::Duration;

use serde::Deserialize;
use signalbox_adapter::{ChatId, DeliverError, ListenError};

/// Wait after a 429 that does not say how long.
const DEFAULT_WAIT: Duration = Duration::from_secs(5);

/// Longest wait that is believed; a day is how long a message is kept at all.
const MAX_WAIT: Duration = Duration::from_secs(24 * 60 * 60);

/// Tells how a call failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CallError {
    /// The request did not reach the Bot API.
    #[error("{0}")]
    Unsent(String),
    /// The request was written, and no complete answer came.
    #[error("{0}")]
    Unanswered(String),
    /// The Bot API said no.
    #[error("{}", .0.description)]
    Answered(Refusal),
}

/// The Bot API's own words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// Its error code, as in HTTP.
    pub(crate) code: u16,
    /// What it says.
    pub(crate) description: String,
    /// What else it says.
    pub(crate) parameters: Parameters,
}

/// `ResponseParameters` of the Bot API.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub(crate) struct Parameters {
    /// Seconds to wait.
    pub(crate) retry_after: Option<u64>,
    /// The chat's new id.
    pub(crate) migrate_to_chat_id: Option<i64>,
}

impl Refusal {
    /// Tells whether the words hold this phrase, in any case.
    pub(crate) fn says(&self, phrase: &str) -> bool {
        self.description.to_ascii_lowercase().contains(phrase)
    }
}

/// What a call does when it is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Shows something new: done twice, it is seen twice.
    Shows,
    /// Done twice it is the same as done once (an edit, a sign), or it only asks.
    Repeatable,
}

/// What is to be done about a failed call.
#[derive(Debug)]
pub(crate) enum Verdict {
    /// Wait this long; whom it holds up is for the caller to say.
    Wait(Duration),
    /// Anything else.
    Failed(DeliverError),
}

impl Verdict {
    /// Judges a failed call. A 5xx is no refusal, in whatever form: the server may have done what was asked for before it
    /// failed, as may one whose answer was lost.
    pub(crate) fn of(error: CallError, effect: Effect) -> Self {
        let unclear = |why| match effect {
            Effect::Shows => DeliverError::Unknown(why),
            Effect::Repeatable => DeliverError::Unreachable(why),
        };
        Self::Failed(match error {
            CallError::Unsent(why) => DeliverError::Unreachable(why),
            CallError::Unanswered(why) => unclear(why),
            CallError::Answered(refusal) => match (refusal.code, refusal.parameters.migrate_to_chat_id) {
                (500.., _) => unclear(refusal.description),
                (_, Some(to)) => DeliverError::Moved { to: ChatId::new(to.to_string()) },
                (429, None) => {
                    let after = refusal.parameters.retry_after.map_or(DEFAULT_WAIT, Duration::from_secs);
                    return Self::Wait(after.min(MAX_WAIT));
                }
                // The token, not the message: with a new one it will be taken.
                (401 | 404, None) => {
                    DeliverError::Unreachable(format!("Telegram does not know the token ({})", refusal.description))
                }
                (_, None) => DeliverError::Refused(refusal.description),
            },
        })
    }
}

impl From<CallError> for ListenError {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Unsent(why) | CallError::Unanswered(why) => Self::Lost(why),
            CallError::Answered(refusal) => match refusal.code {
                // 404 is what the server says to a token that has not the right length.
                401 | 404 => Self::Refused(format!("Telegram does not know this token ({})", refusal.description)),
                409 => Self::Contested(refusal.description),
                _ => Self::Lost(refusal.description),
            },
        }
    }
}
