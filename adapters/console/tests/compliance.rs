//! The console keeps what every adapter must keep.

use std::io;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use signalbox_adapter::testing::{check_deliver, check_render};
use signalbox_adapter::{
    ChatAddress, ChatId, DeliveryKey, Document, Outgoing, Part, Provider, Purpose, Render, Target,
};
use signalbox_console::{Buttons, ConsoleDeliver, ConsoleRender, Printer, Style, paint};

/// A terminal that remembers what it shows.
#[derive(Default)]
struct Paper(Mutex<Vec<String>>);

#[async_trait]
impl Printer for Paper {
    fn style(&self) -> Style {
        Style::PLAIN
    }

    async fn print(&self, text: &str) -> io::Result<()> {
        self.0.lock().expect("no panics").push(text.to_owned());
        Ok(())
    }

    fn status(&self, _line: Option<&str>) {}
}

#[test]
fn it_renders_as_every_adapter_must() {
    let visible = |part: &Part| -> String {
        let document: Document = serde_json::from_str(&part.body).expect("a document");
        // What is painted has bullets and bars besides; the text is the document's own.
        assert!(!paint(&document, &Style::PLAIN).contains('\u{1b}'));
        document.visible_text()
    };
    check_render(&ConsoleRender, &visible);
}

#[tokio::test]
async fn it_delivers_as_every_adapter_must() {
    let paper = Arc::new(Paper::default());
    let deliver = ConsoleDeliver::new(paper.clone(), paper.clone(), Arc::new(Buttons::default()));
    let message = Outgoing {
        key: DeliveryKey::from_random_bits(7),
        target: Target {
            address: ChatAddress::new(Provider::new("console"), ChatId::new("local")),
            reply_to: None,
            edit_of: None,
        },
        purpose: Purpose::Result,
        part: ConsoleRender.render(&Document::text("done"), 1).parts.remove(0),
        buttons: Vec::new(),
        attachment: None,
        maybe_repeat: false,
    };
    check_deliver(&deliver, &message, &|| paper.0.lock().expect("no panics").clone()).await;
}
