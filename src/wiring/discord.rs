//! Discord.
#![cfg(feature = "discord")]

use std::sync::Arc;

use async_trait::async_trait;
use signalbox_adapter::settings::{Section, Values};
use signalbox_adapter::{Deliver as _, DeliverError, Threads};
use signalbox_discord::{DiscordRender, PROVIDER, SECTION, Settings};

use super::adapter::{Adapter, Connected, Found, Integration, Verified};
use crate::transport;
use crate::turn::Transport;

/// Discord.
pub(super) struct Discord;

impl Adapter for Discord {
    fn provider(&self) -> &'static str {
        PROVIDER
    }

    fn transport(&self, _values: &Values) -> Transport {
        Transport { edits: true, threads: Threads::Opened, ..Transport::new(Arc::new(DiscordRender)) }
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
        Ok(Connected {
            provider: PROVIDER,
            deliver: Arc::clone(&bot.deliver) as _,
            chats: Some(transport::ChatTransport {
                provider: PROVIDER.to_owned(),
                bot_id: bot.bot_id,
                listen: Box::new(bot.listen),
                deliver: bot.deliver,
                announce: Some(bot.commands),
            }),
        })
    }

    async fn verify(&self, values: &Values) -> Verified {
        let bot = match bot(values) {
            Ok(bot) => bot,
            Err(error) => return Verified::Refused(error),
        };
        let at = values.text("api_url").unwrap_or_default();
        match bot.deliver.check().await {
            Ok(identity) => {
                let who = format!("{} (id {}) at {at}", identity.name, identity.id);
                Verified::Good(Found::Bot { name: identity.name, who })
            }
            Err(DeliverError::Refused(why)) => Verified::Refused(why),
            Err(error) => Verified::Unsure(format!("{at} could not be asked: {error}")),
        }
    }
}

fn bot(values: &Values) -> Result<signalbox_discord::Discord, String> {
    let settings = Settings::of(values).ok_or("there is no token")?;
    signalbox_discord::connect(settings).map_err(|error| error.to_string())
}
