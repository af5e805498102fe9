//! A closer look at one agent's program: it is run for its version and, where that is harmless, asked for more. No prompt is
//! ever put to it.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use signalbox_adapter::one_line;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::Command;

use super::closer::{Closer, Version};
use super::kind::Inquiry;
use super::login::Login;
use super::names::MAX_MODELS;
use super::{environment, kinds};
use crate::config::Agent;

/// How long a program may take to tell its version: one that was not read from the disk for long takes seconds.
const TELL_TIMEOUT: Duration = Duration::from_secs(15);
/// How long it may take to answer what it is asked.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);
/// Longest version that is kept, in characters.
const MAX_VERSION_CHARS: usize = 60;
/// Most that is read of what a program prints, in bytes.
const MAX_PRINTED_BYTES: u64 = 1024 * 1024;

/// Looks at an agent whose program was found at this path.
pub(super) async fn look_into(agent: &Agent, program: &Path, variables: &BTreeMap<String, String>) -> Closer {
    let (kind, environment) = (kinds::of(agent), environment::of(agent, variables));
    let version = if kind.tells_version() { version(agent, program, &environment).await } else { Version::Silent };
    let login = kind.credentials().look(&environment);
    if matches!(version, Version::Broken(_)) {
        return Closer { version, login, ..Closer::default() };
    }
    let probed = match kind.probe() {
        [] => None,
        arguments => run(Call { agent, program, arguments, more: &[] }, &environment).await.and_then(Result::ok),
    };
    let probed = probed.filter(|it| it.succeeded).map(|it| String::from_utf8_lossy(&it.out).into_owned());
    let probed = probed.unwrap_or_default();
    let mode = kind.mode(&probed);
    let found = Closer { version, mode, login, ..Closer::default() };
    let Some(inquiry) = kind.inquiry(&probed).filter(|_| !agent.has_placeholders()) else { return found };
    let printed = ask(agent, program, &inquiry, &environment).await;
    let (told, mut models) = (inquiry.read)(&printed);
    models.truncate(MAX_MODELS);
    let login = if told == Login::Unknown { found.login } else { told };
    Closer { login, models, ..found }
}

async fn version(agent: &Agent, program: &Path, environment: &BTreeMap<String, String>) -> Version {
    let printed = match run(Call { agent, program, arguments: &["--version"], more: &[] }, environment).await {
        Some(Ok(printed)) => printed,
        Some(Err(error)) => return Version::Broken(error.to_string()),
        None => return Version::Silent,
    };
    let first = |text: &[u8]| {
        let text = String::from_utf8_lossy(text);
        let line = text.lines().map(str::trim).find(|line| !line.is_empty());
        line.map(|line| one_line(line, MAX_VERSION_CHARS))
    };
    match (printed.succeeded, first(&printed.out)) {
        (true, Some(line)) => Version::Reported(line),
        (true, None) => Version::Silent,
        // A whole command line may mean something else by one more word.
        (false, _) if agent.has_placeholders() => Version::Silent,
        (false, _) => Version::Broken(first(&printed.err).unwrap_or(printed.status)),
    }
}

/// What a program is run with.
#[derive(Clone, Copy)]
struct Call<'a> {
    agent: &'a Agent,
    program: &'a Path,
    arguments: &'a [&'a str],
    more: &'a [String],
}

/// What a program has printed, and how it ended.
struct Printed {
    succeeded: bool,
    status: String,
    out: Vec<u8>,
    err: Vec<u8>,
}

/// A program that runs; it goes with all that it has started.
struct Running(tokio::process::Child);

impl Drop for Running {
    fn drop(&mut self) {
        // One that has been waited for has no id any more, and its number may be another's.
        let group = self.0.id().and_then(|id| i32::try_from(id).ok());
        if let Some(group) = group {
            let _ = killpg(Pid::from_raw(group), Signal::SIGKILL);
        }
    }
}

fn start(call: Call<'_>, environment: &BTreeMap<String, String>, input: Stdio) -> Option<std::io::Result<Running>> {
    let (name, leading) = call.agent.command.split_first()?;
    let mut command = Command::new(call.program);
    // Where we were started, anybody's settings may lie, and programs of its name.
    command
        .arg0(name)
        .current_dir("/")
        .args(leading)
        .args(call.arguments)
        .args(call.more)
        .env_clear()
        .envs(environment)
        .process_group(0);
    command.stdin(input).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    Some(command.spawn().map(Running))
}

/// Runs a program to its end; `None` where the agent names none, or it does not end in time.
async fn run(call: Call<'_>, environment: &BTreeMap<String, String>) -> Option<std::io::Result<Printed>> {
    let mut running = match start(call, environment, Stdio::null())? {
        Ok(running) => running,
        Err(error) => return Some(Err(error)),
    };
    let (out, err) = (running.0.stdout.take(), running.0.stderr.take());
    let ending = async {
        let (out, err, status) = tokio::join!(all_of(out), all_of(err), running.0.wait());
        status.map(|status| Printed { succeeded: status.success(), status: status.to_string(), out, err })
    };
    tokio::time::timeout(TELL_TIMEOUT, ending).await.ok()
}

async fn all_of(stream: Option<impl AsyncRead + Unpin>) -> Vec<u8> {
    let mut all = Vec::new();
    if let Some(stream) = stream {
        // What was read until it broke off stands.
        let _ = stream.take(MAX_PRINTED_BYTES).read_to_end(&mut all).await;
    }
    all
}

/// Asks a program; returns all that it has printed until it had answered, ended or taken too long.
async fn ask(agent: &Agent, program: &Path, inquiry: &Inquiry, environment: &BTreeMap<String, String>) -> Vec<u8> {
    let call = Call { agent, program, arguments: inquiry.arguments, more: &agent.args };
    let Some(Ok(mut running)) = start(call, environment, Stdio::piped()) else { return Vec::new() };
    let mut printed = Vec::new();
    let (input, out, err) = (running.0.stdin.take(), running.0.stdout.take(), running.0.stderr.take());
    let asking = async {
        let Some((mut input, mut out)) = input.zip(out) else { return };
        if input.write_all(inquiry.says.as_bytes()).await.is_err() {
            return;
        }
        let mut piece = [0; 16 * 1024];
        while !(inquiry.is_answered)(&printed) && (printed.len() as u64) < MAX_PRINTED_BYTES {
            match out.read(&mut piece).await {
                Ok(read @ 1..) => printed.extend_from_slice(&piece[..read]),
                Ok(0) | Err(_) => return,
            }
        }
    };
    // Whatever it complains of is nobody's business here, and must not hold it up.
    let complaints = async {
        all_of(err).await;
        std::future::pending::<()>().await;
    };
    let both = async {
        tokio::select! { () = asking => {} () = complaints => {} }
    };
    let _ = tokio::time::timeout(ANSWER_TIMEOUT, both).await;
    printed
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Agents;

    fn agent(script: &str) -> Agent {
        let command = ["sh", "-c", script, "x"].map(str::to_owned).into();
        Agent { command, ..Agents::of(&kinds::statements()).by_name["claude"].clone() }
    }

    fn variables() -> BTreeMap<String, String> {
        std::env::vars().filter(|(name, _)| name == "PATH").collect()
    }

    #[tokio::test]
    async fn an_agent_that_is_there_and_does_not_start_is_broken() {
        for (script, version) in [
            ("echo 2.1.3", Version::Reported("2.1.3".into())),
            ("pwd", Version::Reported("/".into())),
            ("echo >&2; echo node: not found >&2; exit 127", Version::Broken("node: not found".into())),
            ("exit 3", Version::Broken("exit status: 3".into())),
            ("exit 2; {prompt}", Version::Silent),
            ("true", Version::Silent),
        ] {
            assert_eq!(
                look_into(&agent(script), Path::new("/bin/sh"), &variables()).await.version,
                version,
                "{script}"
            );
        }
    }

    #[tokio::test]
    async fn one_that_never_stops_printing_is_read_to_a_bound_and_ended() {
        let inquiry = Inquiry {
            arguments: &[],
            says: "one\n".to_owned(),
            is_answered: |printed| printed.ends_with(b"one\n"),
            read: |_| (Login::Unknown, Vec::new()),
        };
        let answered =
            ask(&agent("read it; echo \"$it\"; sleep 60"), Path::new("/bin/sh"), &inquiry, &variables()).await;
        assert_eq!(answered, b"one\n");
        let endless = ask(
            &agent("while :; do echo xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx; done"),
            Path::new("/bin/sh"),
            &inquiry,
            &variables(),
        )
        .await;
        assert!(!endless.is_empty() && (endless.len() as u64) < 2 * MAX_PRINTED_BYTES, "{}", endless.len());
        assert!(ask(&agent("exec 1>&-; exit 0"), Path::new("/bin/sh"), &inquiry, &variables()).await.is_empty());
    }
}
