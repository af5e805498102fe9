//! A house of its own for a story: state directory, configuration, agents, and people who talk to the real program.

use std::ffi::OsStr;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use tempfile::TempDir;

use super::talk::{Said, Talk};
use super::wait::PATIENCE;
use crate::programs::{scripted_agent, signalbox};

/// The configuration, below the house's own directory.
const CONFIG: &str = "config.toml";
/// The state directory, below it too.
const STATE: &str = "state";

/// Says how long claude is kept between two prompts.
pub const KEEP_WARM: &str = "SIGNALBOX__AGENTS__CLAUDE__KEEP_WARM";

/// A state directory with its configuration; nothing that was started there outlives it.
pub struct House {
    directory: TempDir,
    variables: Vec<(String, String)>,
}

impl House {
    /// A house whose claude is the scripted agent, with `more` in its configuration.
    pub fn new(more: &str) -> Self {
        let house = Self::bare();
        fs::create_dir(house.path("agent-sessions")).expect("a directory for the agent's sessions");
        // Notes the arguments of every run, one line each, and becomes the agent.
        let wrapper = format!("echo \"$*\" >> {0}; exec {1} \"$@\"", house.text("argv"), scripted_agent().display());
        let claude = toml::Value::from(vec!["sh", "-c", &wrapper, "claude"]);
        house.configure(&format!(
            "{more}\n[agents.claude]\ncommand = {claude}\n[agents.claude.env]\nSCRIPTED_AGENT_SESSIONS = {}\n\
             SCRIPTED_AGENT_LOG = {}\n",
            toml::Value::from(house.text("agent-sessions")),
            toml::Value::from(house.text("log")),
        ));
        house
    }

    /// A house without any agent.
    pub fn bare() -> Self {
        // Who works on is told by who is there: an agent goes with its answer, where a story does not say otherwise.
        let variables = vec![(KEEP_WARM.to_owned(), "off".to_owned())];
        let house = Self { directory: tempfile::tempdir().expect("a temporary directory"), variables };
        house.configure("");
        house
    }

    /// Writes the configuration file; the store is the quick one, since no power is cut here.
    pub fn configure(&self, text: &str) {
        fs::write(self.path(CONFIG), format!("store.durability = \"process\"\n{text}")).expect("written");
    }

    /// Sets a variable for every command.
    pub fn set(&mut self, name: &str, value: &str) {
        self.variables.push((name.to_owned(), value.to_owned()));
    }

    /// A path below the house's own directory.
    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// A path as text.
    pub fn text(&self, name: &str) -> String {
        self.path(name).to_str().expect("a path of text").to_owned()
    }

    /// The state directory.
    pub fn state(&self) -> PathBuf {
        self.path(STATE)
    }

    /// Makes a file, which a `wait` step of an agent waits for.
    pub fn touch(&self, name: &str) {
        fs::write(self.path(name), "").expect("written");
    }

    /// The program with its arguments.
    pub fn command<A: AsRef<OsStr>>(&self, arguments: &[A]) -> Command {
        command(self.directory.path(), &self.variables, arguments)
    }

    /// Makes the program with its arguments again and again, with the variables that are set now.
    pub(super) fn maker(&self, arguments: &'static [&'static str]) -> impl Fn() -> Command + Send + 'static {
        let (directory, variables) = (self.directory.path().to_owned(), self.variables.clone());
        move || command(&directory, &variables, arguments)
    }

    /// Runs the program to its end.
    #[track_caller]
    pub fn run(&self, arguments: &[&str]) -> Said {
        self.start(self.command(arguments)).end()
    }

    /// Says one thing in a shell and waits for all that comes of it.
    #[track_caller]
    pub fn say(&self, line: &str) -> Said {
        self.run(&["shell", "-c", line])
    }

    /// Pipes text into the program.
    #[track_caller]
    pub fn pipe(&self, arguments: &[&str], input: &[u8]) -> Said {
        let file = tempfile::tempfile_in(self.directory.path()).expect("a file for the input");
        (&file).write_all(input).expect("the input is written");
        std::io::Seek::rewind(&mut (&file)).expect("the input is rewound");
        let mut command = self.command(arguments);
        command.stdin(file);
        self.start(command).end()
    }

    /// Starts a shell that says one thing, in the background.
    pub fn begin(&self, line: &str) -> Talk {
        self.start(self.command(&["shell", "-c", line]))
    }

    /// Starts a process that serves all shells, and waits until it does.
    pub fn serve(&self) -> Talk {
        let serving = self.start(self.command(&["serve"]));
        serving.until("serving");
        serving
    }

    /// Starts a command in the background; what it says goes to files.
    pub fn start(&self, command: Command) -> Talk {
        Talk::start(command, self.directory.path())
    }

    /// What the scripted agents were asked, in order: session, whether it was resumed, prompt.
    pub fn runs(&self) -> Vec<(String, bool, String)> {
        let log = fs::read_to_string(self.path("log")).unwrap_or_default();
        let run = |line: &str| {
            let run: Value = serde_json::from_str(line).expect("JSON");
            let text = |key: &str| run[key].as_str().expect("text").to_owned();
            (text("session"), run["resumed"].as_bool().expect("a truth"), text("prompt"))
        };
        log.lines().map(run).collect()
    }

    /// `signalbox session list --json`.
    #[track_caller]
    pub fn sessions(&self) -> Vec<Value> {
        let said = self.run(&["session", "list", "--json"]).was(0, "[");
        serde_json::from_str(&said.out).expect("a JSON list")
    }

    /// `signalbox session show <name> --json`.
    #[track_caller]
    pub fn session(&self, name: &str) -> Value {
        let said = self.run(&["session", "show", name, "--json"]).was(0, "{");
        serde_json::from_str(&said.out).expect("a JSON object")
    }

    /// Counts rows that an SQL condition picks.
    #[track_caller]
    pub fn count(&self, from: &str) -> i64 {
        let database = rusqlite::Connection::open(self.state().join("signalbox.db")).expect("the database opens");
        database.busy_timeout(PATIENCE).expect("a time-out");
        database.query_row(&format!("SELECT count(*) FROM {from}"), [], |row| row.get(0)).expect("a number")
    }

    /// Waits until the program knows that a message of its own is shown, as it does long before a person replies.
    #[track_caller]
    pub fn knows(&self, message: impl std::fmt::Display) {
        let receipt = format!("outbox WHERE message = '{message}'");
        super::eventually(&format!("the receipt of {message}"), || self.count(&receipt) > 0);
    }

    /// Returns the processes that this house has started, in whatever way.
    pub fn processes(&self) -> Vec<i32> {
        marked(self.directory.path())
    }

    /// Returns the processes of agents and their descendants.
    pub fn agents(&self) -> Vec<i32> {
        let mark = format!("SIGNALBOX_RUN={}", self.state().display());
        let alive = |pid: &i32| holds(*pid, "environ", mark.as_bytes());
        self.processes().into_iter().filter(alive).collect()
    }
}

impl Drop for House {
    fn drop(&mut self) {
        // A process that was about to start another may have done so meanwhile.
        for _ in 0..10 {
            let left = self.processes();
            if left.is_empty() {
                return;
            }
            left.into_iter().for_each(|pid| {
                kill(Pid::from_raw(pid), Signal::SIGKILL).ok();
            });
        }
    }
}

fn command<A: AsRef<OsStr>>(house: &Path, variables: &[(String, String)], arguments: &[A]) -> Command {
    let mut command = Command::new(signalbox());
    command
        .args(arguments)
        .env_clear()
        .env("PATH", "/usr/local/bin:/usr/bin:/bin")
        .env("HOME", house)
        .env("USER", "kim")
        .env("SIGNALBOX_CONFIG", house.join(CONFIG))
        .env("SIGNALBOX_STATE_DIR", house.join(STATE))
        .env("SIGNALBOX__HTTP__LISTEN", "")
        .envs(variables.iter().map(|(name, value)| (name, value)))
        .current_dir(house)
        .stdin(Stdio::null());
    command
}

fn marked(directory: &Path) -> Vec<i32> {
    let mark = directory.to_str().expect("a path of text").as_bytes();
    let pids = fs::read_dir("/proc").expect("/proc").flatten();
    let pids = pids.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    pids.filter(|&pid| holds(pid, "environ", mark) || holds(pid, "cmdline", mark)).collect()
}

fn holds(pid: i32, file: &str, needle: &[u8]) -> bool {
    let content = fs::read(format!("/proc/{pid}/{file}")).unwrap_or_default();
    content.windows(needle.len()).any(|window| window == needle)
}
