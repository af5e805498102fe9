//! `[telegram]`: what the adapter has to be told, stated once.

use secrecy::ExposeSecret as _;
use signalbox_adapter::http;
use signalbox_adapter::settings::{Access, Ids, Kind, Section, Setting, Setup, Wrong};

use crate::settings::{DEFAULT_API_URL, bot_id, is_whole_token};

/// The provider's name, as addresses have it.
pub const PROVIDER: &str = "telegram";

/// The ids of people.
const USERS: Ids =
    Ids { is_one: is_number, form: "a number, as 123456789, and no @name; the bot tells it to whoever sends it /id" };
/// The ids of chats.
const CHATS: Ids = Ids {
    is_one: |id| is_number(id.strip_prefix('-').unwrap_or(id)),
    form: "a number, that of a group with a minus, as -1001234567890; the bot tells it where /id is sent",
};

/// The token.
const TOKENS: Ids = Ids {
    is_one: is_whole_token,
    form: "as 123456789:AAE…, a number, a colon and 35 signs, as BotFather shows it after /newbot or /token",
};

fn is_number(id: &str) -> bool {
    !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit())
}

/// The section of the configuration.
pub static SECTION: Section = Section {
    name: "telegram",
    about: "The Telegram bot. BotFather gives the token; TELEGRAM_BOT_TOKEN in the environment serves where neither key \
            is set.",
    needs: "token",
    access: Some(Access { provider: PROVIDER, users: USERS, chats: CHATS, roles: None }),
    setup: Setup {
        title: "Telegram",
        how: "Talk to @BotFather in Telegram, send /newbot, and copy the token that it gives you.",
        again: "There is a bot already; a new token takes its place.",
    },
    settings: &[
        Setting::new("token", Kind::Token, "")
            .example("123456789:AAE...")
            .variable("TELEGRAM_BOT_TOKEN")
            .formed(TOKENS)
            .asked("Token (not shown; empty for none)"),
        Setting::new(
            "api_url",
            Kind::Url { default: DEFAULT_API_URL },
            "another address for a Bot API server of your own",
        ),
        Setting::new(
            "proxy",
            Kind::Token,
            "proxy through which the API is reached, socks5h:// or http://; without it ALL_PROXY and HTTPS_PROXY count",
        )
        .example("socks5h://user:password@proxy.example:1080"),
        Setting::new(
            "transcribe",
            Kind::Program,
            "program that writes a voice note down, as [\"whisper-to-text\", \"{file}\"]; the text is what it prints. \
             Empty: voice notes are answered with how to set this",
        ),
    ],
    check: |values| {
        let proxy = values.secret("proxy").map(http::proxy);
        let proxy = proxy.and_then(Result::err).map(|why| Wrong::new("proxy", why));
        let token = values.secret("token").filter(|token| bot_id(token.expose_secret()).is_none());
        let token = token.map(|_| {
            let what = "must look like 123456789:AAE…, as BotFather shows it after /newbot or /token; Telegram is not \
                        connected with this one";
            Wrong::perhaps("token", what)
        });
        proxy.into_iter().chain(token).collect()
    },
};
