//! `/background`: on, off, list, show, use, cancel, from the console.

use std::collections::HashMap;

use signalbox_test_support::everyday::{House, eventually};

use super::scene::{finds, ids, newest};

#[test]
fn background_mode_answers_at_once_and_completion_changes_no_context() {
    let house = House::new("");
    let _serving = house.serve();
    house.say("/background status").was(0, "Background mode: off");
    house.say("/background").was(0, "Background mode: off");
    house.say("/background notify").was(0, "Notified: ");
    house.say("/session").was(0, "No sessions yet");
    house.say("/background on").was(0, "Background mode is on");
    house.say("/session --name talk script: answer hello").was(0, "hello");
    let gate = house.text("gate");
    let asking = house.begin(&format!("/investigate script: wait {gate}; {}", &finds("The disk is full")[8..]));
    asking.until("Investigating in the background");
    eventually("it is tracked", || house.count("investigations") == 1);
    let id = newest(&house);
    house.say("/background status").was(0, "1 running or queued, 1 tracked");
    house.say(&format!("/background use {id}")).refused("Only an investigation with an answer can be used");
    // The chat goes on meanwhile, in its own session.
    house.say("and you?").was(0, "turn 2: and you?");
    house.touch("gate");
    asking.end().was(0, "The disk is full");
    house.say("still you?").was(0, "turn 3: still you?");

    // Promoted, plain text goes on in the investigation's own conversation.
    house.say(&format!("/background use {}", &id[..5])).was(0, "now goes on from");
    house.say("what filled it?").was(0, "turn 2: what filled it?");
    house.say("/session list").was(0, "talk");
    assert!(!house.say("/session list").out.contains(&id), "investigations are no sessions of the list");
}

#[test]
fn use_works_after_a_restart_and_without_a_conversation_to_resume() {
    let house = House::new("[agents.notes]\nkind = \"command\"\ncommand = [\"cat\"]\n");
    let serving = house.serve();
    house.say("/background on").was(0, "on");
    house.say(&format!("/investigate {}", finds("The disk is full"))).was(0, "The disk is full");
    let first = newest(&house);
    house.say("/investigate @notes look at the disk").was(0, "Validity unrated");
    let second = newest(&house);
    serving.signal(nix::sys::signal::Signal::SIGKILL);
    serving.end();
    let _serving = house.serve();
    house.say(&format!("/background use {first}")).was(0, "now goes on from");
    house.say("and now?").was(0, "turn 2: and now?");
    let (_, resumed, _) = house.runs().pop().expect("a run");
    assert!(resumed);
    // A command has no conversation: it is given the record.
    house.say(&format!("/background use {second}")).was(0, "now goes on from");
    let said = house.say("what else?").was(0, "The question now:");
    assert!(said.out.contains("look at the disk") && said.out.contains("what else?"), "{said:#?}");
}

#[test]
fn off_shows_the_answer_and_a_follow_up_waits_its_turn() {
    let house = House::new("");
    let _serving = house.serve();
    house.say("/background off").was(0, "follow-ups wait");
    let gate = house.text("gate");
    let asking = house.begin(&format!("/investigate script: wait {gate}; {}", &finds("The disk is full")[8..]));
    asking.until("Investigating");
    eventually("it runs", || house.runs().len() == 1);
    let waiting = house.begin("why?");
    waiting.until("Queued");
    assert_eq!(house.runs().len(), 1);
    house.touch("gate");
    asking.end().was(0, "The disk is full");
    waiting.end().was(0, "turn 2: why?");
}

#[test]
fn any_unique_beginning_of_an_id_is_taken_and_another_lists_the_candidates() {
    let house = House::new("[agents.echo]\nkind = \"command\"\ncommand = [\"echo\", \"seen\"]\n");
    let lines = "/investigate @echo look\n".repeat(32);
    house.pipe(&["shell"], lines.as_bytes()).was(0, "seen");
    let shown = ids(&house);
    assert_eq!(shown.len(), 30, "the list is bounded");
    let mut by_first: HashMap<char, Vec<&String>> = HashMap::new();
    for id in &shown {
        by_first.entry(id.chars().next().expect("an id")).or_default().push(id);
    }
    let (first, several) = by_first.iter().find(|(_, ids)| ids.len() > 1).expect("30 ids, 31 letters to begin with");
    let said = house.say(&format!("/background show {first}")).refused("Several tasks begin with");
    assert!(several.iter().any(|id| said.out.contains(id.as_str())), "{said:#?}");
    house.say(&format!("/background show {}", &shown[0][..7])).was(0, &shown[0]);
    house.say(&format!("/background show {}", shown[0].to_uppercase())).was(0, &shown[0]);
    house.say("/background show %").refused("There is no task or message");
}

#[test]
fn one_is_cancelled_and_says_so() {
    let house = House::new("");
    let _serving = house.serve();
    let asking = house.begin("/investigate script: hang");
    asking.until("Investigating");
    eventually("it runs", || house.runs().len() == 1);
    house.say(&format!("/background cancel {}", newest(&house))).was(0, "Stopping");
    asking.end().was(130, "Cancelled");
    house.say("/background list").was(0, "aborted");
}
