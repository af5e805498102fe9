//! From one [`Outgoing`] to one call's payload. Pure.

use reqwest::multipart::{Form, Part as FilePart};
use signalbox_adapter::picture::{FILE_NAME, Picture};
use signalbox_adapter::{Attachment, Button, Chart, ChatAddress, DeliverError, MessageId as Id, Outgoing, Purpose};
use teloxide::payloads::{EditMessageText, SendMessage};
use teloxide::types::{
    ChatId, InlineKeyboardButton, InlineKeyboardMarkup, LinkPreviewOptions, MessageId, Recipient, ReplyMarkup,
    ReplyParameters, ThreadId,
};

use crate::body::{Body, MAX_CAPTION_UTF16, MAX_TEXT_UTF16, utf16_len};

/// Longest action of a button, in bytes.
/// Source: <https://core.telegram.org/bots/api#inlinekeyboardbutton>, read 2026-11.
const MAX_ACTION_BYTES: usize = 64;

/// Largest picture that is sent as a photo, in bytes.
/// Source: <https://core.telegram.org/bots/api#sendphoto>, read 2026-11.
const MAX_PHOTO_BYTES: usize = 10_000_000;

/// Kinds of pictures that are sent as photos.
const PHOTOS: [&str; 2] = ["image/png", "image/jpeg"];

/// Buttons in one row; more would be cut off on a phone.
const BUTTONS_IN_A_ROW: usize = 3;

/// What is shown where there is nothing to show: Telegram refuses an empty text.
const NO_TEXT: &str = "(no text)";

/// One call that shows something.
#[derive(Debug)]
pub(crate) enum Call {
    /// `sendMessage`.
    Send(Box<SendMessage>),
    /// `editMessageText`.
    Edit(Box<EditMessageText>),
    /// `sendDocument`.
    Document(Form),
    /// `sendPhoto`.
    Photo(Form),
}

/// Returns what a message shows as a picture: a new one without a file, that is not to go in the plainest form.
pub(crate) fn charts(message: &Outgoing) -> Vec<Chart> {
    let shows = !message.plain && message.attachment.is_none() && message.target.edit_of.is_none();
    if shows { Body::of(&message.part).charts } else { Vec::new() }
}

/// Returns the call that a message asks for, with the picture of its [`charts`] where it has one.
///
/// # Errors
/// [`DeliverError::Refused`] where an id is not Telegram's or the file cannot be sent.
pub(crate) fn compose(message: &Outgoing, picture: Option<Picture>) -> Result<Call, DeliverError> {
    let address = &message.target.address;
    let chat = Recipient::Id(ChatId(chat_id(address)?));
    if let Some(attachment) = &message.attachment {
        return document(message, attachment).map(Call::Document);
    }
    if let Some(picture) = picture {
        return photo(message, picture).map(Call::Photo);
    }
    let Body { text, entities, .. } = body(message, MAX_TEXT_UTF16);
    let preview = LinkPreviewOptions {
        is_disabled: true,
        url: None,
        prefer_small_media: false,
        prefer_large_media: false,
        show_above_text: false,
    };
    if let Some(edited) = &message.target.edit_of {
        let mut edit = EditMessageText::new(chat, message_id(edited)?, text);
        edit.entities = Some(entities);
        edit.link_preview_options = Some(preview);
        edit.reply_markup = keyboard(&message.buttons);
        return Ok(Call::Edit(Box::new(edit)));
    }
    let mut send = SendMessage::new(chat, text);
    send.entities = Some(entities);
    send.link_preview_options = Some(preview);
    send.message_thread_id = thread(address)?;
    send.disable_notification = is_silent(message).then_some(true);
    send.reply_parameters = reply(message)?;
    send.reply_markup = keyboard(&message.buttons).map(ReplyMarkup::InlineKeyboard);
    Ok(Call::Send(Box::new(send)))
}

/// Returns the chat's number.
pub(crate) fn chat_id(address: &ChatAddress) -> Result<i64, DeliverError> {
    address.chat.as_str().parse().map_err(|_| DeliverError::Refused(format!("{} is no Telegram chat", address.chat)))
}

/// Returns the topic's number.
pub(crate) fn thread(address: &ChatAddress) -> Result<Option<ThreadId>, DeliverError> {
    let number = |thread: &signalbox_adapter::ThreadId| {
        let number = thread.as_str().parse();
        number.map_err(|_| DeliverError::Refused(format!("{thread} is no Telegram topic")))
    };
    Ok(address.thread.as_ref().map(number).transpose()?.map(|id| ThreadId(MessageId(id))))
}

/// Returns the message's number.
pub(crate) fn message_id(id: &Id) -> Result<MessageId, DeliverError> {
    let number = id.as_str().parse().map_err(|_| DeliverError::Refused(format!("{id} is no Telegram message")))?;
    Ok(MessageId(number))
}

fn is_silent(message: &Outgoing) -> bool {
    match message.purpose {
        Purpose::Progress => true,
        Purpose::Result | Purpose::Approval | Purpose::Alert => false,
    }
}

fn body(message: &Outgoing, limit: usize) -> Body {
    let mut body = Body::of(&message.part);
    if body.text.trim().is_empty() && message.attachment.is_none() {
        body = Body { text: NO_TEXT.to_owned(), ..Body::default() };
    }
    let mark = message.mark.as_ref().map(|mark| format!("\n\n{mark}")).unwrap_or_default();
    let limit = limit.saturating_sub(utf16_len(&mark));
    let mut body = if message.plain { body.plain(limit) } else { body }.cut(limit);
    body.push(&mark);
    body
}

/// A reply that is sent as a plain message when what it answers is gone.
fn reply(message: &Outgoing) -> Result<Option<ReplyParameters>, DeliverError> {
    let answered = message.target.reply_to.as_ref().map(message_id).transpose()?;
    Ok(answered.map(|id| ReplyParameters::new(id).allow_sending_without_reply()))
}

fn keyboard(buttons: &[Button]) -> Option<InlineKeyboardMarkup> {
    let (taken, left_out): (Vec<_>, Vec<_>) =
        buttons.iter().partition(|button| (1..=MAX_ACTION_BYTES).contains(&button.action.len()));
    if !left_out.is_empty() {
        tracing::error!(buttons = left_out.len(), "buttons with an action over 64 bytes were left out");
    }
    let rows = taken.chunks(BUTTONS_IN_A_ROW).map(|row| {
        let buttons = row.iter().map(|button| InlineKeyboardButton::callback(&button.label, &button.action));
        buttons.collect::<Vec<_>>()
    });
    (!taken.is_empty()).then(|| InlineKeyboardMarkup::new(rows))
}

fn document(message: &Outgoing, attachment: &Attachment) -> Result<Form, DeliverError> {
    let file = FilePart::bytes(attachment.content.clone()).file_name(attachment.file_name.clone());
    captioned(message, "document", file, &attachment.media_type)
}

/// Returns a file that is a picture as what is seen at once: one that Telegram would take so, and not in the plainest form.
pub(crate) fn as_photo(message: &Outgoing) -> Result<Option<Form>, DeliverError> {
    let Some(attachment) = message.attachment.as_ref().filter(|_| !message.plain) else { return Ok(None) };
    if !PHOTOS.contains(&attachment.media_type.as_str()) || attachment.content.len() > MAX_PHOTO_BYTES {
        return Ok(None);
    }
    let file = FilePart::bytes(attachment.content.clone()).file_name(attachment.file_name.clone());
    captioned(message, "photo", file, &attachment.media_type).map(Some)
}

/// The picture stands below what it belongs to, as a chart does.
fn photo(message: &Outgoing, picture: Picture) -> Result<Form, DeliverError> {
    let file = FilePart::bytes(picture.png).file_name(FILE_NAME);
    Ok(captioned(message, "photo", file, "image/png")?.text("show_caption_above_media", "true"))
}

fn captioned(message: &Outgoing, name: &'static str, file: FilePart, media_type: &str) -> Result<Form, DeliverError> {
    let address = &message.target.address;
    let file =
        file.mime_str(media_type).map_err(|_| DeliverError::Refused(format!("{media_type} is no media type")))?;
    let mut form = Form::new().text("chat_id", chat_id(address)?.to_string()).part(name, file);
    let Body { text, entities, .. } = body(message, MAX_CAPTION_UTF16);
    if !text.trim().is_empty() {
        form = form.text("caption", text).text("caption_entities", json(&entities));
    }
    if let Some(ThreadId(MessageId(thread))) = thread(address)? {
        form = form.text("message_thread_id", thread.to_string());
    }
    if is_silent(message) {
        form = form.text("disable_notification", "true");
    }
    if let Some(reply) = reply(message)? {
        form = form.text("reply_parameters", json(&reply));
    }
    if let Some(keyboard) = keyboard(&message.buttons) {
        form = form.text("reply_markup", json(&keyboard));
    }
    Ok(form)
}

fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).expect("payload types are JSON")
}
