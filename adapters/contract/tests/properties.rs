//! What holds for any text: nothing is lost, nothing is said twice, no part is too long.

use proptest::prelude::*;
use signalbox_adapter::{Block, Document, Face, Inline, Markup, Measure, PlainMeasure, TextUnit, same_text, split};

/// Pieces that make Markdown, well formed or not, when strung together.
const PIECES: &[&str] = &[
    "\n",
    "\n\n",
    "  ",
    "    ",
    "\t",
    "> ",
    "- ",
    "* ",
    "+ ",
    "1. ",
    "99. ",
    "7) ",
    "- [x] ",
    "- [ ] ",
    "# ",
    "###### ",
    "**",
    "*",
    "***",
    "_",
    "__",
    "~~",
    "~",
    "`",
    "``",
    "```\n",
    "```rust\n",
    "~~~~\n",
    "---\n",
    "===\n",
    "***\n",
    "|",
    "\\",
    "[a](https://a.example/x_y?p=1&q=2;3)",
    "[b](<https://b.example/(z>)",
    "[c](javascript:alert(1))",
    "![i](http://i.example)",
    "<https://d.example>",
    "[",
    "](",
    "]: ",
    "[^1]",
    "<b>",
    "</b>",
    "<!-- ",
    "&amp;",
    "&lt;",
    "&#42;",
    "&",
    "<",
    ">",
    "!",
    "word ",
    "A sentence. Another one! ",
    "snake_case_name",
    "1.",
    "e\u{301}\u{302}",
    "👩‍👩‍👧",
    "🇩🇪🇫🇷",
    "שלום ",
    "مرحبا",
    "𝔘𝔫𝔦",
    "日本語",
    "\u{a0}",
    "\u{3000}",
    "\u{200b}",
    "\u{feff}",
    "\u{202e}",
    "\u{1b}[2J",
    "\r\n",
    "\0",
    "@everyone ",
];

fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        8 => prop::sample::select(PIECES).prop_map(str::to_owned),
        2 => "[ -~]{0,20}",
        1 => any::<String>(),
        1 => (0..6_000_usize, prop::sample::select(&["x", "é", "𝔘", "a b ", "e\u{301}", "\u{301}", "🇩", "> ", "\n", "y\n", "*", "&"][..]))
            .prop_map(|(count, text)| text.repeat(count)),
        1 => (1..60_usize, 0..30_usize, any::<u32>(), 1..40_usize).prop_map(|(columns, rows, seed, width)| table(columns, rows, seed, width)),
        1 => (1..40_usize, prop::sample::select(&["> ", "- ", "1. ", "> - "][..])).prop_map(|(depth, mark)| format!("\n{}deep", mark.repeat(depth))),
    ]
}

/// A table whose header is like no other.
fn table(columns: usize, rows: usize, seed: u32, width: usize) -> String {
    let line =
        |cell: &dyn Fn(usize) -> String| (0..columns).map(|at| format!("|{}", cell(at))).collect::<String>() + "|\n";
    let body: String = (0..rows).map(|row| line(&|at| format!("{row}:{at} {}", "é ".repeat(width)))).collect();
    format!("\n\n{}{}{body}\n", line(&|at| format!("{seed} {at}")), line(&|_| "-".to_owned()))
}

fn markdown() -> impl Strategy<Value = String> {
    prop::collection::vec(piece(), 0..40).prop_map(|pieces| pieces.concat())
}

/// Prices of HTML in bytes: dear formats, dear escapes.
struct Html;

impl Measure for Html {
    fn text(&self, text: &str, _face: Face) -> usize {
        text.chars().map(|c| if matches!(c, '<' | '>' | '&') { 5 } else { c.len_utf8() }).sum()
    }

    fn markup(&self, markup: Markup<'_>) -> usize {
        match markup {
            Markup::Link(url) => 15 + self.text(url, Face::Plain),
            Markup::CodeBlock(language) => 24 + language.map_or(0, str::len),
            _ => 11,
        }
    }

    fn prefix(&self, _markup: Markup<'_>) -> usize {
        0
    }
}

/// What a reader takes in: the header of a table that goes on is read once.
fn read(parts: &[Document]) -> String {
    fn read_blocks(blocks: &[Block], last_header: &mut Vec<Vec<Inline>>, text: &mut String) {
        for block in blocks {
            match block {
                Block::Quote(inner) => read_blocks(inner, last_header, text),
                Block::List { items, .. } => items.iter().for_each(|item| read_blocks(&item.blocks, last_header, text)),
                Block::Table { align, header, rows } => {
                    let seen = if header == last_header { Vec::new() } else { header.clone() };
                    last_header.clone_from(header);
                    let table = Block::Table { align: align.clone(), header: seen, rows: rows.clone() };
                    text.push_str(&Document::default().with(table).visible_text());
                }
                leaf => text.push_str(&Document::default().with(leaf.clone()).visible_text()),
            }
        }
    }
    let mut text = String::new();
    let mut last_header = Vec::new();
    parts.iter().for_each(|part| read_blocks(&part.blocks, &mut last_header, &mut text));
    text
}

fn check_split(
    document: &Document,
    measure: &dyn Measure,
    limit: usize,
    max_parts: usize,
) -> Result<(), TestCaseError> {
    let source = document.unfold_tables(measure.table_width()).into_owned();
    let split = split(document, measure, limit, max_parts);
    prop_assert!((1..=max_parts).contains(&split.parts.len()));
    let mut parts = split.parts.clone();
    if let Some(rest) = &split.rest {
        prop_assert_eq!(parts.len(), max_parts);
        parts.push(Document::from_markdown(rest));
    }
    let (said, meant) = (read(&parts), read(&[source]));
    prop_assert!(same_text(&said, &meant), "said {said:?}\nmeant {meant:?}\nrest {:?}", split.rest);
    for part in &split.parts {
        prop_assert!(!part.blocks.is_empty() || document.blocks.is_empty(), "an empty part");
    }
    for part in split.numbered() {
        let cost = part.cost(measure);
        prop_assert!(cost <= limit, "{cost} units where {limit} are taken: {part:?}");
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn markdown_that_is_written_reads_back(markdown in markdown()) {
        let document = Document::from_markdown(&markdown);
        let written = document.to_markdown();
        let (was, is) = (document.visible_text(), Document::from_markdown(&written).visible_text());
        prop_assert!(same_text(&was, &is), "was {was:?}\nis {is:?}\nwritten {written:?}");
    }

    #[test]
    fn a_split_text_says_the_same_once_and_no_part_is_too_long(
        markdown in markdown(),
        limit in prop_oneof![32..128_usize, 32..4096_usize],
        max_parts in prop_oneof![1..8_usize, Just(9_999)],
        unit in prop::sample::select(&[TextUnit::Chars, TextUnit::Utf16, TextUnit::Bytes][..]),
    ) {
        check_split(&Document::from_markdown(&markdown), &PlainMeasure(unit), limit, max_parts)?;
    }

    #[test]
    fn dear_markup_does_not_push_a_part_over_its_limit(
        markdown in markdown(),
        limit in 64..4096_usize,
        max_parts in prop_oneof![1..8_usize, Just(500)],
    ) {
        check_split(&Document::from_markdown(&markdown), &Html, limit, max_parts)?;
    }
}
