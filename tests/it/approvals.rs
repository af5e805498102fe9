//! Agents that ask for permission, and the people who answer.

use nix::sys::signal::Signal;

use signalbox_test_support::everyday::{House, Said, Talk, eventually};

/// Starts an agent that asks, and waits for its question; returns the request's id.
fn ask(house: &House, line: &str, nth: usize) -> (Talk, String) {
    let talk = house.begin(line);
    talk.until("asks for permission");
    (talk, open_request(house, nth))
}

/// Waits until an agent has said something.
fn heard(house: &House, words: &str) {
    let events = || std::fs::read_dir(house.state().join("runs")).expect("a directory").flatten();
    let told = || events().filter_map(|run| std::fs::read_to_string(run.path().join("events")).ok());
    eventually(words, || told().any(|events| events.contains(words)));
}

/// The id of the n-th request, which a person sees as the action of a button.
pub(crate) fn open_request(house: &House, nth: usize) -> String {
    let database = rusqlite::Connection::open(house.state().join("signalbox.db")).expect("the database opens");
    let sql = "SELECT id FROM approvals ORDER BY rowid LIMIT 1 OFFSET ?1";
    database.query_row(sql, [nth - 1], |row| row.get(0)).expect("a request")
}

#[test]
fn an_approved_action_is_done() {
    let house = House::new("");
    let _serving = house.serve();
    let (talk, id) = ask(&house, "/session --name docs script: ask Bash rm -r build; answer done", 1);
    let asked = talk.until("/allow ");
    assert!(asked.contains("[docs] asks for permission to use Bash") && asked.contains("rm -r build"), "{asked}");
    assert!(asked.contains("Denied if nobody answers within 10 min."), "{asked}");
    house.say(&format!("/approve {id}")).was(0, "[docs] Allowed once: Bash rm -r build");
    let said = talk.end().was(0, "done");
    assert!(!said.out.contains("denied"), "{said:#?}");
    house.say(&format!("/approve {id}")).refused("This question is no longer open: it was allowed.");
    house.say(&format!("/deny {id}")).refused("This question is no longer open: it was allowed.");
}

#[test]
fn the_only_open_request_needs_no_id_and_a_stop_is_called_so() {
    let house = House::new("");
    let _serving = house.serve();
    house.say("/approve").refused("Nothing asks for permission in this chat.");
    let (docs, _) = ask(&house, "/session --name docs script: ask Bash rm -r build; answer done", 1);
    house.say("/approve").was(0, "[docs] Allowed once: Bash rm -r build");
    docs.end().was(0, "done");
    let (docs, first) = ask(&house, "/session --name docs2 script: ask Bash rm -r build; answer done", 2);
    let (wiki, second) = ask(&house, "/session --name wiki script: ask Bash rm -r dist; answer done", 3);
    let said = house.say("/deny").refused(&format!("/deny {first} (docs2)"));
    assert!(format!("{}{}", said.out, said.err).contains(&format!("/deny {second} (wiki)")), "{said:#?}");
    house.say("/session cancel wiki").was(0, "Stopping wiki");
    wiki.end().was(130, "[wiki] Cancelled");
    house.say(&format!("/deny {second}")).refused("This question is no longer open: it was stopped.");
    // Which of the two was meant, nobody knows.
    house.say("/approve").refused(&format!("Say which one: /approve {first} (docs2)."));
    house.say("/deny").was(0, "[docs2] Denied");
    drop(docs.end());
}

#[test]
fn a_question_that_is_asked_where_nobody_sits_names_the_commands_that_answer_it() {
    let house = House::new("");
    let _serving = house.serve();
    let talk = house.begin("/session --name docs script: ask Bash rm -r build; answer done");
    let asked = talk.until("# Deny");
    let id = open_request(&house, 1);
    for (word, label) in [("approve", "Approve"), ("deny", "Deny")] {
        let command = format!("signalbox shell -c '/{word} {id}'   # {label}");
        assert!(asked.contains(&command), "{command} in {asked}");
    }
    house.say(&format!("/approve {id}")).was(0, "Allowed once");
    talk.end().was(0, "done");
    // An agent's own question, with what can be chosen.
    let input = serde_json::json!({"questions": [{"question": "Where to?", "header": "Env", "multiSelect": false,
        "options": [{"label": "staging", "description": "safe"}, {"label": "production", "description": "live"}]}]});
    let talk = house.begin(&format!("/session --name where script: put AskUserQuestion {input}; answer done"));
    let asked = talk.until("'your own words'");
    let id = open_request(&house, 2);
    let command = format!("/answer {id} 1.2");
    assert!(asked.contains(&format!("signalbox shell -c '{command}'   # production")), "{asked}");
    house.say(&command).was(0, "production");
    talk.end().was(0, "done");
}

#[test]
fn what_is_typed_while_a_permission_is_asked_for_is_told_how_to_answer_and_so_is_the_status() {
    let house = House::new("");
    let _serving = house.serve();
    let (talk, id) = ask(&house, "/session --name docs script: ask Bash rm -r build; answer done", 1);
    let told = "[docs] waits for your answer: may it use Bash?";
    let how = format!("send /approve {id} · /deny {id}");
    let said = house.say("/status").was(0, told);
    assert!(said.out.contains(&how), "{said:#?}");
    // What is a prompt waits, and says so.
    let more = house.begin("@docs and add a test");
    let said = more.until(&how);
    assert!(said.contains("[docs] Queued") && said.contains(told), "{said}");
    house.say(&format!("/approve {id}")).was(0, "Allowed once");
    talk.end().was(0, "done");
    more.end();
    assert!(!house.say("/status").out.contains("waits for your answer"));
}

#[test]
fn a_yes_alone_allows_nothing_and_is_told_how_and_a_no_is_one() {
    let house = House::new("");
    let _serving = house.serve();
    let (talk, id) = ask(&house, "/session --name docs script: ask Bash rm -r build; answer done", 1);
    for yes in ["yes", "Approve!", "@docs ok", "allow"] {
        let how = format!("send /approve {id}; to forbid it /deny {id}");
        house.say(yes).refused(&how);
        assert_eq!(house.count("approvals WHERE decision IS NOT NULL"), 0, "{yes}");
        assert_eq!(house.count("tasks"), 1, "{yes} is not queued");
    }
    house.say("no").was(0, "[docs] Denied: Bash rm -r build");
    talk.end().was(0, " · 1 action denied");
    // Where nothing is asked, it is a prompt like any other.
    house.say("@docs yes").was(0, "yes");
    // Of two, nobody knows which is meant.
    let (docs, first) = ask(&house, "/session --name one script: ask Bash rm -r build; answer done", 2);
    let (wiki, second) = ask(&house, "/session --name two script: ask Bash rm -r dist; answer done", 3);
    house.say("@one no").was(0, "[one] Denied");
    docs.end().was(0, "denied");
    house.say(&format!("/deny {first}")).refused("no longer open");
    house.say("@two yes").refused(&format!("/approve {second}"));
    house.say("@two deny").was(0, "[two] Denied");
    wiki.end().was(0, "denied");
}

#[test]
fn a_denied_action_is_not_done_and_the_headline_says_so() {
    let house = House::new("");
    let _serving = house.serve();
    let (talk, id) = ask(&house, "/session --name docs script: ask Bash rm -r build; answer I could not", 1);
    house.say(&format!("/deny {}", id.to_uppercase())).was(0, "[docs] Denied: Bash rm -r build");
    let said = talk.end().was(0, " · 1 action denied");
    assert!(said.out.contains("I could not") && said.out.contains("Not permitted:"), "{said:#?}");
    assert!(said.out.contains("Bash rm -r build"), "{said:#?}");
}

#[test]
fn a_question_that_nobody_answers_is_denied_in_time() {
    let house = House::new("timeouts.approval = \"1s\"");
    let said = house.say("/session --name docs script: ask Bash rm -r build; answer went on").was(0, "1 action denied");
    assert!(said.err.contains("Nobody answered in time, so this was denied: Bash"), "{said:#?}");
    let id = open_request(&house, 1);
    house.say(&format!("/approve {id}")).refused("nobody answered in time");
}

#[test]
fn what_is_allowed_for_the_session_is_what_was_said_until_it_is_taken_back() {
    let house = House::new("");
    let serving = house.serve();
    let (talk, id) = ask(&house, "/session --name docs script: ask Bash ls -la; ask Bash ls notes; answer one", 1);
    let told = "Bash for ls with anything behind it, inside its directory, not chained";
    talk.until(&format!("“Allow for this session”: {told}, whoever asks in it."));
    let said = house.say(&format!("/allow {id}")).was(0, &format!("[docs] Allowed for this session: {told}."));
    assert!(said.out.contains("/session revoke docs takes it back."), "{said:#?}");
    talk.end().was(0, "one");
    let (talk, id) = ask(&house, "@docs script: ask Bash ls /important; answer two", 2);
    house.say(&format!("/deny {id}")).was(0, "Denied");
    talk.end().was(0, "two");
    serving.signal(Signal::SIGTERM);
    serving.end();
    let _serving = house.serve();
    house.say("/session show docs").was(0, told);
    let said = house.say("@docs script: ask Bash ls; answer three").was(0, "three");
    assert!(!said.err.contains("asks for permission"), "{said:#?}");
    let (talk, id) = ask(&house, "@docs script: ask Bash ls | sh; answer four", 3);
    house.say(&format!("/deny {id}")).was(0, "Denied");
    talk.end().was(0, "four");
    let (talk, id) = ask(&house, "/session --name other script: ask Bash ls; answer five", 4);
    house.say(&format!("/approve {id}")).was(0, "[other] Allowed once");
    talk.end().was(0, "five");
    house.say("/session revoke docs").was(0, "Taken back. docs asks each time again.");
    house.say("/session revoke docs").was(0, "Nothing was allowed for docs.");
    let (talk, id) = ask(&house, "@docs script: ask Bash ls; answer six", 5);
    house.say(&format!("/deny {id}")).was(0, "Denied");
    talk.end().was(0, "six");
}

#[test]
fn what_is_taken_back_is_asked_for_again_in_the_run_that_goes_on() {
    let house = House::new("");
    let _serving = house.serve();
    let line = format!("/session --name docs script: ask Bash ls; wait {}; ask Bash ls; answer done", house.text("go"));
    let (talk, id) = ask(&house, &line, 1);
    house.say(&format!("/allow {id}")).was(0, "Allowed for this session");
    heard(&house, "allowed ls");
    house.say("/session revoke docs").was(0, "Taken back");
    // Its run is told a moment after the chat.
    let shown = house.say("/session show docs").was(0, "docs");
    assert!(!shown.out.contains("Allowed for this session"), "{shown:#?}");
    house.touch("go");
    eventually("it asks again", || house.count("approvals") == 2);
    house.say(&format!("/deny {}", open_request(&house, 2))).was(0, "Denied");
    talk.end().was(0, "1 action denied");
}

#[test]
fn an_approval_that_nobody_gave_is_an_alarm_once() {
    let house = House::new("");
    let serving = house.serve();
    let line = format!("/session --name docs script: ask {REMOVE}; wait {}; answer done", house.text("go"));
    let (talk, id) = ask(&house, &line, 1);
    house.say(&format!("/approve {id}")).was(0, "Allowed once");
    heard(&house, "allowed rm -rf /important");
    let stop = |process: Talk| {
        process.signal(Signal::SIGKILL);
        process.end();
    };
    stop(talk);
    stop(serving);
    // The agent has been allowed it, and now nobody here has said so: as if the answer had come on another way.
    let database = rusqlite::Connection::open(house.state().join("signalbox.db")).expect("the database opens");
    database.execute("UPDATE approvals SET decision = NULL, decided_by = NULL", []).expect("forgotten");
    drop(database);
    let serving = house.serve();
    eventually("the alarm", || house.count("outbox WHERE part LIKE '%Alarm: allowed by nobody here%'") == 1);
    serving.until("an agent was allowed what nobody allowed here");
    stop(serving);
    let _serving = house.serve();
    house.touch("go");
    eventually("the end", || house.count("tasks WHERE status = 'ok'") == 1);
    assert_eq!(house.count("outbox WHERE part LIKE '%Alarm: allowed by nobody here%'"), 1);
    assert_eq!(house.count("approvals WHERE decided_by = 'foreign'"), 1);
}

#[test]
fn an_agent_that_asks_and_takes_back_all_the_time_is_heard_no_longer() {
    let house = House::new("");
    house.say("/session --name docs script: nag 10000; answer done").was(0, "done");
    let asked = house.count("approvals");
    // Twenty in a minute, sixty-four in the run.
    assert!((1..=64).contains(&asked), "{asked}");
    assert_eq!(house.count("outbox WHERE about LIKE 'approval:%' AND state = 'pending'"), 0);
    assert_eq!(house.count("outbox WHERE part LIKE '%asks too much%'"), 1, "told once");
}

#[test]
fn a_person_is_asked_twenty_times_in_a_minute_and_is_told_once_of_the_rest() {
    let house = House::new("");
    let serving = house.serve();
    let asks: String = (0..25).map(|number| format!("request r{number} Bash rm -r build-{number}; ")).collect();
    let line = format!("/session --name docs script: {asks}wait {}; answer done", house.text("go"));
    let talk = house.begin(&line);
    talk.until("[docs] asks too much: what goes beyond 20 requests in a minute");
    assert_eq!(house.count("approvals"), 20);
    // The run is read again from its beginning.
    for process in [talk, serving] {
        process.signal(Signal::SIGKILL);
        process.end();
    }
    let _serving = house.serve();
    house.touch("go");
    eventually("the end", || house.count("tasks WHERE status = 'ok'") == 1);
    assert_eq!(house.count("outbox WHERE part LIKE '%asks too much%'"), 1, "told once");
    assert_eq!(house.count("approvals"), 20);
}

#[test]
fn a_command_that_is_allowed_for_the_session_is_not_asked_for_again_in_other_words() {
    let house = House::new("");
    let _serving = house.serve();
    let put = |more: &str| format!("put Bash {{\"command\": \"python3 x.py\"{more}}}");
    let line = format!(
        "/session --name docs script: {}; {}; {}; answer done",
        put(", \"description\": \"Run it\", \"timeout\": 5000"),
        put(", \"description\": \"Once more, and longer\", \"timeout\": 60000, \"run_in_background\": false"),
        put(", \"description\": \"Run it\", \"dangerouslyDisableSandbox\": true"),
    );
    let talk = house.begin(&line);
    talk.until("“Allow for this session”: exactly this command and nothing else, whoever asks in it.");
    house.say(&format!("/allow {}", open_request(&house, 1))).was(0, "Allowed for this session");
    talk.until("dangerouslyDisableSandbox: true");
    assert_eq!(house.count("approvals"), 2, "the second was not asked for");
    house.say(&format!("/deny {}", open_request(&house, 2))).was(0, "Denied");
    talk.end().was(0, "1 action denied");
}

#[test]
fn a_question_ends_with_its_run() {
    let house = House::new("");
    let _serving = house.serve();
    let (talk, id) = ask(&house, "/session --name docs script: ask Bash ls; answer one", 1);
    house.say("/session cancel docs").was(0, "Stopping docs");
    talk.end().was(130, "[docs] Cancelled");
    house.say(&format!("/approve {id}")).refused("no longer open");
}

#[test]
fn a_configured_permission_answers_by_itself() {
    let house = House::new("");
    let with = |permission: &str| {
        let config = std::fs::read_to_string(house.path("config.toml")).expect("readable");
        let lines = config.lines().filter(|line| !line.starts_with("permission"));
        let config: Vec<&str> = lines.collect();
        let config =
            config.join("\n").replace("[agents.claude]", &format!("[agents.claude]\npermission = \"{permission}\""));
        std::fs::write(house.path("config.toml"), config).expect("written");
    };
    with("all");
    let said = house.say("/session --name docs script: ask Bash rm -r build; answer one").was(0, "one");
    assert!(!said.out.contains("denied") && !said.err.contains("asks"), "{said:#?}");
    with("read");
    let said = house.say("@docs script: ask Bash rm -r build; answer two").was(0, "1 action denied");
    assert!(!said.err.contains("asks"), "{said:#?}");
}

const READ: &str = "Read README";
const REMOVE: &str = "Bash rm -rf /important";

#[test]
fn a_request_that_takes_the_id_of_an_approved_one_is_asked_anew() {
    let house = House::new("");
    let _serving = house.serve();
    let script = format!("script: ask-as 1 {READ}; ask-as 1 {REMOVE}; answer done");
    let (talk, read) = ask(&house, &format!("/session --name docs {script}"), 1);
    house.say(&format!("/approve {read}")).was(0, &format!("[docs] Allowed once: {READ}"));
    talk.until("rm -rf /important");
    let remove = open_request(&house, 2);
    house.say(&format!("/deny {remove}")).was(0, &format!("[docs] Denied: {REMOVE}"));
    let said = talk.end().was(0, "1 action denied");
    assert!(said.out.contains(REMOVE), "{said:#?}");
}

#[test]
fn the_buttons_of_a_question_decide_nothing_but_that_question() {
    let house = House::new("");
    let _serving = house.serve();
    let script = format!("script: request 1 {READ}; ask-as 1 {REMOVE}; answer done");
    let (talk, read) = ask(&house, &format!("/session --name docs {script}"), 1);
    talk.until("rm -rf /important");
    for word in ["approve", "allow"] {
        house.say(&format!("/{word} {read}")).refused("This question is no longer open");
    }
    assert_eq!(house.count("approvals WHERE decision IS NULL"), 1, "the newer one is still open");
    house.say(&format!("/deny {}", open_request(&house, 2))).was(0, &format!("[docs] Denied: {REMOVE}"));
    talk.end().was(0, "1 action denied");
}

#[test]
fn an_approval_is_not_used_in_the_second_turn_of_an_investigation() {
    let house = House::new("");
    let _serving = house.serve();
    // The agent numbers its requests in each process anew: the second turn's first has the id of the first turn's.
    let script = format!("script: ask {READ}; next script: ask {REMOVE}; answer It is the disk.");
    let (talk, read) = ask(&house, &format!("/investigate {script}"), 1);
    house
        .say(&format!("/allow {read}"))
        .was(0, "Allowed for this session: Read for exactly this and nothing else: README");
    talk.until("to use Bash");
    assert_eq!(house.runs().len(), 2);
    house.say(&format!("/deny {}", open_request(&house, 2))).was(0, &format!("Denied: {REMOVE}"));
    talk.end().was(0, "It is the disk.");
}

#[test]
fn an_approval_is_not_used_for_another_request_after_a_restart() {
    let house = House::new("");
    let serving = house.serve();
    let (first, second) = (house.text("first"), house.text("second"));
    let script = format!("script: ask-as 1 {READ}; wait {first}; ask-as 1 {REMOVE}; wait {second}; answer done");
    let (talk, read) = ask(&house, &format!("/session --name docs {script}"), 1);
    house.say(&format!("/approve {read}")).was(0, "Allowed once");
    serving.signal(Signal::SIGKILL);
    serving.end();
    house.touch("first");
    talk.until("rm -rf /important");
    // Once more, with both in the run's past; the first one's answer is still for the first alone.
    talk.signal(Signal::SIGKILL);
    talk.end();
    let _serving = house.serve();
    house.say(&format!("/deny {}", open_request(&house, 2))).was(0, &format!("[docs] Denied: {REMOVE}"));
    house.touch("second");
    eventually("it was not done", || house.count("tasks WHERE denials LIKE '%/important%'") == 1);
}

/// Lets an agent ask with a tool and an input that is too long for a command line.
fn ask_at_length<T>(house: &House, tool: &str, input: &serde_json::Value, then: impl FnOnce(String) -> T) -> (Said, T) {
    let nth = usize::try_from(house.count("approvals")).expect("few") + 1;
    let line = format!("/session script: put {tool} {input}; answer done\n");
    std::thread::scope(|scope| {
        let asking = scope.spawn(|| house.pipe(&["shell"], line.as_bytes()));
        eventually("it is asked for", || usize::try_from(house.count("approvals")).expect("few") == nth);
        eventually("it is shown", || house.count("outbox WHERE purpose = 1 AND state <> 'delivered'") == 0);
        let told = then(open_request(house, nth));
        (asking.join().expect("it ended"), told)
    })
}

#[test]
fn what_is_long_is_asked_for_all_the_same_and_can_be_approved() {
    let house = House::new("");
    let _serving = house.serve();
    for (tool, lines) in [("Bash", 700), ("Write", 3000)] {
        let long: String = (0..lines).map(|n| format!("echo line {n} of a harmless report\n")).collect();
        let input = match tool {
            "Bash" => serde_json::json!({"command": format!("{long}rm -rf ~/work")}),
            _ => serde_json::json!({"file_path": "notes", "content": format!("{long}rm -rf ~/work")}),
        };
        let (said, ()) = ask_at_length(&house, tool, &input, |id| {
            house.say(&format!("/approve {id}")).was(0, "Allowed once");
        });
        let said = said.was(0, "done");
        assert!((0..lines).all(|n| said.err.contains(&format!("line {n} of"))), "{tool}: all of it was shown");
        assert!(said.err.contains("rm -rf ~/work") && said.err.contains("# Approve"), "{tool}");
    }
}

#[test]
fn what_cannot_be_shown_whole_cannot_be_approved() {
    let house = House::new("");
    let _serving = house.serve();
    let long = "echo line of a harmless report\n".repeat(9_000);
    for (tool, input) in [
        ("Bash", serde_json::json!({"command": format!("{long}rm -rf ~/work")})),
        ("Write", serde_json::json!({"file_path": "notes", "content": long})),
    ] {
        let (said, ()) = ask_at_length(&house, tool, &input, |id| {
            for word in ["approve", "allow"] {
                house.say(&format!("/{word} {id}")).refused("so it cannot be approved; it can be denied");
            }
            house.say(&format!("/deny {id}")).was(0, "");
        });
        let asked = said.was(0, "done").err;
        assert!(asked.contains("It is too long to be shown whole"), "{tool}: {asked}");
        assert!(!asked.contains("# Approve"), "{tool} has no such button");
    }
}
