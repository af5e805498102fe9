//! Discord's own no, and what of a message it is about: the chat, or only the form.
//!
//! A refusal carries a code of its own and, for a form that is wrong (50035), a tree of errors below the names of the fields.
//!
//! Source: <https://docs.discord.com/developers/topics/opcodes-and-status-codes>, read 2026-11.

use serde::Deserialize;
use serde_json::Value;
use signalbox_adapter::Form;

/// Longest words of a refusal that are kept, in characters.
const MAX_WORDS_CHARS: usize = 300;

/// The message is not there.
pub(crate) const UNKNOWN_MESSAGE: u64 = 10008;
/// The interaction is over, or never was: its three seconds or its fifteen minutes are.
pub(crate) const UNKNOWN_INTERACTION: u64 = 10062;
/// The interaction was answered before.
pub(crate) const ALREADY_ACKNOWLEDGED: u64 = 40060;
/// The message is older than an hour and was edited too often since.
pub(crate) const TOO_MANY_EDITS: u64 = 30046;
/// There is a thread at the message already.
pub(crate) const THREAD_EXISTS: u64 = 160_004;
/// What answers an interaction is called a webhook: its fifteen minutes are over.
const UNKNOWN_WEBHOOK: u64 = 10015;
const INVALID_WEBHOOK_TOKEN: u64 = 50027;
const UNKNOWN_CHANNEL: u64 = 10003;
const SLOW_MODE: u64 = 20016;
const CHANNEL_WRITES: u64 = 20028;
const BLOCKED_BY_PROXY: u64 = 40333;
const TOO_LARGE: [u64; 2] = [40005, 50101];
const MISSING_ACCESS: u64 = 50001;
/// A person takes no direct messages from the bot, or shares no server with it.
const CANNOT_MESSAGE_USER: [u64; 2] = [50007, 50278];
const UPLOADS_LIMITED: u64 = 400_001;
pub(crate) const MISSING_PERMISSIONS: u64 = 50013;
const INVALID_FORM: u64 = 50035;
/// The thread is archived, and what is in it can be changed no more until it is opened again.
pub(crate) const ARCHIVED: u64 = 50083;
const THREAD_LOCKED: u64 = 160_005;
const TOO_MANY_THREADS: u64 = 160_006;
const REPLY_WITHOUT_HISTORY: u64 = 160_002;
/// A post of this forum needs a tag.
pub(crate) const NO_TAG: u64 = 40067;
/// A rule of the server's own forbids what a message says, or what a thread is called.
const MESSAGE_BLOCKED: u64 = 200_000;
pub(crate) const TITLE_BLOCKED: u64 = 200_001;
const BLOCKED_BY_AUTOMOD: [u64; 2] = [MESSAGE_BLOCKED, TITLE_BLOCKED];

/// Kinds of components that are buttons, or rows of them.
/// Source: <https://docs.discord.com/developers/components/reference>, read 2026-11.
const BUTTONS: [u64; 2] = [1, 2];

/// Discord's own words.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Refusal {
    /// The status, as in HTTP.
    pub(crate) status: u16,
    /// Its error code; 0 where it has none.
    pub(crate) code: u64,
    /// What it says.
    pub(crate) message: String,
    /// What is wrong with which field.
    errors: Value,
    /// Seconds to wait, where it says so outside of a 429.
    pub(crate) retry_after: Option<f64>,
    /// Which rights are missing where, once that was found out.
    pub(crate) lacks: Option<String>,
}

#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    code: u64,
    message: String,
    #[serde(default)]
    errors: Value,
    retry_after: Option<f64>,
}

/// What a refusal comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum About {
    /// This part of the message.
    Form(Form),
    /// The chat takes no message, or the message to be changed is not there.
    Chat,
    /// What the message says: a rule of the server's own forbids it.
    Words,
    /// The token.
    Token,
    /// How much was written there lately.
    Pace,
    /// The way to Discord.
    Way,
}

impl Refusal {
    /// Reads an answer; `None` where it is not Discord's own.
    pub(crate) fn read(status: u16, body: &[u8]) -> Option<Self> {
        let Answer { code, message, errors, retry_after } = serde_json::from_slice(body).ok()?;
        Some(Self { status, code, message, errors, retry_after, lacks: None })
    }

    /// Makes one of a server that has no codes.
    pub(crate) fn without_code(status: u16, message: &str) -> Self {
        Self { status, code: 0, message: message.to_owned(), errors: Value::Null, retry_after: None, lacks: None }
    }

    /// Says what it is about; `in_thread` where the message went to a thread.
    pub(crate) fn about(&self, in_thread: bool) -> About {
        match self.code {
            BLOCKED_BY_PROXY => About::Way,
            SLOW_MODE | CHANNEL_WRITES => About::Pace,
            UNKNOWN_CHANNEL | ARCHIVED | THREAD_LOCKED if in_thread => About::Form(Form::Thread),
            REPLY_WITHOUT_HISTORY => About::Form(Form::Reply),
            code if TOO_LARGE.contains(&code) => About::Form(Form::File),
            INVALID_FORM => About::Form(self.field()),
            UNKNOWN_CHANNEL | UNKNOWN_MESSAGE | UNKNOWN_INTERACTION | TOO_MANY_EDITS | MISSING_ACCESS
            | MISSING_PERMISSIONS => About::Chat,
            // Said with 401, although it is about the interaction and not about us.
            UNKNOWN_WEBHOOK | INVALID_WEBHOOK_TOKEN => About::Chat,
            code if CANNOT_MESSAGE_USER.contains(&code) => About::Chat,
            code if BLOCKED_BY_AUTOMOD.contains(&code) => About::Words,
            _ => match self.status {
                401 => About::Token,
                400 => About::Form(Form::Text),
                413 => About::Form(Form::File),
                _ => About::Chat,
            },
        }
    }

    /// Says what may be left out of a message where a right is missing that not all of it needs: its file, or the thread that
    /// it goes to.
    pub(crate) fn may_spare(&self, has_file: bool, in_thread: bool) -> Option<Form> {
        match self.code {
            MISSING_PERMISSIONS | UPLOADS_LIMITED if has_file => Some(Form::File),
            MISSING_PERMISSIONS | MISSING_ACCESS if in_thread => Some(Form::Thread),
            _ => None,
        }
    }

    /// Returns the part of the message whose field is wrong; of a post, its first message's.
    fn field(&self) -> Form {
        let message = self.errors.get("message");
        let has =
            |names: &[&str]| names.iter().any(|name| self.errors.get(name).or_else(|| message?.get(name)).is_some());
        match () {
            () if has(&["message_reference"]) => Form::Reply,
            () if has(&["components"]) => Form::Buttons,
            () if has(&["attachments", "files"]) => Form::File,
            () => Form::Text,
        }
    }

    /// Whether it is about a button, or a row of them, among the components that were sent: a card's text is one as well.
    pub(crate) fn is_about_buttons(&self, sent: &Value) -> bool {
        let message = self.errors.get("message").unwrap_or(&self.errors);
        message.get("components").is_some_and(|errors| leads_to_button(errors, sent))
    }

    /// Whether it says that some right is missing, and not which.
    pub(crate) fn lacks_a_right(&self) -> bool {
        self.code == MISSING_PERMISSIONS && self.lacks.is_none()
    }

    /// Whether it is about the form of what was sent and no rule of the place.
    pub(crate) fn is_about_form(&self) -> bool {
        self.code == INVALID_FORM || self.status == 413 || TOO_LARGE.contains(&self.code)
    }

    /// Whether this field of what was sent is wrong.
    pub(crate) fn is_about(&self, field: &str) -> bool {
        self.code == INVALID_FORM && self.errors.get(field).is_some()
    }

    /// Whether it says that an interaction is over, by which somebody was to be answered.
    pub(crate) fn is_over(&self) -> bool {
        matches!(self.code, UNKNOWN_INTERACTION | UNKNOWN_WEBHOOK | INVALID_WEBHOOK_TOKEN)
    }

    /// Whether the same call would be refused again.
    pub(crate) fn is_final(&self) -> bool {
        self.status < 500 && !matches!(self.about(false), About::Token | About::Way | About::Pace)
    }

    /// Returns what it says, with what a person can do about it.
    pub(crate) fn words(&self) -> String {
        self.words_with(match self.code {
            MISSING_ACCESS => "; let the bot's role see this channel (View Channel)",
            MISSING_PERMISSIONS => {
                "; give the bot's role Send Messages, Send Messages in Threads, Embed Links, Attach Files, Add Reactions and \
                 Read Message History here"
            }
            code if CANNOT_MESSAGE_USER.contains(&code) => "; this person takes no direct messages from the bot, or shares no server with it",
            code if BLOCKED_BY_AUTOMOD.contains(&code) => {
                "; the server's AutoMod refused it: exempt the bot's role from that rule"
            }
            _ => "",
        })
    }

    /// Returns what it says about a thread that was to be opened, with what a person can do about it.
    pub(crate) fn words_of_opening(&self) -> String {
        self.words_with(match self.code {
            MISSING_ACCESS | MISSING_PERMISSIONS => {
                "; give the bot's role Create Public Threads and Send Messages in Threads in this channel"
            }
            TOO_MANY_THREADS => "; archive threads of this server that are done",
            code if BLOCKED_BY_AUTOMOD.contains(&code) => {
                "; the server's AutoMod refused its name: exempt the bot's role from that rule"
            }
            _ => "",
        })
    }

    /// Returns what it says about a post that was to be made in a forum, with what a person can do about it.
    pub(crate) fn words_of_posting(&self) -> String {
        self.words_with(match self.code {
            MISSING_ACCESS => "; let the bot's role see this forum (View Channel)",
            MISSING_PERMISSIONS => "; give the bot's role Create Posts (Send Messages) in this forum",
            TOO_MANY_THREADS => "; close posts and threads of this server that are done",
            NO_TAG => "; this forum demands a tag: give it one that is not for moderators only, such as firing",
            _ => return self.words(),
        })
    }

    fn words_with(&self, remedy: &str) -> String {
        let mut words = self.message.clone();
        if let Some((field, why)) = first_error(&self.errors) {
            words.push_str(&format!(" ({field}: {why})"));
        }
        let words: String = words.chars().take(MAX_WORDS_CHARS).collect();
        let code = if self.code == 0 { u64::from(self.status) } else { self.code };
        match &self.lacks {
            Some(lacks) => format!("{words} [{code}]; give the bot's role {lacks}"),
            None => format!("{words} [{code}]{remedy}"),
        }
    }
}

/// Whether a tree of errors leads to a button, or a row of them, in what was sent.
fn leads_to_button(errors: &Value, sent: &Value) -> bool {
    errors.as_object().into_iter().flatten().any(|(name, below)| {
        let next = match name.parse::<usize>() {
            Ok(at) => sent.get(at),
            Err(_) => sent.get(name),
        };
        next.is_some_and(|next| {
            next["type"].as_u64().is_some_and(|kind| BUTTONS.contains(&kind)) || leads_to_button(below, next)
        })
    })
}

/// Finds the first error in the tree: the path of its field, and its words.
fn first_error(errors: &Value) -> Option<(String, String)> {
    let fields = errors.as_object()?;
    if let Some(first) = fields.get("_errors").and_then(|errors| errors.get(0)) {
        return Some((String::new(), first.get("message")?.as_str()?.to_owned()));
    }
    fields.iter().find_map(|(name, below)| {
        let (path, words) = first_error(below)?;
        Some((if path.is_empty() { name.clone() } else { format!("{name}.{path}") }, words))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(status: u16, body: &str) -> Refusal {
        Refusal::read(status, body.as_bytes()).expect("Discord's own")
    }

    fn coded(status: u16, code: u64) -> Refusal {
        refusal(status, &format!(r#"{{"message":"No","code":{code}}}"#))
    }

    #[test]
    fn what_was_refused_is_told_by_code_and_field() {
        for (status, code, in_thread, about) in [
            (404, 10003, false, About::Chat),
            (404, 10003, true, About::Form(Form::Thread)),
            (400, 50083, true, About::Form(Form::Thread)),
            (400, 160_005, true, About::Form(Form::Thread)),
            (404, 10008, false, About::Chat),
            (403, 50013, false, About::Chat),
            (403, 50007, false, About::Chat),
            (403, 50278, false, About::Chat),
            (401, 50027, false, About::Chat),
            (404, 10015, false, About::Chat),
            (400, 30046, false, About::Chat),
            (400, 160_002, false, About::Form(Form::Reply)),
            (400, 50101, false, About::Form(Form::File)),
            (413, 0, false, About::Form(Form::File)),
            (400, 200_000, false, About::Words),
            (400, 20016, false, About::Pace),
            (403, 40333, false, About::Way),
            (401, 0, false, About::Token),
            (400, 99_999, false, About::Form(Form::Text)),
        ] {
            assert_eq!(coded(status, code).about(in_thread), about, "{code}");
        }
    }

    #[test]
    fn a_wrong_form_names_its_field() {
        let wrong = |field: &str| {
            let body = format!(
                r#"{{"code":50035,"message":"Invalid Form Body","errors":{{"{field}":{{"0":{{"_errors":
                [{{"code":"X","message":"Must be so"}}]}}}}}}}}"#
            );
            refusal(400, &body)
        };
        for (field, form) in [
            ("message_reference", Form::Reply),
            ("components", Form::Buttons),
            ("attachments", Form::File),
            ("content", Form::Text),
        ] {
            assert_eq!(wrong(field).about(false), About::Form(form), "{field}");
        }
        assert_eq!(wrong("content").words(), "Invalid Form Body (content.0: Must be so) [50035]");
    }

    #[test]
    fn of_a_card_it_is_told_whether_its_text_or_a_button_is_refused() {
        let button = serde_json::json!({ "type": 2, "custom_id": "a" });
        let row = serde_json::json!({ "type": 1, "components": [button] });
        let card = serde_json::json!([{ "type": 17, "components": [{ "type": 10, "content": "x" }, row] }]);
        let wrong = |path: &str| {
            let begin: String = path.split('.').map(|name| format!("{{\"{name}\":")).collect();
            let end = "}".repeat(path.split('.').count());
            let errors = format!(r#"{begin}[{{"code":"X","message":"No"}}]{end}"#);
            refusal(400, &format!(r#"{{"code":50035,"message":"Invalid Form Body","errors":{errors}}}"#))
        };
        for (path, is_about_buttons) in [
            ("components.0.components.0.content._errors", false),
            ("components.0.accent_color._errors", false),
            ("components._errors", false),
            ("components.0.components.1._errors", true),
            ("components.0.components.1.components.0.custom_id._errors", true),
            ("message.components.0.components.1.components.0.label._errors", true),
        ] {
            assert_eq!(wrong(path).is_about_buttons(&card), is_about_buttons, "{path}");
            assert_eq!(wrong(path).about(false), About::Form(Form::Buttons), "{path}");
        }
        assert!(wrong("components.0.components.0.label._errors").is_about_buttons(&serde_json::json!([row])));
    }

    #[test]
    fn where_a_right_is_missing_only_what_needs_it_is_left_out() {
        for (code, has_file, in_thread, spared) in [
            (50013, true, true, Some(Form::File)),
            (400_001, true, false, Some(Form::File)),
            (50013, false, true, Some(Form::Thread)),
            (50001, true, true, Some(Form::Thread)),
            (50013, false, false, None),
            (50001, true, false, None),
            (10008, true, true, None),
        ] {
            assert_eq!(coded(403, code).may_spare(has_file, in_thread), spared, "{code}");
        }
    }

    #[test]
    fn a_missing_right_is_told_with_its_remedy() {
        assert!(coded(403, 50001).words().contains("View Channel"));
        assert!(coded(403, 50013).words().contains("Send Messages in Threads"));
        assert!(coded(403, 50013).words_of_opening().contains("Create Public Threads"));
    }
}
