//! The arriving half: what a person types, or a script pipes in, becomes [`Incoming`] messages.
//!
//! Interactive: lines of the editor, or of a terminal that knows no escape sequences, one at a time, until `/quit`, `/exit` or Ctrl-D. Otherwise: one command a line until
//! the end of the input, or one command given as a whole; the core's inbox returns when its result is there, so they run
//! one after the other. What the core could not store is said at once; nothing is taken silently.

use std::io::Read;
use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use signalbox_adapter::{
    ChatAddress, ChatId, InboundKey, Incoming, IncomingKind, Listen, ListenContext, ListenError, MessageId, Provider,
    Sender, UserId,
};
use tokio::sync::watch;

use crate::buttons::Buttons;
use crate::clean::one_row;
use crate::complete::Words;
use crate::editor::{Editor, Input};
use crate::lines::{self, Line};
use crate::plain::PlainScreen;
use crate::printer::Printer;
use crate::screen::Screen;
use crate::status::{follow_on_line, follow_on_screen};
use crate::typed::{self, MAX_INPUT_BYTES, Typed};

/// The provider's name, as addresses have it.
pub const PROVIDER: &str = "console";

/// Who sits at this terminal, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {
    /// Unique for ever: keys of messages are made of it.
    pub id: String,
    /// The person's id.
    pub user: UserId,
    /// The person's name, to show.
    pub name: String,
    /// The current directory.
    pub directory: Option<String>,
}

/// Listens to a terminal or a pipe.
pub struct ConsoleListen {
    pub(crate) window: Window,
    pub(crate) source: Source,
    pub(crate) buttons: Arc<Buttons>,
    /// Prints what this adapter itself has to say.
    pub(crate) notes: Arc<dyn Printer>,
    /// Running tasks, one line each.
    pub(crate) tasks: watch::Receiver<Vec<String>>,
    /// Messages so far.
    pub(crate) count: u64,
    /// Whether a text was not handed on.
    pub(crate) refused: bool,
}

/// Where texts come from.
pub(crate) enum Source {
    Editor {
        screen: Arc<Screen>,
        history: PathBuf,
        words: Words,
        session: watch::Receiver<Option<String>>,
    },
    Plain {
        screen: Arc<PlainScreen>,
        input: Box<dyn Read + Send>,
    },
    Lines(Box<dyn Read + Send>),
    Command(String),
    /// The input has ended.
    Ended,
}

/// Whether to go on after a text.
enum Next {
    /// Go on; the person gets this text back.
    GoOn(Option<String>),
    Leave,
}

#[async_trait]
impl Listen for ConsoleListen {
    async fn listen(&mut self, cx: &ListenContext) -> Result<(), ListenError> {
        match std::mem::replace(&mut self.source, Source::Ended) {
            Source::Editor { screen, history, words, session } => {
                let editor = Editor::start(Arc::clone(&screen), history, words)
                    .map_err(|error| ListenError::Refused(format!("starting the line editor: {error}")))?;
                let tasks = self.tasks.clone();
                tokio::select! {
                    ended = self.converse(cx, editor) => ended,
                    never = follow_on_screen(&screen, tasks, session) => match never {},
                }
            }
            Source::Plain { screen, input } => {
                let ended = self.read_lines(cx, input, Some(&screen)).await;
                screen.leave().await;
                ended
            }
            Source::Lines(input) => {
                let (tasks, notes) = (self.tasks.clone(), Arc::clone(&self.notes));
                tokio::select! {
                    ended = self.read_lines(cx, input, None) => ended,
                    never = follow_on_line(notes.as_ref(), tasks) => match never {},
                }
            }
            Source::Command(text) => {
                let (tasks, notes) = (self.tasks.clone(), Arc::clone(&self.notes));
                tokio::select! {
                    _ = self.say(cx, text) => Ok(()),
                    never = follow_on_line(notes.as_ref(), tasks) => match never {},
                }
            }
            Source::Ended => Ok(()),
        }
    }
}

impl ConsoleListen {
    /// Tells whether something was typed or piped in that was not handed on, such as an overlong text.
    #[must_use]
    pub fn has_refused(&self) -> bool {
        self.refused
    }

    async fn converse(&mut self, cx: &ListenContext, mut editor: Editor) -> Result<(), ListenError> {
        let ended = loop {
            let input = tokio::select! {
                biased;
                () = cx.shutdown.cancelled() => break Ok(()),
                input = editor.next() => input,
            };
            match input {
                Some(Ok(Input::Text(text))) => match self.take(cx, &text).await {
                    Next::GoOn(text) => editor.resume(text).await,
                    Next::Leave => break Ok(()),
                },
                Some(Ok(Input::Leave)) => break Ok(()),
                None => break Err(ListenError::Refused("the line editor ended by itself".to_owned())),
                Some(Err(error)) => {
                    let how = "a terminal without a cursor is read line by line with TERM=dumb signalbox shell";
                    break Err(ListenError::Refused(format!("reading from the terminal: {error}; {how}")));
                }
            }
        };
        editor.stop().await;
        ended
    }

    /// Reads lines to the end of the input, asked for one by one where somebody types them.
    async fn read_lines(
        &mut self,
        cx: &ListenContext,
        input: Box<dyn Read + Send>,
        screen: Option<&Arc<PlainScreen>>,
    ) -> Result<(), ListenError> {
        let mut lines =
            lines::read(input).map_err(|error| ListenError::Refused(format!("starting to read the input: {error}")))?;
        loop {
            if let Some(screen) = screen {
                screen.ask().await;
            }
            let line = tokio::select! {
                biased;
                () = cx.shutdown.cancelled() => return Ok(()),
                line = lines.recv() => line,
            };
            if let (Some(screen), Some(_)) = (screen, &line) {
                screen.entered();
            }
            match line {
                Some(Ok(Line::Text(text))) if text.trim().is_empty() => {
                    screen.iter().for_each(|screen| screen.nothing_to_say());
                }
                Some(Ok(Line::Text(text))) => match self.take(cx, &text).await {
                    Next::GoOn(_) => {}
                    Next::Leave => return Ok(()),
                },
                Some(Ok(Line::TooLong)) => self.say_too_long("A line").await,
                Some(Err(error)) => return Err(ListenError::Refused(format!("reading the input: {error}"))),
                None => return Ok(()),
            }
        }
    }

    /// Does what a text asks for.
    async fn take(&mut self, cx: &ListenContext, text: &str) -> Next {
        match typed::read(text) {
            Typed::Nothing => Next::GoOn(None),
            Typed::Leave => Next::Leave,
            Typed::Say(text) => self.say(cx, text).await,
            Typed::Press(number) => match self.buttons.action(number) {
                Some(action) => {
                    self.hand_over(cx, IncomingKind::Button { action, press: None }, format!("#{number}")).await
                }
                None => {
                    self.refused = true;
                    self.note(&format!("There is no button #{number} in this shell (any more).")).await;
                    Next::GoOn(None)
                }
            },
            Typed::TooLong => {
                self.say_too_long(&format!("A text of at least {} bytes", text.len())).await;
                Next::GoOn(None)
            }
        }
    }

    async fn say(&mut self, cx: &ListenContext, text: String) -> Next {
        if text.len() > MAX_INPUT_BYTES {
            self.say_too_long(&format!("A text of at least {} bytes", text.len())).await;
            return Next::GoOn(None);
        }
        self.hand_over(cx, IncomingKind::Text(text.clone()), text).await
    }

    async fn hand_over(&mut self, cx: &ListenContext, kind: IncomingKind, typed: String) -> Next {
        match cx.inbox.accept(self.incoming(kind)).await {
            Ok(()) => Next::GoOn(None),
            Err(error) => {
                let begin = one_row(&typed, SHOWN_COLUMNS);
                self.note(&format!("This was NOT taken: {begin}\n{error}\nTry again.")).await;
                Next::GoOn(Some(typed))
            }
        }
    }

    fn incoming(&mut self, kind: IncomingKind) -> Incoming {
        self.count += 1;
        let Window { id: window, user, name, directory } = self.window.clone();
        let number = format!("{window}:{}", self.count);
        let key = InboundKey::new(format!("console:{number}"));
        Incoming {
            message: Some(MessageId::new(number)),
            direct: true,
            window: Some(window),
            directory,
            ..Incoming::new(
                key,
                ChatAddress::new(Provider::new(PROVIDER), ChatId::new("local")),
                Sender { id: user, name, bot: false, roles: Vec::new() },
                kind,
            )
        }
    }

    async fn say_too_long(&mut self, what: &str) {
        self.refused = true;
        self.note(&format!("{what} was NOT taken: {MAX_INPUT_BYTES} bytes are the limit. Put the text in a file."))
            .await;
    }

    /// Prints a note of this adapter's own; a terminal that is gone needs none.
    async fn note(&mut self, text: &str) {
        if let Err(error) = self.notes.print(&format!("{text}\n")).await {
            tracing::debug!(%error, "a note could not be printed");
        }
    }
}

/// How much of a text that was not taken is repeated to the person, in columns.
const SHOWN_COLUMNS: usize = 60;

#[cfg(test)]
mod tests;
