//! Telegram.
#![cfg(feature = "telegram")]

use std::sync::Arc;

use async_trait::async_trait;
use signalbox_adapter::{Deliver as _, DeliverError};
use signalbox_telegram::{InvalidSettings, Settings, TelegramRender};

use super::adapter::{Adapter, Connected, Verified};
use crate::config::Config;
use crate::transport;
use crate::turn::{Transport, Voice};

/// Telegram.
pub(super) struct Telegram;

#[async_trait]
impl Adapter for Telegram {
    fn provider(&self) -> &'static str {
        "telegram"
    }

    fn section(&self) -> Option<&'static str> {
        Some("telegram")
    }

    fn transport(&self, config: &Config) -> Transport {
        let voice = Some(Voice { section: "telegram", program: config.telegram.transcribe.clone() });
        Transport { edits: true, voice, ..Transport::new(Arc::new(TelegramRender)) }
    }

    fn connect(&self, config: &Config) -> Option<Result<Connected, String>> {
        let connected = bot(config)?.map(|bot| Connected {
            provider: self.provider(),
            deliver: Arc::clone(&bot.deliver) as _,
            chats: Some(transport::Transport {
                provider: self.provider().to_owned(),
                bot_id: bot.bot_id,
                listen: Box::new(bot.listen),
                deliver: bot.deliver,
                announce: Some(bot.menu),
            }),
        });
        Some(connected.map_err(|error| error.to_string()))
    }

    async fn verify(&self, config: &Config) -> Verified {
        let bot = match bot(config) {
            None => return Verified::NotSet,
            Some(Err(error)) => return Verified::Refused(error.to_string()),
            Some(Ok(bot)) => bot,
        };
        let at = &config.telegram.api_url;
        match bot.deliver.check().await {
            Ok(identity) => Verified::Good(format!("@{} (id {}) at {at}", identity.name, identity.id)),
            Err(DeliverError::Refused(why)) => Verified::Refused(why),
            Err(error) => Verified::Unreachable(format!("{at} could not be asked: {error}")),
        }
    }
}

fn bot(config: &Config) -> Option<Result<signalbox_telegram::Telegram, InvalidSettings>> {
    let token = config.telegram.token.as_ref()?;
    let settings = Settings { api_url: config.telegram.api_url.clone(), ..Settings::new(token.clone()) };
    Some(signalbox_telegram::connect(settings))
}
