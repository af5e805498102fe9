//! The sentences of the rule table, filled in from facts.
//!
//! `{value}`, `{subject}` and `{threshold}` are those of the rule's first condition, `{measure}` and `{measure.subject}`
//! the value and subject of a fact about the same thing, or the first of its measure. `{cores:core}` is `1 core` or `2 cores`. What stands in `[…]` is left out
//! where a fact in it is missing: nothing is claimed that was not measured.

use serde::Deserialize as _;
use serde::de::IntoDeserializer;
use serde::de::value::Error;

use super::fact::Measure;
use super::shown::plural;

/// What stands between braces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Blank {
    /// The value of the first condition's fact.
    Value,
    /// What that fact is about.
    Subject,
    /// What it was compared with.
    Threshold,
    /// The value of a fact.
    ValueOf(Measure),
    /// What that fact is about.
    SubjectOf(Measure),
}

impl Blank {
    fn parse(text: &str) -> Option<Self> {
        let measure = |name: &str| Measure::deserialize(IntoDeserializer::<Error>::into_deserializer(name)).ok();
        Some(match text {
            "value" => Self::Value,
            "subject" => Self::Subject,
            "threshold" => Self::Threshold,
            other => match other.strip_suffix(".subject") {
                Some(name) => Self::SubjectOf(measure(name)?),
                None => Self::ValueOf(measure(other)?),
            },
        })
    }
}

/// Checks that every blank is known and every bracket closed.
///
/// # Errors
/// What is wrong with the sentence.
pub(crate) fn check(template: &str) -> Result<(), String> {
    let mut wrong = None;
    let filled = fill(template, &mut |text| {
        if Blank::parse(named(text).0).is_none() {
            wrong = Some(format!("{{{text}}} is no measure"));
        }
        Some(String::new())
    });
    match (wrong, filled) {
        (Some(why), _) => Err(why),
        (None, Some(text)) if text.contains(['{', '}', '[', ']']) => Err("a bracket is not closed".into()),
        (None, None) => Err("a bracket is not closed".into()),
        (None, Some(_)) => Ok(()),
    }
}

/// Fills in a sentence; `None` when a fact outside of `[…]` is missing.
pub(crate) fn write(template: &str, look_up: &dyn Fn(Blank) -> Option<String>) -> Option<String> {
    fill(template, &mut |text| {
        let (blank, thing) = named(text);
        let value = look_up(Blank::parse(blank)?)?;
        Some(match thing {
            Some(thing) => plural(value.parse().ok()?, thing),
            None => value,
        })
    })
}

/// Takes a blank apart into what it is filled with and, behind a colon, the thing that is counted.
fn named(blank: &str) -> (&str, Option<&str>) {
    match blank.split_once(':') {
        Some((name, thing)) => (name, Some(thing)),
        None => (blank, None),
    }
}

fn fill(template: &str, look_up: &mut dyn FnMut(&str) -> Option<String>) -> Option<String> {
    let mut text = String::new();
    let mut rest = template;
    while let Some(at) = rest.find(['{', '[']) {
        text.push_str(&rest[..at]);
        let is_blank = rest[at..].starts_with('{');
        let (inner, after) = rest[at + 1..].split_once(if is_blank { '}' } else { ']' })?;
        if is_blank {
            text.push_str(&look_up(inner)?);
        } else if let Some(optional) = fill(inner, look_up) {
            text.push_str(&optional);
        }
        rest = after;
    }
    text.push_str(rest);
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_fact_takes_its_clause_along_or_the_whole_sentence() {
        let look_up = |blank| match blank {
            Blank::Value => Some("92 %".to_owned()),
            Blank::Subject | Blank::Threshold | Blank::ValueOf(_) | Blank::SubjectOf(_) => None,
        };
        assert_eq!(write("{value} used[ by {subject}].", &look_up), Some("92 % used.".into()));
        assert_eq!(write("{subject} used", &look_up), None);
    }

    #[test]
    fn things_are_counted_in_words() {
        let number = |number: &'static str| move |_: Blank| Some(number.to_owned());
        assert_eq!(write("on {cores:core}", &number("1")), Some("on 1 core".into()));
        assert_eq!(write("{value:process} on {cores:core}", &number("2")), Some("2 processes on 2 cores".into()));
        assert!(check("{valve:core}").is_err());
    }

    #[test]
    fn sentences_are_checked() {
        assert_eq!(check("{value} of {cores}[, most by {process_cpu.subject} ({process_cpu})]"), Ok(()));
        for wrong in ["{valve}", "{value", "[{value}", "{value}]", "{cores.size}", "{}"] {
            assert!(check(wrong).is_err(), "{wrong}");
        }
    }
}
