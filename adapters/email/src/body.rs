//! What a rendered part holds, as JSON.
//!
//! The outbox stores a part and never looks inside; it may be read back by a later version, so unknown fields are passed
//! over and a body that is no such JSON is sent as the plain text it is.

use serde::{Deserialize, Serialize};
use signalbox_adapter::{Chart, Document, Part, clean, one_line};

use crate::html::{preformatted, write_html};
use crate::text::write_text;

/// Longest subject, in characters; a longer one is cut.
pub const MAX_SUBJECT_CHARS: usize = 200;
/// Longest subject that is taken from a text, in characters.
const MAX_TAKEN_SUBJECT_CHARS: usize = 100;
/// The subject of a mail that has neither subject nor text.
const NO_SUBJECT: &str = "(no subject)";

/// One mail without what depends on its recipient.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Body {
    /// The plain text.
    pub(crate) text: String,
    /// The inside of the HTML page; empty where there is none.
    #[serde(default)]
    pub(crate) html: String,
    /// The charts that are pictures in it, in their order; they are drawn anew for each attempt.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) charts: Vec<Chart>,
    /// The subject, if it is not the first line of the text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) subject: Option<String>,
    /// Who is shown as a recipient, if not the one it goes to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) to: Vec<String>,
    /// What the Message-ID is made of, if not the delivery's key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) message_id_key: Option<String>,
    /// Earlier mails about the same thing, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) references: Vec<String>,
}

impl Body {
    /// Writes a document.
    pub(crate) fn of_document(document: &Document) -> Self {
        let (html, charts) = write_html(document);
        Self { text: cleaned(&write_text(document)), html: cleaned(&html), charts, ..Self::default() }
    }

    /// Reads a part back.
    pub(crate) fn of(part: &Part) -> Self {
        let mut body =
            serde_json::from_str(&part.body).unwrap_or_else(|_| Self { text: part.body.clone(), ..Self::default() });
        body.text = cleaned(&body.text);
        body.html = if body.html.is_empty() { preformatted(&body.text) } else { cleaned(&body.html) };
        body
    }

    /// Returns the part that holds this.
    pub(crate) fn into_part(self) -> Part {
        Part { body: serde_json::to_string(&self).expect("texts are JSON") }
    }

    /// Returns the subject as one line.
    pub(crate) fn subject_line(&self) -> String {
        let line = match &self.subject {
            Some(subject) => one_line(subject, MAX_SUBJECT_CHARS),
            None => {
                let first = self.text.lines().find(|line| !line.trim().is_empty());
                one_line(first.unwrap_or_default(), MAX_TAKEN_SUBJECT_CHARS)
            }
        };
        if line.is_empty() { NO_SUBJECT.to_owned() } else { line }
    }
}

fn cleaned(text: &str) -> String {
    clean(text).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_foreign_part_is_plain_text() {
        let foreign = Body::of(&Part { body: "a\r\nb\0".to_owned() });
        assert_eq!(foreign.text, "a\nb\u{fffd}");
        assert!(foreign.html.contains("a\nb"));
    }

    #[test]
    fn a_subject_is_one_line_of_bounded_length() {
        let subject = |subject: &str| Body { subject: Some(subject.to_owned()), ..Body::default() }.subject_line();
        assert_eq!(subject("a\r\nBcc: b@c.example\0"), "a Bcc: b@c.example\u{fffd}");
        assert_eq!(subject(&"é".repeat(300)).chars().count(), MAX_SUBJECT_CHARS);
        let taken = |text: &str| Body { text: text.to_owned(), ..Body::default() }.subject_line();
        assert_eq!(taken("\n\n  first  line\nsecond"), "first line");
        assert_eq!(taken(&"x".repeat(300)).chars().count(), 100);
        assert_eq!(taken(""), NO_SUBJECT);
    }
}
