//! The compliance suite: what every adapter must keep, whatever its provider. Run it from the adapter's own tests.
//!
//! The checks panic with what is wrong, as tests do.

use std::sync::Mutex;

use async_trait::async_trait;

use crate::{
    AcceptError, Deliver, DeliverError, Document, Inbox, Incoming, Outgoing, Part, Reconciled, Render, TABLE_WIDTH,
    same_text,
};

/// Parts in which long documents are asked for.
const MANY_PARTS: usize = 1000;

/// Documents that are awkward to render, as Markdown.
#[must_use]
pub fn awkward_documents() -> Vec<String> {
    let sentence = "The quick brown fox, 12 < 13 & \"so on\", jumps over `code` and **bold *nested* text**. ";
    vec![
        String::new(),
        "plain".into(),
        "@everyone <!channel> <@U123> <@&9> #general look".into(),
        sentence.repeat(400),
        "x".repeat(20_000),
        "𝕏👩‍👩‍👧e\u{301}\u{301}שלום".repeat(2000),
        format!("```rust\n{}", "let answer = 42; // `never` closed\n".repeat(800)),
        (1..400).map(|n| format!("{n}. item {n} {sentence}\n")).collect(),
        (0..100).map(|depth| format!("{}- level {depth}\n", "  ".repeat(depth))).collect(),
        format!("> {}", sentence.repeat(300)),
        format!("|{}\n|{}\n|{}", "h|".repeat(50), "-|".repeat(50), "cell|".repeat(50)),
        "- [x] done\n- [ ] open\n\n---\n\n# Head\n\n~~gone~~ [link](https://example.org/a_(b)) <b>raw</b> \\*".into(),
        "_*[]()~`>#+-=|{}.!\\ _a_ *b* __c__".into(),
    ]
}

/// Checks a renderer over [`awkward_documents`]: parts, at most as many as asked for, within the limits, and no text
/// lost or repeated. `visible` returns the text that a person sees of a part, without the part's number.
///
/// # Panics
/// When the renderer does not comply.
pub fn check_render(render: &dyn Render, visible: &dyn Fn(&Part) -> String) {
    let limits = render.limits();
    for markdown in awkward_documents() {
        let document = Document::from_markdown(&markdown);
        let rendered = render.render(&document, MANY_PARTS);
        assert!(!rendered.parts.is_empty(), "no part for {:?}", start(&markdown));
        let mut text = String::new();
        for part in &rendered.parts {
            let shown = visible(part);
            let size = limits.unit.count(&shown);
            assert!(size <= limits.max_text, "a part of {size} for {:?}", start(&markdown));
            text.push_str(&shown);
            text.push('\n');
        }
        text.push_str(&Document::from_markdown(rendered.rest.as_deref().unwrap_or_default()).visible_text());
        let as_is = document.visible_text();
        let flat = document.flatten_tables(TABLE_WIDTH).visible_text();
        let kept = same_text(&text, &as_is) || same_text(&text, &flat);
        assert!(kept, "text was lost or repeated: {:?} became {:?}", start(&as_is), start(&text));
        let few = render.render(&document, 1);
        assert_eq!(few.parts.len(), 1, "more parts than asked for");
    }
}

/// Checks an adapter's deliveries against its provider or a fake of it: a message arrives and has a receipt; where the
/// provider cannot tell whether it arrived, a repeat is marked. `shown` returns the texts that the chat shows now.
///
/// # Panics
/// When the adapter does not comply.
pub async fn check_deliver(deliver: &dyn Deliver, message: &Outgoing, shown: &(dyn Fn() -> Vec<String> + Sync)) {
    let before = shown().len();
    let receipt = deliver.deliver(message).await.expect("a first attempt arrives");
    assert!(!receipt.message.as_str().is_empty(), "a receipt names the message");
    assert_eq!(shown().len(), before + 1, "one call has one effect");
    assert!(!shown()[before].contains(REPEAT), "a first attempt is no repeat");
    match deliver.reconcile(message).await.expect("the question can be asked") {
        Reconciled::Delivered(found) => assert_eq!(found, receipt, "the message that arrived is found again"),
        Reconciled::Absent => panic!("a message that arrived is not absent"),
        Reconciled::Unknowable => {
            let again = Outgoing { maybe_repeat: true, ..message.clone() };
            deliver.deliver(&again).await.expect("a repeat arrives");
            assert!(shown().last().is_some_and(|text| text.contains(REPEAT)), "a repeat is marked {REPEAT:?}");
        }
    }
    deliver.check().await.expect("the adapter knows who it is");
}

/// What marks a message that may have arrived before.
pub const REPEAT: &str = "(may be a repeat)";

fn start(text: &str) -> String {
    text.chars().take(60).collect()
}

/// An inbox that remembers what it accepted; it can be told to fail.
#[derive(Debug, Default)]
pub struct RecordingInbox {
    accepted: Mutex<Vec<Incoming>>,
    failing: Mutex<bool>,
}

impl RecordingInbox {
    /// Returns what was accepted, each key once.
    #[must_use]
    pub fn accepted(&self) -> Vec<Incoming> {
        self.accepted.lock().expect("no holder of this lock panics").clone()
    }

    /// Lets every further message fail, or work again.
    pub fn fail(&self, failing: bool) {
        *self.failing.lock().expect("no holder of this lock panics") = failing;
    }
}

#[async_trait]
impl Inbox for RecordingInbox {
    async fn accept(&self, incoming: Incoming) -> Result<(), AcceptError> {
        if *self.failing.lock().expect("no holder of this lock panics") {
            return Err(AcceptError(Box::new(DeliverError::Unreachable("the disk is full".into()))));
        }
        let mut accepted = self.accepted.lock().expect("no holder of this lock panics");
        if accepted.iter().all(|known| known.key != incoming.key) {
            accepted.push(incoming);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Limits, PlainMeasure, Rendered, TextUnit, split};

    /// A renderer with a fault.
    struct Renderer {
        loses: bool,
        too_long: bool,
    }

    impl Render for Renderer {
        fn limits(&self) -> Limits {
            Limits { max_text: 500, unit: TextUnit::Chars }
        }

        fn render(&self, document: &Document, max_parts: usize) -> Rendered {
            let limit = if self.too_long { 5000 } else { 500 };
            let split = split(document, &PlainMeasure(TextUnit::Chars), limit, max_parts);
            let part = |part: &Document| Part { body: part.visible_text() };
            let rest = split.rest.filter(|_| !self.loses);
            Rendered { parts: split.parts.iter().map(part).collect(), rest }
        }
    }

    fn without_number(part: &Part) -> String {
        let body = &part.body;
        let numbered = body
            .rsplit_once('\n')
            .filter(|(_, last)| last.starts_with('(') && last.ends_with(')') && last.contains('/'));
        numbered.map_or(body.as_str(), |(text, _)| text).to_owned()
    }

    #[test]
    fn a_good_renderer_passes() {
        check_render(&Renderer { loses: false, too_long: false }, &without_number);
    }

    #[test]
    #[should_panic(expected = "a part of")]
    fn parts_that_are_too_long_are_found() {
        check_render(&Renderer { loses: false, too_long: true }, &without_number);
    }

    #[test]
    #[should_panic(expected = "text was lost or repeated")]
    fn lost_text_is_found() {
        check_render(&Renderer { loses: true, too_long: false }, &|part| part.body[..part.body.len() / 2].to_owned());
    }
}
