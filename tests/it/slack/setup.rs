//! From nothing to the first person who may use the bot, and what is typed in Slack.

use signalbox_test_support::everyday::eventually;
use signalbox_test_support::slack::{APP_TOKEN, BOT_TOKEN, Post};

use crate::slack::scene::{ADA, EVE, OPS, Workspace};

/// An answer for each of the three that are asked about before.
const NONE_OF_THE_OTHERS: &str = "\n\n\n";

#[test]
fn setup_asks_for_both_tokens_until_both_are_right_and_says_what_to_send() {
    let mut slack = Workspace::new("");
    slack.house.set("SLACK_BOT_TOKEN", "");
    slack.house.set("SLACK_APP_TOKEN", "");
    let answers = format!(
        "{NONE_OF_THE_OTHERS}{APP_TOKEN}\n{BOT_TOKEN}\nxoxp-1-2-3\n\n{BOT_TOKEN}\nxapp-1-not-of-this-app\n\
         {BOT_TOKEN}\n{APP_TOKEN}\noperator\n"
    );
    let said = slack.house.pipe(&["setup"], answers.as_bytes()).was(0, "/signalbox start ");
    for told in [
        "bot_token: is the app-level token; the bot token, xoxb-..., stands on the app's page \"OAuth & Permissions\"",
        "app_token: is the bot token; the app-level token, xapp-..., is made on the app's page \"Basic Information\"",
        "bot_token: is a person's token",
        "hears nothing: the app-level token was refused (invalid_auth)",
        "It is @signalbox (id U4242) in the workspace team",
        "send this to the bot in a direct chat:",
    ] {
        assert!(said.err.contains(told), "{told:?} in {said:#?}");
    }
    let shown = format!("{}{}", said.out, said.err);
    assert!(!shown.contains(BOT_TOKEN) && !shown.contains(APP_TOKEN), "{said:#?}");
    let command = said.out.lines().find_map(|line| line.strip_prefix("/signalbox ")).expect("what to send");

    let _serving = slack.serve();
    slack.fake.command(&format!("D{}", EVE.id), EVE, "/signalbox", command);
    let paired = || slack.house.run(&["pair", "--list"]).out.contains(&format!("slack:{}", EVE.id));
    eventually("she is paired", paired);
    let said = slack.house.run(&["pair"]).was(0, "");
    assert!(said.err.contains(&format!("In Slack: /signalbox start {}", said.out.trim())), "{said:#?}");
}

#[test]
fn an_app_without_socket_mode_is_told_to_switch_it_on() {
    let slack = Workspace::new("");
    slack.fake.with(|state| state.is_disabled = true);
    let said = slack.house.run(&["integrations", "verify", "slack"]);
    let told = format!("{}{}", said.out, said.err);
    assert!(
        said.code == 1 && told.contains("hears nothing: Socket Mode is switched off for the app; switch it on"),
        "{told}"
    );
}

#[test]
fn a_code_is_void_where_others_read_it_and_good_where_nobody_does() {
    let slack = Workspace::new("");
    let _serving = slack.serve();
    let code = || slack.house.run(&["pair"]).was(0, "").out.trim().to_owned();
    let is_paired = || slack.house.run(&["pair", "--list"]).out.contains(&format!("slack:{}", EVE.id));
    let read = code();
    let said = slack.fake.post(OPS, EVE, Post::to_bot(&format!("start {read}")));
    slack.shown(OPS, &said, "That code is void now");
    slack.fake.command(OPS, EVE, "/signalbox", &format!("start {read}"));
    let told = |words: &str| {
        slack.until(words, |state| state.whispers.iter().any(|one| one.user == EVE.id && one.text.contains(words)));
    };
    told("That code is not right");
    assert!(!is_paired());
    let unread = code();
    slack.fake.command(OPS, EVE, "/signalbox", &format!("start {unread}"));
    told("You are paired");
    slack.fake.command(OPS, EVE, "/signalbox", &format!("start {unread}"));
    told("You can use this bot already; your role is operator");
    assert!(is_paired() && slack.fake.said(OPS).iter().all(|text| !text.contains(&unread)));
}

#[test]
fn a_hint_names_what_can_be_typed_where_it_is_read() {
    let slack = Workspace::new("");
    let _serving = slack.serve();
    let asked = slack.fake.say(&slack.direct, ADA, "/stat");
    slack.shown(&slack.direct, &asked, "Did you mean /signalbox status?");
    let asked = slack.fake.post(OPS, ADA, Post::to_bot("/stat"));
    let told = slack.shown(OPS, &asked, "Did you mean @signalbox /status?");
    assert_eq!(told.thread.as_deref(), Some(asked.as_str()), "it is read in the thread");
    // Which is so.
    let again = slack.fake.post(OPS, ADA, Post::to_bot("/status").in_thread(&asked));
    slack.until("it is answered", |state| state.shows(OPS).iter().any(|one| one.by_bot && one.ts > again));
}
