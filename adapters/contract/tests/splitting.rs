//! Where a long answer is cut, by example.

use std::cell::Cell;

use signalbox_adapter::{
    Block, Document, Face, MIN_LIMIT, Markup, Measure, PlainMeasure, Split, TABLE_WIDTH, TextUnit, split,
};

const CHARS: PlainMeasure = PlainMeasure(TextUnit::Chars);

/// Splits Markdown and shows the parts as Markdown.
fn parts(markdown: &str, limit: usize) -> Vec<String> {
    let Split { parts, rest } = split(&Document::from_markdown(markdown), &CHARS, limit, 100);
    assert_eq!(rest, None);
    parts.iter().map(Document::to_markdown).collect()
}

#[test]
fn what_fits_is_one_part_without_a_number() {
    let document = Document::from_markdown("# One\n\ntwo");
    let split = split(&document, &CHARS, 32, 5);
    assert_eq!(split.numbered(), [document]);
}

#[test]
fn parts_end_between_blocks_where_they_can_and_are_numbered() {
    let split = split(&Document::from_markdown("The first one.\n\nThe second one.\n\nThe third one."), &CHARS, 44, 5);
    let numbered: Vec<_> = split.numbered().iter().map(Document::visible_text).collect();
    assert_eq!(numbered, ["The first one.\nThe second one.\n(1/2)", "The third one.\n(2/2)"]);
}

#[test]
fn a_heading_goes_with_what_follows_it() {
    let text = "word ".repeat(11);
    assert_eq!(parts(&format!("{text}\n\n# H\n\nThen a bit more."), 70)[1], "# H\n\nThen a bit more.");
}

#[test]
fn a_title_goes_with_the_beginning_of_what_it_is_about() {
    let text = "word ".repeat(7);
    let items = |count: usize| (1..=count).map(|item| format!("- item {item}")).collect::<Vec<_>>().join("\n");
    for title in ["# Title", "**Title**"] {
        // A list that fits into a part of its own, one that does not, and text that is cut.
        for rest in [items(5), items(30), "more ".repeat(40), format!("> {}", "quoted ".repeat(6)), items(1)] {
            for limit in 60..130 {
                let split = parts(&format!("{text}\n\n{title}\n\n{rest}"), limit);
                let at = split.iter().position(|part| part.contains("Title")).expect("it is there");
                assert!(!split[at].ends_with(title), "alone with a limit of {limit}: {split:?}");
            }
        }
    }
    // Titles below each other stay together, too; one with nothing behind it is text like any other.
    let split = parts(&format!("{text}\n\n# One\n\n## Two\n\nThen a bit more."), 60);
    assert_eq!(split[1], "# One\n\n## Two\n\nThen a bit more.");
    assert_eq!(parts(&format!("{text}\n\n**End**"), 70).len(), 1);
}

#[test]
fn the_line_that_a_message_begins_with_does_not_stand_alone() {
    let lines = |count: usize| (0..count).map(|line| format!("line {line}")).collect::<Vec<_>>().join("\n");
    for rest in [format!("```\n{}\n```", lines(7)), lines(7), "word ".repeat(14), lines(40)] {
        for limit in 70..100 {
            let split = parts(&format!("**[owl] Complete** · 12 s\n\n{rest}"), limit);
            assert!(!split[0].ends_with("12 s"), "alone with a limit of {limit}: {split:?}");
        }
    }
}

#[test]
fn what_is_beyond_the_last_part_is_left_over_as_markdown() {
    let split = split(&Document::from_markdown(&"1. item\n   **is bold**\n".repeat(30)), &CHARS, 60, 2);
    assert_eq!(split.parts.len(), 2);
    let rest = split.rest.expect("there is more");
    let next = split.parts.iter().map(|part| part.visible_text().matches("item").count()).sum::<usize>() + 1;
    assert!(rest.starts_with(&format!("{next}. item\n   **is bold**\n")), "{rest}");
    assert!(rest.contains("30. item"), "{rest}");
}

#[test]
fn a_sentence_is_not_cut_where_a_whole_one_fits() {
    assert_eq!(
        parts("One is here. Two is there. Three is gone away.", 44),
        ["One is here. Two is there.", "Three is gone away."]
    );
}

#[test]
fn a_format_is_closed_and_opened_again() {
    let split = parts("**one two three four five six seven eight nine**", 40);
    assert_eq!(split, ["**one two three four five six**", "**seven eight nine**"]);
}

#[test]
fn a_code_block_is_cut_between_lines_and_keeps_its_language() {
    let split = parts("```sh\necho one && echo two\n\necho three && echo four\n```", 44);
    assert_eq!(split, ["```sh\necho one && echo two\n\n```", "```sh\necho three && echo four\n```"]);
}

#[test]
fn numbers_go_on_and_a_task_box_is_not_repeated() {
    let markdown = "> 7. [x] one two three four five six seven\n> 8. [ ] eight nine ten eleven\n> 9. twelve";
    let expected =
        ["> 7. [x] one two three four five", "> 7. six seven", "> 8. [ ] eight nine ten eleven", "> 9. twelve"];
    assert_eq!(parts(markdown, 44), expected);
}

#[test]
fn the_header_of_a_table_is_repeated() {
    let split = parts("|a|b|\n|-|-|\n|first|1|\n|second|2|\n|third|3|\n|fourth|4|", 60);
    let table = |rows: &str| format!("| a | b |\n|---|---|\n{rows}");
    assert_eq!(split, [table("| first | 1 |\n| second | 2 |"), table("| third | 3 |\n| fourth | 4 |")]);
}

#[test]
fn a_table_too_wide_for_a_line_is_split_as_named_values() {
    let wide = "x".repeat(TABLE_WIDTH);
    let split = parts(&format!("|a|b|\n|-|-|\n|{wide}|1|\n|y|2|"), 200);
    assert_eq!(split, [format!("- **a**: {wide}\n  **b**: 1\n- **a**: y\n  **b**: 2")]);
}

#[test]
fn a_limit_too_small_is_raised_to_the_least() {
    let split = split(&Document::text("x".repeat(100)), &CHARS, 0, 0);
    assert_eq!(split.parts.len(), 1);
    assert!(split.parts[0].cost(&CHARS) <= MIN_LIMIT);
    assert!(split.rest.is_some());
}

/// Counts the bytes that were priced.
struct Counting(Cell<usize>);

impl Measure for Counting {
    fn text(&self, text: &str, face: Face) -> usize {
        self.0.set(self.0.get() + text.len());
        CHARS.text(text, face)
    }

    fn markup(&self, markup: Markup<'_>) -> usize {
        CHARS.markup(markup)
    }

    fn prefix(&self, markup: Markup<'_>) -> usize {
        CHARS.prefix(markup)
    }
}

#[test]
fn the_work_is_linear_in_the_text_whatever_the_limit() {
    const BYTES: usize = 200_000;
    /// Levels of nesting measured on the way down, and a few more looks.
    const LOOKS: usize = 24;
    let fill = |text: &str| text.repeat(BYTES / text.len());
    let texts = [
        fill("word "),
        fill("x"),
        fill("*a* "),
        fill("a\n\n"),
        fill("- a\n"),
        fill("# a\n\n"),
        fill("**a**\n\n"),
        fill("# a\n\nb\n\n"),
        format!("{}{}", "> - ".repeat(8), fill("word ")),
        format!("```\n{}", fill("line\n")),
        format!("|a|b|\n|-|-|\n{}", fill("|c|d|\n")),
    ];
    for text in texts {
        for limit in [64, 4096] {
            let counting = Counting(Cell::new(0));
            let document = Document::from_markdown(&text);
            let split = split(&document, &counting, limit, 9_999);
            assert!(!split.parts.is_empty());
            let looks = counting.0.get() / text.len();
            assert!(looks <= LOOKS, "{looks} looks at {:?}… with a limit of {limit}", &text[..20]);
        }
    }
}

#[test]
fn a_document_deeper_than_any_parser_makes_is_split_too() {
    let mut deep = Block::text("word ".repeat(100));
    for _ in 0..200 {
        deep = Block::Quote(vec![deep]);
    }
    let split = split(&Document::default().with(deep), &CHARS, 64, 100);
    assert!(split.parts.len() > 1);
    assert!(split.parts.iter().all(|part| part.cost(&CHARS) <= 64));
}
