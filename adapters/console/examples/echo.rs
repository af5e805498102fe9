//! A chat with an echo: how the two halves of an adapter are used, and a way to try the terminal by hand.
//!
//! `cargo run -p signalbox-console --example echo`, or with lines piped in. `slow <text>` answers after three seconds
//! and shows a progress line meanwhile; `ask` answers with buttons; `fail` is refused by the inbox, and
//! `stop` stops the listener three seconds later, as a signal would.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use signalbox_adapter::{
    AcceptError, Block, Button, Deliver, DeliveryKey, Document, Inbox, Incoming, IncomingKind, Inline, Listen,
    ListenContext, Outgoing, Purpose, Render, Target, UserId,
};
use signalbox_console::{
    Commands, Complete, Completion, ConsoleRender, Interactive, Piped, StreamPrinter, Window, interactive,
    is_interactive, piped,
};
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

/// Hands everything to the answering half.
struct Queue(mpsc::Sender<Incoming>);

#[async_trait]
impl Inbox for Queue {
    async fn accept(&self, incoming: Incoming) -> Result<(), AcceptError> {
        if incoming.kind == IncomingKind::Text("fail".to_owned()) {
            return Err(AcceptError("the disk is full".into()));
        }
        self.0.send(incoming).await.map_err(|error| AcceptError(error.into()))
    }
}

/// Completes the first word.
struct Words;

impl Complete for Words {
    fn complete(&self, line: &str, cursor: usize) -> Vec<Completion> {
        let typed = line.get(..cursor).unwrap_or(line);
        let words = [("/session", "starts a session"), ("/status", "tells what runs"), ("/stop", "stops it")];
        let fitting = words.into_iter().filter(|(word, _)| word.starts_with(typed));
        let completion = |(word, about): (&str, &str)| Completion {
            start: 0,
            end: cursor,
            text: word.to_owned(),
            description: about.to_owned(),
        };
        fitting.map(completion).collect()
    }
}

/// Makes an answer.
fn answer(to: Incoming) -> Outgoing {
    static COUNT: AtomicU64 = AtomicU64::new(1);
    let (said, ask) = match to.kind {
        IncomingKind::Text(text) | IncomingKind::Edited(text) => (text.clone(), text == "ask"),
        IncomingKind::Deleted => ("deleted".to_owned(), false),
        IncomingKind::Moved { to } => (format!("moved to {to}"), false),
        IncomingKind::Button { action, .. } => (format!("pressed: {action}"), false),
    };
    let document = Document::default().with(Block::Paragraph(vec![Inline::strong("echo: "), Inline::Text(said)]));
    let button = |label: &str| Button { label: label.to_owned(), action: label.to_lowercase() };
    Outgoing {
        key: DeliveryKey::from_random_bits(u128::from(COUNT.fetch_add(1, Ordering::Relaxed))),
        target: Target { address: to.address, reply_to: to.message, edit_of: None, window: None },
        purpose: Purpose::Result,
        part: ConsoleRender.render(&document, 1).parts.remove(0),
        buttons: if ask { vec![button("Approve"), button("Deny")] } else { Vec::new() },
        attachment: None,
        mark: None,
        plain: false,
    }
}

/// Answers each message; slow ones with a line that counts the seconds.
async fn answer_all(
    deliver: impl Deliver,
    mut messages: mpsc::Receiver<Incoming>,
    tasks: watch::Sender<Vec<String>>,
    shutdown: CancellationToken,
) {
    while let Some(message) = messages.recv().await {
        if message.kind == IncomingKind::Text("stop".to_owned()) {
            tokio::time::sleep(Duration::from_secs(3)).await;
            shutdown.cancel();
        }
        if matches!(&message.kind, IncomingKind::Text(text) if text.starts_with("slow")) {
            for second in 0..30 {
                tasks.send_replace(vec![format!("gentle-otter thinks, {}.{} s", second / 10, second % 10)]);
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            tasks.send_replace(Vec::new());
        }
        if let Err(error) = deliver.deliver(&answer(message)).await {
            eprintln!("not delivered: {error}");
        }
    }
}

#[tokio::main]
async fn main() -> Result<(), signalbox_adapter::ListenError> {
    let window =
        Window { id: std::process::id().to_string(), user: UserId::new("me"), name: "Me".to_owned(), directory: None };
    let (tasks_sender, tasks) = watch::channel(Vec::new());
    let (_session, session) = watch::channel(Some("gentle-otter".to_owned()));
    let (mut listen, deliver) = if is_interactive() {
        let history = std::env::temp_dir().join("signalbox-echo-history");
        interactive(Interactive { window, history, complete: Arc::new(Words), tasks, session })
    } else {
        piped(Piped {
            window,
            commands: Commands::Lines(Box::new(std::io::stdin())),
            results: Arc::new(StreamPrinter::stdout()),
            rest: Arc::new(StreamPrinter::stderr()),
            tasks,
            in_words: Arc::new(|_| String::new()),
        })
    };
    let (sender, messages) = mpsc::channel(100);
    let cx = ListenContext::new(Arc::new(Queue(sender)), std::env::temp_dir(), CancellationToken::new());
    let answers = answer_all(deliver, messages, tasks_sender, cx.shutdown.clone());
    let ended = async move {
        let ended = listen.listen(&cx).await;
        drop(cx);
        ended
    };
    let (ended, ()) = tokio::join!(ended, answers);
    ended
}
