//! The program is stopped, killed or replaced while agents run, and goes on as if it had been there all the time.

use std::fs;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

use signalbox_test_support::everyday::{House, Said, Talk, eventually};
use signalbox_test_support::terminal::Terminal;

/// Starts a prompt in a terminal that is killed once the agent runs; its result waits for the next interactive shell.
fn leave_running(house: &House, name: &str, script: &str) {
    let runs = house.runs().len();
    let terminal = house.begin(&format!("/session --name {name} script: {script}"));
    eventually("the agent runs", || house.runs().len() > runs);
    terminal.signal(Signal::SIGKILL);
}

/// Process ids that the runs' supervisors (`supervisor.json`) or agents (`agent.json`) have noted, sorted.
fn pids(house: &House, file: &str) -> Vec<i32> {
    let runs = fs::read_dir(house.state().join("runs")).expect("runs").flatten();
    let read = |run: fs::DirEntry| -> Option<i32> {
        let record: Value = serde_json::from_slice(&fs::read(run.path().join(file)).ok()?).ok()?;
        i32::try_from(record["pid"].as_i64()?).ok()
    };
    let mut pids: Vec<i32> = runs.filter_map(read).collect();
    pids.sort_unstable();
    pids
}

fn statuses(house: &House, status: &str) -> i64 {
    house.count(&format!("tasks WHERE status = '{status}'"))
}

/// Returns the id of the newest task.
fn newest_task(house: &House) -> String {
    let database = rusqlite::Connection::open(house.state().join("signalbox.db")).expect("a database");
    database.query_row("SELECT id FROM tasks ORDER BY seq DESC LIMIT 1", [], |row| row.get(0)).expect("a task")
}

#[test]
fn five_agents_outlive_the_bot_and_report_to_the_next_one() {
    let house = House::new("");
    let gate = house.text("gate");
    let serving = house.serve();
    let names = ["ada", "ben", "cleo", "dan", "eve"];
    for name in names {
        leave_running(&house, name, &format!("tool Bash make; wait {gate}; answer from {name}!"));
    }
    eventually("five agents run", || pids(&house, "agent.json").len() == 5);
    let before = (pids(&house, "agent.json"), pids(&house, "supervisor.json"));
    serving.signal(Signal::SIGKILL);
    serving.end();
    let serving = house.serve();
    eventually("they are found again", || serving.err().matches("found a run again").count() == 5);
    assert_eq!((pids(&house, "agent.json"), pids(&house, "supervisor.json")), before, "the same processes");
    house.touch("gate");
    let shell = Terminal::open(&house);
    for name in names {
        shell.until(&format!("from {name}!"));
    }
    eventually("all are done", || statuses(&house, "ok") == 5);
    assert_eq!(house.runs().len(), 5, "none ran twice");
    for name in names {
        assert_eq!(shell.text().matches(&format!("from {name}!")).count(), 1, "{}", shell.text());
    }
    assert!(shell.text().contains("1 tool"), "what was seen before the restart counts: {}", shell.text());
}

#[test]
fn told_to_stop_it_exits_in_time_and_leaves_the_agents_running() {
    let house = House::new("");
    let gate = house.text("gate");
    let serving = house.serve();
    leave_running(&house, "ada", &format!("wait {gate}; answer at last!"));
    serving.signal(Signal::SIGTERM);
    let Said { code, .. } = serving.end();
    assert_eq!(code, 0);
    assert!(!house.agents().is_empty(), "the agent goes on");
    house.touch("gate");
    eventually("the agent ends by itself", || house.agents().is_empty());
    Terminal::open(&house).until("at last!");
    assert_eq!(statuses(&house, "ok"), 1);
}

/// Kills the supervisor of the only run.
fn kill_the_supervisor(house: &House) {
    eventually("it is supervised", || pids(house, "supervisor.json").len() == 1);
    kill(Pid::from_raw(pids(house, "supervisor.json")[0]), Signal::SIGKILL).expect("it is there");
}

#[test]
fn a_run_whose_supervisor_is_killed_is_interrupted_and_asked_about_once() {
    let house = House::new("");
    let _serving = house.serve();
    leave_running(&house, "ada", "leave; hang");
    kill_the_supervisor(&house);
    eventually("it is told", || statuses(&house, "interrupted") == 1);
    assert!(house.agents().is_empty(), "nothing of it is left");
    let mut shell = Terminal::open(&house);
    shell.until("[ada] Interrupted");
    let told = shell.until("Discard");
    assert!(told.contains("Retry"), "{told}");
    let task = newest_task(&house);
    shell.line(&format!("/retry {task}"));
    eventually("it runs again", || house.runs().len() == 2);
    house.say(&format!("/retry {task}")).refused("retried or discarded before");
    house.say("/stop all").was(0, "Stopping ada");
    shell.until("[ada] Cancelled");
    assert_eq!(house.runs().len(), 2, "pressed twice, it ran once more");
}

#[test]
fn a_run_of_another_boot_is_interrupted_and_not_run_again() {
    let house = House::new("");
    let serving = house.serve();
    leave_running(&house, "ada", "hang");
    serving.signal(Signal::SIGKILL);
    serving.end();
    kill_the_supervisor(&house);
    let database = rusqlite::Connection::open(house.state().join("signalbox.db")).expect("a database");
    database.execute("UPDATE tasks SET boot = 'another'", []).expect("written");
    let _serving = house.serve();
    eventually("it is told", || statuses(&house, "interrupted") == 1);
    assert!(house.agents().is_empty(), "nothing of it is left");
    Terminal::open(&house).until("[ada] Interrupted");
    assert_eq!(house.runs().len(), 1);
}

#[test]
fn with_recovery_by_retry_an_interrupted_run_goes_on_by_itself_once() {
    let house = House::new("observer.recovery = \"retry\"");
    let _serving = house.serve();
    leave_running(&house, "ada", "hang");
    eventually("its conversation is known", || house.count("sessions WHERE agent_session IS NOT NULL") == 1);
    kill_the_supervisor(&house);
    eventually("it runs again", || house.runs().len() == 2);
    let (first, second) = (house.runs()[0].clone(), house.runs()[1].clone());
    assert_eq!((&second.0, second.1), (&first.0, true), "in the same conversation");
    eventually("the first run's files are gone or ended", || pids(&house, "supervisor.json").len() <= 2);
    for pid in pids(&house, "supervisor.json") {
        kill(Pid::from_raw(pid), Signal::SIGKILL).ok();
    }
    eventually("the second time it asks", || statuses(&house, "interrupted") == 2);
    Terminal::open(&house).until("[ada] Interrupted");
    assert_eq!(house.runs().len(), 2);
}

#[test]
fn a_question_outlives_the_bot_and_is_asked_once() {
    let house = House::new("");
    let serving = house.serve();
    let shell = Terminal::open(&house);
    let asking = house.begin("/session --name ada script: ask Bash rm -r build; answer done!");
    let asked = asking.until("/approve ");
    let id: String =
        asked.split("/approve ").nth(1).expect("an id").chars().take_while(char::is_ascii_alphanumeric).collect();
    serving.signal(Signal::SIGKILL);
    serving.end();
    let _serving: Option<Talk> = None;
    // Whichever terminal is quicker has taken over; the answer reaches the agent all the same.
    house.say(&format!("/approve {id}")).was(0, "Allowed once: Bash rm -r build");
    let said = asking.end().was(0, "done!");
    assert!(!said.out.contains("denied"), "{said:#?}");
    assert_eq!(said.err.matches("asks for permission").count(), 1, "{said:#?}");
    assert_eq!(house.count("approvals"), 1);
    drop(shell);
}

#[test]
fn a_second_server_is_turned_away_or_stands_by() {
    let house = House::new("");
    let serving = house.serve();
    let holder = serving.id().to_string();
    let second = house.run(&["serve"]);
    assert_eq!(second.code, 1);
    assert!(second.err.contains(&holder) && second.err.contains("--standby"), "{second:#?}");
    let standby = house.start(house.command(&["serve", "--standby"]));
    standby.until("waiting for the process that serves");
    serving.signal(Signal::SIGKILL);
    serving.end();
    standby.until("serving");
    house.say("/session script: answer by the stand-by!").was(0, "by the stand-by!");
    standby.signal(Signal::SIGTERM);
    assert_eq!(standby.end().code, 0);
}

#[test]
fn a_waiting_terminal_takes_over_from_a_server_that_is_killed() {
    let house = House::new("");
    let gate = house.text("gate");
    let serving = house.serve();
    let terminal = house.begin(&format!("/session script: wait {gate}; answer after all!"));
    eventually("the agent runs", || house.runs().len() == 1);
    serving.signal(Signal::SIGKILL);
    serving.end();
    house.touch("gate");
    terminal.end().was(0, "after all!");
    assert_eq!(house.runs().len(), 1);
}

#[test]
fn the_directory_of_a_run_outlives_it_so_that_a_late_supervisor_finds_it_has_been() {
    let house = House::new("");
    house.say("/session script: answer done!").was(0, "done!");
    let run = house.state().join("runs").join(format!("{}-1", newest_task(&house)));
    eventually("its files are gone", || fs::read_dir(&run).is_ok_and(|mut files| files.next().is_none()));
}

#[test]
fn stop_agents_is_a_real_end_whether_the_bot_runs_or_not() {
    let house = House::new("");
    house.run(&["stop-agents"]).was(0, "0 ended.");
    let serving = house.serve();
    let first = house.begin("/session --name one script: leave; hang");
    first.until("Started");
    eventually("it runs", || house.runs().len() == 1);
    house.run(&["stop-agents"]).was(0, "1 ended.");
    first.end().was(130, "[one] Cancelled");
    let second = house.begin("/session --name two script: leave; hang");
    second.until("Started");
    eventually("it runs too", || house.runs().len() == 2);
    serving.signal(Signal::SIGKILL);
    serving.end();
    drop(second);
    house.run(&["stop-agents"]).was(0, "1 ended.");
    eventually("nothing is left of it", || house.agents().is_empty());
    let _serving = house.serve();
    eventually("the next bot says so", || house.count("tasks WHERE status = 'aborted'") == 2);
}
