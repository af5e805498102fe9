//! In Slack: a chart that it draws itself and containers that fold, or the same in words where a workspace has neither yet.

use serde_json::Value;
use signalbox_test_support::slack::Fault;
use signalbox_test_support::slack::state::Shown;

use super::scene::{DAILY, IN_WORDS, again, deliver, hook, incident};
use crate::slack::scene::{OPS, Workspace};

const TARGET: &str = "slack:C500";

/// A workspace in which an incident has begun, and whose bot serves no more.
fn told() -> Workspace {
    let mut slack = Workspace::new(&hook(TARGET));
    slack.house.set("SIGNALBOX__HTTP__LISTEN", "127.0.0.1:0");
    let serving = slack.serve();
    incident(&slack.house, &serving);
    serving.signal(nix::sys::signal::Signal::SIGTERM);
    serving.end();
    slack
}

fn digests(slack: &Workspace) -> Vec<Shown> {
    let all = slack.fake.with(|state| state.shows(OPS));
    all.into_iter().filter(|shown| shown.by_bot && shown.text.starts_with(DAILY)).collect()
}

fn kinds(shown: &Shown) -> Vec<&str> {
    shown.blocks.as_array().into_iter().flatten().filter_map(|block| block["type"].as_str()).collect()
}

#[test]
fn slack_draws_the_chart_and_folds_the_details() {
    let slack = told();
    deliver(&slack.house, TARGET);
    let digests = digests(&slack);
    assert_eq!(digests.len(), 1, "{digests:#?}");
    let shown = &digests[0];
    assert_eq!(kinds(shown), ["rich_text", "data_visualization", "context", "container"], "{:#}", shown.blocks);
    let chart = &shown.blocks[1];
    assert_eq!((&chart["title"], &chart["chart"]["type"]), (&Value::from("Incidents per 2 h"), &Value::from("bar")));
    assert_eq!(chart["chart"]["series"][0]["name"], "critical");
    assert_eq!(chart["chart"]["axis_config"]["categories"].as_array().map(Vec::len), Some(12));
    assert_eq!(shown.blocks[3]["default_collapsed"], true);
    let folded = shown.blocks[3].to_string();
    assert!(folded.contains("\"type\":\"link\"") && folded.contains("prometheus"), "it leads to the alert: {folded}");
    // Who has it read out misses nothing.
    let said: Vec<&str> = shown.text.lines().collect();
    assert!(said[1].contains("1 incident, 1 open") && shown.text.contains(IN_WORDS), "{said:#?}");
    assert!(shown.text.contains("Open (1)") && shown.text.contains("nobody has it"), "{said:#?}");
}

#[test]
fn a_workspace_without_charts_gets_the_same_in_words_at_once_and_once() {
    let slack = told();
    slack.fake.with(|state| state.lacks_novel_blocks = true);
    deliver(&slack.house, TARGET);
    let first = digests(&slack);
    assert_eq!(first.len(), 1, "{first:#?}");
    assert_eq!(kinds(&first[0]), ["rich_text"], "it keeps its formatting: {:#}", first[0].blocks);
    let written = first[0].blocks.to_string();
    assert!(written.contains("█") && written.contains(IN_WORDS) && written.contains("nobody has it"), "{written}");
    // Once it has charts, they come.
    slack.fake.with(|state| state.lacks_novel_blocks = false);
    again(&slack.house);
    assert!(kinds(&digests(&slack)[1]).contains(&"data_visualization"));
}

#[test]
fn a_workspace_that_folds_nothing_yet_has_its_charts_all_the_same() {
    let slack = told();
    slack.fake.fail_next("chat.postMessage", Fault::Refuse("invalid_blocks"));
    deliver(&slack.house, TARGET);
    let digests = digests(&slack);
    assert_eq!(digests.len(), 1, "{digests:#?}");
    assert_eq!(
        kinds(&digests[0]),
        ["rich_text", "data_visualization", "context", "rich_text"],
        "{:#}",
        digests[0].blocks
    );
    assert!(digests[0].blocks.to_string().contains("nobody has it"), "{:#}", digests[0].blocks);
}

#[test]
fn a_chart_whose_answer_is_lost_is_not_shown_twice() {
    let slack = told();
    slack.fake.fail_next("chat.postMessage", Fault::DropAfter);
    deliver(&slack.house, TARGET);
    assert_eq!(digests(&slack).len(), 1);
    // And blocks that are refused altogether go as plain text.
    for _ in 0..3 {
        slack.fake.fail_next("chat.postMessage", Fault::Refuse("invalid_blocks"));
    }
    again(&slack.house);
    let digests = digests(&slack);
    assert_eq!((digests.len(), kinds(&digests[1])), (2, vec!["section"]), "{digests:#?}");
    assert!(digests[1].text.contains(IN_WORDS) && !slack.fake.with(|state| state.has_faults()));
    assert!(slack.fake.with(|state| state.pings.is_empty()));
}
