//! Slack.
#![cfg(feature = "slack")]

use std::sync::Arc;

use async_trait::async_trait;
use signalbox_adapter::settings::{Section, Values};
use signalbox_adapter::{CommandEntry, ListenError, Threads};
use signalbox_slack::{DEFAULT_API_URL, PROVIDER, SECTION, Settings, SlackRender};

use super::adapter::{Adapter, Connected, Found, Integration, Manifest, Verified};
use crate::turn::{ChatIds, Transport};

/// What its chats are called.
const CHATS: ChatIds = ChatIds {
    is_one: |chat| {
        let name = chat.chat.as_str();
        let is_moment = |thread: &str| {
            thread.split_once('.').is_some_and(|(seconds, part)| {
                [seconds, part]
                    .iter()
                    .all(|digits| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()))
            })
        };
        name.starts_with(['C', 'D', 'G', 'U', 'W'])
            && name.len() > 2
            && name.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
            && chat.thread.as_ref().is_none_or(|thread| is_moment(thread.as_str()))
    },
    form: "as C0123ABCDEF (at the end of View channel details), not #names, and a thread's is as 1720000000.000100",
};

/// Slack.
pub(super) struct Slack;

impl Adapter for Slack {
    fn provider(&self) -> &'static str {
        PROVIDER
    }

    fn transport(&self, _values: &Values) -> Transport {
        Transport { edits: true, threads: Threads::AtMessage, chats: CHATS, ..Transport::new(Arc::new(SlackRender)) }
    }

    fn integration(&self) -> Option<&dyn Integration> {
        Some(self)
    }
}

#[async_trait]
impl Integration for Slack {
    fn section(&self) -> &'static Section {
        &SECTION
    }

    fn connect(&self, values: &Values) -> Result<Connected, String> {
        let app = app(values)?;
        Ok(match app.listen {
            Some(listen) => Connected::chats(PROVIDER, app.bot_id, Box::new(listen), app.deliver, None),
            None => Connected { provider: PROVIDER, deliver: app.deliver, chats: None },
        })
    }

    fn manifest(&self, commands: &[CommandEntry]) -> Option<Manifest> {
        let manifest = signalbox_slack::manifest(commands);
        let address = signalbox_slack::new_app(&manifest);
        Some(Manifest { text: format!("{manifest:#}"), address })
    }

    async fn verify(&self, values: &Values) -> Verified {
        let app = match app(values) {
            Ok(app) => app,
            Err(error) => return Verified::Refused(error),
        };
        let at = values.text("api_url").unwrap_or_default();
        let verified = Verified::bot_at(&*app.deliver, "@", at, || place(app.deliver.workspace(), at)).await;
        let Verified::Good(Found::Bot { name, who }) = verified else { return verified };
        if let Some(lacking) = app.deliver.lacking() {
            return Verified::Unsure(format!("{who}: {lacking}"));
        }
        let Some(listen) = app.listen else {
            let who = format!("{who}; sends only, as there is no app-level token");
            return Verified::Good(Found::Bot { name, who });
        };
        let deaf = |why: &str| format!("sends: good, {who}; hears nothing: {why}");
        match listen.check().await {
            Ok(()) => Verified::Good(Found::Bot { name, who }),
            Err(ListenError::Refused(why)) => Verified::Refused(deaf(&why)),
            Err(ListenError::Lost(why) | ListenError::Contested(why)) => {
                Verified::Unsure(deaf(&format!("the app-level token could not be tried: {why}")))
            }
        }
    }
}

/// Says where a bot is: in its workspace, and at which address where that is not Slack's own.
fn place(workspace: Option<&str>, at: &str) -> String {
    match workspace {
        Some(workspace) if at == DEFAULT_API_URL => format!("in the workspace {workspace}"),
        Some(workspace) => format!("in the workspace {workspace} at {at}"),
        None => format!("at {at}"),
    }
}

fn app(values: &Values) -> Result<signalbox_slack::Slack, String> {
    let settings = Settings::of(values).ok_or("there is no token")?;
    signalbox_slack::connect(settings).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_workspace_says_more_than_slack_s_own_address() {
        assert_eq!(place(Some("Acme"), DEFAULT_API_URL), "in the workspace Acme");
        assert_eq!(place(Some("Acme"), "http://[::1]:9"), "in the workspace Acme at http://[::1]:9");
        assert_eq!(place(None, DEFAULT_API_URL), "at https://slack.com/api");
    }
}
