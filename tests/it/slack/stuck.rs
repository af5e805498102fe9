//! The database is held for longer than Slack waits for an acknowledgement: nothing is acknowledged that is not kept, what comes
//! again is taken once, and nothing is lost.

use std::time::Instant;

use rusqlite::Connection;
use signalbox_test_support::everyday::eventually;
use signalbox_test_support::slack::Post;

use crate::slack::scene::{ADA, OPS, Workspace};

/// Longer than the busy time-out of the database, and three times what Slack waits.
const HELD_SECONDS: u64 = 12;

#[test]
fn what_is_said_while_the_database_is_held_is_answered_once_when_it_is_free() {
    let slack = Workspace::new("");
    let mut serving = slack.serve();
    let asked = slack.fake.say(&slack.direct, ADA, "/id");
    slack.shown(&slack.direct, &asked, ADA.id);
    let other = Connection::open(slack.house.state().join("signalbox.db")).expect("the database opens");
    other.execute_batch("BEGIN IMMEDIATE").expect("locked");
    let held = Instant::now();
    let direct: Vec<String> = (0..3).map(|number| format!("<direct {number}>")).collect();
    for answer in &direct {
        slack.fake.say(&slack.direct, ADA, &format!("/session script: answer {answer}"));
    }
    slack.fake.post(OPS, ADA, Post::to_bot("/session script: answer <channel>"));
    slack.until("Slack gives it again", |state| state.envelopes.iter().any(|one| one.ids.len() > 1));
    let waiting = |state: &mut signalbox_test_support::slack::state::State| {
        state.envelopes.iter().filter(|one| one.acked.is_none()).count()
    };
    assert!(slack.fake.with(waiting) >= 4, "what is not kept is not acknowledged");
    eventually("it is held for longer than the busy time-out", || held.elapsed().as_secs() >= HELD_SECONDS);
    assert!(serving.goes_on(), "{}", serving.err());
    other.execute_batch("ROLLBACK").expect("free");
    for answer in &direct {
        slack.shown(&slack.direct, &asked, answer);
    }
    slack.shown(OPS, "", "<channel>");
    slack.until("all is acknowledged", |state| state.is_told_all());
    eventually("nothing is under way", || slack.house.count("tasks WHERE status IN ('queued', 'running')") == 0);
    for (channel, answers) in [(slack.direct.as_str(), direct), (OPS, vec!["<channel>".to_owned()])] {
        for answer in answers {
            let said = slack.fake.said(channel).iter().filter(|text| text.contains(&answer)).count();
            assert_eq!(said, 1, "{answer} in {:#?}", slack.fake.said(channel));
        }
    }
}
