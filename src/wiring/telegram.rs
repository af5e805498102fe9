//! Telegram.
#![cfg(feature = "telegram")]

use std::sync::Arc;

use async_trait::async_trait;
use signalbox_adapter::settings::{Section, Values};
use signalbox_telegram::{PROVIDER, SECTION, Settings, TelegramRender};

use super::adapter::{Adapter, Connected, Integration, Verified};
use crate::turn::{ChatIds, Transport, Voice};

/// What its chats are called.
const CHATS: ChatIds = ChatIds {
    is_one: |chat| {
        let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let name = chat.chat.as_str();
        let is_chat = is_number(name.strip_prefix('-').unwrap_or(name)) || name.starts_with('@') && name.len() > 1;
        is_chat && chat.thread.as_ref().is_none_or(|thread| is_number(thread.as_str()))
    },
    form: "numbers, those of groups with a minus, as -1001234567890, and a topic's is a number, too",
};

/// Telegram.
pub(super) struct Telegram;

impl Adapter for Telegram {
    fn provider(&self) -> &'static str {
        PROVIDER
    }

    fn transport(&self, values: &Values) -> Transport {
        let voice = Some(Voice { section: SECTION.name, program: values.list("transcribe").to_vec() });
        Transport { edits: true, voice, chats: CHATS, ..Transport::new(Arc::new(TelegramRender)) }
    }

    fn integration(&self) -> Option<&dyn Integration> {
        Some(self)
    }
}

#[async_trait]
impl Integration for Telegram {
    fn section(&self) -> &'static Section {
        &SECTION
    }

    fn connect(&self, values: &Values) -> Result<Connected, String> {
        let bot = bot(values)?;
        Ok(Connected::chats(PROVIDER, bot.bot_id, Box::new(bot.listen), bot.deliver, Some(bot.menu)))
    }

    async fn verify(&self, values: &Values) -> Verified {
        match bot(values) {
            Ok(bot) => Verified::bot(&*bot.deliver, "@", values).await,
            Err(error) => Verified::Refused(error),
        }
    }

    fn invitation(&self, bot_name: &str, code: &str) -> Option<String> {
        Some(format!("https://t.me/{bot_name}?start={code}"))
    }
}

fn bot(values: &Values) -> Result<signalbox_telegram::Telegram, String> {
    let settings = Settings::of(values).ok_or("there is no token")?;
    signalbox_telegram::connect(settings).map_err(|error| error.to_string())
}
