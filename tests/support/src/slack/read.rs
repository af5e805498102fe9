//! Methods that only read.

use serde_json::{Map, Value, json};

use super::server::no;
use super::state::{Channel, Shown, State};
use super::{BOT_ID, BOT_NAME, BOT_USER, TEAM_ID};

/// What a method answers.
pub(crate) type Answer = Result<Value, Value>;

fn text<'a>(asked: &'a Map<String, Value>, key: &str) -> &'a str {
    asked.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn is_on(asked: &Map<String, Value>, key: &str) -> bool {
    matches!(asked.get(key), Some(Value::Bool(true))) || matches!(text(asked, key), "true" | "1")
}

pub(crate) fn who(state: &State) -> Value {
    json!({
        "ok": true, "url": "https://team.slack.com/", "team": "team", "user": BOT_NAME, "team_id": TEAM_ID, "user_id": BOT_USER,
        "bot_id": BOT_ID, "is_enterprise_install": false, "calls": state.calls.len(),
    })
}

pub(crate) fn user(state: &State, asked: &Map<String, Value>) -> Answer {
    let person = state.people.get(text(asked, "user")).filter(|person| person.id.starts_with('U'));
    let person = person.ok_or_else(|| no("user_not_found"))?;
    Ok(json!({ "ok": true, "user": {
        "id": person.id, "team_id": TEAM_ID, "name": person.name.to_lowercase(), "deleted": false, "is_bot": false,
        "real_name": person.name, "profile": { "display_name": person.name, "real_name": person.name },
    } }))
}

fn channel_json(state: &State, id: &str) -> Option<Value> {
    let channel = state.channels.get(id)?;
    let is_direct = id.starts_with('D');
    let mut told =
        json!({ "id": id, "is_im": is_direct, "is_archived": channel.archived, "is_member": channel.has_bot });
    if is_direct {
        told["user"] = json!(channel.name);
    } else {
        told["name"] = json!(channel.name);
    }
    Some(told)
}

pub(crate) fn channel(state: &State, asked: &Map<String, Value>) -> Answer {
    let told = channel_json(state, text(asked, "channel")).ok_or_else(|| no("channel_not_found"))?;
    Ok(json!({ "ok": true, "channel": told }))
}

pub(crate) fn channels(state: &State, asked: &Map<String, Value>) -> Answer {
    let (kinds, user) = (text(asked, "types"), text(asked, "user"));
    // Of another person only what they are in.
    let is_in = |id: &str, channel: &Channel| {
        let is_own = !id.starts_with('D') || channel.name == user;
        user.is_empty() || is_own && !channel.outsiders.contains(&user)
    };
    let of = |id: &str| match id.as_bytes().first() {
        Some(b'D') => kinds.contains("im"),
        // By itself only what everybody may read.
        _ => kinds.is_empty() || kinds.contains("public_channel"),
    };
    let skips = is_on(asked, "exclude_archived");
    let known = state
        .channels
        .iter()
        .filter(|(id, channel)| channel.has_bot && of(id) && is_in(id, channel) && !(skips && channel.archived));
    let all: Vec<Value> = known.filter_map(|(id, _)| channel_json(state, id)).collect();
    let (page, next) = page(&all, asked)?;
    Ok(json!({ "ok": true, "channels": page, "response_metadata": { "next_cursor": next } }))
}

/// Returns a page, and what the next begins with.
fn page(all: &[Value], asked: &Map<String, Value>) -> Result<(Vec<Value>, String), Value> {
    let limit = asked.get("limit").and_then(|limit| limit.as_u64().or(limit.as_str()?.parse().ok())).unwrap_or(100);
    if !(1..=999).contains(&limit) {
        return Err(no("invalid_limit"));
    }
    let from = match text(asked, "cursor") {
        "" => 0,
        cursor => cursor.strip_prefix("at:").and_then(|at| at.parse().ok()).ok_or_else(|| no("invalid_cursor"))?,
    };
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let rest = all.get(from..).unwrap_or_default();
    let next = if rest.len() > limit { format!("at:{}", from + limit) } else { String::new() };
    Ok((rest.iter().take(limit).cloned().collect(), next))
}

fn readable(state: &State, channel: &str) -> Result<(), Value> {
    match state.channels.get(channel) {
        None => Err(no("channel_not_found")),
        Some(channel) if !channel.has_bot => Err(no("not_in_channel")),
        Some(_) => Ok(()),
    }
}

fn with_metadata(state: &State, channel: &str, shown: &Shown, asked: &Map<String, Value>) -> Value {
    let mut told = state.message_json(channel, shown);
    if is_on(asked, "include_all_metadata") && !shown.metadata.is_null() {
        told["metadata"] = shown.metadata.clone();
    }
    told
}

/// Whether a message lies between the bounds that are asked for.
fn lies_within(ts: &str, asked: &Map<String, Value>) -> bool {
    let number = |text: &str| text.parse::<f64>().ok();
    let (oldest, latest) = (number(text(asked, "oldest")), number(text(asked, "latest")));
    let at = number(ts).unwrap_or_default();
    if is_on(asked, "inclusive") {
        oldest.is_none_or(|oldest| at >= oldest) && latest.is_none_or(|latest| at <= latest)
    } else {
        oldest.is_none_or(|oldest| at > oldest) && latest.is_none_or(|latest| at < latest)
    }
}

/// A channel's own messages, the newest first; answers in threads are not among them.
pub(crate) fn history(state: &State, asked: &Map<String, Value>) -> Answer {
    let channel = text(asked, "channel");
    readable(state, channel)?;
    let shown = state.shows(channel).into_iter().rev();
    let own = shown.filter(|shown| shown.thread.as_deref().is_none_or(|thread| thread == shown.ts));
    let all: Vec<Value> = own
        .filter(|shown| lies_within(&shown.ts, asked))
        .map(|shown| with_metadata(state, channel, &shown, asked))
        .collect();
    let (messages, next) = page(&all, asked)?;
    Ok(json!({
        "ok": true, "messages": messages, "has_more": !next.is_empty(), "response_metadata": { "next_cursor": next },
    }))
}

/// A thread: its first message, which always comes along, and the answers, oldest first.
pub(crate) fn replies(state: &State, asked: &Map<String, Value>) -> Answer {
    let (channel, root) = (text(asked, "channel"), text(asked, "ts"));
    readable(state, channel)?;
    let first = state.messages.get(&(channel.to_owned(), root.to_owned())).ok_or_else(|| no("thread_not_found"))?;
    let answers = state.replies(channel, root).filter(|shown| lies_within(&shown.ts, asked));
    let all: Vec<Value> =
        std::iter::once(first).chain(answers).map(|shown| with_metadata(state, channel, shown, asked)).collect();
    let (messages, next) = page(&all, asked)?;
    Ok(json!({
        "ok": true, "messages": messages, "has_more": !next.is_empty(), "response_metadata": { "next_cursor": next },
    }))
}

/// Tells of a file.
pub(super) fn file(state: &State, asked: &Map<String, Value>) -> Answer {
    let id = text(asked, "file");
    let (name, content) = state.files.get(id).ok_or_else(|| no("file_not_found"))?;
    let url = format!("{}/files-pri/{TEAM_ID}-{id}/{name}", state.files_at);
    let file =
        json!({ "id": id, "name": name, "size": content.len(), "url_private": url, "url_private_download": url });
    Ok(json!({ "ok": true, "file": file, "comments": [] }))
}
