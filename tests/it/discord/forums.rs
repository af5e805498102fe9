//! A forum as the place of alerts: each incident is a post, whose first message is its card and whose tag follows it.

use nix::sys::signal::Signal;
use serde_json::json;
use signalbox_test_support::discord::state::{Channel, Right, Shown, State, Tag};
use signalbox_test_support::discord::{BOT_ID, Fault, Person, Post};
use signalbox_test_support::everyday::{Talk, eventually};

use super::scene::{ADA, OPS, Server};
use crate::hooks::scene::{SECRET, ago, disk, post, proof};
use crate::http::address;
use crate::investigations::scene::analysis;

/// A forum.
const BOARD: u64 = 600;
/// The web hook by which a monitoring system posts.
const POSTER: Person = Person { id: 900, name: "Uptime Kuma", is_bot: true };
const MAKE: &str = "POST channels/threads";

fn tags(names: &[&'static str]) -> Vec<Tag> {
    (1..).zip(names).map(|(id, name)| Tag { id, name, moderated: false }).collect()
}

/// A server with a forum that is the target of a hook, and an alert channel.
fn server(forum: Channel, more: &str) -> Server {
    let mut server = Server::new(&format!(
        "agents.default = \"claude\"\n[triage]\ngroup_wait = \"0s\"\n{more}\n[[triage.channels]]\naddress = \"discord:{BOARD}\"\n\
         [[hooks]]\nid = \"ops\"\nsource = \"alertmanager\"\ntarget = \"discord:{BOARD}\"\nsecret = \"{SECRET}\"\n"
    ));
    server.house.set("SIGNALBOX__HTTP__LISTEN", "127.0.0.1:0");
    server.fake.open(BOARD, Channel { kind: 15, name: "incidents".to_owned(), ..forum });
    server
}

/// A forum with these tags, and nothing that is investigated by itself.
fn quiet(forum: Channel) -> Server {
    server(forum, "auto_investigate = []")
}

fn call(serving: &Talk, status: &str, began: &str) {
    let body = disk(status, began).to_string();
    let proof = proof("alertmanager", &body, SECRET);
    let answer = post(address(serving), "/hooks/alertmanager/ops", &[(&proof[0].0, &proof[0].1)], &body);
    assert_eq!(answer.status, 200, "{answer:?}");
}

/// The posts of the bot, with their names and tags.
fn posts(state: &State) -> Vec<(u64, String, Vec<&'static str>)> {
    let forum = &state.channels[&BOARD];
    let ours = state.channels.iter().filter(|(_, one)| one.parent == Some(BOARD) && one.owner == Some(BOT_ID));
    ours.map(|(id, one)| (*id, one.name.clone(), forum.named(one))).collect()
}

/// Waits for the first post of the bot, and returns its first message.
fn card(server: &Server) -> Shown {
    server.until("a post", |state| !posts(state).is_empty());
    let post = server.fake.with(|state| posts(state)[0].0);
    server.shown(post, 0, "CRITICAL** · DiskWillFill")
}

fn press(server: &Server, card: u64, label: &str) {
    server.until(&format!("the card has {label}"), |state| {
        state.messages[&(card, card)].buttons.iter().any(|(other, _)| other == label)
    });
    server.fake.press(card, ADA, card, label);
}

/// Waits until a post has these tags, in the order in which the forum has them.
fn until_tagged(server: &Server, post: u64, tags: &[&str]) {
    server.until(&format!("the tags {tags:?}"), |state| state.channels[&BOARD].named(&state.channels[&post]) == tags);
}

#[test]
fn an_incident_is_a_post_whose_tag_follows_it_and_in_which_all_of_it_is_told() {
    let forum = Channel { tags: tags(&["Firing", "Acknowledged", "resolved", "db"]), ..Channel::default() };
    let mut server = server(forum, "");
    server.house.set("SIGNALBOX__AGENTS__CLAUDE__PASS_ENV", "[\"SCRIPTED_AGENT_FIRST\"]");
    let script = format!("see /dev/sda1 100% /var; answer {}", analysis("Logs fill the disk"));
    server.house.set("SCRIPTED_AGENT_FIRST", &script);
    let serving = server.serve();
    let began = ago(3);
    call(&serving, "firing", &began);
    let card = card(&server);
    assert_eq!(server.fake.with(|state| posts(state)[0].2.clone()), ["Firing"]);
    assert!(server.fake.with(|state| posts(state)[0].1.contains("fills in 3 h")), "it is called as the alert is");
    assert_eq!(card.buttons.len(), 4, "{card:?}");
    server.shown(card.id, card.id, "Root cause:");
    // A tag of somebody's own stays.
    server.fake.with(|state| state.channels.get_mut(&card.id).expect("open").applied.push(4));
    press(&server, card.id, "Ack");
    server.shown(card.id, card.id, "Acknowledged by Ada");
    until_tagged(&server, card.id, &["Acknowledged", "db"]);
    let asked = server.fake.say(card.id, ADA, "since when?");
    server.shown(card.id, asked, "turn 2: since when?");
    call(&serving, "resolved", &began);
    until_tagged(&server, card.id, &["resolved", "db"]);
    // Nobody has said anything there for a week when it begins anew.
    server.fake.with(|state| state.channels.get_mut(&card.id).expect("open").archived = true);
    call(&serving, "firing", &ago(0));
    until_tagged(&server, card.id, &["Firing", "db"]);
    server.until("the card says so", |state| state.messages[&(card.id, card.id)].text.contains("fired 2 times"));
    assert_eq!(server.fake.with(|state| posts(state).len()), 1);
    assert_eq!(server.fake.count("POST channels/messages/threads"), 0, "a post has no second thread");
    assert!(server.fake.with(|state| state.pings.is_empty()));
}

#[test]
fn a_kill_or_a_lost_answer_while_a_post_is_made_makes_no_second_one() {
    for fault in [Fault::DropAfter, Fault::ServerError { done: true }, Fault::Html { done: true }] {
        let server = quiet(Channel { tags: tags(&["firing", "acked"]), ..Channel::default() });
        let serving = server.serve();
        server.fake.fail_next(MAKE, fault.clone());
        call(&serving, "firing", &ago(3));
        let card = card(&server);
        eventually("it is known to be shown", || server.house.count("outbox WHERE state = 'delivered'") > 0);
        serving.signal(Signal::SIGKILL);
        serving.end();
        // A session that goes on is not told again of its channels.
        let _serving = server.serve();
        press(&server, card.id, "Ack");
        until_tagged(&server, card.id, &["acked"]);
        assert_eq!(server.fake.with(|state| posts(state).len()), 1, "{fault:?}");
    }
}

#[test]
fn a_post_that_was_made_when_the_program_was_killed_is_found_again() {
    let server = quiet(Channel { tags: tags(&["firing"]), ..Channel::default() });
    let serving = server.serve();
    server.fake.with(|state| state.outage = Some((vec![MAKE], Fault::DropAfter)));
    call(&serving, "firing", &ago(3));
    let card = card(&server);
    serving.signal(Signal::SIGKILL);
    serving.end();
    server.fake.with(|state| state.outage = None);
    let _serving = server.serve();
    press(&server, card.id, "Resolve");
    server.until("it is over", |state| state.messages[&(card.id, card.id)].text.contains("Resolved"));
    assert_eq!(server.fake.with(|state| posts(state).len()), 1);
}

#[test]
fn a_forum_that_demands_a_tag_gets_one_and_a_tag_of_moderators_is_left_to_them() {
    let mut moderated = tags(&["firing", "question", "resolved"]);
    moderated[0].moderated = true;
    moderated[2].moderated = true;
    let forum = Channel { tags: moderated, needs_tag: true, lacks: vec![Right::ManageThreads], ..Channel::default() };
    let server = quiet(forum);
    let serving = server.serve();
    call(&serving, "firing", &ago(3));
    let card = card(&server);
    assert_eq!(server.fake.with(|state| posts(state)[0].2.clone()), ["question"]);
    press(&server, card.id, "Resolve");
    server.until("the card says so", |state| state.messages[&(card.id, card.id)].text.contains("Resolved"));
    until_tagged(&server, card.id, &["question"]);
}

#[test]
fn where_no_post_may_be_made_it_is_said_which_right_is_missing_and_it_is_made_when_it_is_given() {
    let server = quiet(Channel { lacks: vec![Right::Send], ..Channel::default() });
    let serving = server.serve();
    call(&serving, "firing", &ago(3));
    eventually("it is given up for now", || {
        server.house.count("outbox WHERE error LIKE '%role Create Posts in #incidents'") > 0
    });
    server.fake.with(|state| state.channels.get_mut(&BOARD).expect("open").lacks.clear());
    card(&server);
}

#[test]
fn a_card_that_cannot_be_changed_any_more_is_followed_by_another_post() {
    let server = quiet(Channel { tags: tags(&["firing", "acked", "resolved"]), ..Channel::default() });
    let serving = server.serve();
    call(&serving, "firing", &ago(3));
    let card = card(&server);
    let frozen = Fault::Refuse { status: 400, code: 30046, message: "Maximum number of edits reached" };
    server.fake.fail_next("PATCH channels/messages", frozen);
    press(&server, card.id, "Ack");
    server.until("another post", |state| posts(state).len() == 2);
    let next = server.fake.with(|state| posts(state)[1].0);
    until_tagged(&server, next, &["acked"]);
    press(&server, next, "Resolve");
    until_tagged(&server, next, &["resolved"]);
    assert_eq!(server.fake.with(|state| posts(state).len()), 2);
}

#[test]
fn verifying_says_where_alerts_cannot_be_shown_and_which_right_is_missing() {
    let server = quiet(Channel::default());
    server.house.run(&["integrations", "verify", "discord"]).was(0, "good: Signalbox");
    server.fake.with(|state| state.channels.get_mut(&BOARD).expect("open").lacks.push(Right::Send));
    let said = server.house.run(&["integrations", "verify", "discord"]);
    assert!(
        said.code == 1 && said.err.contains("discord:600") && said.err.contains("lacks Create Posts in #incidents"),
        "{said:#?}"
    );
}

#[test]
fn alerts_that_are_posted_in_a_forum_become_incidents_also_those_of_a_time_without_a_session() {
    let server = quiet(Channel::default());
    let serving = server.serve();
    let down = |service: &str| {
        let embed = json!({ "title": format!("❌ Your service {service} went down. ❌"), "color": 16_711_680,
            "fields": [{ "name": "Service Name", "value": service }, { "name": "Error", "value": "timeout" }] });
        Post::text("").with(json!({ "webhook_id": POSTER.id.to_string(), "embeds": [embed] }))
    };
    server.fake.begin_post(BOARD, POSTER, "shop", down("shop"));
    server.until("an incident's post", |state| posts(state).len() == 1);
    serving.signal(Signal::SIGTERM);
    serving.end();
    server.fake.with(State::end_sessions);
    let archived = server.fake.begin_post(BOARD, POSTER, "mail", down("mail"));
    server.fake.begin_post(BOARD, POSTER, "search", down("search"));
    server.fake.with(|state| state.channels.get_mut(&archived).expect("open").archived = true);
    let _serving = server.serve();
    server.until("the others' posts", |state| posts(state).len() == 3);
    assert_eq!(server.house.count("incidents"), 3);
}

#[test]
fn a_session_that_is_asked_for_in_a_post_goes_on_there() {
    let server = quiet(Channel::default());
    let _serving = server.serve();
    let asked = server.fake.begin_post(BOARD, ADA, "help", Post::text("<@4242> script: answer <one>"));
    let first = server.shown(asked, asked, r"\<one>");
    server.until("a sign at the question", |state| state.reactions.contains(&(asked, asked, "👍".to_owned())));
    server.fake.say(asked, ADA, "script: answer <two>");
    server.shown(asked, first.id, r"\<two>");
    server.fake.command(asked, ADA, "session", "--name other script: answer <three>");
    server.shown(asked, first.id, r"\<three>");
    let runs = server.house.runs();
    assert_eq!(runs[0].0, runs[1].0, "{runs:?}");
    let threads = server.fake.with(|state| state.channels.values().filter(|one| one.parent.is_some()).count());
    assert_eq!(threads, 1, "a post has no thread below it");
    assert!(server.fake.said(OPS).is_empty());
}

#[test]
fn a_post_that_is_locked_or_deleted_while_a_run_works_loses_no_answer() {
    for is_deleted in [false, true] {
        let server = quiet(Channel::default());
        let _serving = server.serve();
        let gate = server.house.text("gate");
        let prompt = format!("<@4242> script: say half; wait {gate}; answer <one>");
        let asked = server.fake.begin_post(BOARD, ADA, "help", Post::text(prompt));
        server.shown(asked, asked, "half");
        server.fake.with(|state| {
            if is_deleted {
                state.channels.remove(&asked);
            } else {
                state.channels.get_mut(&asked).expect("it is open").locked = true;
            }
        });
        server.house.touch("gate");
        let says = |state: &State, post: u64| state.said(post).iter().any(|text| text.contains(r"\<one>"));
        server.until("the answer in a post of its own", |state| posts(state).iter().any(|post| says(state, post.0)));
    }
}

#[test]
fn where_a_server_has_too_many_posts_a_card_is_shown_when_some_are_closed() {
    let server = quiet(Channel::default());
    server.fake.with(|state| state.most_threads = 0);
    let serving = server.serve();
    call(&serving, "firing", &ago(3));
    eventually("it is given up for now", || {
        server.house.count("outbox WHERE error LIKE '%close posts and threads of this server%'") > 0
    });
    server.fake.with(|state| state.most_threads = 1000);
    card(&server);
}
