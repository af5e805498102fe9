//! A document in plain words: what a notification shows and a screen reader reads, and what is sent where blocks are refused.

use signalbox_adapter::{Block, Document, Inline, Item, TABLE_WIDTH, align_table};

/// What stands for a rule.
pub(crate) const RULE: &str = "———";
/// What stands before what is quoted.
pub(crate) const QUOTE: &str = "│ ";
/// What stands before an item without a number.
pub(crate) const BULLET: &str = "• ";
/// What further lines of an item begin with.
pub(crate) const INDENT: &str = "  ";

/// Writes a document as plain text.
#[must_use]
pub(crate) fn text(document: &Document) -> String {
    let mut out = String::new();
    blocks(&document.blocks, "", &mut out);
    out.truncate(out.trim_end().len());
    out
}

/// Writes the blocks of something that is quoted or an item, each further line of which begins with a prefix.
pub(crate) fn blocks(blocks: &[Block], prefix: &str, out: &mut String) {
    for (at, block) in blocks.iter().enumerate() {
        if at > 0 {
            line_break(prefix, out);
            line_break(prefix, out);
        }
        self::block(block, prefix, out);
    }
}

fn block(block: &Block, prefix: &str, out: &mut String) {
    match block {
        Block::Paragraph(content) | Block::Heading { content, .. } => inlines(content, prefix, out),
        Block::Code { text, .. } => lines(text, prefix, out),
        Block::Quote(inner) => {
            out.push_str(QUOTE);
            blocks(inner, &format!("{prefix}{QUOTE}"), out);
        }
        Block::List { start, items } => list(*start, items, prefix, out),
        Block::Table { align, header, rows } => lines(&align_table(align, header, rows, TABLE_WIDTH), prefix, out),
        Block::Rule => out.push_str(RULE),
        Block::Details { .. } | Block::Chart(_) => blocks(&block.simpler(), prefix, out),
    }
}

fn list(start: Option<u64>, items: &[Item], prefix: &str, out: &mut String) {
    let inner = format!("{prefix}{INDENT}");
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            line_break(prefix, out);
        }
        match start {
            Some(start) => out.push_str(&format!("{}. ", start.saturating_add(at as u64))),
            None => out.push_str(BULLET),
        }
        out.push_str(task_box(item.checked));
        blocks(&item.blocks, &inner, out);
    }
}

/// Returns the box of a task.
pub(crate) fn task_box(checked: Option<bool>) -> &'static str {
    match checked {
        Some(true) => "☑ ",
        Some(false) => "☐ ",
        None => "",
    }
}

fn inlines(content: &[Inline], prefix: &str, out: &mut String) {
    for inline in content {
        match inline {
            Inline::Text(text) | Inline::Code(text) | Inline::Command(text) => lines(text, prefix, out),
            Inline::Strong(content)
            | Inline::Emphasis(content)
            | Inline::Strike(content)
            | Inline::Link { content, .. } => inlines(content, prefix, out),
            Inline::Break => line_break(prefix, out),
        }
    }
}

fn lines(text: &str, prefix: &str, out: &mut String) {
    for (at, line) in text.split('\n').enumerate() {
        if at > 0 {
            line_break(prefix, out);
        }
        out.push_str(line);
    }
}

fn line_break(prefix: &str, out: &mut String) {
    out.push('\n');
    out.push_str(prefix);
}
