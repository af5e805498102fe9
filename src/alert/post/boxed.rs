//! Any other box: a title, what it says, and a colour that tells how bad it is where no word does.

use super::super::draft::AlertDraft;
use super::super::headline::Headline;
use super::super::{Alert, Severity, Source, plain};
use super::color::Color;
use super::page::{Post, is_address};

/// Fields that say what it is of; the others may change from post to post.
const LABELS: [&str; 16] = [
    "alertname",
    "cluster",
    "component",
    "device",
    "env",
    "environment",
    "host",
    "hostname",
    "instance",
    "job",
    "monitor",
    "namespace",
    "region",
    "service",
    "severity",
    "team",
];
/// Longest field that is a label, in bytes.
const MAX_LABEL_BYTES: usize = 200;

pub(super) fn read(post: &Post<'_>) -> Option<Alert> {
    let title = post.first()?;
    let mut draft = AlertDraft::of(Source::Plain);
    draft.title(Some(title.to_owned()));
    for line in &post.lines {
        let Some((name, value)) = line.split_once(':').filter(|(_, value)| value.len() <= MAX_LABEL_BYTES) else {
            continue;
        };
        let name = name.trim().trim_matches('*').to_lowercase();
        if LABELS.contains(&name.as_str()) {
            draft.label(&name, Some(value.trim_matches(|c: char| c == '*' || c.is_whitespace()).to_owned()));
        }
    }
    draft.severity(post.lines.iter().map(|line| plain::severity(line)));
    let headline = Headline::of(title);
    let (status, severity) = post.color.map(Color::meaning).unwrap_or_default();
    if headline.severity == Severity::Unknown {
        draft.severity([Some(severity.as_str().to_owned())]);
    }
    let status = headline.status.or(status);
    draft.status(status.map(|status| status.as_str().to_owned()));
    draft.annotation("text", Some(post.text()));
    for line in post.lines.iter().filter(|line| is_address(line)) {
        draft.link(Some(line.trim().to_owned()));
    }
    Some(draft.finish())
}
