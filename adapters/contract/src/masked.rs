//! A document whose secrets are masked.

use crate::{Block, Card, Chart, Document, Inline};

/// Masks the secrets in a text.
type Mask<'m> = &'m dyn Fn(&str) -> String;

impl Document {
    /// Returns the document with every text of it masked, addresses and the names of a chart included.
    #[must_use]
    pub fn masked(self, mask: Mask<'_>) -> Self {
        Self { blocks: blocks(self.blocks, mask) }
    }
}

impl Card {
    /// Returns the card with every text of it masked.
    #[must_use]
    pub fn masked(self, mask: Mask<'_>) -> Self {
        Self { title: mask(&self.title), name: mask(&self.name), document: self.document.masked(mask), ..self }
    }
}

fn blocks(all: Vec<Block>, mask: Mask<'_>) -> Vec<Block> {
    all.into_iter().map(|one| block(one, mask)).collect()
}

fn block(block: Block, mask: Mask<'_>) -> Block {
    match block {
        Block::Paragraph(content) => Block::Paragraph(inlines(content, mask)),
        Block::Heading { level, content } => Block::Heading { level, content: inlines(content, mask) },
        Block::Code { language, text } => {
            Block::Code { language: language.map(|language| mask(&language)), text: mask(&text) }
        }
        Block::Quote(inner) => Block::Quote(blocks(inner, mask)),
        Block::List { start, mut items } => {
            for item in &mut items {
                item.blocks = blocks(std::mem::take(&mut item.blocks), mask);
            }
            Block::List { start, items }
        }
        Block::Table { align, header, rows } => {
            let row = |cells: Vec<Vec<Inline>>| cells.into_iter().map(|cell| inlines(cell, mask)).collect();
            Block::Table { align, header: row(header), rows: rows.into_iter().map(row).collect() }
        }
        Block::Rule => Block::Rule,
        Block::Details { title, blocks: inner } => Block::Details { title: mask(&title), blocks: blocks(inner, mask) },
        Block::Chart(chart) => chart_or_words(chart, mask),
    }
}

/// Masks a chart; where a name holds a secret it is told in words, since names of a chart must differ and be short.
fn chart_or_words(chart: Chart, mask: Mask<'_>) -> Block {
    let is_clean = |text: &str| mask(text) == text;
    let is_whole = is_clean(chart.title())
        && is_clean(chart.said())
        && chart.labels().iter().all(|label| is_clean(label))
        && chart.series().iter().all(|series| is_clean(&series.name));
    if is_whole { Block::Chart(chart) } else { Block::Paragraph(inlines(chart.in_words(), mask)) }
}

/// Masks each run of text alone.
fn inlines(content: Vec<Inline>, mask: Mask<'_>) -> Vec<Inline> {
    content.into_iter().map(|one| inline(one, mask)).collect()
}

fn inline(inline: Inline, mask: Mask<'_>) -> Inline {
    match inline {
        Inline::Text(text) => Inline::Text(mask(&text)),
        Inline::Code(text) => Inline::Code(mask(&text)),
        Inline::Command(text) => Inline::Command(mask(&text)),
        Inline::Strong(inner) => Inline::Strong(inlines(inner, mask)),
        Inline::Emphasis(inner) => Inline::Emphasis(inlines(inner, mask)),
        Inline::Strike(inner) => Inline::Strike(inlines(inner, mask)),
        // What is left of an address that held a secret leads nowhere.
        Inline::Link { url, content } if mask(&url) != url => Inline::Emphasis(inlines(content, mask)),
        Inline::Link { url, content } => Inline::Link { url, content: inlines(content, mask) },
        Inline::Break => Inline::Break,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_of_a_document_is_masked() {
        let text = "# key one\n\nA key, **a key**, *a key*, ~~a key~~, `a key`, [a key](https://e.example/key) and \
                    [a link](https://e.example/).\n\n> a key\n\n- a key\n\n| key | b |\n|---|---|\n| a key | c |\n\n---\n\n\
                    ```key\na key\n```\n";
        let document = Document::from_markdown(text).with(Block::details("a key", vec![Block::text("a key")]));
        let masked = document.masked(&|text| text.replace("key", "[m]"));
        let written = format!("{masked:?}");
        assert!(!written.contains("key") && written.matches("[m]").count() == 15, "{written}");
        assert!(written.contains("https://e.example/\""), "{written}");
    }
}
