//! Sentry: an issue, whose level is told by the colour alone.
//!
//! Source: <https://github.com/getsentry/sentry/tree/master/src/sentry/integrations/discord/message_builder>, read 2026-11.

use super::super::draft::AlertDraft;
use super::super::{Alert, Firing, Source};
use super::color::Color;
use super::page::{Post, is_address};

/// Levels by their colours.
const LEVELS: [(u32, &str); 5] =
    [(0xfa_4747, "fatal"), (0xe0_3e2f, "error"), (0xff_c227, "warning"), (0x27_88ce, "info"), (0xfb_e14f, "debug")];
/// The colour of what is resolved.
const RESOLVED: u32 = 0x4d_c771;
/// What stands before an issue's number in an address.
const ISSUES: &str = "/issues/";

pub(super) fn read(post: &Post<'_>) -> Option<Alert> {
    let Color(color) = post.color?;
    let address = post.lines.iter().copied().map(str::trim).find(|line| is_address(line) && line.contains(ISSUES))?;
    let level = LEVELS.iter().find(|(known, _)| *known == color).map(|(_, level)| *level);
    if level.is_none() && color != RESOLVED {
        return None;
    }
    let issue = address.split_once(ISSUES).map(|(_, rest)| rest).unwrap_or_default();
    let issue = issue.split(['/', '?', '#']).next().filter(|id| !id.is_empty())?;
    let mut draft = AlertDraft::of(Source::Sentry);
    draft.title(post.first().map(str::to_owned));
    draft.severity([level.map(str::to_owned)]);
    let status = if color == RESOLVED { Firing::Resolved } else { Firing::Firing };
    draft.status(Some(status.as_str().to_owned()));
    draft.label("level", level.map(str::to_owned));
    for name in ["environment", "project"] {
        draft.label(name, post.field(name));
    }
    draft.annotation("text", Some(post.text()));
    draft.link(Some(address.to_owned()));
    // The same as a hook's, so that the one knows the other.
    draft.fingerprint(Some(format!("issue-{issue}")));
    Some(draft.finish())
}
