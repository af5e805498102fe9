//! opensre: `opensre investigate`, which takes an alert and writes its report to a file, and `opensre ask` where a version has
//! that alone.
//!
//! | way | is told | answers |
//! |---|---|---|
//! | `investigate -i - -o FILE` | an alert, JSON on standard input | `{"report", "problem_md", "root_cause", "is_noise"}` in the file |
//! | `--json ask -` | the words on standard input | `{"status", "response", "session_id", …}`, one line of standard output |
//!
//! Source: opensre 2026.4.5, and its repository for `ask`, read 2026-11.
//!
//! # Why
//! An alert's own JSON is never what it is told: some keys of that name files and places that it then reads. What people and
//! alerts say is the text of one field.

mod asked;
mod found;
mod report;
mod stages;

use std::path::Path;

use signalbox_adapter::one_line;

use crate::agent::event::{Decision, Final};
use crate::agent::protocol::{AnswerFile, Ending, Speak, Step};
use crate::agent::run::RunSpec;
use crate::config::Permission;
use asked::OneQuestion;
use found::Inquest;

/// Longest name of an alert, in characters.
const MAX_NAME_CHARS: usize = 200;
/// What a version says that does not have a command.
const NO_COMMAND: &str = "No such command";

/// Returns the variables that it gets: nothing is told to its makers or put into a keyring, and what it puts out is text that
/// comes at once.
#[must_use]
pub fn env_defaults() -> [(&'static str, &'static str); 10] {
    [
        ("OPENSRE_ANALYTICS_DISABLED", "1"),
        ("OPENSRE_NO_TELEMETRY", "1"),
        ("OPENSRE_SENTRY_DISABLED", "1"),
        ("OPENSRE_PROMPT_LOG_DISABLED", "1"),
        ("DO_NOT_TRACK", "1"),
        ("OPENSRE_DISABLE_KEYRING", "1"),
        ("TRACER_OUTPUT_FORMAT", "text"),
        ("NO_COLOR", "1"),
        ("PYTHONUNBUFFERED", "1"),
        ("PYTHONUTF8", "1"),
    ]
}

/// Returns program and arguments of an investigation that is written to `file`.
#[must_use]
pub fn investigate_argv(command: &[String], args: &[String], file: &Path) -> Vec<String> {
    let own = ["investigate", "-i", "-", "-o"].map(str::to_owned);
    let file = file.to_string_lossy().into_owned();
    command.iter().cloned().chain(own).chain([file]).chain(args.iter().cloned()).collect()
}

/// Returns program and arguments of a question. What it would ask leave for is denied unless all is allowed.
#[must_use]
pub fn ask_argv(
    command: &[String],
    args: &[String],
    permission: Permission,
    conversation: Option<&str>,
) -> Vec<String> {
    let bypass = match permission {
        Permission::All => Some("--dangerously-bypass-approvals".to_owned()),
        Permission::Ask | Permission::Read | Permission::Edit => None,
    };
    // With `=` no value is ever an option.
    let resume = conversation.map(|id| format!("--resume={id}"));
    let own = ["--json", "ask"].map(str::to_owned).into_iter().chain(resume).chain(bypass);
    command.iter().cloned().chain(own).chain(args.iter().cloned()).chain(["-".to_owned()]).collect()
}

/// A conversation with it.
#[derive(Debug)]
pub struct OpenSre {
    way: Way,
    analysis: bool,
    /// What it was told, until it has understood that.
    prompt: String,
}

#[derive(Debug)]
enum Way {
    Inquest(Inquest),
    Asked(OneQuestion),
}

impl OpenSre {
    /// Returns a conversation that has not begun.
    #[must_use]
    pub fn new(spec: &RunSpec) -> Self {
        let way = match spec.conversation {
            Some(_) => Way::Asked(OneQuestion::new(true, "")),
            None => Way::Inquest(Inquest::new(spec.analysis)),
        };
        Self { way, analysis: spec.analysis, prompt: String::new() }
    }
}

impl Speak for OpenSre {
    fn open(&mut self, prompt: &str) -> Step {
        match &self.way {
            Way::Inquest(_) => {
                prompt.clone_into(&mut self.prompt);
                told(alert(prompt))
            }
            Way::Asked(_) => told(asked::question(prompt, self.analysis)),
        }
    }

    fn line(&mut self, line: &[u8]) -> Step {
        self.prompt = String::new();
        match &mut self.way {
            Way::Inquest(inquest) => inquest.line(line),
            Way::Asked(asked) => asked.line(line),
        }
    }

    fn answer(&mut self, _id: &str, _decision: Decision, _words: &[String]) -> Step {
        Step::default()
    }

    fn begin_instead(&mut self, stderr_tail: &str) -> Option<Step> {
        if !matches!(self.way, Way::Inquest(_)) || self.prompt.is_empty() || !stderr_tail.contains(NO_COMMAND) {
            return None;
        }
        self.way = Way::Asked(OneQuestion::new(false, stderr_tail));
        let prompt = std::mem::take(&mut self.prompt);
        Some(told(asked::question(&prompt, self.analysis)))
    }

    fn file(&mut self, found: AnswerFile) {
        if let Way::Inquest(inquest) = &mut self.way {
            inquest.found = found;
        }
    }

    fn end(&mut self, ending: &Ending<'_>) -> Final {
        match &mut self.way {
            Way::Inquest(inquest) => inquest.end(ending),
            Way::Asked(asked) => asked.end(ending),
        }
    }
}

/// Puts what it is to look into, whose first line is the title, into the form of an alert.
fn alert(prompt: &str) -> String {
    let title = prompt.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    serde_json::json!({"alert_name": one_line(title, MAX_NAME_CHARS), "message": prompt}).to_string()
}

fn told(words: String) -> Step {
    Step { reply: words.into_bytes(), close_input: true, ..Step::default() }
}

#[cfg(test)]
mod tests;
