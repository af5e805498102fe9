//! What was taken away lately, so that what is told of it later is not taken for something new.

use std::collections::VecDeque;

/// Messages that are remembered, the newest; more than a moderator takes away at once.
const MAX_GONE: usize = 1024;

/// The ids of messages that were taken away. They live as long as the listener: an event is not told before another for longer.
#[derive(Debug, Default)]
pub(crate) struct Gone(VecDeque<String>);

impl Gone {
    /// Notes a message that was taken away.
    pub(crate) fn note(&mut self, message: &str) {
        if self.has(message) {
            return;
        }
        if self.0.len() >= MAX_GONE {
            self.0.pop_front();
        }
        self.0.push_back(message.to_owned());
    }

    /// Whether a message was taken away.
    pub(crate) fn has(&self, message: &str) -> bool {
        self.0.iter().any(|gone| gone == message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_are_remembered_each_once() {
        let mut gone = Gone::default();
        for number in 0..=MAX_GONE {
            gone.note(&number.to_string());
            gone.note("0");
        }
        assert_eq!((gone.0.len(), gone.has(&MAX_GONE.to_string()), gone.has("1")), (MAX_GONE, true, false));
    }
}
