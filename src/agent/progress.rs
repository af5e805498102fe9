//! How far a run has come: rebuilt from its events at any time, never stored.

use std::time::{Duration, Instant};

use signalbox_adapter::one_line;

use super::event::{Event, Wants};
use crate::redact::Redactor;

/// Longest step shown, in characters.
pub const MAX_STEP_CHARS: usize = 60;
/// Longest saying shown, in characters.
const MAX_SAID_CHARS: usize = 200;
/// Silence after which it is mentioned.
const SILENT_AFTER: Duration = Duration::from_secs(30);

/// What a run does now; every text is one line.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Doing {
    /// Nothing that is known, or its agent speaks.
    #[default]
    Nothing,
    /// It uses a tool.
    Tool {
        /// The tool's name.
        name: String,
        /// What the tool does.
        summary: String,
    },
    /// It waits for a person's permission to use a tool.
    Asking {
        /// The tool's name.
        tool: String,
    },
    /// It waits for a person's answer to a question.
    Questioning,
    /// It waits for a person to accept its plan.
    Proposing,
    /// It waits before it asks its model service again.
    Retrying {
        /// Which retry, from 1.
        attempt: u32,
        /// Why.
        reason: String,
    },
    /// It has said its final word.
    Finishing,
}

impl Doing {
    fn cleaned(&self, redactor: &Redactor) -> Self {
        match self {
            Self::Tool { name, summary } => Self::Tool { name: redactor.clean(name), summary: redactor.clean(summary) },
            Self::Asking { tool } => Self::Asking { tool: redactor.clean(tool) },
            Self::Retrying { attempt, reason } => Self::Retrying { attempt: *attempt, reason: redactor.clean(reason) },
            Self::Nothing | Self::Questioning | Self::Proposing | Self::Finishing => self.clone(),
        }
    }
}

/// How far a run has come.
#[derive(Debug, Clone)]
pub struct Progress {
    /// Tool calls so far.
    pub tools: u32,
    /// What it does now.
    pub step: Doing,
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
        Self { tools: 0, step: Doing::Nothing, said: String::new(), asking: false, last_event: now }
    }

    /// Takes an event in.
    pub fn take(&mut self, event: &Event, now: Instant) {
        self.last_event = now;
        match event {
            Event::Session { .. } => {}
            Event::Text { text } => {
                self.said = one_line(text, MAX_SAID_CHARS);
                self.step = Doing::Nothing;
            }
            Event::ToolStarted { name, summary, .. } => {
                self.tools += 1;
                let short = |text| one_line(text, MAX_STEP_CHARS);
                self.step = Doing::Tool { name: short(name), summary: short(summary) };
            }
            Event::ToolFinished { .. } => {}
            Event::Asked { tool, wants, .. } => {
                self.asking = true;
                self.step = match wants {
                    Wants::Permission => Doing::Asking { tool: one_line(tool, MAX_STEP_CHARS) },
                    Wants::Answers(_) => Doing::Questioning,
                    Wants::Plan(_) => Doing::Proposing,
                };
            }
            Event::Answered { .. } => self.asking = false,
            Event::Retrying { attempt, reason } => {
                let reason = one_line(reason, MAX_STEP_CHARS);
                self.step = Doing::Retrying { attempt: *attempt, reason };
            }
            Event::Final(_) => self.step = Doing::Finishing,
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
        Self { step: self.step.cleaned(redactor), said: redactor.clean(&self.said), ..self.clone() }
    }
}
