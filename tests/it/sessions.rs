//! Named sessions: starting, following up, choosing agent, model, name and directory.

use signalbox_test_support::everyday::House;

#[test]
fn a_prompt_is_answered_at_once_with_a_name_and_later_with_the_result() {
    let house = House::new("");
    let _serving = house.serve();
    let gate = house.text("gate");
    let talk = house.begin(&format!("/session script: wait {gate}; answer forty-two"));
    talk.until("] Started · claude");
    assert_eq!(talk.out(), "", "only the result goes to standard output");
    house.touch("gate");
    let said = talk.end();
    let name = said.session();
    let said = said.was(0, &format!("[{name}] Complete · "));
    assert!(said.out.contains("\nforty-two\n") && !said.out.contains("Started"), "{said:#?}");
}

#[test]
fn a_follow_up_resumes_the_agents_own_conversation() {
    let house = House::new("");
    let name = house.say("/session first").was(0, "turn 1: first").session();
    house.say(&format!("@{name} second")).was(0, "turn 2: second");
    house.say(&format!("/session @{} third", name.to_uppercase())).was(0, "turn 3: third");
    house.say("/session other").was(0, "turn 1: other");
    let runs = house.runs();
    assert_eq!(runs.iter().map(|(_, resumed, _)| *resumed).collect::<Vec<_>>(), [false, true, true, false]);
    assert!(runs[..3].iter().all(|(session, _, _)| *session == runs[0].0), "{runs:?}");
    assert_ne!(runs[3].0, runs[0].0);
    let session = house.session(&name);
    assert_eq!((session["prompts"].as_u64(), session["last_prompt"].as_str()), (Some(3), Some("third")));
    assert_eq!(session["agent_session"], runs[0].0.as_str());
    // The agent reports a running total of 1, 2 and 3 cents.
    assert!((session["cost_usd"].as_f64().expect("a cost") - 0.03).abs() < 1e-9, "{session}");
}

#[test]
fn plain_text_follows_the_active_session() {
    let house = House::new("");
    house.say("/session --name docs one").was(0, "turn 1: one");
    house.say("two").was(0, "turn 2: two");
    house.say("/session --name web three").was(0, "turn 1: three");
    house.say("four").was(0, "turn 2: four");
    house.say("/session use docs").was(0, "docs");
    house.say("five").was(0, "turn 3: five");
    house.say("/session end docs").was(0, "Closed docs");
    let said = house.say("six").was(0, "turn 1: six");
    assert!(!["docs", "web"].contains(&said.session().as_str()), "a fresh one");
}

#[test]
fn a_name_is_free_again_after_the_end() {
    let house = House::new("");
    house.say("/session --name docs one").was(0, "[docs] Complete");
    house.say("/session --name Docs two").refused("taken");
    house.say("/session end docs").was(0, "free again");
    house.say("@docs two").was(0, "turn 1: @docs two");
    house.say("/session --name docs three").was(0, "turn 1: three");
    let runs = house.runs();
    assert_ne!(runs[0].0, runs[2].0, "another conversation");
}

#[test]
fn the_session_idle_for_longest_makes_room_and_opens_again_with_its_context() {
    let house = House::new("limits.max_sessions_per_chat = 2");
    house.say("/session --name one a").was(0, "turn 1");
    house.say("/session --name two b").was(0, "turn 1");
    house.say("@one c").was(0, "turn 2");
    let said = house.say("/session --name three d").was(0, "turn 1");
    assert!(said.out.contains("two was archived to make room"), "{said:#?}");
    house.say("/session list").was(0, "archived");
    let said = house.say("@two e").was(0, "turn 2: e");
    assert!(said.out.contains("is open again, with its context") && said.out.contains("one was archived"), "{said:#?}");
    assert_eq!(house.count("sessions WHERE status <> 'ended'"), 2);
}

#[test]
fn what_never_ran_takes_over_no_chat_and_can_be_tried_again() {
    let house = House::new("");
    house.say("/session --name one a").was(0, "turn 1: a");
    house.say("/session --name lost @codex b").was(1, "codex is not installed");
    house.say("/session --name gone @codex c").was(1, "codex is not installed");
    house.say("d").was(0, "turn 2: d");
    let list = house.say("/session list").was(0, "one");
    assert!(!list.out.contains("lost") && !list.out.contains("gone"), "{list:#?}");
    let again = house.say("/session retry lost").was(1, "codex is not installed");
    assert!(!again.out.contains("with its context"), "{again:#?}");
    house.say("e").was(0, "turn 3: e");
    house.say("/session end").was(0, "Closed one");
    house.say("/session --name lone @codex b").was(1, "codex is not installed");
    house.say("f").was(0, "turn 1: f");
}

#[test]
fn what_has_no_answer_makes_room_first_and_silently() {
    let house = House::new("limits.max_sessions_per_chat = 2");
    house.say("/session --name one a").was(0, "turn 1: a");
    house.say("/session --name two script: fail 401").was(1, "[two] Failed");
    let said = house.say("/session --name three c").was(0, "turn 1: c");
    assert!(!said.out.contains("archived"), "{said:#?}");
    house.say("@one d").was(0, "turn 2: d");
}

#[test]
fn the_active_session_is_shown_and_ended_without_its_name_and_shown_when_it_is_closed() {
    let house = House::new("");
    house.say("/session show").refused("No session is active here");
    house.say("/session --name docs a").was(0, "turn 1: a");
    house.say("/session show").was(0, "Session: docs");
    house.say("/session end").was(0, "Closed docs");
    house.say("/session end").refused("No session is active here");
    house.say("/session show docs").was(0, "Status: ended");
    house.say("/session end docs").refused("The session docs is closed");
}

#[test]
fn a_retry_opens_a_put_away_session_as_a_follow_up_does() {
    let house = House::new("limits.max_sessions_per_chat = 2");
    house.say("/session --name one a").was(0, "turn 1");
    house.say("/session --name two b").was(0, "turn 1");
    house.say("/session --name three c").was(0, "turn 1");
    house.say("/session retry one").was(0, "turn 2: a");
    assert_eq!(house.count("sessions WHERE status <> 'ended'"), 2, "the limit holds");
    // `two` is archived by now; somebody else takes its name.
    let old = house.session("two")["tasks"][0]["id"].as_str().expect("an id").to_owned();
    house.say("/session --name two d").was(0, "turn 1: d");
    house.say(&format!("/retry {old}")).refused("two");
    house.say("/status").was(0, "Nothing is running");
}

#[test]
fn sessions_are_listed_shown_renamed_and_retried() {
    let mut house = House::new("");
    house.set("SIGNALBOX__AGENTS__CLAUDE__ENV__CLAUDE_CONFIG_DIR", "/srv/kim's claude");
    house.set("SIGNALBOX__AGENTS__CLAUDE__ENV__ANTHROPIC_API_KEY", "sk-ant-not-for-eyes");
    house.say("/session --name docs fix it").was(0, "turn 1");
    let list = house.say("/session list").was(0, "docs");
    assert!(list.out.contains("idle (active)") && list.out.contains("fix it"), "{list:#?}");
    let id = house.runs()[0].0.clone();
    let shown = house.say("/session show docs").was(0, "Last prompt: fix it");
    let agent = house.session("docs")["resume"].as_str().expect("a command").to_owned();
    assert!(agent.starts_with("cd ") && agent.ends_with(&format!(" --resume={id}")), "{agent}");
    assert!(agent.contains(r"&& CLAUDE_CONFIG_DIR='/srv/kim'\''s claude' sh -c "), "{agent}");
    assert!(!agent.contains("not-for-eyes") && !agent.contains("SCRIPTED_AGENT"), "{agent}");
    assert!(shown.out.contains(&agent), "{shown:#?}");
    house.say("/session rename docs Papers").was(0, "docs is now called Papers");
    house.say("@docs x").was(0, "[Papers] Complete");
    house.say("/session retry papers").was(0, "turn 3: @docs x");
    assert_eq!(house.count("tasks WHERE retry_of IS NOT NULL"), 1);
    house.say("/session show paper").refused("Did you mean Papers?");
}

#[test]
fn a_session_at_work_is_cancelled_before_it_is_closed() {
    let house = House::new("");
    let _serving = house.serve();
    let talk = house.begin("/session --name docs script: hang");
    talk.until("[docs] Started");
    house.say("/session end docs").refused("docs is busy. Stop it first with /session cancel docs");
    house.say("/session cancel docs").was(0, "Stopping docs");
    talk.end().was(130, "[docs] Cancelled");
    house.say("/session cancel docs").refused("Nothing is running or queued in docs");
    house.say("@docs go on").was(0, ": go on");
    house.say("/session end docs").was(0, "Closed docs");
}

#[test]
fn agent_and_model_are_chosen_by_a_mention() {
    let house = House::new("[agents.shout]\nkind = \"command\"\ncommand = [\"tr\", \"a-z\", \"A-Z\"]");
    house.say("/session @claude/opus one").was(0, "claude/opus");
    house.say("/session @sonnet two").was(0, "claude/sonnet");
    house.say("/session @claude three").was(0, "turn 1: three");
    house.say("@shout hello").was(0, "HELLO");
    house.say("/session @command:shout hi").was(0, "HI");
    let argv = std::fs::read_to_string(house.path("argv")).expect("the arguments");
    let argv: Vec<&str> = argv.lines().collect();
    assert!(argv[0].contains("--model=opus ") && argv[1].contains("--model=sonnet "), "{argv:?}");
    assert!(!argv[2].contains("--model"), "{argv:?}");
}

#[test]
fn what_only_looks_like_a_mention_or_an_option_is_text() {
    let house = House::new("");
    house.say("/session --name docs x").was(0, "turn 1");
    for (line, prompt) in [
        ("/session -- @docs is a word", "@docs is a word"),
        ("/session -- list", "list"),
        ("/session list of things", "list of things"),
        ("/session -v means verbose", "-v means verbose"),
        ("/session @everyone look", "@everyone look"),
        ("/session --verbose is an option", "--verbose is an option"),
        ("/session /etc/hosts is a file", "/etc/hosts is a file"),
    ] {
        house.say(line).was(0, &format!("turn 1: {prompt}"));
    }
    house.say("- a list\n- of things").was(0, "- a list");
    assert_eq!(house.runs().last().expect("a run").2, "- a list\n- of things");
}

#[test]
fn a_session_works_where_it_was_started() {
    let house = House::new("");
    for folder in ["web", "here", "there"] {
        std::fs::create_dir(house.path(folder)).expect("a directory");
    }
    let projects =
        format!("projects.web = {:?}\nagents.pwd = {{ kind = \"command\", command = [\"pwd\"] }}", house.path("web"));
    house.configure(&projects);
    let said_in = |folder: &str, line: &str| {
        let mut command = house.command(&["shell", "-c", line]);
        command.current_dir(house.path(folder));
        house.start(command).end()
    };
    said_in("here", "/session --project web --name one @pwd x").was(0, &house.text("web"));
    said_in("here", "/session --name two @pwd x").was(0, &house.text("here"));
    said_in("there", "@two y").was(0, &house.text("here"));
    said_in("there", "@one y").was(0, &house.text("web"));
    house.say("/session --project wbe @pwd x").refused("the known ones are web");
    house.say("/session --name three --project web @two x").refused("--project");
    assert_eq!(house.sessions().len(), 2);
}

#[test]
fn an_agent_that_has_forgotten_the_conversation_is_never_silently_started_afresh() {
    let house = House::new("");
    house.say("/session --name docs one").was(0, "turn 1: one");
    std::fs::remove_dir_all(house.path("agent-sessions")).expect("removed");
    std::fs::create_dir(house.path("agent-sessions")).expect("a directory");
    let said = house.say("@docs two").was(1, "No conversation found");
    assert!(said.out.contains("Retry starts a new one with the last prompt"), "{said:#?}");
    house.say("/session retry docs").was(0, "turn 1: two");
}

#[test]
fn an_agent_whose_session_id_changes_all_the_time_writes_a_few_rows_and_no_more() {
    let house = House::new("");
    let lines: Vec<_> = (0..200)
        .map(|number| format!(r#"raw {{"type":"system","subtype":"init","session_id":"id-{}"}}"#, number % 2))
        .collect();
    house.say(&format!("/session --name docs script: {}; answer done", lines.join("; "))).was(0, "done");
    let stored = house.count("task_events WHERE what = 'session'");
    assert!((1..=4).contains(&stored), "{stored}");
}
