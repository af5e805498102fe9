//! The suite finds what is broken and passes what is not.

use std::sync::Mutex;

use async_trait::async_trait;

use super::*;
use crate::*;

mod listen;
mod memory;
mod threads;

/// Renders plain text, then breaks it.
struct Plain(fn(&mut Rendered));

const LIMIT_CHARS: usize = 300;

impl Render for Plain {
    fn limits(&self) -> Limits {
        Limits { max_text: LIMIT_CHARS, unit: TextUnit::Chars }
    }

    fn render(&self, document: &Document, max_parts: usize) -> Rendered {
        let split = split(document, &PlainMeasure(TextUnit::Chars), LIMIT_CHARS, max_parts);
        let rest = split.rest.clone();
        let parts = split.numbered().into_iter().map(|part| Part { body: part.visible_text() }).collect();
        let mut rendered = Rendered { parts, rest };
        (self.0)(&mut rendered);
        rendered
    }
}

fn breach_of(fault: fn(&mut Rendered)) -> String {
    check_render(&Plain(fault), |part| part.body.clone()).expect_err("broken").what
}

#[test]
fn a_renderer_that_splits_passes() {
    check_render(&Plain(|_| ()), |part| part.body.clone()).expect("compliant");
}

#[test]
fn a_renderer_that_loses_or_repeats_text_is_found() {
    let found = breach_of(|rendered| rendered.parts.truncate(1));
    assert!(found.starts_with("word"), "{found}");
    let found = breach_of(|rendered| rendered.rest = None);
    assert!(found.starts_with("word"), "{found}");
    let found = breach_of(|rendered| rendered.parts.iter_mut().for_each(|part| part.body = part.body.repeat(2)));
    assert!(found.starts_with("word"), "{found}");
    let found = breach_of(|rendered| rendered.parts.reverse());
    assert!(found.starts_with("word"), "{found}");
    let found =
        breach_of(|rendered| rendered.parts.iter_mut().for_each(|part| part.body = part.body.replace("h0x", "")));
    assert_eq!(found, "the header of a table was lost");
}

#[test]
fn a_renderer_that_breaks_the_limits_is_found() {
    let found = breach_of(|rendered| rendered.parts[0].body.push_str(&" ".repeat(LIMIT_CHARS)));
    assert!(found.contains("the limit is 300"), "{found}");
    assert_eq!(breach_of(|rendered| rendered.parts.clear()), "it became 0 parts");
    assert_eq!(breach_of(|rendered| rendered.parts.push(Part { body: "x".to_owned() })), "it became 2 parts");
    assert_eq!(breach_of(|rendered| rendered.parts[0].body = " ".to_owned()), "part 1 is empty");
}

#[test]
fn a_renderer_that_lets_commands_through_or_swallows_mentions_is_found() {
    let found = breach_of(|rendered| rendered.parts[0].body.insert(0, '\u{1b}'));
    assert_eq!(found, "control characters or bidi overrides came through");
    let found = breach_of(|rendered| rendered.parts[0].body = rendered.parts[0].body.replace("<@U1>", "Ann"));
    assert_eq!(found, "the text <@U1> was lost or changed");
}

/// A provider in memory, with the faults it is given.
struct Memory {
    marks: bool,
    shows: bool,
    plain: bool,
    names: bool,
    reconciled: fn(&Outgoing) -> Reconciled,
    shown: Mutex<String>,
}

fn receipt(message: &Outgoing) -> Receipt {
    Receipt::of(MessageId::new(message.key.as_str()))
}

impl Default for Memory {
    fn default() -> Self {
        Self {
            marks: true,
            shows: true,
            plain: true,
            names: true,
            reconciled: |_| Reconciled::Unknowable,
            shown: Mutex::default(),
        }
    }
}

#[async_trait]
impl Deliver for Memory {
    async fn deliver(&self, message: &Outgoing) -> Result<Receipt, DeliverError> {
        let mut shown = self.shown.lock().expect("not poisoned");
        if let Some(mark) = message.mark.as_ref().filter(|_| self.marks) {
            shown.push_str(mark);
        }
        if self.shows && (self.plain || !message.plain) {
            shown.push_str(&message.part.body);
        }
        Ok(if self.names { receipt(message) } else { Receipt::of(MessageId::new("")) })
    }

    async fn reconcile(&self, message: &Outgoing, _tried: &Tried) -> Result<Reconciled, DeliverError> {
        Ok((self.reconciled)(message))
    }

    async fn check(&self) -> Result<Identity, DeliverError> {
        Ok(Identity { id: "1".to_owned(), name: "bot".to_owned() })
    }
}

async fn check(memory: Memory) -> Result<(), String> {
    let sample = Outgoing {
        key: DeliveryKey::from_random_bits(1),
        target: Target { address: "memory:1".parse().expect("valid"), reply_to: None, edit_of: None, window: None },
        purpose: Purpose::Result,
        part: Part { body: "hello".to_owned() },
        buttons: Vec::new(),
        attachment: None,
        mark: None,
        plain: false,
    };
    let shown = || memory.shown.lock().expect("not poisoned").clone();
    check_deliver(&memory, &sample, shown).await.map_err(|breach| breach.what)
}

#[tokio::test]
async fn a_deliverer_that_marks_repeats_or_remembers_passes() {
    assert_eq!(check(Memory::default()).await, Ok(()));
    let remembers =
        Memory { marks: false, reconciled: |message| Reconciled::Delivered(receipt(message)), ..Memory::default() };
    assert_eq!(check(remembers).await, Ok(()));
}

#[tokio::test]
async fn a_broken_deliverer_is_found() {
    let found = |memory| async { check(memory).await.expect_err("broken") };
    let unmarked = Memory { marks: false, ..Memory::default() };
    assert_eq!(found(unmarked).await, format!("it is not marked {MARK:?}"));
    let silent = Memory { shows: false, ..Memory::default() };
    assert_eq!(found(silent).await, "there is a receipt, but nothing was shown");
    let only_rich = Memory { plain: false, ..Memory::default() };
    assert_eq!(found(only_rich).await, "nothing was shown");
    let nameless = Memory { names: false, ..Memory::default() };
    assert_eq!(found(nameless).await, "the receipt names no message");
    let forgetful = Memory { reconciled: |_| Reconciled::Absent, ..Memory::default() };
    assert_eq!(found(forgetful).await, "it is said not to have arrived");
    let first =
        |_: &Outgoing| Reconciled::Delivered(Receipt::of(MessageId::new(DeliveryKey::from_random_bits(1).as_str())));
    let mistaken = Memory { reconciled: first, ..Memory::default() };
    assert_eq!(found(mistaken).await, "a message that is known to be another is taken for it");
}

#[tokio::test]
async fn the_inbox_keeps_each_update_once_and_refuses_when_told_to() {
    let inbox = RecordingInbox::default();
    let incoming = memory::incoming("memory:1:1", 0, "hi");
    for _ in 0..2 {
        inbox.accept(incoming.clone()).await.expect("accepted");
    }
    inbox.refuse_next(1);
    let other = memory::incoming("memory:1:2", 0, "hi");
    assert!(inbox.accept(other.clone()).await.is_err());
    assert_eq!(inbox.wait_for(1).await.len(), 1);
    inbox.accept(other.clone()).await.expect("accepted");
    assert_eq!(inbox.accepted(), [incoming.clone(), other.clone()]);
    assert_eq!(inbox.offers(), [incoming.clone(), incoming, other.clone(), other]);
}
