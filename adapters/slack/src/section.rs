//! `[slack]`: what the adapter has to be told, stated once.

use secrecy::ExposeSecret;
use signalbox_adapter::http;
use signalbox_adapter::settings::{Access, Ids, Kind, Section, Setting, Setup, Values, Wrong};

use crate::settings::{APP_TOKEN, BOT_TOKEN, DEFAULT_API_URL};

/// The provider's name, as addresses have it.
pub const PROVIDER: &str = "slack";

/// The ids of people.
const USERS: Ids = Ids {
    is_one: |id| is_id(id, &['U', 'W']),
    form: "as U0123ABCDEF, and no @name; the bot tells it to whoever sends it /signalbox id",
};
/// The ids of chats.
const CHATS: Ids = Ids {
    is_one: |id| is_id(id, &['C', 'D', 'G']),
    form: "as C0123ABCDEF, and no #name; the bot tells it where /signalbox id is sent",
};

/// The bot token.
const BOT_TOKENS: Ids = Ids {
    is_one: |token| is_token(token, BOT_TOKEN),
    form: "as xoxb-17653672481-…; it stands on the app's page \"OAuth & Permissions\"",
};
/// The app-level token.
const APP_TOKENS: Ids = Ids {
    is_one: |token| is_token(token, APP_TOKEN),
    form: "as xapp-1-A0123456789-…; it is made on the app's page \"Basic Information\"",
};
/// Fewest characters of a token behind its beginning; real ones have more than forty.
const MIN_TOKEN_CHARS: usize = 15;

fn is_token(token: &str, begins: &str) -> bool {
    let is_sign = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    token.strip_prefix(begins).is_some_and(|rest| rest.len() >= MIN_TOKEN_CHARS && rest.bytes().all(is_sign))
}

fn is_id(id: &str, begins: &[char]) -> bool {
    let is_sign = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
    id.len() > 1 && id.starts_with(begins) && id.bytes().all(is_sign)
}

/// The section of the configuration.
pub static SECTION: Section = Section {
    name: "slack",
    about: "The Slack app, which each workspace makes for itself at api.slack.com/apps. The page \"OAuth & Permissions\" \
            gives the bot token, \"Basic Information\" an app-level token. SLACK_BOT_TOKEN and SLACK_APP_TOKEN in the \
            environment serve where no key is set.",
    needs: "bot_token",
    access: Some(Access { provider: PROVIDER, users: USERS, chats: CHATS, roles: None }),
    setup: Setup {
        title: "Slack",
        how: "`signalbox slack-manifest` prints the app and an address that makes it. Open that, install the app to your \
              workspace (never use one of somebody else's), and on its page \"Basic Information\" make an app-level token \
              with the scope connections:write. The bot token stands on \"OAuth & Permissions\".",
        again: "There is an app already; new tokens take the place of its.",
    },
    settings: &[
        Setting::new("bot_token", Kind::Token, "")
            .example("xoxb-17653672481-19874698323-pdFZ...")
            .variable("SLACK_BOT_TOKEN")
            .formed(BOT_TOKENS)
            .asked("Bot token, xoxb-... (not shown; empty for none)"),
        Setting::new("app_token", Kind::Token, "without it Slack is only written to")
            .example("xapp-1-A0123456789-19874698323-9f3b...")
            .variable("SLACK_APP_TOKEN")
            .formed(APP_TOKENS)
            .asked_with("bot_token", "App-level token, xapp-... (not shown; empty for none)"),
        Setting::new(
            "api_url",
            Kind::Url { default: DEFAULT_API_URL },
            "a proxy of the API, which also names the socket's address",
        ),
        Setting::new(
            "proxy",
            Kind::Token,
            "proxy through which API and sockets are reached, socks5h:// or http://; without it ALL_PROXY and HTTPS_PROXY count",
        )
        .example("socks5h://user:password@proxy.example:1080"),
    ],
    check,
};

/// What each kind of token begins with, and what it is.
/// Source: <https://docs.slack.dev/authentication/tokens>, read 2026-11.
const KINDS: [(&str, &str); 6] = [
    (BOT_TOKEN, "the bot token"),
    (APP_TOKEN, "the app-level token"),
    ("xoxp-", "a person's token"),
    ("xoxe", "a token that expires, or one for making apps"),
    ("xoxc-", "a browser's token"),
    ("https://", "the address of a webhook"),
];

fn check(values: &Values) -> Vec<Wrong> {
    let proxy = values.secret("proxy").map(http::proxy);
    let mut wrong: Vec<Wrong> = proxy.and_then(Result::err).map(|why| Wrong::new("proxy", why)).into_iter().collect();
    for (key, own, place) in [
        ("bot_token", BOT_TOKEN, "the bot token, xoxb-..., stands on the app's page \"OAuth & Permissions\""),
        ("app_token", APP_TOKEN, "the app-level token, xapp-..., is made on the app's page \"Basic Information\""),
    ] {
        let Some(token) = values.secret(key).map(ExposeSecret::expose_secret) else { continue };
        let kind = KINDS.iter().find(|(begins, _)| token.starts_with(begins) && *begins != own);
        wrong.extend(kind.map(|(_, is)| Wrong::new(key, format!("is {is}; {place}"))));
    }
    if values.secret("bot_token").is_some() && values.secret("app_token").is_none() {
        wrong.push(Wrong::perhaps("app_token", "is not set, so Slack is written to and nothing is heard from it"));
    }
    wrong
}

#[cfg(test)]
mod tests {
    use signalbox_adapter::settings::Value;

    use super::*;

    #[test]
    fn tokens_that_changed_places_are_told_and_never_shown() {
        let mut values = Values::default();
        values.set("bot_token", Value::Secret("xapp-1-sEcReT".to_owned().into()));
        values.set("app_token", Value::Secret("xoxb-1-sEcReT".to_owned().into()));
        let wrong = check(&values);
        let keys: Vec<_> = wrong.iter().map(|wrong| (wrong.key, wrong.may_be_right)).collect();
        assert_eq!(keys, [("bot_token", false), ("app_token", false)]);
        assert!(wrong.iter().all(|wrong| !wrong.why.contains("sEcReT")));
        assert!(wrong[0].why.starts_with("is the app-level token; the bot token, xoxb-..., stands on"), "{wrong:?}");
        assert!(wrong[1].why.starts_with("is the bot token; the app-level token, xapp-..., is made on"), "{wrong:?}");
        values.set("bot_token", Value::Secret("xoxp-1-sEcReT".to_owned().into()));
        assert!(check(&values)[0].why.starts_with("is a person's token; the bot token"), "{:?}", check(&values));
    }

    #[test]
    fn a_token_that_is_kept_is_a_whole_one_of_its_kind() {
        assert!((BOT_TOKENS.is_one)("xoxb-17653672481-19874698323-pdFZKVeTuE8sk7oOcBrzbqgy"));
        assert!((APP_TOKENS.is_one)("xapp-1-A0123456789-19874698323-9f3b"));
        for junk in ["", "junk", "xoxb-", "xoxb-1", "xapp-1-A0123456789-19874698323-9f3b", "xoxb-1234567890 12345678"] {
            assert!(!(BOT_TOKENS.is_one)(junk), "{junk}");
        }
    }

    #[test]
    fn without_an_app_token_it_is_said_what_does_not_work() {
        let mut values = Values::default();
        values.set("bot_token", Value::Secret("xoxb-1-2-3".to_owned().into()));
        assert!(check(&values).iter().all(|wrong| wrong.key == "app_token" && wrong.may_be_right));
    }
}
