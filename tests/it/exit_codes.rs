//! What a script sees of a command: exit code, standard output, standard error.

use std::process::Stdio;

use signalbox_test_support::everyday::{House, eventually};

const SHOUT: &str = "[agents.shout]\nkind = \"command\"\ncommand = [\"tr\", \"a-z\", \"A-Z\"]\n";

#[test]
fn only_the_result_is_on_standard_output() {
    let house = House::new(SHOUT);
    let said = house.say("/session --name docs @shout hello").was(0, "HELLO");
    assert!(said.out.starts_with("[docs] Complete · ") && said.out.ends_with(" · shout\n\nHELLO\n"), "{said:#?}");
    // A run that is over at once needs no line that it has started.
    assert!(said.err.is_empty() || said.err.starts_with("[docs] Started · shout\n"), "{said:#?}");
}

#[test]
fn an_agents_failure_is_1_with_its_own_words() {
    let house = House::new(
        "[agents.broken]\nkind = \"command\"\ncommand = [\"sh\", \"-c\", \"echo no such branch >&2; exit 3\"]",
    );
    house.say("/session script: fail 401 invalid key").was(1, "Failed · error:cli").was(1, "401 invalid key");
    house.say("/session script: say half; crash 3").was(1, "ended without a final answer");
    house.say("/session @broken x").was(1, "exit code 3.\n    no such branch");
}

#[test]
fn a_missing_agent_is_1_and_tells_how_to_install_it() {
    let house = House::bare();
    house.configure("agents.default = \"claude\"\n[agents.other]\nkind = \"command\"\ncommand = [\"no-such-program\"]");
    let said = house.say("/session hello").was(1, "Failed · error:cli_not_found");
    assert!(said.out.contains("claude is not installed: install it with"), "{said:#?}");
    house.say("@other hello").was(1, "no-such-program was not found on PATH").was(1, "[agents.other] command");
    assert_eq!(house.count("sessions WHERE status = 'ended' AND archived"), 2, "the sessions are not stuck");
}

#[test]
fn an_agent_that_is_not_there_is_not_replaced_by_another() {
    let house = House::new(SHOUT);
    for (text, why) in [
        ("/session @host/opus why is it slow?", "`host` has no model `opus`"),
        ("/session @shout/opus hello", "`shout` has no model `opus`, nor any other"),
    ] {
        house.say(text).refused(&why.replace('`', ""));
    }
    assert_eq!(house.count("sessions"), 0);
    for (text, name) in
        [("/session @codex fix it", "codex"), ("@gemini/pro fix it", "gemini"), ("@opensre fix it", "opensre")]
    {
        let said = house.say(text).was(1, "Failed · error:cli_not_found");
        assert!(said.out.contains(&format!("{name} is not installed: install it with")), "{said:#?}");
    }
    house.say("/session @kim, hello").was(0, "turn 1: @kim, hello");
}

#[test]
fn a_slip_is_answered_with_how_it_is_written_and_starts_nothing() {
    let house = House::new("");
    house.say("/session --name docs script: answer one").was(0, "one");
    for text in ["/session use", "/session end docs now", "/session rename docs", "/session show @docs please"] {
        house.say(text).refused("sends it as a prompt");
    }
    house.say("/investigate high-cup").refused("Did you mean /investigate high-cpu?");
    assert_eq!(house.count("tasks"), 1);
    house.say("/session use @docs").was(0, "now follows up docs");
    house.say("/session -- end docs now").was(0, "end docs now");
    house.say("/start AB12cd34").refused("this terminal may do everything already");
}

#[test]
fn a_run_out_of_time_is_124() {
    let mut house = House::new("timeouts.background = \"1s\"");
    let said = house.say("/session --name docs script: hang").was(124, "[docs] Failed · error:timeout");
    assert!(said.out.contains("no answer within 1.0 s (timeouts.background)"), "{said:#?}");
    eventually("nothing of it is left", || house.agents().is_empty());
    // A busy machine may take longer than that to start an agent.
    house.set("SIGNALBOX__TIMEOUTS__BACKGROUND", "1min");
    house.say("@docs again").was(0, "turn 2: again");
}

#[test]
fn a_cancelled_run_is_130() {
    let house = House::new("");
    let talk = house.begin("/session --name docs script: hang");
    talk.until("[docs] Started");
    house.say("/stop").was(0, "Stopping docs.");
    let said = talk.end().was(130, "[docs] Cancelled");
    assert!(!said.out.contains("Failed"), "{said:#?}");
    house.say("/stop").was(0, "Nothing is running here.");
    house.say("/stop all").was(0, "Nothing is running or queued in this chat.");
}

#[test]
fn what_is_not_understood_or_refused_is_2() {
    let house = House::new("");
    house.say("/nonsense").refused("There is no command");
    house.say("@claud x").refused("Did you mean");
    for arguments in [&["shell", "--nonsense"][..], &["nonsense"], &["session", "show"], &["shell", "-c"]] {
        let said = house.run(arguments);
        assert!(said.code == 2 && said.out.is_empty() && said.err.contains("--help"), "{said:#?}");
    }
    let said = house.say(" \n ");
    assert!(said.code == 2 && said.err.contains("nothing to say"), "{said:#?}");
}

#[test]
fn of_several_piped_commands_the_highest_code_counts() {
    let house = House::new(SHOUT);
    let said = house.pipe(&["shell"], b"/session one\n/session script: fail x\n\n/session two\n").was(1, "turn 1: two");
    assert!(said.out.find("turn 1: one") < said.out.find("error:cli"), "one after the other: {said:#?}");
    assert!(said.out.find("error:cli") < said.out.find("turn 1: two"), "one after the other: {said:#?}");
    house.pipe(&["shell"], b"/session script: fail x\n/nonsense\n/session @shout last").was(2, "LAST");
    // A document is one message, over however many lines it goes.
    let before = house.count("tasks");
    let alert = b"{\n  \"title\": \"Disk full\",\n  \"labels\": {\n    \"host\": \"db-1\"\n  }\n}\n";
    house.pipe(&["shell"], alert).was(0, "");
    assert_eq!(house.count("tasks"), before + 1);
    house.pipe(&["shell"], b"/session @shout one\n/quit\n/nonsense\n").was(0, "ONE");
    house.pipe(&["shell"], b"#7\n").was(2, "");
    house.pipe(&["shell"], b"").was(0, "");
}

#[test]
fn standard_input_is_appended_to_the_prompt_after_a_blank_line() {
    let house = House::new("[agents.echo]\nkind = \"command\"\ncommand = [\"od\", \"-c\"]");
    house.pipe(&["shell", "-c", "/session explain"], b"error: x\n  at line 1\n\n").was(0, "turn 1: explain");
    assert_eq!(house.runs()[0].2, "explain\n\nerror: x\n  at line 1");
    house.pipe(&["shell", "-c", "/session explain"], b" \n").was(0, "turn 1: explain");
    assert_eq!(house.runs()[1].2, "explain");
    house.pipe(&["shell", "-c", "/status"], b"x").refused("");
}

#[test]
fn a_reader_that_goes_away_ends_the_command_and_what_was_left_is_kept() {
    let house = House::new("");
    for both in [false, true] {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        let mut command = house.command(&["shell", "-c", "/session hello"]);
        command.stdout(writer.try_clone().expect("a second end"));
        command.stderr(if both { Stdio::from(writer) } else { Stdio::null() });
        let status = command.status().expect("it runs");
        assert_eq!(status.code(), Some(1), "no signal, no panic, no waiting");
    }
    // Whoever comes next finds the run that went on.
    eventually("both are answered", || {
        house.say("/status").was(0, "");
        house.count("tasks WHERE status = 'ok'") == 2
    });
    assert_eq!(house.count("outbox WHERE state IN ('pending', 'unknown') AND purpose = 0"), 2, "for the next shell");
}

#[test]
fn stopping_is_answered_long_before_a_stubborn_agent_is_gone_and_nothing_of_it_is_left() {
    let house = House::new("timeouts.kill_grace = \"8s\"");
    let _serving = house.serve();
    let talk = house.begin("/session --name docs script: ignore-term; leave; say ready; hang");
    eventually("the agent has left a process behind", || house.agents().len() >= 2);
    house.say("/stop").was(0, "Stopping docs");
    assert!(!house.agents().is_empty(), "the answer did not wait for the agent");
    talk.end().was(130, "[docs] Cancelled");
    assert_eq!(house.agents(), [0; 0], "no descendant survives");
}

#[test]
fn a_run_out_of_time_leaves_no_descendant_either() {
    let house = House::new("timeouts.background = \"1s\"\ntimeouts.kill_grace = \"1s\"");
    house.say("/session script: ignore-term; leave; hang").was(124, "error:timeout");
    assert_eq!(house.agents(), [0; 0], "no descendant survives");
}

#[test]
fn what_an_agent_leaves_behind_ends_with_its_answer() {
    let house = House::new("timeouts.settle = \"1s\"\ntimeouts.kill_grace = \"1s\"");
    house.say("/session script: leave; answer done").was(0, "done");
    assert_eq!(house.agents(), [0; 0], "no descendant survives");
}
