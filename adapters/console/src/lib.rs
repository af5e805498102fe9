//! The terminal as a chat: `console:local`.
//!
//! The reference adapter: no network, all of the contract. A person types, pipes or passes commands; answers are printed
//! above the line being typed, or to standard output.
//!
//! ```text
//! keyboard ─► editor ─┐                                      ┌─► screen: above the line being typed
//! pipe ─────► lines ──┼─► typed ─► listen ─► Inbox::accept   │
//! -c ─────────────────┘                                      │
//! Document ─► render ─► Part … Outgoing ─► deliver ─► paint ─┴─► printer: standard output, standard error
//! ```
//!
//! # Copy it to add another adapter
//! The contract's page says which steps there are. Every adapter has the same four files; learn them here. One that is
//! told something by the configuration has a fifth, `section.rs`, as `adapters/telegram` shows.
//! - `lib.rs`: what the wiring calls to get the two halves, [`interactive`] and [`piped`] here; options in, no SDK type out.
//! - `listen.rs`: implements `Listen`. Maps what the provider says to `Incoming`, hands it to the inbox, and acknowledges
//!   it (here: takes the line from the person) only after `accept` returned `Ok`. Ends when `shutdown` is cancelled.
//! - `render.rs`: implements `Render`. From the document to parts within the provider's limits; pure.
//! - `deliver.rs`: implements `Deliver`. One `Outgoing` is one call to the provider; errors say what to do next.
//!
//! `signalbox_adapter::testing` checks all three; `tests/compliance.rs` shows how.
//!
//! The rest is the terminal's own: [`paint()`] (what a document looks like), `printer` (streams), `screen`, `editor`,
//! `prompt`, `layout`, `complete`, `history` (the line editor), `plain` (a terminal without one), `lines` and `typed` (input), `buttons`, `status`, and
//! `clean`, through which every text goes that enters or leaves.
//!
//! `examples/echo.rs` is a whole chat in a screenful: `cargo run -p signalbox-console --example echo`.

mod buttons;
mod clean;
mod complete;
mod deliver;
mod editor;
mod history;
mod layout;
mod lines;
mod listen;
mod paint;
mod plain;
mod printer;
mod prompt;
mod render;
mod screen;
mod status;
mod typed;

use std::io::Read;
use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::watch;

pub use buttons::{Buttons, MAX_BUTTONS};
pub use complete::{Complete, Completion};
pub use deliver::{ConsoleDeliver, InWords};
pub use listen::{ConsoleListen, PROVIDER, Window};
pub use paint::{Style, paint};
pub use printer::{Printer, StreamPrinter, is_interactive};
pub use render::ConsoleRender;
pub use typed::MAX_INPUT_BYTES;

use listen::Source;

/// What an interactive shell needs.
pub struct Interactive {
    /// Who sits here.
    pub window: Window,
    /// File of the typed lines; made with mode 0600.
    pub history: PathBuf,
    /// Offers words while a line is typed.
    pub complete: Arc<dyn Complete>,
    /// One line for each running task of this chat, shown above the input.
    pub tasks: watch::Receiver<Vec<String>>,
    /// Name of the active session, shown in the prompt.
    pub session: watch::Receiver<Option<String>>,
}

/// What a shell without a person at it needs.
pub struct Piped {
    /// Who runs it.
    pub window: Window,
    /// What it is to do.
    pub commands: Commands,
    /// Where results go: standard output.
    pub results: Arc<dyn Printer>,
    /// Where everything else goes: standard error.
    pub rest: Arc<dyn Printer>,
    /// One line for each running task, shown on the status line of `rest` if that is a terminal.
    pub tasks: watch::Receiver<Vec<String>>,
    /// Says how a question is answered from elsewhere.
    pub in_words: InWords,
}

/// Commands that are not typed.
pub enum Commands {
    /// One command a line.
    Lines(Box<dyn Read + Send>),
    /// One command as a whole, for `shell -c`; it may have several lines.
    One(String),
}

/// Makes the two halves of an interactive shell; [`is_interactive`] says whether somebody sits at the terminal. One that knows no
/// escape sequences has no editor, history and completion, and no lines that change: it is read line by line.
///
/// While a line is typed, Ctrl-C clears it and raises no signal. In the moment in which a line is stored it would raise
/// SIGINT, so an interactive program does better to ignore that signal.
#[must_use]
pub fn interactive(options: Interactive) -> (ConsoleListen, ConsoleDeliver) {
    let Interactive { window, history, complete, tasks, session } = options;
    if !printer::has_screen() {
        let screen = plain::PlainScreen::new(Box::new(std::io::stdout()), session);
        let printer: Arc<dyn Printer> = Arc::new(plain::PlainPrinter(Arc::clone(&screen)));
        let source = Source::Plain { screen, input: Box::new(std::io::stdin()) };
        return halves(window, source, Arc::clone(&printer), printer, tasks, None);
    }
    let screen = screen::Screen::new(Box::new(std::io::stdout()));
    let printer: Arc<dyn Printer> = Arc::new(screen::ScreenPrinter(Arc::clone(&screen)));
    let source = Source::Editor { screen, history, words: complete::Words(complete), session };
    halves(window, source, Arc::clone(&printer), printer, tasks, None)
}

/// Makes the two halves of a shell that reads from a pipe or runs one command.
#[must_use]
pub fn piped(options: Piped) -> (ConsoleListen, ConsoleDeliver) {
    let Piped { window, commands, results, rest, tasks, in_words } = options;
    let source = match commands {
        Commands::Lines(input) => Source::Lines(input),
        Commands::One(text) => Source::Command(text),
    };
    halves(window, source, results, rest, tasks, Some(in_words))
}

fn halves(
    window: Window,
    source: Source,
    results: Arc<dyn Printer>,
    rest: Arc<dyn Printer>,
    tasks: watch::Receiver<Vec<String>>,
    in_words: Option<InWords>,
) -> (ConsoleListen, ConsoleDeliver) {
    let buttons = Arc::new(Buttons::default());
    let deliver = ConsoleDeliver::new(results, Arc::clone(&rest), Arc::clone(&buttons));
    let deliver = match in_words {
        Some(in_words) => deliver.without_buttons(in_words),
        None => deliver,
    };
    (ConsoleListen { window, source, buttons, notes: rest, tasks, count: 0, refused: false }, deliver)
}
