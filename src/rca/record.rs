//! What was seen of an investigation's run: how many tool calls, in how many turns of its agent, and what the tools put out.

use std::collections::BTreeSet;

use super::{Rca, Stats, Verdict};
use crate::agent::event::{Event, MAX_TOOL_OUTPUT_BYTES};

/// Shortest quote that backs a claim, in characters.
pub const MIN_QUOTE_CHARS: usize = 12;
/// Most output that is kept of a run, in bytes.
const MAX_KEPT_BYTES: usize = 8 << 20;

/// Follows a run's events.
#[derive(Debug, Default)]
pub struct Recorder {
    tool_calls: u32,
    loops: u32,
    /// Whether a call of the agent turn under way has been seen.
    in_agent_turn: bool,
    /// Outputs with their white space normalised.
    outputs: Vec<String>,
    kept_bytes: usize,
    begun: BTreeSet<String>,
}

impl Recorder {
    /// Takes an event. An agent turn begins with the first call after something was put out: the calls of one belong together.
    pub fn take(&mut self, event: &Event) {
        match event {
            Event::ToolStarted { id, .. } => {
                if !self.begun.insert(id.clone()) {
                    return;
                }
                self.tool_calls += 1;
                if !self.in_agent_turn {
                    self.loops += 1;
                    self.in_agent_turn = true;
                }
            }
            Event::ToolFinished { output, .. } => {
                self.in_agent_turn = false;
                self.keep(output);
            }
            Event::Session { .. }
            | Event::Offers { .. }
            | Event::Text { .. }
            | Event::Writing { .. }
            | Event::Background { .. }
            | Event::AsksTooMuch
            | Event::Asked { .. }
            | Event::Answered { .. }
            | Event::Retrying { .. }
            | Event::Final(_) => {}
        }
    }

    /// Takes an event of an earlier run: what was put out is remembered, and nothing is counted again.
    pub fn recall(&mut self, event: &Event) {
        if let Event::ToolFinished { output, .. } = event {
            self.keep(output);
        }
    }

    fn keep(&mut self, output: &str) {
        let output = &output[..output.floor_char_boundary(MAX_TOOL_OUTPUT_BYTES)];
        let output = normalised(output);
        if !output.is_empty() && self.kept_bytes + output.len() <= MAX_KEPT_BYTES {
            self.kept_bytes += output.len();
            self.outputs.push(output);
        }
    }

    /// Looks every quote of an analysis up in what was recorded, notes which claims are backed, and counts.
    pub fn rate(&self, rca: Option<&mut Rca>) -> Stats {
        let counted = Stats { tool_calls: self.tool_calls, loops: self.loops, ..Stats::default() };
        let Some(rca) = rca.filter(|_| !self.outputs.is_empty()) else { return counted };
        let (mut supported, mut claims) = (0, 0);
        // That nothing was found, or nothing is clear, claims no cause.
        let names_cause = rca.verdict == Verdict::CauseFound;
        let cause = std::iter::once((&mut rca.root_cause, names_cause));
        for (claim, counts) in cause.chain(rca.analysis.iter_mut().map(|claim| (claim, true))) {
            let is_backed = claim.evidence.iter().any(|evidence| self.shows(&evidence.quote));
            if counts {
                claims += 1;
                supported += u32::from(is_backed);
            }
            if counts || !claim.evidence.is_empty() {
                claim.supported = Some(is_backed);
            }
        }
        if claims == 0 {
            return counted;
        }
        let score = (f64::from(supported) / f64::from(claims) * 100.0).round() / 100.0;
        Stats { score: Some(score), supported, claims, ..counted }
    }

    fn shows(&self, quote: &str) -> bool {
        let quote = normalised(quote);
        quote.chars().count() >= MIN_QUOTE_CHARS && self.outputs.iter().any(|output| output.contains(&quote))
    }
}

fn normalised(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rca::read;

    fn started(id: &str) -> Event {
        Event::ToolStarted { id: id.into(), name: "Bash".into(), summary: String::new() }
    }

    fn finished(id: &str, output: &str) -> Event {
        Event::ToolFinished { id: id.into(), ok: true, output: output.into() }
    }

    fn recorded(events: &[Event]) -> Recorder {
        let mut recorder = Recorder::default();
        events.iter().for_each(|event| recorder.take(event));
        recorder
    }

    const ANSWER: &str = r#"{"root_cause":{"claim":"full","evidence":[{"tool":"Bash","quote":"/dev/sda1   100%\n/var"}]},
        "analysis":[{"claim":"invented","evidence":[{"tool":"Bash","quote":"never printed anywhere"}]},
                    {"claim":"too short","evidence":[{"tool":"Bash","quote":"/var"}]},
                    {"claim":"unbacked"}]}"#;

    #[test]
    fn calls_of_one_agent_turn_are_one_loop() {
        let recorder = recorded(&[
            started("a"),
            started("b"),
            finished("a", "x"),
            finished("b", "y"),
            Event::Text { text: "hm".into() },
            started("c"),
            // Told again after a restart.
            started("c"),
            finished("c", "z"),
        ]);
        let stats = recorder.rate(None);
        assert_eq!((stats.tool_calls, stats.loops, stats.score), (3, 2, None));
    }

    #[test]
    fn the_score_is_the_share_of_claims_whose_quotes_were_really_put_out() {
        let recorder = recorded(&[started("a"), finished("a", "Filesystem\n/dev/sda1 100% /var\n")]);
        let mut rca = read(ANSWER).expect("an analysis");
        let stats = recorder.rate(Some(&mut rca));
        assert_eq!((stats.score, stats.supported, stats.claims), (Some(0.25), 1, 4));
        let backed: Vec<_> = rca.claims().map(|claim| claim.supported).collect();
        assert_eq!(backed, [Some(true), Some(false), Some(false), Some(false)]);
    }

    #[test]
    fn an_answer_without_a_claim_is_not_rated() {
        let answer = ANSWER.replacen('{', r#"{"verdict":"nothing_wrong","#, 1);
        let mut rca = read(&answer).unwrap();
        rca.analysis.clear();
        let stats = recorded(&[started("a"), finished("a", "/dev/sda1 100% /var")]).rate(Some(&mut rca));
        assert_eq!((stats.score, stats.claims), (None, 0));
        assert_eq!(rca.root_cause.supported, Some(true), "whether its words were seen is told all the same");
    }

    #[test]
    fn what_an_earlier_run_has_seen_backs_claims_and_counts_once() {
        let mut recorder = Recorder::default();
        recorder.recall(&started("a"));
        recorder.recall(&finished("a", "Filesystem\n/dev/sda1 100% /var\n"));
        let stats = recorder.rate(Some(&mut read(ANSWER).expect("an analysis")));
        assert_eq!((stats.score, stats.tool_calls, stats.loops), (Some(0.25), 0, 0));
    }

    #[test]
    fn without_recorded_output_nothing_is_rated() {
        let mut rca = read(ANSWER).expect("an analysis");
        assert_eq!(recorded(&[]).rate(Some(&mut rca)).score, None);
        assert_eq!(recorded(&[started("a"), finished("a", " \n ")]).rate(Some(&mut rca)).score, None);
        assert!(rca.claims().all(|claim| claim.supported.is_none()));
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let mut recorder = Recorder::default();
        for _ in 0..1000 {
            recorder.take(&finished("x", &"word ".repeat(MAX_TOOL_OUTPUT_BYTES)));
        }
        assert!(recorder.kept_bytes <= MAX_KEPT_BYTES);
        assert!(recorder.outputs.iter().all(|output| output.len() <= MAX_TOOL_OUTPUT_BYTES));
    }
}
