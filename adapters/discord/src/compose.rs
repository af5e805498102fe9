//! From one [`Outgoing`] to one call's body. Pure.

use reqwest::Method;
use reqwest::multipart::{Form, Part as FilePart};
use serde_json::{Value, json};
use serenity::builder::{
    CreateActionRow, CreateAllowedMentions, CreateAttachment, CreateButton, CreateInteractionResponseFollowup,
    CreateMessage, EditMessage,
};
use serenity::model::application::ButtonStyle;
use serenity::model::channel::{MessageFlags, MessageReference, Nonce};
use serenity::model::id::{ChannelId, MessageId};
use signalbox_adapter::picture::{FILE_NAME, Picture};
use signalbox_adapter::{
    Attachment, Button, Chart, ChatAddress, DeliverError, MessageId as Id, Outgoing, Purpose, Target, ThreadId,
};

use crate::card::{IS_COMPONENTS_V2, Kept};
use crate::pictured::{Pictured, named};
use crate::render::MAX_TEXT;

/// Longest label of a button, in characters.
/// Source: <https://docs.discord.com/developers/components/reference#button>, read 2026-11.
const MAX_LABEL_CHARS: usize = 80;

/// Longest action of a button, in characters.
const MAX_ACTION_CHARS: usize = 100;

/// Buttons in one row.
const BUTTONS_IN_A_ROW: usize = 5;

/// Rows of buttons below one message.
const MAX_ROWS: usize = 5;

/// What is shown where there is nothing to show: Discord refuses an empty text.
const NO_TEXT: &str = "(no text)";

/// One call that shows something.
#[derive(Debug)]
pub(crate) struct Call {
    /// How it is made.
    pub(crate) method: Method,
    /// Where.
    pub(crate) path: String,
    /// What it says.
    pub(crate) body: Value,
    /// The file that goes with it.
    pub(crate) file: Option<Attachment>,
    /// What is drawn beside it.
    pub(crate) charts: Vec<Chart>,
}

impl Call {
    /// Returns the parts of a call that carries files; `None` where it carries none.
    ///
    /// # Errors
    /// [`DeliverError::Refused`] where the file cannot be sent.
    pub(crate) fn form(&self, picture: Option<Picture>) -> Result<Option<Form>, DeliverError> {
        let mut body = self.body.clone();
        let mut files = Vec::new();
        if let Some(file) = &self.file {
            let part = FilePart::bytes(file.content.clone()).file_name(file.file_name.clone());
            files.push(typed(part, &file.media_type)?);
        }
        if let Some(picture) = picture {
            // A post says what its first message says.
            let message = if body.get("message").is_some() { &mut body["message"] } else { &mut body };
            match message.get_mut("attachments").and_then(Value::as_array_mut) {
                Some(all) => all.push(named(&self.charts, files.len())),
                None => message["attachments"] = json!([named(&self.charts, files.len())]),
            }
            files.push(typed(FilePart::bytes(picture.png).file_name(FILE_NAME), "image/png")?);
        }
        if files.is_empty() {
            return Ok(None);
        }
        let form = Form::new().part("payload_json", typed(FilePart::text(body.to_string()), "application/json")?);
        let numbered = files.into_iter().enumerate();
        Ok(Some(numbered.fold(form, |form, (at, file)| form.part(format!("files[{at}]"), file))))
    }
}

fn typed(part: FilePart, media_type: &str) -> Result<FilePart, DeliverError> {
    part.mime_str(media_type).map_err(|_| DeliverError::Refused(format!("{media_type} is no media type")))
}

/// Returns the call that a message asks for; `in_forum` where its chat is one, whose messages stand in posts.
///
/// # Errors
/// [`DeliverError::Refused`] where an id is not Discord's.
pub(crate) fn compose(message: &Outgoing, in_forum: bool) -> Result<Call, DeliverError> {
    let channel = channel(&home(&message.target, in_forum))?;
    let answered = answered(&message.target, in_forum);
    let content = content(message);
    let rows = rows(&message.buttons);
    if let Some(card) = Kept::read(&message.part.body).filter(|_| !message.plain) {
        return card_call(message, channel, answered, &card, &content, as_json(&rows));
    }
    if let Some(edited) = &message.target.edit_of {
        let edit = EditMessage::new().content(content).components(rows).allowed_mentions(CreateAllowedMentions::new());
        let path = format!("channels/{channel}/messages/{}", message_id(edited)?);
        return Ok(Call { method: Method::PATCH, path, body: as_json(&edit), file: None, charts: Vec::new() });
    }
    if let Some(window) = &message.target.window {
        return Ok(aside(message, window, content, rows));
    }
    let mut flags = MessageFlags::SUPPRESS_EMBEDS;
    if is_silent(message) {
        flags |= MessageFlags::SUPPRESS_NOTIFICATIONS;
    }
    let mut send = CreateMessage::new()
        .content(content)
        .nonce(Nonce::String(message.key.as_str().to_owned()))
        .enforce_nonce(true)
        .allowed_mentions(CreateAllowedMentions::new())
        .flags(flags);
    if !rows.is_empty() {
        send = send.components(rows);
    }
    if let Some(answered) = answered {
        let reference = MessageReference::from((channel, message_id(answered)?));
        send = send.reference_message(reference.fail_if_not_exists(false));
    }
    if let Some(file) = &message.attachment {
        send = send.add_file(CreateAttachment::bytes(Vec::new(), file.file_name.clone()));
    }
    let path = format!("channels/{channel}/messages");
    let (file, charts) = (message.attachment.clone(), Pictured::charts(message));
    Ok(Call { method: Method::POST, path, body: as_json(&send), file, charts })
}

/// Returns the call that shows a card, or changes one.
fn card_call(
    message: &Outgoing,
    channel: ChannelId,
    answered: Option<&Id>,
    card: &Kept,
    text: &str,
    rows: Value,
) -> Result<Call, DeliverError> {
    let is_v2 = card.is_v2(text, &rows);
    let mut body = if is_v2 {
        json!({ "flags": IS_COMPONENTS_V2, "components": card.container(text, rows) })
    } else {
        json!({ "embeds": card.embed(text), "components": rows })
    };
    body["allowed_mentions"] = json!({ "parse": [] });
    if let Some(edited) = &message.target.edit_of {
        if is_v2 {
            // What it was before, if it was an ordinary message.
            (body["content"], body["embeds"]) = (Value::Null, json!([]));
        } else {
            body["content"] = json!("");
        }
        let path = format!("channels/{channel}/messages/{}", message_id(edited)?);
        return Ok(Call { method: Method::PATCH, path, body, file: None, charts: Vec::new() });
    }
    body["nonce"] = json!(message.key.as_str());
    body["enforce_nonce"] = json!(true);
    if let Some(answered) = answered {
        let message = message_id(answered)?.to_string();
        body["message_reference"] =
            json!({ "message_id": message, "channel_id": channel.to_string(), "fail_if_not_exists": false });
    }
    let path = format!("channels/{channel}/messages");
    Ok(Call { method: Method::POST, path, body, file: None, charts: Vec::new() })
}

/// Returns the call that answers one person alone, by the interaction in which they asked. There is no nonce for it.
fn aside(message: &Outgoing, interaction: &str, content: String, rows: Vec<CreateActionRow>) -> Call {
    let mut send = CreateInteractionResponseFollowup::new()
        .content(content)
        .allowed_mentions(CreateAllowedMentions::new())
        .flags(MessageFlags::SUPPRESS_EMBEDS | MessageFlags::EPHEMERAL);
    if !rows.is_empty() {
        send = send.components(rows);
    }
    let mut body = as_json(&send);
    if let Some(file) = &message.attachment {
        body["attachments"] = json!([{ "id": 0, "filename": file.file_name }]);
    }
    let path = format!("webhooks/{interaction}?wait=true");
    let (file, charts) = (message.attachment.clone(), Pictured::charts(message));
    Call { method: Method::POST, path, body, file, charts }
}

/// Returns the channel that a message goes to: a thread is one of its own.
pub(crate) fn channel(address: &ChatAddress) -> Result<ChannelId, DeliverError> {
    let id = address.thread.as_ref().map_or(address.chat.as_str(), |thread| thread.as_str());
    number(id).map(ChannelId::new).ok_or_else(|| DeliverError::Refused(format!("{id} is no Discord channel")))
}

/// Returns where a message stands: one of a forum in the post that it changes or answers.
pub(crate) fn home(target: &Target, in_forum: bool) -> ChatAddress {
    let post = target.edit_of.as_ref().or(target.reply_to.as_ref());
    match post.filter(|_| in_forum && target.address.thread.is_none()) {
        Some(post) => ChatAddress { thread: Some(ThreadId::new(post.as_str())), ..target.address.clone() },
        None => target.address.clone(),
    }
}

/// Returns the message that is answered where this is to be seen: not one of another channel.
pub(crate) fn answered(target: &Target, in_forum: bool) -> Option<&Id> {
    target.reply_to.as_ref().filter(|answered| in_forum || !is_root(&target.address, answered))
}

/// Whether a thread stands at this message: then they have one id, and the message is shown in the channel above.
pub(crate) fn is_root(address: &ChatAddress, message: &Id) -> bool {
    address.thread.as_ref().is_some_and(|thread| thread.as_str() == message.as_str())
}

/// Returns the channel that shows a message of an address; `in_forum` where its chat is one, in which a post's first message
/// stands in the post itself.
pub(crate) fn channel_of(address: &ChatAddress, message: &Id, in_forum: bool) -> Result<ChannelId, DeliverError> {
    if in_forum && address.thread.is_none() {
        return message_id(message).map(|post| ChannelId::new(post.get()));
    }
    if !in_forum && is_root(address, message) {
        return channel(&ChatAddress { thread: None, ..address.clone() });
    }
    channel(address)
}

/// Returns the message's number.
pub(crate) fn message_id(id: &Id) -> Result<MessageId, DeliverError> {
    let number = number(id.as_str()).map(MessageId::new);
    number.ok_or_else(|| DeliverError::Refused(format!("{id} is no Discord message")))
}

fn number(id: &str) -> Option<u64> {
    id.parse().ok().filter(|number| *number > 0)
}

fn is_silent(message: &Outgoing) -> bool {
    match message.purpose {
        Purpose::Progress => true,
        Purpose::Result | Purpose::Approval | Purpose::Alert => false,
    }
}

/// Returns what a message says, with its mark. Discord refuses no form of text but its length.
pub(crate) fn content(message: &Outgoing) -> String {
    let mut text = said(&message.part.body);
    if text.trim().is_empty() && message.attachment.is_none() {
        text = NO_TEXT.to_owned();
    }
    let mark = message.mark.as_ref().map(|mark| format!("\n\n{mark}")).unwrap_or_default();
    cut(&text, MAX_TEXT.saturating_sub(mark.encode_utf16().count())) + &mark
}

/// Returns the text of a part: a card's, that beside charts, or all of it.
pub(crate) fn said(body: &str) -> String {
    let card = Kept::read(body).map(|card| card.text);
    card.or_else(|| Pictured::read(body).map(|pictured| pictured.text)).unwrap_or_else(|| body.to_owned())
}

/// Cuts a text to so many UTF-16 code units, and shows where.
pub(crate) fn cut(text: &str, max_units: usize) -> String {
    if text.encode_utf16().count() <= max_units {
        return text.to_owned();
    }
    let mut units = 1;
    let fits = |c: &char| {
        units += c.len_utf16();
        units <= max_units
    };
    let mut cut: String = text.chars().take_while(fits).collect();
    cut.push('…');
    cut
}

fn rows(buttons: &[Button]) -> Vec<CreateActionRow> {
    let is_good = |button: &&Button| (1..=MAX_ACTION_CHARS).contains(&button.action.chars().count());
    let taken: Vec<&Button> = buttons.iter().filter(is_good).take(BUTTONS_IN_A_ROW * MAX_ROWS).collect();
    if taken.len() < buttons.len() {
        tracing::error!(buttons = buttons.len() - taken.len(), "buttons that Discord does not take were left out");
    }
    let button = |button: &&Button| {
        let label: String = button.label.chars().take(MAX_LABEL_CHARS).collect();
        CreateButton::new(button.action.clone()).label(label).style(style(&button.action))
    };
    let row = |row: &[&Button]| CreateActionRow::Buttons(row.iter().map(button).collect());
    taken.chunks(BUTTONS_IN_A_ROW).map(row).collect()
}

/// What ends or denies something is red, what allows green.
fn style(action: &str) -> ButtonStyle {
    match action.split_whitespace().next().unwrap_or_default() {
        "approve" => ButtonStyle::Success,
        "cancel" | "deny" | "discard" | "stop" => ButtonStyle::Danger,
        _ => ButtonStyle::Secondary,
    }
}

fn as_json(body: &impl serde::Serialize) -> Value {
    serde_json::to_value(body).expect("bodies are JSON")
}

#[cfg(test)]
mod tests {
    use signalbox_adapter::{Card, DeliveryKey, Document, Part, Phase, Tone};

    use super::*;

    fn outgoing(text: &str) -> Outgoing {
        Outgoing {
            key: DeliveryKey::from_random_bits(7),
            target: Target {
                address: "discord:7/70".parse().expect("an address"),
                reply_to: None,
                edit_of: None,
                window: None,
            },
            purpose: Purpose::Result,
            part: Part { body: text.to_owned() },
            buttons: Vec::new(),
            attachment: None,
            mark: None,
            plain: false,
        }
    }

    #[test]
    fn a_message_pings_nobody_carries_its_key_and_answers_what_may_be_gone() {
        let mut message = outgoing("hi");
        message.target.reply_to = Some(Id::new("800"));
        let call = compose(&message, false).expect("a call");
        assert_eq!(call.path, "channels/70/messages");
        assert_eq!(call.body["allowed_mentions"]["parse"], json!([]));
        assert_eq!(call.body["nonce"], message.key.as_str());
        assert_eq!(call.body["enforce_nonce"], true);
        assert_eq!(call.body["message_reference"]["message_id"], "800");
        assert_eq!(call.body["message_reference"]["fail_if_not_exists"], false);
        assert_eq!(call.body["flags"], 4);
    }

    #[test]
    fn what_goes_to_a_thread_answers_no_message_of_the_channel_above() {
        let mut message = outgoing("hi");
        message.target.reply_to = Some(Id::new("70"));
        let call = compose(&message, false).expect("a call");
        assert!(call.body.get("message_reference").is_none_or(Value::is_null), "{}", call.body);
        let above = channel_of(&message.target.address, &Id::new("70"), false).expect("a channel");
        assert_eq!((above.get(), channel(&message.target.address).expect("a channel").get()), (7, 70));
    }

    #[test]
    fn in_a_forum_a_message_stands_in_the_post_that_it_changes_or_answers() {
        let mut message = outgoing("hi");
        message.target.address.thread = None;
        message.target.reply_to = Some(Id::new("800"));
        let call = compose(&message, true).expect("a call");
        assert_eq!(call.path, "channels/800/messages");
        assert_eq!(call.body["message_reference"]["message_id"], "800");
        message.target.edit_of = Some(Id::new("801"));
        assert_eq!(compose(&message, true).expect("a call").path, "channels/801/messages/801");
        let root = channel_of(&"discord:7/70".parse().expect("an address"), &Id::new("70"), true).expect("a channel");
        let card = channel_of(&message.target.address, &Id::new("80"), true).expect("a channel");
        assert_eq!((root.get(), card.get()), (70, 80));
    }

    #[test]
    fn one_person_alone_is_answered_by_what_they_asked_with() {
        let mut message = outgoing("hi");
        message.target.window = Some("43/t0k".to_owned());
        let call = compose(&message, false).expect("a call");
        assert_eq!((call.method, call.path.as_str()), (Method::POST, "webhooks/43/t0k?wait=true"));
        assert_eq!(call.body["flags"], 4 | 64);
        assert_eq!(call.body["allowed_mentions"]["parse"], json!([]));
        assert!(call.body.get("nonce").is_none() && call.body.get("message_reference").is_none(), "{}", call.body);
    }

    #[test]
    fn a_card_is_a_container_or_an_embed_and_its_text_alone_where_that_was_refused() {
        let mut message = outgoing("");
        let card = |cards| {
            let document = Document { blocks: Vec::new() };
            let (title, name) = ("down".to_owned(), "Incident #7".to_owned());
            let card = Card { tone: Tone::Critical, phase: Phase::Firing, title, name, document };
            Kept::new(cards, &card, "**down**".to_owned()).body()
        };
        message.part.body = card(crate::Cards::V2);
        message.buttons = vec![Button { label: "Ack".to_owned(), action: "incident ack 7".to_owned() }];
        let body = compose(&message, false).expect("a call").body;
        assert_eq!(body["flags"], IS_COMPONENTS_V2);
        let container = &body["components"][0];
        assert_eq!((&container["type"], &container["components"][0]["content"]), (&json!(17), &json!("**down**")));
        assert_eq!(container["components"][2]["components"][0]["custom_id"], "incident ack 7");
        assert!(body.get("content").is_none() && body.get("embeds").is_none(), "{body}");
        assert_eq!((&body["nonce"], &body["allowed_mentions"]["parse"]), (&json!(message.key.as_str()), &json!([])));
        message.target.edit_of = Some(Id::new("800"));
        let edit = compose(&message, false).expect("a call");
        assert_eq!(
            (edit.method, &edit.body["flags"]),
            (Method::PATCH, &json!(IS_COMPONENTS_V2)),
            "an edit keeps the flag"
        );
        message.target.edit_of = None;
        message.part.body = card(crate::Cards::Embed);
        let body = compose(&message, false).expect("a call").body;
        assert_eq!((&body["embeds"][0]["description"], body.get("flags")), (&json!("**down**"), None));
        message.plain = true;
        let body = compose(&message, false).expect("a call").body;
        assert_eq!(body["content"], "**down**");
        assert!(body["embeds"].as_array().is_none_or(Vec::is_empty), "{body}");
    }

    #[test]
    fn an_edit_names_its_message_and_takes_the_buttons_away() {
        let mut message = outgoing("hi");
        message.target.edit_of = Some(Id::new("800"));
        let call = compose(&message, false).expect("a call");
        assert_eq!((call.method, call.path.as_str()), (Method::PATCH, "channels/70/messages/800"));
        assert_eq!(call.body["components"], json!([]));
    }

    #[test]
    fn rows_hold_five_buttons_and_labels_eighty_characters() {
        let mut message = outgoing("hi");
        let button = |number: usize| Button { label: "x".repeat(90), action: format!("show {number}") };
        message.buttons = (0..7).map(button).collect();
        message.buttons.push(Button { label: "none".to_owned(), action: String::new() });
        let body = compose(&message, false).expect("a call").body;
        let rows: Vec<usize> = body["components"]
            .as_array()
            .expect("rows")
            .iter()
            .map(|row| row["components"].as_array().expect("buttons").len())
            .collect();
        assert_eq!(rows, [5, 2]);
        assert_eq!(body["components"][0]["components"][0]["label"].as_str().expect("a label").len(), 80);
    }

    #[test]
    fn a_long_text_is_cut_before_its_mark() {
        let mut message = outgoing(&"👍".repeat(1500));
        message.mark = Some("(may be a repeat)".to_owned());
        let content = content(&message);
        assert!(content.ends_with("…\n\n(may be a repeat)"), "{content}");
        assert!(content.encode_utf16().count() <= MAX_TEXT);
    }

    #[test]
    fn what_is_no_id_is_refused() {
        let mut message = outgoing("hi");
        message.target.address = "discord:general".parse().expect("an address");
        assert!(matches!(compose(&message, false), Err(DeliverError::Refused(_))));
    }
}
