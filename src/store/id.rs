//! Ids of rows, each a type of its own: numbers, and short texts that people type.

use std::fmt;

use rusqlite::types::{FromSql, FromSqlResult, ToSql, ToSqlOutput, ValueRef};

macro_rules! row_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(i64);

        impl $name {
            /// Wraps a row's number.
            #[must_use]
            pub fn new(number: i64) -> Self {
                Self(number)
            }

            /// Returns the number.
            #[must_use]
            pub fn get(self) -> i64 {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl ToSql for $name {
            fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
                Ok(self.0.into())
            }
        }

        impl FromSql for $name {
            fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
                value.as_i64().map(Self)
            }
        }
    };
}

row_id!(
    /// Numbers a session.
    SessionId
);
row_id!(
    /// Numbers an inbound message, in the order of arrival.
    InboxId
);
row_id!(
    /// Numbers a delivery, in the order of writing.
    DeliveryId
);

row_id!(
    /// Numbers an incident; short enough to be typed.
    IncidentId
);

row_id!(
    /// Numbers a schedule; short enough to be typed.
    ScheduleId
);
row_id!(
    /// Numbers a fire of a schedule.
    FireId
);

macro_rules! short_id {
    ($(#[$doc:meta])* $name:ident: $chars:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(String);

        impl $name {
            /// Characters of an id.
            pub const CHARS: usize = $chars;

            /// Reads what a person has typed; `None` when it has not the form of an id.
            #[must_use]
            pub fn read(text: &str) -> Option<Self> {
                let is_id = text.len() == Self::CHARS && text.bytes().all(|b| b.is_ascii_alphanumeric());
                is_id.then(|| Self(text.to_ascii_lowercase()))
            }

            /// Wraps an id that was just made.
            pub(super) fn made(text: String) -> Self {
                Self(text)
            }

            /// Returns the id's text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl ToSql for $name {
            fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
                Ok(self.0.as_str().into())
            }
        }

        impl FromSql for $name {
            fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
                value.as_str().map(|text| Self(text.to_owned()))
            }
        }
    };
}

short_id!(
    /// Names a task; made to be typed.
    TaskId: 8
);
short_id!(
    /// Names a permission request; made to be typed.
    ApprovalId: 6
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_read_in_any_case_and_nothing_else_is_taken_for_one() {
        assert_eq!(TaskId::read("K3m9Qa7X").map(|id| id.to_string()).as_deref(), Some("k3m9qa7x"));
        for text in ["", "k3m9qa7", "k3m9qa7xx", "k3m9 a7x", "k3m9-a7x", "k3m9qé7"] {
            assert_eq!(TaskId::read(text), None, "{text:?}");
        }
    }
}
