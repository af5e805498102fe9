//! What an investigation puts out on its way: a line where a stage begins, and one where it ends.
//!
//! ```text
//!   … Planning
//!   ● Planning  1.1s  SRE runbook, Grafana Loki
//!   … Gathering evidence
//!   ✗ Gathering evidence  3ms  timed out
//! ```
//! What was planned is what is then called, so that calls are counted as they are made; what they give is not put out.

use signalbox_adapter::one_line;

use crate::agent::event::Event;

/// The stage whose end tells what will be called, and the one in which that is called.
const PLANNING: &str = "Planning";
const GATHERING: &str = "Gathering evidence";
/// The tool that every call is shown under.
const TOOL: &str = "evidence";
/// The line behind which the report stands.
const COMPLETE: &str = "Investigation complete";
/// What stands before how sure it is.
const CONFIDENCE: &str = "confidence ";
/// Most calls of one stage.
const MAX_CALLS: usize = 50;
/// Longest name of a stage or a call, in characters.
const MAX_CHARS: usize = 80;

/// Follows the stages.
#[derive(Debug, Default)]
pub(super) struct Stages {
    planned: Vec<String>,
    open: Vec<String>,
    calls: usize,
    is_complete: bool,
    /// How sure it is, in per cent, by its own account.
    pub(super) confidence: Option<u8>,
}

impl Stages {
    /// Takes a line.
    pub(super) fn take(&mut self, line: &str) -> Vec<Event> {
        let line = line.trim();
        self.is_complete |= line == COMPLETE;
        if self.is_complete {
            return Vec::new();
        }
        if let Some(stage) = line.strip_prefix("… ") {
            return self.begun(stage.trim());
        }
        let ended = line.strip_prefix("● ").map(|rest| (rest, true));
        match ended.or_else(|| line.strip_prefix("✗ ").map(|rest| (rest, false))) {
            Some((rest, ok)) => self.ended(rest, ok),
            None => Vec::new(),
        }
    }

    fn begun(&mut self, stage: &str) -> Vec<Event> {
        let mut events = vec![said(stage.to_owned())];
        if stage == GATHERING {
            for call in std::mem::take(&mut self.planned) {
                self.calls += 1;
                let id = format!("call-{}", self.calls);
                self.open.push(id.clone());
                events.push(Event::ToolStarted { id, name: TOOL.to_owned(), summary: call });
            }
        }
        events
    }

    fn ended(&mut self, rest: &str, ok: bool) -> Vec<Event> {
        let mut parts = rest.splitn(3, "  ").map(str::trim);
        let (stage, _took, about) = (parts.next().unwrap_or_default(), parts.next(), parts.next().unwrap_or_default());
        match stage {
            PLANNING => {
                let named = about.split(", ").filter(|name| !name.is_empty()).take(MAX_CALLS);
                self.planned = named.map(|name| one_line(name, MAX_CHARS)).collect();
                Vec::new()
            }
            GATHERING => {
                let ok = ok && !about.contains("Errors:");
                let finished = |id| Event::ToolFinished { id, ok, output: String::new() };
                std::mem::take(&mut self.open).into_iter().map(finished).collect()
            }
            _ => {
                let per_cent = about.strip_prefix(CONFIDENCE).and_then(|sure| sure.strip_suffix('%')?.parse().ok());
                let Some(sure) = per_cent.filter(|sure| *sure <= 100) else { return Vec::new() };
                self.confidence = Some(sure);
                vec![said(format!("{stage}: {CONFIDENCE}{sure} %"))]
            }
        }
    }
}

/// What it is at stands where an agent writes: the next stage takes its place.
fn said(stage: String) -> Event {
    Event::Writing { more: one_line(&stage, MAX_CHARS), begins: true }
}
