//! What Slack refuses, takes away or does not have, at an answer: it is waited for, said otherwise, or told; never lost in silence.

use serde_json::{Value, json};
use signalbox_test_support::everyday::eventually;
use signalbox_test_support::slack::{Fault, Person, Post};

use crate::http::{address, ask};
use crate::slack::scene::{ADA, OPS, Workspace};

/// Somebody else's app.
const APP: Person = Person::new("B800", "Deployer");

#[test]
fn an_answer_waits_for_a_token_that_is_good_again() {
    let slack = Workspace::new("");
    let _serving = slack.serve();
    let gate = slack.house.text("gate");
    let asked = slack.fake.say(&slack.direct, ADA, &format!("/session script: say half; wait {gate}; answer <one>"));
    slack.shown(&slack.direct, &asked, "half");
    slack.fake.with(|state| state.revoked = true);
    slack.house.touch("gate");
    eventually("it is kept, with what to do", || {
        slack.house.count("outbox WHERE state = 'pending' AND error LIKE '%token_revoked%OAuth & Permissions%'") > 0
    });
    slack.fake.with(|state| state.revoked = false);
    slack.shown(&slack.direct, &asked, "<one>");
    let said = slack.fake.said(&slack.direct);
    assert_eq!(said.iter().filter(|text| text.contains("<one>")).count(), 1, "{said:#?}");
}

#[test]
fn an_answer_to_a_channel_that_was_archived_is_a_dead_letter_that_says_what_to_do() {
    let slack = Workspace::new("");
    let _serving = slack.serve();
    let gate = slack.house.text("gate");
    let asked = slack.fake.post(OPS, ADA, Post::to_bot(&format!("script: say half; wait {gate}; answer <one>")));
    slack.shown(OPS, &asked, "half");
    slack.fake.with(|state| state.channels.get_mut(OPS).expect("a channel").archived = true);
    slack.house.touch("gate");
    eventually("it is a dead letter", || {
        slack.house.count("outbox WHERE state = 'failed' AND error LIKE '%is_archived; unarchive the channel%'") > 0
    });
    let listed = slack.house.run(&["outbox", "list"]).was(0, "is_archived");
    assert!(listed.out.contains("unarchive"), "{}", listed.out);
    // Elsewhere all goes on.
    let asked = slack.fake.say(&slack.direct, ADA, "/id");
    slack.shown(&slack.direct, &asked, ADA.id);
}

#[test]
fn a_workspace_without_a_feature_is_answered_without_it() {
    let slack = Workspace::new("render.max_parts = 1\n");
    let _serving = slack.serve();
    let lacks = vec!["assistant.threads.setStatus", "reactions.add", "reactions.remove", "files.getUploadURLExternal"];
    slack.fake.with(|state| state.outage = Some((lacks, Fault::Refuse("feature_not_enabled"))));
    let asked = slack.fake.post(OPS, ADA, Post::to_bot("script: answer <one>"));
    slack.shown(OPS, &asked, "<one>");
    // What was to be in a file cannot be had there, which is said.
    let words: Vec<String> = (0..1200).map(|number| format!("<w{number}>")).collect();
    let asked = slack.fake.post(OPS, ADA, Post::to_bot(&format!("script: answer {}", words.join(" "))));
    slack.shown(OPS, &asked, "<w0>");
    slack.shown(OPS, &asked, "was not taken as a file here");
}

#[test]
fn what_other_apps_attach_to_messages_costs_none_and_hides_no_answer() {
    let slack = Workspace::new("");
    let _serving = slack.serve();
    let odd = [
        json!(7),
        json!("x"),
        json!({ "event_type": 7, "event_payload": [1, { "key": { "deep": [null] } }] }),
        json!({ "event_type": "signalbox_delivery", "event_payload": "no object" }),
        json!({ "event_type": "deployed", "event_payload": { "number": 1.5, "list": [1, 2], "key": {} } }),
    ];
    for metadata in &odd {
        slack.fake.post(&slack.direct, APP, Post::raw("deployed").with(json!({ "metadata": metadata })));
        slack.fake.fail_next("chat.postMessage", Fault::DropAfter);
        let asked = slack.fake.post(&slack.direct, ADA, Post::text("/id").with(json!({ "metadata": metadata })));
        let answer = slack.shown(&slack.direct, &asked, ADA.id);
        let receipt = format!("outbox WHERE message = '{}'", answer.ts);
        eventually("its receipt is found in the history", || slack.house.count(&receipt) == 1);
    }
    assert_eq!(slack.fake.said(&slack.direct).len(), odd.len(), "{:#?}", slack.fake.said(&slack.direct));
}

#[test]
fn a_scope_that_is_missing_is_named_wherever_somebody_looks() {
    let mut slack = Workspace::new("");
    slack.house.set("SIGNALBOX__HTTP__LISTEN", "127.0.0.1:0");
    slack.fake.with(|state| state.lacks.insert("users:read"));
    let told = slack.house.run(&["integrations", "verify", "slack"]);
    let said = told.out.clone() + &told.err;
    assert!(told.code != 0 && said.contains("lacks the scope users:read (people go by their ids)"), "{said}");
    let serving = slack.serve();
    let address = address(&serving);
    let limited = || {
        let page: Value = serde_json::from_str(&ask(address, "GET", "/readyz").body).expect("JSON");
        page["transports"]["slack"]["limited"].as_str().unwrap_or_default().to_owned()
    };
    eventually("it is told", || limited().contains("the scope users:read"));
    // Where it bites, the log says so; the message is handled all the same.
    let asked = slack.fake.say(&slack.direct, ADA, "/id");
    slack.shown(&slack.direct, &asked, ADA.id);
    eventually("the log says so", || {
        let log = serving.err();
        log.contains("for want of a scope") && log.contains("users.info")
    });
    slack.fake.with(|state| state.lacks.clear());
    let asked = slack.fake.say(&slack.direct, ADA, "/id");
    slack.shown(&slack.direct, &asked, ADA.id);
    eventually("all is there", || limited().is_empty());
    slack.house.run(&["integrations", "verify", "slack"]).was(0, "@signalbox");
}

#[test]
fn an_alert_channel_that_the_bot_is_not_in_is_named_before_an_alert_comes() {
    let triage = "[[triage.channels]]\naddress = \"slack:C500\"\n";
    let mut slack = Workspace::new(triage);
    slack.house.set("SIGNALBOX__HTTP__LISTEN", "127.0.0.1:0");
    slack.fake.with(|state| state.channels.get_mut(OPS).expect("a channel").has_bot = false);
    let serving = slack.serve();
    let address = address(&serving);
    let places = || {
        let page: Value = serde_json::from_str(&ask(address, "GET", "/readyz").body).expect("JSON");
        page["places"].to_string()
    };
    eventually("it says what to do", || places().contains("slack:C500") && places().contains("invite it there"));
    let told = slack.house.run(&["integrations", "verify", "slack"]);
    assert!(told.code != 0 && told.err.contains("invite it there"), "{told:?}");
}
