//! A Bot API that is reached through a SOCKS proxy, given in the configuration or in the environment.

use signalbox_test_support::socks::{FakeSocks, SOCKS_PASSWORD};

use crate::phone::scene::Phone;

fn here(url: &str) -> String {
    url.trim_start_matches("http://").to_owned()
}

#[test]
fn a_bot_polls_and_answers_through_its_proxy_whose_password_is_shown_nowhere() {
    let mut phone = Phone::new("");
    let socks = phone.through(FakeSocks::start());
    for scheme in ["socks5h", "socks5"] {
        phone.house.set("SIGNALBOX__TELEGRAM__PROXY", &socks.url(scheme));
        let before = socks.asked().len();
        let serving = phone.serve();
        let asked = phone.say("/session script: answer by a detour");
        phone.shown(asked, "by a detour");
        let ways = socks.asked();
        let there = here(&phone.fake.url());
        assert!(ways.len() > before && ways.iter().all(|way| *way == there), "{ways:?}");
        assert!(!serving.err().contains(SOCKS_PASSWORD));
        let asked = phone.say(&format!("/session script: answer it is {SOCKS_PASSWORD}"));
        phone.shown(asked, "it is [redacted]");
    }
    let shown = phone.house.run(&["config", "show"]).was(0, "proxy");
    assert!(!shown.out.contains(SOCKS_PASSWORD), "{shown:#?}");
    phone.house.set("SIGNALBOX__TELEGRAM__PROXY", &format!("socks6://bot:{SOCKS_PASSWORD}@127.0.0.1:1"));
    let wrong = phone.house.run(&["config", "check"]).was(2, "");
    let all = format!("{}{}", wrong.out, wrong.err);
    assert!(all.contains("telegram.proxy") && all.contains("socks5h://") && !all.contains(SOCKS_PASSWORD), "{all}");
}

#[test]
fn a_proxy_that_is_gone_or_says_no_is_told_without_its_password() {
    let mut phone = Phone::new("");
    let socks = phone.through(FakeSocks::start());
    phone.house.set("SIGNALBOX__TELEGRAM__API_URL", "https://api.telegram.org");
    for name in ["ALL_PROXY", "HTTPS_PROXY", "SIGNALBOX__TELEGRAM__PROXY"] {
        phone.house.set(name, &socks.url("socks5h"));
        let before = socks.asked().len();
        let said = phone.house.run(&["integrations", "verify", "telegram"]).was(1, "");
        let all = format!("{}{}", said.out, said.err);
        assert!(!all.contains("unsupported scheme") && !all.contains(SOCKS_PASSWORD), "{name}: {all}");
        // The proxy looks the name up, not this machine.
        assert_eq!(socks.asked().get(before).map(String::as_str), Some("api.telegram.org:443"), "{name}: {all}");
        phone.house.set(name, "");
    }
}
