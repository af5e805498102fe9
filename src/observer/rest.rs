//! Time that a conversation needs before it may be opened again.
//!
//! # Why
//! gemini names the file of a conversation by the minute in which it begins, and each start of it by its own: opened in the
//! same minute, it takes the old file for the new one's and empties it.

use std::time::Duration;

use tokio::sync::mpsc;

use super::Observer;
use super::state::{Stored, Word};
use crate::agent::event::Event;
use crate::agent::kinds;
use crate::agent::run::RunSpec;
use crate::clock::Timestamp;
use crate::format;
use crate::store::Task;

/// The length of what a file is named by, in milliseconds.
const MINUTE_MS: i64 = 60_000;
/// How long after its minute it is opened; clocks are read one after the other.
const MARGIN: Duration = Duration::from_millis(300);

impl Observer {
    /// Waits until the conversation of a run may be opened, and tells so where that takes time; the task counts as begun from
    /// then on. A cancel is obeyed at once.
    pub(super) async fn rest(&self, task: &Task, spec: &RunSpec, controls: &mut mpsc::Receiver<Word>) -> Rested {
        let needs_rest = kinds::named(&spec.kind).is_some_and(|kind| kind.rests());
        let Some(conversation) = spec.conversation.clone().filter(|_| needs_rest) else { return Rested::Ready };
        let used = self.bus.store().read(move |tx| tx.conversation_used_at(&conversation)).await;
        let now = self.bus.store().clock().now();
        let Some(wait) = used.ok().flatten().and_then(|used| left_of_minute(used, now)) else { return Rested::Ready };
        let told = Event::Text { text: format::run::rests(&task.agent, wait) };
        self.board.take(&task.id, &told, std::time::Instant::now());
        let until = tokio::time::Instant::now() + wait;
        let mut others = Vec::new();
        loop {
            tokio::select! {
                () = self.stop.cancelled() => return Rested::Stopping,
                () = tokio::time::sleep_until(until) => break,
                Some(word) = controls.recv() => match word {
                    Word::Cancel => return Rested::Cancelled,
                    // They are for the run that is to come.
                    word @ (Word::Answer(_) | Word::Revoke) => others.push(word),
                },
            }
        }
        // It waits no longer, and has said nothing else yet.
        self.board.take(&task.id, &Event::Text { text: String::new() }, std::time::Instant::now());
        others.into_iter().for_each(|word| self.tell(&task.id, word));
        let (id, attempt) = (task.id.clone(), task.attempt);
        match self.store("rested", move |tx| tx.begin_late(&id, attempt)).await {
            Stored::Left => Rested::Stopping,
            // Its length is then told with the wait in it.
            Stored::Yes | Stored::Never => Rested::Ready,
        }
    }
}

/// What came of waiting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rested {
    /// The run may begin.
    Ready,
    /// It was cancelled meanwhile.
    Cancelled,
    /// This program stops.
    Stopping,
}

/// Returns how long the minute of `used` still lasts, with a margin; `None` where it is over.
fn left_of_minute(used: Timestamp, now: Timestamp) -> Option<Duration> {
    let begins_next = (used.0.div_euclid(MINUTE_MS) + 1) * MINUTE_MS;
    let left = u64::try_from(begins_next - now.0).ok().filter(|left| *left > 0 && *left <= MINUTE_MS.unsigned_abs())?;
    Some(Duration::from_millis(left) + MARGIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_conversation_rests_to_the_end_of_its_minute() {
        let left = |used, now| left_of_minute(Timestamp(used), Timestamp(now));
        assert_eq!(left(120_000, 120_001), Some(Duration::from_millis(59_999) + MARGIN));
        assert_eq!(left(179_999, 179_999), Some(Duration::from_millis(1) + MARGIN));
        assert_eq!(left(179_999, 180_000), None, "another minute");
        assert_eq!(left(120_000, 500_000), None);
        assert_eq!(left(500_000, 120_000), None, "a clock that was set back is not waited for");
    }
}
