//! What these stories share: an incident that a hook tells of, and a schedule that is run at once.

use signalbox_test_support::everyday::{House, Talk, eventually};

use crate::hooks::scene::{SECRET, ago, disk, post, proof};
use crate::http::address;

/// How every daily digest begins.
pub(crate) const DAILY: &str = "Daily summary · ";
/// What a digest of one critical incident says of its chart.
pub(crate) const IN_WORDS: &str = "1 critical; most (1) from ";

/// The configuration of a hook that tells a chat of incidents, without an investigation.
pub(crate) fn hook(target: &str) -> String {
    format!(
        "[triage]\ngroup_wait = \"0s\"\nauto_investigate = []\n[[hooks]]\nid = \"ops\"\nsource = \"alertmanager\"\n\
         target = \"{target}\"\nsecret = \"{SECRET}\"\n"
    )
}

/// Lets an incident begin, and waits until it is known.
pub(crate) fn incident(house: &House, serving: &Talk) {
    let body = disk("firing", &ago(5)).to_string();
    let proof = proof("alertmanager", &body, SECRET);
    let answer = post(address(serving), "/hooks/alertmanager/ops", &[(&proof[0].0, &proof[0].1)], &body);
    assert_eq!(answer.status, 200, "{answer:?}");
    eventually("the incident has a card", || house.count("incidents") == 1 && house.count("outbox") > 0);
    // A terminal shows its own when one is open.
    let waiting = "outbox WHERE provider <> 'console' AND state IN ('pending', 'sending', 'unknown')";
    eventually("its card is shown", || house.count(waiting) == 0);
}

/// Schedules a daily digest for a chat, and runs it now.
pub(crate) fn deliver(house: &House, target: &str) {
    let add = ["cron", "add", "--kind", "daily_summary", "--cron", "0 9 * * *", "--to", target];
    house.run(&add).was(0, "Added #1");
    again(house);
}

/// Runs it once more.
pub(crate) fn again(house: &House) {
    house.run(&["cron", "run", "1"]).was(0, "done");
}
