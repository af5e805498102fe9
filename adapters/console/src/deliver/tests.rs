//! What is printed where.

use std::io;
use std::sync::Mutex;
use std::time::UNIX_EPOCH;

use signalbox_adapter::{Attachment, Button, DeliveryKey, Document, Render, Target};

use super::*;
use crate::render::ConsoleRender;

/// Remembers what was printed; fails once it is closed.
struct Sheet {
    style: Style,
    text: Mutex<String>,
    status: Mutex<Vec<Option<String>>>,
    closed: bool,
}

impl Sheet {
    fn new(style: Style) -> Arc<Self> {
        Arc::new(Self { style, text: Mutex::default(), status: Mutex::default(), closed: false })
    }

    fn text(&self) -> String {
        self.text.lock().expect("not poisoned").clone()
    }
}

#[async_trait]
impl Printer for Sheet {
    fn style(&self) -> Style {
        self.style
    }

    async fn print(&self, text: &str) -> io::Result<()> {
        if self.closed {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        self.text.lock().expect("not poisoned").push_str(text);
        Ok(())
    }

    fn status(&self, line: Option<&str>) {
        self.status.lock().expect("not poisoned").push(line.map(str::to_owned));
    }
}

fn message(purpose: Purpose, text: &str) -> Outgoing {
    Outgoing {
        key: DeliveryKey::from_random_bits(7),
        target: Target {
            address: "console:local".parse().expect("valid"),
            reply_to: None,
            edit_of: None,
            window: None,
        },
        purpose,
        part: ConsoleRender.render(&Document::text(text), 1).parts.remove(0),
        buttons: Vec::new(),
        attachment: None,
        mark: None,
        plain: false,
    }
}

fn deliver_to(results: &Arc<Sheet>, rest: &Arc<Sheet>) -> (ConsoleDeliver, Arc<Buttons>) {
    let buttons = Arc::new(Buttons::default());
    (ConsoleDeliver::new(results.clone(), rest.clone(), buttons.clone()), buttons)
}

#[tokio::test]
async fn standard_output_gets_the_result_and_nothing_else() {
    let (out, err) = (Sheet::new(Style::PLAIN), Sheet::new(Style::PLAIN));
    let (console, _) = deliver_to(&out, &err);
    for purpose in [Purpose::Approval, Purpose::Alert, Purpose::Progress] {
        console.deliver(&message(purpose, "noise")).await.expect("printed");
    }
    console.deliver(&message(Purpose::Result, "done")).await.expect("printed");
    assert_eq!(out.text(), "done\n");
    assert_eq!(err.text(), "noise\nnoise\nnoise\n");
}

#[tokio::test]
async fn progress_that_replaces_progress_changes_the_status_line_only_and_a_result_clears_it() {
    let sheet = Sheet::new(Style::PLAIN);
    let (console, _) = deliver_to(&sheet, &sheet);
    let mut progress = message(Purpose::Progress, "reading 3 files");
    progress.target.edit_of = Some(MessageId::new("x"));
    console.deliver(&progress).await.expect("shown");
    assert_eq!(sheet.text(), "");
    console.deliver(&message(Purpose::Result, "done")).await.expect("printed");
    assert_eq!(*sheet.status.lock().expect("not poisoned"), [Some("reading 3 files".to_owned()), None]);
}

#[tokio::test]
async fn buttons_are_numbered_and_their_numbers_press_them() {
    let sheet = Sheet::new(Style { colour: false, width: 80 });
    let (console, buttons) = deliver_to(&sheet, &sheet);
    let mut question = message(Purpose::Approval, "Run rm?");
    let button = |label: &str, action: &str| Button { label: label.to_owned(), action: action.to_owned() };
    question.buttons = vec![button("Approve\x1b", "approve 7"), button("Deny", "deny 7")];
    console.deliver(&question).await.expect("printed");
    assert_eq!(sheet.text(), "Run rm?\n#1 Approve␛   #2 Deny\n\n");
    assert_eq!(buttons.action(2).as_deref(), Some("deny 7"));
}

#[tokio::test]
async fn where_nobody_sits_a_question_says_in_words_how_it_is_answered() {
    let (out, err) = (Sheet::new(Style::PLAIN), Sheet::new(Style::PLAIN));
    let console =
        deliver_to(&out, &err).0.without_buttons(Arc::new(|buttons| format!("say {}\x1b", buttons[0].action)));
    for purpose in [Purpose::Approval, Purpose::Progress, Purpose::Result] {
        let mut asked = message(purpose, "Run rm?");
        asked.buttons = vec![Button { label: "Approve".to_owned(), action: "approve 7".to_owned() }];
        console.deliver(&asked).await.expect("printed");
    }
    console.deliver(&message(Purpose::Approval, "Nothing to press")).await.expect("printed");
    assert_eq!(err.text(), "Run rm?\nsay approve 7␛\nRun rm?\nNothing to press\n");
    assert_eq!(out.text(), "Run rm?\n");
}

#[tokio::test]
async fn a_possible_repeat_says_so_and_an_attachment_is_printed_in_full() {
    let sheet = Sheet::new(Style::PLAIN);
    let (console, _) = deliver_to(&sheet, &sheet);
    let mut repeat = message(Purpose::Result, "answer");
    repeat.mark = Some("(may be a repeat)".to_owned());
    repeat.attachment = Some(Attachment::text("rca.md", "text/markdown", "# Cause\x1b"));
    console.deliver(&repeat).await.expect("printed");
    assert_eq!(sheet.text(), "(may be a repeat)\nanswer\n\n--- rca.md ---\n# Cause␛\n");
}

#[tokio::test]
async fn of_a_file_that_lies_on_this_machine_its_place_is_printed() {
    let sheet = Sheet::new(Style::PLAIN);
    let (console, _) = deliver_to(&sheet, &sheet);
    let mut file = message(Purpose::Result, "");
    let bytes = Attachment::text("plot.png", "image/png", "\u{fffd}PNG\x1b[2J");
    file.attachment = Some(Attachment { path: Some("/home/kim/web/plot\x1b.png".into()), ..bytes });
    console.deliver(&file).await.expect("printed");
    assert_eq!(sheet.text(), "--- plot.png ---\n/home/kim/web/plot␛.png\n");
}

#[tokio::test]
async fn a_closed_output_is_unreachable_so_that_the_message_waits_for_another_shell() {
    let closed =
        Arc::new(Sheet { style: Style::PLAIN, text: Mutex::default(), status: Mutex::default(), closed: true });
    let (console, _) = deliver_to(&closed, &closed);
    let outcome = console.deliver(&message(Purpose::Result, "answer")).await;
    assert!(matches!(outcome, Err(DeliverError::Unreachable(_))), "{outcome:?}");
}

#[tokio::test]
async fn the_terminal_knows_itself_and_cannot_look_back() {
    let sheet = Sheet::new(Style::PLAIN);
    let (console, _) = deliver_to(&sheet, &sheet);
    assert_eq!(console.check().await.expect("known").id, "local");
    let reconciled =
        console.reconcile(&message(Purpose::Result, "answer"), &Tried::at(UNIX_EPOCH)).await.expect("answered");
    assert_eq!(reconciled, Reconciled::Unknowable);
}
