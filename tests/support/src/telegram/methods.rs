//! The methods of the Bot API that the bot uses, as strict as the real ones.

use std::time::Duration;

use serde_json::{Value, json};

use super::rules::{self, utf16_len};
use super::state::{ChatKind, Fate, Shown, State};
use super::{BOT_ID, BOT_NAME, Shared};
use crate::parameters::Parameters;

/// Longest text, in UTF-16 code units.
const MAX_TEXT: usize = 4096;
/// Longest caption, in UTF-16 code units.
const MAX_CAPTION: usize = 1024;
/// Largest file that a bot gets, in bytes.
const MAX_FILE: usize = 20 * 1024 * 1024;
/// Reactions that every chat allows.
const REACTIONS: [&str; 4] = ["👀", "👍", "👎", "🔥"];

/// An answer: its HTTP status and body.
pub(crate) struct Answer {
    pub(crate) code: u16,
    pub(crate) json: Value,
}

impl Answer {
    fn ok(result: Value) -> Self {
        Self { code: 200, json: json!({ "ok": true, "result": result }) }
    }

    pub(crate) fn refused(code: u16, description: &str) -> Self {
        Self { code, json: json!({ "ok": false, "error_code": code, "description": description }) }
    }

    pub(crate) fn too_many(retry_after: u64) -> Self {
        let description = format!("Too Many Requests: retry after {retry_after}");
        let mut answer = Self::refused(429, &description);
        answer.json["parameters"] = json!({ "retry_after": retry_after });
        answer
    }

    fn moved(to: i64) -> Self {
        let mut answer = Self::refused(400, "Bad Request: group chat was upgraded to a supergroup chat");
        answer.json["parameters"] = json!({ "migrate_to_chat_id": to });
        answer
    }
}

impl From<rules::Refusal> for Answer {
    fn from(words: rules::Refusal) -> Self {
        Self::refused(if words.starts_with("Forbidden") { 403 } else { 400 }, words)
    }
}

/// Does what a call asks for.
pub(crate) async fn answer(shared: &Shared, method: &str, parameters: &Parameters) -> Answer {
    if method == "getupdates" {
        return updates(shared, parameters).await;
    }
    let outcome = shared.with(|state| match method {
        "getme" => Ok(json!({ "id": BOT_ID, "is_bot": true, "first_name": "signalbox", "username": BOT_NAME })),
        "deletewebhook" => Ok(delete_webhook(state, parameters)),
        "sendmessage" => send(state, parameters),
        "senddocument" => send_document(state, parameters),
        "sendphoto" => send_photo(state, parameters),
        "editmessagetext" => edit(state, parameters),
        "editmessagereplymarkup" => edit_buttons(state, parameters),
        "sendchataction" => chat_action(state, parameters),
        "setmessagereaction" => react(state, parameters),
        "answercallbackquery" => answer_press(state, parameters),
        "setmycommands" => set_commands(state, parameters),
        "getmycommands" => Ok(state.menus.get(&scope(parameters)).cloned().unwrap_or_default().into()),
        "getfile" => file(state, parameters),
        _ => Err(Answer::refused(404, "Not Found")),
    });
    outcome.map_or_else(|refused| refused, Answer::ok)
}

async fn updates(shared: &Shared, parameters: &Parameters) -> Answer {
    let offset = u64::try_from(parameters.number("offset").unwrap_or(0)).unwrap_or(0);
    let limit = usize::try_from(parameters.number("limit").unwrap_or(100)).unwrap_or(100).clamp(1, 100);
    let wait = Duration::from_secs(parameters.number("timeout").unwrap_or(0).unsigned_abs());
    let mine = shared.with(|state| {
        state.updates.retain(|update| update["update_id"].as_u64() >= Some(offset));
        state.polls += 1;
        state.polls
    });
    let look = shared.until(|state| {
        if state.revoked {
            return Some(Answer::refused(401, "Unauthorized"));
        }
        if state.webhook {
            let words = "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete \
                         the webhook first";
            return Some(Answer::refused(409, words));
        }
        if state.polls != mine {
            let words = "Conflict: terminated by other getUpdates request; make sure that only one bot instance is \
                         running";
            return Some(Answer::refused(409, words));
        }
        let mut found: Vec<Value> = state.updates.iter().take(limit).cloned().collect();
        if state.scrambled {
            found = found.iter().rev().chain(&found).cloned().collect();
        }
        (!found.is_empty()).then(|| Answer::ok(found.into()))
    });
    tokio::time::timeout(wait, look).await.unwrap_or_else(|_| Answer::ok(json!([])))
}

fn delete_webhook(state: &mut State, parameters: &Parameters) -> Value {
    state.webhook = false;
    if parameters.is_on("drop_pending_updates") {
        state.updates.clear();
    }
    true.into()
}

/// Finds the chat and checks that the bot may write to it now.
fn chat(state: &mut State, parameters: &Parameters) -> Result<i64, Answer> {
    let id = parameters.number("chat_id").ok_or("Bad Request: chat_id is empty")?;
    let chat = state.chats.get(&id).ok_or("Bad Request: chat not found")?;
    match (chat.fate, chat.kind) {
        (Fate::Open, _) => Ok(id),
        (Fate::Blocked, _) => Err("Forbidden: bot was blocked by the user".into()),
        (Fate::Kicked, ChatKind::Private) => Err("Forbidden: user is deactivated".into()),
        (Fate::Kicked, _) => Err("Forbidden: bot was kicked from the group chat".into()),
        (Fate::Moved(to), _) => Err(Answer::moved(to)),
    }
}

/// Counts a send or edit against the chat's allowance.
fn spend(state: &mut State, chat: i64) -> Result<(), Answer> {
    match state.allowance.get_mut(&chat) {
        Some((0, retry_after)) => Err(Answer::too_many(*retry_after)),
        Some((left, _)) => {
            *left -= 1;
            Ok(())
        }
        None => Ok(()),
    }
}

/// Checks what every new message has.
fn new_message(state: &mut State, chat: i64, parameters: &Parameters) -> Result<Shown, Answer> {
    if parameters.fields.contains_key("parse_mode") {
        return Err("Bad Request: can't parse entities: the bot is to send entities".into());
    }
    let reply = parameters.fields.get("reply_parameters");
    let mut reply_to = reply.and_then(|reply| reply["message_id"].as_i64());
    if reply_to.is_some_and(|id| !state.messages.contains_key(&(chat, id))) {
        let may_do_without = reply.is_some_and(|reply| reply["allow_sending_without_reply"] == true);
        if !may_do_without {
            return Err("Bad Request: message to be replied not found".into());
        }
        reply_to = None;
    }
    // Without a topic of its own, a message goes to the topic of the one it answers.
    let answered = reply_to.and_then(|id| state.messages.get(&(chat, id)));
    let thread = parameters.number("message_thread_id").or_else(|| answered.and_then(|shown| shown.thread));
    if let Some(thread) = thread {
        match state.chats[&chat].topics.get(&thread) {
            Some(true) => {}
            Some(false) => return Err("Bad Request: TOPIC_CLOSED".into()),
            None => return Err("Bad Request: message thread not found".into()),
        }
    }
    let buttons = rules::keyboard(parameters.fields.get("reply_markup"))?;
    let silent = parameters.is_on("disable_notification");
    let preview = has_preview(parameters);
    Ok(Shown { by_bot: true, reply_to, thread, buttons, silent, preview, ..Shown::default() })
}

fn has_preview(parameters: &Parameters) -> bool {
    parameters.fields.get("link_preview_options").is_none_or(|options| options["is_disabled"] != true)
}

fn send(state: &mut State, parameters: &Parameters) -> Result<Value, Answer> {
    let chat = chat(state, parameters)?;
    let shown = new_message(state, chat, parameters)?;
    let text = parameters.text("text").unwrap_or_default();
    let (text, entities) = rules::text(text, &parameters.list("entities"), MAX_TEXT)?;
    if text.is_empty() {
        return Err("Bad Request: message text is empty".into());
    }
    spend(state, chat)?;
    let id = state.add(chat, Shown { text, entities, ..shown });
    Ok(state.message_json(chat, id))
}

fn send_document(state: &mut State, parameters: &Parameters) -> Result<Value, Answer> {
    let chat = chat(state, parameters)?;
    let shown = new_message(state, chat, parameters)?;
    let document = parameters.files.get("document").cloned();
    let document = document.ok_or("Bad Request: there is no document in the request")?;
    if document.1.is_empty() {
        return Err("Bad Request: file must be non-empty".into());
    }
    let (text, entities) = caption(parameters)?;
    spend(state, chat)?;
    let id = state.add(chat, Shown { text, entities, document: Some(document), ..shown });
    Ok(state.message_json(chat, id))
}

fn send_photo(state: &mut State, parameters: &Parameters) -> Result<Value, Answer> {
    let chat = chat(state, parameters)?;
    let shown = new_message(state, chat, parameters)?;
    if state.chats[&chat].no_photos {
        return Err("Bad Request: not enough rights to send photos to the chat".into());
    }
    let photo = parameters.files.get("photo").cloned();
    let photo = photo.ok_or("Bad Request: there is no photo in the request")?;
    rules::photo(&photo.1)?;
    let (text, entities) = caption(parameters)?;
    spend(state, chat)?;
    let id = state.add(chat, Shown { text, entities, photo: Some(photo), ..shown });
    Ok(state.message_json(chat, id))
}

fn caption(parameters: &Parameters) -> Result<(String, Vec<Value>), Answer> {
    let caption = parameters.text("caption").unwrap_or_default();
    let checked = rules::text(caption, &parameters.list("caption_entities"), MAX_CAPTION);
    checked.map_err(|words| match words {
        "Bad Request: message is too long" => "Bad Request: message caption is too long".into(),
        words => words.into(),
    })
}

fn edit(state: &mut State, parameters: &Parameters) -> Result<Value, Answer> {
    let chat = chat(state, parameters)?;
    let id = parameters.number("message_id").unwrap_or_default();
    let old = state.messages.get(&(chat, id)).cloned().ok_or("Bad Request: message to edit not found")?;
    if !old.by_bot {
        return Err("Bad Request: message can't be edited".into());
    }
    if old.document.is_some() || old.photo.is_some() {
        return Err("Bad Request: there is no text in the message to edit".into());
    }
    let text = parameters.text("text").unwrap_or_default();
    let (text, entities) = rules::text(text, &parameters.list("entities"), MAX_TEXT)?;
    if text.is_empty() {
        return Err("Bad Request: message text is empty".into());
    }
    let buttons = rules::keyboard(parameters.fields.get("reply_markup"))?;
    if (&old.text, &old.entities, &old.buttons) == (&text, &entities, &buttons) {
        let words = "Bad Request: message is not modified: specified new message content and reply markup are exactly \
                     the same as a current content and reply markup of the message";
        return Err(words.into());
    }
    spend(state, chat)?;
    let preview = has_preview(parameters);
    state.messages.insert((chat, id), Shown { text, entities, buttons, preview, edits: old.edits + 1, ..old });
    Ok(state.message_json(chat, id))
}

/// Changes the buttons alone; without any they go.
fn edit_buttons(state: &mut State, parameters: &Parameters) -> Result<Value, Answer> {
    let chat = chat(state, parameters)?;
    let id = parameters.number("message_id").unwrap_or_default();
    let old = state.messages.get(&(chat, id)).cloned().ok_or("Bad Request: message to edit not found")?;
    if !old.by_bot {
        return Err("Bad Request: message can't be edited".into());
    }
    let buttons = rules::keyboard(parameters.fields.get("reply_markup"))?;
    if old.buttons == buttons {
        let words = "Bad Request: message is not modified: specified new message content and reply markup are exactly \
                     the same as a current content and reply markup of the message";
        return Err(words.into());
    }
    spend(state, chat)?;
    state.messages.insert((chat, id), Shown { buttons, edits: old.edits + 1, ..old });
    Ok(state.message_json(chat, id))
}

fn chat_action(state: &mut State, parameters: &Parameters) -> Result<Value, Answer> {
    let chat = chat(state, parameters)?;
    let action = parameters.text("action").filter(|action| *action == "typing");
    let action = action.ok_or("Bad Request: wrong parameter action in request")?.to_owned();
    state.actions.push((chat, action));
    Ok(true.into())
}

fn react(state: &mut State, parameters: &Parameters) -> Result<Value, Answer> {
    let chat = chat(state, parameters)?;
    let message = parameters.number("message_id").unwrap_or_default();
    if !state.messages.contains_key(&(chat, message)) {
        return Err("Bad Request: message to react not found".into());
    }
    let reaction = parameters.list("reaction");
    let emoji = reaction.first().and_then(|reaction| reaction["emoji"].as_str()).unwrap_or_default();
    if !REACTIONS.contains(&emoji) {
        return Err("Bad Request: REACTION_INVALID".into());
    }
    state.reactions.insert((chat, message), emoji.to_owned());
    Ok(true.into())
}

fn answer_press(state: &mut State, parameters: &Parameters) -> Result<Value, Answer> {
    let id = parameters.text("callback_query_id").unwrap_or_default();
    let text = parameters.text("text").unwrap_or_default();
    if utf16_len(text) > 200 {
        return Err("Bad Request: MESSAGE_TOO_LONG".into());
    }
    if !state.presses.remove(id) {
        let words = "Bad Request: query is too old and response timeout expired or query ID is invalid";
        return Err(words.into());
    }
    state.answers.insert(id.to_owned(), text.to_owned());
    Ok(true.into())
}

fn scope(parameters: &Parameters) -> String {
    let scope = parameters.fields.get("scope").and_then(|scope| scope["type"].as_str());
    scope.unwrap_or("default").to_owned()
}

fn set_commands(state: &mut State, parameters: &Parameters) -> Result<Value, Answer> {
    let commands = parameters.list("commands");
    if commands.len() > 100 {
        return Err("Bad Request: BOT_COMMANDS_TOO_MUCH".into());
    }
    commands.iter().try_for_each(rules::command)?;
    state.menus.insert(scope(parameters), commands);
    Ok(true.into())
}

fn file(state: &mut State, parameters: &Parameters) -> Result<Value, Answer> {
    let id = parameters.text("file_id").unwrap_or_default();
    let content = state.files.get(id).ok_or("Bad Request: invalid file_id")?;
    if content.len() > MAX_FILE {
        return Err("Bad Request: file is too big".into());
    }
    let (size, path) = (content.len(), format!("files/{id}"));
    Ok(json!({ "file_id": id, "file_unique_id": id, "file_size": size, "file_path": path }))
}
