//! From a document back to Markdown, for files that go with a message.
//!
//! What is written parses back to the same visible text; a format that could be misread where it stands is left out.

use crate::{Block, Document, Inline, Item};

impl Document {
    /// Writes the document as Markdown.
    #[must_use]
    pub fn to_markdown(&self) -> String {
        let document = self.flatten_tables(crate::TABLE_WIDTH);
        let mut out = String::new();
        blocks(&document.blocks, "", &mut out);
        out
    }
}

/// Writes blocks below each other; each further line begins with `prefix`.
fn blocks(blocks: &[Block], prefix: &str, out: &mut String) {
    for (at, block) in blocks.iter().enumerate() {
        if at > 0 {
            newline(prefix, out);
            // Two lists next to each other would be read as one.
            if matches!((&blocks[at - 1], block), (Block::List { .. }, Block::List { .. })) {
                out.push_str("***");
                newline(prefix, out);
            }
            newline(prefix, out);
        }
        self::block(block, prefix, out);
    }
}

fn newline(prefix: &str, out: &mut String) {
    out.push('\n');
    out.push_str(prefix);
}

fn block(block: &Block, prefix: &str, out: &mut String) {
    match block {
        Block::Paragraph(content) => inlines(content, prefix, out),
        Block::Heading { level, content } => {
            out.extend(std::iter::repeat_n('#', usize::from(*level).clamp(1, 6)));
            out.push(' ');
            let line: Vec<Inline> = content.iter().map(without_break).collect();
            inlines(&line, prefix, out);
        }
        Block::Code { language, text } => {
            let fence = "`".repeat(longest_run(text, '`').max(2) + 1);
            out.push_str(&fence);
            out.push_str(&language.as_deref().unwrap_or_default().replace(['`', '\n', '\\', '&'], ""));
            for line in text.split('\n') {
                newline(prefix, out);
                out.push_str(line);
            }
            newline(prefix, out);
            out.push_str(&fence);
        }
        Block::Quote(inner) => {
            out.push_str("> ");
            blocks(inner, &format!("{prefix}> "), out);
        }
        Block::List { start, items } => {
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    newline(prefix, out);
                }
                self::item(item, start.map(|start| start.saturating_add(at as u64)), prefix, out);
            }
        }
        // Tables were flattened before.
        Block::Table { .. } => {}
        Block::Rule => out.push_str("***"),
    }
}

fn item(item: &Item, number: Option<u64>, prefix: &str, out: &mut String) {
    // Nine digits are the longest number of an item.
    let mark = number.map_or_else(|| "- ".to_owned(), |number| format!("{}. ", number.min(999_999_999)));
    out.push_str(&mark);
    if let Some(checked) = item.checked {
        out.push_str(if checked { "[x] " } else { "[ ] " });
    }
    blocks(&item.blocks, &format!("{prefix}{}", " ".repeat(mark.len())), out);
}

fn without_break(inline: &Inline) -> Inline {
    match inline {
        Inline::Break => Inline::Text(" ".into()),
        Inline::Text(text) => Inline::Text(text.replace('\n', " ")),
        other => other.clone(),
    }
}

fn inlines(inlines: &[Inline], prefix: &str, out: &mut String) {
    for (at, inline) in inlines.iter().enumerate() {
        let (mark, content) = match inline {
            Inline::Text(text) => {
                escaped(text, prefix, out);
                continue;
            }
            Inline::Break => {
                out.push('\\');
                newline(prefix, out);
                continue;
            }
            Inline::Code(text) => {
                code(text, prefix, out);
                continue;
            }
            Inline::Link { url, content } => {
                out.push('[');
                self::inlines(content, prefix, out);
                out.push_str("](<");
                out.push_str(&url.replace(['<', '>', '\n', '\\'], ""));
                out.push_str(">)");
                continue;
            }
            Inline::Strong(content) => ("**", content),
            Inline::Emphasis(content) => ("*", content),
            Inline::Strike(content) => ("~~", content),
        };
        // A mark counts only between a word and no word, with nothing next to it that could be taken for part of it.
        let text = crate::inline_text(content);
        let flat = matches!(content.as_slice(), [Inline::Text(_)]);
        let edges = text.starts_with(char::is_alphanumeric) && text.ends_with(char::is_alphanumeric);
        let before = out.chars().next_back().is_none_or(char::is_whitespace);
        let after = match inlines.get(at + 1) {
            None | Some(Inline::Break) => true,
            Some(Inline::Text(text)) => text.starts_with(|c: char| c.is_whitespace()),
            Some(_) => false,
        };
        let mark = if flat && edges && before && after && !text.contains('\n') { mark } else { "" };
        out.push_str(mark);
        self::inlines(content, prefix, out);
        out.push_str(mark);
    }
}

fn escaped(text: &str, prefix: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '\n' => {
                out.push('\\');
                newline(prefix, out);
            }
            // Any of them may mean something somewhere: at the beginning of a line, in pairs, before a bracket.
            c if c.is_ascii_punctuation()
                && !matches!(c, ',' | ';' | ':' | '?' | '\'' | '"' | '/' | '%' | '$' | '@' | '(') =>
            {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
    }
}

fn code(text: &str, prefix: &str, out: &mut String) {
    if text.trim().is_empty() || text.contains('\n') {
        return escaped(text, prefix, out);
    }
    let fence = "`".repeat(longest_run(text, '`') + 1);
    let pad = if text.starts_with(['`', ' ']) || text.ends_with(['`', ' ']) { " " } else { "" };
    // Two code spans next to each other would share their fences.
    if out.ends_with('`') {
        return escaped(text, prefix, out);
    }
    for piece in [fence.as_str(), pad, text, pad, fence.as_str()] {
        out.push_str(piece);
    }
}

fn longest_run(text: &str, of: char) -> usize {
    let mut longest = 0;
    let mut run = 0;
    for c in text.chars() {
        run = if c == of { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    longest
}
