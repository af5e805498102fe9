//! Time zones by their IANA names.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use chrono::{DateTime, Datelike as _};
use chrono_tz::{TZ_VARIANTS, Tz};
use strsim::osa_distance;

use crate::clock::Timestamp;

/// Longest name that is looked for, in bytes.
const MAX_BYTES: usize = 64;
/// Farthest that a name may be from one that there is to be offered for it, in edits.
const MAX_EDITS: usize = 3;

/// A time zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Zone(Tz);

impl Default for Zone {
    fn default() -> Self {
        Self::UTC
    }
}

/// There is no such zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ZoneFault {
    /// What was written.
    pub text: String,
    /// The zone that may be meant.
    pub nearest: Option<&'static str>,
}

impl Zone {
    /// Coordinated universal time.
    pub const UTC: Self = Self(Tz::UTC);

    pub(super) fn tz(self) -> Tz {
        self.0
    }

    /// Writes an instant as clocks of the zone show it: `Sun 29 Nov 09:00`.
    #[must_use]
    pub fn shows(self, instant: Timestamp) -> String {
        let utc = DateTime::from_timestamp_millis(instant.0);
        utc.map_or_else(
            || instant.0.to_string(),
            |utc| utc.with_timezone(&self.0).format("%a %-d %b %H:%M").to_string(),
        )
    }

    /// Writes an instant; with its year where that is not the present one: `Tue 29 Feb 2028 09:00`.
    #[must_use]
    pub fn shows_ahead(self, instant: Timestamp, now: Timestamp) -> String {
        let here = |at: Timestamp| DateTime::from_timestamp_millis(at.0).map(|utc| utc.with_timezone(&self.0));
        match (here(instant), here(now)) {
            (Some(at), Some(now)) if at.year() != now.year() => at.format("%a %-d %b %Y %H:%M").to_string(),
            _ => self.shows(instant),
        }
    }

    /// Writes an instant of the present day by its time, and any other with its day: `today 14:03`, `Sun 29 Nov 09:00`.
    #[must_use]
    pub fn shows_near(self, instant: Timestamp, now: Timestamp) -> String {
        let here = |at: Timestamp| DateTime::from_timestamp_millis(at.0).map(|utc| utc.with_timezone(&self.0));
        match (here(instant), here(now)) {
            (Some(at), Some(now)) if at.date_naive() == now.date_naive() => at.format("today %H:%M").to_string(),
            _ => self.shows_ahead(instant, now),
        }
    }

    /// Writes an instant short, among others that are so far apart: `09:00` within a day, `Sun 09:00` within a week, else
    /// `29 Nov`.
    #[must_use]
    pub fn shows_short(self, instant: Timestamp, within: Duration) -> String {
        let format = match within.as_secs() / 3600 {
            0..=24 => "%H:%M",
            25..=168 => "%a %H:%M",
            _ => "%-d %b",
        };
        let utc = DateTime::from_timestamp_millis(instant.0);
        utc.map_or_else(|| instant.0.to_string(), |utc| utc.with_timezone(&self.0).format(format).to_string())
    }

    /// Returns the name.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.0.name()
    }
}

impl FromStr for Zone {
    type Err = ZoneFault;

    /// Reads the name of a zone, in whatever case.
    fn from_str(text: &str) -> Result<Self, ZoneFault> {
        // As it is spelt, which is how rows have it, it is found without looking through all.
        if let Ok(zone) = text.parse() {
            return Ok(Self(zone));
        }
        let named = TZ_VARIANTS.iter().find(|zone| zone.name().eq_ignore_ascii_case(text));
        named.map(|zone| Self(*zone)).ok_or_else(|| ZoneFault { text: text.to_owned(), nearest: nearest(text) })
    }
}

/// Returns the place at the end of a zone's name.
fn place(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

/// What people write for the clocks of a place, and one place that has them. Some stand for several.
const ABBREVIATIONS: [(&str, &str); 18] = [
    ("IST", "Asia/Kolkata"),
    ("PST", "America/Los_Angeles"),
    ("PDT", "America/Los_Angeles"),
    ("PT", "America/Los_Angeles"),
    ("MDT", "America/Denver"),
    ("CST", "America/Chicago"),
    ("CDT", "America/Chicago"),
    ("CT", "America/Chicago"),
    ("EDT", "America/New_York"),
    ("ET", "America/New_York"),
    ("BRT", "America/Sao_Paulo"),
    ("BST", "Europe/London"),
    ("CEST", "Europe/Berlin"),
    ("EEST", "Europe/Athens"),
    ("SGT", "Asia/Singapore"),
    ("JST", "Asia/Tokyo"),
    ("AEST", "Australia/Sydney"),
    ("AEDT", "Australia/Sydney"),
];
/// Longest name that is taken for an abbreviation; those that are spelt alike lie hours apart.
const MAX_ABBREVIATION_BYTES: usize = 5;

/// Finds the zone that a name may mean: one of that place, else the one that is spelt most alike.
fn nearest(text: &str) -> Option<&'static str> {
    if text.is_empty() || text.len() > MAX_BYTES {
        return None;
    }
    let named = ABBREVIATIONS.iter().find(|(short, _)| short.eq_ignore_ascii_case(text.trim()));
    if let Some((_, name)) = named {
        return Some(name);
    }
    let wanted = text.trim().replace(' ', "_").to_lowercase();
    let names = || TZ_VARIANTS.iter().map(|zone| zone.name());
    let of_place = names().find(|name| place(name).eq_ignore_ascii_case(place(&wanted)));
    let is_short = wanted.len() <= MAX_ABBREVIATION_BYTES;
    of_place.or_else(|| {
        let spelt = names().filter(|_| !is_short);
        spelt
            .map(|name| {
                let name_lower = name.to_lowercase();
                let whole = osa_distance(&wanted, &name_lower);
                // A place alone is compared with places alone.
                (if wanted.contains('/') { whole } else { whole.min(osa_distance(&wanted, place(&name_lower))) }, name)
            })
            .filter(|(edits, _)| *edits <= MAX_EDITS.min(wanted.len() / 3))
            .min_by_key(|(edits, _)| *edits)
            .map(|(_, name)| name)
    })
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Display for ZoneFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "there is no time zone `{}`", self.text.chars().take(MAX_BYTES).collect::<String>())?;
        match self.nearest {
            Some(nearest) => write!(f, "; did you mean {nearest}?"),
            None => f.write_str("; name one as Europe/London, Asia/Kolkata or UTC"),
        }
    }
}

impl std::error::Error for ZoneFault {}
