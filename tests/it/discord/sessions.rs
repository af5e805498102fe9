//! Sessions in Discord: begun by a message or a command, watched, followed up, and alive over a kill.

use nix::sys::signal::Signal;
use signalbox_test_support::discord::state::State;
use signalbox_test_support::discord::{Person, Post};
use signalbox_test_support::everyday::eventually;

use crate::discord::scene::{ADA, EVE, OPS, Server};

#[test]
fn a_session_is_watched_answered_and_followed_up() {
    let server = Server::new("");
    let _serving = server.serve();
    let (direct, gate) = (server.direct, server.house.text("gate"));
    let script = format!("/session script: say first half; wait {gate}; answer <one> & \\*two\\*");
    let asked = server.fake.say(direct, ADA, &script);
    let status = server.shown(direct, asked, "first half");
    assert!(status.silent && status.buttons.iter().any(|(label, _)| label == "Cancel"), "{status:?}");
    server
        .until("a sign", |state| state.reactions.iter().any(|(_, message, emoji)| *message == asked && emoji == "👀"));
    server.house.touch("gate");
    let result = server.shown(direct, asked, r"\<one> & \*two\*");
    assert_eq!((result.reply_to, result.silent), (Some(asked), false));
    server.until("the status says so", |state| {
        let shown = &state.messages[&(direct, status.id)];
        shown.text.contains("Complete") && !shown.buttons.iter().any(|(label, _)| label == "Cancel")
    });
    server
        .until("a sign", |state| state.reactions.iter().any(|(_, message, emoji)| *message == asked && emoji == "👍"));
    let again = server.fake.post(direct, ADA, Post::text("script: answer <three>").reply_to(server.known(&result)));
    server.shown(direct, again, r"\<three>");
    let runs = server.house.runs();
    assert_eq!((runs.len(), runs[1].1), (2, true), "{runs:?}");
    assert_eq!(runs[0].0, runs[1].0, "it is the same session");
}

#[test]
fn a_quick_answer_comes_alone_in_its_thread_too() {
    let mut server = Server::new("");
    server.house.set("SIGNALBOX__PROGRESS__AFTER", "1h");
    let _serving = server.serve();
    let asked = server.fake.say(OPS, ADA, "<@4242> script: answer <one>");
    server.shown(asked, asked, r"\<one>");
    server.until("the signs", |state| state.reactions.contains(&(OPS, asked, "👍".to_owned())));
    let waiting = "outbox WHERE state IN ('pending', 'sending', 'unknown')";
    eventually("all is said", || server.house.count(waiting) == 0);
    let shown = server.fake.with(|state| state.shows(asked));
    let said: Vec<_> = shown.iter().filter(|shown| shown.by_bot && shown.id != asked).collect();
    assert_eq!(said.len(), 1, "{said:?}");
}

#[test]
fn a_command_in_a_channel_is_shown_there_and_what_is_meant_for_nobody_is_left_alone() {
    let server = Server::new("");
    let _serving = server.serve();
    server.until("the commands", |state| state.commands.iter().any(|command| command["name"] == "session"));
    server.fake.command(OPS, ADA, "session", "script: answer <done>");
    let shown = server.shown(OPS, 0, "/session script: answer");
    let result = server.shown(shown.id, shown.id, r"\<done>");
    server.fake.post(OPS, ADA, Post::text("nothing to anybody"));
    let again = server.fake.post(shown.id, ADA, Post::text("script: answer <more>").reply_to(server.known(&result)));
    server.shown(shown.id, again, r"\<more>");
    assert_eq!(server.house.runs().len(), 2);
    assert!(server.fake.with(|state| state.pings.is_empty()));
}

#[test]
fn a_press_is_answered_and_a_stranger_is_told_so_alone() {
    let server = Server::new("");
    let _serving = server.serve();
    server.fake.command(OPS, ADA, "session", "script: say busy; hang");
    let asked = server.shown(OPS, 0, "/session script: say busy");
    let status = server.shown(asked.id, asked.id, "busy");
    server.fake.press(asked.id, EVE, status.id, "Cancel");
    server.until("the stranger is told", |state| !state.whispers.is_empty());
    server.fake.press(asked.id, ADA, status.id, "Cancel");
    server.shown(asked.id, status.id, "Cancelled");
}

#[test]
fn the_first_words_of_somebody_who_is_allowed_are_answered_also_where_no_session_was_there() {
    let kim = Person::new(1007, "Kim");
    let server = Server::allowing("", &[ADA, kim]);
    let serving = server.serve();
    let asked = server.fake.say(server.direct, ADA, "/id");
    server.shown(server.direct, asked, "1001");
    serving.signal(Signal::SIGTERM);
    serving.end();
    server.fake.with(State::end_sessions);
    let direct = server.fake.open_direct(kim);
    let missed = server.fake.say(direct, kim, "/id");
    let _serving = server.serve();
    assert_eq!(server.shown(direct, missed, "1007").reply_to, Some(missed));
}

#[test]
fn a_kill_loses_nothing_and_nothing_is_said_twice() {
    let server = Server::new("");
    let serving = server.serve();
    let gate = server.house.text("gate");
    let asked = server.fake.say(server.direct, ADA, &format!("/session script: say at it; wait {gate}; answer <done>"));
    let status = server.shown(server.direct, asked, "at it");
    serving.signal(Signal::SIGKILL);
    serving.end();
    server.house.touch("gate");
    let missed = server.fake.say(server.direct, ADA, "/session script: answer <meanwhile>");
    server.fake.command(OPS, ADA, "session", "script: answer <pressed>");
    let _serving = server.serve();
    server.shown(server.direct, status.id, r"\<done>");
    server.shown(server.direct, missed, r"\<meanwhile>");
    let asked = server.shown(OPS, 0, "/session script: answer");
    let thread = asked.id;
    server.shown(thread, asked.id, r"\<pressed>");
    assert_eq!(server.fake.with(|state| (state.identified, state.resumed)), (1, 1));
    for (channel, needle) in [(server.direct, "<done>"), (server.direct, "<meanwhile>"), (thread, "<pressed>")] {
        let results = server
            .fake
            .said(channel)
            .into_iter()
            .filter(|text| text.contains(&format!("\\{needle}")) && text.contains("Complete"));
        assert_eq!(results.count(), 1, "{needle}");
    }
    assert!(server.fake.said(server.direct).iter().all(|text| !text.contains("may be a repeat")));
}
