//! `[discord]`: what the adapter has to be told, stated once.

use signalbox_adapter::http;
use signalbox_adapter::settings::{Access, Ids, Kind, Section, Setting, Setup, Wrong};

use crate::settings::{DEFAULT_API_URL, is_whole_token};

/// The provider's name, as addresses have it.
pub const PROVIDER: &str = "discord";

/// The ids of people.
const USERS: Ids = Ids {
    is_one: is_number,
    form: "a number, as 80351110224678912, and no name; the bot tells it to whoever sends it /id",
};
/// The ids of chats.
const CHATS: Ids = Ids {
    is_one: is_number,
    form: "a number, as 1180000000000000000, and no #name; the bot tells it where /id is sent",
};
/// The ids of roles.
const ROLES: Ids = Ids {
    is_one: is_number,
    form: "a number, as 1190000000000000000, and no name; Copy Role ID shows it, with developer mode on",
};

/// The token.
const TOKENS: Ids = Ids {
    is_one: is_whole_token,
    form: "as MTIzNDU2Nzg5.GhIjKl.mNoPqR…, three parts with points between them; Reset Token on the application's page \"Bot\" \
           shows it",
};

fn is_number(id: &str) -> bool {
    !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit())
}

/// The section of the configuration.
pub static SECTION: Section = Section {
    name: "discord",
    about: "The Discord bot. The page \"Bot\" of an application at discord.com/developers gives the token; \
            DISCORD_BOT_TOKEN in the environment serves where neither key is set.",
    needs: "token",
    access: Some(Access { provider: PROVIDER, users: USERS, chats: CHATS, roles: Some(ROLES) }),
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
            .formed(TOKENS)
            .asked("Token (not shown; empty for none)"),
        Setting::new(
            "api_url",
            Kind::Url { default: DEFAULT_API_URL },
            "a proxy of the API, which also names the gateway's address",
        ),
        Setting::new(
            "proxy",
            Kind::Token,
            "proxy through which API and gateway are reached, socks5h:// or http://; without it ALL_PROXY and HTTPS_PROXY count",
        )
        .example("socks5h://user:password@proxy.example:1080"),
        Setting::new(
            "cards",
            Kind::Choice(&["v2", "embed"]),
            "how the cards of incidents are shown: as components, or as embeds, which notifications and searches show better",
        ),
    ],
    check: |values| {
        let proxy = values.secret("proxy").map(http::proxy);
        proxy.and_then(Result::err).map(|why| Wrong::new("proxy", why)).into_iter().collect()
    },
};
