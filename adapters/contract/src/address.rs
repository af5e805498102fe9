//! Addresses that cannot be links: written out behind the words that they belong to.

use std::borrow::Cow;

use crate::{Block, Document, Inline, Item, inline_text};

impl Document {
    /// Writes out each address that a provider would not take as a link, behind its words and in brackets.
    ///
    /// `takes` says which addresses the provider takes. A renderer calls this before it splits, so that the addresses are
    /// measured like any other text.
    #[must_use]
    pub fn with_addresses(&self, takes: &dyn Fn(&str) -> bool) -> Cow<'_, Self> {
        if all_taken(&self.blocks, takes) {
            return Cow::Borrowed(self);
        }
        Cow::Owned(Self { blocks: blocks(&self.blocks, takes) })
    }
}

/// Returns an address as it is written behind its words; `None` where the words say it already.
pub(crate) fn behind(words: &[Inline], url: &str) -> Option<Inline> {
    let said = inline_text(words);
    let address = match url.split_at_checked("mailto:".len()) {
        Some((scheme, mailbox)) if scheme.eq_ignore_ascii_case("mailto:") => mailbox,
        Some(_) | None => url,
    };
    match said.as_str() {
        _ if address.is_empty() => None,
        "" => Some(Inline::Text(address.to_owned())),
        said if said == url || said == address => None,
        _ => Some(Inline::Text(format!(" ({address})"))),
    }
}

fn all_taken(blocks: &[Block], takes: &dyn Fn(&str) -> bool) -> bool {
    blocks.iter().all(|block| match block {
        Block::Paragraph(content) | Block::Heading { content, .. } => inlines_taken(content, takes),
        Block::Quote(blocks) => all_taken(blocks, takes),
        Block::List { items, .. } => items.iter().all(|item| all_taken(&item.blocks, takes)),
        Block::Table { header, rows, .. } => {
            std::iter::once(header).chain(rows).flatten().all(|cell| inlines_taken(cell, takes))
        }
        Block::Details { blocks, .. } => all_taken(blocks, takes),
        Block::Code { .. } | Block::Rule | Block::Chart(_) => true,
    })
}

fn inlines_taken(content: &[Inline], takes: &dyn Fn(&str) -> bool) -> bool {
    content.iter().all(|inline| match inline {
        Inline::Link { url, content } => takes(url) && inlines_taken(content, takes),
        Inline::Strong(content) | Inline::Emphasis(content) | Inline::Strike(content) => inlines_taken(content, takes),
        Inline::Text(_) | Inline::Code(_) | Inline::Command(_) | Inline::Break => true,
    })
}

fn blocks(blocks: &[Block], takes: &dyn Fn(&str) -> bool) -> Vec<Block> {
    blocks.iter().map(|block| self::block(block, takes)).collect()
}

fn block(block: &Block, takes: &dyn Fn(&str) -> bool) -> Block {
    let row = |row: &Vec<Vec<Inline>>| row.iter().map(|cell| inlines(cell, takes)).collect();
    match block {
        Block::Paragraph(content) => Block::Paragraph(inlines(content, takes)),
        Block::Heading { level, content } => Block::Heading { level: *level, content: inlines(content, takes) },
        Block::Quote(inner) => Block::Quote(blocks(inner, takes)),
        Block::List { start, items } => {
            let item = |item: &Item| Item { checked: item.checked, blocks: blocks(&item.blocks, takes) };
            Block::List { start: *start, items: items.iter().map(item).collect() }
        }
        Block::Table { align, header, rows } => {
            Block::Table { align: align.clone(), header: row(header), rows: rows.iter().map(row).collect() }
        }
        Block::Details { title, blocks: inner } => {
            Block::Details { title: title.clone(), blocks: blocks(inner, takes) }
        }
        Block::Code { .. } | Block::Rule | Block::Chart(_) => block.clone(),
    }
}

fn inlines(content: &[Inline], takes: &dyn Fn(&str) -> bool) -> Vec<Inline> {
    let mut written = Vec::new();
    for inline in content {
        match inline {
            Inline::Link { url, content } if takes(url) => {
                written.push(Inline::Link { url: url.clone(), content: inlines(content, takes) });
            }
            Inline::Link { url, content } => {
                written.extend(inlines(content, takes));
                written.extend(behind(content, url));
            }
            Inline::Strong(content) => written.push(Inline::Strong(inlines(content, takes))),
            Inline::Emphasis(content) => written.push(Inline::Emphasis(inlines(content, takes))),
            Inline::Strike(content) => written.push(Inline::Strike(inlines(content, takes))),
            Inline::Text(_) | Inline::Code(_) | Inline::Command(_) | Inline::Break => written.push(inline.clone()),
        }
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_is_not_taken_stands_behind_its_words_wherever_it_is() {
        let markdown = "[a](http://x/1) **b [c](http://x/2)**\n\n# [d](http://x/3)\n\n> - [e](http://x/4)\n\n\
                        |h|\n|-|\n|[f](http://x/5)|\n\n[kept](https://a.example/)";
        let document = Document::from_markdown(markdown);
        let shown = document.with_addresses(&|url| url.starts_with("https:"));
        assert_eq!(
            shown.visible_text(),
            "a (http://x/1) b c (http://x/2)\nd (http://x/3)\ne (http://x/4)\nh\nf (http://x/5)\nkept"
        );
        assert!(shown.to_markdown().contains("[kept](https://a.example/)"));
        assert!(matches!(document.with_addresses(&|_| true), Cow::Borrowed(_)));
    }

    #[test]
    fn an_address_that_the_words_say_already_is_not_said_twice() {
        let document = Document::from_markdown("<http://x/1> <a@b.example> [write](mailto:a@b.example)");
        let shown = document.with_addresses(&|_| false).visible_text();
        assert_eq!(shown, "http://x/1 a@b.example write (a@b.example)");
    }
}
