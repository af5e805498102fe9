//! What an agent writes, and what becomes of it.

use super::*;

fn blocks(markdown: &str) -> Vec<Block> {
    Document::from_markdown(markdown).blocks
}

fn run(markdown: &str) -> Vec<Inline> {
    match blocks(markdown).pop() {
        Some(Block::Paragraph(content)) => content,
        other => panic!("no paragraph: {other:?}"),
    }
}

fn text(text: &str) -> Inline {
    Inline::Text(text.to_owned())
}

#[test]
fn line_breaks_stay_as_they_were_written() {
    assert_eq!(run("a\nb  \nc"), [text("a"), Inline::Break, text("b"), Inline::Break, text("c")]);
}

#[test]
fn formats_and_lists_and_boxes_are_understood() {
    let formats = [Inline::Strong(vec![text("a")]), text(" "), Inline::Strike(vec![Inline::Emphasis(vec![text("b")])])];
    assert_eq!(run("**a** ~~*b*~~"), formats);
    let items = vec![
        Item { checked: Some(true), blocks: vec![Block::text("done")] },
        Item { checked: None, blocks: vec![Block::text("next")] },
    ];
    assert_eq!(blocks("3. [x] done\n4. next"), [Block::List { start: Some(3), items }]);
}

#[test]
fn an_unclosed_fence_is_code_to_the_end() {
    let code = Block::Code { language: Some("rust".to_owned()), text: "fn x() {\n\n**y**".to_owned() };
    assert_eq!(blocks("```rust,ignore\nfn x() {\n\n**y**"), [code]);
}

#[test]
fn only_known_schemes_become_links_and_other_addresses_are_shown() {
    let link = |url: &str, said: &str| Inline::Link { url: url.to_owned(), content: vec![text(said)] };
    assert_eq!(run("[a](HTTPS://x.y)"), [link("HTTPS://x.y", "a")]);
    assert_eq!(run("![alt](http://i)"), [link("http://i", "alt")]);
    assert_eq!(run("[](http://i)"), [link("http://i", "http://i")]);
    assert_eq!(run("[a](javascript:x)"), [text("a"), text(" (javascript:x)")]);
    let long = "https://".to_owned() + &"x".repeat(MAX_URL_BYTES);
    assert_eq!(run(&format!("[a]({long})")), [text("a"), text(&format!(" ({long})"))]);
}

#[test]
fn raw_html_and_mentions_are_text() {
    assert_eq!(run("<b>x</b> <!channel> <@U1> @everyone"), [text("<b>x</b> <!channel> <@U1> @everyone")]);
    assert_eq!(run("<script>\nx"), [text("<script>"), Inline::Break, text("x")]);
}

#[test]
fn control_characters_written_as_entities_are_removed_too() {
    assert_eq!(run("a&#27;[2Jb&#x202e;c"), [text("a[2Jbc")]);
}

#[test]
fn nesting_is_bounded_and_the_text_below_is_kept() {
    fn depth(blocks: &[Block]) -> usize {
        let inner = |block: &Block| match block {
            Block::Quote(inner) => 1 + depth(inner),
            Block::List { items, .. } => 1 + items.iter().map(|item| depth(&item.blocks)).max().unwrap_or(0),
            Block::Paragraph(_) | Block::Heading { .. } | Block::Code { .. } | Block::Table { .. } | Block::Rule => 0,
        };
        blocks.iter().map(inner).max().unwrap_or(0)
    }
    for mark in ["> ", "- ", "> 1. "] {
        let document = Document::from_markdown(&format!("{}bottom", mark.repeat(100)));
        assert_eq!(depth(&document.blocks), MAX_BLOCK_DEPTH, "{mark}");
        assert_eq!(document.visible_text(), "bottom");
        let json = serde_json::to_string(&document).expect("a document is JSON");
        assert_eq!(serde_json::from_str::<Document>(&json).expect("not too deep to read"), document);
    }
    let spans = format!("{}x{}", "*a **b ".repeat(50), "** *".repeat(50));
    assert!(Document::from_markdown(&spans).visible_text().contains('x'));
}

/// The text of the only block, where that is code.
fn as_written(markdown: &str) -> String {
    match blocks(markdown).as_slice() {
        [Block::Code { language: None, text }] => text.clone(),
        other => panic!("no code: {other:?}"),
    }
}

/// A table of one row.
fn table(columns: usize) -> String {
    ["|a", "|-", "|b"].map(|cell| cell.repeat(columns)).join("|\n") + "|"
}

#[test]
fn a_table_with_too_many_columns_is_shown_as_it_was_written() {
    assert!(matches!(blocks(&table(MAX_TABLE_COLUMNS)).as_slice(), [Block::Table { .. }]));
    let wide = table(MAX_TABLE_COLUMNS + 1);
    assert_eq!(as_written(&wide), wide);
    let [before, code, after] = &blocks(&format!("> *before*\n\n{wide}\n\n- after"))[..] else {
        panic!("three blocks")
    };
    let expected = Block::Code { language: None, text: wide };
    assert!(
        matches!((before, after), (Block::Quote(_), Block::List { .. })) && *code == expected,
        "{before:?} {after:?}"
    );
}

fn nodes_of_inlines(content: &[Inline]) -> usize {
    let within = |inline: &Inline| match inline {
        Inline::Strong(content)
        | Inline::Emphasis(content)
        | Inline::Strike(content)
        | Inline::Link { content, .. } => nodes_of_inlines(content),
        Inline::Text(_) | Inline::Code(_) | Inline::Break => 0,
    };
    content.iter().map(|inline| 1 + within(inline)).sum()
}

fn nodes(blocks: &[Block]) -> usize {
    let within = |block: &Block| match block {
        Block::Paragraph(content) | Block::Heading { content, .. } => nodes_of_inlines(content),
        Block::Quote(blocks) => nodes(blocks),
        Block::List { items, .. } => items.iter().map(|item| 1 + nodes(&item.blocks)).sum(),
        Block::Table { header, rows, .. } => {
            std::iter::once(header).chain(rows).flatten().map(|cell| 1 + nodes_of_inlines(cell)).sum()
        }
        Block::Code { .. } | Block::Rule => 0,
    };
    blocks.iter().map(|block| 1 + within(block)).sum()
}

#[test]
fn what_follows_the_last_node_that_a_tree_may_have_is_shown_as_it_was_written() {
    let rows = format!("|a|b|\n|-|-|\n{}", "|c|d|\n".repeat(MAX_NODES / 4));
    let quoted = "> - 1\n>   - *2* `3`\n".repeat(MAX_NODES / 8);
    let many = [
        "a\n".repeat(MAX_NODES),
        "a\n\n".repeat(MAX_NODES),
        "- a\n".repeat(MAX_NODES),
        "*a* ".repeat(MAX_NODES),
        "# a\n***\n".repeat(MAX_NODES / 2),
        rows,
        quoted,
    ];
    for markdown in many {
        let document = Document::from_markdown(&markdown);
        let Some(Block::Code { language: None, text }) = document.blocks.last() else {
            panic!("no code at the end of {:?}", &markdown[..20]);
        };
        assert!(markdown.trim_end().ends_with(text.trim_end()), "{:?}", &markdown[..20]);
        assert!((MAX_NODES..MAX_NODES + 8).contains(&nodes(&document.blocks)), "{}", nodes(&document.blocks));
        let parsed = Document { blocks: document.blocks[..document.blocks.len() - 1].to_vec() };
        let before = &markdown[..markdown.trim_end().len() - text.trim_end().len()];
        let alone = Document::from_markdown(before);
        assert!(crate::same_text(&parsed.visible_text(), &alone.visible_text()), "{:?}", &markdown[..20]);
    }
}

#[test]
fn a_long_code_block_is_one_node() {
    let lines = "**a**\n".repeat(MAX_NODES + 1);
    assert_eq!(
        blocks(&format!("```\n{lines}```")),
        [Block::Code { language: None, text: lines.trim_end().to_owned() }]
    );
}
