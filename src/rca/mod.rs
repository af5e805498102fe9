//! The root cause analysis: what an investigation comes to, as data.
//!
//! ```text
//! agent's answer ─► read (tolerant) ─► Rca ─┐
//! stream of the run ─► Recorder ─► Stats ◄──┴─ score: quotes looked up in recorded tool output
//! ```
//! Agents answer with JSON after `config/rca.schema.json`. What they say of their own counts is not read: tool calls, loops
//! and score come from the stream that was observed.

mod read;
mod record;
pub mod template;

use serde::{Deserialize, Serialize};

pub use read::{ReadError, read};
pub use record::{MIN_QUOTE_CHARS, Recorder};

/// The schema that agents are asked to answer with.
pub const SCHEMA: &str = include_str!("../../config/rca.schema.json");

/// What an investigation came to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rca {
    /// Whether there is a cause at all.
    pub verdict: Verdict,
    /// The cause, or that there is none.
    pub root_cause: Claim,
    /// What supports it, the most important first.
    pub analysis: Vec<Claim>,
    /// What to do, the most urgent first.
    pub next_steps: Vec<String>,
}

/// Whether a cause was found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The cause is known.
    #[default]
    CauseFound,
    /// All is well.
    NothingWrong,
    /// The evidence does not tell.
    Unclear,
}

/// Something that is said, and what it rests on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Claim {
    /// What is said, Markdown.
    pub claim: String,
    /// What it rests on.
    pub evidence: Vec<Evidence>,
    /// Whether a quote was found in the run's recorded output; `None` where nothing was recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supported: Option<bool>,
}

/// A place in a tool's output.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// The tool.
    pub tool: String,
    /// Words of its output.
    pub quote: String,
}

/// What was seen of the run itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Stats {
    /// Tool calls.
    pub tool_calls: u32,
    /// Agent turns that held a tool call.
    pub loops: u32,
    /// Share of claims that are backed by recorded output, 0 to 1; `None` is unrated.
    pub score: Option<f64>,
    /// Claims that are backed.
    pub supported: u32,
    /// Claims in all.
    pub claims: u32,
}

impl Stats {
    /// Adds what an earlier run of the same investigation has seen.
    #[must_use]
    pub fn after(self, earlier: &Self) -> Self {
        Self { tool_calls: self.tool_calls + earlier.tool_calls, loops: self.loops + earlier.loops, ..self }
    }
}

impl Rca {
    /// Every claim, the root cause first.
    pub fn claims(&self) -> impl Iterator<Item = &Claim> {
        std::iter::once(&self.root_cause).chain(&self.analysis)
    }

    /// Cleans every text of it, as with a redactor.
    pub fn clean(&mut self, clean: &dyn Fn(&str) -> String) {
        for claim in std::iter::once(&mut self.root_cause).chain(&mut self.analysis) {
            claim.claim = clean(&claim.claim);
            for evidence in &mut claim.evidence {
                evidence.tool = clean(&evidence.tool);
                evidence.quote = clean(&evidence.quote);
            }
        }
        for step in &mut self.next_steps {
            *step = clean(step);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schema_and_what_is_written_agree() {
        let schema: serde_json::Value = serde_json::from_str(SCHEMA).expect("JSON");
        let claim = Claim {
            claim: "c".into(),
            evidence: vec![Evidence { tool: "Bash".into(), quote: "twelve chars".into() }],
            supported: None,
        };
        let rca = Rca {
            verdict: Verdict::Unclear,
            root_cause: claim.clone(),
            analysis: vec![claim],
            next_steps: vec!["s".into()],
        };
        let written = serde_json::to_value(&rca).expect("JSON");
        let known = |value: &serde_json::Value| -> Vec<String> {
            value.as_object().expect("an object").keys().cloned().collect()
        };
        assert_eq!(known(&schema["properties"]), known(&written));
        assert_eq!(known(&schema["$defs"]["claim"]["properties"]), known(&written["root_cause"]));
        let evidence = &schema["$defs"]["claim"]["properties"]["evidence"]["items"];
        assert_eq!(known(&evidence["properties"]), known(&written["root_cause"]["evidence"][0]));
        assert_eq!(evidence["properties"]["quote"]["minLength"], MIN_QUOTE_CHARS);
        let verdicts = &schema["properties"]["verdict"]["enum"];
        for verdict in [Verdict::CauseFound, Verdict::NothingWrong, Verdict::Unclear] {
            let word = serde_json::to_value(verdict).expect("JSON");
            assert!(verdicts.as_array().expect("words").contains(&word), "{word}");
        }
        assert_eq!(read(&written.to_string()).expect("it reads back"), rca);
    }
}
