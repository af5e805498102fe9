//! The same stories in a terminal: an incident of a hook is shown there, and its buttons and commands do what they do elsewhere.

use signalbox_test_support::alertmanager::FakeAlertmanager;
use signalbox_test_support::everyday::House;
use signalbox_test_support::terminal::Terminal;

use crate::hooks::scene::{SECRET, ago, disk, post, proof};
use crate::http::address;
use crate::investigations::scene::analysis;

#[test]
fn an_incident_of_a_hook_is_worked_on_in_the_shell_from_its_card_to_its_end() {
    let source = FakeAlertmanager::start();
    let mut house = House::new(&format!(
        "agents.default = \"claude\"\n[triage]\ngroup_wait = \"0s\"\n[[hooks]]\nid = \"ops\"\nsource = \"alertmanager\"\n\
         target = \"console:local\"\nsecret = \"{SECRET}\"\nsilences = {{ url = \"{}\" }}\n",
        source.url()
    ));
    house.set("SIGNALBOX__HTTP__LISTEN", "127.0.0.1:0");
    house.set("SIGNALBOX__AGENTS__CLAUDE__PASS_ENV", "[\"SCRIPTED_AGENT_FIRST\"]");
    let script = format!("see /dev/sda1 100% /var; answer {}", analysis("Logs fill the disk"));
    house.set("SCRIPTED_AGENT_FIRST", &script);
    let serving = house.serve();
    let began = ago(3);
    let tell = |status: &str| {
        let body = disk(status, &began).to_string();
        let proof = proof("alertmanager", &body, SECRET);
        let answer = post(address(&serving), "/hooks/alertmanager/ops", &[(&proof[0].0, &proof[0].1)], &body);
        assert_eq!(answer.status, 200, "{answer:?}");
    };
    let mut terminal = Terminal::open(&house);
    tell("firing");
    let shown = terminal.until("CRITICAL · DiskWillFill: /var on db-1 fills in 3 h");
    assert!(!shown.contains("**"), "no marks in a terminal: {shown}");
    terminal.until("Root cause: Logs fill the disk");
    terminal.until("#1 · [");
    let shown = terminal.until("Silence 1 h");
    let number = shown.rsplit_once(" Ack").and_then(|(before, _)| before.rsplit_once('#')).expect("a number").1;
    terminal.line(&format!("#{number}"));
    terminal.until("#1 is yours");
    terminal.until("#1 · Acknowledged by ");
    terminal.line("/incident silence 1 2h");
    terminal.until("#1 is silenced until");
    terminal.until("Silenced in Alertmanager until");
    assert_eq!(source.live().len(), 1);
    terminal.line("/incidents");
    terminal.until("silenced");
    terminal.line("/incident reopen 1");
    terminal.until("#1 is silenced no longer");
    terminal.until("The silence in Alertmanager is taken back");
    tell("resolved");
    terminal.until("Resolved at its source");
    terminal.line("/incident show 1");
    terminal.until("Silence ended by ");
    terminal.until("Task: /background show ");
    let shown = terminal.until("UTC: Fires");
    assert!(!shown.contains("Fires again"), "{shown}");
    assert_eq!(house.count("incidents WHERE state = 'resolved'"), 1);
    assert!(source.live().is_empty());
}
