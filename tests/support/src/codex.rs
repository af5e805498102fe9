//! A stand-in for codex, which does what its prompt says: its app server with `app-server`, one run with `exec`.
//!
//! A prompt without a script is answered with `turn <n>: <prompt>`. A line of it that begins with `script:` holds steps,
//! separated by `;`:
//!
//! | step | does |
//! |---|---|
//! | `say <text>` | a remark on the way |
//! | `tool <command>` | a command that succeeds at once |
//! | `ask <command>` | asks whether it may run it, and says `accept`, `decline` or what else came |
//! | `patch <path> <text>` | asks whether it may add a file, and says what came |
//! | `spawn` | begins a command that goes on in a session of its own |
//! | `wait <path>` | waits until the file exists |
//! | `hang` | waits until its turn is interrupted; the spawned command goes on |
//! | `deaf` | waits for ever |
//! | `retry <text>` | says that it tries its service again |
//! | `fail <text>` | the turn fails |
//! | `answer <text>` | the answer |
//! | `long <bytes>` | prints one line of this length |
//! | `half` | prints half a line and exits without an error |
//! | `exit <code>` | exits without an answer |
//! | `after` | prints another answer after the end of the turn |
//!
//! Environment: `CODEX_SESSIONS` is a directory that keeps each thread's prompts; `CODEX_LOG` a file that gets every line that
//! it is told; with `CODEX_LOGGED_IN` somebody is logged in; with `CODEX_REFUSES` there is no app server. With `--replay
//! <path>` it prints a recording piece by piece, cut
//! anywhere: what answers a request of its client once that has come, and what asks before it waits for the answer.

use std::fs::{self, OpenOptions};
use std::io::{self, BufRead as _, Write as _};
use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};
use std::thread::sleep;
use std::time::Duration;

use serde_json::{Value, json};

/// Is codex.
#[must_use]
pub fn main(args: &[String]) -> ExitCode {
    let has = |word: &str| args.iter().any(|arg| arg == word);
    if has("--version") {
        println!("codex-cli 0.171.0");
    } else if has("exec") {
        exec();
    } else if std::env::var_os("CODEX_REFUSES").is_some() {
        if has("--help") {
            println!("Usage: codex [OPTIONS] [PROMPT]");
        } else {
            eprintln!("error: unrecognized subcommand 'app-server'");
            return ExitCode::from(2);
        }
    } else if has("--help") {
        println!("Usage: codex app-server [OPTIONS]");
    } else if let Some(at) = args.iter().position(|arg| arg == "--replay") {
        replay(&args[at + 1]);
    } else {
        Server::default().serve();
    }
    ExitCode::SUCCESS
}

/// One run, which asks nothing.
fn exec() {
    let prompt = io::read_to_string(io::stdin()).expect("the prompt can be read");
    print(&json!({"type": "thread.started", "thread_id": "01a1f9fd-74f3-7193-944f-a38ca4e5ec90"}));
    print(&json!({"type": "turn.started"}));
    let item = json!({"id": "item_0", "type": "agent_message", "text": format!("exec: {prompt}")});
    print(&json!({"type": "item.completed", "item": item}));
    print(&json!({"type": "turn.completed", "usage": {"input_tokens": 6935, "output_tokens": 11}}));
}

/// The app server.
#[derive(Default)]
struct Server {
    thread: String,
    turn: usize,
    calls: usize,
}

impl Server {
    fn serve(&mut self) {
        while let Some(told) = hear() {
            let (id, params) = (&told["id"], &told["params"]);
            match told["method"].as_str() {
                Some("initialize") => print(&json!({"id": id, "result": {"userAgent": "codex"}})),
                Some("account/read") => {
                    let account = std::env::var_os("CODEX_LOGGED_IN").map(|_| json!({"type": "chatgpt"}));
                    print(&json!({"id": id, "result": {"account": account, "requiresOpenaiAuth": true}}));
                }
                Some("model/list") => {
                    let models =
                        ["gpt-6", "gpt-5.5", "gpt-5.5-mini", "gpt-4", "gpt-3"].map(|model| json!({"model": model}));
                    print(&json!({"id": id, "result": {"data": models, "nextCursor": null}}));
                }
                Some("thread/start") => {
                    self.thread = format!("01a2-{}", std::process::id());
                    self.opened(id, params);
                }
                Some("thread/resume") => {
                    self.thread = params["threadId"].as_str().expect("an id").to_owned();
                    if self.history().is_some_and(|file| file.exists()) {
                        self.opened(id, params);
                    } else {
                        let words = format!("no rollout found for thread id {}", self.thread);
                        print(&json!({"id": id, "error": {"code": -32600, "message": words}}));
                    }
                }
                Some("turn/start") => {
                    let prompt = params["input"][0]["text"].as_str().expect("a text").to_owned();
                    self.remember(&prompt);
                    print(&json!({"id": id, "result": {"turn": {"id": self.turn_id(), "status": "inProgress"}}}));
                    self.tell("turn/started", json!({"turn": {"id": self.turn_id()}}));
                    self.act(&prompt);
                }
                _ => {}
            }
        }
    }

    fn opened(&self, id: &Value, params: &Value) {
        let sandbox = match params["sandbox"].as_str() {
            Some("read-only") => "readOnly",
            Some("workspace-write") => "workspaceWrite",
            _ => "dangerFullAccess",
        };
        let result = json!({"thread": {"id": self.thread}, "model": "scripted", "approvalPolicy": params["approvalPolicy"],
            "sandbox": {"type": sandbox}, "approvalsReviewer": "user"});
        print(&json!({"id": id, "result": result}));
    }

    fn history(&self) -> Option<PathBuf> {
        Some(PathBuf::from(std::env::var_os("CODEX_SESSIONS")?).join(&self.thread))
    }

    fn remember(&mut self, prompt: &str) {
        let Some(file) = self.history() else { return };
        let mut history = fs::read_to_string(&file).unwrap_or_default();
        history.push_str(&json!(prompt).to_string());
        history.push('\n');
        self.turn = history.lines().count();
        fs::write(file, history).expect("the history can be written");
    }

    fn turn_id(&self) -> String {
        format!("turn-{}", self.turn)
    }

    /// Tells of something in the turn.
    fn tell(&self, method: &str, mut params: Value) {
        params["threadId"] = json!(self.thread);
        if params.get("turn").is_none() {
            params["turnId"] = json!(self.turn_id());
        }
        print(&json!({"method": method, "params": params}));
    }

    fn say(&self, text: &str) {
        self.tell("item/completed", json!({"item": {"type": "agentMessage", "id": "msg", "text": text}}));
    }

    fn used(&self) {
        let (total, last) = (self.turn * 100, 100);
        let count = |tokens: usize| json!({"inputTokens": tokens, "outputTokens": tokens / 10});
        self.tell("thread/tokenUsage/updated", json!({"tokenUsage": {"total": count(total), "last": count(last)}}));
    }

    fn end(&self, status: &str, error: &Value) {
        self.used();
        let turn = json!({"id": self.turn_id(), "items": [], "status": status, "error": error});
        self.tell("turn/completed", json!({"turn": turn}));
    }

    fn command(&mut self, command: &str) -> Value {
        self.calls += 1;
        let line = format!("/bin/bash -lc '{command}'");
        json!({"type": "commandExecution", "id": format!("call-{}", self.calls), "command": line, "status": "inProgress"})
    }

    /// Asks, and waits for the answer.
    fn ask(&self, method: &str, mut params: Value) -> String {
        let id = self.calls - 1;
        params["threadId"] = json!(self.thread);
        params["turnId"] = json!(self.turn_id());
        print(&json!({"method": method, "id": id, "params": params}));
        loop {
            let told = hear().expect("an answer comes");
            if told["id"] == id && told.get("method").is_none() {
                return told["result"]["decision"].as_str().unwrap_or("nothing").to_owned();
            }
        }
    }

    fn finished(&self, mut item: Value, decision: &str) {
        item["status"] = json!(if decision == "accept" { "completed" } else { "declined" });
        item["exitCode"] = json!(0);
        self.tell("item/completed", json!({"item": item}));
    }

    fn act(&mut self, prompt: &str) {
        let script = prompt.lines().find_map(|line| line.trim().strip_prefix("script:")).unwrap_or_default();
        let mut answer = format!("turn {}: {prompt}", self.turn);
        let mut is_repeated = false;
        for step in script.split(';').map(str::trim).filter(|step| !step.is_empty()) {
            let (word, rest) = step.split_once(' ').unwrap_or((step, ""));
            match word {
                "say" => self.say(rest),
                "tool" => {
                    let item = self.command(rest);
                    self.tell("item/started", json!({"item": item}));
                    self.finished(item, "accept");
                }
                "ask" => {
                    let item = self.command(rest);
                    self.tell("item/started", json!({"item": item}));
                    let cwd = std::env::current_dir().expect("there is a directory");
                    let params = json!({"kind": "command", "itemId": item["id"], "command": item["command"], "cwd": cwd,
                        "environmentId": "local", "availableDecisions": ["accept", "cancel"]});
                    let decision = self.ask("item/commandExecution/requestApproval", params);
                    self.finished(item, &decision);
                    self.say(&format!("{decision} {rest}"));
                }
                "patch" => {
                    self.calls += 1;
                    let (path, text) = rest.split_once(' ').expect("patch <path> <text>");
                    let changes = json!([{"path": path, "kind": {"type": "add"}, "diff": text}]);
                    let item = json!({"type": "fileChange", "id": format!("call-{}", self.calls), "changes": changes});
                    self.tell("item/started", json!({"item": item}));
                    let params = json!({"itemId": item["id"], "reason": null, "grantRoot": null});
                    let decision = self.ask("item/fileChange/requestApproval", params);
                    self.finished(item, &decision);
                    self.say(&format!("{decision} {path}"));
                }
                "spawn" => {
                    let item = self.command("sleep 600");
                    self.tell("item/started", json!({"item": item}));
                    let mut command = Command::new("setsid");
                    command
                        .args(["--fork", "sleep", "600"])
                        .stdin(Stdio::null())
                        .stdout(Stdio::null())
                        .stderr(Stdio::null());
                    assert!(command.status().expect("a command can be started").success());
                }
                "wait" => {
                    while !PathBuf::from(rest).exists() {
                        sleep(Duration::from_millis(5));
                    }
                }
                "hang" => {
                    while let Some(told) = hear() {
                        if told["method"] == "turn/interrupt" && told["params"]["turnId"] == self.turn_id().as_str() {
                            print(&json!({"id": told["id"], "result": {}}));
                            return self.end("interrupted", &Value::Null);
                        }
                    }
                    return;
                }
                "deaf" => loop {
                    sleep(Duration::from_secs(3600));
                },
                "retry" => {
                    let error = json!({"message": "Reconnecting... 2/5", "additionalDetails": rest});
                    self.tell("error", json!({"error": error, "willRetry": true}));
                }
                "fail" => {
                    let error = json!({"message": rest, "codexErrorInfo": "other"});
                    self.tell("error", json!({"error": error, "willRetry": false}));
                    return self.end("failed", &error);
                }
                "answer" => rest.clone_into(&mut answer),
                "long" => {
                    let text = "x".repeat(rest.parse().expect("long <bytes>"));
                    self.tell("item/commandExecution/outputDelta", json!({"delta": text}));
                }
                "half" => {
                    print!("{{\"method\":\"turn/completed\",\"params\":{{\"thr");
                    io::stdout().flush().expect("standard output can be written");
                    std::process::exit(0);
                }
                "exit" => std::process::exit(rest.parse().expect("exit <code>")),
                "after" => is_repeated = true,
                other => panic!("unknown step {other:?}"),
            }
        }
        self.say(&answer);
        self.end("completed", &Value::Null);
        if is_repeated {
            self.say("another answer");
            self.end("completed", &Value::Null);
        }
    }
}

/// Returns the next line that it is told.
fn hear() -> Option<Value> {
    let mut line = String::new();
    let length = io::stdin().lock().read_line(&mut line).expect("standard input can be read");
    if length == 0 {
        return None;
    }
    if let Some(file) = std::env::var_os("CODEX_LOG") {
        let mut file = OpenOptions::new().create(true).append(true).open(file).expect("the log can be opened");
        file.write_all(line.as_bytes()).expect("the log can be written");
    }
    Some(serde_json::from_str(&line).expect("every line is JSON"))
}

fn print(line: &Value) {
    println!("{line}");
}

fn replay(path: &str) {
    let recorded = fs::read_to_string(path).expect("--replay <path>");
    // Within words, within characters and around line breaks.
    let mut sizes = [1, 7, 2, 4096, 3, 509, 1, 64].into_iter().cycle();
    for line in recorded.split_inclusive('\n') {
        let told: Value = serde_json::from_str(line).expect("a recording of JSON");
        let (id, is_asked) = (&told["id"], told.get("method").is_some());
        if !is_asked && !comes(id) {
            return;
        }
        let mut rest = line.as_bytes();
        while !rest.is_empty() {
            let (piece, after) = rest.split_at(sizes.next().expect("endless").min(rest.len()));
            let mut out = io::stdout().lock();
            out.write_all(piece).and_then(|()| out.flush()).expect("standard output can be written");
            rest = after;
        }
        if is_asked && !id.is_null() && !comes(id) {
            return;
        }
    }
    while hear().is_some() {}
}

/// Waits for a message with this id; false where none comes any more.
fn comes(id: &Value) -> bool {
    std::iter::from_fn(hear).any(|told| told["id"] == *id)
}
