//! Slack that is reached through a proxy: calls and sockets alike.

use signalbox_test_support::socks::{FakeSocks, SOCKS_PASSWORD};
use signalbox_test_support::tunnel::{FakeTunnel, TUNNEL_PASSWORD};

use crate::slack::scene::{ADA, Workspace};

fn here(url: &str) -> String {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split('/').next().unwrap_or_default().to_owned()
}

/// Has a prompt answered, and a password masked, by a bot that serves through a proxy; then that is told nowhere.
fn talks(slack: &Workspace, password: &str) {
    let serving = slack.serve();
    let asked = slack.fake.say(&slack.direct, ADA, "/session script: answer by a detour");
    slack.shown(&slack.direct, &asked, "by a detour");
    let asked = slack.fake.say(&slack.direct, ADA, &format!("/session script: answer it is {password}"));
    slack.shown(&slack.direct, &asked, "it is [redacted]");
    assert!(!serving.err().contains(password));
}

#[test]
fn calls_and_sockets_go_through_a_socks_proxy_whose_password_is_shown_nowhere() {
    let mut slack = Workspace::new("");
    let socks = slack.through(FakeSocks::start());
    slack.house.set("SIGNALBOX__SLACK__PROXY", &socks.url("socks5h"));
    talks(&slack, SOCKS_PASSWORD);
    let (places, ways) = ([here(&slack.fake.url()), here(&slack.fake.sockets())], socks.asked());
    assert!(places.iter().all(|place| ways.contains(place)), "{ways:?} to {places:?}");
    assert!(ways.iter().all(|way| places.contains(way)), "{ways:?} to {places:?}");
    let shown = slack.house.run(&["config", "show"]).was(0, "proxy");
    assert!(!shown.out.contains(SOCKS_PASSWORD), "{shown:#?}");
    slack.house.set("SIGNALBOX__SLACK__PROXY", &format!("socks6://bot:{SOCKS_PASSWORD}@127.0.0.1:1"));
    let wrong = slack.house.run(&["config", "check"]).was(2, "");
    let all = format!("{}{}", wrong.out, wrong.err);
    assert!(all.contains("slack.proxy") && all.contains("socks5h://") && !all.contains(SOCKS_PASSWORD), "{all}");
}

#[test]
fn calls_and_sockets_go_through_an_http_proxy_which_leads_the_sockets_by_connect() {
    let mut slack = Workspace::new("");
    let tunnel = slack.through(FakeTunnel::start());
    slack.house.set("SIGNALBOX__SLACK__PROXY", &tunnel.url());
    talks(&slack, TUNNEL_PASSWORD);
    let ways = tunnel.asked();
    assert!(ways.contains(&format!("CONNECT {}", here(&slack.fake.sockets()))), "{ways:?}");
    assert!(ways.iter().any(|way| way.ends_with(&here(&slack.fake.url())) && way.starts_with("POST")), "{ways:?}");
}
