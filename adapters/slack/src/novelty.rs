//! Whether a workspace takes the newest kinds of blocks: found out by sending some, and asked anew after a while.
//!
//! Slack brings them to one workspace after the other, and refuses them elsewhere (`invalid_blocks`). Only memory: after a
//! restart one more message is sent twice over, of which the first surely shows nothing.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use signalbox_adapter::{DeliverError, Form, Outgoing};
use tokio::time::Instant;

use crate::body::Body;

/// How long a refusal is remembered.
const HOLDS: Duration = Duration::from_secs(24 * 60 * 60);

/// What is known of a workspace.
#[derive(Debug, Default)]
pub(crate) struct Novelty(Mutex<Option<Instant>>);

impl Novelty {
    /// Returns a message as it goes where new blocks were refused lately; `None` where it may go as it is.
    pub(crate) fn without(&self, message: &Outgoing, now: Instant) -> Option<Outgoing> {
        let refused = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_known = refused.is_some_and(|at| now.duration_since(at) < HOLDS);
        is_known.then(|| simpler(message)).flatten()
    }

    /// Returns a message as it goes next where this refusal may be about its new blocks, and remembers that it was.
    pub(crate) fn refused(&self, message: &Outgoing, error: &DeliverError, now: Instant) -> Option<Outgoing> {
        let is_about_blocks =
            matches!(error, DeliverError::RefusedForm { what: Form::Text, words } if words.contains("blocks"));
        let simpler = is_about_blocks.then(|| simpler(message)).flatten()?;
        tracing::info!("Slack does not take charts or containers here; messages go without");
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(now);
        Some(simpler)
    }
}

/// Returns a message without new blocks; `None` where it has none, or goes without blocks anyway.
fn simpler(message: &Outgoing) -> Option<Outgoing> {
    let part = Body::simpler(&message.part).filter(|_| !message.plain)?;
    Some(Outgoing { part, ..message.clone() })
}

#[cfg(test)]
mod tests {
    use signalbox_adapter::{Block, Document, Render};

    use super::*;
    use crate::SlackRender;
    use crate::compose::tests::outgoing;

    #[test]
    fn new_blocks_are_left_out_for_a_day_after_a_refusal() {
        let (novelty, now) = (Novelty::default(), Instant::now());
        let mut message = outgoing("hi");
        let refusal = |words: &str| DeliverError::RefusedForm { what: Form::Text, words: words.to_owned() };
        assert_eq!(novelty.refused(&message, &refusal("invalid_blocks"), now), None, "there is nothing new in it");
        let details = Document::default().with(Block::details("More", vec![Block::text("a")]));
        message.part = SlackRender.render(&details, 1).parts.remove(0);
        assert_eq!(novelty.without(&message, now), None);
        assert_eq!(novelty.refused(&message, &refusal("msg_too_long"), now), None);
        let simpler = novelty.refused(&message, &refusal("invalid_blocks; [ERROR]"), now).expect("it goes without");
        assert!(message.part.body.contains("container") && !simpler.part.body.contains("container"));
        assert_eq!(novelty.without(&message, now + HOLDS / 2), Some(simpler));
        assert_eq!(novelty.without(&message, now + HOLDS), None, "it is asked anew");
        message.plain = true;
        assert_eq!(novelty.without(&message, now), None);
    }
}
