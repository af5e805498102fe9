//! A terminal that can do nothing but show lines, such as `TERM=dumb` or that of a text editor: a person sits at it all the same.
//!
//! It edits the line that is typed by itself. A message goes below what stands there, and the prompt below that: what was typed
//! so far is kept by the terminal, and is part of the line when it is entered.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, timeout_at};

use crate::clean::one_row;
use crate::paint::Style;
use crate::printer::{Printer, terminal_columns};
use crate::prompt::MAX_SESSION_COLUMNS;

/// What ends the prompt; every terminal has it.
const INDICATOR: &str = "> ";

/// How long the prompt waits for the answer to the line before.
const SOON: Duration = Duration::from_millis(500);

/// The terminal's output, and whether the prompt stands at its end.
pub(crate) struct PlainScreen {
    out: Mutex<Out>,
    /// Told of each message.
    printed: Notify,
    session: watch::Receiver<Option<String>>,
}

struct Out {
    writer: Box<dyn Write + Send>,
    is_asking: bool,
    /// Whether something was said since a line was entered.
    has_said: bool,
}

impl PlainScreen {
    /// Writes to a terminal; the prompt names the active session.
    pub(crate) fn new(writer: Box<dyn Write + Send>, session: watch::Receiver<Option<String>>) -> Arc<Self> {
        let out = Mutex::new(Out { writer, is_asking: false, has_said: true });
        Arc::new(Self { out, printed: Notify::new(), session })
    }

    /// Shows the prompt, below the answer to the line before where that comes soon; a terminal that is gone needs none.
    pub(crate) async fn ask(self: &Arc<Self>) {
        let until = Instant::now() + SOON;
        while !self.out().has_said && timeout_at(until, self.printed.notified()).await.is_ok() {}
        if let Err(error) = self.write(String::new(), true).await {
            tracing::debug!(%error, "the prompt could not be shown");
        }
    }

    /// Notes that a line was entered, with which the terminal has gone to the next.
    pub(crate) fn entered(&self) {
        let mut out = self.out();
        (out.is_asking, out.has_said) = (false, false);
    }

    /// Notes that nothing is said about a line, so that the next is asked for at once.
    pub(crate) fn nothing_to_say(&self) {
        self.out().has_said = true;
    }

    fn out(&self) -> MutexGuard<'_, Out> {
        self.out.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Goes to the next line where the prompt stands on the last, since no more lines are read.
    pub(crate) async fn leave(self: &Arc<Self>) {
        if let Err(error) = self.write(String::new(), false).await {
            tracing::debug!(%error, "the last line could not be ended");
        }
    }

    /// Writes a text below the prompt, and then the prompt again where one is wanted. A terminal may block.
    async fn write(self: &Arc<Self>, text: String, asks: bool) -> io::Result<()> {
        let screen = Arc::clone(self);
        let written = tokio::task::spawn_blocking(move || {
            let name = match screen.session.borrow().as_deref() {
                Some(session) => format!("signalbox {}", one_row(session, MAX_SESSION_COLUMNS)),
                None => "signalbox".to_owned(),
            };
            let mut out = screen.out();
            let was_asking = std::mem::take(&mut out.is_asking);
            let below = if was_asking { "\n" } else { "" };
            let asks = asks || was_asking && !text.is_empty();
            let prompt = if asks { format!("{name}{INDICATOR}") } else { String::new() };
            out.writer.write_all(format!("{below}{text}{prompt}").as_bytes())?;
            (out.is_asking, out.has_said) = (asks, out.has_said || !text.is_empty());
            let flushed = out.writer.flush();
            drop(out);
            screen.printed.notify_one();
            flushed
        });
        written.await.map_err(io::Error::other)?
    }
}

/// Prints on such a terminal.
pub(crate) struct PlainPrinter(pub(crate) Arc<PlainScreen>);

#[async_trait]
impl Printer for PlainPrinter {
    fn style(&self) -> Style {
        Style { colour: false, width: terminal_columns() }
    }

    async fn print(&self, text: &str) -> io::Result<()> {
        self.0.write(text.to_owned(), false).await
    }

    // A line that is written anew needs a cursor that can be moved.
    fn status(&self, _line: Option<&str>) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A writer that can be read while it is written.
    #[derive(Clone, Default)]
    struct Sheet(Arc<Mutex<Vec<u8>>>);

    impl Write for Sheet {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().expect("not poisoned").write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[tokio::test]
    async fn a_message_stands_below_the_prompt_and_the_prompt_below_the_message() {
        let (sheet, (name, session)) = (Sheet::default(), watch::channel(None));
        let screen = PlainScreen::new(Box::new(sheet.clone()), session);
        let printer = PlainPrinter(Arc::clone(&screen));
        let shown = || String::from_utf8(std::mem::take(&mut *sheet.0.lock().expect("not poisoned"))).expect("text");
        screen.ask().await;
        assert_eq!(shown(), "signalbox> ");
        name.send(Some("docs".to_owned())).expect("it is shown");
        printer.print("an answer\n").await.expect("printed");
        assert_eq!(shown(), "\nan answer\nsignalbox docs> ");
        screen.entered();
        printer.print("another\n").await.expect("printed");
        assert_eq!(shown(), "another\n", "no prompt while a line is stored");
        screen.ask().await;
        screen.leave().await;
        assert_eq!(shown(), "signalbox docs> \n");
        assert!(!printer.style().colour && printer.style().width < usize::MAX);
    }
}
