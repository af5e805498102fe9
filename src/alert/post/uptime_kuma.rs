//! Uptime Kuma: a monitor that went down, or is up again.
//!
//! Source: <https://github.com/louislam/uptime-kuma/blob/master/server/notification-providers/discord.js>, read 2026-11.

use super::super::draft::AlertDraft;
use super::super::{Alert, Firing, Source};
use super::page::Post;
use crate::clock::Timestamp;

pub(super) fn read(post: &Post<'_>) -> Option<Alert> {
    let (name, status) = post.lines.iter().find_map(|line| told(line))?;
    let mut draft = AlertDraft::of(Source::UptimeKuma);
    draft.title(Some(format!("{name} is down")));
    draft.status(Some(status.as_str().to_owned()));
    draft.label("monitor", Some(name.to_owned()));
    draft.label("type", post.field("Service Type"));
    draft.severity([Some("error".to_owned())]);
    draft.annotation("message", post.field("Error"));
    draft.annotation("downtime", post.field("Downtime Duration"));
    draft.link(post.field("Service URL"));
    draft.starts_at = post.field("Went Offline").and_then(|time| stamp(&time));
    draft.fingerprint(Some(format!("post-{name}")));
    Some(draft.finish())
}

/// Reads `❌ Your service N went down. ❌`, `✅ Your service N is up! ✅`, and the short `🔴 N is down.`, `🟢 N is up.`.
fn told(line: &str) -> Option<(&str, Firing)> {
    let is_long = line.split_once("Your service ").filter(|(before, _)| !before.contains(char::is_alphanumeric));
    if let Some((_, rest)) = is_long {
        let ends = [(" went down.", Firing::Firing), (" is up!", Firing::Resolved)];
        return ends.into_iter().find_map(|(end, status)| Some((named(rest.rsplit_once(end)?.0)?, status)));
    }
    let line = line.trim();
    let ends = [("🔴 ", " is down.", Firing::Firing), ("🟢 ", " is up.", Firing::Resolved)];
    let told = |(start, end, status): (&str, &str, Firing)| {
        Some((named(line.strip_prefix(start)?.strip_suffix(end)?)?, status))
    };
    ends.into_iter().find_map(told)
}

fn named(name: &str) -> Option<&str> {
    Some(name.trim()).filter(|name| !name.is_empty())
}

/// Reads a time that the reader's own program shows, such as `<t:1791099065:F>`.
fn stamp(text: &str) -> Option<Timestamp> {
    let seconds: i64 = text.strip_prefix("<t:")?.split(':').next()?.trim_end_matches('>').parse().ok()?;
    seconds.checked_mul(1000).map(Timestamp)
}
