//! The terminal keeps the contract.

use std::io::{self, PipeWriter, Write};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use signalbox_adapter::testing::{Stage, Standing, check_deliver, check_listen, check_render, check_threads};
use signalbox_adapter::{DeliveryKey, Document, Listen, Outgoing, Part, Purpose, Render, Target, Threads, UserId};
use signalbox_console::{
    Buttons, Commands, ConsoleDeliver, ConsoleRender, Piped, StreamPrinter, Style, Window, paint, piped,
};
use tokio::sync::watch;

/// What was printed.
#[derive(Clone, Default)]
struct Paper(Arc<Mutex<Vec<u8>>>);

impl Paper {
    fn text(&self) -> String {
        let printed = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8(printed.clone()).expect("text is printed as UTF-8")
    }
}

impl Write for Paper {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn painted(part: &Part) -> String {
    let document: Document = serde_json::from_str(&part.body).expect("a part of the console is a document");
    paint(&document, &Style::PLAIN)
}

#[test]
fn everything_that_is_rendered_is_painted() {
    check_render(&ConsoleRender, painted).expect("compliant");
}

#[tokio::test]
async fn what_is_delivered_is_printed_and_a_repeat_is_marked() {
    let paper = Paper::default();
    let printer = Arc::new(StreamPrinter::to(Box::new(paper.clone()), Style::PLAIN));
    let deliver = ConsoleDeliver::new(printer.clone(), printer, Arc::new(Buttons::default()));
    let sample = Outgoing {
        key: DeliveryKey::from_random_bits(1),
        target: Target {
            address: "console:local".parse().expect("valid"),
            reply_to: None,
            edit_of: None,
            window: None,
        },
        purpose: Purpose::Result,
        part: ConsoleRender.render(&Document::text("hello"), 1).parts.remove(0),
        buttons: Vec::new(),
        attachment: None,
        mark: None,
        plain: false,
    };
    check_deliver(&deliver, &sample, || paper.text()).await.expect("compliant");
    check_threads(&deliver, Threads::None, &sample, |_| paper.text()).await.expect("compliant");
}

/// A shell that somebody pipes lines into; each listener is a shell of its own.
#[derive(Default)]
struct Shell {
    paper: Paper,
    windows: AtomicUsize,
    input: Mutex<Option<PipeWriter>>,
}

#[async_trait]
impl Stage for Shell {
    fn listener(&self) -> Box<dyn Listen> {
        let (lines, input) = io::pipe().expect("a pipe");
        self.input.lock().unwrap_or_else(PoisonError::into_inner).replace(input);
        let window = Window {
            id: format!("w{}", self.windows.fetch_add(1, Ordering::SeqCst)),
            user: UserId::new("501"),
            name: "Ada".to_owned(),
            directory: None,
        };
        let printer = Arc::new(StreamPrinter::to(Box::new(self.paper.clone()), Style::PLAIN));
        let (_, tasks) = watch::channel(Vec::new());
        let commands = Commands::Lines(Box::new(lines));
        Box::new(
            piped(Piped {
                window,
                commands,
                results: printer.clone(),
                rest: printer,
                tasks,
                in_words: Arc::new(|_| String::new()),
            })
            .0,
        )
    }

    async fn say(&self, _chat: usize, text: &str) {
        let input = self.input.lock().unwrap_or_else(PoisonError::into_inner);
        writeln!(input.as_ref().expect("a shell was started"), "{text}").expect("it reads");
    }

    /// A line is forgotten when it is read; what was not taken is told.
    fn standing(&self, text: &str) -> Standing {
        let told = self.paper.text().contains(&format!("This was NOT taken: {text}\n"));
        if told { Standing::Returned } else { Standing::Gone }
    }

    /// A terminal has no connection that breaks and comes back.
    async fn disturb(&self, _way: usize) -> bool {
        false
    }

    /// It has no secrets.
    fn secrets(&self) -> Vec<String> {
        Vec::new()
    }

    fn debugs(&self) -> Vec<String> {
        Vec::new()
    }
}

#[tokio::test]
async fn what_is_said_arrives() {
    check_listen(Arc::new(Shell::default())).await.expect("compliant");
}
