//! The terminal keeps the contract.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use signalbox_adapter::testing::{check_deliver, check_render};
use signalbox_adapter::{DeliveryKey, Document, Outgoing, Part, Purpose, Render, Target};
use signalbox_console::{Buttons, ConsoleDeliver, ConsoleRender, StreamPrinter, Style, paint};

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
        target: Target { address: "console:local".parse().expect("valid"), reply_to: None, edit_of: None },
        purpose: Purpose::Result,
        part: ConsoleRender.render(&Document::text("hello"), 1).parts.remove(0),
        buttons: Vec::new(),
        attachment: None,
        maybe_repeat: false,
    };
    check_deliver(&deliver, &sample, || paper.text()).await.expect("compliant");
}
