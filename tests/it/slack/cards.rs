//! Cards of incidents: coloured, changed in place, in plain blocks where Slack refuses theirs.

use signalbox_test_support::slack::state::Shown;
use signalbox_test_support::slack::{Fault, Person, Post};

use crate::slack::scene::{ADA, OPS, Workspace};

/// The bot that posts alerts.
const MONITOR: Person = Person::new("B700", "Monitor");

const TRIAGE: &str =
    "[triage]\ngroup_wait = \"0s\"\nauto_investigate = []\n[[triage.channels]]\naddress = \"slack:C500\"\n";

fn fires(slack: &Workspace) -> Shown {
    let post = slack.fake.say(OPS, MONITOR, "[FIRING:1] DiskFull (db-1 prod)\nSeverity: critical <!channel>");
    slack.shown(OPS, &post, "DiskFull")
}

#[test]
fn a_card_has_the_colour_of_its_severity_and_turns_green_in_place() {
    let slack = Workspace::new(TRIAGE);
    let _serving = slack.serve();
    let card = fires(&slack);
    assert_eq!(card.attachments[0]["color"], "#D92D20", "{card:?}");
    assert!(card.words().contains("CRITICAL") && card.buttons().len() == 4, "{card:?}");
    slack.fake.post(OPS, ADA, Post::to_bot("/incident resolve 1"));
    slack.until("it is over", |state| {
        let shown = &state.messages[&(OPS.to_owned(), card.ts.clone())];
        shown.attachments[0]["color"] == "#2EA44F" && shown.buttons().iter().any(|(label, _)| label == "Reopen")
    });
    assert!(slack.fake.with(|state| state.pings.is_empty()));
}

#[test]
fn a_card_whose_blocks_are_refused_is_told_in_plain_ones_with_its_buttons() {
    let slack = Workspace::new(TRIAGE);
    slack.fake.fail_next("chat.postMessage", Fault::Refuse("invalid_blocks"));
    let _serving = slack.serve();
    let card = fires(&slack);
    assert!(card.attachments.is_null() && card.buttons().len() == 4, "{card:?}");
    assert_eq!(card.blocks[0]["type"], "section");
}
