//! A person at a terminal.

use signalbox_test_support::everyday::{House, eventually};
use signalbox_test_support::terminal::{CTRL_D, Terminal};

#[test]
fn a_prompt_is_answered_above_the_next_one() {
    let house = House::new("");
    let mut terminal = Terminal::open(&house);
    terminal.line("/session --name docs hello");
    terminal.until("turn 1: hello");
    terminal.until("docs ❯");
    terminal.line("and again");
    terminal.until("turn 2: and again");
    terminal.line("/sesion");
    terminal.until("Did you mean /session?");
    terminal.line("/quit");
    assert_eq!(terminal.end(), Some(0));
}

#[test]
fn a_number_presses_a_button() {
    let house = House::new("");
    let mut terminal = Terminal::open(&house);
    terminal.line("/session --name docs script: ask Bash rm -r build; answer done");
    let asked = terminal.until("Approve");
    let number = asked.rsplit_once(" Approve").and_then(|(before, _)| before.rsplit_once('#')).expect("a number").1;
    terminal.line(&format!("#{number}"));
    let shown = terminal.until("[docs] Complete");
    assert!(shown.contains("[docs] Allowed once: Bash rm -r build") && shown.contains("done"), "{shown}");
    terminal.line("#99");
    terminal.until("There is no button #99");
}

#[test]
fn a_terminal_that_shows_nothing_but_lines_is_talked_to_all_the_same() {
    let house = House::new("");
    let gate = house.text("gate");
    house.begin(&format!("/session --name left script: wait {gate}; answer what waited")).until("[left] Started");
    let mut terminal = Terminal::dumb(&house);
    terminal.line("/session --name docs script: ask Bash rm -r build; answer done");
    let asked = terminal.until("Approve");
    let number = asked.rsplit_once(" Approve").and_then(|(before, _)| before.rsplit_once('#')).expect("a number").1;
    terminal.line("yes");
    terminal.until("/deny ");
    assert!(!terminal.text().contains("[docs] Allowed"), "a word alone allows nothing: {}", terminal.text());
    terminal.line(&format!("#{number}"));
    let shown = terminal.until("[docs] Complete");
    assert!(shown.contains("[docs] Allowed once: Bash"), "{shown}");
    house.touch("gate");
    terminal.until("what waited");
    assert!(!terminal.raw().contains('\u{1b}'), "{:?}", terminal.raw());
    terminal.line("/quit");
    assert_eq!(terminal.end(), Some(0));
}

#[test]
fn ctrl_c_clears_the_line_and_stops_no_task() {
    let house = House::new("");
    let mut terminal = Terminal::open(&house);
    let gate = house.text("gate");
    terminal.line(&format!("/session --name docs script: wait {gate}; answer survived"));
    terminal.until("[docs] Started");
    terminal.press("/session never mind");
    terminal.until("never mind");
    terminal.clear_line();
    terminal.line("/status");
    terminal.until("running");
    house.touch("gate");
    terminal.until("survived");
    assert_eq!(house.runs().len(), 1);
}

#[test]
fn leaving_says_how_to_come_back_and_the_next_shell_begins_with_the_result() {
    let house = House::new("");
    let mut terminal = Terminal::open(&house);
    let gate = house.text("gate");
    terminal.line(&format!("/session --name docs script: wait {gate}; answer at last"));
    terminal.until("docs · ");
    terminal.press(CTRL_D);
    assert_eq!(terminal.end(), Some(0));
    let shown = terminal.until("1 task goes on without");
    assert!(shown.contains("signalbox shell"), "{shown}");
    assert_eq!(shown.matches("1 task goes on without").count(), 1, "once: {shown}");
    house.touch("gate");
    let mut next = Terminal::open(&house);
    next.until("at last");
    next.line("more");
    next.until("turn 2: more");
    assert_eq!(next.text().matches("at last").count(), 1, "{}", next.text());
}

#[test]
fn a_terminal_hands_its_work_over_to_a_program_that_serves_and_takes_it_back_when_that_is_gone() {
    let house = House::new("");
    let mut terminal = Terminal::open(&house);
    let gate = house.text("gate");
    terminal.line(&format!("/session --name docs script: wait {gate}; answer survived"));
    terminal.until("[docs] Started");
    let waiting = house.begin(&format!("/session --name more script: wait {gate}; answer as well"));
    eventually("both run", || house.count("tasks WHERE status = 'running'") == 2);
    let serving = house.serve();
    terminal.until("serve does the work from now on");
    house.touch("gate");
    terminal.until("survived");
    waiting.end().was(0, "as well");
    terminal.line("and again");
    terminal.until("turn 2: and again");
    drop(serving);
    terminal.until("serve has ended");
    terminal.line("once more");
    terminal.until("turn 3: once more");
    let _serving = house.serve();
    let handed_over = || terminal.text().matches("serve does the work from now on").count();
    eventually("it hands it over once more", || handed_over() == 2);
    terminal.line("and then");
    terminal.until("turn 4: and then");
    assert_eq!(house.runs().len(), 5, "nothing was done twice");
}

#[test]
fn one_command_hands_its_work_over_as_well() {
    let house = House::new("");
    let gate = house.text("gate");
    let one = house.begin(&format!("/session --name docs script: wait {gate}; answer survived"));
    eventually("it runs", || house.runs().len() == 1);
    let _serving = house.serve();
    house.touch("gate");
    one.end().was(0, "survived");
}
