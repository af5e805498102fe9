//! The Bot API's own no, and what of a message it is about when it is a 400: the chat, or only the form.
//!
//! Telegram has one code for both and tells them apart by words alone. The words about the chat are few and old, those
//! about the form are many and grow; so what is not known to be about the chat is taken for the form, which costs one more
//! call where that is wrong, and no answer.
//!
//! Source: `Client.cpp` of <https://github.com/tdlib/telegram-bot-api> and the errors that users of other libraries report,
//! read 2026-11.

use serde::Deserialize;
use signalbox_adapter::Form;

/// The bot cannot write to the chat, or the message to be changed is not there.
const ABOUT_THE_CHAT: [&str; 16] = [
    "chat not found",
    "chat_id is empty",
    "user not found",
    "group chat was deactivated",
    "group is deactivated",
    "not enough rights",
    "have no rights",
    "need administrator rights",
    "chat_write_forbidden",
    "chat_admin_required",
    "chat_restricted",
    "channel_private",
    "peer_id_invalid",
    "not a member",
    "message to edit not found",
    "message can't be edited",
];

const ABOUT_THE_THREAD: [&str; 3] = ["thread not found", "topic_", "topic not found"];

const ABOUT_THE_REPLY: [&str; 4] = ["replied not found", "replied message", "reply message", "reply_message"];

const ABOUT_THE_BUTTONS: [&str; 4] = ["button", "keyboard", "reply markup", "reply_markup"];

const ABOUT_THE_FILE: [&str; 5] = ["document", "file", "too large", "photo", "image_process"];

/// The Bot API's own words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// Its error code, as in HTTP.
    pub(crate) code: u16,
    /// What it says.
    pub(crate) description: String,
    /// What else it says.
    pub(crate) parameters: Parameters,
}

/// `ResponseParameters` of the Bot API.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub(crate) struct Parameters {
    /// Seconds to wait.
    pub(crate) retry_after: Option<u64>,
    /// The chat's new id.
    pub(crate) migrate_to_chat_id: Option<i64>,
}

impl Refusal {
    /// Tells whether the words hold this phrase, in any case.
    pub(crate) fn says(&self, phrase: &str) -> bool {
        self.description.to_ascii_lowercase().contains(phrase)
    }

    /// Says what of a message was refused; `None` where it is the chat that takes none.
    pub(crate) fn form(&self) -> Option<Form> {
        let words = without_quoted(&self.description).to_ascii_lowercase();
        let says = |phrases: &[&str]| phrases.iter().any(|phrase| words.contains(phrase));
        match self.code {
            413 => Some(Form::File),
            400 if says(&ABOUT_THE_THREAD) => Some(Form::Thread),
            400 if says(&ABOUT_THE_BUTTONS) => Some(Form::Buttons),
            400 if says(&ABOUT_THE_REPLY) => Some(Form::Reply),
            // A group may allow texts and no files.
            400 if says(&ABOUT_THE_FILE) => Some(Form::File),
            400 if says(&ABOUT_THE_CHAT) => None,
            400 => Some(Form::Text),
            _ => None,
        }
    }
}

/// Leaves out what Telegram quotes of the message, which may hold any words.
fn without_quoted(description: &str) -> String {
    let ends = description.find('\'').zip(description.rfind('\'')).filter(|(begin, end)| begin < end);
    ends.map_or_else(|| description.to_owned(), |(begin, end)| description[..begin].to_owned() + &description[end..])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(code: u16, words: &str) -> Option<Form> {
        Refusal { code, description: words.to_owned(), parameters: Parameters::default() }.form()
    }

    #[test]
    fn what_was_refused_is_told_by_telegram_s_words() {
        for (words, what) in [
            ("Bad Request: message thread not found", Some(Form::Thread)),
            ("Bad Request: TOPIC_CLOSED", Some(Form::Thread)),
            ("Bad Request: TOPIC_DELETED", Some(Form::Thread)),
            ("Bad Request: message to be replied not found", Some(Form::Reply)),
            ("Bad Request: BUTTON_DATA_INVALID", Some(Form::Buttons)),
            ("Bad Request: inline keyboard button URL 'x' is invalid: Wrong HTTP URL", Some(Form::Buttons)),
            ("Bad Request: object expected as reply markup", Some(Form::Buttons)),
            ("Bad Request: not enough rights to send documents to the chat", Some(Form::File)),
            ("Bad Request: file must be non-empty", Some(Form::File)),
            ("Bad Request: not enough rights to send photos to the chat", Some(Form::File)),
            ("Bad Request: PHOTO_INVALID_DIMENSIONS", Some(Form::File)),
            ("Bad Request: IMAGE_PROCESS_FAILED", Some(Form::File)),
            ("Bad Request: entity URL 'http://wiki/topic_1/file' is invalid: Wrong HTTP URL", Some(Form::Text)),
            ("Bad Request: can't parse entities: unsupported start tag", Some(Form::Text)),
            ("Bad Request: message is too long", Some(Form::Text)),
            ("Bad Request: SOMETHING_NEW_INVALID", Some(Form::Text)),
            ("Bad Request: chat not found", None),
            ("Bad Request: not enough rights to send text messages to the chat", None),
            ("Bad Request: message to edit not found", None),
        ] {
            assert_eq!(form(400, words), what, "{words}");
        }
        assert_eq!(form(413, "Request Entity Too Large"), Some(Form::File));
        assert_eq!(form(403, "Forbidden: bot was blocked by the user"), None);
    }
}
