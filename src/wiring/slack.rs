//! Slack.
#![cfg(feature = "slack")]

use std::sync::Arc;

use async_trait::async_trait;
use signalbox_adapter::settings::{Section, Values};
use signalbox_adapter::{CommandEntry, Threads};
use signalbox_slack::{PROVIDER, SECTION, Settings, SlackRender};

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
        match app(values) {
            Ok(app) => match (Verified::bot(&*app.deliver, "@", values).await, app.deliver.lacking()) {
                (Verified::Good(Found::Bot { who, .. }), Some(lacking)) => {
                    Verified::Unsure(format!("{who}: {lacking}"))
                }
                (verified, _) => verified,
            },
            Err(error) => Verified::Refused(error),
        }
    }
}

fn app(values: &Values) -> Result<signalbox_slack::Slack, String> {
    let settings = Settings::of(values).ok_or("there is no token")?;
    signalbox_slack::connect(settings).map_err(|error| error.to_string())
}
