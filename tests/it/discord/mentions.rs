//! Whom people mention: the bot alone, and others by their names.

use serde_json::json;
use signalbox_test_support::discord::{Person, Post};

use crate::discord::scene::{ADA, EVE, OPS, Server};

/// The web hook by which a monitoring system posts into the channel.
const POSTER: Person = Person { id: 900, name: "Captain Hook", is_bot: true };

#[test]
fn who_only_calls_the_bot_is_told_how_to_begin_and_nothing_that_is_not_so_there() {
    let server = Server::new("");
    let _serving = server.serve();
    let asked = server.fake.say(OPS, ADA, "<@4242>");
    let told = server.shown(OPS, asked, "Say behind the mention what is to be done");
    // It is shown all that is said there.
    assert!(!told.text.contains("I may see only"), "{}", told.text);
    let asked = server.fake.say(OPS, ADA, "/id");
    assert!(!server.shown(OPS, asked, "1001").text.contains("I may see only"));
    assert_eq!(server.house.count("tasks"), 0);
}

#[test]
fn somebody_who_is_mentioned_gets_an_incident_under_their_name() {
    let server = Server::new(&format!(
        "[triage]\ngroup_wait = \"0s\"\nauto_investigate = []\n[[triage.channels]]\naddress = \"discord:{OPS}\"\n"
    ));
    let _serving = server.serve();
    let more = json!({ "webhook_id": POSTER.id.to_string() });
    server.fake.post(OPS, POSTER, Post::text("[FIRING:1] DiskWillFill (db-1 prod)\nSeverity: critical").with(more));
    server.shown(OPS, 0, "DiskWillFill");
    let bob = json!({ "mentions": [{ "id": "1002", "username": "bob", "global_name": "Bob Lee" }] });
    let asked = server.fake.post(OPS, ADA, Post::text("/incident assign 1 <@1002>").with(bob));
    server.shown(OPS, asked, "#1 is assigned to Bob Lee");
    // What is typed behind a command holds ids only, so that Discord is asked.
    server.fake.command(OPS, ADA, "incident", "assign 1 <@!1003>");
    server.shown(OPS, asked, "#1 is assigned to user-1003");
    assert_eq!(server.house.count("incidents WHERE owner = 'user-1003'"), 1);
}

#[test]
fn a_code_pairs_once_and_who_sends_it_again_is_told_so() {
    let server = Server::new("");
    let _serving = server.serve();
    let direct = server.fake.open_direct(EVE);
    let code = server.house.run(&["pair"]).was(0, "").out.trim().to_owned();
    let wrong = server.fake.say(direct, EVE, "/start aaaaaaaa");
    server.shown(direct, wrong, "4 tries left");
    let right = server.fake.say(direct, EVE, &format!("/start {code}"));
    server.shown(direct, right, "You are paired. Your role is operator");
    for _ in 0..6 {
        let again = server.fake.say(direct, EVE, &format!("/start {code}"));
        server.shown(direct, again, "You can use this bot already; your role is operator");
    }
    let asked = server.fake.say(direct, EVE, "script: answer <for Eve>");
    server.shown(direct, asked, r"\<for Eve>");
}
