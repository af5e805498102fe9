//! Cron expressions: five fields, or a word for one.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use chrono::NaiveDate;
use croner::parser::{CronParser, Seconds, Year};

use super::field::{Field, FieldFault};

/// Longest expression, in bytes.
const MAX_BYTES: usize = 256;
/// The words, and what each stands for.
const WORDS: [(&str, &str); 4] =
    [("@hourly", "0 * * * *"), ("@daily", "0 0 * * *"), ("@weekly", "0 0 * * 0"), ("@monthly", "0 0 1 * *")];
/// Hours of a day.
const HOURS: usize = 24;

/// A standard cron expression: minute, hour, day of month, month, day of week; or `@hourly`, `@daily`, `@weekly`, `@monthly`.
///
/// Where both days are given, either is enough, as in every cron since Vixie's.
#[derive(Debug, Clone, PartialEq)]
pub struct Cron {
    /// As it was written, with single blanks.
    text: Arc<str>,
    pattern: Arc<croner::Cron>,
    /// Whether it fires in every hour that there is, so that its rhythm is that of real time.
    every_hour: bool,
}

/// Why a cron expression cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CronFault {
    /// Too few or too many fields.
    #[error("{}", fields_fault(.found))]
    Fields {
        /// What was written instead of five.
        found: Vec<String>,
    },
    /// Too long for an expression.
    #[error("longer than {MAX_BYTES} characters")]
    TooLong,
    /// A word that stands for nothing here.
    #[error("there is no `{0}`: use @hourly, @daily, @weekly or @monthly")]
    Word(String),
    /// A field is wrong.
    #[error("{field}: {fault}")]
    Field {
        /// Which.
        field: Field,
        /// How.
        fault: FieldFault,
    },
    /// A day that no year has.
    #[error("it would never fire: there is no such day")]
    Never,
}

fn fields_fault(found: &[String]) -> String {
    let five = "a schedule has five fields: minute, hour, day of month, month, day of week";
    match found.len() {
        0 => format!("{five}; `0 9 * * 1-5` is 09:00 on weekdays"),
        // With seconds, as some schedulers have it.
        6 => format!("{five}; this has 6. Without seconds: `{}`", found.get(1..).unwrap_or_default().join(" ")),
        count => format!("{five}; this has {count}. `0 9 * * 1-5` is 09:00 on weekdays"),
    }
}

impl FromStr for Cron {
    type Err = CronFault;

    fn from_str(text: &str) -> Result<Self, CronFault> {
        if text.len() > MAX_BYTES {
            return Err(CronFault::TooLong);
        }
        let words: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
        let written = words.join(" ");
        let spelt_out = match words.as_slice() {
            [word] if word.starts_with('@') => WORDS
                .iter()
                .find(|(name, _)| name.eq_ignore_ascii_case(word))
                .map(|(_, fields)| (*fields).to_owned())
                .ok_or_else(|| CronFault::Word(word.clone()))?,
            _ => written.to_uppercase(),
        };
        let fields: Vec<&str> = spelt_out.split(' ').collect();
        if fields.len() != Field::ALL.len() {
            return Err(CronFault::Fields { found: words });
        }
        let mut every_hour = false;
        for (field, text) in Field::ALL.into_iter().zip(fields) {
            let values = field.read(text).map_err(|fault| CronFault::Field { field, fault })?;
            if field == Field::Hour {
                let stepped = text.split(',').any(|part| part.starts_with('*'));
                every_hour = stepped || (0..HOURS).all(|hour| values.iter().any(|value| usize::from(*value) == hour));
            }
        }
        let parser = CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed).build();
        let pattern = parser.parse(&spelt_out).map_err(|_| CronFault::Never)?;
        // From a year on that is none with a 29 February, so that each day that any year has comes within four.
        let before = NaiveDate::from_ymd_opt(2025, 1, 1).and_then(|day| day.and_hms_opt(0, 0, 0));
        if before.is_none_or(|before| pattern.find_next_occurrence(&before, true).is_err()) {
            return Err(CronFault::Never);
        }
        Ok(Self { text: written.into(), pattern: Arc::new(pattern), every_hour })
    }
}

impl Cron {
    pub(super) fn pattern(&self) -> &croner::Cron {
        &self.pattern
    }

    pub(super) fn is_of_every_hour(&self) -> bool {
        self.every_hour
    }
}

impl fmt::Display for Cron {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
