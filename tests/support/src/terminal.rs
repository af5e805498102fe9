//! A terminal with a person at it: a pseudo-terminal, what is typed into it, and what it has shown.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use nix::pty::{Winsize, openpty};

use crate::everyday::{House, PATIENCE, eventually};

/// What a program asks to learn where the cursor is, and what a terminal answers.
const WHERE: &str = "\x1b[6n";
const HERE: &[u8] = b"\x1b[1;1R";

/// The key that ends a shell.
pub const CTRL_D: &str = "\x04";

/// An interactive shell.
pub struct Terminal {
    child: Child,
    keyboard: File,
    shown: Arc<Mutex<Vec<u8>>>,
}

impl Terminal {
    /// Opens a shell in a terminal, and waits for its prompt.
    pub fn open(house: &House) -> Self {
        Self::of(house.command(&["shell"]), "xterm", "❯")
    }

    /// Opens a shell in a terminal that knows no escape sequences, 40 columns wide, and waits for its prompt.
    pub fn dumb(house: &House) -> Self {
        Self::of(house.command(&["shell"]), "dumb", "signalbox> ")
    }

    /// Opens a shell in a terminal that is its session's own: what it starts could open `/dev/tty`, as the shell itself can.
    pub fn controlling(house: &House) -> Self {
        let shell = house.command(&["shell"]);
        let mut command = Command::new("setsid");
        command.args(["--ctty", "sh", "-c", ": < /dev/tty && exec \"$0\" shell"]).arg(shell.get_program()).env_clear();
        command.envs(shell.get_envs().filter_map(|(name, value)| Some((name, value?))));
        command.current_dir(shell.get_current_dir().expect("the house"));
        Self::of(command, "xterm", "❯")
    }

    fn of(mut command: Command, term: &str, prompt: &str) -> Self {
        let columns = if term == "dumb" { 40 } else { 120 };
        let size = Winsize { ws_row: 40, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        let pty = openpty(Some(&size), None).expect("a pseudo-terminal");
        let side = || Stdio::from(pty.slave.try_clone().expect("another end"));
        let child = command.env("TERM", term).stdin(side()).stdout(side()).stderr(side()).spawn();
        let child = child.expect("the shell starts");
        drop((command, pty.slave));
        let keyboard = File::from(pty.master);
        let shown = Arc::new(Mutex::new(Vec::new()));
        let (screen, mut answers) = (Arc::clone(&shown), keyboard.try_clone().expect("another end"));
        let mut reader = keyboard.try_clone().expect("another end");
        std::thread::spawn(move || {
            let mut chunk = [0; 4096];
            // It ends with an error when the other end is closed.
            while let Ok(length @ 1..) = reader.read(&mut chunk) {
                let asked = String::from_utf8_lossy(&chunk[..length]).matches(WHERE).count();
                screen.lock().expect("no panic").extend_from_slice(&chunk[..length]);
                (0..asked).for_each(|_| drop(answers.write_all(HERE)));
            }
        });
        let terminal = Self { child, keyboard, shown };
        terminal.until(prompt);
        terminal
    }

    /// Types keys.
    pub fn press(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).expect("the terminal takes keys");
    }

    /// Types a line.
    pub fn line(&mut self, line: &str) {
        self.press(line);
        // A line is entered once all of it is on the screen.
        self.until(line);
        self.press("\r");
    }

    /// Gives the line being typed up, and waits for an empty one.
    pub fn clear_line(&mut self) {
        let before = self.text().len();
        self.press("\x03");
        eventually("the line is empty", || {
            let text = self.text();
            text.get(before..).and_then(|new| new.rsplit_once('❯')).is_some_and(|(_, typed)| typed.trim().is_empty())
        });
    }

    /// All that was shown so far, as it came.
    pub fn raw(&self) -> String {
        String::from_utf8_lossy(&self.shown.lock().expect("no panic")).into_owned()
    }

    /// All that was shown so far, without what moves and colours it.
    pub fn text(&self) -> String {
        let shown = String::from_utf8_lossy(&self.shown.lock().expect("no panic")).into_owned();
        let mut text = String::new();
        let mut pieces = shown.split('\x1b');
        text.push_str(pieces.next().unwrap_or_default());
        for piece in pieces {
            let rest = match piece.strip_prefix('[') {
                Some(sequence) => sequence.trim_start_matches(|c: char| !c.is_ascii_alphabetic()).get(1..),
                None => piece.get(1..),
            };
            text.push_str(rest.unwrap_or_default());
        }
        text
    }

    /// Waits until something was shown; returns all that was.
    #[track_caller]
    pub fn until(&self, needle: &str) -> String {
        let started = Instant::now();
        while !self.text().contains(needle) {
            assert!(started.elapsed() < PATIENCE, "in time: {needle:?} in {}", self.text());
            std::thread::park_timeout(std::time::Duration::from_millis(5));
        }
        self.text()
    }

    /// Waits for the end of the shell; returns its exit code.
    #[track_caller]
    pub fn end(&mut self) -> Option<i32> {
        let mut status = None;
        eventually("the shell ends", || {
            status = self.child.try_wait().expect("it can be asked");
            status.is_some()
        });
        status.and_then(|status| status.code())
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
