//! The text that Prometheus reads, version 0.0.4: families of samples, each with its help and type.
//!
//! Source: <https://prometheus.io/docs/instrumenting/exposition_formats/>, read 2026-11.

use std::fmt::{Display, Write as _};

/// Media type of the text.
pub(super) const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// What kind of number a family holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MetricKind {
    /// It only grows, but for a fresh start at zero.
    Counter,
    /// It goes up and down.
    Gauge,
}

impl MetricKind {
    fn as_str(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
        }
    }
}

/// The text, as far as it is written.
#[derive(Debug, Default)]
pub(super) struct Exposition {
    text: String,
}

impl Exposition {
    /// Begins a family; its samples follow. The help is one line of ours, without backslashes.
    pub(super) fn family(&mut self, name: &'static str, kind: MetricKind, help: &'static str) -> Family<'_> {
        writeln!(self.text, "# HELP {name} {help}\n# TYPE {name} {}", kind.as_str()).expect("a text takes all");
        Family { name, text: &mut self.text }
    }

    /// Returns the whole text.
    pub(super) fn finish(self) -> String {
        self.text
    }
}

/// A family that takes samples.
pub(super) struct Family<'a> {
    name: &'static str,
    text: &'a mut String,
}

impl Family<'_> {
    /// Adds the one sample of a family without labels.
    pub(super) fn value(self, value: impl Display) {
        writeln!(self.text, "{} {value}", self.name).expect("a text takes all");
    }

    /// Adds a sample with one label.
    pub(super) fn sample(&mut self, label: &'static str, label_value: &str, value: impl Display) {
        self.sample_of(&[(label, label_value)], value);
    }

    /// Adds a sample with several labels.
    pub(super) fn sample_of(&mut self, labels: &[(&'static str, &str)], value: impl Display) {
        let labels: Vec<String> = labels.iter().map(|(name, text)| format!("{name}=\"{}\"", escaped(text))).collect();
        writeln!(self.text, "{}{{{}}} {value}", self.name, labels.join(",")).expect("a text takes all");
    }
}

/// Escapes what would end the label's value or the line.
fn escaped(text: &str) -> String {
    text.replace('\\', r"\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_family_is_its_help_its_type_and_its_samples() {
        let mut text = Exposition::default();
        text.family("up_seconds", MetricKind::Gauge, "How long.").value(1.5);
        let mut family = text.family("ends_total", MetricKind::Counter, "Ends.");
        family.sample("status", "ok", 2);
        family.sample("status", "error:cli", 0);
        assert_eq!(
            text.finish(),
            "# HELP up_seconds How long.\n# TYPE up_seconds gauge\nup_seconds 1.5\n# HELP ends_total Ends.\n\
             # TYPE ends_total counter\nends_total{status=\"ok\"} 2\nends_total{status=\"error:cli\"} 0\n"
        );
    }

    #[test]
    fn a_hostile_label_stays_within_its_quotes_and_its_line() {
        let mut text = Exposition::default();
        text.family("x", MetricKind::Gauge, "X.").sample("provider", "a\"} 1\nforged 2\\", 3);
        let text = text.finish();
        let sample = text.lines().nth(2).expect("a sample");
        assert_eq!(sample, r#"x{provider="a\"} 1\nforged 2\\"} 3"#);
        assert_eq!(text.lines().count(), 3);
    }
}
