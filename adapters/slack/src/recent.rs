//! What the inbox has had lately, and what was taken away: so that one gesture is one message, however Slack tells of it.
//!
//! The inbox drops copies of one key. This spares it most of them, and knows those that have another key: one gesture told as
//! two messages, of which only the client's own id is the same. The newest of those stand in the notes of the listener too, so
//! that a program that was killed in between knows them.

use std::collections::{HashMap, HashSet, VecDeque};

use signalbox_adapter::{AcceptError, Inbox};

/// Name of the note.
const NOTE: &str = "gestures";

/// Things that are remembered, of each kind.
const KEPT: usize = 4096;

/// Gestures that are noted, the newest: one is told again within moments, and each is a line of every note.
const NOTED: usize = 100;

/// What is remembered of a stretch of time.
#[derive(Debug, Default)]
pub(crate) struct Recent {
    known: Bounded<(String, String)>,
    mentions: Bounded<(String, String)>,
    gone: Bounded<(String, String)>,
    gestures: HashMap<(String, String), String>,
    order: VecDeque<(String, String)>,
    is_changed: bool,
}

#[derive(Debug)]
struct Bounded<T> {
    known: HashSet<T>,
    order: VecDeque<T>,
}

impl<T> Default for Bounded<T> {
    fn default() -> Self {
        Self { known: HashSet::new(), order: VecDeque::new() }
    }
}

impl<T: Clone + Eq + std::hash::Hash> Bounded<T> {
    fn keep(&mut self, what: T) {
        if self.known.insert(what.clone()) {
            self.order.push_back(what);
        }
        while self.order.len() > KEPT {
            if let Some(oldest) = self.order.pop_front() {
                self.known.remove(&oldest);
            }
        }
    }
}

impl Recent {
    /// Returns what earlier lives have noted.
    ///
    /// # Errors
    /// [`AcceptError`].
    pub(crate) async fn noted(inbox: &dyn Inbox) -> Result<Self, AcceptError> {
        let noted = inbox.noted(NOTE).await?;
        let gestures: Vec<(String, String, String)> =
            noted.and_then(|words| serde_json::from_str(&words).ok()).unwrap_or_default();
        let mut recent = Self::default();
        for (channel, gesture, ts) in gestures {
            recent.keep_gesture((channel, gesture), &ts);
        }
        Ok(recent)
    }

    /// Returns the words to note, where there are new gestures since this was last asked. They are to be noted before the inbox
    /// has the message: killed in between, Slack tells it again with the same time stamp.
    pub(crate) fn take_note(&mut self) -> Option<(&'static str, String)> {
        if !std::mem::take(&mut self.is_changed) {
            return None;
        }
        let newest = self.order.iter().skip(self.order.len().saturating_sub(NOTED));
        let told: Vec<_> = newest.map(|at| (&at.0, &at.1, &self.gestures[at])).collect();
        Some((NOTE, serde_json::to_string(&told).expect("words are JSON")))
    }

    /// Whether a message was had or taken away in this life.
    pub(crate) fn knows(&self, channel: &str, ts: &str) -> bool {
        let at = (channel.to_owned(), ts.to_owned());
        self.known.known.contains(&at) || self.gone.known.contains(&at)
    }

    fn keep_gesture(&mut self, gesture: (String, String), ts: &str) {
        self.gestures.insert(gesture.clone(), ts.to_owned());
        self.order.push_back(gesture);
        if self.order.len() > KEPT
            && let Some(oldest) = self.order.pop_front()
        {
            self.gestures.remove(&oldest);
        }
    }

    /// Whether a message is worth looking at: not one that the inbox has, nor a second telling of one gesture, nor one that was
    /// taken away. A mention is worth it though the message without it was had.
    pub(crate) fn is_new(&mut self, channel: &str, ts: &str, gesture: Option<&str>, is_mention: bool) -> bool {
        let at = (channel.to_owned(), ts.to_owned());
        if self.gone.known.contains(&at) || self.mentions.known.contains(&at) {
            return false;
        }
        if let Some(gesture) = gesture {
            let gesture = (channel.to_owned(), gesture.to_owned());
            if let Some(first) = self.gestures.get(&gesture) {
                if first != ts {
                    return false;
                }
            } else {
                self.keep_gesture(gesture, ts);
                self.is_changed = true;
            }
        }
        is_mention || !self.known.known.contains(&at)
    }

    /// Remembers that the inbox has a message.
    pub(crate) fn had(&mut self, channel: &str, ts: &str, is_mention: bool) {
        let at = (channel.to_owned(), ts.to_owned());
        if is_mention {
            self.mentions.keep(at.clone());
        }
        self.known.keep(at);
    }

    /// Remembers that a message was taken away.
    pub(crate) fn gone(&mut self, channel: &str, ts: &str) {
        self.gone.keep((channel.to_owned(), ts.to_owned()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_gesture_is_one_message() {
        let mut recent = Recent::default();
        assert!(recent.is_new("C1", "1.1", Some("g"), false));
        assert!(recent.is_new("C1", "1.1", Some("g"), false), "it was not taken yet");
        recent.had("C1", "1.1", false);
        assert!(!recent.is_new("C1", "1.1", Some("g"), false));
        assert!(!recent.is_new("C1", "1.2", Some("g"), false), "the same gesture, told again");
        assert!(recent.is_new("C2", "1.2", Some("g"), false));
        assert!(recent.is_new("C1", "1.3", None, false));
    }

    #[tokio::test]
    async fn the_newest_gestures_are_noted_once_and_known_in_the_next_life() {
        let mut recent = Recent::default();
        assert_eq!(recent.take_note(), None);
        for number in 0..2 * NOTED {
            assert!(recent.is_new("C1", &format!("{number}.1"), Some(&format!("g{number}")), false));
        }
        let (_, words) = recent.take_note().expect("there are new ones");
        assert_eq!((recent.take_note(), words.matches("C1").count()), (None, NOTED));
        assert!(
            recent.is_new("C1", "199.1", Some("g199"), false) && recent.take_note().is_none(),
            "it is noted already"
        );
    }

    #[test]
    fn the_mention_wins_whichever_comes_first() {
        let mut recent = Recent::default();
        recent.had("C1", "1.1", false);
        assert!(recent.is_new("C1", "1.1", None, true));
        recent.had("C1", "1.1", true);
        assert!(!recent.is_new("C1", "1.1", None, true) && !recent.is_new("C1", "1.1", None, false));
    }

    #[test]
    fn what_was_taken_away_does_not_come_later() {
        let mut recent = Recent::default();
        recent.gone("C1", "1.1");
        assert!(!recent.is_new("C1", "1.1", None, true));
        for number in 0..2 * KEPT {
            recent.gone("C1", &number.to_string());
        }
        assert!(recent.gone.known.len() <= KEPT && recent.gone.order.len() <= KEPT);
    }
}
