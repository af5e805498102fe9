//! Commands in Slack: given with a slash, by a mention, by a press, and in a form.

use crate::slack::scene::{ADA, EVE, OPS, Workspace};
use signalbox_test_support::slack::Post;

#[test]
fn a_command_is_shown_and_its_session_goes_on_in_the_thread_below_it() {
    let slack = Workspace::new("");
    let _serving = slack.serve();
    slack.fake.command(OPS, ADA, "/session", "script: answer <done>");
    let shown = slack.shown(OPS, "", "Ada: /session script: answer <done>");
    let result = slack.shown(OPS, &shown.ts, "<done>");
    assert_eq!(result.thread.as_deref(), Some(shown.ts.as_str()));
    let again = slack.fake.post(OPS, ADA, Post::text("script: answer <more>").in_thread(&shown.ts));
    assert_eq!(slack.shown(OPS, &again, "<more>").thread.as_deref(), Some(shown.ts.as_str()));
    // Slack has no slash commands in threads: a mention takes any.
    let asked = slack.fake.post(OPS, ADA, Post::to_bot("/status").in_thread(&shown.ts));
    slack.until("an answer in the thread", |state| {
        state.shows(OPS).iter().any(|one| one.by_bot && one.ts > asked && one.thread.as_deref() == Some(&shown.ts))
    });
}

#[test]
fn a_form_asks_for_the_text_and_any_command_goes_by_the_app_s_own() {
    let slack = Workspace::new("");
    let _serving = slack.serve();
    slack.fake.command(OPS, ADA, "/session", "");
    slack.until("a form", |state| !state.views.is_empty());
    slack.fake.fill_in(ADA, "script: answer <asked>");
    slack.shown(OPS, "", "<asked>");
    let said = slack.fake.said(OPS);
    assert!(said.iter().all(|text| !text.contains("I may see only")), "all of it is heard: {said:?}");
    slack.fake.command(OPS, ADA, "/signalbox", "id");
    slack.until("only who asks is told", |state| {
        state.whispers.iter().any(|one| one.user == ADA.id && one.text.contains(ADA.id))
    });
    assert!(slack.fake.said(OPS).iter().all(|text| !text.contains("/signalbox")));
}

#[test]
fn a_stranger_s_command_is_answered_alone_and_does_nothing() {
    let slack = Workspace::new("");
    let _serving = slack.serve();
    slack.fake.command(OPS, EVE, "/session", "script: answer <no>");
    slack.until("the stranger is told", |state| state.whispers.iter().any(|one| one.user == EVE.id));
    assert!(slack.fake.said(OPS).is_empty() && slack.house.runs().is_empty());
}
