//! The screen that the line editor and the printed messages share.
//!
//! While a line is being typed the editor's thread owns the screen, so a message waits in a queue and is printed by that
//! thread, above the line; otherwise it is printed at once. Either way its printer learns when it is out: a receipt is
//! never given for text that is still in memory.
//!
//! # How a message gets above the line
//! Reedline's external printer wakes the editor ([`WAKE`]) and, just before it prints, asks the prompt for its right
//! part alone ([`Screen::make_way`]). There the prompt is wiped with everything that belongs to it, status lines and
//! wrapped input included, the queue is printed in its place, and reedline paints the prompt anew below.

use std::collections::VecDeque;
use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use tokio::sync::oneshot;

use crate::layout::{input_rows, rows_above_cursor};
use crate::paint::Style;
use crate::printer::{Printer, terminal_columns, terminal_style};

/// What the external printer prints to wake the editor: up, and (its own line end) down again.
const WAKE: &str = "\x1b[A";

/// Most messages that wait for the editor's thread.
const MAX_WAITING: usize = 1000;

/// The screen of one interactive shell.
pub(crate) struct Screen {
    state: Mutex<State>,
    /// Makes `read_line` return; reedline clears it.
    pub(crate) stop: Arc<AtomicBool>,
}

#[derive(Default)]
struct State {
    /// Whether the editor's thread is in `read_line`.
    editing: bool,
    /// Set once the editor is there.
    editor: Option<Wake>,
    waiting: VecDeque<Waiting>,
    /// One line for each running task.
    tasks: Vec<String>,
    /// What the last progress message said.
    progress: Option<String>,
    session: Option<String>,
    painted: Painted,
}

/// The ways to the editor's thread.
struct Wake {
    print: SyncSender<String>,
    repaint: Box<dyn Fn() + Send>,
}

struct Waiting {
    text: String,
    done: oneshot::Sender<io::Result<()>>,
}

/// What the editor painted last.
#[derive(Debug, Default)]
pub(crate) struct Painted {
    /// The prompt, without escape sequences.
    pub(crate) prompt: String,
    /// The line being typed.
    pub(crate) line: String,
    /// Where the cursor is in it, in bytes.
    pub(crate) cursor: usize,
    /// Whether the right part of the prompt will be asked for as part of a painting.
    pub(crate) asked: bool,
}

impl Screen {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self { state: Mutex::default(), stop: Arc::default() })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Connects the editor.
    pub(crate) fn attach(&self, print: SyncSender<String>, repaint: Box<dyn Fn() + Send>) {
        self.lock().editor = Some(Wake { print, repaint });
    }

    /// Says that the editor's thread takes the screen.
    pub(crate) fn begin_editing(&self) {
        self.lock().editing = true;
    }

    /// Says that the screen is free again, and prints what came meanwhile.
    pub(crate) fn end_editing(&self) {
        let mut state = self.lock();
        state.editing = false;
        let text: String = state.waiting.iter().map(|waiting| waiting.text.as_str()).collect();
        let outcome = if text.is_empty() { Ok(()) } else { write_out(&text) };
        state.answer(&outcome);
    }

    /// Replaces the lines of the running tasks.
    pub(crate) fn show_tasks(&self, tasks: Vec<String>) {
        let mut state = self.lock();
        state.tasks = tasks;
        state.repaint();
    }

    /// Replaces the name of the active session.
    pub(crate) fn show_session(&self, session: Option<String>) {
        let mut state = self.lock();
        state.session = session;
        state.repaint();
    }

    /// Lines to show above the input: the running tasks, or what was last said of one.
    pub(crate) fn status_lines(&self) -> Vec<String> {
        let state = self.lock();
        if state.tasks.is_empty() { state.progress.iter().cloned().collect() } else { state.tasks.clone() }
    }

    /// The active session's name.
    pub(crate) fn session(&self) -> Option<String> {
        self.lock().session.clone()
    }

    /// Notes what is painted.
    pub(crate) fn note(&self, note: impl FnOnce(&mut Painted)) {
        note(&mut self.lock().painted);
    }

    /// Called when the prompt is asked for its right part: alone, that means reedline is about to print.
    pub(crate) fn make_way(&self) {
        let mut state = self.lock();
        if std::mem::take(&mut state.painted.asked) {
            return;
        }
        let columns = terminal_columns();
        let mut text = String::new();
        let up = rows_above_cursor(&state.painted, columns);
        if up > 0 {
            text.push_str(&format!("\x1b[{up}A"));
        }
        text.push_str("\r\x1b[J");
        for waiting in &state.waiting {
            text.push_str(&waiting.text.replace('\n', "\r\n"));
        }
        // Reedline goes up by the rows it believes the input takes; let it land here.
        text.push_str(&"\r\n".repeat(input_rows(&state.painted.line, columns).saturating_sub(1)));
        let outcome = write_out(&text);
        state.answer(&outcome);
    }
}

impl State {
    fn repaint(&self) {
        if let (true, Some(editor)) = (self.editing, &self.editor) {
            (editor.repaint)();
        }
    }

    fn answer(&mut self, outcome: &io::Result<()>) {
        for waiting in self.waiting.drain(..) {
            let copy = outcome.as_ref().copied().map_err(|error| io::Error::new(error.kind(), error.to_string()));
            // Nobody waits any more where the attempt was given up.
            drop(waiting.done.send(copy));
        }
    }
}

fn write_out(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    stdout.flush()
}

/// Prints on a screen.
pub(crate) struct ScreenPrinter(pub(crate) Arc<Screen>);

#[async_trait]
impl Printer for ScreenPrinter {
    fn style(&self) -> Style {
        terminal_style()
    }

    async fn print(&self, text: &str) -> io::Result<()> {
        let (done, printed) = oneshot::channel();
        {
            let mut state = self.0.lock();
            match &state.editor {
                Some(editor) if state.editing => {
                    if state.waiting.len() >= MAX_WAITING {
                        return Err(io::Error::new(io::ErrorKind::WouldBlock, "too many messages wait to be printed"));
                    }
                    // Full means that the editor is about to wake up anyway.
                    drop(editor.print.try_send(WAKE.to_owned()));
                    state.waiting.push_back(Waiting { text: text.to_owned(), done });
                }
                Some(_) | None => return write_out(text),
            }
        }
        printed.await.unwrap_or_else(|_| Err(io::ErrorKind::NotConnected.into()))
    }

    fn status(&self, line: Option<&str>) {
        let mut state = self.0.lock();
        let line = line.map(str::to_owned);
        if state.progress != line {
            state.progress = line;
            state.repaint();
        }
    }
}

impl Screen {
    /// Asks the editor's thread to leave `read_line`.
    pub(crate) fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}
