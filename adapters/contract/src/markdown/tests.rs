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
