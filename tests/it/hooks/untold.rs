//! Hooks that tell a chat to which nothing is connected: everybody who could know says so, and the owner can see and end
//! what came of them.

use signalbox_test_support::everyday::{House, eventually};

use super::scene::{SECRET, post};
use crate::http::{address, ask};

fn hook(target: &str) -> String {
    format!(
        "[triage]\ngroup_wait = \"0s\"\nauto_investigate = []\n[[hooks]]\nid = \"ops\"\nsource = \"generic\"\ntarget = \"{target}\"\nsecret = \"{SECRET}\"\n"
    )
}

#[test]
fn a_target_of_no_provider_is_refused_with_the_nearest_one() {
    let mut house = House::bare();
    house.set("SIGNALBOX__HTTP__LISTEN", "127.0.0.1:8787");
    let add = |target: &str| house.run(&["hooks", "add", "generic", "--target", target]);
    let said = add("telegam:1").was(2, "");
    assert!(said.err.contains("did you mean telegram?"), "{said:?}");
    let said = add("telegram:1").was(0, "/hooks/generic/generic");
    assert!(said.err.contains("warning") && said.err.contains("telegram is not connected"), "{said:?}");
    house.configure(&hook("telegam:1"));
    let said = house.run(&["config", "check"]).was(2, "");
    assert!(said.err.contains("did you mean telegram?"), "{said:?}");
    house.configure(&hook("telegram:1"));
    let said = house.run(&["config", "check"]).was(0, "good");
    assert!(
        said.err.contains(
            "telegram is not connected: `signalbox integrations set telegram token=-` or `signalbox setup` connects it"
        ),
        "{said:?}"
    );
}

#[test]
fn an_alert_for_a_chat_that_is_not_connected_is_told_of_everywhere_and_ended_by_the_owner() {
    let mut house = House::bare();
    house.configure(&hook("telegram:-1001"));
    house.set("SIGNALBOX__HTTP__LISTEN", "127.0.0.1:0");
    house.run(&["hooks", "add", "generic", "--id", "made", "--target", "telegram:-1002"]).was(0, "");
    let serving = house.serve();
    let address = address(&serving);
    eventually("serve warns of the hook that was made", || {
        serving.err().lines().any(|line| line.contains("made") && line.contains("telegram is not connected"))
    });
    let ready = ask(address, "GET", "/readyz").body;
    for id in ["ops", "made"] {
        assert!(
            ready.contains(&format!(
                "\"{id}\":{{\"ready\":false,\"why\":\"telegram is not connected; `signalbox setup` connects it\"}}"
            )),
            "{ready}"
        );
    }
    let said = house.run(&["hooks", "test", "ops"]).was(1, "");
    assert!(said.err.contains("telegram is not connected"), "{said:?}");
    assert_eq!(house.count("incidents"), 0, "nothing was sent in vain");
    let body = "{\"title\":\"Backup is late\",\"severity\":\"warning\",\"status\":\"firing\"}";
    post(address, "/hooks/generic/ops", &[("X-Signalbox-Secret", SECRET)], body).told();
    eventually("the card waits", || house.count("outbox WHERE state = 'pending'") == 1);
    house.run(&["outbox", "list", "--all"]).was(0, "telegram is not connected");
    house.say("/incidents").was(0, "telegram:-1001");
    house.say("/incident show 1").was(0, "Backup is late");
    house.say("/incident resolve 1").was(0, "#1 is resolved");
    assert_eq!(house.count("incidents WHERE state = 'resolved'"), 1);
}

#[test]
fn a_wrong_name_for_the_list_loses_no_alert_and_is_told_of() {
    let mut house = House::bare();
    house.configure(&format!("{}fields = {{ alerts = \"itmes\", title = \"rule\" }}\n", hook("console:local")));
    house.set("SIGNALBOX__HTTP__LISTEN", "127.0.0.1:0");
    let serving = house.serve();
    let address = address(&serving);
    let body = "{\"items\":[{\"rule\":\"Disk\"}],\"title\":\"Backup is late\",\"status\":\"firing\"}";
    let told = post(address, "/hooks/generic/ops", &[("X-Signalbox-Secret", SECRET)], body).told();
    assert_eq!((&told["alerts"], &told["new_incidents"]), (&1.into(), &1.into()));
    eventually("the log tells of it", || {
        serving
            .err()
            .lines()
            .any(|line| line.contains("fields.alerts") && line.contains("ops") && line.contains("WARN"))
    });
    eventually("the metrics count it", || {
        let told = ask(address, "GET", "/metrics").body;
        told.lines().any(|line| line == "signalbox_hook_misplaced_total{source=\"generic\"} 1")
    });
}
