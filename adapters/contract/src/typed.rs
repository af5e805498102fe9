//! A document whose commands are written as they are typed where it is read.

use crate::{Block, Document, Inline};

impl Document {
    /// Returns the document with each [`Inline::Command`] as code, in the words that `write` makes of it.
    #[must_use]
    pub fn typed(mut self, write: &dyn Fn(&str) -> String) -> Self {
        blocks(&mut self.blocks, write);
        self
    }
}

fn blocks(all: &mut [Block], write: &dyn Fn(&str) -> String) {
    for block in all {
        match block {
            Block::Paragraph(content) | Block::Heading { content, .. } => inlines(content, write),
            Block::Quote(inner) | Block::Details { blocks: inner, .. } => blocks(inner, write),
            Block::List { items, .. } => items.iter_mut().for_each(|item| blocks(&mut item.blocks, write)),
            Block::Table { header, rows, .. } => {
                let cells = std::iter::once(header).chain(rows).flatten();
                cells.for_each(|cell| inlines(cell, write));
            }
            Block::Code { .. } | Block::Rule | Block::Chart(_) => {}
        }
    }
}

fn inlines(content: &mut [Inline], write: &dyn Fn(&str) -> String) {
    for inline in content {
        match inline {
            Inline::Command(command) => *inline = Inline::Code(write(command)),
            Inline::Strong(inner)
            | Inline::Emphasis(inner)
            | Inline::Strike(inner)
            | Inline::Link { content: inner, .. } => inlines(inner, write),
            Inline::Text(_) | Inline::Code(_) | Inline::Break => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Alignment, Item};

    #[test]
    fn commands_are_written_as_they_are_typed_wherever_they_stand() {
        let command = || vec![Inline::Strong(vec![Inline::Command("/status".to_owned())])];
        let paragraph = || Block::Paragraph(command());
        let item = Item { checked: None, blocks: vec![paragraph()] };
        let table = Block::Table { align: vec![Alignment::Left], header: vec![command()], rows: vec![vec![command()]] };
        let document = Document::default()
            .with(Block::Quote(vec![paragraph()]))
            .with(Block::List { start: None, items: vec![item] })
            .with(table)
            .with(Block::details("more", vec![paragraph()]));
        let typed = document.typed(&|command| format!("/bot {}", command.trim_start_matches('/')));
        assert_eq!(typed.visible_text(), "/bot status\n/bot status\n/bot status\n/bot status\nmore\n/bot status");
    }

    #[test]
    fn what_somebody_else_wrote_is_no_command() {
        let document = Document::from_markdown("Send `/status` to it.");
        assert_eq!(document.clone().typed(&|_| "/bot status".to_owned()), document);
    }
}
