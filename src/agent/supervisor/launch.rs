//! The start of the agent itself.
//!
//! It gets exactly the environment of its run, a process group, a pipe to read from and two files to write to: several
//! agents lose the end of what they write to a pipe.

use std::fs::{DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{ChildStdin, Command, Stdio};

use nix::fcntl::{FcntlArg, OFlag, fcntl};

use super::spool;
use crate::agent::exit::Ended;
use crate::agent::kinds;
use crate::agent::program;
use crate::agent::run::RunSpec;

/// A started agent.
#[derive(Debug)]
pub(super) struct AgentProcess {
    pub(super) pid: i32,
    pub(super) input: ChildStdin,
}

/// Starts the agent of a run, with the mark of one; an error says how the run ended without an agent.
pub(super) fn start(spec: &RunSpec, marked: &Path, stdout: File, stderr: File) -> Result<AgentProcess, Ended> {
    let failed = |what: &str, error: io::Error| Ended::SpawnFailed { error: format!("{what}: {error}") };
    let Some(name) = spec.argv.first() else {
        return Err(Ended::SpawnFailed { error: "no program is configured".into() });
    };
    for directory in [&spec.working_directory, &spec.scratch].into_iter().chain(&spec.home) {
        let created = DirBuilder::new().mode(0o700).recursive(true).create(directory);
        created.map_err(|error| failed(&format!("creating {}", directory.display()), error))?;
    }
    let path = spec.env.get("PATH").map(String::as_str).unwrap_or_default();
    let program =
        program::find(name, path, &spec.working_directory).ok_or_else(|| Ended::NotFound { program: name.clone() })?;
    if let Some(kind) = kinds::named(&spec.kind) {
        kind.before_start(spec);
    }
    let (mark, value) = (spool::MARK, marked.as_os_str());
    // A program path with a slash and no code between fork and exec: the standard library then uses posix_spawn.
    let child = Command::new(&program)
        .arg0(name)
        .args(&spec.argv[1..])
        .env_clear()
        .envs(&spec.env)
        .env("TMPDIR", &spec.scratch)
        .envs(spec.home.iter().map(|home| ("HOME", home)))
        .env(mark, value)
        .current_dir(&spec.working_directory)
        .process_group(0)
        .stdin(Stdio::piped())
        .stdout(stdout)
        .stderr(stderr)
        .spawn();
    let mut child = child.map_err(|error| failed(&format!("starting {}", program.display()), error))?;
    let input = child.stdin.take().expect("standard input was asked for");
    // The other end is a description of its own, so that the agent still blocks when it reads.
    fcntl(&input, FcntlArg::F_SETFL(OFlag::O_NONBLOCK)).map_err(|error| failed("preparing its input", error.into()))?;
    Ok(AgentProcess { pid: child.id().cast_signed(), input })
}
