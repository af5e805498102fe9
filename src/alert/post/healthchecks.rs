//! Healthchecks: a check that missed its ping, or has it again.
//!
//! Source: <https://github.com/healthchecks/healthchecks/blob/master/templates/integrations/slack_message.json>, read 2026-11.

use super::super::draft::AlertDraft;
use super::super::{Alert, Firing, Source};
use super::page::Post;

/// Fields that say more of a check.
const SAID: [(&str, &str); 4] =
    [("Description", "description"), ("Schedule", "schedule"), ("Period", "period"), ("Last Ping", "last ping")];

pub(super) fn read(post: &Post<'_>) -> Option<Alert> {
    let (name, status) = post.lines.iter().find_map(|line| told(line))?;
    let mut draft = AlertDraft::of(Source::Healthchecks);
    draft.title(Some(format!("{name} is down")));
    draft.status(Some(status.as_str().to_owned()));
    draft.label("check", Some(name.to_owned()));
    let project = post.field("Project");
    draft.label("project", project.clone());
    draft.tags(post.field("Tags").unwrap_or_default().split(|c: char| c.is_whitespace() || c == ','));
    draft.severity([draft.labelled("severity"), draft.labelled("priority"), Some("error".to_owned())]);
    for (field, annotation) in SAID {
        draft.annotation(annotation, post.field(field));
    }
    draft.link(post.address().map(str::to_owned));
    draft.fingerprint(Some(format!("post-{}-{name}", project.unwrap_or_default())));
    Some(draft.finish())
}

/// Reads `“N” is DOWN.`, `“N” is UP.` and `The check "N" is DOWN.`.
fn told(line: &str) -> Option<(&str, Firing)> {
    let line = line.trim();
    let line = line.strip_prefix("The check ").unwrap_or(line).trim_end_matches('.');
    let ends = [(" is DOWN", Firing::Firing), (" is UP", Firing::Resolved)];
    let (quoted, status) = ends.into_iter().find_map(|(end, status)| Some((line.strip_suffix(end)?, status)))?;
    let name = quoted.strip_prefix(['“', '"'])?.strip_suffix(['”', '"'])?;
    (!name.trim().is_empty()).then_some((name.trim(), status))
}
