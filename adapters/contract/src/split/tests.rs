//! What must hold of every split, whatever the document and the limit.

use proptest::prelude::*;

use super::{MIN_LIMIT, split};
use crate::measure::Prices;
use crate::{Block, Document, PlainMeasure, TABLE_WIDTH, TextUnit, same_text};

/// Text of the parts without their numbers, and what is left over.
fn shown(document: &Document, unit: TextUnit, limit: usize, max_parts: usize) -> String {
    let measure = PlainMeasure(unit);
    let split = split(document, &measure, limit, max_parts);
    assert!(!split.parts.is_empty() && split.parts.len() <= max_parts);
    let many = split.parts.len() > 1;
    let mut text = String::new();
    for mut part in split.parts {
        let cost = Prices(&measure).document(&part);
        assert!(cost <= limit.max(MIN_LIMIT), "{cost} > {limit}: {part:?}");
        if many {
            let Some(Block::Paragraph(_)) = part.blocks.pop() else { panic!("a part without its number") };
        }
        text.push_str(&part.visible_text());
        text.push('\n');
    }
    text + &Document::from_markdown(&split.rest.unwrap_or_default()).visible_text()
}

fn source(document: &Document) -> String {
    document.flatten_tables(TABLE_WIDTH).visible_text()
}

/// Markdown out of pieces that are awkward together.
fn awkward() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "word ",
        "Sentence one. ",
        "**bold** ",
        "*it* ",
        "~~no~~ ",
        "`code` ",
        "[link](https://e.org/x) ",
        "\n\n",
        "\n",
        "- item\n",
        "  - nested\n",
        "3. third\n",
        "- [x] done\n",
        "> quote\n",
        "> > deeper\n",
        "```rust\nlet a;\n```\n\n",
        "```\nnever closed\n",
        "# Head\n\n",
        "---\n\n",
        "|a|b|\n|-|-|\n|1|2|\n\n",
        "👩‍👩‍👧",
        "é\u{301}\u{301}",
        "שלום עולם ",
        "𝕏𝕐",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "@everyone ",
        "<b>raw</b> ",
        "\\* ",
    ]);
    prop::collection::vec(pieces, 0..120).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn no_text_is_lost_or_repeated_and_no_part_is_too_long(
        markdown in awkward(), limit in 64_usize..600, max_parts in 1_usize..40,
        unit in prop::sample::select(vec![TextUnit::Chars, TextUnit::Utf16, TextUnit::Bytes]),
    ) {
        let document = Document::from_markdown(&markdown);
        let shown = shown(&document, unit, limit, max_parts);
        prop_assert!(same_text(&shown, &source(&document)), "{shown:?}\n is not\n{:?}", source(&document));
    }

    #[test]
    fn any_text_at_all_is_split(markdown in any::<String>(), limit in 64_usize..200) {
        let document = Document::from_markdown(&markdown);
        let shown = shown(&document, TextUnit::Utf16, limit, 8);
        prop_assert!(same_text(&shown, &source(&document)));
    }

    #[test]
    fn what_is_written_as_markdown_reads_back(markdown in awkward()) {
        let document = Document::from_markdown(&markdown);
        let again = Document::from_markdown(&document.to_markdown());
        prop_assert!(same_text(&again.visible_text(), &source(&document)), "{}", document.to_markdown());
    }
}

#[test]
fn what_fits_is_one_part_without_a_number() {
    let document = Document::from_markdown("Hello *you*");
    let split = split(&document, &PlainMeasure(TextUnit::Chars), 64, 5);
    assert_eq!((split.parts, split.rest), (vec![document], None));
}

#[test]
fn a_list_that_is_cut_goes_on_with_its_numbers_and_code_is_closed_and_reopened() {
    let items: String = (1..30).map(|n| format!("{n}. item number {n}\n")).collect();
    let code: String = (1..30).map(|n| format!("line {n}\n")).collect();
    let document = Document::from_markdown(&format!("{items}\n```sh\n{code}```"));
    let parts = split(&document, &PlainMeasure(TextUnit::Chars), 200, 40).parts;
    let starts: Vec<u64> = parts
        .iter()
        .flat_map(|part| &part.blocks)
        .filter_map(|block| if let Block::List { start, .. } = block { *start } else { None })
        .collect();
    assert!(starts.len() > 2 && starts.windows(2).all(|pair| pair[0] < pair[1]), "{starts:?}");
    let fenced = parts.iter().flat_map(|part| &part.blocks).filter(|block| matches!(block, Block::Code { .. }));
    assert!(fenced.clone().count() > 1);
    assert!(
        fenced.clone().all(|block| matches!(block, Block::Code { language: Some(language), .. } if language == "sh"))
    );
}

#[test]
fn what_does_not_fit_is_left_over() {
    let document = Document::from_markdown(&"A sentence of some length. ".repeat(100));
    let split = split(&document, &PlainMeasure(TextUnit::Chars), 100, 2);
    assert_eq!(split.parts.len(), 2);
    assert!(split.rest.expect("a rest").len() > 2000);
}
