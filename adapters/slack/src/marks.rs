//! How far each channel was heard: where reading goes on after a time without a socket.
//!
//! It stands in the notes of the listener. Threads are marked apart, since a channel's history does not tell what was said in
//! them.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use signalbox_adapter::{AcceptError, Inbox};

use crate::stamp::Stamp;

/// Name of the note.
const NOTE: &str = "marks";

/// Most channels that are marked, those where something was said last.
const MAX_CHANNELS: usize = 500;

/// Most threads of a channel that are marked, those where something was said last.
const MAX_THREADS: usize = 20;

/// Most messages of a channel that are marked one by one.
const MAX_LATELY: usize = 100;

/// How far before the newest message reading begins, in seconds: Slack hands messages over in no strict order, and what was
/// on a socket that broke may be older than what came on the other. What the inbox has already it drops.
const OVERLAP_SECONDS: u64 = 60;

/// The marks.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Marks {
    /// The newest message of all.
    #[serde(default)]
    newest: Stamp,
    #[serde(default)]
    channels: BTreeMap<String, Mark>,
    #[serde(skip)]
    is_changed: bool,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Mark {
    /// The newest message, also of its threads.
    newest: Stamp,
    /// The newest message of each thread.
    #[serde(default)]
    threads: BTreeMap<String, Stamp>,
    /// The messages of the stretch that is read again, which the inbox has.
    #[serde(default)]
    lately: BTreeSet<Stamp>,
}

impl Marks {
    /// Returns the marks of earlier lives.
    ///
    /// # Errors
    /// [`AcceptError`].
    pub(crate) async fn noted(inbox: &dyn Inbox) -> Result<Self, AcceptError> {
        let noted = inbox.noted(NOTE).await?;
        Ok(noted.and_then(|words| serde_json::from_str(&words).ok()).unwrap_or_default())
    }

    /// Returns the words to note, where they have changed since this was last asked.
    pub(crate) fn take_note(&mut self) -> Option<(&'static str, String)> {
        let changed = std::mem::take(&mut self.is_changed);
        changed.then(|| (NOTE, serde_json::to_string(self).expect("marks are JSON")))
    }

    /// Marks that the inbox has a message; says whether it is the first of its channel. Without a mark nobody would know later
    /// from where to read, so that one is to be noted at once.
    pub(crate) fn heard(&mut self, channel: &str, thread: Option<&str>, at: Stamp) -> bool {
        self.is_changed = true;
        let is_first = !self.channels.contains_key(channel);
        self.newest = self.newest.max(at);
        let mark = self.channels.entry(channel.to_owned()).or_default();
        mark.newest = mark.newest.max(at);
        mark.lately.insert(at);
        let since = mark.newest.before(OVERLAP_SECONDS);
        while mark.lately.len() > MAX_LATELY || mark.lately.first().is_some_and(|first| *first < since) {
            mark.lately.pop_first();
        }
        if let Some(thread) = thread {
            let newest = mark.threads.entry(thread.to_owned()).or_default();
            *newest = (*newest).max(at);
            drop_oldest(&mut mark.threads, MAX_THREADS, |newest| *newest);
        }
        drop_oldest(&mut self.channels, MAX_CHANNELS, |mark| mark.newest);
        is_first
    }

    /// Whether the inbox has a message, as far as that is marked.
    pub(crate) fn had(&self, channel: &str, at: Stamp) -> bool {
        self.channels.get(channel).is_some_and(|mark| mark.lately.contains(&at))
    }

    /// Forgets a channel that cannot be read.
    pub(crate) fn forget(&mut self, channel: &str) {
        self.is_changed |= self.channels.remove(channel).is_some();
    }

    /// Returns from where a channel is to be read; `None` where nothing was ever heard.
    pub(crate) fn since(&self, channel: &str) -> Option<Stamp> {
        let marked = self.channels.get(channel).map(|mark| mark.newest);
        let since = marked.or((self.newest > Stamp::default()).then_some(self.newest))?;
        Some(since.before(OVERLAP_SECONDS))
    }

    /// Returns the threads of a channel that may have gone on.
    pub(crate) fn threads(&self, channel: &str) -> Vec<String> {
        self.channels.get(channel).map(|mark| mark.threads.keys().cloned().collect()).unwrap_or_default()
    }

    /// Returns the newest message of all that was heard.
    pub(crate) fn newest(&self) -> Stamp {
        self.newest
    }

    /// Returns all channels that are marked.
    pub(crate) fn all(&self) -> Vec<String> {
        self.channels.keys().cloned().collect()
    }
}

fn drop_oldest<V>(all: &mut BTreeMap<String, V>, most: usize, age: impl Fn(&V) -> Stamp) {
    while all.len() > most {
        let oldest = all.iter().min_by_key(|(_, value)| age(value)).map(|(key, _)| key.clone());
        if let Some(oldest) = oldest {
            all.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Stamp {
        Stamp::read(&format!("{seconds}.0")).expect("a stamp")
    }

    #[test]
    fn a_channel_is_read_from_a_minute_before_its_newest_and_an_unknown_one_from_the_newest_of_all() {
        let mut marks = Marks::default();
        assert_eq!(marks.since("C1"), None);
        assert!(marks.heard("C1", None, at(1000)), "it is the first of its channel");
        assert!(!marks.heard("C1", None, at(1000)));
        marks.heard("C1", Some("900.000000"), at(990));
        marks.heard("C2", None, at(5000));
        assert_eq!((marks.since("C1"), marks.since("C9")), (Some(at(940)), Some(at(4940))));
        assert_eq!((marks.threads("C1"), marks.threads("C9")), (vec!["900.000000".to_owned()], vec![]));
        assert_eq!(marks.all(), ["C1", "C2"]);
        assert!(marks.had("C1", at(990)) && marks.had("C1", at(1000)) && !marks.had("C1", at(991)));
        marks.heard("C1", None, at(1055));
        assert!(!marks.had("C1", at(990)) && marks.had("C1", at(1000)), "it is not read again");
        marks.forget("C1");
        assert_eq!(marks.all(), ["C2"]);
    }

    #[test]
    fn marks_are_noted_when_they_change_and_stay_within_bounds() {
        let mut marks = Marks::default();
        assert_eq!(marks.take_note(), None);
        for number in 0..600 {
            marks.heard(&format!("C{number}"), None, at(number));
            marks.heard("C599", Some(&number.to_string()), at(number));
        }
        assert_eq!((marks.channels.len(), marks.channels["C599"].threads.len()), (MAX_CHANNELS, MAX_THREADS));
        let (_, words) = marks.take_note().expect("they have changed");
        let read: Marks = serde_json::from_str(&words).expect("marks");
        assert_eq!((read.all(), marks.take_note()), (marks.all(), None));
    }
}
