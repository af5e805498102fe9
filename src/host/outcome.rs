//! The outcome as data: evidence, hypotheses and root cause, for a program to read.
//!
//! The same investigation is told to a person by [`super::report`].

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;

use super::fact::{Measure, Unit};
use super::judge::{self, Judgement};
use super::observe::Observations;
use super::question::{Area, Focus};

/// Score from which on the first hypothesis is told as the root cause.
pub const ROOT_CAUSE_SCORE: f64 = 0.5;
/// Most next steps told.
const MAX_NEXT_STEPS: usize = 6;

/// What an investigation came to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// The likeliest hypothesis about what was asked; `None` when none is likely enough.
    pub root_cause: Option<Hypothesis>,
    /// All hypotheses: what was asked about first, then the likeliest.
    pub hypotheses: Vec<Hypothesis>,
    /// What was measured, and what could not be.
    pub evidence: Vec<Exhibit>,
    /// What to do next, the most urgent first.
    pub next_steps: Vec<String>,
    /// Share of the rules about what was asked that could be judged, of those whose probes were called for, 0 to 1: how
    /// sure "nothing is wrong" is.
    pub judged: f64,
}

/// Something that may be the cause.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Hypothesis {
    /// Id of the rule that makes it.
    pub rule: String,
    /// What it is about.
    pub area: Area,
    /// What it says, one line of Markdown.
    pub statement: String,
    /// How much speaks for it, 0 to 1.
    pub score: f64,
    /// Ids of the evidence it rests on.
    pub evidence: Vec<String>,
}

/// One piece of evidence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Exhibit {
    /// Its id within the report: the probe's id and a number.
    pub id: String,
    /// Id of the probe, which is also the id of its tool call.
    pub probe: String,
    /// Where the probe looked.
    pub source: String,
    /// When it looked.
    pub at: Timestamp,
    /// What it saw there.
    #[serde(flatten)]
    pub seen: Sighting,
}

/// What a probe saw.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "seen", rename_all = "snake_case")]
pub enum Sighting {
    /// A value.
    Value {
        /// What was measured.
        measure: Measure,
        /// Of what, Markdown; `None` is the machine.
        subject: Option<String>,
        /// The value.
        value: f64,
        /// The unit of the value.
        unit: Unit,
        /// The line of the tool call's output that shows it.
        quote: String,
    },
    /// Nothing, and why.
    Nothing {
        /// The reason.
        reason: String,
    },
}

/// Puts together what was seen and judged.
pub(crate) fn report(seen: &Observations, judgement: &Judgement, focus: &Focus) -> Report {
    let hypotheses: Vec<Hypothesis> = judgement.hypotheses.iter().map(hypothesis).collect();
    let first = judgement.hypotheses.first();
    let is_cause = |first: &&judge::Suspicion| focus.includes(first.area()) && first.score >= ROOT_CAUSE_SCORE;
    Report {
        root_cause: first.filter(is_cause).map(hypothesis),
        evidence: evidence(seen),
        next_steps: next_steps(judgement, focus),
        judged: judged(judgement, focus),
        hypotheses,
    }
}

fn hypothesis(made: &judge::Suspicion) -> Hypothesis {
    Hypothesis {
        rule: made.rule.id.clone(),
        area: made.area(),
        statement: made.statement.clone(),
        score: made.score,
        evidence: made.rests_on.iter().map(|item| item.id.clone()).collect(),
    }
}

/// Lists what to do about what was asked: the steps of the likeliest hypotheses, each once.
pub(crate) fn next_steps(judgement: &Judgement, focus: &Focus) -> Vec<String> {
    let mut steps: Vec<String> = Vec::new();
    let asked = judgement.hypotheses.iter().filter(|made| focus.includes(made.area()));
    for step in asked.flat_map(|made| &made.rule.next) {
        if steps.len() < MAX_NEXT_STEPS && !steps.contains(step) {
            steps.push(step.clone());
        }
    }
    steps
}

/// Computes the share of the rules about what was asked that could be judged, of those whose probes were called for.
#[expect(clippy::cast_precision_loss, reason = "there are few rules")]
pub(crate) fn judged(judgement: &Judgement, focus: &Focus) -> f64 {
    let unjudged = judgement.unjudged.iter().filter(|rule| focus.includes(rule.area)).count();
    let judged = judgement.unmet.iter().copied().chain(judgement.hypotheses.iter().map(|made| made.rule));
    let judged: BTreeSet<&str> = judged.filter(|rule| focus.includes(rule.area)).map(|rule| rule.id.as_str()).collect();
    let all = judged.len() + unjudged;
    if all == 0 { 0.0 } else { (judged.len() as f64 * 100.0 / all as f64).round() / 100.0 }
}

fn evidence(seen: &Observations) -> Vec<Exhibit> {
    let mut all = Vec::new();
    for look in &seen.looks {
        let of = |id: String, seen| Exhibit {
            id,
            probe: look.probe.id().into(),
            source: look.probe.source().into(),
            at: look.at,
            seen,
        };
        for item in look.items() {
            let (_, _, unit) = item.fact.measure.traits();
            let subject = item.fact.subject.map(|subject| subject.shown);
            let value = Sighting::Value {
                measure: item.fact.measure,
                subject,
                value: item.fact.value,
                unit,
                quote: item.fact.quote,
            };
            all.push(of(item.id, value));
        }
        for (number, reason) in look.gaps().into_iter().enumerate() {
            all.push(of(format!("{}/nothing/{}", look.probe.id(), number + 1), Sighting::Nothing { reason }));
        }
    }
    all
}
