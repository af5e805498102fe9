//! What a failed call says about the call: whether it left, whether it was answered, and with which of Slack's words.
//!
//! Slack answers a refusal with status 200 and `{"ok": false, "error": "a_word"}`; 429 comes with `Retry-After`.

use std::time::Duration;

use serde::Deserialize;
use signalbox_adapter::ListenError;
use signalbox_adapter::http::NoAnswer;

/// Words by which Slack says that a token is no good any more; only a person can change that.
/// Source: <https://docs.slack.dev/reference/methods/auth.test#errors>, read 2026-11.
const NO_TOKEN: [&str; 8] = [
    "invalid_auth",
    "not_authed",
    "account_inactive",
    "token_revoked",
    "token_expired",
    "not_allowed_token_type",
    "no_permission",
    "org_login_required",
];

/// Its word for a socket that an app without Socket Mode asks for.
/// Source: <https://docs.slack.dev/reference/methods/apps.connections.open#errors>, read 2026-11.
const NO_SOCKET_MODE: &str = "socket_mode_not_enabled";

/// What to do where Socket Mode is switched off.
pub(crate) const SOCKET_MODE_IS_OFF: &str = "Socket Mode is switched off for the app; switch it on at api.slack.com/apps, on \
    the page \"Socket Mode\", and start signalbox again";

/// Words by which Slack says that it has failed itself; what was asked for may have been done.
const FAILED_ITSELF: [&str; 4] = ["internal_error", "fatal_error", "service_unavailable", "request_timeout"];

/// Tells how a call failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CallError {
    /// The request did not reach Slack.
    #[error("{0}")]
    Unsent(String),
    /// The request was written, and no complete answer came.
    #[error("{0}")]
    Unanswered(String),
    /// Slack asks to wait, now (429) or the last time; a call that would only be refused is not made.
    #[error("Slack asks to wait for {after:?}")]
    Limited {
        /// How long.
        after: Duration,
    },
    /// Slack said no.
    #[error("{}", .0.words())]
    Answered(Refusal),
}

/// Slack's own no.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub(crate) struct Refusal {
    /// Which method said it.
    #[serde(skip)]
    pub(crate) method: String,
    /// Its word for what is wrong, such as `channel_not_found`.
    #[serde(default)]
    pub(crate) error: String,
    /// The scope that is missing, where one is.
    #[serde(default)]
    pub(crate) needed: Option<String>,
    /// What it says besides.
    #[serde(default)]
    pub(crate) response_metadata: Besides,
}

/// What Slack says besides its word.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub(crate) struct Besides {
    /// What exactly is wrong, such as the path of a block.
    #[serde(default)]
    pub(crate) messages: Vec<String>,
}

/// Longest words of a refusal that are kept, in characters.
const MAX_WORDS_CHARS: usize = 300;

impl Refusal {
    /// Returns it in words.
    pub(crate) fn words(&self) -> String {
        let mut words = self.error.clone();
        if let Some(needed) = &self.needed {
            words.push_str(&format!(": the scope {needed} is missing for {}", self.method));
        }
        for message in &self.response_metadata.messages {
            words.push_str("; ");
            words.push_str(message);
        }
        words.chars().take(MAX_WORDS_CHARS).collect()
    }

    /// Whether it is about a token and not about what was asked.
    pub(crate) fn is_token(&self) -> bool {
        NO_TOKEN.contains(&self.error.as_str())
    }

    /// Whether Slack has failed itself and may have done what was asked all the same.
    pub(crate) fn failed_itself(&self) -> bool {
        FAILED_ITSELF.contains(&self.error.as_str())
    }

    /// Returns what a person has to do so that Slack is heard again; `None` where nobody has to.
    pub(crate) fn remedy(&self) -> Option<String> {
        let by_app_token = self.method == "apps.connections.open";
        let which = if by_app_token { "the app-level token" } else { "the bot token" };
        let place = if by_app_token {
            "the page \"Basic Information\" of the app at api.slack.com/apps makes a new one, with the scope connections:write"
        } else {
            "install the app again on its page \"OAuth & Permissions\" at api.slack.com/apps and take the token that stands there"
        };
        match self.error.as_str() {
            "missing_scope" => {
                let scope = self.needed.as_deref().unwrap_or("it needs");
                Some(format!("{which} lacks the scope {scope} ({}); add it, then {place}", self.method))
            }
            NO_SOCKET_MODE => Some(SOCKET_MODE_IS_OFF.to_owned()),
            word if self.is_token() => Some(format!("{which} was refused ({word}); {place}")),
            _ => None,
        }
    }
}

impl From<NoAnswer> for CallError {
    fn from(none: NoAnswer) -> Self {
        match none {
            NoAnswer::Unsent(why) => Self::Unsent(why),
            NoAnswer::Unanswered(why) => Self::Unanswered(why),
        }
    }
}

impl From<CallError> for ListenError {
    fn from(error: CallError) -> Self {
        match &error {
            CallError::Answered(refusal) => match refusal.remedy() {
                Some(remedy) => Self::Refused(remedy),
                None => Self::Lost(refusal.words()),
            },
            error => Self::Lost(error.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(method: &str, answer: &str) -> Refusal {
        Refusal { method: method.to_owned(), ..serde_json::from_str(answer).expect("Slack's own") }
    }

    #[test]
    fn a_missing_scope_is_named_with_what_to_do() {
        let answer = r#"{"ok":false,"error":"missing_scope","needed":"users:read","provided":"chat:write"}"#;
        let told = ListenError::from(CallError::Answered(refusal("users.info", answer)));
        let ListenError::Refused(why) = told else { panic!("{told}") };
        assert!(why.contains("users:read") && why.contains("OAuth & Permissions"), "{why}");
    }

    #[test]
    fn a_token_that_is_no_good_is_told_by_which_it_is() {
        for (method, page) in [("apps.connections.open", "Basic Information"), ("auth.test", "OAuth & Permissions")] {
            let told =
                ListenError::from(CallError::Answered(refusal(method, r#"{"ok":false,"error":"invalid_auth"}"#)));
            let ListenError::Refused(why) = told else { panic!("{told}") };
            assert!(why.contains(page) && why.contains("invalid_auth"), "{why}");
        }
        let off = refusal("apps.connections.open", r#"{"ok":false,"error":"socket_mode_not_enabled"}"#);
        let told = ListenError::from(CallError::Answered(off));
        assert!(matches!(&told, ListenError::Refused(why) if why.contains("switch it on")), "{told}");
        let odd = CallError::Answered(refusal("auth.test", r#"{"ok":false,"error":"fatal_error"}"#));
        assert!(matches!(ListenError::from(odd), ListenError::Lost(_)));
    }
}
