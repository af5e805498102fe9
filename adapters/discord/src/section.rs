//! `[discord]`: what the adapter has to be told, stated once.

use signalbox_adapter::settings::{Access, Kind, Section, Setting, Setup};

use crate::settings::DEFAULT_API_URL;

/// The provider's name, as addresses have it.
pub const PROVIDER: &str = "discord";

/// The section of the configuration.
pub static SECTION: Section = Section {
    name: "discord",
    about: "The Discord bot. The page \"Bot\" of an application at discord.com/developers gives the token; \
            DISCORD_BOT_TOKEN in the environment serves where neither key is set.",
    needs: "token",
    access: Some(Access { provider: PROVIDER, has_roles: true }),
    setup: Setup {
        title: "Discord",
        how: "At discord.com/developers make an application; on its page \"Bot\" switch the Message Content Intent on and \
              press Reset Token.",
        again: "There is a bot already; a new token takes its place.",
    },
    settings: &[
        Setting::new("token", Kind::Token, "")
            .example("MTIzNDU2Nzg5.GhIjKl.mNoPqR...")
            .variable("DISCORD_BOT_TOKEN")
            .asked("Token (not shown; empty for none)"),
        Setting::new(
            "api_url",
            Kind::Url { default: DEFAULT_API_URL },
            "a proxy of the API, which also names the gateway's address",
        ),
        Setting::new(
            "cards",
            Kind::Choice(&["v2", "embed"]),
            "how the cards of incidents are shown: as components, or as embeds, which notifications and searches show better",
        ),
    ],
    check: |_| Vec::new(),
};
