//! What a failed call says about the call: whether it left, whether it was answered, and what to do next.

use std::time::Duration;

use signalbox_adapter::http::NoAnswer;
use signalbox_adapter::{DeliverError, Form, ListenError};

use crate::refusal::{About, Refusal};

/// Wait where slow mode does not say how long.
const SLOW_MODE_WAIT: Duration = Duration::from_secs(10);

/// Tells how a call failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CallError {
    /// The request did not reach Discord.
    #[error("{0}")]
    Unsent(String),
    /// The request was written, and no complete answer came.
    #[error("{0}")]
    Unanswered(String),
    /// It was not made, since Discord said before that it would be refused.
    #[error("it has to wait for {after:?}")]
    Held {
        /// How long it has to wait.
        after: Duration,
        /// Whether everything has.
        everywhere: bool,
    },
    /// Discord said 429.
    #[error("Discord asks to wait for {after:?}")]
    Limited {
        /// How long it asks to wait.
        after: Duration,
        /// Whether everything has to.
        everywhere: bool,
    },
    /// Discord said no.
    #[error("{}", .0.words())]
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

impl CallError {
    /// Judges a failed call; `in_thread` where it went to a thread. A 5xx is no refusal, in whatever form: the server may
    /// have done what was asked for before it failed, as may one whose answer was lost.
    pub(crate) fn judged(self, effect: Effect, in_thread: bool) -> DeliverError {
        let unclear = |why| match effect {
            Effect::Shows => DeliverError::Unknown(why),
            Effect::Changes | Effect::Asks => DeliverError::Unreachable(why),
        };
        match self {
            Self::Unsent(why) => DeliverError::Unreachable(why),
            Self::Unanswered(why) => unclear(why),
            Self::Held { after, everywhere } | Self::Limited { after, everywhere } => {
                DeliverError::Wait { after, everywhere }
            }
            Self::Answered(refusal) if refusal.status >= 500 => unclear(refusal.words()),
            Self::Answered(refusal) => match refusal.about(in_thread) {
                // The token, not the message: with a new one it will be taken.
                About::Token => DeliverError::Unreachable("Discord does not know the token".to_owned()),
                About::Words if effect == Effect::Shows => DeliverError::Blocked(refusal.words()),
                About::Way => DeliverError::Unreachable(refusal.words()),
                About::Pace => {
                    let after = refusal.retry_after.and_then(|after| Duration::try_from_secs_f64(after).ok());
                    DeliverError::Wait { after: after.unwrap_or(SLOW_MODE_WAIT), everywhere: false }
                }
                // What is shown in a thread cannot be changed anywhere else.
                About::Form(Form::Thread) if effect == Effect::Changes => DeliverError::Refused(refusal.words()),
                About::Form(what) if effect != Effect::Asks => {
                    DeliverError::RefusedForm { what, words: refusal.words() }
                }
                About::Form(_) | About::Chat | About::Words => DeliverError::Refused(refusal.words()),
            },
        }
    }

    /// Tells whether Discord said no, and would say no again.
    pub(crate) fn is_refusal(&self) -> bool {
        matches!(self, Self::Answered(refusal) if refusal.status < 500) && !self.is_token()
    }

    /// Tells whether Discord does not know the token.
    pub(crate) fn is_token(&self) -> bool {
        matches!(self, Self::Answered(refusal) if refusal.about(false) == About::Token)
    }

    /// Tells whether Discord said no with this code.
    pub(crate) fn is(&self, code: u64) -> bool {
        matches!(self, Self::Answered(refusal) if refusal.code == code)
    }
}

impl From<CallError> for ListenError {
    fn from(error: CallError) -> Self {
        match error {
            error if error.is_token() => Self::Refused(
                "Discord does not know this token; the developer portal gives a new one on the page Bot".to_owned(),
            ),
            error => Self::Lost(error.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(status: u16, code: u64) -> CallError {
        let body = format!(r#"{{"message":"No","code":{code}}}"#);
        CallError::Answered(Refusal::read(status, body.as_bytes()).expect("Discord's own"))
    }

    #[test]
    fn a_server_error_is_no_refusal() {
        let judged = |effect| answered(500, 0).judged(effect, false);
        assert!(matches!(judged(Effect::Shows), DeliverError::Unknown(_)));
        assert!(matches!(judged(Effect::Changes), DeliverError::Unreachable(_)));
    }

    #[test]
    fn an_edit_in_a_thread_that_is_closed_is_refused() {
        for (status, code) in [(404, 10003), (400, 50083), (403, 160_005)] {
            let judged = |effect| answered(status, code).judged(effect, true);
            assert!(matches!(judged(Effect::Changes), DeliverError::Refused(_)), "{code}");
            assert!(matches!(judged(Effect::Shows), DeliverError::RefusedForm { what: Form::Thread, .. }), "{code}");
        }
    }

    #[test]
    fn a_lost_token_is_waited_for_and_a_slow_channel_too() {
        assert!(matches!(answered(401, 0).judged(Effect::Shows, false), DeliverError::Unreachable(_)));
        let slow = answered(400, 20016).judged(Effect::Shows, false);
        assert!(matches!(slow, DeliverError::Wait { everywhere: false, .. }));
    }
}
