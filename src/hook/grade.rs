//! The operator's own severities for a sender's words.

use std::collections::BTreeMap;

use crate::alert::{Alert, Payload, Severity};

/// Where a sender's word for how bad it is stands, among labels first.
const WORDS: [&str; 4] = ["severity", "priority", "level", "urgency"];

/// Gives each alert the severity that is set for the sender's word, or for what the word was read as.
#[must_use]
pub fn graded(mut payload: Payload, severities: &BTreeMap<String, String>) -> Payload {
    for alert in &mut payload.alerts {
        if let Some(severity) = of(alert, severities) {
            alert.severity = severity;
        }
    }
    payload
}

fn of(alert: &Alert, severities: &BTreeMap<String, String>) -> Option<Severity> {
    let fields = [&alert.labels, &alert.annotations];
    let words = fields.into_iter().flat_map(|fields| WORDS.iter().filter_map(|name| fields.get(*name)));
    let words = words.map(|word| word.to_lowercase()).chain([alert.severity.as_str().to_owned()]);
    words.into_iter().find_map(|word| severities.get(&word)).map(|severity| Severity::parse(severity))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alert::{Source, read_sent};

    fn severity(sent: &str, severities: &[(&str, &str)]) -> Severity {
        let severities = severities.iter().map(|(word, name)| ((*word).to_owned(), (*name).to_owned())).collect();
        let payload = read_sent(Source::Generic, None, sent).expect("read").expect("an alert");
        graded(payload, &severities).alerts[0].severity
    }

    #[test]
    fn the_senders_word_goes_before_what_it_was_read_as() {
        let page = r#"{"title": "x", "labels": {"severity": "Page"}}"#;
        assert_eq!(severity(page, &[]), Severity::Critical);
        assert_eq!(severity(page, &[("page", "warning"), ("critical", "info")]), Severity::Warning);
        assert_eq!(severity(page, &[("critical", "error")]), Severity::Error);
        assert_eq!(severity(r#"{"title": "x", "priority": "5"}"#, &[("5", "critical")]), Severity::Critical);
        assert_eq!(severity(r#"{"title": "x"}"#, &[("unknown", "warning")]), Severity::Warning);
    }
}
