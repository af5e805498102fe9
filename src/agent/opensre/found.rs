//! An investigation: what it puts out on its way, and what was found in its file at its end.

use serde_json::Value;

use super::report::SreReport;
use super::stages::Stages;
use crate::agent::event::Final;
use crate::agent::exit::Ended;
use crate::agent::protocol::{self, AnswerFile, Ending, MAX_ANSWER_FILE_BYTES, Step};

/// Why what was found is no answer.
const TOO_LONG: &str =
    "opensre has written an answer of more than 8 MiB, which is not read. Ask it about less, and retry.";
const UNREADABLE: &str = "What opensre has left as its answer is no file of its own, and is not read. Retry; where it comes again, \
                          look at what `/agents` says of its version.";
const BROKEN: &str = "opensre has written an answer that is not whole, or that this program does not understand. Retry; where it \
                      comes again, look at what `/agents` says of its version.";
const EMPTY: &str = "opensre has ended without a word on what it was asked. Retry.";

/// An investigation under way.
#[derive(Debug)]
pub(super) struct Inquest {
    /// Whether the answer is to be an analysis in our own form.
    analysis: bool,
    stages: Stages,
    /// What stands in its file.
    pub(super) found: AnswerFile,
    /// The same on standard output, where a command of the operator's own names no file: JSON of several lines.
    printed: Vec<u8>,
    is_printing: bool,
}

impl Inquest {
    pub(super) fn new(analysis: bool) -> Self {
        Self {
            analysis,
            stages: Stages::default(),
            found: AnswerFile::default(),
            printed: Vec::new(),
            is_printing: false,
        }
    }

    pub(super) fn line(&mut self, line: &[u8]) -> Step {
        if line.trim_ascii_end() == b"{" {
            self.printed.clear();
            self.is_printing = true;
        }
        let has_room = (self.printed.len() + line.len()) as u64 <= MAX_ANSWER_FILE_BYTES;
        if self.is_printing && has_room {
            self.printed.extend_from_slice(line);
            self.printed.push(b'\n');
            self.is_printing = line.trim_ascii_end() != b"}";
            return Step::default();
        }
        Step { events: self.stages.take(&String::from_utf8_lossy(line)), ..Step::default() }
    }

    pub(super) fn end(&mut self, ending: &Ending<'_>) -> Final {
        let words = words(ending.stderr_tail);
        if let Some(word) = protocol::ended_by_us(ending, &words) {
            return word;
        }
        let left = *ending.ended == Ended::Exited { code: 0 };
        let printed = std::mem::take(&mut self.printed);
        let fault = match std::mem::take(&mut self.found) {
            AnswerFile::Read(bytes) => match self.read(&bytes) {
                Ok(word) => return word,
                Err(fault) => Some(fault),
            },
            AnswerFile::Missing if !printed.is_empty() => match self.read(&printed) {
                Ok(word) => return word,
                Err(fault) => Some(fault),
            },
            AnswerFile::Missing => None,
            AnswerFile::TooLong => Some(TOO_LONG),
            AnswerFile::Unreadable => Some(UNREADABLE),
        };
        match (fault, &words) {
            // Why it has failed says more than what it has left.
            (Some(fault), words) if left || words.is_empty() => protocol::failure(fault),
            (_, words) if words.is_empty() || matches!(ending.ended, Ended::Signalled { .. }) => {
                protocol::unfinished(ending, true, words)
            }
            (_, words) => protocol::failure(words.as_str()),
        }
    }

    fn read(&self, bytes: &[u8]) -> Result<Final, &'static str> {
        let object = crate::json::parse::<Value>(bytes).filter(Value::is_object).ok_or(BROKEN)?;
        let report = SreReport::of(&object, self.stages.confidence).ok_or(BROKEN)?;
        let answer = if self.analysis { report.analysis() } else { report.answer() };
        let evidence = if self.analysis { report.whole() } else { None };
        Ok(Final { evidence, ..Final::new(Ok(answer.ok_or(EMPTY)?)) })
    }
}

/// Returns what it says of its failure. Of a program's trace only its last error is told: what stands in between is of no use
/// in a chat, and may hold what it was given.
pub(super) fn words(stderr: &str) -> String {
    const TRACE: &str = "Traceback (most recent call last):";
    let Some((_, trace)) = stderr.rsplit_once(TRACE) else {
        let help = |line: &&str| !line.starts_with("Usage: ") && !line.starts_with("Try '");
        return stderr.lines().filter(help).collect::<Vec<_>>().join("\n").trim().to_owned();
    };
    let own = trace.lines().filter_map(|line| line.trim_start().strip_prefix("Value error, "));
    let own: Vec<&str> = own.map(|error| error.split(" [type=").next().unwrap_or_default()).collect();
    if !own.is_empty() {
        return own.join("\n");
    }
    let error = trace.lines().find(|line| line.starts_with(|c: char| c.is_alphanumeric()));
    let error = error.unwrap_or_default().trim();
    let plain = ["RuntimeError: ", "ValueError: ", "SystemExit: "].iter().find_map(|kind| error.strip_prefix(kind));
    plain.unwrap_or(error).to_owned()
}
