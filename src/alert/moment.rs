//! Instants as sources write them: RFC 3339, an offset without a colon, seconds or milliseconds since the epoch.

use chrono::DateTime;
use serde_json::Value;

use crate::clock::Timestamp;

/// From this number on it is milliseconds: as seconds it would be in the year 5138.
const FIRST_MILLIS: f64 = 1e11;
/// The first instant after the year 9999, in milliseconds.
const END_MILLIS: i64 = 253_402_300_800_000;

/// Reads an instant; one before the epoch, such as the year 1 that means "not yet", is none.
pub(super) fn moment(value: &Value) -> Option<Timestamp> {
    let millis = match value {
        Value::Number(number) => of_number(number.as_f64()?),
        Value::String(text) => of_text(text.trim())?,
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => return None,
    };
    (1..END_MILLIS).contains(&millis).then_some(Timestamp(millis))
}

/// Reads the first instant at one of these JSON pointers.
pub(super) fn at(value: &Value, pointers: &[&str]) -> Option<Timestamp> {
    pointers.iter().find_map(|pointer| value.pointer(pointer).and_then(moment))
}

fn of_number(number: f64) -> i64 {
    (if number < FIRST_MILLIS { number * 1000.0 } else { number }).round() as i64
}

fn of_text(text: &str) -> Option<i64> {
    let written =
        DateTime::parse_from_rfc3339(text).or_else(|_| DateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f%z"));
    match written {
        Ok(at) => Some(at.timestamp_millis()),
        Err(_) => text.parse().ok().map(of_number),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn instants_are_read_in_every_form_that_sources_write() {
        let expected = Some(Timestamp(1_566_248_777_677));
        for written in [
            json!("2019-08-19T21:06:17.677000Z"),
            json!("2019-08-19T23:06:17.677+02:00"),
            json!("2019-08-19T21:06:17.677+0000"),
            json!(1_566_248_777.677),
            json!(1_566_248_777_677_i64),
            json!("1566248777677"),
        ] {
            assert_eq!(moment(&written), expected, "{written}");
        }
    }

    #[test]
    fn what_is_no_instant_is_none() {
        for written in [
            json!("0001-01-01T00:00:00Z"),
            json!("soon"),
            json!("NaN"),
            json!("inf"),
            json!(-1),
            json!(1e300),
            json!(null),
        ] {
            assert_eq!(moment(&written), None, "{written}");
        }
    }
}
