//! Any other box: a title, what it says, and a colour that tells how bad it is where no word does.

use super::super::draft::AlertDraft;
use super::super::headline::Headline;
use super::super::{Alert, Firing, Severity, Source, plain};
use super::color::Color;
use super::page::{Post, is_address};

/// Fields that say what it is of; the others may change from post to post.
const LABELS: [&str; 18] = [
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
    "queue",
    "region",
    "service",
    "severity",
    "team",
    "topic",
];
/// Fields of tags, all of which say what it is of: Datadog's posts have one.
const TAGS: [&str; 3] = ["Tags", "tags", "**Tags**"];
/// Longest field that is a label, in bytes.
const MAX_LABEL_BYTES: usize = 200;

/// What stands between two fields of one line.
const APART: [&str; 3] = [" · ", " • ", " | "];

/// Returns the label that a name is, however it is marked.
fn label(name: &str) -> Option<&'static str> {
    let name = name.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
    LABELS.into_iter().find(|label| *label == name)
}

fn told(draft: &mut AlertDraft, name: &str, value: &str) {
    let value = value.trim_matches(|c: char| matches!(c, '*' | '`' | '_') || c.is_whitespace());
    if value.len() <= MAX_LABEL_BYTES {
        draft.label(name, Some(value.to_owned()));
    }
}

pub(super) fn read(post: &Post<'_>) -> Option<Alert> {
    let title = post.first()?;
    let mut draft = AlertDraft::of(Source::Plain);
    let (title, address) = plain::unlinked(title);
    let title = title.as_str();
    draft.title(Some(title.to_owned()));
    draft.link(address);
    let mut lines = post.lines.iter().peekable();
    while let Some(line) = lines.next() {
        // A bold word alone is the name of what stands below it.
        let below = line.trim().strip_prefix("**").and_then(|rest| rest.strip_suffix("**"));
        let below = below.filter(|name| !name.contains(':')).and_then(label).zip(lines.peek());
        if let Some((name, value)) = below {
            told(&mut draft, name, value);
        }
        for part in
            APART.iter().fold(vec![*line], |parts, apart| parts.iter().flat_map(|part| part.split(apart)).collect())
        {
            if let Some((name, value)) = part.split_once(':').and_then(|(name, value)| Some((label(name)?, value))) {
                told(&mut draft, name, value);
            }
        }
    }
    if let Some(tags) = TAGS.iter().find_map(|name| post.field(name)) {
        // They may be others when it is over, so they do not tell one alert from another.
        draft.fingerprint(Some(draft.derived(title)));
        let is_end = if tags.contains(',') { |c: char| c == ',' } else { char::is_whitespace };
        draft.tags(tags.split(is_end));
    }
    draft.severity(post.lines.iter().map(|line| plain::severity(line)));
    draft.severity([draft.labelled("severity"), draft.labelled("priority")]);
    let headline = Headline::of(title);
    let (status, severity) = post.color.map(Color::meaning).unwrap_or_default();
    if headline.severity == Severity::Unknown {
        draft.severity([Some(severity.as_str().to_owned())]);
    }
    let status = headline.status.or(status);
    let word = if headline.acknowledged { Some("acknowledged") } else { status.map(Firing::as_str) };
    draft.status(word.map(str::to_owned));
    draft.acknowledged_by(post.lines.iter().find_map(|line| plain::acknowledged_by(line)));
    draft.annotation("text", Some(post.text()));
    for line in post.lines.iter().filter(|line| is_address(line)) {
        draft.link(Some(line.trim().to_owned()));
    }
    Some(draft.finish())
}
