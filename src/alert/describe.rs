//! An alert as lines of plain text for a prompt: one field a line, nothing in a field can begin another line.

use super::{Alert, Firing, Source};

/// Longest description, in bytes: 16 KiB.
pub const MAX_DESCRIPTION_BYTES: usize = 16 * 1024;
/// Room kept for the line that says how much was left out.
const REMAINDER_BYTES: usize = 64;

impl Alert {
    /// Whether its source says that who had taken it has it no more.
    #[must_use]
    pub fn is_released(&self) -> bool {
        const EVENTS: [&str; 2] = ["incident.unacknowledged", "incident.unacknowledge"];
        let event = self.annotations.get("event").filter(|_| self.source == Source::PagerDuty);
        self.status == Firing::Firing
            && self.acknowledged.is_none()
            && event.is_some_and(|event| EVENTS.contains(&event.as_str()))
    }

    /// Describes the alert in lines of plain text, at most [`MAX_DESCRIPTION_BYTES`] in all, without a last line break.
    ///
    /// Line breaks within a value are written `\n`. Fields that do not fit are left out whole, and counted in a last
    /// line. The text is what a stranger wrote: it has to be fenced where it is put.
    #[must_use]
    pub fn describe(&self) -> String {
        let started = self.starts_at.and_then(|at| chrono::DateTime::from_timestamp_millis(at.0));
        let head = [
            ("title", Some(self.title.clone())),
            ("source", Some(self.source.as_str().to_owned())),
            ("status", Some(self.status.as_str().to_owned())),
            ("severity", Some(self.severity.as_str().to_owned())),
            ("started", started.map(|at| at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true))),
            ("fingerprint", Some(self.fingerprint.clone())),
        ];
        let head = head.into_iter().filter_map(|(name, value)| Some(line(name, &value?)));
        let labels = self.labels.iter().map(|(key, value)| line(&format!("label {key}"), value));
        let annotations = self.annotations.iter().map(|(key, value)| line(&format!("annotation {key}"), value));
        let links = self.links.iter().map(|link| line("link", link));
        joined(head.chain(labels).chain(annotations).chain(links))
    }
}

/// Writes one field on one line.
fn line(name: &str, value: &str) -> String {
    format!("{name}: {value}").replace("\r\n", "\n").replace(['\n', '\r', '\u{2028}', '\u{2029}', '\u{85}'], "\\n")
}

/// Joins as many lines as fit.
fn joined(lines: impl Iterator<Item = String>) -> String {
    let mut text = String::new();
    let mut left_out = 0_usize;
    for line in lines {
        if text.len() + line.len() + 1 + REMAINDER_BYTES > MAX_DESCRIPTION_BYTES {
            left_out += 1;
        } else {
            text.extend((!text.is_empty()).then_some('\n'));
            text.push_str(&line);
        }
    }
    match left_out {
        0 => text,
        1 => text + "\n… 1 more field left out",
        more => text + &format!("\n… {more} more fields left out"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{bounds, read};

    #[test]
    fn a_description_says_all_there_is() {
        let alerts = read(super::super::alertmanager::FIXTURE).unwrap();
        assert_eq!(
            alerts[0].describe(),
            "title: DiskWillFill: /var on db-1 fills in 3 h\n\
             source: alertmanager\n\
             status: firing\n\
             severity: critical\n\
             started: 2026-10-04T07:31:05Z\n\
             fingerprint: 5a1c0de5a1c0de01\n\
             label alertname: DiskWillFill\n\
             label instance: db-1:9100\n\
             label severity: critical\n\
             label team: db\n\
             annotation runbook_url: https://runbooks.example.com/disk\n\
             annotation summary: /var on db-1 fills in 3 h\n\
             link: http://prometheus.example.com:9090/graph?g0.expr=up&g0.tab=1\n\
             link: https://runbooks.example.com/disk\n\
             link: http://alertmanager.example.com:9093/"
        );
    }

    #[test]
    fn what_does_not_fit_is_counted() {
        let long = "x".repeat(bounds::MAX_FIELD_BYTES);
        let labels: serde_json::Map<_, _> = (0..50).map(|n| (format!("label{n}"), long.clone().into())).collect();
        let text = serde_json::json!({"title": "big", "labels": labels, "host": "a"}).to_string();
        let described = read(&text).unwrap()[0].describe();
        assert!(described.len() <= super::MAX_DESCRIPTION_BYTES);
        assert!(described.starts_with("title: big\n"));
        assert!(described.ends_with("\n… 47 more fields left out"), "{}", &described[described.len() - 60..]);
    }
}
