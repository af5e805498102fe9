//! What the program adds to its agents: how long a person waits for a first answer, for one of an agent that has to be started
//! again, and for one of an agent that was kept; what agents that are kept cost; how fast is read what they print.
//!
//! `cargo bench --bench agents` prints a table; nothing fails on a figure. The agents are stand-ins, which answer at once.

mod bot;
mod ground;
mod table;

use std::fmt::Write as _;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use signalbox_test_support::programs::scripted_agent;
use signalbox_test_support::telegram::state::State;

use bot::{ADA, Bot, chat};
use table::{memory_kb, ms, row, spread};

/// Follow-ups of each kind.
const FOLLOW_UPS: i64 = 20;
/// How long a person takes to say the next thing: Telegram takes one message a second in a chat.
const PAUSE: Duration = Duration::from_millis(1200);
/// Agents that are kept at once.
const KEPT: i64 = 10;
/// Longest until all of them wait for a next prompt, and how often is looked.
const KEPT_WITHIN: Duration = Duration::from_secs(20);
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// Events that an agent prints at once.
const EVENTS: usize = 200_000;

/// A kind of agent, and how its stand-in is called.
struct Kind {
    name: &'static str,
    word: &'static str,
}

const KINDS: [Kind; 3] =
    [Kind { name: "claude", word: "" }, Kind { name: "codex", word: "codex" }, Kind { name: "scribe", word: "acp" }];

/// Returns the setting of an agent, which keeps its conversations below a directory.
fn setting(kind: &Kind, directory: &str, keep_warm: &str) -> (String, String) {
    let agent = scripted_agent();
    let command = match kind.word {
        "" => format!("['{}']", agent.display()),
        word => format!("['{}', '{word}']", agent.display()),
    };
    // Those that are built in have a kind.
    let declared = if kind.word == "acp" { "kind = 'acp', " } else { "" };
    let value = format!(
        "{{ {declared}command = {command}, keep_warm = '{keep_warm}', \
         env = {{ SCRIPTED_AGENT_SESSIONS = '{directory}', CODEX_SESSIONS = '{directory}' }} }}"
    );
    (format!("SIGNALBOX__AGENTS__{}", kind.name.to_uppercase()), value)
}

async fn served(bot: &Bot, settings: &[(String, String)]) -> bot::Serving {
    let polls = bot.fake.with(|state| state.polls);
    let variables: Vec<(&str, &str)> = settings.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let serving = bot.serve_with(&variables);
    bot.fake.wait_until("the first poll", |state| state.polls > polls).await;
    serving
}

/// Says something and returns how long it took until the answer was sent.
async fn answered(bot: &Bot, number: i64, text: &str, answer: &str) -> Duration {
    let base = Instant::now();
    bot.fake.say(chat(number), ADA, text);
    let its_send = |state: &mut State| {
        let shown = state.shows(chat(number)).iter().any(|shown| shown.by_bot && shown.text.contains(answer));
        let since = state.calls.iter().filter(|call| call.chat == Some(chat(number)) && call.at >= base);
        shown.then(|| since.filter(|call| call.method == "sendmessage").map(|call| call.at).min()).flatten()
    };
    bot.fake.wait_for("its answer", its_send).await.duration_since(base)
}

async fn follow_ups(kind: &Kind, keep_warm: &str) -> Vec<Duration> {
    let bot = Bot::new().await;
    let sessions = tempfile::tempdir().expect("a directory");
    let settings = [setting(kind, &sessions.path().display().to_string(), keep_warm)];
    let serving = served(&bot, &settings).await;
    answered(&bot, 0, &format!("/session @{} first", kind.name), "turn 1").await;
    let mut times = Vec::new();
    for number in 0..FOLLOW_UPS {
        tokio::time::sleep(PAUSE).await;
        let text = format!("again {number}");
        times.push(answered(&bot, 0, &text, &text).await);
    }
    drop(serving);
    end_kept(&bot);
    times
}

/// Returns how long a stand-in takes by itself, from its start to its end.
fn bare(kind: &Kind) -> Option<Duration> {
    let once = || {
        let begun = Instant::now();
        let mut command = Command::new(scripted_agent());
        command.args(["--print", "--input-format", "stream-json", "--output-format", "stream-json", "--verbose"]);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().expect("it starts");
        let prompt = r#"{"type":"user","message":{"role":"user","content":"hello"}}"#;
        writeln!(child.stdin.take().expect("a pipe"), "{prompt}").expect("told");
        child.wait().expect("it ends");
        begun.elapsed()
    };
    (kind.name == "claude").then(|| spread((0..FOLLOW_UPS).map(|_| once()).collect()).0)
}

fn pair(times: Vec<Duration>) -> String {
    let (p50, p99) = spread(times);
    format!("{} / {}", ms(p50), ms(p99))
}

/// Ten agents that are kept: what of their memory is ours.
async fn kept() {
    let bot = Bot::new().await;
    let sessions = tempfile::tempdir().expect("a directory");
    let mut settings = vec![setting(&KINDS[0], &sessions.path().display().to_string(), "10m")];
    settings.push(("SIGNALBOX__LIMITS__MAX_WARM".to_owned(), KEPT.to_string()));
    let serving = served(&bot, &settings).await;
    for number in 0..KEPT {
        answered(&bot, number, "/session @claude first", "turn 1").await;
    }
    let homes = || std::fs::read_dir(bot.directory.path().join("state/warm")).into_iter().flatten().flatten();
    let begun = Instant::now();
    while homes().filter(|home| home.path().join("kept.json").exists()).count() < KEPT as usize {
        assert!(begun.elapsed() < KEPT_WITHIN, "not all are kept");
        tokio::time::sleep(LOOK_EVERY).await;
    }
    let (mut supervisors, mut agents, mut count) = (0, 0, 0);
    for home in homes() {
        let pid = |pointer: &str| {
            let text = std::fs::read(home.path().join("kept.json")).unwrap_or_default();
            let json: serde_json::Value = serde_json::from_slice(&text).unwrap_or_default();
            json.pointer(pointer).and_then(serde_json::Value::as_u64).and_then(|pid| u32::try_from(pid).ok())
        };
        let (Some(supervisor), agent) = (pid("/supervisor/pid"), pid("/pid")) else { continue };
        supervisors += memory_kb(supervisor, "Pss:");
        agents += agent.map_or(0, |agent| memory_kb(agent, "Pss:"));
        count += 1;
    }
    let mb = |kb: u64| format!("{:.1} MB", kb as f64 / 1e3);
    row(&format!("{count} kept agents: their supervisors' own share, all"), &mb(supervisors), "");
    row("… the stand-ins' own", &mb(agents), "");
    row("… the bot's", &mb(memory_kb(serving.0.id(), "Pss:")), "");
    drop(serving);
    end_kept(&bot);
}

/// Ends the agents that the bot has left.
fn end_kept(bot: &Bot) {
    let mut command = Command::new(table::PROGRAM);
    command.args(["stop-agents", "--state-dir"]).arg(bot.directory.path().join("state"));
    let ended = command.env("XDG_CONFIG_HOME", bot.directory.path()).stdout(Stdio::null()).status();
    assert!(ended.expect("it runs").success(), "none is left");
}

/// What an agent prints, as fast as it can.
async fn reading() {
    let bot = Bot::new().await;
    let directory = ground::disk();
    let path = directory.path().join("printed.jsonl");
    let mut printed =
        String::from("{\"type\":\"system\",\"subtype\":\"init\",\"session_id\":\"s-1\",\"model\":\"m\"}\n");
    for number in 0..EVENTS {
        let _ = writeln!(
            printed,
            "{{\"type\":\"stream_event\",\"session_id\":\"s-1\",\"event\":{{\"type\":\"content_block_delta\",\
             \"index\":0,\"delta\":{{\"type\":\"text_delta\",\"text\":\"word {number} \"}}}}}}"
        );
    }
    printed.push_str(
        "{\"type\":\"result\",\"subtype\":\"success\",\"is_error\":false,\"result\":\"all read\",\"session_id\":\"s-1\"}\n",
    );
    std::fs::write(&path, &printed).expect("written");
    let program = directory.path().join("printer");
    std::fs::write(&program, format!("#!/bin/sh\nread -r line\nexec cat '{}'\n", path.display())).expect("written");
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o700)).expect("a program");
    let setting = format!("{{ command = ['{}'], keep_warm = 'off' }}", program.display());
    let settings = [("SIGNALBOX__AGENTS__CLAUDE".to_owned(), setting)];
    let _serving = served(&bot, &settings).await;
    let took = answered(&bot, 0, "/session @claude go", "all read").await.as_secs_f64();
    row(
        &format!("{EVENTS} events of claude, printed at once: read"),
        &format!("{:.0} /s, {:.0} MB/s", EVENTS as f64 / took, printed.len() as f64 / took / 1e6),
        "",
    );
}

#[tokio::main]
async fn main() {
    // Words after `--` pick parts by name: follow_ups, kept, reading.
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let wanted = |part: &str| words.is_empty() || words.iter().any(|word| word == part);
    println!("| what | measured | bound |\n|---|---|---|");
    table::machine_costs();
    if wanted("follow_ups") {
        for kind in &KINDS {
            if let Some(bare) = bare(kind) {
                row(&format!("{}: the stand-in alone", kind.name), &ms(bare), "");
            }
            row(&format!("{}: follow-up → answer, started again", kind.name), &pair(follow_ups(kind, "off").await), "");
            row(&format!("{}: follow-up → answer, kept", kind.name), &pair(follow_ups(kind, "10m").await), "10 ms");
        }
    }
    if wanted("kept") {
        kept().await;
    }
    if wanted("reading") {
        reading().await;
    }
}
