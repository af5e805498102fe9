//! How large a tree becomes; what is beyond is shown as it was written, marks and all, in a code block.
//!
//! # Why
//! Two letters may make a node, and a node takes about 100 bytes. A document is copied up to four times on its way to a
//! chat. Without a bound an answer of one megabyte took 400 MB, and one of fourteen took 4 GB.

use pulldown_cmark::TagEnd;

use super::Builder;
use crate::Block;

/// Most blocks, items, cells and inlines that are made of one text. An ordinary answer of a megabyte has 90,000.
pub const MAX_NODES: usize = 128 * 1024;
/// Most columns of a table; a wider one is shown as it was written.
pub const MAX_TABLE_COLUMNS: usize = 64;

impl Builder {
    /// Whether the tree is as large as it may be; an open code block stays one node, however long it is.
    pub(super) fn is_full(&self) -> bool {
        self.nodes >= MAX_NODES && self.code.is_none()
    }

    /// Closes all that is open, in the middle of the text.
    pub(super) fn close(&mut self) {
        self.close_leaf();
        if let Some(table) = &mut self.table {
            let row = std::mem::take(&mut table.row);
            if table.header.is_empty() {
                table.header = row
            } else {
                table.rows.push(row)
            }
            self.end(TagEnd::Table);
        }
        while self.flat_frames > 0 || !self.frames.is_empty() {
            self.close_frame();
        }
    }

    /// Adds a piece of the text that was parsed, with its marks.
    pub(super) fn as_written(&mut self, text: &str) {
        let text = text.trim_matches('\n');
        if !text.is_empty() {
            self.block(Block::Code { language: None, text: text.to_owned() });
        }
    }
}
