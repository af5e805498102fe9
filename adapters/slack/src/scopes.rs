//! Which scopes the app asks for, what does not work without each, and which of them the bot token lacks.
//!
//! Slack names the scopes of a token in the head of every answer, so that a scope that is missing is known before it is needed,
//! and one that was added is seen with the next call.
//!
//! Source: <https://docs.slack.dev/authentication/installing-with-oauth>, read 2026-11.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use reqwest::header::HeaderMap;

use crate::failure::Refusal;

/// What the bot may do, and what does not work without it.
pub(crate) const SCOPES: [(&str, &str); 15] = [
    ("app_mentions:read", "mentions are not told"),
    ("channels:history", "nothing is heard in channels"),
    ("channels:read", "channels are not found"),
    ("chat:write", "nothing can be said"),
    ("commands", "there are no slash commands"),
    ("files:read", "files are not read"),
    ("files:write", "long answers come without their file"),
    ("groups:history", "nothing is heard in private channels"),
    ("groups:read", "private channels are not found"),
    ("im:history", "direct messages are not heard"),
    ("im:read", "direct chats are not found"),
    ("mpim:history", "nothing is heard in group messages"),
    ("mpim:read", "group messages are not found"),
    ("reactions:write", "messages get no signs"),
    ("users:read", "people go by their ids"),
];

/// The head in which Slack names them.
const NAMED_IN: &str = "x-oauth-scopes";

/// What the bot token may do, as far as Slack has told.
#[derive(Debug, Default)]
pub(crate) struct Scopes {
    /// As Slack last named them.
    granted: Mutex<Option<String>>,
    /// Those that a call has lacked, which is logged once each.
    missed: Mutex<BTreeSet<String>>,
}

impl Scopes {
    /// Takes note of what an answer to a call with the bot token names.
    pub(crate) fn heard(&self, headers: &HeaderMap) {
        let Some(named) = headers.get(NAMED_IN).and_then(|value| value.to_str().ok()) else { return };
        let mut granted = self.granted.lock().unwrap_or_else(PoisonError::into_inner);
        if granted.as_deref() != Some(named) {
            *granted = Some(named.to_owned());
        }
    }

    /// Logs, once for each scope, that a call lacked one.
    pub(crate) fn refused(&self, refusal: &Refusal) {
        let (Some(scope), Some(remedy)) = (&refusal.needed, refusal.remedy()) else { return };
        if self.missed.lock().unwrap_or_else(PoisonError::into_inner).insert(scope.clone()) {
            tracing::warn!(method = refusal.method, scope, remedy, "Slack refuses a call for want of a scope");
        }
    }

    /// Says which scopes are missing and what to do; `None` where none is, or Slack has not told.
    pub(crate) fn lacking(&self) -> Option<String> {
        let granted = self.granted.lock().unwrap_or_else(PoisonError::into_inner);
        let granted: BTreeSet<&str> = granted.as_deref()?.split(',').map(str::trim).collect();
        let missing = SCOPES.iter().filter(|(scope, _)| !granted.contains(scope));
        let named: Vec<String> = missing.map(|(scope, without)| format!("{scope} ({without})")).collect();
        let scopes = if named.len() == 1 { "scope" } else { "scopes" };
        (!named.is_empty()).then(|| {
            format!(
                "the bot token lacks the {scopes} {}; add what is missing on the app's page \"OAuth & Permissions\" at \
                 api.slack.com/apps and install the app again",
                named.join(", ")
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(scopes: &Scopes, named: &str) {
        scopes.heard(&HeaderMap::from_iter([(NAMED_IN.parse().expect("a name"), named.parse().expect("a value"))]));
    }

    #[test]
    fn what_is_missing_is_named_until_it_is_there() {
        let scopes = Scopes::default();
        assert_eq!(scopes.lacking(), None, "nobody has told");
        let all = SCOPES.map(|(scope, _)| scope);
        heard(&scopes, &all[..14].join(","));
        let lacking = scopes.lacking().expect("one is missing");
        assert!(lacking.contains("the scope users:read (people go by their ids);"), "{lacking}");
        assert!(lacking.contains("OAuth & Permissions"), "{lacking}");
        scopes.heard(&HeaderMap::new());
        assert!(scopes.lacking().is_some(), "an answer that names none says nothing");
        heard(&scopes, &all.join(", "));
        assert_eq!(scopes.lacking(), None);
    }
}
