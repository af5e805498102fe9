//! What a failed call says about the call: whether it left, whether it was answered, and what to do next.

use std::time::Duration;

use signalbox_adapter::http::NoAnswer;
use signalbox_adapter::{ChatId, DeliverError, ListenError};

use crate::refusal::Refusal;

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

impl From<NoAnswer> for CallError {
    fn from(none: NoAnswer) -> Self {
        match none {
            NoAnswer::Unsent(why) => Self::Unsent(why),
            NoAnswer::Unanswered(why) => Self::Unanswered(why),
        }
    }
}

/// What a call does when it is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Shows something new: done twice, it is seen twice.
    Shows,
    /// Changes what is shown: done twice, it is the same as done once.
    Changes,
    /// Gives a sign or only asks: nothing of it can be left out, and done twice it is the same as done once.
    Asks,
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
            Effect::Changes | Effect::Asks => DeliverError::Unreachable(why),
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
                (_, None) => match refusal.form().filter(|_| effect != Effect::Asks) {
                    Some(what) => DeliverError::RefusedForm { what, words: refusal.description },
                    None => DeliverError::Refused(refusal.description),
                },
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
