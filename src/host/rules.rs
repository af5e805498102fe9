//! The rule table, `config/host-rules.toml`: which measured values make which hypothesis, and how much each weighs.
//!
//! Read once, checked as a whole: unknown measures, wrong units, weights beyond 1 and statements that name what no probe
//! measures are faults of the table, found by a test.

use std::sync::LazyLock;

use serde::Deserialize;

use super::fact::{Measure, Topic, Unit};
use super::question::Area;
use super::statement;

/// The table as it is written.
const TABLE: &str = include_str!("../../config/host-rules.toml");

/// How a value is compared with a threshold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Comparison {
    /// As much or more.
    AtLeast,
    /// More.
    Above,
    /// Less.
    Below,
}

/// One condition on one measure.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Condition {
    /// What is compared.
    pub(crate) measure: Measure,
    /// How.
    pub(crate) is: Comparison,
    /// With what.
    pub(crate) threshold: f64,
    /// The unit of the threshold.
    pub(crate) unit: Unit,
    /// A measure by which the threshold is multiplied, such as the number of cores.
    pub(crate) per: Option<Measure>,
}

/// A condition that makes a hypothesis more likely.
#[derive(Debug, Clone, Copy, Deserialize)]
pub(crate) struct Support {
    /// The condition.
    #[serde(flatten)]
    pub(crate) condition: Condition,
    /// What it adds to the score.
    pub(crate) weight: f64,
}

/// One rule.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rule {
    /// Its name.
    pub(crate) id: String,
    /// What it is about.
    pub(crate) area: Area,
    /// Conditions that must all hold; the first one's subject is the hypothesis's.
    pub(crate) needs: Vec<Condition>,
    /// Score when they hold, above 0 and at most 1.
    pub(crate) weight: f64,
    /// Conditions that add to the score.
    #[serde(default)]
    pub(crate) supports: Vec<Support>,
    /// What is then said; see [`statement`].
    pub(crate) statement: String,
    /// What is looked for, as part of a sentence.
    pub(crate) looks_for: String,
    /// What a person should do next.
    pub(crate) next: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    rule: Vec<Rule>,
}

/// Returns the rules, in the order of the table.
pub(crate) fn all() -> &'static [Rule] {
    static RULES: LazyLock<Vec<Rule>> = LazyLock::new(|| parse(TABLE).expect("a test reads the embedded table"));
    &RULES
}

fn parse(text: &str) -> Result<Vec<Rule>, String> {
    let table: Table = toml::from_str(text).map_err(|error| error.to_string())?;
    for (index, rule) in table.rule.iter().enumerate() {
        rule.check().map_err(|why| format!("rule {}: {why}", rule.id))?;
        if table.rule[..index].iter().any(|earlier| earlier.id == rule.id) {
            return Err(format!("rule {}: its id is there twice", rule.id));
        }
    }
    Ok(table.rule)
}

impl Rule {
    fn check(&self) -> Result<(), String> {
        if self.needs.is_empty() || self.next.is_empty() || self.looks_for.is_empty() {
            return Err("needs, next and looks_for must not be empty".into());
        }
        let most = self.supports.iter().fold(self.weight, |sum, support| sum + support.weight);
        if self.weight <= 0.0 || most > 1.0 + f64::EPSILON || self.supports.iter().any(|support| support.weight <= 0.0)
        {
            return Err(format!("weights must be above 0 and at most 1 together, not {most}"));
        }
        for condition in self.needs.iter().chain(self.supports.iter().map(|support| &support.condition)) {
            let (_, _, unit) = condition.measure.traits();
            if unit != condition.unit {
                return Err(format!("{:?} is measured in {unit:?}, not {:?}", condition.measure, condition.unit));
            }
            if condition.per.is_some_and(|per| per.traits().1 != Topic::Machine) {
                return Err("a threshold can only be multiplied by a measure of the machine".into());
            }
        }
        statement::check(&self.statement)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"
        [[rule]]
        id = "a"
        area = "cpu"
        needs = [{ measure = "cpu_busy", is = "at_least", threshold = 90, unit = "percent" }]
        weight = 0.5
        supports = [{ measure = "load", is = "above", threshold = 2, unit = "count", per = "cores", weight = 0.5 }]
        statement = "{value} busy[ with {process_cpu.subject}]"
        looks_for = "a busy machine"
        next = ["look"]
    "#;

    #[test]
    fn the_table_in_the_repository_is_sound_and_every_area_is_judged() {
        let rules = parse(TABLE).unwrap();
        for area in Area::ALL.into_iter().filter(|area| area.is_of_every_machine()) {
            assert!(rules.iter().any(|rule| rule.area == area), "{area:?}");
        }
    }

    #[test]
    fn a_rule_that_makes_no_sense_is_refused() {
        assert!(parse(GOOD).is_ok());
        for (from, to) in [
            ("\"percent\"", "\"bytes\""),
            ("cpu_busy", "cpu_lazy"),
            ("weight = 0.5\n", "weight = 0.7\n"),
            ("{value}", "{nonsense}"),
            ("\"cores\"", "\"process_cpu\""),
            ("[\"look\"]", "[]"),
            ("area = \"cpu\"", "area = \"cpu\"\ncolour = 1"),
        ] {
            assert!(GOOD.contains(from), "{from}");
            assert!(parse(&GOOD.replacen(from, to, 1)).is_err(), "{to}");
        }
        assert!(parse(&format!("{GOOD}{GOOD}")).unwrap_err().contains("twice"));
    }
}
