//! What to do about the outcome of an attempt, pure.
//!
//! What was surely not accepted is tried again, silently, in a series that doubles; what may have been accepted is asked
//! about first, or sent again and marked, in the same series: an unclear answer is never the end. What is refused for good,
//! and what has become too old, goes to the dead-letter list.

use std::time::Duration;

use signalbox_adapter::{ChatId, DeliverError, Form, Receipt};

use crate::clock::Backoff;
use crate::health::Sent;

/// Waits of the retry series.
const AGAIN: Backoff = Backoff { first: Duration::from_millis(500), longest: Duration::from_secs(300) };

/// Waits where a repeat is shown beside the first, for good: whoever took it first has time to say so.
const LETTER_AGAIN: Backoff = Backoff { first: Duration::from_secs(30), longest: Duration::from_secs(300) };

/// What came of an attempt.
#[derive(Debug)]
pub(super) enum Outcome {
    /// It arrived.
    Delivered(Receipt),
    /// It may have arrived, and something newer takes its place.
    Superseded,
    /// It did not, or nobody knows.
    Failed(DeliverError),
    /// The question whether an earlier attempt arrived could not be answered.
    Unreconciled(DeliverError),
}

/// What is done about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Next {
    /// Store the receipt.
    Delivered(Receipt),
    /// Let it be.
    Superseded,
    /// Let it be: the message cannot be changed any more.
    EditRefused,
    /// Let it be: there will be no thread. Carries the provider's words.
    Unopened(String),
    /// Send again: it surely did not arrive.
    Later {
        /// After this long.
        after: Duration,
        /// Why.
        error: String,
    },
    /// Ask, or send again and mark: it may have arrived.
    Unsure {
        /// After this long.
        after: Duration,
        /// Why.
        error: String,
    },
    /// Send again at once, without what was refused.
    Plainer {
        /// What is left out.
        without: Form,
        /// The provider's words.
        error: String,
    },
    /// Send again to the chat's new id.
    Moved(ChatId),
    /// Dead letter, for what it says; the chat is told so. Carries the provider's words.
    Blocked(String),
    /// Dead letter.
    GiveUp {
        /// The provider's words.
        error: String,
        /// Whether the chat is told; one that takes no messages cannot be.
        told: bool,
    },
}

impl Next {
    /// Returns what an attempt counts as of which this comes.
    pub(super) fn counted(&self) -> Sent {
        match self {
            Self::Delivered(_) | Self::Superseded => Sent::Taken,
            Self::Later { .. } | Self::Moved(_) => Sent::Later,
            Self::Unsure { .. } => Sent::Unclear,
            Self::Plainer { .. } => Sent::Plainer,
            Self::EditRefused | Self::Unopened(_) | Self::Blocked(_) | Self::GiveUp { .. } => Sent::GivenUp,
        }
    }
}

/// What is known of a delivery.
pub(super) struct History {
    /// Attempts so far.
    pub(super) attempts: u32,
    /// How long ago it was written.
    pub(super) age: Duration,
    /// How long it is worth delivering; `None` for ever.
    pub(super) max_age: Option<Duration>,
    /// A random number, for jitter.
    pub(super) chance: u64,
    /// Whether it is a letter.
    pub(super) is_letter: bool,
    /// What may still be left out of it.
    pub(super) spare: Vec<Form>,
}

pub(super) fn decide(outcome: &Outcome, history: &History) -> Next {
    let (error, unsure) = match outcome {
        Outcome::Delivered(receipt) => return Next::Delivered(receipt.clone()),
        Outcome::Superseded => return Next::Superseded,
        Outcome::Failed(DeliverError::Moved { to }) => return Next::Moved(to.clone()),
        Outcome::Failed(DeliverError::Refused(words)) => return Next::GiveUp { error: words.clone(), told: false },
        Outcome::Failed(DeliverError::Blocked(words)) => return Next::Blocked(words.clone()),
        Outcome::Failed(DeliverError::RefusedForm { what, words }) => return plainer(*what, words, &history.spare),
        Outcome::Failed(error @ DeliverError::Unknown(_)) | Outcome::Unreconciled(error) => (error, true),
        Outcome::Failed(error @ (DeliverError::Wait { .. } | DeliverError::Unreachable(_))) => (error, false),
    };
    if history.max_age.is_some_and(|max_age| history.age >= max_age) {
        return Next::GiveUp { error: format!("not delivered in time: {error}"), told: true };
    }
    let series = if unsure && history.is_letter { LETTER_AGAIN } else { AGAIN };
    let after = match error {
        DeliverError::Wait { after, .. } => *after,
        DeliverError::Unreachable(_)
        | DeliverError::Refused(_)
        | DeliverError::Blocked(_)
        | DeliverError::RefusedForm { .. }
        | DeliverError::Unknown(_)
        | DeliverError::Moved { .. } => series.wait(history.attempts, history.chance),
    };
    let error = error.to_string();
    if unsure { Next::Unsure { after, error } } else { Next::Later { after, error } }
}

/// What is left out next, where nothing is there of what was refused; a thread is left only when it is named.
const LEFT_OUT: [Form; 4] = [Form::Text, Form::Buttons, Form::File, Form::Reply];

/// Leaves out what was refused, once each; a delivery from which nothing can be left out is given up.
fn plainer(what: Form, words: &str, spare: &[Form]) -> Next {
    let named = Some(what).filter(|what| spare.contains(what));
    let without = named.or_else(|| LEFT_OUT.into_iter().find(|form| spare.contains(form)));
    let error = words.to_owned();
    match without {
        Some(without) => Next::Plainer { without, error },
        None => Next::GiveUp { error, told: true },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn history(attempts: u32) -> History {
        History {
            attempts,
            age: Duration::from_secs(1),
            max_age: Some(Duration::from_secs(86_400)),
            chance: 0,
            is_letter: false,
            spare: Vec::new(),
        }
    }

    #[test]
    fn a_rate_limit_waits_exactly_as_the_provider_says() {
        let outcome = Outcome::Failed(DeliverError::Wait { after: Duration::from_secs(17), everywhere: false });
        let Next::Later { after, .. } = decide(&outcome, &history(9)) else { panic!("not retried") };
        assert_eq!(after, Duration::from_secs(17));
    }

    #[test]
    fn an_unreachable_provider_is_tried_again_in_a_doubling_series() {
        let waits: Vec<u128> = [1, 2, 3, 30]
            .into_iter()
            .map(|attempts| {
                let outcome = Outcome::Failed(DeliverError::Unreachable("refused".into()));
                let Next::Later { after, .. } = decide(&outcome, &history(attempts)) else { panic!("not retried") };
                after.as_millis()
            })
            .collect();
        assert_eq!(waits, [500, 1000, 2000, 300_000]);
    }

    #[test]
    fn what_may_have_arrived_is_never_sent_again_silently_and_not_given_up_before_its_time() {
        let unclear = Outcome::Failed(DeliverError::Unknown("reset".into()));
        let unasked = Outcome::Unreconciled(DeliverError::Unreachable("down".into()));
        for attempts in [1, 2, 3, 50] {
            for outcome in [&unclear, &unasked] {
                let Next::Unsure { after, .. } = decide(outcome, &history(attempts)) else { panic!("{outcome:?}") };
                assert_eq!(after, AGAIN.wait(attempts, 0));
            }
        }
        let old = History { age: Duration::from_secs(86_400), ..history(50) };
        assert!(
            matches!(decide(&unclear, &old), Next::GiveUp { error, told: true } if error.contains("may have arrived"))
        );
    }

    #[test]
    fn a_letter_that_may_have_arrived_is_repeated_late() {
        let letter = |attempts| History { is_letter: true, ..history(attempts) };
        let unclear = Outcome::Failed(DeliverError::Unknown("reset".into()));
        let waits = [1, 2, 30].map(|attempts| match decide(&unclear, &letter(attempts)) {
            Next::Unsure { after, .. } => after.as_secs(),
            other => panic!("{other:?}"),
        });
        assert_eq!(waits, [30, 60, 300]);
        let down = Outcome::Failed(DeliverError::Unreachable("down".into()));
        let Next::Later { after, .. } = decide(&down, &letter(1)) else { panic!("not retried") };
        assert_eq!(after, AGAIN.first, "it surely did not arrive");
    }

    #[test]
    fn a_refusal_and_old_age_end_in_the_dead_letter_list() {
        let refused = Outcome::Failed(DeliverError::Refused("chat not found".into()));
        assert_eq!(decide(&refused, &history(1)), Next::GiveUp { error: "chat not found".into(), told: false });
        let old = History { age: Duration::from_secs(86_400), ..history(3) };
        let down = Outcome::Failed(DeliverError::Unreachable("down".into()));
        assert!(matches!(decide(&down, &old), Next::GiveUp { told: true, .. }));
        let for_ever = History { max_age: None, ..old };
        assert!(matches!(decide(&down, &for_ever), Next::Later { .. }));
    }

    #[test]
    fn what_is_refused_is_left_out_once_each_and_then_the_rest_that_can_be() {
        let refused = |what| Outcome::Failed(DeliverError::RefusedForm { what, words: "no".into() });
        let left_out =
            |what, spare: &[Form]| match decide(&refused(what), &History { spare: spare.to_vec(), ..history(1) }) {
                Next::Plainer { without, .. } => Some(without),
                Next::GiveUp { told: true, .. } => None,
                other => panic!("{other:?}"),
            };
        let all = [Form::Text, Form::Buttons, Form::File, Form::Reply, Form::Thread];
        for what in all {
            assert_eq!(left_out(what, &all), Some(what));
        }
        assert_eq!(left_out(Form::Thread, &[Form::Text, Form::Reply]), Some(Form::Text));
        assert_eq!(left_out(Form::Text, &[Form::Reply, Form::Thread]), Some(Form::Reply));
        assert_eq!(left_out(Form::Text, &[Form::Thread]), None, "nobody said anything of the thread");
        assert_eq!(left_out(Form::Text, &[]), None);
    }
}
