//! What is said in a channel of which something was missed waits until that is read, so that a chat keeps its order.
//!
//! It is not in the inbox while it waits: the session stays before the first of it, and where the connection ends meanwhile,
//! it comes again.

use crate::event::{Deleted, Message};

/// Events that may wait.
const MAX_WAITING: usize = 1024;

/// An event that waits.
#[derive(Debug)]
pub(crate) enum Live {
    /// A message was said, or edited.
    Said {
        /// The message.
        message: Box<Message>,
        /// Whether it was edited.
        edited: bool,
    },
    /// Messages were taken away.
    Deleted(Deleted),
}

/// Events in their order, each with its number and the server of its channel.
#[derive(Debug, Default)]
pub(crate) struct Behind(Vec<Waiting>);

#[derive(Debug)]
struct Waiting {
    seq: u64,
    guild: String,
    live: Live,
}

impl Live {
    /// Returns the channel that it is about.
    pub(crate) fn channel(&self) -> &str {
        match self {
            Self::Said { message, .. } => &message.channel_id,
            Self::Deleted(deleted) => &deleted.channel_id,
        }
    }
}

impl Behind {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn is_full(&self) -> bool {
        self.0.len() >= MAX_WAITING
    }

    /// Returns the number of the first event that waits.
    pub(crate) fn first(&self) -> Option<u64> {
        self.0.iter().map(|waiting| waiting.seq).min()
    }

    /// Whether something waits in a channel.
    pub(crate) fn holds(&self, channel: &str) -> bool {
        self.0.iter().any(|waiting| waiting.live.channel() == channel)
    }

    /// Lets an event wait.
    pub(crate) fn wait(&mut self, seq: u64, guild: &str, live: Live) {
        self.0.push(Waiting { seq, guild: guild.to_owned(), live });
    }

    /// Takes the first event out that waits for nothing any more, as told by server and channel.
    pub(crate) fn release(&mut self, is_awaited: impl Fn(&str, &str) -> bool) -> Option<(u64, Live)> {
        let at = self.0.iter().position(|waiting| !is_awaited(&waiting.guild, waiting.live.channel()))?;
        let Waiting { seq, live, .. } = self.0.remove(at);
        Some((seq, live))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(channel: &str) -> Live {
        let message = Message { channel_id: channel.to_owned(), ..Message::default() };
        Live::Said { message: Box::new(message), edited: false }
    }

    #[test]
    fn what_waits_for_nothing_goes_in_its_order_and_the_session_stays_before_the_rest() {
        let mut behind = Behind::default();
        for (seq, channel) in [(5, "1"), (6, "2"), (7, "1"), (8, "2")] {
            behind.wait(seq, "9", said(channel));
        }
        assert!(behind.holds("1") && !behind.holds("3"));
        let mut released = Vec::new();
        while let Some((seq, _)) = behind.release(|_, channel| channel == "2") {
            released.push(seq);
        }
        assert_eq!((released, behind.first()), (vec![5, 7], Some(6)));
    }
}
