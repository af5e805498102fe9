//! What signalbox is connected to: kept, listed, verified, and asked for step by step.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use signalbox_test_support::everyday::House;
use signalbox_test_support::telegram::{Fault, TOKEN};

use crate::phone::scene::{EVE, Phone};

/// A phone without a token, so that one has to be kept.
fn tokenless() -> Phone {
    let mut phone = Phone::new("");
    phone.house.set("TELEGRAM_BOT_TOKEN", "");
    phone
}

fn store(phone: &Phone) -> std::path::PathBuf {
    phone.house.path(".config/signalbox/integrations.json")
}

#[test]
fn a_token_that_is_kept_is_listed_verified_served_and_forgotten() {
    let phone = tokenless();
    let said = phone.house.run(&["integrations", "verify", "telegram"]).was(1, "");
    assert!(said.err.contains("telegram: not set; `signalbox setup`"), "{said:#?}");
    phone.house.run(&["integrations", "verify", "all"]).was(0, "telegram: not set");

    let said = phone.house.pipe(&["integrations", "set", "telegram", "token=-"], format!("{TOKEN}\n").as_bytes());
    let said = said.was(0, "integrations.json");
    assert!(!format!("{}{}", said.out, said.err).contains(TOKEN), "{said:#?}");
    assert_eq!(fs::metadata(store(&phone)).expect("a file").permissions().mode() & 0o777, 0o600);
    let said = phone.house.run(&["integrations", "list"]).was(0, "integration store");
    assert!(said.out.contains("telegram") && !said.out.contains(TOKEN), "{said:#?}");
    phone.house.run(&["integrations", "list", "--json"]).was(0, "\"token\"");
    phone.house.run(&["integrations", "verify", "telegram"]).was(0, "telegram: good: @SignalboxBot (id 42) at http://");
    let shown = phone.house.run(&["config", "show"]).was(0, "[telegram]");
    assert!(!shown.out.contains(TOKEN), "{shown:#?}");

    let serving = phone.serve();
    let asked = phone.say("/session script: answer kept");
    phone.shown(asked, "kept");
    assert!(!serving.err().contains(TOKEN));
    drop(serving);

    phone.house.run(&["integrations", "remove", "telegram"]).was(0, "Nothing is kept for telegram");
    let again = phone.house.run(&["integrations", "remove", "telegram"]).was(2, "");
    assert!(again.err.contains("nothing is kept"), "{again:#?}");
}

#[test]
fn what_is_wrong_is_said_and_changes_nothing() {
    let phone = tokenless();
    for (arguments, why) in [
        (
            &["integrations", "set", "telegramm", "token=x"][..],
            "there is no integration \"telegramm\"; there are: telegram",
        ),
        (&["integrations", "set", "telegram", "tokn=x"], "did you mean telegram.token?"),
        (&["integrations", "set", "telegram", "token"], "key=value"),
        (&["integrations", "set", "telegram", "token=-"], "no value for telegram.token"),
        (&["integrations", "set", "telegram", "token=-", "api_url=-"], "only one value"),
        (&["integrations", "set", "telegram", "token=junk"], "telegram.token: must be as 123456789:AAE"),
        (&["integrations", "set", "telegram", "token=42:cut"], "telegram.token: must be as 123456789:AAE"),
        (&["integrations", "set", "telegram", "token="], "telegram.token is empty; that takes a key away that is kept"),
        (&["integrations", "set", "telegram", "token= "], "telegram.token: must be as 123456789:AAE"),
        (&["integrations", "set", "discord", "token=Bot x"], "discord.token: must be as MTIzNDU2Nzg5.GhIjKl"),
        (&["integrations", "set", "slack", "bot_token=xoxb-"], "slack.bot_token: must be as xoxb-"),
        (&["integrations", "set", "slack", "app_token=junk"], "slack.app_token: must be as xapp-"),
        (&["integrations", "set", "smtp", "host=mail server"], "smtp.host: must be the name of a mail server"),
        (&["integrations", "set", "smtp", "to=ops@"], "smtp.to: must be mail addresses"),
        (&["integrations", "set", "telegram", "api_url=ftp://x"], "must begin with https://"),
        (&["integrations", "verify", "pigeon"], "there is no integration"),
        (&["integrations", "remove", "pigeon"], "there is no integration"),
    ] {
        let said = phone.house.run(arguments).was(2, "");
        assert!(said.err.contains(why), "{why:?} in {said:#?}");
    }
    assert!(!store(&phone).exists());

    phone.house.run(&["integrations", "set", "telegram", "token=43:not-the-token-of-this-bot-at-all-x"]).was(0, "Kept");
    let said = phone.house.run(&["integrations", "verify", "all"]).was(1, "");
    assert!(said.err.contains("Telegram does not know this token") && !said.err.contains("not-the-token"), "{said:#?}");
    phone.house.run(&["integrations", "set", "telegram", &format!("token={TOKEN}")]).was(0, "Kept");
    phone.fake.fail_next("getMe", Fault::ServerError { done: false });
    let said = phone.house.run(&["integrations", "verify", "telegram"]).was(1, "");
    assert!(said.err.contains("could not be asked"), "{said:#?}");

    fs::write(store(&phone), "{\"version\":1,\"integrations\":{\"telegram\":{\"token\":\"cut-o").expect("written");
    for arguments in [&["serve"][..], &["integrations", "list"], &["integrations", "set", "telegram", "token=x"]] {
        let said = phone.house.run(arguments);
        assert!(matches!(said.code, 1 | 2), "{said:#?}");
        assert!(said.err.contains("is no integration store") && !said.err.contains("cut-o"), "{said:#?}");
    }
}

#[test]
fn the_configuration_goes_before_what_is_kept() {
    let mut phone = Phone::new("");
    phone.house.set("SIGNALBOX__TELEGRAM__TOKEN", TOKEN);
    let said = phone
        .house
        .run(&["integrations", "set", "telegram", "token=43:another-token-that-has-35-characters"])
        .was(0, "Kept");
    assert!(said.err.contains("telegram.token is kept in vain"), "{said:#?}");
    phone.house.run(&["integrations", "verify", "telegram"]).was(0, "@SignalboxBot");
}

#[test]
fn setup_asks_until_the_token_is_right_and_lets_the_first_person_in() {
    let phone = tokenless();
    let answers = format!("no token\n43:cut-off\n43:unknown-to-the-server-whatever-it-is\n{TOKEN}\nking\nadmin\n");
    let said = phone.house.pipe(&["setup"], answers.as_bytes()).was(0, "https://t.me/SignalboxBot?start=");
    assert!(
        said.err.contains("It is @SignalboxBot (id 42)") && said.err.contains("\"king\" is none of these"),
        "{said:#?}"
    );
    assert!(said.err.contains("Next: `signalbox serve`"), "{said:#?}");
    assert!(!format!("{}{}", said.out, said.err).contains(TOKEN), "{said:#?}");
    let (_, code) = said.out.lines().find_map(|line| line.split_once("?start=")).expect("a link");

    let _serving = phone.serve();
    phone.fake.open_private(EVE);
    let asked = phone.fake.say(EVE.id, EVE, &format!("/start {}", code.trim()));
    phone.shown_in(EVE.id, asked, "admin");
    let asked = phone.fake.say(EVE.id, EVE, "/session script: answer let in");
    phone.shown_in(EVE.id, asked, "let in");
}

#[test]
fn setup_without_a_network_or_without_answers_is_no_dead_end() {
    let phone = tokenless();
    phone.house.pipe(&["setup"], b"\n").was(0, "");
    assert!(!store(&phone).exists());
    let said = phone.house.pipe(&["setup"], b"").was(1, "");
    assert!(said.err.contains("the answers ended"), "{said:#?}");
    phone.fake.fail_next("getMe", Fault::ServerError { done: false });
    let said = phone.house.pipe(&["setup"], format!("{TOKEN}\ny\nnone\n").as_bytes()).was(0, "");
    assert!(said.err.contains("could not be asked"), "{said:#?}");
    assert!(store(&phone).exists());
    assert_eq!(phone.house.count("pairing_codes"), 0);

    let mut homeless = House::bare();
    homeless.set("HOME", "");
    let said = homeless.run(&["integrations", "set", "telegram", "token=x"]).was(1, "");
    assert!(said.err.contains("there is no configuration directory"), "{said:#?}");
}
