//! What the painter draws, by example.

use proptest::prelude::*;
use signalbox_adapter::Alignment;

use super::*;

fn style(colour: bool, width: usize) -> Style {
    Style { colour, width }
}

fn cell(text: &str) -> Vec<Inline> {
    vec![Inline::Text(text.to_owned())]
}

fn item(checked: Option<bool>, blocks: Vec<Block>) -> Item {
    Item { checked, blocks }
}

fn table() -> Document {
    Document::default().with(Block::Table {
        align: vec![Alignment::Left, Alignment::Right, Alignment::Center],
        header: vec![cell("host"), cell("load"), cell("ok")],
        rows: vec![vec![cell("web-1"), cell("0.7"), cell("yes")], vec![cell("数据库"), cell("12")]],
    })
}

#[test]
fn a_whole_answer_is_plain_text_in_a_file() {
    let document = Document::default()
        .with(Block::Heading { level: 2, content: cell("Cause") })
        .with(Block::Paragraph(vec![
            Inline::Text("The ".to_owned()),
            Inline::strong("disk"),
            Inline::Text(" is full, see ".to_owned()),
            Inline::Link { url: "https://x.test/a".to_owned(), content: cell("the graph") },
            Inline::Break,
            Inline::Strike(cell("memory")),
        ]))
        .with(Block::Code { language: Some("sh".to_owned()), text: "df -h\n\n\tdu /".to_owned() })
        .with(Block::Quote(vec![Block::text("said"), Block::text("twice")]))
        .with(Block::List {
            start: None,
            items: vec![
                item(
                    None,
                    vec![
                        Block::text("one"),
                        Block::List {
                            start: Some(9),
                            items: vec![
                                item(None, vec![Block::text("nine")]),
                                item(None, vec![Block::text("ten"), Block::text("more")]),
                            ],
                        },
                    ],
                ),
                item(Some(true), vec![Block::text("done")]),
                item(Some(false), vec![]),
            ],
        })
        .with(Block::Rule);
    let expected = "Cause\n\nThe disk is full, see the graph (https://x.test/a)\n~~memory~~\n\n    df -h\n\n    \tdu /\n\n\
        │ said\n│\n│ twice\n\n• one\n  9. nine\n  10. ten\n\n      more\n[x] done\n[ ]\n\n\
        ────────────────────────────────────────\n";
    assert_eq!(paint(&document, &Style::PLAIN), expected);
}

#[test]
fn colour_adds_faces_and_takes_nothing_from_the_text() {
    let document = Document::default().with(Block::Paragraph(vec![
        Inline::Text("a ".to_owned()),
        Inline::Strong(vec![Inline::Code("b".to_owned())]),
        Inline::Strike(cell("c")),
    ]));
    assert_eq!(paint(&document, &style(true, 80)), "a \x1b[0;1;36mb\x1b[0;9mc\x1b[0m\n");
}

#[test]
fn a_link_that_says_its_own_address_says_it_once() {
    let link = |url: &str, said: &str| {
        let link = Inline::Link { url: url.to_owned(), content: cell(said) };
        paint(&Document::default().with(Block::Paragraph(vec![link])), &Style::PLAIN)
    };
    assert_eq!(link("https://x.test", "https://x.test"), "https://x.test\n");
    assert_eq!(link("mailto:a@x.test", "a@x.test"), "a@x.test\n");
    assert_eq!(link("https://x.test", ""), "https://x.test\n");
    assert_eq!(link("https://evil.test", "https://x.test"), "https://x.test (https://evil.test)\n");
}

#[test]
fn text_wraps_at_spaces_and_only_a_long_word_is_cut() {
    let text = |text: &str, width| paint(&Document::text(text), &style(false, width));
    assert_eq!(text("the quick brown fox jumps", 16), "the quick brown\nfox jumps\n");
    assert_eq!(text("exactly sixteen! yes", 16), "exactly sixteen!\nyes\n");
    assert_eq!(text("aaaaaaaaaaaaaaaaaaaaaaaaa b", 16), "aaaaaaaaaaaaaaaa\naaaaaaaaa b\n");
    assert_eq!(text("漢字漢字漢字漢字漢字", 16), "漢字漢字漢字漢字\n漢字\n");
    assert_eq!(text(" fifteen-letters漢", 16), "\nfifteen-letters\n漢\n");
    assert_eq!(text("the quick brown fox jumps", usize::MAX), "the quick brown fox jumps\n");
}

#[test]
fn no_wrapped_line_is_wider_than_the_terminal_and_no_word_is_lost() {
    let words: Vec<String> = (0..200).map(|n| "w".repeat(n % 13 + 1)).collect();
    let quote = Document::default().with(Block::Quote(vec![Block::text(words.join(" "))]));
    for width in 20..60 {
        let painted = paint(&quote, &style(false, width));
        assert!(painted.lines().all(|line| line.chars().count() <= width), "wider than {width}");
        let said: Vec<&str> = painted.split_whitespace().filter(|word| *word != "│").collect();
        assert_eq!(said, words);
    }
}

#[test]
fn a_table_is_aligned_by_columns_of_the_terminal() {
    let expected = "host   │ load │ ok\n───────┼──────┼────\nweb-1  │  0.7 │ yes\n数据库 │   12 │\n";
    assert_eq!(paint(&table(), &Style::PLAIN), expected);
}

#[test]
fn a_break_in_a_cell_is_a_line_of_its_own_within_the_column() {
    let document =
        Document::from_markdown("| step | what |\n|---|---|\n| 1 | drain<br>cordon<br/>wait |\n| 2 | done |\n");
    let expected = "step │ what\n─────┼───────\n1    │ drain\n     │ cordon\n     │ wait\n2    │ done\n";
    assert_eq!(paint(&document, &Style::PLAIN), expected);
    let header = [cell("step"), cell("what is to be done")];
    let Block::Table { align, rows, .. } = document.blocks[0].clone() else { panic!("a table") };
    let wide = Document::default().with(Block::Table { align, header: header.to_vec(), rows });
    let expected = "step: 1\nwhat is to be\n  done: drain\n  cordon\n  wait\n\nstep: 2\nwhat is to be\n  done: done\n";
    assert_eq!(paint(&wide, &style(false, 20)), expected);
}

#[test]
fn a_table_too_wide_for_the_terminal_is_told_row_by_row() {
    let expected = "host: web-1\nload: 0.7\nok: yes\n\nhost: 数据库\nload: 12\n";
    assert_eq!(paint(&table(), &style(false, 18)), expected);
}

#[test]
fn one_huge_cell_does_not_pad_the_other_rows() {
    let mut rows = vec![vec![cell("x")]; 1000];
    rows.push(vec![cell(&"y".repeat(100_000))]);
    let document = Document::default().with(Block::Table { align: vec![], header: vec![cell("h")], rows });
    assert!(paint(&document, &Style::PLAIN).len() < 120_000);
}

#[test]
fn hostile_text_reaches_the_terminal_nowhere() {
    let evil = "\x1b[2J\x07\u{9b}m\r\0";
    let document = Document::default()
        .with(Block::Heading { level: 1, content: cell(evil) })
        .with(Block::Code { language: Some(evil.to_owned()), text: evil.to_owned() })
        .with(Block::Paragraph(vec![
            Inline::Code(evil.to_owned()),
            Inline::Link { url: format!("https://x.test/{evil}"), content: cell(evil) },
        ]))
        .with(Block::Table { align: vec![], header: vec![cell(evil)], rows: vec![vec![cell(evil)]] });
    let painted = paint(&document, &Style::PLAIN);
    assert!(painted.chars().all(|ch| ch == '\n' || !ch.is_control()), "{painted:?}");
    assert!(painted.contains("␛[2J␇�m␍␀"));
}

proptest! {
    // Without ESC: a sequence that it begins is no text, and the document leaves it out whole.
    #[test]
    fn any_text_keeps_its_words_and_no_line_is_wider_than_the_terminal(text in "(\\PC|[\x00-\x1a\x1c-\x1f ]){0,200}", width in 16_usize..60) {
        let painted = paint(&Document::text(&text), &style(false, width));
        prop_assert!(painted.chars().all(|ch| ch == '\n' || ch == '\t' || !ch.is_control()));
        let letters = |text: &str| text.chars().filter(|ch| ch.is_alphanumeric()).collect::<String>();
        prop_assert_eq!(letters(&painted), letters(&text));
        for line in painted.lines() {
            let columns: usize = line.chars().map(|ch| unicode_width::UnicodeWidthChar::width(ch).unwrap_or(1)).sum();
            prop_assert!(columns <= width, "{columns} columns in {line:?}");
        }
    }
}
