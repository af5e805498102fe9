//! The start of the agent itself.
//!
//! It gets exactly the environment of its run, a process group, a pipe to read from and two files to write to: several
//! agents lose the end of what they write to a pipe.

use std::fs::{DirBuilder, File};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, Command, Stdio};

use nix::fcntl::{FcntlArg, OFlag, fcntl};

use super::spool;
use crate::agent::exit::Ended;
use crate::agent::run::RunSpec;

/// A started agent.
#[derive(Debug)]
pub(super) struct Agent {
    pub(super) pid: i32,
    pub(super) input: ChildStdin,
}

/// Starts the agent of a run; an error says how the run ended without one.
pub(super) fn start(spec: &RunSpec, stdout: File, stderr: File) -> Result<Agent, Ended> {
    let failed = |what: &str, error: io::Error| Ended::SpawnFailed { error: format!("{what}: {error}") };
    let Some(name) = spec.argv.first() else {
        return Err(Ended::SpawnFailed { error: "no program is configured".into() });
    };
    for directory in [&spec.working_directory, &spec.scratch] {
        let created = DirBuilder::new().mode(0o700).recursive(true).create(directory);
        created.map_err(|error| failed(&format!("creating {}", directory.display()), error))?;
    }
    let path = spec.env.get("PATH").map(String::as_str).unwrap_or_default();
    let program = find(name, path, &spec.working_directory).ok_or_else(|| Ended::NotFound { program: name.clone() })?;
    let (mark, value) = (spool::MARK, spec.directory.as_os_str());
    // A program path with a slash and no code between fork and exec: the standard library then uses posix_spawn.
    let child = Command::new(&program)
        .arg0(name)
        .args(&spec.argv[1..])
        .env_clear()
        .envs(&spec.env)
        .env("TMPDIR", &spec.scratch)
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
    Ok(Agent { pid: child.id().cast_signed(), input })
}

/// Finds a program as a shell would; the first file of that name that can be executed, else the first of that name.
fn find(name: &str, path: &str, working_directory: &Path) -> Option<PathBuf> {
    if name.contains('/') {
        return Some(working_directory.join(name)).filter(|program| program.exists());
    }
    if name.is_empty() {
        return None;
    }
    let candidates = || {
        let absolute = |directory: &PathBuf| directory.is_absolute();
        std::env::split_paths(path).filter(absolute).map(|directory| directory.join(name)).filter(|file| file.is_file())
    };
    let executable = |file: &PathBuf| file.metadata().is_ok_and(|metadata| metadata.permissions().mode() & 0o111 != 0);
    candidates().find(executable).or_else(|| candidates().next())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_found_where_the_run_looks_for_it() {
        let here = Path::new("/");
        assert_eq!(find("sh", "/nowhere:/bin", here), Some("/bin/sh".into()));
        assert_eq!(find("sh", "", here), None);
        assert_eq!(find("sh", "bin", here), None, "a relative directory of PATH is not searched");
        assert_eq!(find("./sh", "", Path::new("/bin")), Some("/bin/./sh".into()));
        assert_eq!(find("/no/such", "/bin", here), None);
        assert_eq!(find("", "/bin", here), None);
    }
}
