//! Commands as Discord gives them: choices while they are typed, forms for long texts, answers for one person alone.

use nix::sys::signal::Signal;
use signalbox_test_support::discord::Fault;

use crate::discord::scene::{ADA, EVE, OPS, Server};

/// Types a part of a command and returns what is offered for it: names and values.
fn offered(server: &Server, channel: u64, name: &str, text: &str) -> Vec<(String, String)> {
    let typed = server.fake.type_on(channel, ADA, name, text);
    server.until("choices", |state| state.interactions[&typed].answered.is_some());
    server.fake.with(|state| state.interactions[&typed].choices.clone())
}

#[test]
fn what_could_stand_in_a_command_is_offered_while_it_is_typed() {
    let server = Server::new("");
    let _serving = server.serve();
    let values = |channel: u64, name: &str, text: &str| {
        offered(&server, channel, name, text).into_iter().map(|(_, value)| value).collect::<Vec<_>>()
    };
    server.until("the commands", |state| !state.commands.is_empty());
    server.fake.with(|state| {
        let session = state.commands.iter().find(|command| command["name"] == "session").expect("it is registered");
        assert_eq!(session["options"][0]["autocomplete"], true);
    });
    let asked = server.fake.say(OPS, ADA, "/session --name docs script: answer <done>");
    server.shown(asked, asked, r"\<done>");
    let other = server.fake.say(server.direct, ADA, "/session --name secret script: answer <done>");
    server.shown(server.direct, other, r"\<done>");
    assert_eq!(
        offered(&server, OPS, "session", "show"),
        [
            (
                "show · show one: last prompt, agent, tasks, cost, how to resume it in a terminal".to_owned(),
                "show".to_owned()
            ),
            ("show docs · script: answer <done>".to_owned(), "show docs".to_owned()),
        ]
    );
    assert_eq!(values(server.direct, "session", "@s"), ["@secret", "@sonnet"]);
    assert!(!values(OPS, "session", "@").contains(&"@secret".to_owned()), "it is another chat's");
    assert!(values(OPS, "investigate", "high").contains(&"high-cpu".to_owned()));
    assert!(!values(OPS, "why", "").is_empty(), "tasks of the chat");
    assert!(values(OPS, "session", "fix the flaky").is_empty());
    let typed = server.fake.type_on(OPS, EVE, "session", "show ");
    server.until("no choices", |state| state.interactions[&typed].answered.is_some());
    server.fake.with(|state| {
        assert!(state.interactions[&typed].choices.is_empty(), "a stranger is offered nothing");
        let slow = state.interactions.values().filter_map(|one| one.answered).any(|(_, after)| after.as_secs() >= 3);
        assert!(!slow);
    });
}

#[test]
fn a_command_without_its_prompt_opens_a_form_that_holds_over_a_restart() {
    let server = Server::new("");
    let serving = server.serve();
    let asked = server.fake.command(OPS, ADA, "session", "");
    server.until("a form", |state| state.interactions[&asked].form.is_some());
    serving.signal(Signal::SIGKILL);
    serving.end();
    let _serving = server.serve();
    // Discord gives three seconds from here, however long a start takes.
    let filled = server.fake.fill_in(asked, ADA, "--name docs script: answer <one>\n");
    let shown = server.shown(OPS, 0, "/session --name docs script: answer");
    server.shown(shown.id, shown.id, r"\<one>");
    server.fake.with(|state| {
        assert_eq!(state.interactions[&filled].answered.map(|(kind, _)| kind), Some(4));
        assert_eq!(state.said(OPS).len(), 1, "nothing was said of the command that asked for a text");
    });
}

#[test]
fn an_investigation_without_its_question_asks_for_it_too() {
    let server = Server::new("");
    let _serving = server.serve();
    let asked = server.fake.command(OPS, ADA, "investigate", "");
    server.until("a form", |state| state.interactions[&asked].form.is_some());
    let title = server.fake.with(|state| state.interactions[&asked].form.clone().expect("a form")["title"].clone());
    assert_eq!(title, "New investigation");
    server.fake.fill_in(asked, ADA, "why does the queue grow?");
    server.shown(OPS, 0, "/investigate why does the queue grow?");
    server.shown(OPS, 0, "Complete");
    assert_eq!(server.house.count("investigations"), 1);
}

#[test]
fn choices_in_a_thread_are_those_of_its_channel_also_where_discord_does_not_tell_of_it() {
    let server = Server::new("");
    let serving = server.serve();
    let asked = server.fake.say(OPS, ADA, "/session --name docs script: answer <done>");
    server.shown(asked, asked, r"\<done>");
    server.fake.with(|state| state.tells_channels = false);
    let docs =
        |channel: u64| offered(&server, channel, "session", "show ").into_iter().any(|(_, value)| value == "show docs");
    assert!(docs(asked) && docs(OPS));
    // A session that goes on is told of no channels.
    serving.signal(Signal::SIGKILL);
    serving.end();
    let _serving = server.serve();
    assert!(docs(asked) && docs(OPS));
}

#[test]
fn what_only_concerns_who_asks_is_shown_to_them_alone() {
    let server = Server::new("[[triage.channels]]\naddress = \"discord:500\"\n");
    let _serving = server.serve();
    for (person, name, text, needle) in [
        (ADA, "help", "", "/session"),
        (ADA, "id", "", "1001"),
        (ADA, "why", "this and that", "/why"),
        (ADA, "status", "", "Nothing is running"),
        (EVE, "session", "fix it", "666"),
    ] {
        let asked = server.fake.command(OPS, person, name, text);
        server.until("an answer for one", |state| {
            let mut shown = state.whispers.iter().skip_while(|shown| !shown.starts_with(&format!("/{name}")));
            shown.next().is_some() && shown.any(|answer| answer.contains(needle))
        });
        assert!(server.fake.with(|state| state.interactions[&asked].is_aside), "{name}");
    }
    assert_eq!(server.fake.said(OPS), Vec::<String>::new(), "nobody else was shown anything");
    server.fake.command(server.direct, ADA, "id", "");
    server.shown(server.direct, 0, "1001");
}

#[test]
fn an_answer_for_one_is_an_ordinary_message_where_its_time_is_over() {
    let server = Server::new("");
    let _serving = server.serve();
    let gone = Fault::Refuse { status: 404, code: 10015, message: "Unknown Webhook" };
    server.fake.fail_next("POST webhooks", gone);
    server.fake.command(OPS, ADA, "id", "");
    server.shown(OPS, 0, "1001");
    let lapsed = Fault::Refuse { status: 404, code: 10062, message: "Unknown interaction" };
    server.fake.fail_next("POST interactions/callback", lapsed);
    server.fake.command(OPS, ADA, "id", "");
    server.until("both are answered", |state| state.said(OPS).iter().filter(|text| text.contains("1001")).count() == 2);
    assert_eq!(server.fake.said(OPS).len(), 2);
}
