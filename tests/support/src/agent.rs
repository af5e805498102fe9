//! An agent for tests, which does what its prompt says.
//!
//! It speaks like claude when it is called with `--input-format stream-json`, prints our own events with `--native`, is
//! [another one](crate::acp_agent) with `acp`, and else prints text. A prompt without a script is answered with `turn <n>: <prompt>`. A line of the prompt that begins
//! with `script:` holds steps, separated by `;`:
//!
//! | step | does |
//! |---|---|
//! | `say <text>` | writes a block of text |
//! | `tool <name> <command>` | a tool call that succeeds at once |
//! | `see <text>` | a tool call whose output is this text |
//! | `open-tool <name> <command>` | a tool call that does not end |
//! | `ask <name> <command>` | asks for permission, waits, and says `allowed <command>` or `denied <command>` |
//! | `ask-as <id> <name> <command>` | asks under this id of its own choice |
//! | `put <name> <input>` | asks with this input, JSON without `;`, waits, and says `heard` and the answers or words that came |
//! | `request <id> <name> <command>` | asks under this id, and goes on without an answer |
//! | `raw <text>` | prints a line as it is |
//! | `replay <path>` | prints a recording piece by piece, cut anywhere, waits for an answer where it asks, and says nothing else |
//! | `flood <bytes>` | prints that many bytes without a line break |
//! | `err <text>` | writes to standard error |
//! | `sleep <milliseconds>` | waits |
//! | `wait <path>` | waits until the file exists |
//! | `ignore-term` | ignores SIGTERM from now on, as do processes that it starts |
//! | `leave` | leaves a process behind that has a session of its own, no parent, and holds the output open |
//! | `leave-clean <path>` | leaves one behind that has nothing of ours, as a service starts; its process id is in the file |
//! | `cancel-itself` | asks its own supervisor to end the run, and waits until it is turned away |
//! | `allow-other <run> <id>` | tells another run's supervisor that a request of it is allowed, and waits until that has listened |
//! | `allow-orphaned <run> <id>` | says so by a process that has no parent any more, and waits for its end |
//! | `nag <number>` | asks for permission and takes it back, so many times |
//! | `answer <text>` | the final answer, instead of `turn <n>: …` |
//! | `fill <bytes> <text>` | the final answer is this text, over and over |
//! | `table <bytes>` | the final answer is a table of one row, this long |
//! | `file <path>` | the final answer is what stands in the file |
//! | `next <text>` | the final answer of the session's next turn, whatever it is asked; `script: <step>` is done instead |
//! | `fail <text>` | the final error |
//! | `crash <code>` | exits without a final word |
//! | `stay` | does not exit after the final word |
//! | `hang` | waits for ever |
//! | `until-interrupted [<text>]` | waits until it is interrupted, and says so and what that has cost, and nothing else; with a text it ends in the ordinary way, with that as its answer |
//! | `afterwards <path> <line>` | once the file exists, prints the line as it is, whatever it is at then |
//!
//! Environment: `SCRIPTED_AGENT_SESSIONS` is a directory that keeps each session's prompts (`--session-id`, `--resume`);
//! without it every session is unknown to `--resume`. `SCRIPTED_AGENT_LOG` is a file that gets one JSON line a run: pid,
//! session, whether it was resumed, and the prompt. `SCRIPTED_AGENT_FIRST` is the script of a session's first turn whose
//! prompt has none. A file `refuses` beside the sessions names an option that it does not know, as an older version.

use std::fs::{self, OpenOptions};
use std::io::{self, BufRead as _, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};
use std::thread::sleep;
use std::time::Duration;

use nix::sys::signal::{SigSet, Signal};
use serde_json::{Value, json};

mod kept;
mod left;

use left::{leave, leave_clean, linger};

/// How the agent talks.
#[derive(Clone, Copy, PartialEq)]
enum Voice {
    Text,
    Native,
    Claude,
}

struct Agent {
    voice: Voice,
    session: String,
    turn: usize,
    calls: usize,
    stays: bool,
    replayed: bool,
}

/// Is the agent.
#[must_use]
pub fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["acp", ..] => return crate::acp_agent::main(),
        ["linger", rest @ ..] => return linger(rest.first().copied(), args.get(2)),
        ["allow", run, id] => return allow(connected(run), id),
        ["allow-and-go", run, id] => return allow_and_go(run, id),
        ["allow-orphaned", run, id] => return left::spawn_orphan(run, id),
        ["allow-as-orphan", run, id, parent] => return left::allow_as_orphan(run, id, parent),
        ["allow-when-alone", id] => return allow_when_alone(id),
        _ => {}
    }
    let after = |flag: &str| {
        let glued = args.iter().find_map(|arg| arg.strip_prefix(flag)?.strip_prefix('=').map(str::to_owned));
        glued.or_else(|| args.iter().position(|arg| arg == flag).and_then(|at| args.get(at + 1)).cloned())
    };
    let sessions = std::env::var_os("SCRIPTED_AGENT_SESSIONS").map(PathBuf::from);
    if let Some(unknown) = sessions.and_then(|sessions| fs::read_to_string(sessions.join("refuses")).ok())
        && let Some(option) = args.iter().find(|arg| arg.starts_with(&unknown))
    {
        eprintln!("error: unknown option '{option}'");
        return ExitCode::FAILURE;
    }
    let voice = match after("--input-format").as_deref() {
        Some("stream-json") => Voice::Claude,
        _ if args.iter().any(|arg| arg == "--native") => Voice::Native,
        _ => Voice::Text,
    };
    let resumed = after("--resume");
    let session = resumed.clone().or_else(|| after("--session-id")).unwrap_or_else(|| "no-session".into());
    let prompt = read_prompt(voice);
    log(&session, resumed.is_some(), &prompt);
    let mut agent = Agent { voice, session, turn: 1, calls: 0, stays: false, replayed: false };
    if !agent.remember(resumed.is_some(), &prompt) {
        return agent.unknown_session();
    }
    agent.begin();
    let code = agent.act(&prompt);
    if code == 0 && voice == Voice::Claude {
        // As the real one: it stays until its input is closed, and answers what it is told meanwhile.
        while let Some(prompt) = kept::next_prompt() {
            log(&agent.session, true, &prompt);
            agent.remember(true, &prompt);
            agent.begin();
            agent.replayed = false;
            if agent.act(&prompt) != 0 {
                return ExitCode::FAILURE;
            }
        }
    }
    if agent.stays {
        hang();
    }
    ExitCode::from(code)
}

impl Agent {
    fn act(&mut self, prompt: &str) -> u8 {
        let foretold = self.foretold();
        let of_prompt = prompt.lines().find_map(|line| line.trim().strip_prefix("script:"));
        // What the first turn of a session does whose prompt has no script, such as one that an alert began.
        let first = std::env::var("SCRIPTED_AGENT_FIRST").ok().filter(|_| self.turn == 1);
        let of_prompt = of_prompt.or(first.as_deref());
        let script =
            foretold.as_deref().and_then(|text| text.strip_prefix("script:")).or(of_prompt).unwrap_or_default();
        let mut answer = Ok(foretold.clone().unwrap_or_else(|| format!("turn {}: {prompt}", self.turn)));
        for step in script.split(';').map(str::trim).filter(|step| !step.is_empty()) {
            let (word, rest) = step.split_once(' ').unwrap_or((step, ""));
            match word {
                "say" => self.say(rest),
                "tool" => {
                    let id = self.tool(rest);
                    self.tool_done(&id, "done");
                }
                "see" => {
                    let id = self.tool("Bash look");
                    self.tool_done(&id, rest);
                }
                "open-tool" => drop(self.tool(rest)),
                "ask" => {
                    self.calls += 1;
                    let id = format!("request-{}", self.calls);
                    self.ask(&id, rest);
                }
                "ask-as" => {
                    let (id, call) = rest.split_once(' ').expect("ask-as <id> <name> <command>");
                    self.ask(id, call);
                }
                "put" => {
                    self.calls += 1;
                    let (name, input) = rest.split_once(' ').expect("put <name> <input>");
                    self.put(&format!("request-{}", self.calls), name, input);
                }
                "request" => {
                    let (id, call) = rest.split_once(' ').expect("request <id> <name> <command>");
                    request(id, call);
                }
                "raw" => println!("{rest}"),
                "replay" => self.replay(rest),
                "flood" => flood(rest.parse().expect("flood <bytes>")),
                "err" => eprintln!("{rest}"),
                "sleep" => sleep(Duration::from_millis(rest.parse().expect("sleep <milliseconds>"))),
                "wait" => wait_for(rest),
                "ignore-term" => SigSet::from_iter([Signal::SIGTERM]).thread_block().expect("signals can be blocked"),
                "leave" => leave(),
                "leave-clean" => leave_clean(rest),
                "cancel-itself" => cancel_itself(),
                "allow-other" => {
                    let (run, id) = rest.split_once(' ').expect("allow-other <run> <id>");
                    allow(connected(run), id);
                }
                "allow-orphaned" => left::allow_orphaned(rest),
                "nag" => (0..rest.parse().expect("nag <number>")).for_each(nag),
                "answer" => answer = Ok(rest.to_owned()),
                "fill" => {
                    let (bytes, text) = rest.split_once(' ').expect("fill <bytes> <text>");
                    answer = Ok(text.repeat(bytes.parse::<usize>().expect("fill <bytes> <text>").div_ceil(text.len())));
                }
                "table" => {
                    let columns = rest.parse::<usize>().expect("table <bytes>") / "|a|-".len();
                    answer = Ok(format!("{}|\n{}|\n", "|a".repeat(columns), "|-".repeat(columns)));
                }
                "file" => answer = Ok(fs::read_to_string(rest).expect("file <path>")),
                "next" => fs::write(self.next_file().expect("a directory"), rest).expect("the next answer is kept"),
                "fail" => answer = Err(rest.to_owned()),
                "crash" => std::process::exit(rest.parse().expect("crash <code>")),
                "stay" => self.stays = true,
                "hang" => hang(),
                "until-interrupted" => {
                    kept::until_interrupted(rest);
                    self.replayed = true;
                }
                "afterwards" => kept::afterwards(rest),
                other => panic!("unknown step {other:?}"),
            }
        }
        self.end(&answer)
    }

    /// Where the answer of the session's next turn stands.
    fn next_file(&self) -> Option<PathBuf> {
        let directory = std::env::var_os("SCRIPTED_AGENT_SESSIONS")?;
        Some(PathBuf::from(directory).join(format!("{}.next", self.session)))
    }

    fn foretold(&self) -> Option<String> {
        let file = self.next_file()?;
        let answer = fs::read_to_string(&file).ok()?;
        fs::remove_file(file).ok();
        Some(answer)
    }

    /// Adds the prompt to the session's history; false where the session to resume is not known.
    fn remember(&mut self, resumed: bool, prompt: &str) -> bool {
        let Some(directory) = std::env::var_os("SCRIPTED_AGENT_SESSIONS") else { return !resumed };
        let file = PathBuf::from(directory).join(&self.session);
        let history = fs::read_to_string(&file).ok();
        if resumed && history.is_none() {
            return false;
        }
        let mut history = history.unwrap_or_default();
        history.push_str(&json!(prompt).to_string());
        history.push('\n');
        self.turn = history.lines().count();
        fs::write(file, history).expect("the history can be written");
        true
    }

    fn unknown_session(&self) -> ExitCode {
        let error = format!("No conversation found with session ID: {}", self.session);
        eprintln!("{error}");
        if self.voice == Voice::Claude {
            print(&json!({"type": "result", "subtype": "error_during_execution", "is_error": true, "errors": [error]}));
        }
        ExitCode::FAILURE
    }

    fn begin(&self) {
        match self.voice {
            Voice::Text => {}
            Voice::Native => print(&json!({"type": "session", "id": self.session, "model": "scripted"})),
            Voice::Claude => print(&json!({"type": "system", "subtype": "init", "session_id": self.session,
                "model": "scripted", "cwd": std::env::current_dir().expect("there is a directory")})),
        }
    }

    fn say(&self, text: &str) {
        match self.voice {
            Voice::Text => println!("{text}"),
            Voice::Native => print(&json!({"type": "text", "text": text})),
            Voice::Claude => self.assistant(&json!({"type": "text", "text": text})),
        }
    }

    fn assistant(&self, block: &Value) {
        let message = json!({"role": "assistant", "content": [block]});
        print(&json!({"type": "assistant", "message": message, "session_id": self.session}));
    }

    fn tool(&mut self, call: &str) -> String {
        self.calls += 1;
        let id = format!("call-{}", self.calls);
        let (name, command) = call.split_once(' ').unwrap_or((call, ""));
        match self.voice {
            Voice::Text => {}
            Voice::Native => print(&json!({"type": "tool_started", "id": id, "name": name, "summary": command})),
            Voice::Claude => {
                self.assistant(&json!({"type": "tool_use", "id": id, "name": name, "input": {"command": command}}));
            }
        }
        id
    }

    fn tool_done(&self, id: &str, output: &str) {
        match self.voice {
            Voice::Text => {}
            Voice::Native => print(&json!({"type": "tool_finished", "id": id, "ok": true, "output": output})),
            Voice::Claude => {
                let block = json!({"type": "tool_result", "tool_use_id": id, "content": output, "is_error": false});
                print(&json!({"type": "user", "message": {"role": "user", "content": [block]}}));
            }
        }
    }

    fn ask(&self, id: &str, call: &str) {
        let command = request(id, call);
        let response = response(id);
        match response["behavior"].as_str() {
            Some("allow") => {
                assert_eq!(response["updatedInput"]["command"], command, "the input comes back");
                self.say(&format!("allowed {command}"));
            }
            Some("deny") => self.say(&format!("denied {command}")),
            other => panic!("unknown behavior {other:?}"),
        }
    }

    fn put(&self, id: &str, name: &str, input: &str) {
        let input: Value = serde_json::from_str(input).expect("an input of JSON");
        let request = json!({"subtype": "can_use_tool", "tool_name": name, "input": input, "tool_use_id": "t1"});
        print(&json!({"type": "control_request", "request_id": id, "request": request}));
        let response = response(id);
        let heard = match &response["updatedInput"]["answers"] {
            Value::Null => response.get("message").unwrap_or(&response["behavior"]),
            answers => answers,
        };
        self.say(&format!("heard {heard}"));
    }

    fn replay(&mut self, path: &str) {
        self.replayed = true;
        let recorded = fs::read_to_string(path).expect("replay <path>");
        // Within words, within characters and around line breaks.
        let mut sizes = [1, 7, 2, 4096, 3, 509, 1, 64].into_iter().cycle();
        for line in recorded.split_inclusive('\n') {
            let mut rest = line.as_bytes();
            while !rest.is_empty() {
                let (piece, after) = rest.split_at(sizes.next().expect("endless").min(rest.len()));
                let mut out = io::stdout().lock();
                out.write_all(piece).and_then(|()| out.flush()).expect("standard output can be written");
                rest = after;
            }
            let told: Value = serde_json::from_str(line).expect("a recording of JSON");
            if told["type"] == "control_request" {
                response(told["request_id"].as_str().expect("a request has an id"));
            }
        }
    }

    fn end(&self, answer: &Result<String, String>) -> u8 {
        if self.replayed {
            return 0;
        }
        match self.voice {
            Voice::Text => match answer {
                Ok(text) => println!("{text}"),
                Err(text) => eprintln!("{text}"),
            },
            Voice::Native => {
                let outcome = match answer {
                    Ok(text) => json!({"Ok": text}),
                    Err(text) => json!({"Err": text}),
                };
                print(&json!({"type": "final", "outcome": outcome}));
            }
            Voice::Claude => {
                let (Ok(text) | Err(text)) = answer;
                print(&json!({"type": "result", "subtype": "success", "is_error": answer.is_err(), "result": text,
                    "session_id": self.session, "total_cost_usd": 0.01 * self.turn as f64, "result_index": kept::next_number(),
                    "usage": {"input_tokens": 10, "output_tokens": 2}, "permission_denials": []}));
            }
        }
        u8::from(answer.is_err())
    }
}

/// Waits for the answer to a request.
fn response(id: &str) -> Value {
    loop {
        let mut line = String::new();
        let length = io::stdin().lock().read_line(&mut line).expect("standard input can be read");
        assert!(length > 0, "standard input was closed before {id} was answered");
        let line: Value = serde_json::from_str(&line).expect("every line is JSON");
        if line["type"] == "control_response" && line["response"]["request_id"] == id {
            return line["response"]["response"].clone();
        }
    }
}

/// Asks for permission; returns the command that it asks for.
fn request<'a>(id: &str, call: &'a str) -> &'a str {
    let (name, command) = call.split_once(' ').unwrap_or((call, ""));
    let request = json!({"subtype": "can_use_tool", "tool_name": name, "input": {"command": command}});
    print(&json!({"type": "control_request", "request_id": id, "request": request}));
    command
}

fn read_prompt(voice: Voice) -> String {
    if voice != Voice::Claude {
        return io::read_to_string(io::stdin()).expect("the prompt can be read");
    }
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line).expect("the prompt can be read");
    let line: Value = serde_json::from_str(&line).expect("the prompt is one JSON line");
    line["message"]["content"].as_str().expect("the prompt is text").to_owned()
}

fn log(session: &str, resumed: bool, prompt: &str) {
    let Some(file) = std::env::var_os("SCRIPTED_AGENT_LOG") else { return };
    let entry = json!({"pid": std::process::id(), "session": session, "resumed": resumed, "prompt": prompt});
    let mut file = OpenOptions::new().create(true).append(true).open(file).expect("the log can be opened");
    file.write_all(format!("{entry}\n").as_bytes()).expect("the log can be written");
}

fn print(line: &Value) {
    println!("{line}");
}

fn flood(mut bytes: usize) {
    let chunk = vec![b'x'; 1024 * 1024];
    let mut out = io::stdout().lock();
    while bytes > 0 {
        let length = bytes.min(chunk.len());
        out.write_all(&chunk[..length]).expect("standard output can be written");
        bytes -= length;
    }
}

fn wait_for(path: &str) {
    while !PathBuf::from(path).exists() {
        sleep(Duration::from_millis(5));
    }
}

fn hang() -> ! {
    loop {
        sleep(Duration::from_secs(3600));
    }
}

fn cancel_itself() {
    let run = PathBuf::from(std::env::var_os("SIGNALBOX_RUN").expect("a run's mark names its directory"));
    let mut socket = UnixStream::connect(run.join("sock")).expect("the supervisor listens");
    // It may be turned away before it has said a word.
    let _ = socket.write_all(b"{\"cancel\":{}}\n").and_then(|()| socket.read_to_end(&mut Vec::new()));
}

/// Connects to a run's supervisor.
fn connected(run: &str) -> UnixStream {
    UnixStream::connect(PathBuf::from(run).join("sock")).expect("the supervisor listens")
}

/// Allows a request as a bot would, and waits until the supervisor has heard it, or has turned it away.
fn allow(mut socket: UnixStream, id: &str) -> ExitCode {
    let answer = json!({"answer": {"id": id, "decision": "allow"}});
    let hello = json!({"version": 1, "from": 0});
    if socket.write_all(format!("{answer}\n{hello}\n").as_bytes()).is_ok() {
        // Its hello, and the first event, which it sends only after it has read both lines.
        let mut lines = io::BufReader::new(socket).lines();
        lines.by_ref().take(2).for_each(drop);
    }
    ExitCode::SUCCESS
}

/// Connects, hands the connection to another process, and goes.
fn allow_and_go(run: &str, id: &str) -> ExitCode {
    let own = std::env::current_exe().expect("this program has a file");
    let mut socket = connected(run);
    // It has been looked at while it is there.
    let mut hello = [0];
    socket.read_exact(&mut hello).expect("a hello");
    let mut command = Command::new(own);
    command.args(["allow-when-alone", id]).stdin(Stdio::from(std::os::fd::OwnedFd::from(socket)));
    command.spawn().map_or(ExitCode::FAILURE, |_| ExitCode::SUCCESS)
}

fn allow_when_alone(id: &str) -> ExitCode {
    let parent = std::os::unix::process::parent_id();
    while std::os::unix::process::parent_id() == parent && PathBuf::from(format!("/proc/{parent}/exe")).exists() {
        sleep(Duration::from_millis(5));
    }
    let socket = std::os::fd::AsFd::as_fd(&io::stdin()).try_clone_to_owned().expect("a socket");
    allow(UnixStream::from(socket), id)
}

/// Asks for permission and takes it back at once.
fn nag(number: usize) {
    let id = format!("nag-{number}");
    request(&id, "Bash ls");
    print(&json!({"type": "control_cancel_request", "request_id": id}));
}
