//! What was seen of a run while it was followed.

use super::questions::Questions;
use crate::agent::event::Final;
use crate::rca::Recorder;

/// Session ids of one run that are stored: an agent has one, or tells another when it begins afresh.
pub(super) const MAX_SESSION_IDS: usize = 4;

/// What was seen of a run.
#[derive(Default)]
pub(super) struct SeenOfRun {
    pub(super) tools: u32,
    /// Kept for investigations only.
    pub(super) recorder: Option<Recorder>,
    /// What the agent said last, shown where no final answer comes.
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
