//! A stand-in for opensre, which does what the alert that it is told says: an investigation with `investigate`, one request
//! with `ask`.
//!
//! An alert without a script is answered as a recording of the real program has it, printed in small pieces. A line of its
//! message that begins with `script:` holds steps instead, separated by `;`:
//!
//! | step | does |
//! |---|---|
//! | `recorded` | prints the recording, and writes its report |
//! | `print <text>` | prints a line |
//! | `err <text>` | writes a line to standard error |
//! | `errors <path>` | writes what stands in a file to standard error |
//! | `spawn` | leaves a process behind that has a session of its own and ignores SIGTERM |
//! | `deaf` | ignores SIGTERM from now on |
//! | `wait <path>` | waits until the file exists |
//! | `hang` | waits for ever |
//! | `write <text>` | this is its report, as it is |
//! | `half` | half of the recorded report is its report |
//! | `endless` | a report of 9 MiB |
//! | `link <path>` | a link to this is its report |
//! | `pipe` | a pipe is its report |
//! | `exit <code>` | exits |
//!
//! With `ask` it answers `turn <n>: <words>`, and keeps its conversations in its HOME. Environment: `OPENSRE_LOG` is a file that
//! gets one JSON line a run: arguments, standard input, environment, the mode of its HOME and of where its report goes.
//! With `OPENSRE_ONLY_ASKS` it does not know `investigate`, else it does not know `ask`.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::thread::sleep;
use std::time::Duration;

use nix::sys::stat::Mode;
use serde_json::{Value, json};

/// What the real program printed, and what it wrote.
const PRINTED: &str = include_str!("../../fixtures/opensre/output_file.jsonl");
const WRITTEN: &str = include_str!("../../fixtures/opensre/answer.json");
/// Bytes of the recording that are printed at once: no multiple of any character's.
const PIECE: usize = 7;

/// Is opensre.
#[must_use]
pub fn main(args: &[String]) -> ExitCode {
    let only_asks = std::env::var_os("OPENSRE_ONLY_ASKS").is_some();
    let own = if only_asks { "ask" } else { "investigate" };
    let has = |word: &str| args.iter().any(|arg| arg == word);
    if has("--version") {
        println!("opensre, version 2026.4.5");
        return ExitCode::SUCCESS;
    }
    if has("--help") {
        println!("\n  Usage: opensre [OPTIONS] COMMAND [ARGS]...\n\n  Commands:\n    onboard         Run the wizard.");
        println!("    {own:15} Do what it is for.");
        return ExitCode::SUCCESS;
    }
    if !has(own) {
        let other = if only_asks { "investigate" } else { "ask" };
        eprintln!("Usage: opensre [OPTIONS] COMMAND [ARGS]...\nTry 'opensre --help' for help.\n");
        eprintln!("Error: No such command '{other}'.");
        return ExitCode::from(2);
    }
    let told = io::read_to_string(io::stdin()).expect("UTF-8 on standard input");
    let file = args.iter().position(|arg| arg == "-o").map(|at| PathBuf::from(&args[at + 1]));
    note(args, &told, file.as_deref());
    if only_asks {
        return asked(args, &told);
    }
    let Ok(alert) = serde_json::from_str::<Value>(&told) else {
        eprintln!("Invalid alert JSON from stdin: Expecting value at line 1, column 1.");
        return ExitCode::from(1);
    };
    let message = alert["message"].as_str().expect("a message");
    let script = message.lines().find_map(|line| line.trim().strip_prefix("script:")).unwrap_or("recorded");
    let file = file.expect("a file for the report");
    for step in script.split(';').map(str::trim) {
        let (word, rest) = step.split_once(' ').unwrap_or((step, ""));
        if word == "exit" {
            return ExitCode::from(rest.parse::<u8>().expect("a code"));
        }
        act(word, rest.trim(), &file);
    }
    ExitCode::SUCCESS
}

fn act(word: &str, rest: &str, file: &Path) {
    let write = |bytes: &[u8]| fs::write(file, bytes).expect("its report can be written");
    match word {
        "recorded" => {
            let mut out = io::stdout();
            for piece in PRINTED.as_bytes().chunks(PIECE) {
                out.write_all(piece).and_then(|()| out.flush()).expect("it can print");
            }
            write(WRITTEN.as_bytes());
        }
        "print" => println!("{rest}"),
        "err" => eprintln!("{rest}"),
        "errors" => eprint!("{}", fs::read_to_string(rest).expect("a file")),
        "spawn" => {
            let deaf = "trap '' TERM; while :; do sleep 1; done";
            // Nobody waits for what is left behind.
            drop(Command::new("setsid").args(["sh", "-c", deaf]).stdin(Stdio::null()).spawn());
        }
        "deaf" => {
            let mut term = nix::sys::signal::SigSet::empty();
            term.add(nix::sys::signal::Signal::SIGTERM);
            term.thread_block().expect("a signal can be blocked");
        }
        "wait" => {
            while !Path::new(rest).exists() {
                sleep(Duration::from_millis(5));
            }
        }
        "hang" => loop {
            sleep(Duration::from_secs(60));
        },
        "write" => write(rest.as_bytes()),
        "half" => write(&WRITTEN.as_bytes()[..WRITTEN.len() / 2]),
        "endless" => write(&vec![b'x'; 9 << 20]),
        "link" => std::os::unix::fs::symlink(rest, file).expect("a link can be made"),
        "pipe" => nix::unistd::mkfifo(file, Mode::S_IRWXU).expect("a pipe can be made"),
        _ => panic!("{word}: no such step"),
    }
}

/// Answers a request; what was asked before in its conversation stands in its HOME.
fn asked(args: &[String], told: &str) -> ExitCode {
    let home = PathBuf::from(std::env::var_os("HOME").expect("a HOME"));
    let resumed = args.iter().find_map(|arg| arg.strip_prefix("--resume="));
    let id = resumed.map_or_else(|| format!("s-{}", std::process::id()), str::to_owned);
    let kept = home.join(&id);
    if resumed.is_some() && !kept.exists() {
        let error = json!({"message": format!("Session '{id}' was not found."), "suggestion": "Use another."});
        println!("{}", json!({"status": "error", "response": "", "session_id": null, "error": error}));
        return ExitCode::from(1);
    }
    let turn = fs::read_to_string(&kept).unwrap_or_default().len() + 1;
    fs::write(&kept, "x".repeat(turn)).expect("its conversation can be kept");
    let response = format!("turn {turn}: {}", told.trim());
    println!(
        "{}",
        json!({"status": "success", "response": response, "denied_tools": [], "session_id": id, "error": null})
    );
    ExitCode::SUCCESS
}

/// Notes what it was started with.
fn note(args: &[String], told: &str, file: Option<&Path>) {
    let Some(log) = std::env::var_os("OPENSRE_LOG") else { return };
    let mode = |path: &Path| path.metadata().map_or(0, |found| found.permissions().mode() & 0o777);
    let home = PathBuf::from(std::env::var_os("HOME").expect("a HOME"));
    let line = json!({
        "args": args,
        "told": told,
        "env": std::env::vars().map(|(name, value)| (name, Value::from(value))).collect::<serde_json::Map<_, _>>(),
        "home": mode(&home),
        "place": file.and_then(Path::parent).map(mode),
    });
    let mut log = OpenOptions::new().create(true).append(true).open(log).expect("a log");
    log.write_all(format!("{line}\n").as_bytes()).expect("it can be noted");
}
