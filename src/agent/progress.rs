//! How far a run has come: rebuilt from its events at any time, never stored.

use std::time::{Duration, Instant};

use signalbox_adapter::one_line;

use super::event::Event;
use crate::redact::Redactor;

/// Longest step shown, in characters.
pub const MAX_STEP_CHARS: usize = 60;
/// Longest saying shown, in characters.
const MAX_SAID_CHARS: usize = 200;
/// Silence after which it is mentioned.
const SILENT_AFTER: Duration = Duration::from_secs(30);

/// How far a run has come.
#[derive(Debug, Clone)]
pub struct Progress {
    /// Tool calls so far.
    pub tools: u32,
    /// What it does now, in one line.
    pub step: String,
    /// What its agent said last, in one line.
    pub said: String,
    /// Whether it waits for a person.
    pub asking: bool,
    /// When it last did something.
    pub last_event: Instant,
}

impl Progress {
    /// Starts without anything done.
    #[must_use]
    pub fn new(now: Instant) -> Self {
        Self { tools: 0, step: String::new(), said: String::new(), asking: false, last_event: now }
    }

    /// Takes an event in.
    pub fn take(&mut self, event: &Event, now: Instant) {
        self.last_event = now;
        match event {
            Event::Session { .. } => {}
            Event::Text { text } => {
                self.said = one_line(text, MAX_SAID_CHARS);
                self.step.clear();
            }
            Event::ToolStarted { name, summary, .. } => {
                self.tools += 1;
                self.step = one_line(&format!("{name}: {summary}"), MAX_STEP_CHARS);
            }
            Event::ToolFinished { .. } => {}
            Event::Asked { tool, .. } => {
                self.asking = true;
                self.step = one_line(&format!("waits for permission: {tool}"), MAX_STEP_CHARS);
            }
            Event::Answered { .. } => self.asking = false,
            Event::Retrying { attempt, reason } => {
                self.step = one_line(&format!("retry {attempt}: {reason}"), MAX_STEP_CHARS);
            }
            Event::Final(_) => self.step = "finishing".into(),
        }
    }

    /// Returns how long it has been silent, where that is worth a word.
    #[must_use]
    pub fn silent(&self, now: Instant) -> Option<Duration> {
        let silent = now.duration_since(self.last_event);
        (silent >= SILENT_AFTER && !self.asking).then_some(silent)
    }

    /// Returns the same with secrets masked.
    #[must_use]
    pub fn cleaned(&self, redactor: &Redactor) -> Self {
        Self { step: redactor.clean(&self.step), said: redactor.clean(&self.said), ..self.clone() }
    }
}
