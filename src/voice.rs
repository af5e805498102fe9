//! Voice notes: the configured program writes them down, beside everything else that goes on.
//!
//! The message's inbox row stays open until it is written down, so that a crash on the way only means that the program
//! runs again.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;
use std::process::Stdio;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use tokio::io::AsyncReadExt;
use tokio::process::Command;
use tokio::sync::Semaphore;

/// Longest that writing one note down may take.
const WITHIN: Duration = Duration::from_secs(120);
/// Longest text that is taken, in bytes.
const MAX_TEXT_BYTES: u64 = 64 << 10;
/// Most that is read of the program's complaints, in bytes.
const MAX_COMPLAINT_BYTES: u64 = 16 << 10;
/// Notes written down at once.
const AT_ONCE: usize = 2;

/// Why a note is not written down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unheard {
    /// The note's path is not text, which a program cannot be given.
    Path,
    /// No program is configured.
    NoProgram,
    /// The program does not start.
    NotStarted {
        /// The program.
        program: String,
        /// The system's own words.
        error: String,
    },
    /// The program takes longer than it may.
    Late {
        /// The program.
        program: String,
        /// How long it may take.
        within: Duration,
    },
    /// The program fails, with these last words.
    Said {
        /// The program.
        program: String,
        /// The last line of what it complained of.
        words: String,
    },
    /// The program ends well and puts nothing out.
    Nothing {
        /// The program.
        program: String,
    },
    /// The program fails without a word.
    Failed {
        /// The program.
        program: String,
        /// How it ended, in the system's own words.
        status: String,
    },
    /// This program fails.
    Ours,
}

impl Unheard {
    /// Returns the fault with the program's and the system's words masked.
    #[must_use]
    pub fn masked(self, mask: impl Fn(&str) -> String) -> Self {
        match self {
            Self::NotStarted { program, error } => Self::NotStarted { program: mask(&program), error: mask(&error) },
            Self::Late { program, within } => Self::Late { program: mask(&program), within },
            Self::Said { program, words } => Self::Said { program: mask(&program), words: mask(&words) },
            Self::Nothing { program } => Self::Nothing { program: mask(&program) },
            Self::Failed { program, status } => Self::Failed { program: mask(&program), status },
            Self::Path | Self::NoProgram | Self::Ours => self,
        }
    }
}

/// Who writes notes down, and which are under way.
pub struct Ears {
    permits: Semaphore,
    under_way: Mutex<HashSet<i64>>,
}

impl Default for Ears {
    fn default() -> Self {
        Self { permits: Semaphore::new(AT_ONCE), under_way: Mutex::default() }
    }
}

impl Ears {
    /// Claims an inbound message for writing down; `false` when that is under way.
    pub fn claim(&self, inbox: i64) -> bool {
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner).insert(inbox)
    }

    /// Gives a claim back: the message is done, or is to be tried again.
    pub fn release(&self, inbox: i64) {
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner).remove(&inbox);
    }

    /// Writes a note down; waits while others are.
    ///
    /// # Errors
    /// [`Unheard`].
    pub async fn write_down(
        &self,
        program: &[String],
        file: &Path,
        environment: &BTreeMap<String, String>,
    ) -> Result<String, Unheard> {
        let _permit = self.permits.acquire().await.expect("the semaphore is never closed");
        run(program, file, environment).await
    }
}

async fn run(program: &[String], file: &Path, environment: &BTreeMap<String, String>) -> Result<String, Unheard> {
    let file = file.to_str().ok_or(Unheard::Path)?;
    let mut words: Vec<String> = program.iter().map(|word| word.replace("{file}", file)).collect();
    if program.iter().all(|word| !word.contains("{file}")) {
        words.push(file.to_owned());
    }
    let (name, arguments) = words.split_first().ok_or(Unheard::NoProgram)?;
    let mut child = Command::new(name)
        .args(arguments)
        .env_clear()
        .envs(environment)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| Unheard::NotStarted { program: name.clone(), error: error.to_string() })?;
    let group = Group(child.id());
    let (out, err) = (child.stdout.take(), child.stderr.take());
    let listen = async {
        let (text, complaint) = tokio::join!(read(out, MAX_TEXT_BYTES), read(err, MAX_COMPLAINT_BYTES));
        (child.wait().await, text, complaint)
    };
    let (status, text, complaint) = match tokio::time::timeout(WITHIN, listen).await {
        Ok(ended) => ended,
        Err(_) => return Err(Unheard::Late { program: name.clone(), within: WITHIN }),
    };
    drop(group);
    let program = name.clone();
    let status = match status {
        Ok(status) => status,
        Err(error) => return Err(Unheard::Failed { program, status: error.to_string() }),
    };
    let text = text.trim();
    if status.success() && !text.is_empty() {
        return Ok(text.to_owned());
    }
    let last = complaint.lines().rev().map(str::trim).find(|line| !line.is_empty());
    Err(match last {
        Some(line) => Unheard::Said { program, words: line.to_owned() },
        None if status.success() => Unheard::Nothing { program },
        None => Unheard::Failed { program, status: status.to_string() },
    })
}

/// Reads up to `most` bytes and lets the rest go by, so that the program does not wait for a reader.
async fn read(stream: Option<impl tokio::io::AsyncRead + Unpin>, most: u64) -> String {
    let Some(mut stream) = stream else { return String::new() };
    let mut bytes = Vec::new();
    if (&mut stream).take(most).read_to_end(&mut bytes).await.is_ok() {
        tokio::io::copy(&mut stream, &mut tokio::io::sink()).await.ok();
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A process group that is ended when it is no longer waited for.
struct Group(Option<u32>);

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(leader) = self.0.and_then(|id| i32::try_from(id).ok()) {
            // Nobody may be left, which is as good.
            killpg(Pid::from_raw(leader), Signal::SIGKILL).ok();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Vec<String> {
        ["/bin/sh", "-c", script, "sh"].map(str::to_owned).into()
    }

    async fn heard(program: &[String]) -> Result<String, Unheard> {
        Ears::default().write_down(program, Path::new("/tmp/note.ogg"), &BTreeMap::new()).await
    }

    #[tokio::test]
    async fn the_text_is_what_the_program_prints_about_the_file() {
        assert_eq!(heard(&shell("echo \" heard $1 \"")).await, Ok("heard /tmp/note.ogg".into()));
        assert_eq!(heard(&shell("echo in {file}; env | grep -c . >&2")).await, Ok("in /tmp/note.ogg".into()));
    }

    #[tokio::test]
    async fn a_failure_is_told_in_the_programs_last_words() {
        let program = || "/bin/sh".to_owned();
        let said = Unheard::Said { program: program(), words: "no model".into() };
        assert_eq!(heard(&shell("echo x; echo no model >&2; exit 3")).await, Err(said));
        assert_eq!(heard(&shell(":")).await, Err(Unheard::Nothing { program: program() }));
        let failed = heard(&shell("exit 3")).await;
        assert!(matches!(&failed, Err(Unheard::Failed { status, .. }) if status.contains('3')), "{failed:?}");
        let missing = heard(&["/nowhere/whisper".to_owned()]).await;
        assert!(
            matches!(&missing, Err(Unheard::NotStarted { program, .. }) if program == "/nowhere/whisper"),
            "{missing:?}"
        );
    }

    #[test]
    fn the_words_of_others_are_masked() {
        let masked = |fault: Unheard| fault.masked(|text| text.replace("secret", "…"));
        let said = Unheard::Said { program: "whisper".into(), words: "secret key".into() };
        assert_eq!(masked(said), Unheard::Said { program: "whisper".into(), words: "… key".into() });
        assert_eq!(masked(Unheard::Ours), Unheard::Ours);
    }

    #[tokio::test]
    async fn a_text_without_end_is_cut() {
        let text = heard(&shell("head -c 10000000 /dev/zero | tr '\\0' a")).await.expect("text");
        assert_eq!(text.len() as u64, MAX_TEXT_BYTES);
    }
}
