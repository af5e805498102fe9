//! Sessions of a channel that others read: each goes on in a thread of its own, or as replies where it can have none.

use nix::sys::signal::Signal;
use signalbox_test_support::discord::state::Call;
use signalbox_test_support::discord::{Fault, Post};

use crate::discord::scene::{ADA, OPS, Server};

#[test]
fn a_session_of_a_channel_opens_a_thread_that_follows_it_up() {
    let server = Server::new("");
    let _serving = server.serve();
    let gate = server.house.text("gate");
    let prompt = format!("<@4242> script: say first half; wait {gate}; answer <one>");
    let asked = server.fake.say(OPS, ADA, &prompt);
    let status = server.shown(asked, asked, "first half");
    assert!(status.silent && status.buttons.iter().any(|(label, _)| label == "Cancel"), "{status:?}");
    assert_eq!(status.reply_to, None, "the message above is in another channel");
    server.until("typing in the thread", |state| state.typing.contains(&asked));
    server.until("a sign at the message above", |state| state.reactions.contains(&(OPS, asked, "👀".to_owned())));
    server.house.touch("gate");
    let result = server.shown(asked, status.id, r"\<one>");
    assert!(!result.silent, "{result:?}");
    server.until("a sign at the message above", |state| state.reactions.contains(&(OPS, asked, "👍".to_owned())));
    server.until("the status says so", |state| state.messages[&(asked, status.id)].text.contains("Complete"));
    let (name, guests) = server.fake.with(|state| {
        let thread = &state.channels[&asked];
        (thread.name.clone(), thread.guests.clone())
    });
    assert_eq!(guests, [] as [u64; 0], "who wrote the message above is told of its thread anyway");
    assert!(result.text.contains(&format!(r"\[{}\]", name.split(" · ").next().expect("a name"))), "{name}: {result:?}");

    let again = server.fake.say(asked, ADA, "script: answer <two>");
    let second = server.shown(asked, again, r"\<two>");
    assert_eq!(second.reply_to, Some(again));
    let above = server.fake.post(OPS, ADA, Post::text("script: answer <three>").reply_to(asked));
    server.shown(OPS, above, r"\<three>");
    let runs = server.house.runs();
    assert_eq!(runs.len(), 3);
    assert!(runs.iter().all(|run| run.0 == runs[0].0), "it is one session: {runs:?}");
    assert!(server.fake.with(|state| state.pings.is_empty()));
}

#[test]
fn nobody_types_in_a_thread_before_it_is_there() {
    let server = Server::new("");
    let _serving = server.serve();
    let gate = server.house.text("gate");
    server.fake.fail_next("POST channels/messages/threads", Fault::Hold);
    let asked = server.fake.say(OPS, ADA, &format!("/session script: say half; wait {gate}; answer <one>"));
    server.until("the thread is asked for", |state| state.faults_left() == 0);
    server.fake.say(server.direct, ADA, &format!("/session script: say beside; wait {gate}; answer <two>"));
    // Twice in the other chat: by then the one that waits for its thread was looked at, too.
    server.until_at_length("typing elsewhere", |state| {
        state.typing.iter().filter(|channel| **channel == server.direct).count() >= 2
    });
    assert_eq!(typing_asked(&server, asked), 0, "it is not asked before the thread is there");
    server.fake.release();
    server.until_at_length("typing in the thread", |state| state.typing.contains(&asked));
    server.house.touch("gate");
    server.shown(asked, asked, r"\<one>");
    assert!(server.fake.with(|state| state.calls.iter().all(|call| call.answer != 404)), "nothing was asked in vain");
}

#[test]
fn where_no_thread_was_opened_the_sign_is_given_where_the_answer_will_stand() {
    let server = Server::new("");
    server.fake.with(|state| {
        state.channels.get_mut(&OPS).expect("it is open").opens_none = Some((403, 50013, "Missing Permissions"));
    });
    let _serving = server.serve();
    let gate = server.house.text("gate");
    let asked = server.fake.say(OPS, ADA, &format!("/session script: say half; wait {gate}; answer <one>"));
    server.shown(OPS, asked, "Create Public Threads");
    server.until_at_length("typing in the channel", |state| state.typing.contains(&OPS));
    assert_eq!(typing_asked(&server, asked), 0, "there is no thread");
    server.house.touch("gate");
    server.shown(OPS, asked, r"\<one>");
}

/// Counts how often the bot asked to type in a channel.
fn typing_asked(server: &Server, channel: u64) -> usize {
    let is_it = |call: &&Call| call.route == "POST channels/typing" && call.channel == Some(channel);
    server.fake.with(|state| state.calls.iter().filter(is_it).count())
}

#[test]
fn a_session_of_a_command_has_its_thread_at_what_shows_the_command() {
    let server = Server::new("");
    let serving = server.serve();
    let gate = server.house.text("gate");
    let prompt = format!("--name docs script: say at it; wait {gate}; answer <done>");
    server.fake.command(OPS, ADA, "session", &prompt);
    let shown = server.shown(OPS, 0, "/session --name docs");
    server.shown(shown.id, shown.id, "at it");
    server.until("who asked is added to it", |state| state.channels[&shown.id].guests == [ADA.id]);
    serving.signal(Signal::SIGKILL);
    serving.end();
    server.house.touch("gate");
    let early = server.fake.say(shown.id, ADA, "script: answer <more>");
    let _serving = server.serve();
    let result = server.shown(shown.id, shown.id, r"\<done>");
    server.shown(shown.id, result.id.max(early), r"\<more>");
    let threads = server.fake.with(|state| state.channels.values().filter(|one| one.parent == Some(OPS)).count());
    assert_eq!(threads, 1);
    server.fake.command(shown.id, ADA, "session", "script: answer <beside>");
    server.shown(shown.id, result.id, r"\<beside>");
    let threads = server.fake.with(|state| state.channels.values().filter(|one| one.parent.is_some()).count());
    assert_eq!(threads, 1, "a thread has none below it");
}

#[test]
fn where_no_thread_may_be_opened_the_channel_is_answered_and_told_which_right_is_missing() {
    let server = Server::new("");
    server.fake.with(|state| {
        state.channels.get_mut(&OPS).expect("it is open").opens_none = Some((403, 50013, "Missing Permissions"));
    });
    let _serving = server.serve();
    let gate = server.house.text("gate");
    let asked = server.fake.say(OPS, ADA, &format!("/session script: say half; wait {gate}; answer <one>"));
    let told = server.shown(OPS, asked, "Create Public Threads");
    assert_eq!(told.reply_to, Some(asked));
    assert!(told.text.contains("role Create Public Threads in #ops"), "that right alone, and where: {told:?}");
    let status = server.shown(OPS, asked, "half");
    assert_eq!(status.reply_to, Some(asked));
    server.house.touch("gate");
    let result = server.shown(OPS, status.id, r"\<one>");
    assert_eq!(result.reply_to, Some(asked));
    let again = server.fake.post(OPS, ADA, Post::text("script: answer <two>").reply_to(server.known(&result)));
    server.shown(OPS, again, r"\<two>");
    let other = server.fake.say(OPS, ADA, "/session script: answer <three>");
    assert_eq!(server.shown(OPS, other, r"\<three>").reply_to, Some(other));
    let told = server.fake.said(OPS).iter().filter(|text| text.contains("Create Public Threads")).count();
    assert_eq!(told, 1, "the same is not told at every session");
    let runs = server.house.runs();
    assert_eq!(runs[0].0, runs[1].0, "{runs:?}");
}

#[test]
fn a_thread_that_is_locked_or_deleted_while_a_run_works_loses_no_answer() {
    for is_deleted in [false, true] {
        let server = Server::new("");
        let _serving = server.serve();
        let gate = server.house.text("gate");
        let asked = server.fake.say(OPS, ADA, &format!("/session script: say half; wait {gate}; answer <one>"));
        server.shown(asked, asked, "half");
        server.fake.with(|state| {
            if is_deleted {
                state.channels.remove(&asked);
            } else {
                state.channels.get_mut(&asked).expect("it is open").locked = true;
            }
        });
        server.house.touch("gate");
        let result = server.shown(OPS, asked, r"\<one>");
        assert_eq!(result.reply_to, Some(asked));
        server.shown(OPS, asked, "closed or gone");
        let again = server.fake.post(OPS, ADA, Post::text("script: answer <two>").reply_to(server.known(&result)));
        server.shown(OPS, again, r"\<two>");
    }
}
