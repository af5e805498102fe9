//! How far a run has come: rebuilt from its events at any time, never stored.

use std::time::{Duration, Instant};

use crate::agent::event::Event;
use crate::format;
use crate::redact::Redactor;

/// Longest step shown, in characters.
const MAX_STEP_CHARS: usize = 60;
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
                self.said = format::one_line(text, MAX_SAID_CHARS);
                self.step.clear();
            }
            Event::ToolStarted { name, summary, .. } => {
                self.tools += 1;
                self.step = format::one_line(&format!("{name}: {summary}"), MAX_STEP_CHARS);
            }
            Event::ToolFinished { .. } => {}
            Event::Asked { tool, .. } => {
                self.asking = true;
                self.step = format::one_line(&format!("waits for permission: {tool}"), MAX_STEP_CHARS);
            }
            Event::Answered { .. } => self.asking = false,
            Event::Retrying { attempt, reason } => {
                self.step = format::one_line(&format!("retry {attempt}: {reason}"), MAX_STEP_CHARS);
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

    /// Writes one line about a task's run.
    #[must_use]
    pub fn line(&self, name: &str, agent: &str, running: Duration, now: Instant) -> String {
        let mut line = format!("{name} · {} · {agent}", format::span(Duration::from_secs(running.as_secs())));
        if self.tools > 0 {
            line.push_str(&format!(" · {} tool{}", self.tools, if self.tools == 1 { "" } else { "s" }));
        }
        let now_doing =
            if self.step.is_empty() { format::one_line(&self.said, MAX_STEP_CHARS) } else { self.step.clone() };
        if !now_doing.is_empty() {
            line.push_str(" · ");
            line.push_str(&now_doing);
        }
        if let Some(silent) = self.silent(now) {
            line.push_str(&format!(" · silent for {}", format::span(silent)));
        }
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_tells_time_tools_and_step() {
        let start = Instant::now();
        let mut progress = Progress::new(start);
        let event = Event::ToolStarted { id: "1".into(), name: "Bash".into(), summary: "cargo test\n--all".into() };
        progress.take(&event, start);
        let line = progress.line("calm-otter", "claude", Duration::from_millis(12_900), start);
        assert_eq!(line, "calm-otter · 12 s · claude · 1 tool · Bash: cargo test --all");
        let late = progress.line("calm-otter", "claude", Duration::from_secs(60), start + Duration::from_secs(40));
        assert!(late.ends_with("silent for 40 s"), "{late}");
    }
}
