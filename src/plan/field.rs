//! The five fields of a cron expression: what each may say.
//!
//! # Why they are looked at before `croner` is
//! It also reads the letters of another dialect (`L`, `W`, `#`, `?`), steps larger than their field and commas without a
//! number behind them. Somebody who types these means something that would not happen.

use std::fmt;

/// Names of months, January first.
const MONTHS: [&str; 12] = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
/// Names of days, Sunday first.
const DAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

/// A field of a cron expression.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    /// 0–59.
    Minute,
    /// 0–23.
    Hour,
    /// 1–31.
    DayOfMonth,
    /// 1–12 or JAN–DEC.
    Month,
    /// 0–7 or SUN–SAT; 0 and 7 are Sunday.
    DayOfWeek,
}

/// Why a field cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FieldFault {
    /// A number or name that the field does not have.
    #[error("`{text}` is not one of {range}")]
    OutOfRange {
        /// What was written.
        text: String,
        /// What may be.
        range: &'static str,
    },
    /// A letter or sign that other dialects of cron have.
    #[error("`{0}` is not supported: use numbers, names, `*`, `,`, `-` and `/`")]
    OtherDialect(String),
    /// Nothing where something is due, as after a comma.
    #[error("a value is missing in `{0}`")]
    Missing(String),
    /// A range whose end comes before its beginning.
    #[error("`{from}-{to}` runs backwards: write `{from}-{last},{first}-{to}`")]
    Backwards {
        /// Where it begins.
        from: String,
        /// Where it ends.
        to: String,
        /// The field's first value.
        first: u8,
        /// The field's last value.
        last: u8,
    },
    /// A step that is zero, no number, or more than the field has.
    #[error("the step `/{step}` must be a number from 1 to {largest}")]
    Step {
        /// What was written.
        step: String,
        /// The largest that makes sense.
        largest: u8,
    },
    /// A step behind a single value.
    #[error("`{value}/{step}` needs a range before the step, as `{value}-{last}/{step}`")]
    StepOfOne {
        /// The single value.
        value: String,
        /// The step.
        step: String,
        /// The field's last value.
        last: u8,
    },
}

impl Field {
    /// All, in their order.
    pub const ALL: [Self; 5] = [Self::Minute, Self::Hour, Self::DayOfMonth, Self::Month, Self::DayOfWeek];

    /// Returns the least and the largest number.
    fn bounds(self) -> (u8, u8) {
        match self {
            Self::Minute => (0, 59),
            Self::Hour => (0, 23),
            Self::DayOfMonth => (1, 31),
            Self::Month => (1, 12),
            Self::DayOfWeek => (0, 7),
        }
    }

    fn range(self) -> &'static str {
        match self {
            Self::Minute => "0-59",
            Self::Hour => "0-23",
            Self::DayOfMonth => "1-31",
            Self::Month => "1-12 or JAN-DEC",
            Self::DayOfWeek => "0-7 (0 and 7 are Sunday) or MON-SUN",
        }
    }

    fn names(self) -> &'static [&'static str] {
        match self {
            Self::Month => &MONTHS,
            Self::DayOfWeek => &DAYS,
            Self::Minute | Self::Hour | Self::DayOfMonth => &[],
        }
    }

    /// Reads a number or a name. Sunday is 7 as the end of a range, and 0 else.
    fn value(self, text: &str, ends: bool) -> Result<u8, FieldFault> {
        let (least, largest) = self.bounds();
        if let Some(place) = self.names().iter().position(|name| name.eq_ignore_ascii_case(text)) {
            let number = u8::try_from(place).unwrap_or(u8::MAX) + u8::from(self == Self::Month);
            return Ok(if ends && self == Self::DayOfWeek && number == 0 { 7 } else { number });
        }
        let out_of_range = || FieldFault::OutOfRange { text: text.to_owned(), range: self.range() };
        if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(if is_of_another_dialect(text) {
                FieldFault::OtherDialect(text.to_owned())
            } else {
                out_of_range()
            });
        }
        text.parse().ok().filter(|number| (least..=largest).contains(number)).ok_or_else(out_of_range)
    }

    /// Checks one part of a list: `*`, a value or a range, each but the value with an optional step. Returns the values that
    /// it stands for.
    fn part(self, text: &str) -> Result<Vec<u8>, FieldFault> {
        let (first, last) = self.bounds();
        let (span, step) = match text.split_once('/') {
            Some((span, step)) => (span, Some(step)),
            None => (text, None),
        };
        if span.is_empty() {
            return Err(FieldFault::Missing(text.to_owned()));
        }
        let (from, to) = match span.split_once('-') {
            None if span == "*" => (first, if self == Self::DayOfWeek { 6 } else { last }),
            None => {
                let value = self.value(span, false)?;
                if let Some(step) = step {
                    let (value, step) = (span.to_owned(), step.to_owned());
                    return Err(FieldFault::StepOfOne { value, step, last });
                }
                (value, value)
            }
            Some((from, to)) if from.is_empty() || to.is_empty() => return Err(FieldFault::Missing(text.to_owned())),
            Some((from, to)) => {
                let (start, end) = (self.value(from, false)?, self.value(to, true)?);
                if start > end {
                    let (from, to) = (from.to_owned(), to.to_owned());
                    return Err(FieldFault::Backwards { from, to, first, last });
                }
                (start, end)
            }
        };
        let largest = last - first + u8::from(self != Self::DayOfWeek);
        let by = match step {
            None => 1,
            Some(step) => step
                .parse()
                .ok()
                .filter(|by| (1..=largest).contains(by) && step.bytes().all(|byte| byte.is_ascii_digit()))
                .ok_or_else(|| FieldFault::Step { step: step.to_owned(), largest })?,
        };
        Ok((from..=to).step_by(by.into()).collect())
    }

    /// Reads a field; returns the values that it stands for, in no order, some more than once.
    ///
    /// # Errors
    ///
    /// What is wrong, with what to write instead.
    pub(super) fn read(self, text: &str) -> Result<Vec<u8>, FieldFault> {
        let mut values = Vec::new();
        for part in text.split(',') {
            if part.is_empty() {
                return Err(FieldFault::Missing(text.to_owned()));
            }
            values.extend(self.part(part)?);
        }
        Ok(values)
    }
}

/// Whether a value has the letters and signs of other crons: `L`, `15W`, `5#2`, `?`, `+FRI`, `H`.
fn is_of_another_dialect(text: &str) -> bool {
    let signs = text.trim_matches(|sign: char| sign.is_ascii_digit());
    text.starts_with('+')
        || (!signs.is_empty() && signs.chars().all(|sign| "LWH#?".contains(sign.to_ascii_uppercase())))
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Minute => "minute",
            Self::Hour => "hour",
            Self::DayOfMonth => "day of month",
            Self::Month => "month",
            Self::DayOfWeek => "day of week",
        })
    }
}
