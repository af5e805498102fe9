//! Piped and single commands, from reader to inbox.

use std::io::Cursor;
use std::path::PathBuf;
use std::sync::Mutex;
use std::time::Duration;

use signalbox_adapter::{AcceptError, Button, Inbox};
use tokio_util::sync::CancellationToken;

use super::*;
use crate::{Commands, Piped, StreamPrinter, Style, piped};

/// Longest wait for anything in these tests.
const PATIENCE: Duration = Duration::from_secs(10);

/// Takes everything but what contains `bad`.
#[derive(Default)]
struct Store(Mutex<Vec<Incoming>>);

#[async_trait]
impl Inbox for Store {
    async fn accept(&self, incoming: Incoming) -> Result<(), AcceptError> {
        if matches!(&incoming.kind, IncomingKind::Text(text) if text.contains("bad")) {
            return Err(AcceptError("the disk is full".into()));
        }
        self.0.lock().expect("not poisoned").push(incoming);
        Ok(())
    }
}

/// A writer that can be read while it is written.
#[derive(Clone, Default)]
struct Paper(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Paper {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("not poisoned").write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

struct Heard {
    stored: Vec<Incoming>,
    notes: String,
}

impl Heard {
    fn kinds(&self) -> Vec<IncomingKind> {
        self.stored.iter().map(|incoming| incoming.kind.clone()).collect()
    }
}

fn listener(commands: Commands, paper: &Paper) -> ConsoleListen {
    let printer: Arc<dyn Printer> = Arc::new(StreamPrinter::to(Box::new(paper.clone()), Style::PLAIN));
    let window = Window {
        id: "w1".to_owned(),
        user: UserId::new("501"),
        name: "Ada".to_owned(),
        directory: Some("/srv".to_owned()),
    };
    let (_, tasks) = watch::channel(Vec::new());
    piped(Piped {
        window,
        commands,
        results: Arc::clone(&printer),
        rest: printer,
        tasks,
        in_words: Arc::new(|_| String::new()),
    })
    .0
}

async fn hear_from(mut listener: ConsoleListen, paper: &Paper) -> Heard {
    let store = Arc::new(Store::default());
    let cx = ListenContext::new(store.clone(), PathBuf::new(), CancellationToken::new());
    tokio::time::timeout(PATIENCE, listener.listen(&cx)).await.expect("the input ends").expect("no error");
    let stored = std::mem::take(&mut *store.0.lock().expect("not poisoned"));
    let notes = String::from_utf8(paper.0.lock().expect("not poisoned").clone()).expect("text");
    Heard { stored, notes }
}

async fn hear(commands: Commands) -> Heard {
    let paper = Paper::default();
    hear_from(listener(commands, &paper), &paper).await
}

fn lines(bytes: impl Into<Vec<u8>>) -> Commands {
    Commands::Lines(Box::new(Cursor::new(bytes.into())))
}

fn text(text: &str) -> IncomingKind {
    IncomingKind::Text(text.to_owned())
}

#[tokio::test]
async fn each_line_is_a_message_of_this_window() {
    let heard = hear(lines(b"/status\r\n\n  \nfix it\0\xff")).await;
    assert_eq!(heard.kinds(), [text("/status"), text("fix it\u{fffd}")]);
    let last = &heard.stored[1];
    assert_eq!(last.key.as_str(), "console:w1:2");
    assert_eq!(last.address.to_string(), "console:local");
    assert_eq!((last.window.as_deref(), last.directory.as_deref()), (Some("w1"), Some("/srv")));
    assert!(last.direct);
    assert_eq!(heard.notes, "");
}

#[tokio::test]
async fn a_line_that_could_not_be_stored_is_told_and_the_next_one_is_taken() {
    let heard = hear(lines("bad one\ngood one\n")).await;
    assert_eq!(heard.kinds(), [text("good one")]);
    assert_eq!(heard.notes, "This was NOT taken: bad one\ncould not store the message: the disk is full\nTry again.\n");
}

#[tokio::test]
async fn an_overlong_line_is_told_and_the_next_one_is_taken() {
    let mut input = vec![b'x'; MAX_INPUT_BYTES + 1];
    input.extend(b"\nafter");
    let heard = hear(lines(input)).await;
    assert_eq!(heard.kinds(), [text("after")]);
    assert!(heard.notes.contains("was NOT taken"), "{}", heard.notes);
}

#[tokio::test]
async fn a_command_given_as_a_whole_keeps_its_lines_and_its_words() {
    let heard = hear(Commands::One("/session read this\n\n#1\n/quit".to_owned())).await;
    assert_eq!(heard.kinds(), [text("/session read this\n\n#1\n/quit")]);
}

#[tokio::test]
async fn quitting_leaves_the_rest_unread() {
    assert_eq!(hear(lines("one\n/quit\ntwo\n")).await.kinds(), [text("one")]);
}

#[tokio::test]
async fn a_number_presses_its_button_and_an_unknown_one_is_only_told() {
    let paper = Paper::default();
    let listener = listener(lines("#1\n#2\n"), &paper);
    listener.buttons.show(&[Button { label: "Approve".to_owned(), action: "approve 7".to_owned() }]);
    let heard = hear_from(listener, &paper).await;
    assert_eq!(heard.kinds(), [IncomingKind::Button { action: "approve 7".to_owned(), press: None }]);
    assert_eq!(heard.notes, "There is no button #2 in this shell (any more).\n");
}

#[tokio::test]
async fn a_stop_does_not_wait_for_an_input_that_never_ends() {
    let (input, _open) = std::io::pipe().expect("a pipe");
    let paper = Paper::default();
    let mut listener = listener(Commands::Lines(Box::new(input)), &paper);
    let cx = ListenContext::new(Arc::new(Store::default()), PathBuf::new(), CancellationToken::new());
    cx.shutdown.cancel();
    tokio::time::timeout(PATIENCE, listener.listen(&cx)).await.expect("it stops").expect("no error");
}
