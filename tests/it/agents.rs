//! `/agents` and `signalbox agents`: what is known of the agents; and what is said where one is too old, or was killed.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use signalbox_test_support::everyday::{House, eventually};
use signalbox_test_support::programs::scripted_agent;

use crate::phone::scene::Phone;

/// Puts a program in its place, as an update does: another file under the same name.
fn install(house: &House, name: &str, script: &str) {
    let (new, place) = (house.path("new-program"), house.path(name));
    fs::write(&new, format!("#!/bin/sh\necho \"$*\" >> {}-runs\n{script}\n", place.display())).expect("written");
    fs::set_permissions(&new, PermissionsExt::from_mode(0o755)).expect("a program");
    fs::rename(new, place).expect("in its place");
}

/// Has an agent run the program of this name in the house.
fn named(house: &mut House, name: &str) {
    house.set(&format!("SIGNALBOX__AGENTS__{}__COMMAND", name.to_uppercase()), &json!([house.text(name)]).to_string());
}

/// How often a program was asked for its version.
fn asked_for_its_version(house: &House, name: &str) -> usize {
    let runs = fs::read_to_string(house.path(&format!("{name}-runs"))).unwrap_or_default();
    runs.lines().filter(|line| *line == "--version").count()
}

fn with_codex() -> House {
    let mut house = House::new("");
    install(&house, "codex", &format!("exec {} codex \"$@\"", scripted_agent().display()));
    named(&mut house, "codex");
    house
}

fn agent(house: &House, name: &str) -> Value {
    let said = house.run(&["agents", "--json"]).was(0, "");
    let all: Vec<Value> = serde_json::from_str(&said.out).expect("JSON");
    all.into_iter().find(|agent| agent["name"] == name).expect("it is listed")
}

#[test]
fn a_terminal_is_told_all_of_each_agent_and_programs_as_json() {
    let mut house = with_codex();
    house.set("SIGNALBOX__AGENTS__CODEX__ARGS", r#"["--yolo"]"#);
    let said = house.run(&["agents"]).was(0, "codex-cli 0.171.0").out;
    for told in [
        "app-server",
        "no, as it says itself: on its machine run codex login",
        "gpt-6, gpt-5.5, gpt-5.5-mini, gpt-4, gpt-3",
        "may act without asking: --yolo in its arguments lets it",
        "is not installed: install it with npm install -g @google/gemini-cli",
    ] {
        assert!(said.contains(told), "{told:?} in {said}");
    }
    assert!(!house.state().join("signalbox.db").exists(), "it needs no store");
    let codex = agent(&house, "codex");
    assert_eq!([&codex["installed"], &codex["can_run"], &codex["logged_in"]], [true, true, false]);
    assert_eq!((&codex["version"], &codex["mode"]), (&json!("codex-cli 0.171.0"), &json!("app-server")));
    assert_eq!((&codex["models"][0], &codex["unasked"]), (&json!("gpt-6"), &json!(["--yolo"])));
    assert_eq!(codex["path"], json!(house.text("codex")));
    house.set("SIGNALBOX__AGENTS__CODEX__ENV__CODEX_LOGGED_IN", "1");
    house.set("SIGNALBOX__AGENTS__CODEX__MODELS", r#"["gpt-6"]"#);
    let codex = agent(&house, "codex");
    assert_eq!((&codex["logged_in"], &codex["models"]), (&json!(true), &json!(["gpt-6"])));
    assert_eq!(agent(&house, "gemini")["installed"], false);
    assert_eq!(agent(&house, "host")["permission"], "ask");
}

#[test]
fn a_phone_is_told_in_short_and_no_program_is_asked_twice() {
    let mut phone = Phone::new("");
    install(&phone.house, "codex", &format!("exec {} codex \"$@\"", scripted_agent().display()));
    named(&mut phone.house, "codex");
    let _serving = phone.serve();
    let all = "0.171.0 · by app-server · not logged in: on its machine run codex login";
    let mut said = String::new();
    eventually("all that it says is told", || {
        let asked = phone.say("/agents");
        said = phone.shown(asked, "answers where none is named").text;
        said.contains(all)
    });
    assert!(said.contains("models gpt-6, gpt-5.5, gpt-5.5-mini, gpt-4 and 1 more"), "{said}");
    assert!(
        said.contains("Not installed here: claude-acp, codex-acp, copilot, gemini, opencode, opensre, qwen."),
        "{said}"
    );
    assert!(!said.contains("being asked"), "{said}");
    assert_eq!(asked_for_its_version(&phone.house, "codex"), 1);
    let asked = phone.say("/session @codex --name docs script: fail unexpected status 401 Unauthorized: no");
    phone.shown(asked, "codex is not logged in, or its key is refused. On its machine run `codex login`");
    let asked = phone.say("/session @codex --name more hello");
    phone.shown(asked, "turn 0: hello");
    let asked = phone.say("/agents");
    phone.shown(asked, "0.171.0 · scripted · by app-server");
    assert_eq!(asked_for_its_version(&phone.house, "codex"), 1, "no prompt asks for it");
}

#[test]
fn a_program_that_takes_its_time_is_not_waited_for_and_another_version_is_seen() {
    let mut phone = Phone::new("");
    let wait = format!("while [ ! -e {} ]; do sleep 0.05; done", phone.house.text("gate"));
    install(&phone.house, "gemini", &format!("{wait}; echo 0.61.0"));
    named(&mut phone.house, "gemini");
    let _serving = phone.serve();
    let (asked, began) = (phone.say("/agents"), Instant::now());
    let said = phone.shown(asked, "installed, being asked for its version · by acp");
    assert!(said.text.contains("send /agents again"), "{}", said.text);
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    phone.house.touch("gate");
    let told = |version: &str| {
        eventually(&format!("{version} is told"), || {
            let asked = phone.say("/agents");
            phone.shown(asked, "@gemini").text.contains(&format!("@gemini {version} · by acp"))
        });
    };
    told("0.61.0");
    assert_eq!(asked_for_its_version(&phone.house, "gemini"), 1);
    install(&phone.house, "gemini", "echo 0.62.0");
    told("0.62.0");
    assert_eq!(asked_for_its_version(&phone.house, "gemini"), 2);
}

/// What each program prints of an option or a command that it does not know, and how its version is told.
const OLD: [(&str, &str, &str, &str); 6] = [
    (
        "claude",
        "1.0.3 (Claude Code)",
        "echo \"error: unknown option '--permission-prompt-tool'\" >&2; exit 1",
        "error: unknown option '--permission-prompt-tool'",
    ),
    (
        "codex",
        "codex-cli 0.9.0",
        "printf \"error: unexpected argument '--json' found\\n\\nUsage: codex [OPTIONS]\\n\" >&2; exit 2",
        "error: unexpected argument '--json' found",
    ),
    (
        "gemini",
        "0.3.1",
        "printf 'Unknown arguments: acp, skip-trust\\nUsage: gemini [options]\\nOptions:\\n  --model not found in context window\\n' >&2; exit 1",
        "Unknown arguments: acp, skip-trust",
    ),
    (
        "opencode",
        "0.2.0",
        "printf 'opencode [project]\\n\\nCommands:\\n  opencode run\\n\\nOptions:\\n  --help  show help\\n  --version  show version\\n' >&2; exit 1",
        "opencode [project]",
    ),
    (
        "copilot",
        "GitHub Copilot CLI 0.0.300.",
        "echo \"error: unexpected argument '--acp' found\" >&2; exit 1",
        "error: unexpected argument '--acp' found",
    ),
    ("qwen", "0.0.9", "echo 'Unknown argument: acp' >&2; exit 1", "Unknown argument: acp"),
];

#[test]
fn a_version_that_is_too_old_is_said_with_the_version_and_what_to_do() {
    let mut house = House::new("");
    for (name, version, script, words) in OLD {
        install(&house, name, &format!("if [ \"$1\" = --version ]; then echo '{version}'; exit; fi\n{script}"));
        named(&mut house, name);
        let said = house.say(&format!("/session --name of-{name} @{name} hello")).was(1, "is too old for signalbox");
        let number = version.split(' ').find(|word| word.contains('.')).expect("a number").trim_end_matches('.');
        let number = if name == "copilot" { "0.0.300" } else { number };
        assert!(said.out.contains(&format!("{name} {number} is too old for signalbox")), "{name}: {}", said.out);
        assert!(said.out.contains("On its machine run `npm install -g "), "{name}: {}", said.out);
        assert!(said.out.contains(words), "{name}: {}", said.out);
        assert!(!said.out.contains("Usage") && !said.out.contains("show version"), "{name}: {}", said.out);
    }
}

#[test]
fn an_option_of_the_configuration_that_is_not_known_is_named_as_that() {
    let mut house = House::new("");
    install(&house, "claude", "echo \"error: unknown option '--nosuch'\" >&2; exit 1");
    named(&mut house, "claude");
    house.set("SIGNALBOX__AGENTS__CLAUDE__ARGS", r#"["--nosuch"]"#);
    house.say("hello").was(1, "claude does not know `--nosuch`. Take it out of `agents.claude.args`, then retry.");
}

#[test]
fn an_agent_that_was_killed_or_has_no_memory_says_what_to_do() {
    let mut house = House::new("");
    named(&mut house, "claude");
    for (script, told) in [
        ("kill -9 $$", "claude was killed: its machine may be short of memory. Retry."),
        ("kill -11 $$", "claude crashed."),
        ("exit 137", "claude was killed"),
        ("echo 'FATAL ERROR: JavaScript heap out of memory' >&2; kill -6 $$", "claude ran out of memory."),
    ] {
        install(&house, "claude", script);
        house.say("/session hello").was(1, told);
    }
}
