//! What was seen of a run while it was followed.

use super::questions::Questions;
use crate::agent::event::Final;
use crate::rca::Recorder;

/// Session ids of one run that are stored: an agent has one, or tells another when it begins afresh.
pub(super) const MAX_SESSION_IDS: usize = 4;

/// Most that is kept of what an agent has said, in bytes.
const MAX_SAID_BYTES: usize = 16 * 1024;

/// What was seen of a run.
#[derive(Default)]
pub(super) struct SeenOfRun {
    pub(super) tools: u32,
    /// Kept for investigations only.
    pub(super) recorder: Option<Recorder>,
    /// What the agent has said, the end of it: shown where no final answer comes.
    pub(super) said: String,
    pub(super) last_word: Option<Final>,
    /// The conversation that it was to go on with, and whether it named another.
    pub(super) asked_session: Option<String>,
    pub(super) other_session: bool,
    /// The session id that was told last, and how many were stored.
    pub(super) session_id: Option<String>,
    pub(super) session_ids: usize,
    pub(super) questions: Questions,
}

impl SeenOfRun {
    /// Adds what the agent says, as a paragraph of its own.
    pub(super) fn say(&mut self, text: &str) {
        if !self.said.is_empty() {
            self.said.push_str("\n\n");
        }
        self.said.push_str(text);
        if self.said.len() > MAX_SAID_BYTES {
            let from = self.said.ceil_char_boundary(self.said.len() - MAX_SAID_BYTES);
            // From the beginning of a paragraph, where there is one.
            let paragraph = self.said[from..].find("\n\n").map_or(from, |at| from + at + 2);
            self.said = format!("…\n\n{}", &self.said[paragraph..]);
        }
    }

    /// Whether a session id is to be stored: a new one, as long as they do not change all the time.
    pub(super) fn is_new_session(&mut self, id: &str) -> bool {
        if self.session_id.as_deref() == Some(id) || self.session_ids == MAX_SESSION_IDS {
            return false;
        }
        self.session_id = Some(id.to_owned());
        self.session_ids += 1;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_what_was_said_is_kept() {
        let mut seen = SeenOfRun::default();
        seen.say("The disk of db-1 is full.");
        seen.say("Now I write it up.");
        assert_eq!(seen.said, "The disk of db-1 is full.\n\nNow I write it up.");
        for _ in 0..100 {
            seen.say(&"ä".repeat(500));
        }
        seen.say("last");
        assert!(
            seen.said.len() <= MAX_SAID_BYTES + 8 && seen.said.starts_with("…\n\nä") && seen.said.ends_with("\n\nlast")
        );
        seen.say(&"x".repeat(2 * MAX_SAID_BYTES));
        assert!(seen.said.len() <= MAX_SAID_BYTES + 8);
    }
}
