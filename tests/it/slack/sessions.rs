//! Sessions in Slack: begun by a message, watched, followed up, and alive over a kill.

use nix::sys::signal::Signal;
use signalbox_test_support::slack::Post;

use crate::slack::scene::{ADA, EVE, OPS, Workspace};

#[test]
fn a_session_is_begun_alone_with_the_bot_and_answered() {
    let slack = Workspace::new("");
    let _serving = slack.serve();
    let asked = slack.fake.say(&slack.direct, ADA, "/session script: answer <done> & over");
    let result = slack.shown(&slack.direct, &asked, "<done> & over");
    assert!(result.thread.is_none() || result.thread.as_deref() == Some(asked.as_str()));
    let again = slack.fake.say(&slack.direct, ADA, "script: answer <more>");
    slack.shown(&slack.direct, &again, "<more>");
    let runs = slack.house.runs();
    assert_eq!((runs.len(), runs[1].1), (2, true), "{runs:?}");
    assert_eq!(runs[0].0, runs[1].0, "it is the same session");
    assert!(slack.fake.with(|state| state.pings.is_empty()));
}

#[test]
fn a_mention_in_a_channel_begins_a_session_in_its_thread_where_it_goes_on_without_one() {
    let slack = Workspace::new("");
    let _serving = slack.serve();
    slack.fake.post(OPS, ADA, Post::text("nothing to anybody"));
    let asked = slack.fake.post(OPS, ADA, Post::to_bot("script: answer <done>"));
    let result = slack.shown(OPS, &asked, "<done>");
    assert_eq!(result.thread.as_deref(), Some(asked.as_str()));
    let again = slack.fake.post(OPS, ADA, Post::text("script: answer <more>").in_thread(&asked));
    let result = slack.shown(OPS, &again, "<more>");
    assert_eq!(result.thread.as_deref(), Some(asked.as_str()));
    let runs = slack.house.runs();
    assert_eq!((runs.len(), &runs[0].0), (2, &runs[1].0), "{runs:?}");
}

#[test]
fn a_stranger_is_told_their_id_and_nothing_else() {
    let slack = Workspace::new("");
    let _serving = slack.serve();
    slack.fake.say("DU666", EVE, "/session script: answer <no>");
    slack.shown("DU666", "", "U666");
    assert!(slack.house.runs().is_empty());
}

#[test]
fn a_kill_loses_nothing_and_what_was_said_meanwhile_is_done_once() {
    let slack = Workspace::new("");
    let serving = slack.serve();
    let gate = slack.house.text("gate");
    let asked = slack.fake.say(&slack.direct, ADA, &format!("/session script: wait {gate}; answer <done>"));
    slack.until("it is taken", |state| state.envelopes.iter().any(|envelope| envelope.acked.is_some()));
    serving.signal(Signal::SIGKILL);
    serving.end();
    slack.house.touch("gate");
    let missed = slack.fake.say(&slack.direct, ADA, "/session script: answer <meanwhile>");
    // Nobody will tell of it again: only the history knows.
    slack.fake.with(|state| state.envelopes.retain(|envelope| envelope.acked.is_some()));
    let _serving = slack.serve();
    slack.shown(&slack.direct, &asked, "<done>");
    slack.shown(&slack.direct, &missed, "<meanwhile>");
    assert_eq!(slack.house.runs().len(), 2);
}
