//! Discord that is reached through a proxy: calls and gateway alike, given in the configuration or in the environment.

use signalbox_test_support::discord::state::Channel;
use signalbox_test_support::everyday::eventually;
use signalbox_test_support::smtp::tls::{Authority, Validity};
use signalbox_test_support::socks::{FakeSocks, SOCKS_PASSWORD};
use signalbox_test_support::tunnel::{FakeTunnel, TUNNEL_PASSWORD};

use crate::discord::scene::{ADA, Server};

/// Somewhere to answer besides.
const OTHER: u64 = 900;

fn here(url: &str) -> String {
    url.trim_start_matches("http://").split('/').next().unwrap_or_default().to_owned()
}

/// Writes an authority's certificate to a file; returns its path.
fn authority_file(server: &Server, authority: &Authority) -> String {
    let file = server.house.text("authority.pem");
    std::fs::write(&file, authority.pem()).expect("written");
    file
}

fn gateway(server: &Server) -> String {
    server.fake.with(|state| state.gateway.trim_start_matches("ws://").to_owned())
}

/// Has a command answered, and a password masked, by a bot that serves through a proxy; then that is told nowhere.
fn talks(server: &Server, password: &str) {
    let serving = server.serve();
    let asked = server.fake.say(server.direct, ADA, "/session script: answer by a detour");
    server.shown(server.direct, asked, "by a detour");
    let asked = server.fake.say(server.direct, ADA, &format!("/session script: answer it is {password}"));
    server.shown(server.direct, asked, r"it is \[redacted\]");
    assert!(!serving.err().contains(password));
}

#[test]
fn calls_and_gateway_go_through_a_socks_proxy_whose_password_is_shown_nowhere() {
    let mut server = Server::new("");
    server.fake.open(OTHER, Channel::default());
    let socks = server.through(FakeSocks::start());
    let places = [here(&server.fake.url()), gateway(&server)];
    for scheme in ["socks5h", "socks5", "socks4a", "socks4"] {
        server.house.set("SIGNALBOX__DISCORD__PROXY", &socks.url(scheme));
        let before = socks.asked().len();
        talks(&server, SOCKS_PASSWORD);
        let ways = socks.asked().split_off(before);
        assert!(places.iter().all(|place| ways.contains(place)), "{ways:?} to {places:?}");
        assert!(ways.iter().all(|way| places.contains(way)), "{ways:?} to {places:?}");
    }
    let shown = server.house.run(&["config", "show"]).was(0, "proxy");
    assert!(!shown.out.contains(SOCKS_PASSWORD), "{shown:#?}");
    server.house.set("SIGNALBOX__DISCORD__PROXY", &format!("socks6://bot:{SOCKS_PASSWORD}@127.0.0.1:1"));
    let wrong = server.house.run(&["config", "check"]).was(2, "");
    let all = format!("{}{}", wrong.out, wrong.err);
    assert!(all.contains("discord.proxy") && all.contains("socks5h://") && !all.contains(SOCKS_PASSWORD), "{all}");
}

#[test]
fn calls_and_gateway_go_through_an_http_proxy_which_leads_the_gateway_by_connect() {
    let mut server = Server::new("");
    let tunnel = server.through(FakeTunnel::start());
    server.house.set("SIGNALBOX__DISCORD__PROXY", &tunnel.url());
    talks(&server, TUNNEL_PASSWORD);
    let gateway = gateway(&server);
    let ways = tunnel.asked();
    assert!(ways.contains(&format!("CONNECT {gateway}")), "{ways:?}");
    assert!(ways.iter().any(|way| way.ends_with(&here(&server.fake.url())) && way.starts_with("GET")), "{ways:?}");
}

#[test]
fn calls_and_gateway_go_through_a_proxy_that_is_spoken_with_through_tls() {
    let mut server = Server::new("");
    let authority = Authority::generate();
    let tunnel = server.through(FakeTunnel::start_protected(authority.acceptor("localhost", Validity::Current)));
    server.house.set("SIGNALBOX__DISCORD__PROXY", &tunnel.url());
    let file = authority_file(&server, &authority);
    server.house.set("SSL_CERT_FILE", &file);
    talks(&server, TUNNEL_PASSWORD);
    let (gateway, ways) = (gateway(&server), tunnel.asked());
    assert!(ways.contains(&format!("CONNECT {gateway}")), "{ways:?}");
    assert!(ways.iter().any(|way| way.ends_with(&here(&server.fake.url()))), "{ways:?}");
}

#[test]
fn a_proxy_that_is_gone_or_says_no_is_told_without_its_password() {
    let mut server = Server::new("");
    let (socks, tunnel) = (server.through(FakeSocks::start()), server.through(FakeTunnel::start()));
    server.house.set("SIGNALBOX__DISCORD__API_URL", "https://discord.com/api/v10");
    for name in ["ALL_PROXY", "HTTPS_PROXY", "SIGNALBOX__DISCORD__PROXY"] {
        for (url, password) in [(socks.url("socks5h"), SOCKS_PASSWORD), (tunnel.url(), TUNNEL_PASSWORD)] {
            server.house.set(name, &url);
            let said = server.house.run(&["integrations", "verify", "discord"]).was(1, "");
            let all = format!("{}{}", said.out, said.err);
            assert!(!all.contains("unsupported scheme") && !all.contains(password), "{name}: {all}");
        }
        server.house.set(name, "");
    }
    // The proxies look the name up, not this machine.
    assert!(socks.asked().iter().all(|way| way == "discord.com:443") && socks.asked().len() >= 3);
    assert!(tunnel.asked().iter().all(|way| way == "CONNECT discord.com:443") && tunnel.asked().len() >= 3);
}

#[test]
fn a_gateway_that_the_proxy_does_not_lead_to_is_told_and_tried_again() {
    let mut server = Server::new("");
    let tunnel = server.through(FakeTunnel::start());
    server.house.set("SIGNALBOX__DISCORD__PROXY", &tunnel.url());
    let gateway = server.fake.with(|state| std::mem::replace(&mut state.gateway, "ws://127.0.0.1:1".to_owned()));
    let serving = server.house.serve();
    server.until("the gateway is asked for", |state| state.calls.iter().any(|call| call.route == "GET gateway/bot"));
    eventually("it is told", || serving.err().contains("through the proxy"));
    assert!(!serving.err().contains(TUNNEL_PASSWORD));
    server.fake.with(|state| state.gateway = gateway);
    server.until("it listens", |state| state.identified == 1);
    let asked = server.fake.say(server.direct, ADA, "/id");
    server.shown(server.direct, asked, "1001");
}
