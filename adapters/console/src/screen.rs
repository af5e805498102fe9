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

use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use tokio::sync::oneshot;

use crate::layout::{Painted, input_rows, rows_above_cursor};
use crate::paint::Style;
use crate::printer::{Printer, terminal_columns, terminal_style};

/// What the external printer prints to wake the editor: up, and (its own line end) down again.
const WAKE: &str = "\x1b[A";

/// Most messages that wait for the editor's thread.
const MAX_WAITING: usize = 1000;

/// The screen of one interactive shell.
pub(crate) struct Screen {
    /// Where text goes. Whoever prints outside the editor holds it, and so keeps the editor from starting meanwhile.
    /// Taken before `state` where both are needed: a terminal that hangs must not hang those who only change `state`.
    out: Mutex<Box<dyn Write + Send>>,
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
    waiting: Vec<Waiting>,
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

impl Screen {
    /// Makes the screen that text is written to through `out`.
    pub(crate) fn new(out: Box<dyn Write + Send>) -> Arc<Self> {
        Arc::new(Self { out: Mutex::new(out), state: Mutex::default(), stop: Arc::default() })
    }

    fn out(&self) -> MutexGuard<'_, Box<dyn Write + Send>> {
        self.out.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Connects the editor.
    pub(crate) fn attach(&self, print: SyncSender<String>, repaint: Box<dyn Fn() + Send>) {
        self.state().editor = Some(Wake { print, repaint });
    }

    /// Gives the screen to the editor's thread until the guard is dropped; then what came meanwhile is printed.
    pub(crate) fn edit(&self) -> Editing<'_> {
        let _nobody_prints = self.out();
        self.state().editing = true;
        Editing(self)
    }

    fn end_editing(&self) {
        let mut out = self.out();
        let waiting = {
            let mut state = self.state();
            state.editing = false;
            state.take_waiting()
        };
        let text: String = waiting.iter().map(|waiting| waiting.text.as_str()).collect();
        answer(waiting, &write_out(&mut out, &text));
    }

    /// Asks the editor's thread to leave `read_line`.
    pub(crate) fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    /// Replaces the lines of the running tasks.
    pub(crate) fn show_tasks(&self, tasks: Vec<String>) {
        let mut state = self.state();
        state.tasks = tasks;
        state.repaint();
    }

    /// Replaces the name of the active session.
    pub(crate) fn show_session(&self, session: Option<String>) {
        let mut state = self.state();
        state.session = session;
        state.repaint();
    }

    /// Lines to show above the input: the running tasks, or what was last said of one.
    pub(crate) fn status_lines(&self) -> Vec<String> {
        let state = self.state();
        if state.tasks.is_empty() { state.progress.iter().cloned().collect() } else { state.tasks.clone() }
    }

    /// The active session's name.
    pub(crate) fn session(&self) -> Option<String> {
        self.state().session.clone()
    }

    /// Notes what is painted.
    pub(crate) fn note(&self, note: impl FnOnce(&mut Painted)) {
        note(&mut self.state().painted);
    }

    /// Called when the prompt is asked for its right part: alone, that means reedline is about to print.
    pub(crate) fn make_way(&self) {
        let columns = terminal_columns();
        let (up, down, waiting) = {
            let mut state = self.state();
            if std::mem::take(&mut state.painted.asked) {
                return;
            }
            let painted = &state.painted;
            let (up, down) = (rows_above_cursor(painted, columns), input_rows(&painted.line, columns));
            (up, down, state.take_waiting())
        };
        let mut text = if up > 0 { format!("\x1b[{up}A") } else { String::new() };
        text.push_str("\r\x1b[J");
        text.extend(waiting.iter().map(|waiting| waiting.text.replace('\n', "\r\n")));
        // Reedline goes up by the rows it believes the input takes; let it land here.
        text.push_str(&"\r\n".repeat(down.saturating_sub(1)));
        answer(waiting, &write_out(&mut self.out(), &text));
    }

    /// Prints at once, or leaves the text to the editor's thread. Blocks while the terminal does.
    fn put(&self, waiting: Waiting) {
        let mut out = self.out();
        let mut state = self.state();
        match &state.editor {
            Some(editor) if state.editing => {
                if state.waiting.len() >= MAX_WAITING {
                    let full = io::Error::new(io::ErrorKind::WouldBlock, "too many messages wait to be printed");
                    return answer(vec![waiting], &Err(full));
                }
                // Full means that the editor is about to wake up anyway.
                drop(editor.print.try_send(WAKE.to_owned()));
                state.waiting.push(waiting);
            }
            Some(_) | None => {
                drop(state);
                let outcome = write_out(&mut out, &waiting.text);
                answer(vec![waiting], &outcome);
            }
        }
    }
}

/// The editor has the screen. A guard, so that messages do not wait for an editor that has crashed.
pub(crate) struct Editing<'a>(&'a Screen);

impl Drop for Editing<'_> {
    fn drop(&mut self) {
        self.0.end_editing();
    }
}

impl State {
    fn repaint(&self) {
        if let (true, Some(editor)) = (self.editing, &self.editor) {
            (editor.repaint)();
        }
    }

    /// Takes what waits, without what was given up meanwhile: that counts as not printed.
    fn take_waiting(&mut self) -> Vec<Waiting> {
        self.waiting.drain(..).filter(|waiting| !waiting.done.is_closed()).collect()
    }
}

fn answer(waiting: Vec<Waiting>, outcome: &io::Result<()>) {
    for waiting in waiting {
        let copy = outcome.as_ref().copied().map_err(|error| io::Error::new(error.kind(), error.to_string()));
        // An error here says that nobody waits for the answer.
        drop(waiting.done.send(copy));
    }
}

fn write_out(out: &mut Box<dyn Write + Send>, text: &str) -> io::Result<()> {
    out.write_all(text.as_bytes())?;
    out.flush()
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
        let (screen, waiting) = (Arc::clone(&self.0), Waiting { text: text.to_owned(), done });
        tokio::task::spawn_blocking(move || screen.put(waiting)).await.map_err(io::Error::other)?;
        printed.await.unwrap_or_else(|_| Err(io::ErrorKind::NotConnected.into()))
    }

    fn status(&self, line: Option<&str>) {
        let mut state = self.0.state();
        let line = line.map(str::to_owned);
        if state.progress != line {
            state.progress = line;
            state.repaint();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, sync_channel};

    use super::*;

    /// A writer that can be read while it is written, or is `torn` and fails.
    #[derive(Clone, Default)]
    struct Paper {
        text: Arc<Mutex<Vec<u8>>>,
        torn: bool,
    }

    impl Write for Paper {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if self.torn { Err(io::ErrorKind::BrokenPipe.into()) } else { self.text.lock().expect("free").write(bytes) }
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Paper {
        fn text(&self) -> String {
            String::from_utf8(self.text.lock().expect("free").clone()).expect("text")
        }
    }

    fn screen_on(paper: &Paper) -> (Arc<Screen>, Receiver<String>) {
        let screen = Screen::new(Box::new(paper.clone()));
        let (wake, woken) = sync_channel(1);
        screen.attach(wake, Box::new(|| {}));
        (screen, woken)
    }

    /// Waits as the editor's thread does.
    async fn until_woken(woken: Receiver<String>) {
        tokio::task::spawn_blocking(move || woken.recv()).await.expect("no panic").expect("woken");
    }

    #[tokio::test]
    async fn a_message_waits_for_the_editor_and_wipes_the_whole_prompt_before_it() {
        let paper = Paper::default();
        let (screen, woken) = screen_on(&paper);
        let _editing = screen.edit();
        screen.note(|painted| painted.prompt = "· one\n· two\nsignalbox ❯ ".to_owned());
        let printer = ScreenPrinter(Arc::clone(&screen));
        let editor = async {
            until_woken(woken).await;
            assert_eq!(paper.text(), "", "nothing is printed into the line being typed");
            screen.make_way();
        };
        let (printed, ()) = tokio::join!(printer.print("an answer\n"), editor);
        printed.expect("printed");
        assert_eq!(paper.text(), "\x1b[2A\r\x1b[Jan answer\r\n");
    }

    #[tokio::test]
    async fn a_painting_of_the_prompt_prints_nothing() {
        let paper = Paper::default();
        let (screen, _woken) = screen_on(&paper);
        let _editing = screen.edit();
        screen.note(|painted| painted.asked = true);
        screen.make_way();
        assert_eq!(paper.text(), "");
    }

    #[tokio::test]
    async fn what_waits_when_the_line_is_entered_is_printed_then() {
        let paper = Paper::default();
        let (screen, woken) = screen_on(&paper);
        let editing = screen.edit();
        let printer = ScreenPrinter(Arc::clone(&screen));
        let editor = async {
            until_woken(woken).await;
            drop(editing);
        };
        let (printed, ()) = tokio::join!(printer.print("an answer\n"), editor);
        printed.expect("printed");
        printer.print("another\n").await.expect("printed at once");
        assert_eq!(paper.text(), "an answer\nanother\n");
    }

    #[tokio::test]
    async fn a_terminal_that_is_gone_is_an_error_and_no_receipt() {
        let paper = Paper { torn: true, ..Paper::default() };
        let (screen, woken) = screen_on(&paper);
        let _editing = screen.edit();
        let printer = ScreenPrinter(Arc::clone(&screen));
        let editor = async {
            until_woken(woken).await;
            screen.make_way();
        };
        let (printed, ()) = tokio::join!(printer.print("an answer\n"), editor);
        assert_eq!(printed.expect_err("torn").kind(), io::ErrorKind::BrokenPipe);
    }
}
