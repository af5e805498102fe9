//! Documents to parts: one mail holds a lot, so that practically nothing is split.

use signalbox_adapter::{
    Document, Face, Limits, Markup, Measure, PlainMeasure, Render, Rendered, TABLE_WIDTH, TextUnit, split,
};

use crate::body::Body;
use crate::text::{CODE_INDENT, RULE, WIDTH, bullet, indent_of};

/// Longest plain text of a mail, in characters. SMTP has no such limit; servers commonly take 10 MB in all.
pub const MAX_TEXT_CHARS: usize = 1_000_000;
/// Longest text before its lines are wrapped, in characters. A break adds at most the 14 columns at which wrapping ends,
/// and two lines together are wider than the 62 columns left beside them: at least 31 characters, of two columns each.
/// So wrapping makes no text twice as long.
const MAX_SPLIT_CHARS: usize = MAX_TEXT_CHARS / 2;

/// Largest file that goes with a mail, in bytes; in the letters of a mail it takes a third more, and servers commonly take 25 MB.
const MAX_FILE_BYTES: u64 = 10_000_000;

/// Renders for mails.
#[derive(Debug, Clone, Copy, Default)]
pub struct EmailRender;

impl Render for EmailRender {
    fn limits(&self) -> Limits {
        Limits { max_text: MAX_TEXT_CHARS, unit: TextUnit::Chars }
    }

    fn max_file_bytes(&self) -> u64 {
        MAX_FILE_BYTES
    }

    fn render(&self, document: &Document, max_parts: usize) -> Rendered {
        let (bodies, rest) = bodies(document, max_parts);
        Rendered { parts: bodies.into_iter().map(Body::into_part).collect(), rest }
    }
}

/// Writes a document as at most `max_parts` mails. One that fits keeps its tables, however wide: HTML shows them.
pub(crate) fn bodies(document: &Document, max_parts: usize) -> (Vec<Body>, Option<String>) {
    if document.cost(&Prices) <= MAX_SPLIT_CHARS {
        return (vec![Body::of_document(document)], None);
    }
    let mut whole = split(document, &Prices, MAX_SPLIT_CHARS, max_parts);
    let rest = whole.rest.take();
    (whole.numbered().iter().map(Body::of_document).collect(), rest)
}

/// What the plain text takes; HTML has no limit of its own.
struct Prices;

const TEXT: PlainMeasure = PlainMeasure(TextUnit::Chars);

impl Measure for Prices {
    fn text(&self, text: &str, face: Face) -> usize {
        let lines = match face {
            Face::Block => text.bytes().filter(|b| *b == b'\n').count() * CODE_INDENT.len(),
            Face::Plain | Face::Code => 0,
        };
        TEXT.text(text, face) + lines
    }

    fn markup(&self, markup: Markup<'_>) -> usize {
        match markup {
            Markup::Heading(1 | 2) => 1 + WIDTH,
            Markup::CodeBlock(_) => CODE_INDENT.len(),
            Markup::Item { number, checked } => bullet(number, checked).len(),
            Markup::Rule => RULE.len(),
            Markup::Link(url) => url.chars().count() + " <>".len(),
            Markup::Heading(_)
            | Markup::Quote
            | Markup::Table
            | Markup::Strong
            | Markup::Emphasis
            | Markup::Strike
            | Markup::Code => TEXT.markup(markup),
        }
    }

    fn prefix(&self, markup: Markup<'_>) -> usize {
        match markup {
            Markup::Item { number, .. } => indent_of(number),
            Markup::Heading(_)
            | Markup::Quote
            | Markup::CodeBlock(_)
            | Markup::Table
            | Markup::Rule
            | Markup::Strong
            | Markup::Emphasis
            | Markup::Strike
            | Markup::Code
            | Markup::Link(_) => TEXT.prefix(markup),
        }
    }

    fn draws_charts(&self) -> bool {
        true
    }

    fn table_width(&self) -> usize {
        TABLE_WIDTH
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use signalbox_adapter::{Part, same_text, testing::check_render};

    use super::*;

    /// Pieces of Markdown and of what is hard in it.
    const PIECES: [&str; 17] = [
        "word ",
        "\n",
        "\n\n",
        "> ",
        "- ",
        "1. ",
        "  ",
        "```\n",
        "**",
        "# ",
        "---\n",
        "|a|b|\n|-|-|\n|c|d|\n",
        "日本 ",
        "👩‍👩‍👧",
        "<b>&\" ",
        "x",
        "averyveryverylongwordthatdoesnotfit ",
    ];

    fn text_of(part: &Part) -> String {
        Body::of(part).text
    }

    #[test]
    fn the_compliance_suite_passes() {
        assert_eq!(check_render(&EmailRender, text_of), Ok(()));
    }

    #[test]
    fn wrapping_makes_no_text_longer_than_the_limit() {
        for line in ["> ".repeat(7) + &"日 ".repeat(MAX_SPLIT_CHARS), "x ".repeat(MAX_SPLIT_CHARS)] {
            let rendered = EmailRender.render(&Document::from_markdown(&line), 9);
            assert!(rendered.parts.len() > 1);
            assert!(rendered.parts.iter().all(|part| text_of(part).chars().count() <= MAX_TEXT_CHARS));
        }
    }

    #[test]
    fn a_wide_table_is_a_table_in_html_and_a_list_in_text() {
        let markdown = format!("|name|value|\n|-|-|\n|a|{}|", "long ".repeat(30));
        let body = Body::of(&EmailRender.render(&Document::from_markdown(&markdown), 1).parts[0]);
        assert!(body.html.contains("<table"), "{}", body.html);
        assert!(body.text.starts_with("- name: a\n  value: long long"), "{}", body.text);
    }

    proptest! {
        #[test]
        fn plain_text_and_html_say_what_the_document_says(picks in prop::collection::vec(0..PIECES.len(), 0..60)) {
            let markdown: String = picks.into_iter().map(|at| PIECES[at]).collect();
            let document = Document::from_markdown(&markdown);
            let body = Body::of(&EmailRender.render(&document, 1).parts[0]);
            let letters = |text: &str| text.chars().filter(|c| c.is_alphabetic()).collect::<String>();
            let listed = document.unfold_tables(TABLE_WIDTH);
            prop_assert_eq!(letters(&body.text), letters(&listed.visible_text()));
            prop_assert!(same_text(&without_tags(&body.html), &document.visible_text()), "{}", body.html);
            prop_assert!(body.text.chars().count() <= document.cost(&Prices).max(1) * 2);
        }
    }

    /// What is left of HTML of ours without its elements.
    fn without_tags(html: &str) -> String {
        let outside = html.split('<').map(|piece| piece.split_once('>').map_or(piece, |(_, text)| text));
        let text: String = outside.collect();
        text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&")
    }
}
