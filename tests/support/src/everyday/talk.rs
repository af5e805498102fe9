//! A command in the background, and what it said in the end.

use std::fs::{self, File};
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::Instant;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::wait::{LOOK_EVERY, PATIENCE};

/// A command that goes on in the background.
pub struct Talk {
    child: Option<Child>,
    out: PathBuf,
    err: PathBuf,
}

impl Talk {
    /// Starts a command; what it says goes to files in a directory.
    pub(super) fn start(mut command: Command, directory: &Path) -> Self {
        let (out, err) = (file_in(directory), file_in(directory));
        command.stdout(File::create(&out).expect("a file")).stderr(File::create(&err).expect("a file"));
        let child = command.spawn().expect("the program starts");
        Self { child: Some(child), out, err }
    }

    /// What it has said so far on standard output.
    pub fn out(&self) -> String {
        String::from_utf8_lossy(&fs::read(&self.out).expect("readable")).into_owned()
    }

    /// What it has said so far on standard error.
    pub fn err(&self) -> String {
        String::from_utf8_lossy(&fs::read(&self.err).expect("readable")).into_owned()
    }

    /// Waits until the command has said something, on either stream; returns all it has said.
    #[track_caller]
    pub fn until(&self, needle: &str) -> String {
        let all = || format!("{}{}", self.err(), self.out());
        let started = Instant::now();
        while !all().contains(needle) {
            assert!(started.elapsed() < PATIENCE, "in time: {needle:?} in {:?}", all());
            std::thread::park_timeout(LOOK_EVERY);
        }
        all()
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.id().cast_signed()), signal).expect("it can be signalled");
    }

    /// The id of its process.
    pub fn id(&self) -> u32 {
        self.child.as_ref().expect("it goes on").id()
    }

    /// The most memory that its process has had at once, in bytes.
    pub fn peak_bytes(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.id())).expect("it goes on");
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix("kB"));
        peak.and_then(|kib| kib.trim().parse::<u64>().ok()).expect("the kernel says") * 1024
    }

    /// Whether it has not ended.
    pub fn goes_on(&mut self) -> bool {
        self.child.as_mut().expect("it goes on").try_wait().expect("it can be asked").is_none()
    }

    /// Waits for its end.
    #[track_caller]
    pub fn end(mut self) -> Said {
        let started = Instant::now();
        while self.goes_on() {
            assert!(started.elapsed() < PATIENCE, "it ends in time; so far: {}{}", self.err(), self.out());
            std::thread::park_timeout(LOOK_EVERY);
        }
        let status = self.child.take().expect("it goes on").wait().expect("it can be waited for");
        let code = status.code().unwrap_or_else(|| -status.signal().expect("a code or a signal"));
        Said { code, out: self.out(), err: self.err() }
    }
}

impl Drop for Talk {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            drop(child.kill());
            drop(child.wait());
        }
    }
}

fn file_in(directory: &Path) -> PathBuf {
    let file = tempfile::Builder::new().prefix("said-").tempfile_in(directory).expect("a file");
    file.into_temp_path().keep().expect("the file is kept")
}

/// What a command said, and its exit code.
#[derive(Debug)]
pub struct Said {
    /// The exit code; a signal that ended it, negative.
    pub code: i32,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

impl Said {
    /// Checks exit code and standard output.
    #[track_caller]
    pub fn was(self, code: i32, needle: &str) -> Self {
        assert_eq!(self.code, code, "{self:#?}");
        assert!(self.out.contains(needle), "{needle:?} in {self:#?}");
        self
    }

    /// Checks that a command was refused with exit code 2, for a reason.
    #[track_caller]
    pub fn refused(self, needle: &str) -> Self {
        self.was(2, needle)
    }

    /// The name of the session that was started.
    #[track_caller]
    pub fn session(&self) -> String {
        let all = format!("{}{}", self.err, self.out);
        session_in(&all).unwrap_or_else(|| panic!("a session's name in {self:#?}"))
    }
}

/// Finds the first session's name in `[name] Started …`.
pub fn session_in(text: &str) -> Option<String> {
    let open = text.find('[')? + 1;
    let close = open + text[open..].find(']')?;
    Some(text[open..close].to_owned())
}
