//! What holds for every agent alike: how it is started, what it may put out, how it is cancelled, and recordings of those that
//! speak the Agent Client Protocol, through the whole program.

use std::fs;

use nix::sys::signal::Signal;
use serde_json::{Value, json};

use signalbox_test_support::everyday::{House, KEEP_WARM, eventually};
use signalbox_test_support::programs::scripted_agent;
use signalbox_test_support::terminal::Terminal;

use crate::phone::scene::{ADA, Phone};

/// An agent, what the configuration says of it, and what the stand-in is called in its place.
type Known = (&'static str, &'static str, &'static str);

/// Those that speak while they work.
const TALKING: [Known; 7] = [
    ("claude", "", ""),
    ("codex", "", "codex"),
    ("gemini", "", "acp"),
    ("opencode", "", "acp"),
    ("copilot", "", "acp"),
    ("qwen", "", "acp"),
    ("scribe", "kind = \"acp\"", "acp"),
];
/// The one that takes its question and writes a report.
const OPENSRE: Known = ("opensre", "", "opensre");

/// A house with one agent, around which a shell does something; `AGENT` stands for the stand-in with its arguments.
fn house(agent: Known, around: &str) -> House {
    let house = House::bare();
    house.configure(&format!("timeouts.kill_grace = \"1s\"\n{}", section(&house, agent, around)));
    house
}

/// Its part of the configuration.
fn section(house: &House, (name, kind, word): Known, around: &str) -> String {
    fs::create_dir_all(house.path("agent-sessions")).expect("a directory for its conversations");
    let script = around.replace("AGENT", &format!("{} {word} \"$@\"", scripted_agent().display()));
    let sessions = toml::Value::from(house.text("agent-sessions"));
    format!(
        "[agents.{name}]\n{kind}\nkeep_warm = \"off\"\ncommand = {}\n\
         [agents.{name}.env]\nSCRIPTED_AGENT_SESSIONS = {sessions}\nCODEX_SESSIONS = {sessions}\n",
        toml::Value::from(vec!["sh", "-c", &script, "x"]),
    )
}

fn read(house: &House, name: &str) -> String {
    fs::read_to_string(house.path(name)).unwrap_or_default()
}

#[test]
fn each_is_started_as_it_wants_and_neither_it_nor_who_starts_it_is_given_a_secret_of_ours() {
    let note = "echo \"$*\" > ARGV; tr '\\0' '\\n' < /proc/$$/environ > ENVIRON; \
                cat /proc/$PPID/environ /proc/$PPID/cmdline > ABOVE; exec AGENT";
    let claude = "-p --input-format stream-json --output-format stream-json --verbose --include-partial-messages \
                  --disallowedTools=ScheduleWakeup,CronCreate,CronDelete,CronList --permission-prompt-tool stdio \
                  --permission-mode default --session-id=";
    let claude_has = ["CLAUDE_CODE_MAX_RETRIES=2", "DISABLE_AUTOUPDATER=1"].as_slice();
    let opencode_has = [
        "OPENCODE_DISABLE_AUTOUPDATE=1",
        r#"OPENCODE_CONFIG_CONTENT={"permission":{"bash":"ask","edit":"ask","webfetch":"ask"}}"#,
    ]
    .as_slice();
    let opensre_has =
        ["OPENSRE_ANALYTICS_DISABLED=1", "DO_NOT_TRACK=1", "OPENSRE_DISABLE_KEYRING=1", "PYTHONUNBUFFERED=1"]
            .as_slice();
    let refuses =
        "case \"$*\" in *app-server*) echo \"error: unrecognized subcommand 'app-server'\" >&2; exit 2; esac; ";
    let exec = "exec --json --skip-git-repo-check -s read-only -";
    for (agent, before, argv, has) in [
        (TALKING[0], "", claude, claude_has),
        (TALKING[1], "", "app-server", &[]),
        // Its other way: one whose app server is refused.
        (TALKING[1], refuses, exec, &[]),
        (TALKING[2], "", "--acp --skip-trust", &["GEMINI_CLI_NO_RELAUNCH=true"]),
        (TALKING[3], "", "acp", opencode_has),
        (TALKING[4], "", "--acp", &[]),
        (TALKING[5], "", "--acp", &[]),
        (TALKING[6], "", "", &[]),
        (OPENSRE, "", "investigate -i - -o ", opensre_has),
        (("plain", "kind = \"command\"", ""), "", "", &[]),
    ] {
        let name = agent.0;
        let mut house = House::bare();
        let note = note.replace("ARGV", &house.text("argv")).replace("ENVIRON", &house.text("environ"));
        let around = format!("{before}{}", note.replace("ABOVE", &house.text("above")));
        house.configure(&section(&house, agent, &around));
        for (secret, value) in [
            ("TELEGRAM_BOT_TOKEN", "12:telegram-of-ours"),
            ("DISCORD_BOT_TOKEN", "discord-of-ours"),
            ("SLACK_BOT_TOKEN", "xoxb-bot-of-ours"),
            ("SLACK_APP_TOKEN", "xapp-app-of-ours"),
            ("SLACK_SIGNING_SECRET", "signing-of-ours"),
            ("SLACK_WEBHOOK_URL", "http://127.0.0.1:1/of-ours"),
            ("SMTP_PASSWORD", "mail-of-ours"),
            ("SIGNALBOX__REDACT__LITERALS", "[\"literal-of-ours\"]"),
            ("SOME_API_KEY", "key-of-the-user"),
        ] {
            house.set(secret, value);
        }
        let said = house.say(&format!("/session @{name} what-it-is-asked"));
        assert_eq!(said.code, 0, "{name}: {said:#?}");
        let (started, environ, above) = (read(&house, "argv"), read(&house, "environ"), read(&house, "above"));
        assert!(started.starts_with(argv) && environ.contains("PATH="), "{name}: {started}{environ}");
        assert!(above.contains("signalbox"), "{name}: what started it was looked at: {above}");
        for has in has {
            assert!(environ.lines().any(|line| line == *has), "{name}: {has} in {environ}");
        }
        let scratch = format!("TMPDIR={}", house.state().join("tmp").display());
        assert!(environ.lines().any(|line| line.starts_with(&scratch)), "{name}: {environ}");
        for secret in ["of-ours", "of-the-user", "BOT_TOKEN", "SLACK_", "SMTP_", "SIGNALBOX__"] {
            for seen in [&started, &environ, &above] {
                assert!(!seen.contains(secret), "{name}: {secret} in {seen}");
            }
        }
        assert!(!started.contains("what-it-is-asked") && !above.contains("what-it-is-asked"), "{name}: {started}");
    }
}

#[test]
fn whatever_each_puts_out_around_its_answer_that_is_the_answer_and_what_it_asks_unknown_is_refused() {
    for agent in TALKING {
        let (name, heard) = (agent.0, "heard");
        let (unknown, late) = match name {
            "claude" => (
                r#"{"type":"control_request","request_id":"u-1","request":{"subtype":"dance"}}"#,
                // What is new here would be the answer of work in the background.
                r#"{"type":"result","subtype":"success","is_error":false,"result":"turn 1: hello"}"#,
            ),
            "codex" => (
                r#"{"id":"u-1","method":"item/dance","params":{}}"#,
                r#"{"method":"item/completed","params":{"item":{"type":"agentMessage","id":"m","text":"stale"}}}"#,
            ),
            _ => (
                r#"{"jsonrpc":"2.0","id":"u-1","method":"_vendor/dance","params":{}}"#,
                r#"{"jsonrpc":"2.0","method":"session/update","params":{"sessionId":"s","update":{"sessionUpdate":"agent_message_chunk","content":{"type":"text","text":"stale"}}}}"#,
            ),
        };
        let long =
            "printf '{\"type\":\"x\",\"method\":\"x\",\"a\":\"'; head -c 16777216 /dev/zero | tr '\\0' x; echo '\"}'";
        let around = format!(
            "echo '{{\"type\":\"hologram\",\"method\":\"hologram\"}}'; echo '{unknown}'; {long}; \
             tee -a HEARD | AGENT; echo '{late}'; echo '{late}'; exit 1"
        );
        let bare = House::bare();
        let around = around.replace("HEARD", &bare.text(heard));
        bare.configure(&section(&bare, agent, &around));
        let said = bare.say(&format!("/session @{name} hello")).was(0, "turn 1: hello");
        assert!(said.out.contains("] Complete") && !said.out.contains("stale"), "{name}: {said:#?}");
        assert_eq!(said.out.matches("turn 1: hello").count(), 1, "{name}: {said:#?}");
        let told: Vec<Value> = read(&bare, heard).lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
        let is_refused = told.iter().any(|told| {
            let of_claude = &told["response"];
            (told["id"] == "u-1" && told["error"]["code"] == -32601)
                || (of_claude["request_id"] == "u-1" && of_claude["subtype"] == "error")
        });
        assert!(is_refused, "{name}: {told:#?}");
        let runs = fs::read_dir(bare.state().join("runs")).into_iter().flatten().flatten();
        let ends: Vec<Value> =
            runs.filter_map(|run| serde_json::from_slice(&fs::read(run.path().join("exit.json")).ok()?).ok()).collect();
        let counted = ends.iter().filter_map(|end| end["unknown_lines"].as_u64()).sum::<u64>();
        assert_eq!(counted, 3, "{name}: an event, a request and a long line: {ends:#?}");
        eventually("nothing of it is left", || bare.agents().is_empty());
    }
}

#[test]
fn an_exit_code_of_0_makes_no_answer_of_half_a_line_or_of_an_error() {
    for agent in TALKING {
        let name = agent.0;
        let half = house(agent, "printf '{\"jsonrpc\":\"2.0\",\"type\":\"result\",\"resu'; exit 0");
        let told = "The agent ended without a final answer (truncated), with exit code 0.";
        let said = half.say(&format!("/session @{name} hello")).was(1, told);
        assert!(!said.out.contains("jsonrpc"), "{name}: {said:#?}");
        let failing = house(agent, "AGENT; exit 0");
        failing.say(&format!("/session @{name} script: fail it broke")).was(1, "it broke");
        let several = house(agent, "AGENT; exit 1");
        several.say(&format!("/session @{name} hello")).was(0, "turn 1: hello");
    }
}

#[test]
fn an_agent_that_wants_a_password_from_a_terminal_has_none_and_nobody_waits() {
    let house = House::bare();
    let wants = "echo Password:; read -r word < /dev/tty && echo \"it has read\"; exit 3";
    let agents: Vec<String> = TALKING.iter().map(|&agent| section(&house, agent, wants)).collect();
    house.configure(&agents.concat());
    // The shell has a terminal of its own, and no agent gets at it.
    let mut terminal = Terminal::controlling(&house);
    for (name, ..) in TALKING {
        terminal.line(&format!("/session --name of-{name} @{name} hello"));
        let said = terminal.until(&format!("[of-{name}] Failed"));
        assert!(!said.contains("it has read"), "{name}: {said}");
    }
    terminal.until("/dev/tty");
    terminal.line("/quit");
    assert_eq!(terminal.end(), Some(0));
}

#[test]
fn a_cancel_leaves_no_process_of_one_that_speaks_the_protocol_however_it_is_built() {
    for (around, like) in [
        ("exec AGENT", "opencode, which leaves its tools"),
        ("trap '' TERM INT HUP; AGENT; :", "gemini, whose outer process waits for the inner one and heeds nothing"),
        ("exec 3<&0; AGENT <&3 & wait", "an adapter whose outer process leaves the inner one behind"),
    ] {
        for agent in [TALKING[2], TALKING[6]] {
            let house = house(agent, around);
            let _serving = house.serve();
            for heeds in ["hang", "deaf"] {
                let script = format!("script: spawn; tool ls; {heeds}");
                let talk = house.begin(&format!("/session --name {heeds} @{} {script}", agent.0));
                eventually("it works", || {
                    let runs = fs::read_dir(house.state().join("runs")).into_iter().flatten().flatten();
                    let going_on = runs.map(|run| run.path()).filter(|run| !run.join("exit.json").exists());
                    going_on
                        .filter_map(|run| fs::read_to_string(run.join("events")).ok())
                        .any(|events| events.contains("tool_finished"))
                });
                assert!(house.agents().len() >= 2, "{like}: its tool runs");
                house.say(&format!("/session cancel {heeds}")).was(0, &format!("Stopping {heeds}"));
                talk.end().was(130, &format!("[{heeds}] Cancelled"));
                eventually(&format!("nothing is left of {} like {like}", agent.0), || house.agents().is_empty());
            }
        }
    }
}

/// A phone with an agent that is kept for ten minutes; it does not serve yet.
fn keeping(agent: Known) -> Phone {
    let mut phone = Phone::new("");
    let config = fs::read_to_string(phone.house.path("config.toml")).expect("readable");
    let agent_part = section(&phone.house, agent, "exec AGENT").replace("\"off\"", "\"10m\"");
    let config = if agent.0 == "claude" { config } else { config + &agent_part };
    fs::write(phone.house.path("config.toml"), config).expect("written");
    phone.house.set(KEEP_WARM, "10m");
    phone
}

#[test]
fn what_is_asked_is_approved_in_the_next_life_and_a_follow_up_goes_to_the_process_that_is_there() {
    for (agent, tool, ask, end) in [
        (TALKING[0], "tool Bash ls -la", "ask Bash touch x", "answer all done"),
        (TALKING[1], "tool ls -la", "ask touch x", "answer all done"),
        (TALKING[6], "tool ls -la", "ask touch x", "say all done"),
    ] {
        let phone = keeping(agent);
        let serving = phone.serve();
        let gate = phone.house.text("gate");
        let script = format!("script: say I look; {tool}; {ask}; {tool}; wait {gate}; {end}");
        let asked = phone.say(&format!("/session --name docs @{} {script}", agent.0));
        let question = phone.shown(asked, "asks for permission");
        assert!(question.text.contains("touch x"), "{}", question.text);
        phone.known(&question);
        serving.signal(Signal::SIGKILL);
        serving.end();
        let serving = phone.serve();
        phone.fake.press(ADA.id, ADA, question.id, "Approve");
        let status = phone.shown(asked, " tools");
        assert!(!status.text.contains("Complete"), "its calls are seen while it works: {}", status.text);
        phone.house.touch("gate");
        let answer = phone.shown(asked, "[docs] Complete");
        assert!(answer.text.contains("all done"), "{}", answer.text);
        phone.known(&answer);
        let before = phone.house.agents();
        assert!(!before.is_empty(), "{} is kept", agent.0);
        // It is nobody's while no bot is there.
        serving.signal(Signal::SIGKILL);
        serving.end();
        let _serving = phone.serve();
        let again = phone.say("@docs and now?");
        phone.shown(again, "turn 2: and now?");
        assert_eq!(phone.house.agents(), before, "{}: the same process", agent.0);
        let hang = if agent.0 == "claude" { "until-interrupted" } else { "hang" };
        let third = phone.say(&format!("@docs script: {tool}; {hang}"));
        phone.shown(third, "1 tool");
        phone.say("/session cancel docs");
        phone.shown(third, "[docs] Cancelled");
        eventually("nothing of it is left", || phone.house.agents().is_empty());
    }
}

#[test]
fn recordings_of_those_that_speak_the_protocol_come_through_and_they_are_told_what_they_understand() {
    let adapter = ("adapter", "kind = \"acp\"", "acp");
    for (agent, recording, has_mode, choice, refuses) in [
        (TALKING[2], "gemini", false, Some("proceed_once"), false),
        (TALKING[3], "opencode", false, None, false),
        (TALKING[5], "qwen", true, Some("proceed_once"), true),
        (adapter, "claude-agent-acp", true, Some("allow-once"), false),
    ] {
        let mut phone = keeping(agent);
        let name = agent.0;
        let variable = |variable: &str| format!("SIGNALBOX__AGENTS__{}__ENV__{variable}", name.to_uppercase());
        let recorded = format!("{}/tests/fixtures/acp/{recording}.main.jsonl", env!("CARGO_MANIFEST_DIR"));
        phone.house.set(&variable("ACP_REPLAY"), &recorded);
        let log = phone.house.text("told");
        phone.house.set(&variable("ACP_LOG"), &log);
        let _serving = phone.serve();
        let first = phone.say(&format!("/session --name docs @{name} hello one"));
        let answer = phone.shown(first, "ECHO[turn=1] hello one | seen=[1:'hello one']");
        assert!(answer.text.contains("[docs] Complete"), "{name}: {}", answer.text);
        let second = phone.say("@docs THINK hard");
        phone.shown(second, "[docs] Complete");
        let third = phone.say("@docs --version and a tool");
        if choice.is_some() {
            let question = phone.shown(third, "asks for permission");
            assert!(question.text.contains("touch "), "{name}: {}", question.text);
            phone.fake.press(ADA.id, ADA, question.id, "Approve");
        }
        phone.shown(third, "TOOL_DONE[turn=3] tool said:");
        let told: Vec<Value> = read(&phone.house, "told")
            .lines()
            .map(|line| serde_json::from_str(line).expect("each line that it is told is JSON"))
            .collect();
        assert!(told.iter().all(|told| told["jsonrpc"] == "2.0"), "{name}: {told:#?}");
        let methods: Vec<&str> = told.iter().filter_map(|told| told["method"].as_str()).collect();
        let mode = has_mode.then_some("session/set_mode");
        let expected: Vec<&str> =
            ["initialize", "session/new"].into_iter().chain(mode).chain(["session/prompt"; 3]).collect();
        assert_eq!(methods, expected, "{name}");
        let of = |method: &str| -> Vec<&Value> {
            told.iter().filter(|told| told["method"] == method).map(|told| &told["params"]).collect()
        };
        let hello = of("initialize")[0];
        assert_eq!((&hello["protocolVersion"], &hello["clientInfo"]["name"]), (&json!(1), &json!("signalbox")));
        let can = &hello["clientCapabilities"];
        assert!(can["fs"]["readTextFile"] != true && can["fs"]["writeTextFile"] != true, "{name}: {can}");
        assert!(can["terminal"] != true, "{name}: {can}");
        let session = of("session/new")[0];
        assert!(session["cwd"].as_str().is_some_and(|cwd| cwd.starts_with('/')), "{name}: {session}");
        assert_eq!(session["mcpServers"], json!([]), "{name}");
        assert!(of("session/set_mode").iter().all(|set| set["modeId"] == "default"), "{name}");
        let prompt = of("session/prompt")[2];
        assert_eq!(prompt["prompt"], json!([{"type": "text", "text": "--version and a tool"}]), "{name}");
        let chosen: Vec<&str> =
            told.iter().filter_map(|told| told.pointer("/result/outcome/optionId")?.as_str()).collect();
        assert_eq!(chosen, choice.into_iter().collect::<Vec<_>>(), "{name}");
        assert_eq!(told.iter().any(|told| told["error"]["code"] == -32601), refuses, "{name}");
        phone.say("/session end docs");
        eventually("nothing of it is left", || phone.house.agents().is_empty());
    }
}
