//! What was seen of a run while it was followed.

use std::time::{Duration, Instant};

use super::questions::Questions;
use crate::agent::event::Final;
use crate::rca::Recorder;

/// Session ids of one run that are stored: an agent has one, or tells another when it begins afresh.
pub(super) const MAX_SESSION_IDS: usize = 4;

/// How long a session id waits for the end of a quick run, to be stored with it: until then it stands in the run's own files.
const STORE_WITHIN: Duration = Duration::from_secs(1);

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
    /// What it is writing, as far as it has been told.
    pub(super) writing: String,
    pub(super) last_word: Option<Final>,
    /// The conversation that it was to go on with, and whether it named another.
    pub(super) asked_session: Option<String>,
    pub(super) other_session: bool,
    /// The session id that was told last, and how many were stored.
    pub(super) session_id: Option<String>,
    pub(super) session_ids: usize,
    /// The session id that is still to be stored, and when at the latest.
    pub(super) unstored: Option<(String, Instant)>,
    pub(super) questions: Questions,
}

impl SeenOfRun {
    /// Returns what the agent has said, and what it was writing at the end.
    pub(super) fn told(&self) -> String {
        let mut told = self.said.clone();
        say(&mut told, &self.writing);
        told
    }

    /// Adds a piece of what the agent is writing; `begins` where it writes something new.
    pub(super) fn write(&mut self, more: &str, begins: bool) {
        if begins {
            self.writing.clear();
        }
        self.writing.push_str(more);
        let from = self.writing.len().saturating_sub(MAX_SAID_BYTES);
        self.writing.drain(..self.writing.ceil_char_boundary(from));
    }

    /// Adds what the agent says, as a paragraph of its own.
    pub(super) fn say(&mut self, text: &str) {
        self.writing.clear();
        say(&mut self.said, text);
    }

    /// Takes a session id, which is then to be stored: a new one, as long as they do not change all the time; tells whether it is.
    pub(super) fn is_new_session(&mut self, id: &str) -> bool {
        if self.session_id.as_deref() == Some(id) || self.session_ids == MAX_SESSION_IDS {
            return false;
        }
        self.session_id = Some(id.to_owned());
        self.session_ids += 1;
        self.unstored = Some((id.to_owned(), Instant::now() + STORE_WITHIN));
        true
    }
}

/// Adds a paragraph; of what is too long, the end is kept.
fn say(said: &mut String, text: &str) {
    if text.is_empty() {
        return;
    }
    if !said.is_empty() {
        said.push_str("\n\n");
    }
    said.push_str(text);
    if said.len() > MAX_SAID_BYTES {
        let from = said.ceil_char_boundary(said.len() - MAX_SAID_BYTES);
        // From the beginning of a paragraph, where there is one.
        let paragraph = said[from..].find("\n\n").map_or(from, |at| from + at + 2);
        *said = format!("…\n\n{}", &said[paragraph..]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_being_written_is_kept_until_all_of_it_has_come() {
        let mut seen = SeenOfRun::default();
        seen.say("First.");
        seen.write("The disk ", true);
        seen.write("of db-1", false);
        assert_eq!(seen.told(), "First.\n\nThe disk of db-1");
        seen.write("Anew", true);
        assert_eq!(seen.told(), "First.\n\nAnew");
        seen.say("Anew, and whole.");
        assert_eq!(seen.told(), "First.\n\nAnew, and whole.");
        seen.write(&"ä".repeat(MAX_SAID_BYTES), true);
        assert!(seen.told().len() <= MAX_SAID_BYTES + 8);
    }

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
