//! Posts: what a source's own integration writes into a channel, read by its shape. Who wrote it is for the caller.
//!
//! An adapter writes a post as text in the order in which a person sees it: what the message says, then each box: the colour
//! of its edge (`Color: #992d22`), author, title, address, text, fields (`Name: value`), footer. Attachments of every
//! provider are such boxes. A reader takes a shape that it knows for sure and leaves all else to the next; the last of them is
//! plain text.
//!
//! | shape | told by | reader |
//! |---|---|---|
//! | Alertmanager's templates, Grafana's | `Alerts Firing:` or `**Firing**`, then `Labels:` | `listed` |
//! | Uptime Kuma | `Your service … went down`, `🔴 … is down.` | `uptime_kuma` |
//! | Healthchecks | `“…” is DOWN.` | `healthchecks` |
//! | Sentry | one of its colours and the address of an issue | `sentry` |
//! | GitHub | `[owner/repository` and an address there | `github` |
//! | any other box | a colour | `boxed` |
//!
//! # Why a post counts for less than a hook
//! It is cut by its sender, and whoever writes an alert's texts can make them look like more of it. So a list is believed only
//! up to the number in its title, an alert whose labels may be cut is counted and not read, and the incident of a hook takes
//! a post's over.
//!
//! Source of the shapes: the senders' repositories, read 2026-11; each has an example in `fixtures/`.

mod boxed;
mod color;
mod github;
mod healthchecks;
mod listed;
mod page;
mod sentry;
#[cfg(test)]
mod tests;
mod uptime_kuma;

pub(super) use self::page::COLOR;
use self::page::{Post, boxes};
use super::{Alert, MAX_ALERTS, Payload};

/// Reads a post of a known shape, which may be no news; none of what is plain text.
pub(super) fn read(text: &str) -> Option<Payload> {
    let lines: Vec<&str> = text.lines().collect();
    if let Some(payload) = listed::read(&lines) {
        return Some(payload);
    }
    let boxes = boxes(&lines);
    let read = |colored: bool| -> Vec<Option<Alert>> {
        let those = boxes.iter().filter(|one| one.color.is_some() == colored);
        those.filter_map(of_known_shape).take(MAX_ALERTS).collect()
    };
    // What stands before the boxes says the same once more, for lists and notifications.
    let known = Some(read(true)).filter(|known| !known.is_empty()).unwrap_or_else(|| read(false));
    if !known.is_empty() {
        return Some(Payload::of(known.into_iter().flatten().collect()));
    }
    let colored: Vec<&Post<'_>> = boxes.iter().filter(|one| one.color.is_some()).collect();
    let [first, ..] = colored.as_slice() else { return None };
    // Several boxes of no known shape are one message about one thing.
    let all = Post { color: first.color, lines: lines.into_iter().filter(|line| !line.starts_with(COLOR)).collect() };
    boxed::read(&all).map(|alert| Payload::of(vec![alert]))
}

/// Reads a box of a known shape; an inner `None` where it has one and is no news.
fn of_known_shape(post: &Post<'_>) -> Option<Option<Alert>> {
    let alert = uptime_kuma::read(post).or_else(|| healthchecks::read(post)).or_else(|| sentry::read(post));
    alert.map(Some).or_else(|| github::read(post))
}
