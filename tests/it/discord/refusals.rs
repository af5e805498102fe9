//! What Discord refuses: too many threads, words that a server's own rules forbid, slow mode, what is deleted or closed while a
//! run works. No answer is lost unseen.

use std::time::{Duration, Instant};

use signalbox_test_support::discord::state::State;
use signalbox_test_support::discord::{Fault, Person};
use signalbox_test_support::everyday::eventually;

use super::scene::{ADA, OPS, Server};
use crate::investigations::scene::analysis;

/// The bot that posts alerts.
const MONITOR: Person = Person { id: 700, name: "Monitor", is_bot: true };
/// What AutoMod forbids in these stories.
const FORBIDDEN: &str = "half-truth";
const SEND: &str = "POST channels/messages";
/// What Discord asks to wait, in seconds.
const WAIT_S: f64 = 1.5;

/// When a message was tried in a channel, and how that was answered.
fn sends(state: &State, channel: u64) -> Vec<(u16, Instant)> {
    let here = state.calls.iter().filter(|call| call.route == SEND && call.channel == Some(channel));
    here.map(|call| (call.answer, call.at)).collect()
}

#[test]
fn where_a_server_has_too_many_threads_a_session_and_a_card_go_on_without_and_it_is_told_once() {
    let mut server = Server::new(&format!(
        "agents.default = \"claude\"\n[triage]\ngroup_wait = \"0s\"\n[[triage.channels]]\naddress = \"discord:{OPS}\"\n"
    ));
    server.house.set("SIGNALBOX__AGENTS__CLAUDE__PASS_ENV", "[\"SCRIPTED_AGENT_FIRST\"]");
    let script = format!("see /dev/sda1 100% /var; answer {}", analysis("Logs fill the disk"));
    server.house.set("SCRIPTED_AGENT_FIRST", &script);
    server.fake.with(|state| state.most_threads = 0);
    let _serving = server.serve();
    let post = server.fake.say(OPS, MONITOR, "[FIRING:1] DiskFull (db-1 prod)\nSeverity: critical");
    let card = server.shown(OPS, post, "DiskFull");
    let told = server.shown(OPS, post, "Maximum number of active threads");
    assert!(told.text.contains("archive threads of this server that are done"), "{told:?}");
    let rca = server.shown(OPS, card.id, "Root cause:");
    assert_eq!(rca.reply_to, Some(card.id), "what belongs to the card answers it");
    let asked = server.fake.say(OPS, ADA, "<@4242> script: answer <one>");
    let answer = server.shown(OPS, asked, r"\<one>");
    assert_eq!(answer.reply_to, Some(asked));
    let told = server.fake.said(OPS).iter().filter(|text| text.contains("Maximum number of active")).count();
    assert_eq!(told, 1, "once a day");
    // When some are archived, the next has one again.
    server.fake.with(|state| state.most_threads = 1000);
    let next = server.fake.say(OPS, ADA, "<@4242> script: answer <two>");
    server.shown(next, next, r"\<two>");
}

#[test]
fn what_automod_forbids_is_told_in_plain_words_with_how_to_get_it() {
    let server = Server::new("");
    server.fake.with(|state| state.forbidden = Some(FORBIDDEN));
    let _serving = server.serve();
    let asked = server.fake.say(
        server.direct,
        ADA,
        &format!("/session --name docs script: say a {FORBIDDEN}; answer the {FORBIDDEN} whole"),
    );
    let told = server.shown(server.direct, asked, "is not allowed here");
    assert!(told.text.contains("exempt the bot's role") && told.text.contains("/session show docs"), "{told:?}");
    assert!(!told.text.contains(FORBIDDEN), "{told:?}");
    let tried = server.fake.with(|state| sends(state, server.direct).iter().filter(|send| send.0 == 400).count());
    assert_eq!(tried, 1, "it would be refused again");
    server.fake.with(|state| state.forbidden = None);
    let show = server.fake.say(server.direct, ADA, "/session show docs");
    server.shown(server.direct, show, FORBIDDEN);
    let next = server.fake.say(server.direct, ADA, "@docs script: answer <more>");
    server.shown(server.direct, next, r"\<more>");
}

#[test]
fn a_card_and_a_thread_that_automod_forbids_are_told_and_shown_when_they_are_allowed() {
    let server = Server::new(&format!(
        "[triage]\ngroup_wait = \"0s\"\nauto_investigate = []\n[[triage.channels]]\naddress = \"discord:{OPS}\"\n"
    ));
    server.fake.with(|state| state.forbidden = Some("DiskFull"));
    let _serving = server.serve();
    let post = server.fake.say(OPS, MONITOR, "[FIRING:1] DiskFull (db-1 prod)\nSeverity: critical");
    let told = server.shown(OPS, post, "could not be shown here");
    assert!(told.text.contains("/incident show 1"), "{told:?}");
    server.fake.with(|state| state.forbidden = None);
    server.shown(OPS, told.id, "DiskFull");
}

#[test]
fn slow_mode_and_a_channels_own_limit_are_waited_for_as_long_as_discord_asks_and_never_given_up() {
    for code in [20_016, 20_028] {
        let server = Server::new("");
        let _serving = server.serve();
        for _ in 0..3 {
            server.fake.fail_next(SEND, Fault::Slow { code, retry_after: WAIT_S });
        }
        let asked = server.fake.say(server.direct, ADA, "/id");
        server.shown(server.direct, asked, "1001");
        server.until("all calls are told of", |state| sends(state, server.direct).len() == 4);
        let sent = server.fake.with(|state| sends(state, server.direct));
        assert_eq!(sent.iter().map(|send| send.0).collect::<Vec<_>>(), [429, 429, 429, 200], "{code}");
        let waited: Vec<Duration> = sent.windows(2).map(|two| two[1].1 - two[0].1).collect();
        assert!(waited.iter().all(|waited| *waited >= Duration::from_secs_f64(WAIT_S)), "{waited:?}");
    }
}

#[test]
fn a_thread_that_was_closed_while_a_run_works_loses_no_answer() {
    let server = Server::new("");
    let _serving = server.serve();
    let gate = server.house.text("gate");
    let asked = server.fake.say(OPS, ADA, &format!("/session script: say half; wait {gate}; answer <one>"));
    server.shown(asked, asked, "half");
    server.fake.with(|state| {
        let thread = state.channels.get_mut(&asked).expect("it is open");
        (thread.locked, thread.archived) = (true, true);
    });
    server.house.touch("gate");
    assert_eq!(server.shown(OPS, asked, r"\<one>").reply_to, Some(asked));
    server.shown(OPS, asked, "closed or gone");
}

#[test]
fn messages_that_are_deleted_while_a_run_works_cost_it_nothing() {
    let server = Server::new("");
    let _serving = server.serve();
    let gate = server.house.text("gate");
    let asked = server.fake.say(server.direct, ADA, &format!("/session script: say half; wait {gate}; answer <one>"));
    let status = server.shown(server.direct, asked, "half");
    server.fake.with(|state| {
        state.delete(server.direct, asked);
        state.delete(server.direct, status.id);
    });
    server.house.touch("gate");
    let result = server.shown(server.direct, status.id, r"\<one>");
    assert_eq!(result.reply_to, None, "what it answered is gone");
    let known = format!("outbox WHERE message = '{}'", result.id);
    eventually("its receipt is stored", || server.house.count(&known) == 1);
    let again = server.fake.post(
        server.direct,
        ADA,
        signalbox_test_support::discord::Post::text("script: answer <two>").reply_to(server.known(&result)),
    );
    server.shown(server.direct, again, r"\<two>");
    let runs = server.house.runs();
    assert_eq!(runs[0].0, runs[1].0, "{runs:?}");
}

#[test]
fn a_channel_that_is_deleted_while_a_run_works_keeps_its_answer_for_who_looks_for_it() {
    let server = Server::new("");
    let _serving = server.serve();
    let gate = server.house.text("gate");
    let prompt = format!("/session --name docs script: say half; wait {gate}; answer <one>");
    let asked = server.fake.say(OPS, ADA, &prompt);
    server.shown(asked, asked, "half");
    server.fake.with(|state| {
        state.channels.remove(&asked);
        state.channels.remove(&OPS);
    });
    server.house.touch("gate");
    eventually("it is given up with Discord's words", || {
        server.house.count("outbox WHERE state = 'failed' AND error LIKE '%Unknown Channel [10003]%'") > 0
    });
    eventually("the result is kept", || server.house.count("tasks WHERE status = 'ok'") == 1);
    let tried = server.fake.with(|state| sends(state, OPS).len());
    let other = server.fake.say(server.direct, ADA, "/id");
    server.shown(server.direct, other, "1001");
    assert!(tried <= 3, "{tried} tries in a channel that is gone");
}
