//! Methods that write.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::people::direct_of;
use super::read::{self, Answer};
use super::server::no;
use super::state::{Channel, Shown, State, Upload, Whisper};
use super::{BOT_ID, BOT_USER, blocks, novel};

/// Longest text of a message, in characters.
const MAX_TEXT_CHARS: usize = 40_000;
/// How long a trigger is good for.
const TRIGGER: Duration = Duration::from_secs(3);
/// Longest metadata, in bytes.
const MAX_METADATA_BYTES: usize = 8000;

/// Answers a call whose token is good.
pub(crate) fn call(state: &mut State, method: &str, asked: &Map<String, Value>) -> Answer {
    if state.lacks_novel_blocks {
        novel::refused(asked.get("blocks"))?;
    }
    match method {
        "auth.test" => Ok(read::who(state)),
        "apps.connections.open" => open_socket(state),
        "users.info" => read::user(state, asked),
        "users.conversations" => read::channels(state, asked),
        "conversations.info" => read::channel(state, asked),
        "conversations.history" => read::history(state, asked),
        "conversations.replies" => read::replies(state, asked),
        "conversations.open" => open_direct(state, asked),
        "chat.postMessage" => post(state, asked),
        "chat.update" => update(state, asked),
        "chat.delete" => delete(state, asked),
        "chat.postEphemeral" => whisper(state, asked),
        "reactions.add" => react(state, asked, true),
        "reactions.remove" => react(state, asked, false),
        "views.open" => open_form(state, asked),
        "views.publish" => publish(state, asked),
        "assistant.threads.setStatus" => status(state, asked),
        "blocks.validate" => blocks::checked(asked.get("blocks")).map(|()| json!({ "ok": true })),
        "files.info" => read::file(state, asked),
        "files.getUploadURLExternal" => announce(state, asked),
        "files.completeUploadExternal" => complete(state, asked),
        _ => Err(no("unknown_method")),
    }
}

fn text<'a>(asked: &'a Map<String, Value>, key: &str) -> &'a str {
    asked.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn open_socket(state: &mut State) -> Answer {
    if state.is_disabled {
        return Err(no("socket_mode_not_enabled"));
    }
    let ticket = format!("ticket={}&app_id=A4242", state.next_id("t"));
    let url = format!("{}/link/?{ticket}", state.sockets_at);
    state.tickets.insert(ticket);
    Ok(json!({ "ok": true, "url": url }))
}

fn open_direct(state: &mut State, asked: &Map<String, Value>) -> Answer {
    let user = text(asked, "users");
    if !state.people.contains_key(user) {
        return Err(no("user_not_found"));
    }
    let id = direct_of(user);
    state.channels.entry(id.clone()).or_insert_with(|| Channel { name: user.to_owned(), ..Channel::default() });
    Ok(json!({ "ok": true, "channel": { "id": id } }))
}

/// Checks where a message goes.
fn writable(state: &State, channel: &str) -> Result<(), Value> {
    match state.channels.get(channel) {
        None => Err(no("channel_not_found")),
        Some(channel) if channel.archived => Err(no("is_archived")),
        Some(channel) if !channel.has_bot => Err(no("not_in_channel")),
        Some(_) => Ok(()),
    }
}

/// Checks what a message says; returns its text, blocks and attachments.
pub(crate) fn content(asked: &Map<String, Value>) -> Result<(String, Value, Value), Value> {
    let said = text(asked, "text").to_owned();
    let taken =
        |key: &str| asked.get(key).filter(|value| value.as_array().is_some_and(|list| !list.is_empty())).cloned();
    let (shown, beside) = (taken("blocks").unwrap_or_default(), taken("attachments").unwrap_or_default());
    if said.is_empty() && shown.is_null() && beside.is_null() {
        return Err(no("no_text"));
    }
    if said.chars().count() > MAX_TEXT_CHARS {
        return Err(no("msg_too_long"));
    }
    blocks::checked(asked.get("blocks"))?;
    for attachment in beside.as_array().into_iter().flatten() {
        blocks::checked(attachment.get("blocks"))?;
    }
    Ok((said, shown, beside))
}

fn pings(asked: &Map<String, Value>) -> Vec<String> {
    let said = text(asked, "text");
    let blocks = asked.get("blocks").map(blocks::marked).unwrap_or_default();
    let beside = asked.get("attachments").map(blocks::marked).unwrap_or_default();
    // Beside blocks the text is not shown, but notifies all the same.
    let all = [said.to_owned(), blocks, beside].join("\n");
    let marked = all.split('<').skip(1).filter_map(|rest| rest.split_once('>'));
    marked.map(|(inside, _)| inside).filter(|inside| inside.starts_with(['!', '@'])).map(str::to_owned).collect()
}

fn post(state: &mut State, asked: &Map<String, Value>) -> Answer {
    let channel = text(asked, "channel").to_owned();
    writable(state, &channel)?;
    let (said, shown, attachments) = content(asked)?;
    let metadata = asked.get("metadata").cloned().unwrap_or_default();
    if !metadata.is_null() {
        let is_whole = metadata["event_type"].is_string() && metadata["event_payload"].is_object();
        if !is_whole {
            return Err(no("invalid_metadata_schema"));
        }
        if metadata.to_string().len() > MAX_METADATA_BYTES {
            return Err(no("metadata_too_large"));
        }
    }
    let thread = asked.get("thread_ts").and_then(Value::as_str).map(str::to_owned);
    if let Some(thread) = &thread {
        let first = state.messages.get(&(channel.clone(), thread.clone())).ok_or_else(|| no("thread_not_found"))?;
        if first.thread.as_deref().is_some_and(|other| other != thread) {
            return Err(no("cannot_reply_to_message"));
        }
    }
    state.pings.extend(pings(asked));
    let ts = state.next_ts();
    let new = Shown {
        ts: ts.clone(),
        author: BOT_USER.to_owned(),
        by_bot: true,
        text: said,
        blocks: shown,
        attachments,
        thread: thread.clone(),
        edited: None,
        metadata,
        more: Value::Null,
    };
    state.show(&channel, new);
    // Whatever the app says in a thread ends what is said to be done there.
    state.statuses.retain(|(place, root, _)| *place != channel || thread.as_ref() != Some(root));
    let message = state.message_json(&channel, &state.messages[&(channel.clone(), ts.clone())]);
    Ok(json!({ "ok": true, "channel": channel, "ts": ts, "message": message }))
}

fn own<'s>(state: &'s mut State, channel: &str, ts: &str, not_ours: &str) -> Result<&'s mut Shown, Value> {
    if !state.channels.contains_key(channel) {
        return Err(no("channel_not_found"));
    }
    let key = (channel.to_owned(), ts.to_owned());
    let shown = state.messages.get_mut(&key).ok_or_else(|| no("message_not_found"))?;
    if shown.by_bot { Ok(shown) } else { Err(no(not_ours)) }
}

fn update(state: &mut State, asked: &Map<String, Value>) -> Answer {
    let (channel, ts) = (text(asked, "channel").to_owned(), text(asked, "ts").to_owned());
    writable(state, &channel)?;
    let (said, shown, attachments) = content(asked)?;
    let key = (channel.clone(), ts.clone());
    let before = state.messages.get(&key).map(|shown| state.message_json(&channel, shown)).unwrap_or_default();
    let metadata = asked.get("metadata").cloned();
    let has_blocks = !shown.is_null();
    let at = state.next_ts();
    let found = own(state, &channel, &ts, "cant_update_message")?;
    // A text without blocks drops the blocks; attachments that are left out stay.
    found.text = said.clone();
    found.blocks = shown;
    if asked.contains_key("attachments") {
        found.attachments = attachments;
    }
    if let Some(metadata) = metadata {
        found.metadata = metadata;
    }
    found.edited = (!has_blocks).then_some(at);
    state.changed(&channel, &ts, before);
    Ok(json!({ "ok": true, "channel": channel, "ts": ts, "text": said }))
}

fn delete(state: &mut State, asked: &Map<String, Value>) -> Answer {
    let (channel, ts) = (text(asked, "channel").to_owned(), text(asked, "ts").to_owned());
    own(state, &channel, &ts, "cant_delete_message")?;
    state.messages.remove(&(channel.clone(), ts.clone()));
    Ok(json!({ "ok": true, "channel": channel, "ts": ts }))
}

fn whisper(state: &mut State, asked: &Map<String, Value>) -> Answer {
    let (channel, user) = (text(asked, "channel").to_owned(), text(asked, "user").to_owned());
    writable(state, &channel)?;
    let (said, shown, _) = content(asked)?;
    if !state.people.contains_key(&user) {
        return Err(no("user_not_in_channel"));
    }
    let thread = asked.get("thread_ts").and_then(Value::as_str).map(str::to_owned);
    state.whispers.push(Whisper { channel, thread, user, text: said, blocks: shown });
    Ok(json!({ "ok": true, "message_ts": state.next_ts() }))
}

fn react(state: &mut State, asked: &Map<String, Value>, adds: bool) -> Answer {
    let (channel, ts) = (text(asked, "channel").to_owned(), text(asked, "timestamp").to_owned());
    let name = text(asked, "name").to_owned();
    if !state.messages.contains_key(&(channel.clone(), ts.clone())) {
        return Err(no("message_not_found"));
    }
    let is_name =
        !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"_+-".contains(&b));
    if !is_name {
        return Err(no("invalid_name"));
    }
    let reaction = (channel, ts, name);
    let is_changed = if adds { state.reactions.insert(reaction) } else { state.reactions.remove(&reaction) };
    match (is_changed, adds) {
        (true, _) => Ok(json!({ "ok": true })),
        (false, true) => Err(no("already_reacted")),
        (false, false) => Err(no("no_reaction")),
    }
}

fn open_form(state: &mut State, asked: &Map<String, Value>) -> Answer {
    let view = asked.get("view").cloned().unwrap_or_default();
    blocks::checked_form(&view)?;
    let id = text(asked, "trigger_id").to_owned();
    let trigger = state.triggers.get_mut(&id).ok_or_else(|| no("invalid_trigger_id"))?;
    if trigger.is_used {
        return Err(no("exchanged_trigger_id"));
    }
    if trigger.at.elapsed() > TRIGGER {
        return Err(no("expired_trigger_id"));
    }
    trigger.is_used = true;
    state.views.push((id, view.clone()));
    Ok(json!({ "ok": true, "view": view }))
}

fn publish(state: &mut State, asked: &Map<String, Value>) -> Answer {
    let view = asked.get("view").cloned().unwrap_or_default();
    blocks::checked_home(&view)?;
    let user = text(asked, "user_id").to_owned();
    if !state.people.contains_key(&user) {
        return Err(no("user_not_found"));
    }
    state.homes.insert(user, view.clone());
    Ok(json!({ "ok": true, "view": view }))
}

fn status(state: &mut State, asked: &Map<String, Value>) -> Answer {
    let (channel, thread) = (text(asked, "channel_id").to_owned(), text(asked, "thread_ts").to_owned());
    writable(state, &channel)?;
    if !state.messages.contains_key(&(channel.clone(), thread.clone())) {
        return Err(no("thread_not_found"));
    }
    state.statuses.retain(|(place, root, _)| *place != channel || *root != thread);
    let words = text(asked, "status").to_owned();
    if !words.is_empty() {
        state.statuses.push((channel, thread, words));
    }
    Ok(json!({ "ok": true }))
}

fn announce(state: &mut State, asked: &Map<String, Value>) -> Answer {
    let name = text(asked, "filename").to_owned();
    let length = asked.get("length").and_then(|length| length.as_u64().or(length.as_str()?.parse().ok()));
    let Some(length) = length.filter(|length| *length > 0 && !name.is_empty()) else {
        return Err(no("invalid_arguments"));
    };
    let id = state.next_id("F");
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    state.uploads.insert(id.clone(), Upload { name, length, content: None });
    Ok(json!({ "ok": true, "upload_url": format!("{}/upload/{id}", state.files_at), "file_id": id }))
}

fn complete(state: &mut State, asked: &Map<String, Value>) -> Answer {
    let files = asked.get("files").and_then(Value::as_array).cloned().unwrap_or_default();
    let channel = text(asked, "channel_id").to_owned();
    if files.is_empty() {
        return Err(no("invalid_arguments"));
    }
    if asked.contains_key("initial_comment") && asked.contains_key("blocks") {
        return Err(no("invalid_arguments"));
    }
    blocks::checked(asked.get("blocks"))?;
    writable(state, &channel)?;
    let thread = asked.get("thread_ts").and_then(Value::as_str).map(str::to_owned);
    if let Some(thread) = &thread
        && !state.messages.contains_key(&(channel.clone(), thread.clone()))
    {
        return Err(no("thread_not_found"));
    }
    let mut told = Vec::new();
    for file in &files {
        let id = file["id"].as_str().unwrap_or_default().to_owned();
        let upload = state.uploads.remove(&id).ok_or_else(|| no("file_not_found"))?;
        let content = upload.content.ok_or_else(|| no("file_upload_size_restricted"))?;
        told.push(json!({ "id": id, "name": upload.name, "size": content.len(), "title": file["title"] }));
        state.files.insert(id, (upload.name, content));
    }
    state.pings.extend(pings(&Map::from_iter([("text".to_owned(), json!(text(asked, "initial_comment")))])));
    let shown = Shown {
        ts: state.next_ts(),
        author: BOT_USER.to_owned(),
        by_bot: true,
        text: text(asked, "initial_comment").to_owned(),
        blocks: asked.get("blocks").cloned().unwrap_or_default(),
        attachments: Value::Null,
        thread,
        edited: None,
        metadata: Value::Null,
        more: json!({ "files": told, "upload": true, "bot_id": BOT_ID }),
    };
    state.show(&channel, shown);
    Ok(json!({ "ok": true, "files": told }))
}
