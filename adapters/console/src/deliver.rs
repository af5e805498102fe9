//! The answering half: prints one message for each [`Outgoing`].
//!
//! Results and all the rest may go to two printers, so that `shell -c` can keep standard output for its own result. A
//! progress message that replaces an earlier one only changes the status line. What could not be printed was surely not
//! seen in full, so the outbox keeps it for the next shell.

use std::fmt::Write;
use std::sync::Arc;

use async_trait::async_trait;
use signalbox_adapter::{
    Button, Deliver, DeliverError, Identity, MessageId, Outgoing, Purpose, Receipt, Reconciled, Tried,
};

use crate::buttons::Buttons;
use crate::clean::{for_terminal, one_row};
use crate::paint::{Style, paint};
use crate::printer::Printer;
use crate::render::document;

/// Delivers by printing.
pub struct ConsoleDeliver {
    results: Arc<dyn Printer>,
    rest: Arc<dyn Printer>,
    buttons: Pressed,
}

/// Says in lines of text how buttons are pressed that nobody here can press.
pub type InWords = Arc<dyn Fn(&[Button]) -> String + Send + Sync>;

/// How buttons are shown.
enum Pressed {
    /// As numbers, which a person types.
    ByNumber(Arc<Buttons>),
    /// Nobody sits here: those of a question in words, others not at all.
    Elsewhere(InWords),
}

impl ConsoleDeliver {
    /// Prints results to one printer and everything else to another (or the same); `buttons` is the listener's.
    #[must_use]
    pub fn new(results: Arc<dyn Printer>, rest: Arc<dyn Printer>, buttons: Arc<Buttons>) -> Self {
        Self { results, rest, buttons: Pressed::ByNumber(buttons) }
    }

    /// Shows no buttons, for nobody sits here who could press one; but says in words how a question is answered.
    #[must_use]
    pub fn without_buttons(self, in_words: InWords) -> Self {
        Self { buttons: Pressed::Elsewhere(in_words), ..self }
    }

    fn compose(&self, message: &Outgoing, style: Style) -> String {
        let mut text = String::new();
        if let Some(mark) = &message.mark {
            text.push_str(&one_row(mark, usize::MAX));
            text.push('\n');
        }
        let said = paint(&document(&message.part), &style);
        // A file may come without a word.
        if !said.trim().is_empty() {
            text.push_str(&said);
        }
        if let Some(attachment) = &message.attachment {
            let name = one_row(&attachment.file_name, usize::MAX);
            let body = match &attachment.path {
                // Whoever reads this sits at the machine.
                Some(path) => one_row(&path.to_string_lossy(), usize::MAX),
                None => for_terminal(&String::from_utf8_lossy(&attachment.content)),
            };
            let apart = if text.is_empty() { "" } else { "\n" };
            write!(text, "{apart}--- {name} ---\n{body}\n").expect("a string takes any text");
        }
        match &self.buttons {
            _ if message.buttons.is_empty() => {}
            Pressed::ByNumber(buttons) => {
                let numbers = buttons.show(&message.buttons);
                let labels = numbers.iter().zip(&message.buttons);
                let labels = labels.map(|(number, button)| format!("#{number} {}", one_row(&button.label, usize::MAX)));
                writeln!(text, "{}", labels.collect::<Vec<_>>().join("   ")).expect("a string takes any text");
            }
            Pressed::Elsewhere(in_words) if message.purpose == Purpose::Approval => {
                writeln!(text, "{}", for_terminal(&in_words(&message.buttons))).expect("a string takes any text");
            }
            Pressed::Elsewhere(_) => {}
        }
        if style.width != usize::MAX {
            // A person tells messages apart by the empty line; a file or program has no use for it.
            text.push('\n');
        }
        text
    }
}

#[async_trait]
impl Deliver for ConsoleDeliver {
    async fn deliver(&self, message: &Outgoing) -> Result<Receipt, DeliverError> {
        // The key is unique for ever and the same on every attempt, which is all that an id has to be.
        let receipt = Receipt::of(MessageId::new(message.key.as_str()));
        let printer = match message.purpose {
            Purpose::Progress if message.target.edit_of.is_some() => {
                let text = paint(&document(&message.part), &Style::PLAIN);
                self.rest.status(text.lines().find(|line| !line.is_empty()));
                return Ok(receipt);
            }
            Purpose::Result => {
                self.rest.status(None);
                &self.results
            }
            Purpose::Approval | Purpose::Alert | Purpose::Progress => &self.rest,
        };
        let text = self.compose(message, printer.style());
        match printer.print(&text).await {
            Ok(()) => Ok(receipt),
            Err(error) => Err(DeliverError::Unreachable(format!("the terminal: {error}"))),
        }
    }

    async fn reconcile(&self, _message: &Outgoing, _tried: &Tried) -> Result<Reconciled, DeliverError> {
        Ok(Reconciled::Unknowable)
    }

    async fn check(&self) -> Result<Identity, DeliverError> {
        Ok(Identity { id: "local".to_owned(), name: "this terminal".to_owned() })
    }
}

#[cfg(test)]
mod tests;
