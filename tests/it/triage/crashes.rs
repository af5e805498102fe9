//! The program is killed at every step of an incident, and nothing of it is lost or said twice.

use nix::sys::signal::Signal;
use signalbox_test_support::everyday::eventually;

use super::scene::{FIRING, RESOLVED, Team};

#[test]
fn an_incident_goes_on_after_a_kill_at_every_step() {
    let script =
        format!("see /dev/sda1 100% /var; wait {{gate}}; answer {}", crate::investigations::scene::analysis("Full"));
    let mut team = Team::with_script("", "");
    let gate = team.phone.house.text("gate");
    team.phone.house.set("SCRIPTED_AGENT_FIRST", &script.replace("{gate}", &gate));
    let serving = team.serve();
    team.alert(FIRING);
    eventually("the alert is taken", || team.phone.house.count("incidents") == 1);
    serving.signal(Signal::SIGKILL);
    serving.end();
    let serving = team.serve();
    team.shown("DiskWillFill");
    eventually("it is investigated", || team.phone.house.count("tasks WHERE status = 'running'") == 1);
    let waits = "outbox WHERE state IN ('pending', 'sending', 'unknown')";
    eventually("all is said", || team.phone.house.count(waits) == 0);
    // The kill may have come between the provider's taking of the card and its receipt: then the card comes once more,
    // marked, and all else hangs on the one that the bot knows of.
    let card = team.cards().pop().expect("a card");
    let is_repeat = format!("outbox WHERE message = '{}' AND maybe_repeat", card.id);
    let cards = team.cards().len();
    assert!(cards == 1 || cards == 2 && team.phone.house.count(&is_repeat) == 1, "{:?}", team.cards());
    serving.signal(Signal::SIGKILL);
    serving.end();
    let serving = team.serve();
    team.press(card.id, "Ack");
    serving.signal(Signal::SIGKILL);
    serving.end();
    // While it is down, the agent ends and the alert too.
    team.phone.house.touch("gate");
    team.alert(RESOLVED);
    let _serving = team.serve();
    assert_eq!(team.shown("Root cause: Full").reply_to, Some(card.id));
    team.says(card.id, "🟢");
    assert_eq!(team.cards().len(), cards, "{:?}", team.cards());
    assert_eq!(team.phone.house.count("tasks"), 1);
    assert_eq!(team.phone.house.count("incident_events WHERE event = 'investigated'"), 1);
}
