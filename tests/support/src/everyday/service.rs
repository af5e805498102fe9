//! A stand-in for the service manager, which keeps `signalbox serve` running as `deploy/signalbox.service` asks.

use std::fs::{self, File, OpenOptions};
use std::os::unix::net::UnixDatagram;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::house::House;
use super::wait::eventually;

/// The unit that is followed.
const UNIT: &str = include_str!("../../../../deploy/signalbox.service");
/// The pause before a restart; a story does not wait for the two seconds of the unit.
const RESTART_AFTER: Duration = Duration::from_millis(50);
/// How long a look for news of the process takes at most.
const LOOK_FOR: Duration = Duration::from_millis(10);

/// A service that is kept running; it ends when this is dropped.
///
/// A process that fails is started again: one that ends with another exit code than 0, or by a signal that nobody sends to
/// make a program stop. It counts as ready when it has said so to the manager.
pub struct Service {
    state: Arc<Mutex<State>>,
    journal: PathBuf,
    keeper: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct State {
    process: Option<Pid>,
    starts: usize,
    /// The number of the last start that became ready.
    ready: usize,
    ends: Vec<i32>,
    stopping: bool,
}

impl Service {
    /// Starts the service of a house, and waits until it is ready.
    #[track_caller]
    pub fn start(house: &House) -> Self {
        assert_eq!(setting("Restart"), "on-failure", "the unit says when to start again");
        let (socket, journal) = (house.path("notify"), house.path("journal"));
        let news = UnixDatagram::bind(&socket).expect("a socket for the process's news");
        news.set_read_timeout(Some(LOOK_FOR)).expect("a time-out");
        let make = house.maker(&["serve"]);
        let command = move || {
            let mut command = make();
            command.env("NOTIFY_SOCKET", &socket);
            command
        };
        let state = Arc::<Mutex<State>>::default();
        let keeper = Keeper { state: Arc::clone(&state), news, journal: journal.clone() };
        let keeper = std::thread::Builder::new().name("service".to_owned()).spawn(move || keeper.keep(&command));
        let service = Self { state, journal, keeper: Some(keeper.expect("a thread")) };
        service.until_ready(1);
        service
    }

    /// Waits until the process of this start, the first being 1, or a later one is ready.
    #[track_caller]
    pub fn until_ready(&self, start: usize) {
        eventually("the service is ready", || self.state().ready >= start);
    }

    /// How often it was started.
    #[must_use]
    pub fn starts(&self) -> usize {
        self.state().starts
    }

    /// Whether the manager starts it no more.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.keeper.as_ref().is_none_or(JoinHandle::is_finished)
    }

    /// The exit codes of the processes that have ended, in order; a signal that ended one, negative.
    #[must_use]
    pub fn ends(&self) -> Vec<i32> {
        self.state().ends.clone()
    }

    /// All that its processes have said.
    #[must_use]
    pub fn journal(&self) -> String {
        String::from_utf8_lossy(&fs::read(&self.journal).unwrap_or_default()).into_owned()
    }

    /// Sends the process a signal that the manager has not sent.
    ///
    /// # Panics
    /// Where none runs.
    pub fn signal(&self, signal: Signal) {
        kill(self.state().process.expect("a process runs"), signal).expect("it can be signalled");
    }

    /// Stops the service; returns the exit code of its last process.
    #[must_use]
    pub fn stop(self) -> i32 {
        {
            let mut state = self.state();
            state.stopping = true;
            if let Some(process) = state.process {
                kill(process, Signal::SIGTERM).expect("it can be signalled");
            }
        }
        eventually("the service stops", || self.keeper.as_ref().is_none_or(JoinHandle::is_finished));
        *self.state().ends.last().expect("it was started")
    }

    fn state(&self) -> MutexGuard<'_, State> {
        locked(&self.state)
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        {
            let mut state = self.state();
            state.stopping = true;
            if let Some(process) = state.process {
                kill(process, Signal::SIGKILL).ok();
            }
        }
        self.keeper.take().map(JoinHandle::join);
    }
}

/// The thread that starts the process, waits for its end, and starts it again.
struct Keeper {
    state: Arc<Mutex<State>>,
    news: UnixDatagram,
    journal: PathBuf,
}

impl Keeper {
    fn keep(&self, command: &dyn Fn() -> Command) {
        // Without a limit the unit would have to name a burst, too.
        assert_eq!(setting("StartLimitIntervalSec"), "0", "the manager never gives up");
        let mut start = 1;
        loop {
            let mut child = {
                let mut state = locked(&self.state);
                if state.stopping {
                    return;
                }
                let journal = journal(&self.journal);
                let mut command = command();
                command.stdout(journal.try_clone().expect("another end")).stderr(journal);
                let child = command.spawn().expect("the program starts");
                state.process = Some(Pid::from_raw(child.id().cast_signed()));
                state.starts = start;
                child
            };
            let status = loop {
                self.hear(start);
                if let Some(status) = child.try_wait().expect("it can be asked") {
                    break status;
                }
            };
            let mut state = locked(&self.state);
            state.process = None;
            state.ends.push(status.code().unwrap_or_else(|| -status.signal().expect("a code or a signal")));
            if state.stopping || !is_failure(status) {
                return;
            }
            drop(state);
            start += 1;
            std::thread::park_timeout(RESTART_AFTER);
        }
    }

    /// Hears what the process has to say to its manager.
    fn hear(&self, start: usize) {
        let mut words = [0; 1024];
        let length = self.news.recv(&mut words).unwrap_or(0);
        if words[..length].split(|&byte| byte == b'\n').any(|word| word == b"READY=1") {
            locked(&self.state).ready = start;
        }
    }
}

fn locked(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

fn journal(file: &Path) -> File {
    OpenOptions::new().create(true).append(true).open(file).expect("a file")
}

/// Says whether an end is a failure, as `Restart=on-failure` takes it.
/// Source: <https://www.freedesktop.org/software/systemd/man/latest/systemd.service.html#Restart=>, read 2026-11.
fn is_failure(status: ExitStatus) -> bool {
    let asked = [Signal::SIGHUP, Signal::SIGINT, Signal::SIGTERM, Signal::SIGPIPE].map(|signal| signal as i32);
    let prevents = setting("RestartPreventExitStatus").split(' ').any(|code| code.parse().ok() == status.code());
    !prevents && !status.success() && status.signal().is_none_or(|signal| !asked.contains(&signal))
}

/// Reads a setting of the unit.
fn setting(key: &str) -> &'static str {
    let mut settings = UNIT.lines().filter_map(|line| line.split_once('='));
    settings.find(|(name, _)| *name == key).unwrap_or_else(|| panic!("no {key} in the unit")).1
}
