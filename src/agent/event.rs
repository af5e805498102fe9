//! What an agent does, in one vocabulary for all agents.
//!
//! A protocol turns an agent's own output into these events; the supervisor keeps them in the run's `events` file, one
//! JSON value a line, and the observer reads them from there, also after a restart. Built-in agents print them directly.

use serde::{Deserialize, Serialize};

use super::digest::Digest;
use super::failure::{Failure, Unfinished};
use super::grant::Grant;
use super::names::{MAX_MODELS, MAX_NAME_BYTES, plain};

/// One thing an agent did or said.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Event {
    /// The agent named its own session.
    Session {
        /// The agent's session id.
        id: String,
        /// The model it runs, where it says.
        model: Option<String>,
    },
    /// The agent told which models it has.
    Offers {
        /// Their names, as it is asked for them.
        models: Vec<String>,
    },
    /// The agent wrote a block of text; commentary until [`Event::Final`].
    Text {
        /// The text, Markdown.
        text: String,
    },
    /// A piece of a text that is still being written; the whole block follows as [`Event::Text`], unless it breaks off.
    Writing {
        /// The piece.
        more: String,
        /// Whether a new block or message begins with it.
        begins: bool,
    },
    /// What the agent has at work in the background has changed.
    Background {
        /// Each in a few words; none where nothing is at work any more.
        tasks: Vec<String>,
    },
    /// A tool call began.
    ToolStarted {
        /// Id of the call within the run.
        id: String,
        /// The tool's name.
        name: String,
        /// What it does, in one line.
        summary: String,
    },
    /// A tool call ended.
    ToolFinished {
        /// Id of the call within the run.
        id: String,
        /// Whether the tool reported success.
        ok: bool,
        /// Its output, at most [`MAX_TOOL_OUTPUT_BYTES`].
        output: String,
    },
    /// The agent waits for a person's permission.
    Asked {
        /// Id of the request within the run.
        id: String,
        /// The tool it wants to use.
        tool: String,
        /// What it wants to do, in full, for a person to judge.
        detail: String,
        /// Digest of the tool and its whole input; supervisors of protocol version 1 give none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        digest: Option<Digest>,
        /// What [`Decision::AllowForSession`] allows; supervisors before protocol version 4 give none, and it cannot be
        /// allowed for the session.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        grant: Option<Grant>,
        /// What answers it.
        #[serde(default, skip_serializing_if = "Wants::is_permission")]
        wants: Wants,
    },
    /// A permission request was answered, by a person or by time.
    Answered {
        /// Id of the request.
        id: String,
        /// The answer.
        decision: Decision,
        /// Whether nobody answered in time.
        timed_out: bool,
    },
    /// The agent asks for more than a person is to be asked; from now on some of its requests are denied without asking.
    AsksTooMuch,
    /// The agent waits before it tries its model service again.
    Retrying {
        /// Which retry, from 1.
        attempt: u32,
        /// Why.
        reason: String,
    },
    /// The agent's own final word on the run.
    Final(Final),
}

/// Most requests of one run that a person is asked within a minute; the others are denied.
pub const MAX_ASKED_IN_A_MINUTE: usize = 20;
/// Most requests of one run that no person has answered: open ones, and those that were taken back. Further ones are denied, so
/// that an agent that asks and takes back all the time does not fill a chat.
pub const MAX_UNANSWERED: usize = 64;

/// How the description of a request begins that is not all of it.
pub const CUT: &str = "(Cut: this is the beginning and the end of";

/// What an agent that asks wants of a person.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Wants {
    /// Leave to do something.
    #[default]
    Permission,
    /// Answers to these questions, each by choice or in words of the person's own.
    Answers(Vec<Question>),
    /// That a plan, Markdown, is accepted.
    Plan(String),
}

impl Wants {
    /// Whether it is leave to do something.
    #[must_use]
    pub fn is_permission(&self) -> bool {
        matches!(self, Self::Permission)
    }

    /// Returns the questions.
    #[must_use]
    pub fn questions(&self) -> &[Question] {
        match self {
            Self::Answers(questions) => questions,
            Self::Permission | Self::Plan(_) => &[],
        }
    }

    /// Returns the same with its texts changed.
    #[must_use]
    pub fn map(self, change: impl Fn(&str) -> String) -> Self {
        match self {
            Self::Permission => Self::Permission,
            Self::Plan(plan) => Self::Plan(change(&plan)),
            Self::Answers(questions) => Self::Answers(
                questions
                    .into_iter()
                    .map(|question| Question {
                        text: change(&question.text),
                        several: question.several,
                        choices: question
                            .choices
                            .into_iter()
                            .map(|choice| Alternative { label: change(&choice.label), about: change(&choice.about) })
                            .collect(),
                    })
                    .collect(),
            ),
        }
    }
}

/// A question of an agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// What it asks.
    pub text: String,
    /// Whether several of the choices may be taken.
    #[serde(default)]
    pub several: bool,
    /// What can be chosen; may be nothing.
    pub choices: Vec<Alternative>,
}

/// An answer that can be chosen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alternative {
    /// The answer.
    pub label: String,
    /// What it means; may be empty.
    #[serde(default)]
    pub about: String,
}

/// Longest recorded output of one tool call, in bytes.
pub const MAX_TOOL_OUTPUT_BYTES: usize = 64 * 1024;
/// Longest answer, in bytes; the rest of a longer one stands in the run's files only.
pub const MAX_ANSWER_BYTES: usize = 1024 * 1024;
/// Longest commentary, in bytes.
const MAX_TEXT_BYTES: usize = 16 * 1024;
/// Longest error text, in bytes.
const MAX_ERROR_BYTES: usize = 64 * 1024;
/// Longest account of a call, or of why a service is tried again, in bytes.
const MAX_SUMMARY_BYTES: usize = 1024;

impl Event {
    /// Returns the event with its texts within their bounds, whatever the agent has said.
    #[must_use]
    pub fn bounded(self) -> Self {
        match self {
            Self::Text { text } => Self::Text { text: kept(text, MAX_TEXT_BYTES) },
            Self::Writing { more, begins } => Self::Writing { more: kept(more, MAX_TEXT_BYTES), begins },
            Self::ToolStarted { id, name, summary } => Self::ToolStarted {
                id: kept(id, MAX_NAME_BYTES),
                name: plain(&name),
                summary: kept(summary, MAX_SUMMARY_BYTES),
            },
            Self::ToolFinished { id, ok, output } => {
                Self::ToolFinished { id: kept(id, MAX_NAME_BYTES), ok, output: kept(output, MAX_TOOL_OUTPUT_BYTES) }
            }
            Self::Session { id, model } => {
                Self::Session { id: kept(id, MAX_NAME_BYTES), model: model.as_deref().map(plain) }
            }
            Self::Offers { models } => {
                Self::Offers { models: models.iter().take(MAX_MODELS).map(|model| plain(model)).collect() }
            }
            Self::Retrying { attempt, reason } => Self::Retrying { attempt, reason: kept(reason, MAX_SUMMARY_BYTES) },
            Self::Final(word) => Self::Final(word.bounded()),
            Self::Background { tasks } => {
                Self::Background { tasks: tasks.into_iter().map(|task| kept(task, MAX_SUMMARY_BYTES)).collect() }
            }
            Self::Asked { .. } | Self::Answered { .. } | Self::AsksTooMuch => self,
        }
    }
}

fn kept(mut text: String, max_bytes: usize) -> String {
    if text.len() > max_bytes {
        text.truncate(text.floor_char_boundary(max_bytes));
        text.shrink_to_fit();
    }
    text
}

/// The agent's own final word.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Final {
    /// The answer, or why there is none.
    pub outcome: Result<String, Failure>,
    /// Size of the whole answer, in bytes, where it was longer than [`MAX_ANSWER_BYTES`] and is cut here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub whole_bytes: Option<u64>,
    /// What the run used, as far as the agent says.
    #[serde(default)]
    pub usage: Usage,
    /// Actions that were not permitted.
    #[serde(default)]
    pub denials: Vec<Denial>,
    /// Whether the error is that the agent does not know the session it was asked to resume.
    #[serde(default)]
    pub unknown_session: bool,
    /// How much shorter the conversation has become, where that was done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compacted: Option<Compacted>,
    /// Work in the background that was ended before it was done, each in a few words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cut_off: Vec<String>,
    /// Files that the agent names for the person, at most [`MAX_NAMED_FILES`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<NamedFile>,
    /// All that the answer rests on, Markdown, where it is shorter than that; at most [`MAX_TOOL_OUTPUT_BYTES`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<String>,
}

/// A file that an agent names for the person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NamedFile {
    /// By where it lies: a path of any kind.
    Path(String),
    /// By what is in it.
    Told(ToldFile),
}

/// A file that an agent has told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToldFile {
    /// What it is called.
    pub name: String,
    /// Its media type, where that is told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media_type: Option<String>,
    /// Its bytes in base64; `None` where they are more than [`MAX_TOLD_FILE_BYTES`], or with those of others before it.
    pub base64: Option<String>,
    /// How many bytes it has.
    pub size_bytes: u64,
}

/// Most files that an agent can name in one run.
pub const MAX_NAMED_FILES: usize = 500;
/// Most that the files which an agent tells in one run may have in all, in bytes.
pub const MAX_TOLD_FILE_BYTES: u64 = 10_000_000;
/// Longest path that can be named, in bytes.
const MAX_PATH_BYTES: usize = 4096;

impl NamedFile {
    fn bounded(self) -> Self {
        match self {
            Self::Path(path) => Self::Path(kept(path, MAX_PATH_BYTES)),
            Self::Told(told) => {
                // The letters of base64 stand for three quarters of as many bytes.
                let is_small = |base64: &String| base64.len() as u64 / 4 * 3 <= MAX_TOLD_FILE_BYTES + 3;
                let name = kept(told.name, MAX_PATH_BYTES);
                let media_type = told.media_type.map(|kind| kept(kind, MAX_NAME_BYTES));
                Self::Told(ToldFile { name, media_type, base64: told.base64.filter(is_small), ..told })
            }
        }
    }
}

/// A conversation that was put in short.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Compacted {
    /// Tokens before.
    pub before: u64,
    /// Tokens after, where the agent says so.
    pub after: Option<u64>,
}

impl Final {
    /// Makes a final word without numbers.
    #[must_use]
    pub fn new(outcome: Result<String, Failure>) -> Self {
        Self {
            outcome,
            whole_bytes: None,
            usage: Usage::default(),
            denials: Vec::new(),
            unknown_session: false,
            compacted: None,
            cut_off: Vec::new(),
            files: Vec::new(),
            evidence: None,
        }
    }

    fn bounded(mut self) -> Self {
        self.evidence = self.evidence.map(|evidence| kept(evidence, MAX_TOOL_OUTPUT_BYTES));
        self.files.truncate(MAX_NAMED_FILES);
        self.files = self.files.into_iter().map(NamedFile::bounded).collect();
        for denial in &mut self.denials {
            denial.tool = plain(&denial.tool);
            denial.summary = kept(std::mem::take(&mut denial.summary), MAX_SUMMARY_BYTES);
        }
        match self.outcome {
            Ok(answer) if answer.len() > MAX_ANSWER_BYTES => Self {
                whole_bytes: self.whole_bytes.or(Some(answer.len() as u64)),
                outcome: Ok(kept(answer, MAX_ANSWER_BYTES)),
                ..self
            },
            Ok(answer) => Self { outcome: Ok(answer), ..self },
            Err(Failure::Said(words)) => Self { outcome: Err(Failure::Said(kept(words, MAX_ERROR_BYTES))), ..self },
            Err(Failure::Seen(run)) => {
                let run = Unfinished { words: kept(run.words, MAX_ERROR_BYTES), ..run };
                Self { outcome: Err(Failure::Seen(run)), ..self }
            }
        }
    }
}

/// What a run used, as reported.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Usage {
    /// Tokens read, this run.
    pub input_tokens: Option<u64>,
    /// Tokens written, this run.
    pub output_tokens: Option<u64>,
    /// Cost in US dollars, accumulated over the whole session where the agent reports it so.
    pub session_cost_usd: Option<f64>,
}

/// An action that was not permitted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Denial {
    /// The tool.
    pub tool: String,
    /// What it wanted to do, in one line.
    pub summary: String,
}

/// Answer to a permission request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// This once.
    Allow,
    /// This, and what its [`Grant`] says for the rest of the session.
    AllowForSession,
    /// No.
    Deny,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::exit::Ended;

    #[test]
    fn why_there_is_no_answer_is_read_as_it_was_written() {
        let seen = Unfinished { ended: Ended::Signalled { signal: 9 }, cause: None, owed: false, words: "half".into() };
        for failure in [Failure::Said("401".into()), Failure::Seen(seen)] {
            let event = Event::Final(Final::new(Err(failure)));
            let line = serde_json::to_string(&event).expect("JSON");
            assert_eq!(serde_json::from_str::<Event>(&line).expect(&line), event);
        }
    }

    fn said(outcome: Result<String, Failure>) -> Final {
        match Event::Final(Final::new(outcome)).bounded() {
            Event::Final(word) => word,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn an_answer_is_cut_at_a_megabyte_and_says_how_long_it_was() {
        let whole = said(Ok("ä".repeat(MAX_ANSWER_BYTES / 2)));
        assert_eq!((whole.outcome.map(|answer| answer.len()), whole.whole_bytes), (Ok(MAX_ANSWER_BYTES), None));
        let long = said(Ok("xä".repeat(MAX_ANSWER_BYTES)));
        let length = long.outcome.expect("an answer").len();
        assert!((MAX_ANSWER_BYTES - 3..=MAX_ANSWER_BYTES).contains(&length), "{length}");
        assert_eq!(long.whole_bytes, Some(3 * MAX_ANSWER_BYTES as u64));
        let long = "x".repeat(MAX_ANSWER_BYTES);
        let kept = "x".repeat(MAX_ERROR_BYTES);
        assert_eq!(said(Err(long.as_str().into())).outcome, Err(kept.as_str().into()));
        let seen =
            |words| Failure::Seen(Unfinished { ended: Ended::Exited { code: 3 }, cause: None, owed: true, words });
        assert_eq!(said(Err(seen(long))).outcome, Err(seen(kept)));
    }

    #[test]
    fn what_a_version_before_has_written_is_read() {
        let line = r#"{"type":"final","outcome":{"Ok":"done"}}"#;
        assert!(matches!(serde_json::from_str(line), Ok(Event::Final(Final { whole_bytes: None, .. }))));
        let line = r#"{"type":"final","outcome":{"Err":"exit code 3"}}"#;
        let told = Event::Final(Final::new(Err("exit code 3".into())));
        assert!(serde_json::from_str::<Event>(line).is_ok_and(|event| event == told));
        let line = r#"{"type":"asked","id":"7","tool":"Bash","detail":"ls"}"#;
        let read = serde_json::from_str(line);
        assert!(matches!(read, Ok(Event::Asked { digest: None, wants: Wants::Permission, .. })));
    }
}
