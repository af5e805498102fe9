//! Where text goes: the seam between what is said and the stream or screen that shows it.
//!
//! [`StreamPrinter`] writes to standard output, standard error or any other writer; the line editor has a printer of its
//! own, which prints above the line being typed.

use std::io::{self, IsTerminal, Write};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;

use crate::clean::one_row;
use crate::paint::Style;

/// Shows text to the person.
#[async_trait]
pub trait Printer: Send + Sync {
    /// How text has to be painted for this printer, now.
    fn style(&self) -> Style;

    /// Prints painted text whose lines end in line feeds; returns when it has been handed to the terminal or file.
    ///
    /// # Errors
    /// The stream's own error; the text may then have been printed in part.
    async fn print(&self, text: &str) -> io::Result<()>;

    /// Replaces the line that tells what is going on; does nothing where there is no such line.
    fn status(&self, line: Option<&str>);
}

/// Prints to a stream as it comes.
pub struct StreamPrinter {
    stream: Arc<Mutex<Stream>>,
    style: StreamStyle,
}

/// Where a stream's style comes from.
enum StreamStyle {
    /// A terminal: its width may change.
    Terminal,
    Fixed(Style),
}

struct Stream {
    writer: Box<dyn Write + Send>,
    status_shown: bool,
}

impl StreamPrinter {
    /// Prints to standard output.
    #[must_use]
    pub fn stdout() -> Self {
        let stdout = io::stdout();
        let style = StreamStyle::of(stdout.is_terminal());
        Self::new(Box::new(stdout), style)
    }

    /// Prints to standard error.
    #[must_use]
    pub fn stderr() -> Self {
        let stderr = io::stderr();
        let style = StreamStyle::of(stderr.is_terminal());
        Self::new(Box::new(stderr), style)
    }

    /// Prints to any writer, in one style and without a status line.
    #[must_use]
    pub fn to(writer: Box<dyn Write + Send>, style: Style) -> Self {
        Self::new(writer, StreamStyle::Fixed(style))
    }

    fn new(writer: Box<dyn Write + Send>, style: StreamStyle) -> Self {
        Self { stream: Arc::new(Mutex::new(Stream { writer, status_shown: false })), style }
    }
}

impl StreamStyle {
    fn of(is_terminal: bool) -> Self {
        if is_terminal && is_capable() { Self::Terminal } else { Self::Fixed(Style::PLAIN) }
    }
}

#[async_trait]
impl Printer for StreamPrinter {
    fn style(&self) -> Style {
        match self.style {
            StreamStyle::Terminal => terminal_style(),
            StreamStyle::Fixed(style) => style,
        }
    }

    async fn print(&self, text: &str) -> io::Result<()> {
        let stream = Arc::clone(&self.stream);
        let text = text.to_owned();
        // A pipe that nobody reads blocks; that must not hold up the runtime.
        let printed = tokio::task::spawn_blocking(move || {
            let mut stream = stream.lock().unwrap_or_else(PoisonError::into_inner);
            stream.clear_status()?;
            stream.writer.write_all(text.as_bytes())?;
            stream.writer.flush()
        });
        printed.await.map_err(io::Error::other)?
    }

    fn status(&self, line: Option<&str>) {
        // A stream that is busy with a message clears the line itself; whoever shows a status must not wait for it.
        if let (StreamStyle::Terminal, Ok(mut stream)) = (&self.style, self.stream.try_lock())
            && let Err(error) = stream.show_status(line)
        {
            tracing::debug!(%error, "the status line could not be shown");
        }
    }
}

impl Stream {
    fn clear_status(&mut self) -> io::Result<()> {
        if self.status_shown {
            self.writer.write_all(b"\r\x1b[K")?;
            self.status_shown = false;
        }
        Ok(())
    }

    fn show_status(&mut self, line: Option<&str>) -> io::Result<()> {
        self.clear_status()?;
        if let Some(line) = line {
            self.writer.write_all(one_row(line, terminal_columns()).as_bytes())?;
            self.status_shown = true;
        }
        self.writer.flush()
    }
}

/// Returns whether a person sits at a terminal and can be talked to; else the piped mode is right.
#[must_use]
pub fn is_interactive() -> bool {
    io::stdin().is_terminal() && io::stdout().is_terminal()
}

/// Returns whether such a person can use the line editor: all three standard streams must be a terminal that knows escape
/// sequences.
pub(crate) fn has_screen() -> bool {
    is_interactive() && io::stderr().is_terminal() && is_capable()
}

/// Width assumed of a terminal that does not tell, in columns.
const DEFAULT_COLUMNS: usize = 80;

pub(crate) fn terminal_columns() -> usize {
    match crossterm::terminal::size() {
        Ok((columns, _)) if columns > 0 => usize::from(columns),
        Ok(_) | Err(_) => DEFAULT_COLUMNS,
    }
}

/// The style for a capable terminal, as wide as it is now; without colour if `NO_COLOR` is set (<https://no-color.org>).
pub(crate) fn terminal_style() -> Style {
    let colour = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    Style { colour, width: terminal_columns() }
}

fn is_capable() -> bool {
    std::env::var_os("TERM").is_some_and(|term| !term.is_empty() && term != "dumb")
}
