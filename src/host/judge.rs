//! Judging: the rule table applied to the facts, the likeliest hypothesis first.
//!
//! A hypothesis rests on facts alone, each of which quotes a line of its probe's output. What was not measured makes none.

use super::fact::{Fact, Item, Measure, Topic};
use super::observe::Observations;
use super::question::{Area, Focus};
use super::rules::{self, Comparison, Condition, Rule};
use super::statement::{self, Blank};

/// Most hypotheses that one rule makes, as of several busy processes.
const MAX_OF_ONE_RULE: usize = 5;

/// Something that may be the cause, with what speaks for it.
#[derive(Debug, Clone)]
pub(crate) struct Suspicion {
    /// The rule that makes it.
    pub(crate) rule: &'static Rule,
    /// What is said, one line of Markdown.
    pub(crate) statement: String,
    /// How much speaks for it, 0 to 1.
    pub(crate) score: f64,
    /// The facts it rests on, the first one first.
    pub(crate) rests_on: Vec<Item>,
}

/// What the rules say of the evidence.
#[derive(Debug, Clone)]
pub(crate) struct Judgement {
    /// The hypotheses: what the question is about first, then the likeliest.
    pub(crate) hypotheses: Vec<Suspicion>,
    /// Rules whose measures were all looked at and that were not met.
    pub(crate) unmet: Vec<&'static Rule>,
    /// Rules whose probes were called for and could not measure all that they need.
    pub(crate) unjudged: Vec<&'static Rule>,
}

/// Applies every rule.
pub(crate) fn judge(seen: &Observations, focus: &Focus) -> Judgement {
    let bench = Bench { items: seen.items() };
    let mut judgement = Judgement { hypotheses: Vec::new(), unmet: Vec::new(), unjudged: Vec::new() };
    for rule in rules::all() {
        if !rule.needs.iter().all(|need| seen.looked_at(need.measure)) {
            if rule.needs.iter().all(|need| seen.was_called_for(need.measure.traits().0)) {
                judgement.unjudged.push(rule);
            }
            continue;
        }
        let made = bench.apply(rule);
        if made.is_empty() {
            judgement.unmet.push(rule);
        }
        judgement.hypotheses.extend(made);
    }
    // Stable: what is equally likely stays in the order of the table.
    judgement
        .hypotheses
        .sort_by(|a, b| (!focus.includes(a.area())).cmp(&!focus.includes(b.area())).then(b.score.total_cmp(&a.score)));
    judgement
}

impl Suspicion {
    /// Returns what it is about.
    pub(crate) fn area(&self) -> Area {
        self.rule.area
    }

    /// Returns the fact it rests on first.
    pub(crate) fn first(&self) -> &Fact {
        &self.rests_on.first().expect("a hypothesis rests on a fact").fact
    }
}

fn add(items: &mut Vec<Item>, item: &Item) {
    if items.iter().all(|known| known.id != item.id) {
        items.push(item.clone());
    }
}

struct Bench {
    items: Vec<Item>,
}

impl Bench {
    fn apply(&self, rule: &'static Rule) -> Vec<Suspicion> {
        let (first, others) = rule.needs.split_first().expect("a rule needs something");
        let met = self.items.iter().filter(|item| item.fact.measure == first.measure && self.meets(first, &item.fact));
        met.filter_map(|item| self.hypothesis(rule, first, others, item)).take(MAX_OF_ONE_RULE).collect()
    }

    fn hypothesis(
        &self,
        rule: &'static Rule,
        first: &Condition,
        others: &[Condition],
        item: &Item,
    ) -> Option<Suspicion> {
        let mut rests_on = vec![item.clone()];
        for need in others {
            add(&mut rests_on, self.meeting(need, &item.fact)?);
        }
        let mut score = rule.weight;
        for support in &rule.supports {
            if let Some(found) = self.meeting(&support.condition, &item.fact) {
                score += support.weight;
                add(&mut rests_on, found);
            }
        }
        let statement = statement::write(&rule.statement, &|blank| self.look_up(blank, first, &item.fact))?;
        Some(Suspicion { rule, statement, score: (score.min(1.0) * 100.0).round() / 100.0, rests_on })
    }

    fn meets(&self, condition: &Condition, fact: &Fact) -> bool {
        let Some(threshold) = self.threshold(condition) else { return false };
        match condition.is {
            Comparison::AtLeast => fact.value >= threshold,
            Comparison::Above => fact.value > threshold,
            Comparison::Below => fact.value < threshold,
        }
    }

    fn threshold(&self, condition: &Condition) -> Option<f64> {
        let factor = match condition.per {
            Some(measure) => self.items.iter().find(|item| item.fact.measure == measure)?.fact.value,
            None => 1.0,
        };
        Some(condition.threshold * factor)
    }

    fn meeting<'a>(&'a self, condition: &Condition, beside: &'a Fact) -> Option<&'a Item> {
        self.beside(condition.measure, beside).find(|item| self.meets(condition, &item.fact))
    }

    /// Finds the facts of a measure about the same thing; about other kinds of things, all.
    fn beside<'a>(&'a self, measure: Measure, fact: &'a Fact) -> impl Iterator<Item = &'a Item> {
        let (_, about, _) = measure.traits();
        let same_kind = about != Topic::Machine && about == fact.measure.traits().1;
        let key = |fact: &'a Fact| fact.subject.as_ref().map(|subject| subject.key.as_str());
        let of_measure = self.items.iter().filter(move |item| item.fact.measure == measure);
        of_measure.filter(move |item| !same_kind || key(&item.fact) == key(fact))
    }

    fn look_up(&self, blank: Blank, first: &Condition, fact: &Fact) -> Option<String> {
        let subject = |fact: &Fact| fact.subject.as_ref().map(|subject| subject.shown.clone());
        match blank {
            Blank::Value => Some(fact.shown()),
            Blank::Subject => subject(fact),
            Blank::Threshold => Some(first.unit.show(self.threshold(first)?)),
            Blank::ValueOf(measure) => self.beside(measure, fact).next().map(|item| item.fact.shown()),
            Blank::SubjectOf(measure) => subject(&self.beside(measure, fact).next()?.fact),
        }
    }
}
