//! Agents that ask for permission, and the people who answer.

use signalbox_test_support::everyday::{House, Talk};

/// Starts an agent that asks, and waits for its question; returns the request's id.
fn ask(house: &House, line: &str, nth: usize) -> (Talk, String) {
    let talk = house.begin(line);
    talk.until("asks for permission");
    (talk, open_request(house, nth))
}

/// The id of the n-th request, which a person sees as the action of a button.
fn open_request(house: &House, nth: usize) -> String {
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
    house.say(&format!("/approve {id}")).refused("it was denied");
}

#[test]
fn what_is_allowed_for_the_session_is_not_asked_again() {
    let house = House::new("");
    let _serving = house.serve();
    let (talk, id) = ask(&house, "/session --name docs script: ask Bash ls; ask Bash pwd; answer one", 1);
    house.say(&format!("/allow {id}")).was(0, "[docs] Allowed for this session: Bash ls");
    talk.end().was(0, "one");
    let said = house.say("@docs script: ask Bash date; answer two").was(0, "two");
    assert!(!said.err.contains("asks for permission"), "{said:#?}");
    let (talk, id) = ask(&house, "@docs script: ask Write notes.md; answer three", 2);
    house.say(&format!("/deny {id}")).was(0, "Denied");
    talk.end().was(0, "three");
    let (talk, id) = ask(&house, "/session --name other script: ask Bash ls; answer four", 3);
    house.say(&format!("/approve {id}")).was(0, "[other] Allowed once");
    talk.end().was(0, "four");
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
