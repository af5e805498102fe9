//! Discord.
#![cfg(feature = "discord")]

use std::sync::Arc;

use async_trait::async_trait;
use signalbox_adapter::Threads;
use signalbox_adapter::settings::{Section, Values};
use signalbox_discord::{DiscordRender, PROVIDER, SECTION, Settings};

use super::adapter::{Adapter, Connected, Integration, Verified};
use crate::turn::{ChatIds, Transport};

/// What its chats are called.
const CHATS: ChatIds = ChatIds {
    is_one: |chat| {
        let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        is_number(chat.chat.as_str()) && chat.thread.as_ref().is_none_or(|thread| is_number(thread.as_str()))
    },
    form: "numbers, as 1180000000000000000 (Copy Channel ID, with developer mode on)",
};

/// Discord.
pub(super) struct Discord;

impl Adapter for Discord {
    fn provider(&self) -> &'static str {
        PROVIDER
    }

    fn transport(&self, values: &Values) -> Transport {
        let cards = signalbox_discord::Settings::cards(values);
        Transport {
            edits: true,
            threads: Threads::Opened,
            chats: CHATS,
            ..Transport::new(Arc::new(DiscordRender { cards }))
        }
    }

    fn integration(&self) -> Option<&dyn Integration> {
        Some(self)
    }
}

#[async_trait]
impl Integration for Discord {
    fn section(&self) -> &'static Section {
        &SECTION
    }

    fn connect(&self, values: &Values) -> Result<Connected, String> {
        let bot = bot(values)?;
        Ok(Connected::chats(PROVIDER, bot.bot_id, Box::new(bot.listen), bot.deliver, Some(bot.commands)))
    }

    async fn verify(&self, values: &Values) -> Verified {
        match bot(values) {
            Ok(bot) => Verified::bot(&*bot.deliver, "", values).await,
            Err(error) => Verified::Refused(error),
        }
    }
}

fn bot(values: &Values) -> Result<signalbox_discord::Discord, String> {
    let settings = Settings::of(values).ok_or("there is no token")?;
    signalbox_discord::connect(settings).map_err(|error| error.to_string())
}
