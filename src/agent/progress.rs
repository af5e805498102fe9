//! How far a run has come: rebuilt from its events at any time, never stored.

use std::time::{Duration, Instant};

use signalbox_adapter::one_line;

use super::event::{Decision, Event, Wants};
use crate::redact::Redactor;

/// Longest step shown, in characters.
pub const MAX_STEP_CHARS: usize = 60;
/// Longest saying shown, in characters.
const MAX_SAID_CHARS: usize = 200;
/// Most that is kept of what is being written, in bytes.
const MAX_WRITING_BYTES: usize = 4 * MAX_SAID_CHARS;
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

/// A request that a person has not decided on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Open {
    /// The request.
    pub id: String,
    /// The tool's name.
    pub tool: String,
    /// What the tool is to do, in one line.
    pub summary: String,
    /// What the run does while it is open.
    pub waiting: Doing,
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
    /// What it has at work in the background.
    pub background: Vec<String>,
    /// The end of what is being written.
    pub writing: String,
    /// What it waits for a person to decide on.
    pub asked: Vec<Open>,
    /// When it last did something.
    pub last_event: Instant,
}

impl Progress {
    /// Starts without anything done.
    #[must_use]
    pub fn new(now: Instant) -> Self {
        Self {
            tools: 0,
            step: Doing::Nothing,
            said: String::new(),
            background: Vec::new(),
            writing: String::new(),
            asked: Vec::new(),
            last_event: now,
        }
    }

    /// Takes an event in.
    pub fn take(&mut self, event: &Event, now: Instant) {
        self.last_event = now;
        match event {
            Event::Session { .. } | Event::Offers { .. } | Event::AsksTooMuch => {}
            Event::Text { text } => {
                self.writing.clear();
                self.said = one_line(text, MAX_SAID_CHARS);
                self.step = Doing::Nothing;
            }
            Event::Writing { more, begins } => {
                if *begins {
                    self.writing.clear();
                }
                self.writing.push_str(more);
                let from = self.writing.len().saturating_sub(MAX_WRITING_BYTES);
                self.writing.drain(..self.writing.ceil_char_boundary(from));
                self.said = end_of_line(&self.writing, MAX_SAID_CHARS);
                self.step = Doing::Nothing;
            }
            Event::Background { tasks } => self.background.clone_from(tasks),
            Event::ToolStarted { name, summary, .. } => {
                self.tools += 1;
                self.step = tool(name, summary);
            }
            Event::ToolFinished { .. } => {}
            Event::Asked { id, tool, detail, wants, .. } => {
                self.asked.retain(|open| open.id != *id);
                let waiting = match wants {
                    Wants::Permission => Doing::Asking { tool: one_line(tool, MAX_STEP_CHARS) },
                    Wants::Answers(_) => Doing::Questioning,
                    Wants::Plan(_) => Doing::Proposing,
                };
                let summary = detail.lines().next().unwrap_or_default().to_owned();
                self.asked.push(Open { id: id.clone(), tool: tool.clone(), summary, waiting: waiting.clone() });
                self.step = waiting;
            }
            Event::Answered { id, decision, .. } => {
                let Some(at) = self.asked.iter().position(|open| open.id == *id) else { return };
                let answered = self.asked.remove(at);
                self.step = match (self.asked.last(), decision) {
                    (Some(open), _) => open.waiting.clone(),
                    (None, Decision::Allow | Decision::AllowForSession) => tool(&answered.tool, &answered.summary),
                    (None, Decision::Deny) => Doing::Nothing,
                };
            }
            Event::Retrying { attempt, reason } => {
                let reason = one_line(reason, MAX_STEP_CHARS);
                self.step = Doing::Retrying { attempt: *attempt, reason };
            }
            Event::Final(_) => self.step = Doing::Finishing,
        }
    }

    /// Whether it waits for a person.
    #[must_use]
    pub fn is_asking(&self) -> bool {
        !self.asked.is_empty()
    }

    /// Returns how long it has been silent, where that is worth a word.
    #[must_use]
    pub fn silent(&self, now: Instant) -> Option<Duration> {
        let silent = now.duration_since(self.last_event);
        (silent >= SILENT_AFTER && !self.is_asking()).then_some(silent)
    }

    /// Returns the same with secrets masked.
    #[must_use]
    pub fn cleaned(&self, redactor: &Redactor) -> Self {
        let background = self.background.iter().map(|task| redactor.clean(task)).collect();
        Self { step: self.step.cleaned(redactor), said: redactor.clean(&self.said), background, ..self.clone() }
    }
}

fn tool(name: &str, summary: &str) -> Doing {
    let short = |text| one_line(text, MAX_STEP_CHARS);
    Doing::Tool { name: short(name), summary: short(summary) }
}

/// Returns the end of a text on one line, cut at its beginning.
fn end_of_line(text: &str, max_chars: usize) -> String {
    let line = one_line(text, usize::MAX);
    match line.chars().count().checked_sub(max_chars) {
        None | Some(0) => line,
        Some(over) => std::iter::once('…').chain(line.chars().skip(over + 1)).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::event::Wants;

    fn asked(id: &str, tool: &str) -> Event {
        let (id, tool) = (id.to_owned(), tool.to_owned());
        Event::Asked {
            id,
            tool,
            detail: "touch x\ndescription: make it".into(),
            digest: None,
            grant: None,
            wants: Wants::Permission,
        }
    }

    fn answered(id: &str, decision: Decision) -> Event {
        Event::Answered { id: id.into(), decision, timed_out: false }
    }

    #[test]
    fn after_approve_the_tool_runs_and_after_deny_nothing_does() {
        let now = Instant::now();
        let mut progress = Progress::new(now);
        progress.take(&asked("1", "Bash"), now);
        progress.take(&asked("2", "Write"), now);
        assert_eq!((&progress.step, progress.is_asking()), (&Doing::Asking { tool: "Write".into() }, true));
        progress.take(&answered("2", Decision::Deny), now);
        assert_eq!(progress.step, Doing::Asking { tool: "Bash".into() }, "the other one still waits");
        progress.take(&answered("1", Decision::Allow), now);
        assert_eq!(progress.step, Doing::Tool { name: "Bash".into(), summary: "touch x".into() });
        assert!(!progress.is_asking());
        progress.take(&asked("3", "Bash"), now);
        progress.take(&answered("3", Decision::Deny), now);
        assert_eq!(progress.step, Doing::Nothing);
    }

    #[test]
    fn what_is_being_written_is_seen_by_its_end() {
        let now = Instant::now();
        let mut progress = Progress::new(now);
        let writing = |more: &str, begins| Event::Writing { more: more.to_owned(), begins };
        progress.take(&writing("The first\nlines", true), now);
        assert_eq!(progress.said, "The first lines");
        for n in 0..500 {
            progress.take(&writing(&format!(" wörd{n}"), false), now);
        }
        assert!(progress.said.starts_with('…') && progress.said.ends_with("wörd498 wörd499"), "{}", progress.said);
        assert_eq!(progress.said.chars().count(), MAX_SAID_CHARS);
        assert!(progress.writing.len() <= MAX_WRITING_BYTES);
        progress.take(&writing("Another", true), now);
        assert_eq!(progress.said, "Another");
    }
}
