//! What an investigation comes to: real evidence, true numbers, and what is done with an answer that is no analysis.

use std::time::Instant;

use signalbox_test_support::everyday::{Hog, House, PATIENCE, eventually};

use super::scene::{SEEN, analysis, finds, newest};

#[test]
fn high_cpu_names_the_process_that_burns_it_with_evidence_and_nothing_installed() {
    let house = House::bare();
    let hog = Hog::start();
    let pid = format!("pid {}", hog.id());
    let started = Instant::now();
    // Other tests take the processors too; asked again, the hog is still there.
    loop {
        let said = house.say("/investigate high-cpu").was(0, "· host ·");
        // Where nothing is certain, nothing is rated.
        let (claims, rest) = said.out.split_once("Validity").unwrap_or_default();
        // The cause, or beside it where another process burns even more just now.
        if claims.contains("Root cause") && claims.contains(&format!("({pid}) uses")) {
            assert!(claims.contains(&format!("processes: {pid} sh: ")), "the probe's line: {said:#?}");
            assert!(rest.contains("claims backed by evidence") && rest.contains("tool calls"), "{said:#?}");
            return;
        }
        assert!(started.elapsed() < PATIENCE, "in time, {pid} in {said:#?}");
    }
}

#[test]
fn templates_are_listed_and_an_unknown_word_is_a_question() {
    let house = House::bare();
    let listed = house.say("/investigate").was(0, "kubernetes-high-cpu");
    assert!(listed.out.contains("tls-expiry") && listed.out.contains("disk-full"), "{listed:#?}");
    house.say("/investigate is the disk full?").was(0, "is the disk full?");
    let unknown = house.say("/background show zzzz");
    unknown.refused("There is no task or message");
}

#[test]
fn an_agents_analysis_is_counted_and_rated_by_what_was_really_seen() {
    let house = House::new("");
    let said = house.say(&format!("/investigate {}", finds("The disk is full"))).was(0, "The disk is full");
    assert!(said.out.contains("Validity 0.50 (1 of 2 claims backed by evidence) · 1 tool call · 1 loop"), "{said:#?}");
    assert!(said.out.contains("not backed by anything seen in this run"), "{said:#?}");
    assert!(said.out.contains("Rotate the logs") && said.out.contains(SEEN) && !said.out.contains("99"), "{said:#?}");
    let shown = house.say(&format!("/background show {}", newest(&house))).was(0, "Status: success");
    assert!(shown.out.contains("Agent: claude") && shown.out.contains("Validity 0.50"), "{shown:#?}");
    let (_, resumed, prompt) = house.runs().remove(0);
    assert!(!resumed && prompt.contains("\"$schema\"") && prompt.contains("Read only; change nothing"), "{prompt}");
}

#[test]
fn claude_is_given_the_form_of_an_analysis_and_told_it_in_words_where_it_does_not_know_the_option() {
    let started = |refuses: Option<&str>| {
        let house = House::new("");
        if let Some(option) = refuses {
            std::fs::write(house.path("agent-sessions/refuses"), option).expect("written");
        }
        house.say(&format!("/investigate {}", finds("The disk is full"))).was(0, "The disk is full");
        house.say("just a question").was(0, "just a question");
        let argv = std::fs::read_to_string(house.path("argv")).expect("arguments");
        assert_eq!(house.runs().len(), 2, "each is asked once");
        argv.lines().map(|line| line.contains("--json-schema={")).collect::<Vec<_>>()
    };
    assert_eq!(started(None), [true, false]);
    assert_eq!(started(Some("--json-schema")), [true, false, false], "it is started once more");
}

#[test]
fn an_answer_that_is_no_analysis_is_asked_for_once_more_in_the_same_conversation() {
    let house = House::new("");
    let again = analysis("The disk is full").replace("]}", "],}");
    let said = house.say(&format!("/investigate script: see {SEEN}; next ```json {again} ```; answer It is the disk."));
    let said = said.was(0, "The disk is full");
    assert!(said.out.contains("1 tool call · 1 loop"), "both turns are counted: {said:#?}");
    assert!(said.out.contains("Validity 0.50 (1 of 2"), "what the first has seen backs it: {said:#?}");
    let runs = house.runs();
    assert_eq!(runs.len(), 2);
    assert!(runs[1].1 && runs[0].0 == runs[1].0, "resumed: {runs:#?}");
    assert!(runs[1].2.contains("could not be read as a root cause analysis: the answer holds no JSON object"));
    house.say(&format!("/background show {}", newest(&house))).was(0, "1 time asked again");
    assert_eq!(house.count("tasks"), 1);
}

#[test]
fn an_answer_that_never_becomes_one_is_shown_unrated() {
    let house = House::new("[agents.notes]\nkind = \"command\"\ncommand = [\"echo\", \"it just broke\"]\n");
    let said = house.say("/investigate script: answer It is the disk.").was(0, "It is the disk.");
    assert!(said.out.contains("Validity unrated"), "{said:#?}");
    assert_eq!(house.runs().len(), 2, "once more, and no third time");
    // A command has no conversation to go on with, and is not run twice.
    let said = house.say("/investigate @notes what is it?").was(0, "it just broke");
    assert!(said.out.contains("Validity unrated · 0 tool calls · 0 loops"), "{said:#?}");
}

#[test]
fn a_bot_that_dies_between_the_two_turns_asks_again_once() {
    let house = House::new("");
    let gate = house.text("gate");
    let serving = house.serve();
    let asked = house.begin(&format!("/investigate script: wait {gate}; next {}; answer no form", analysis("Late")));
    eventually("it runs", || house.runs().len() == 1);
    serving.signal(nix::sys::signal::Signal::SIGKILL);
    serving.end();
    drop(asked);
    house.touch("gate");
    eventually("the agent has ended", || house.agents().is_empty());
    let _serving = house.serve();
    eventually("it is done", || house.count("tasks WHERE status = 'success'") == 1);
    assert_eq!(house.runs().len(), 2);
    house.say(&format!("/background show {}", newest(&house))).was(0, "Late");
}

#[test]
fn a_failed_investigation_says_so_and_can_be_tried_again() {
    let house = House::new("");
    house.say("/investigate script: fail 401 no credits").was(1, "401 no credits");
    let id = newest(&house);
    house.say(&format!("/background use {id}")).refused("Only an investigation with an answer");
    house.say(&format!("/retry {id}")).was(1, "401 no credits");
    assert_eq!(house.count("investigations"), 2);
}
