//! The subcommands that look and look after, from any terminal.

use signalbox_test_support::everyday::House;

#[test]
fn help_lists_what_there_is() {
    let said = House::bare().run(&["--help"]).was(0, "");
    insta::assert_snapshot!(said.out, @r"
    A chat-bot front end for messaging providers: runs agents from a chat and loses nothing

    Usage: signalbox [OPTIONS] <COMMAND>

    Commands:
      shell           Talk to it in this terminal
      serve           Run in the background for all terminals
      agents          Look at the agents: version, log-in, models, what each may do
      session         Look at sessions
      outbox          Look after messages that could not be delivered
      pair            Make a code with which a person pairs with the bot
      setup           Ask, step by step, for what it is to be connected to
      integrations    Keep, list and verify what it is connected to
      hooks           Look after the addresses at which monitoring systems tell of alerts
      cron            Look after what is delivered by a schedule
      slack-manifest  Print what the Slack app must be, and the address that makes it
      stop-agents     End every agent that runs, whether the bot runs or not
      config          Check or show the configuration
      help            Print this message or the help of the given subcommand(s)

    Options:
          --config <FILE>    Configuration file [default: $SIGNALBOX_CONFIG or the user's own]
          --state-dir <DIR>  State directory [default: $SIGNALBOX_STATE_DIR or the user's own]
      -h, --help             Print help
      -V, --version          Print version
    ");
    let version = House::bare().run(&["--version"]).was(0, "signalbox ");
    assert_eq!(version.out, format!("signalbox {}\n", env!("CARGO_PKG_VERSION")));
    let nothing = House::bare().run(&[]);
    assert!(nothing.code == 2 && nothing.err.contains("Usage: signalbox"), "{nothing:#?}");
}

#[test]
fn no_file_at_all_is_fine() {
    let house = House::bare();
    std::fs::remove_file(house.path("config.toml")).expect("removed");
    let run = |arguments: &[&str]| {
        let mut command = house.command(arguments);
        command.env_remove("SIGNALBOX_CONFIG").env_remove("SIGNALBOX_STATE_DIR");
        house.start(command).end()
    };
    run(&["config", "check"]).was(0, "signalbox/signalbox.toml; the defaults and the environment are good");
    run(&["shell", "-c", "/agents"]).was(0, "host");
    assert!(house.path(".local/state/signalbox/signalbox.db").exists());
}

#[test]
fn every_fault_of_the_configuration_is_told_at_once_and_nothing_starts() {
    let mut house = House::bare();
    house.configure(
        "limits.max_tasks = \"many\"\nlimitz.x = 1\ntimeouts.background = \"5 parsecs\"\nlimits.max_prompt = \"2MiB\"",
    );
    house.set("SIGNALBOX__STORE__RETENTION", "soon");
    for arguments in
        [&["config", "check"][..], &["config", "show"], &["shell", "-c", "/status"], &["serve"], &["session", "list"]]
    {
        let said = house.run(arguments);
        assert!(said.code == 2 && said.out.is_empty(), "{said:#?}");
        for part in [
            "5 faults",
            "limits.max_tasks",
            "did you mean limits?",
            "timeouts.background",
            "limits.max_prompt",
            "RETENTION",
        ] {
            assert!(said.err.contains(part), "{part} in {said:#?}");
        }
    }
    assert!(!house.state().exists());
    let said = house.run(&["--config", "/nonexistent.toml", "config", "check"]);
    assert!(said.code == 2 && said.err.contains("/nonexistent.toml: cannot be read"), "{said:#?}");
}

#[test]
fn what_config_show_prints_is_a_configuration_without_secrets() {
    let mut house = House::bare();
    house.configure(
        "limits.max_tasks = 3\nredact.literals = [\"hunter22\"]\nagents.claude.env = { KEY = \"sesame-open\" }",
    );
    house.set("SIGNALBOX__LIMITS__MAX_TASKS", "4");
    let said = house.run(&["config", "show"]).was(0, "max_tasks = 4");
    assert!(!said.out.contains("hunter22") && !said.out.contains("sesame-open"), "{said:#?}");
    let shown: toml::Table = said.out.parse().expect("it is TOML");
    assert_eq!(shown["timeouts"]["approval"].as_str(), Some("10m"));
}

#[test]
fn sessions_are_listed_and_shown_beside_a_running_program() {
    let house = House::new("");
    assert_eq!(house.run(&["session", "list"]).was(0, "No sessions yet").err, "");
    assert_eq!(house.sessions().len(), 0);
    let _serving = house.serve();
    house.say("/session --name docs @claude/opus fix\nit").was(0, "turn 1");
    house.say("@docs script: fail no").was(1, "no");
    house.run(&["session", "list"]).was(0, "docs");
    house.run(&["session", "list", "--chat", "console:other"]).was(0, "No sessions yet");
    let shown = house.run(&["session", "show", "docs"]).was(0, "Last prompt: script: fail no");
    let session = house.session("docs");
    let mut keys: Vec<&str> = session.as_object().expect("an object").keys().map(String::as_str).collect();
    keys.sort_unstable();
    let expected = "agent agent_session archived chat cost_usd created_at_ms directory input_tokens kept_until_ms last_prompt \
                    last_used_at_ms model name output_tokens prompts resume status tasks title";
    assert_eq!(keys.join(" "), expected);
    assert_eq!((session["status"].as_str(), session["model"].as_str()), (Some("idle"), Some("opus")));
    assert_eq!((session["title"].as_str(), session["prompts"].as_u64()), (Some("fix"), Some(2)));
    assert!(shown.out.contains(session["resume"].as_str().expect("a command")), "{shown:#?}");
    let tasks = session["tasks"].as_array().expect("tasks");
    assert_eq!((tasks[0]["status"].as_str(), tasks[0]["error"].as_str()), (Some("error:cli"), Some("no")));
    assert_eq!((tasks[1]["status"].as_str(), tasks[1]["result"].as_str()), (Some("ok"), Some("turn 1: fix\nit")));
    let said = house.run(&["session", "show", "nope"]);
    assert!(said.code == 2 && said.err.contains("no session is called \"nope\""), "{said:#?}");
}

#[test]
fn the_command_that_resumes_a_session_works_in_a_terminal() {
    let house = House::new("");
    house.say("/session --name docs one").was(0, "turn 1");
    let resume = house.session("docs")["resume"].as_str().expect("a command").to_owned();
    let status = std::process::Command::new("sh")
        .args(["-c", &format!("echo two | {{ {resume}; }}")])
        .env("SCRIPTED_AGENT_SESSIONS", house.path("agent-sessions"))
        .output()
        .expect("it runs");
    assert_eq!(String::from_utf8_lossy(&status.stdout), "turn 2: two\n\n", "{status:?}");
}

#[test]
fn dead_letters_are_listed_sent_again_or_dropped() {
    let house = House::new("");
    house.run(&["outbox", "list"]).was(0, "Nothing here.");
    house.say("/session one").was(0, "turn 1");
    let rows = |all: bool| -> Vec<serde_json::Value> {
        let arguments = if all { &["outbox", "list", "--all", "--json"][..] } else { &["outbox", "list", "--json"] };
        serde_json::from_str(&house.run(arguments).was(0, "").out).expect("a JSON list")
    };
    assert_eq!(rows(false).len(), 0);
    let delivered = rows(true);
    assert!(!delivered.is_empty() && delivered.iter().all(|row| row["state"] == "delivered"), "{delivered:?}");
    let database = rusqlite::Connection::open(house.state().join("signalbox.db")).expect("the database opens");
    let sql = "UPDATE outbox SET state = 'failed', error = 'chat not found' WHERE purpose = 0";
    assert_eq!(database.execute(sql, []).expect("written"), 1);
    let key = rows(false)[0]["key"].as_str().expect("a key").to_owned();
    house.run(&["outbox", "list"]).was(0, "chat not found").was(0, &key);
    house.run(&["outbox", "retry", &key]).was(0, "done");
    assert_eq!(rows(true).iter().filter(|row| row["state"] == "pending").count(), 1);
    database.execute(sql, []).expect("written");
    house.run(&["outbox", "drop", &key]).was(0, "done");
    assert!(rows(true).iter().all(|row| row["key"] != key.as_str()));
    for word in ["retry", "drop"] {
        let said = house.run(&["outbox", word, &key]);
        assert!(said.code == 2 && said.err.contains("no dead letter has the key"), "{said:#?}");
    }
}

#[test]
fn looking_survives_a_reader_that_goes_away() {
    let house = House::new("");
    for arguments in
        [&["config", "show"][..], &["config", "check"], &["session", "list"], &["outbox", "list"], &["--help"]]
    {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        let mut command = house.command(arguments);
        command.stdout(writer).stderr(std::process::Stdio::piped());
        let output = command.output().expect("it runs");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.code().is_some_and(|code| code < 2) && !said.contains("panicked"),
            "{arguments:?}: {said}"
        );
    }
}

#[test]
fn a_second_server_is_refused_and_names_the_first() {
    let house = House::new("");
    let first = house.serve();
    let said = house.run(&["serve"]);
    assert!(said.code == 1 && said.err.contains("serve --standby"), "{said:#?}");
    assert!(said.err.contains(&format!("(process {})", first.id())), "{said:#?}");
    first.signal(nix::sys::signal::Signal::SIGTERM);
    first.end().was(0, "");
    house.say("/session hello").was(0, "turn 1");
}
