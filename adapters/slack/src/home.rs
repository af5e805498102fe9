//! The app's Home: the page that one person alone sees. It is written when they open it, and only then.
//!
//! What it says is the core's, of the chats that Slack says this person reads; where Slack does not tell them, of their own
//! chat with the bot alone. Nothing is stored: a page that could not be written is written when it is opened again.
//!
//! Source: <https://docs.slack.dev/surfaces/app-home>, …/methods/views.publish, …/methods/users.conversations, read 2026-11.

use serde_json::{Value, json};
use signalbox_adapter::{ChatAddress, HomeOpened, Sender, UserId};

use crate::compose;
use crate::failure::CallError;
use crate::gap::pages;
use crate::handle::Handler;
use crate::posted::text;
use crate::render;
use crate::translate::{address, is_direct};

/// Most blocks of the page.
/// Source: <https://docs.slack.dev/reference/views/home-tab-views>, read 2026-11.
const MAX_BLOCKS: usize = 100;

/// Somebody opened the page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Opened {
    user: String,
    channel: String,
}

impl Opened {
    /// Returns what it waits behind: one page is written at a time, and messages do not wait for it.
    pub(crate) fn lane(&self) -> String {
        format!("home {}", self.user)
    }
}

/// Reads an event; `None` where it is another, or another tab was opened.
pub(crate) fn opened(event: &Value) -> Option<Opened> {
    let is_home = text(event, "type") == "app_home_opened" && text(event, "tab") != "messages";
    let (user, channel) = (event["user"].as_str()?, event["channel"].as_str()?);
    (is_home && is_direct(channel)).then(|| Opened { user: user.to_owned(), channel: channel.to_owned() })
}

/// Writes the page of who opened it.
pub(crate) async fn publish(handler: &Handler, opened: &Opened) {
    let names = handler.names(std::slice::from_ref(&opened.user)).await;
    let name = names.get(&opened.user).unwrap_or(&opened.user).to_owned();
    let person = Sender { id: UserId::new(&opened.user), name, bot: false, roles: Vec::new() };
    let asked = HomeOpened { person, direct: address(&opened.channel, None), others: read_by(handler, opened).await };
    let Some(document) = handler.cx.inbox.home(&asked).await else { return };
    let mut rich = render::page(&document);
    rich.truncate(MAX_BLOCKS);
    let rich = json!(rich);
    let shown = match publish_blocks(handler, opened, &rich).await {
        Err(CallError::Answered(refusal)) if !refusal.is_token() => {
            tracing::debug!(error = refusal.words(), "a page is written in the plainest form");
            let mut plain = compose::sections(&render::plain(&document));
            plain.truncate(MAX_BLOCKS);
            publish_blocks(handler, opened, &json!(plain)).await
        }
        shown => shown,
    };
    if let Err(error) = shown {
        tracing::warn!(%error, "the page that somebody has opened could not be written");
    }
}

async fn publish_blocks(handler: &Handler, opened: &Opened, blocks: &Value) -> Result<(), CallError> {
    let body = json!({ "user_id": opened.user, "view": { "type": "home", "blocks": blocks } });
    handler.api.call::<Value>("views.publish", &body).await.map(|_| ())
}

/// Returns the channels and groups that a person reads and Slack tells the bot of, with their names.
async fn read_by(handler: &Handler, opened: &Opened) -> Vec<(ChatAddress, String)> {
    let form = [
        ("user", opened.user.as_str()),
        ("types", "public_channel,private_channel,mpim"),
        ("exclude_archived", "true"),
    ];
    match pages(handler, "users.conversations", &form).await {
        Ok(channels) => channels.iter().filter_map(named).collect(),
        Err(error) => {
            handler.kept_from(&error);
            tracing::debug!(%error, "Slack does not tell which channels somebody reads");
            Vec::new()
        }
    }
}

fn named(channel: &Value) -> Option<(ChatAddress, String)> {
    let id = channel["id"].as_str().filter(|id| !is_direct(id))?;
    let name = match channel["name"].as_str().filter(|_| channel["is_mpim"] != true) {
        Some(name) => format!("#{name}"),
        None => "a group".to_owned(),
    };
    Some((address(id, None), name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_home_tab_is_written() {
        let event = |kind: &str, tab: &str| json!({ "type": kind, "tab": tab, "user": "U1", "channel": "D1" });
        assert!(opened(&event("app_home_opened", "home")).is_some_and(|opened| opened.user == "U1"));
        assert_eq!(opened(&event("app_home_opened", "messages")), None);
        assert_eq!(opened(&event("message", "home")), None);
        assert_eq!(opened(&json!({ "type": "app_home_opened", "tab": "home", "user": "U1", "channel": "C1" })), None);
    }

    #[test]
    fn a_channel_is_called_by_its_name_and_a_group_has_none() {
        let (address, name) = named(&json!({ "id": "C1", "name": "ops" })).expect("a channel");
        assert_eq!((address.to_string().as_str(), name.as_str()), ("slack:C1", "#ops"));
        let group = json!({ "id": "G1", "name": "mpdm-a--b-1", "is_mpim": true });
        assert_eq!(named(&group).expect("a group").1, "a group");
        assert_eq!(named(&json!({ "id": "D1" })), None);
    }
}
