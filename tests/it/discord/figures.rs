//! What `/metrics` tells of a day in Discord: what was heard, refused, sent and lost, and how incidents went.

use signalbox_test_support::discord::{Cut, Fault, Scope};
use signalbox_test_support::everyday::eventually;

use crate::discord::scene::{ADA, OPS, Server};
use crate::hooks::scene::{SECRET, ago, disk, hooks, post};
use crate::investigations::scene::analysis;

/// A wait that Discord asks for, in seconds.
const SHORT_WAIT_S: f64 = 0.2;

#[test]
fn what_has_happened_is_counted_and_told_without_names_and_secrets() {
    let team =
        format!("agents.default = \"claude\"\n[triage]\ngroup_wait = \"0s\"\n{}", hooks(&format!("discord:{OPS}")));
    let mut server = Server::new(&team);
    server.house.set("SIGNALBOX__HTTP__LISTEN", "127.0.0.1:0");
    server.house.set("SIGNALBOX__AGENTS__CLAUDE__PASS_ENV", "[\"SCRIPTED_AGENT_FIRST\"]");
    server.house.set("SCRIPTED_AGENT_FIRST", &format!("see /dev/sda1 100% /var; answer {}", analysis("Logs grow")));
    let serving = server.serve();
    let address = crate::http::address(&serving);
    // A message is refused for its number once, and sent again.
    server.fake.fail_next("POST channels/messages", Fault::TooMany { retry_after: SHORT_WAIT_S, scope: Scope::User });
    let asked = server.fake.say(server.direct, ADA, "/id");
    server.shown(server.direct, asked, "1001");
    // The gateway is lost and goes on, says something that is no message, and ends the session.
    server.fake.cut(Cut::Reset);
    server.until("the session goes on", |state| state.resumed == 1 && state.is_told_all());
    server.fake.cut(Cut::Nonsense);
    server.fake.cut(Cut::Gap);
    server.until("it is said", |state| !state.has_cuts());
    let asked = server.fake.say(server.direct, ADA, "/id");
    server.shown(server.direct, asked, "1001");
    server.fake.cut(Cut::Close(4009));
    server.until("another session", |state| state.identified == 2 && state.is_told_all());
    // An incident is told of, investigated, taken and over.
    let call = |status: &str, secret: &str, began: &str| {
        let bearer = format!("Bearer {secret}");
        let body = disk(status, began).to_string();
        post(address, "/hooks/alertmanager/alertmanager", &[("Authorization", &bearer)], &body).status
    };
    let began = ago(3);
    assert_eq!(call("firing", "a-wrong-secret-entirely", &began), 403);
    assert_eq!(call("firing", SECRET, &began), 200);
    let card = server.shown(OPS, 0, "DiskWillFill");
    eventually("it was investigated", || server.house.count("tasks WHERE status = 'success'") == 1);
    server.fake.press(OPS, ADA, card.id, "Ack");
    eventually("it is taken", || server.house.count("incidents WHERE state = 'acknowledged'") == 1);
    assert_eq!(call("resolved", SECRET, &began), 200);
    let figures = [
        "signalbox_hook_calls_total{source=\"alertmanager\"} 2",
        "signalbox_hook_refusals_total{source=\"alertmanager\",reason=\"wrong_secret\"} 1",
        "signalbox_sends_total{provider=\"discord\",outcome=\"later\"} 1",
        "signalbox_send_retries_total{provider=\"discord\"} 1",
        "signalbox_rate_limited_total{provider=\"discord\"} 1",
        "signalbox_transport_connections_lost_total{provider=\"discord\"} 2",
        "signalbox_transport_resumes_total{provider=\"discord\"} 1",
        "signalbox_transport_sessions_total{provider=\"discord\"} 2",
        "signalbox_transport_unreadable_total{provider=\"discord\"} 1",
        "signalbox_transport_skipped_total{provider=\"discord\"} 1",
        "signalbox_incidents{severity=\"critical\",state=\"acknowledged\"} 0",
        "signalbox_incident_ack_seconds_count 1",
        "signalbox_incident_ack_seconds_bucket{le=\"60\"} 1",
        "signalbox_incident_resolution_seconds_count 1",
        "signalbox_investigations_ended_total{status=\"success\"} 1",
    ];
    // The page is made anew once a second.
    let mut page = String::new();
    eventually("the resolution is counted", || {
        page = crate::http::ask(address, "GET", "/metrics").body;
        page.contains("signalbox_incident_resolution_seconds_count 1")
    });
    let missing: Vec<&str> = figures.into_iter().filter(|figure| !page.lines().any(|line| line == *figure)).collect();
    assert!(missing.is_empty(), "{missing:#?} in {page}");
    let taken = page.lines().find_map(|line| {
        line.strip_prefix("signalbox_sends_total{provider=\"discord\",outcome=\"taken\"} ")?.parse::<u64>().ok()
    });
    assert!(taken.is_some_and(|taken| taken >= 3), "the answer, the card and what stands below it: {taken:?}");
    for hidden in [SECRET, "Ada", "DiskWillFill", "db-1", "Logs grow", &OPS.to_string()] {
        assert!(!page.contains(hidden), "{hidden}");
    }
}
