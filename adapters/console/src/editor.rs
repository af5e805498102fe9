//! The line editor, on a thread of its own, because it blocks while a person thinks.
//!
//! One line goes out, then the thread waits to be told to go on; so the prompt comes back only after the line is stored,
//! and with the line still in it if that failed.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use reedline::{
    ColumnarMenu, Emacs, ExternalPrinter, KeyCode, KeyModifiers, MenuBuilder, Reedline, ReedlineEvent, ReedlineMenu,
    Signal, default_emacs_keybindings,
};
use tokio::sync::mpsc;

use crate::complete::{Hints, Words};
use crate::history;
use crate::printer::terminal_style;
use crate::prompt::{INDICATOR, ShellPrompt, Watcher};
use crate::screen::Screen;

/// Longest wait for the editor's thread to give the terminal back.
const STOP_WAIT: Duration = Duration::from_secs(2);

/// How soon a message or a new status line is noticed while nobody types.
const POLL_INTERVAL: Duration = Duration::from_millis(100);

const MENU: &str = "completions";

/// What the person did.
#[derive(Debug)]
pub(crate) enum Input {
    /// Entered a text.
    Text(String),
    /// Asked to leave with Ctrl-D.
    Leave,
}

/// A running line editor.
pub(crate) struct Editor {
    screen: Arc<Screen>,
    inputs: mpsc::Receiver<io::Result<Input>>,
    /// Dropped to end a thread that waits for it.
    resume: Option<mpsc::Sender<Option<String>>>,
}

impl Editor {
    /// Starts the editor's thread.
    ///
    /// # Errors
    /// The thread could not be started.
    pub(crate) fn start(screen: Arc<Screen>, history: PathBuf, words: Words) -> io::Result<Self> {
        let (input, inputs) = mpsc::channel(1);
        let (resume, resumed) = mpsc::channel(1);
        let of_thread = Arc::clone(&screen);
        let edit = move || {
            // The last sender of the two: its end is the thread's.
            let tell = input.clone();
            // A panic is not the person's wish to leave.
            if catch_unwind(AssertUnwindSafe(|| edit(&of_thread, &history, words, input, resumed))).is_err() {
                tell.blocking_send(Err(io::Error::other("the line editor panicked"))).ok();
            }
        };
        std::thread::Builder::new().name("console-editor".to_owned()).spawn(edit)?;
        Ok(Self { screen, inputs, resume: Some(resume) })
    }

    /// Waits for the person; `None` when the editor has ended. Cancel-safe.
    pub(crate) async fn next(&mut self) -> Option<io::Result<Input>> {
        self.inputs.recv().await
    }

    /// Shows the prompt again, with a text in it if one is given back.
    pub(crate) async fn resume(&self, text: Option<String>) {
        if let Some(resume) = &self.resume {
            // An error here says that the thread has ended, which `next` tells too.
            drop(resume.send(text).await);
        }
    }

    /// Ends the editor and waits until the terminal is as it was.
    pub(crate) async fn stop(mut self) {
        self.screen.stop();
        self.resume = None;
        let ended = async { while self.inputs.recv().await.is_some() {} };
        if tokio::time::timeout(STOP_WAIT, ended).await.is_err() {
            tracing::warn!("the line editor did not end in time");
        }
    }
}

impl Drop for Editor {
    fn drop(&mut self) {
        self.screen.stop();
        if let Err(error) = crossterm::terminal::disable_raw_mode() {
            tracing::debug!(%error, "the terminal could not be reset");
        }
    }
}

/// Reads lines until the other side is gone.
fn edit(
    screen: &Arc<Screen>,
    history: &std::path::Path,
    words: Words,
    inputs: mpsc::Sender<io::Result<Input>>,
    mut resumed: mpsc::Receiver<Option<String>>,
) {
    let colour = terminal_style().colour;
    let mut editor = build(screen, history, words, colour);
    let prompt = ShellPrompt { screen: Arc::clone(screen), colour, with_status: true };
    loop {
        let editing = screen.edit();
        let signal = editor.read_line(&prompt);
        if let Ok(Signal::ExternalBreak(_)) = signal {
            // What was being typed stays to be seen; what is printed next starts below it.
            println_quietly();
        }
        drop(editing);
        let input = match signal {
            Ok(Signal::Success(text)) => Ok(Input::Text(text)),
            Ok(Signal::CtrlD) => Ok(Input::Leave),
            Ok(Signal::ExternalBreak(_)) => break,
            // Ctrl-C clears the line. Reedline's enum is open; nothing else of it is bound to a key here.
            Ok(_) => continue,
            Err(error) => Err(error),
        };
        if let Err(error) = editor.sync_history() {
            tracing::debug!(%error, "the history could not be written");
        }
        if inputs.blocking_send(input).is_err() {
            break;
        }
        match resumed.blocking_recv() {
            Some(Some(text)) => editor.run_edit_commands(&[reedline::EditCommand::InsertString(text)]),
            Some(None) => {}
            None => break,
        }
    }
}

fn build(screen: &Arc<Screen>, history: &std::path::Path, words: Words, colour: bool) -> Reedline {
    let mut keys = default_emacs_keybindings();
    let tab = ReedlineEvent::UntilFound(vec![ReedlineEvent::Menu(MENU.to_owned()), ReedlineEvent::MenuNext]);
    keys.add_binding(KeyModifiers::NONE, KeyCode::Tab, tab);
    let menu = ColumnarMenu::default().with_name(MENU).with_marker(INDICATOR);
    let entered = ShellPrompt { screen: Arc::clone(screen), colour, with_status: false };
    let printer = ExternalPrinter::new(1);
    let wake = printer.sender();
    let mut editor = Reedline::create()
        .with_ansi_colors(colour)
        .use_bracketed_paste(true)
        .with_poll_interval(POLL_INTERVAL)
        .with_history(Box::new(history::open(history)))
        .with_hinter(Box::new(Hints::new(words.clone())))
        .with_completer(Box::new(words))
        .with_menu(ReedlineMenu::EngineCompleter(Box::new(menu)))
        .with_edit_mode(Box::new(Emacs::new(keys)))
        .with_highlighter(Box::new(Watcher(Arc::clone(screen))))
        .with_transient_prompt(Box::new(entered))
        .with_external_printer(printer)
        .with_break_signal(Arc::clone(&screen.stop));
    let signal = editor.repaint_signal();
    screen.attach(wake, Box::new(move || signal.request_repaint()));
    editor
}

/// Ends the prompt's line; the terminal may be gone already.
fn println_quietly() {
    use std::io::Write;
    drop(writeln!(io::stdout()));
}
