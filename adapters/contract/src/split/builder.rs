//! The part under construction: a stack of open frames, opened in it only when there is something to put into them.

use super::cut;
use crate::measure::{GAP_LINES, Prices, gap};
use crate::{Block, Document, Face, Inline, Item, Markup};

/// With less than this fraction of a part left, something larger than a part begins in a new one.
const WORTHWHILE: usize = 4;

/// What can be cut and opened again.
#[derive(Clone)]
enum Frame {
    Quote,
    List { start: Option<u64> },
    Item { number: Option<u64>, checked: Option<bool> },
    Paragraph,
    Heading(u8),
    CodeBlock(Option<String>),
    Strong,
    Emphasis,
    Strike,
    Link(String),
    Code,
}

impl Frame {
    fn markup(&self) -> Option<Markup<'_>> {
        Some(match self {
            Self::Quote => Markup::Quote,
            Self::Item { number, checked } => Markup::Item { number: *number, checked: *checked },
            Self::Heading(level) => Markup::Heading(*level),
            Self::CodeBlock(language) => Markup::CodeBlock(language.as_deref()),
            Self::Strong => Markup::Strong,
            Self::Emphasis => Markup::Emphasis,
            Self::Strike => Markup::Strike,
            Self::Link(url) => Markup::Link(url),
            Self::Code => Markup::Code,
            Self::List { .. } | Self::Paragraph => return None,
        })
    }

    fn is_block(&self) -> bool {
        match self {
            Self::Quote | Self::List { .. } | Self::Paragraph | Self::Heading(_) | Self::CodeBlock(_) => true,
            Self::Item { .. } | Self::Strong | Self::Emphasis | Self::Strike | Self::Link(_) | Self::Code => false,
        }
    }

    /// What it is after a part of it was shown already.
    fn go_on(&mut self) {
        if let Self::Item { checked, .. } = self {
            *checked = None;
        }
    }
}

/// A frame as it stands in the open part.
struct Node {
    frame: Frame,
    blocks: Vec<Block>,
    items: Vec<Item>,
    inlines: Vec<Inline>,
    text: String,
}

impl Node {
    fn new(frame: Frame) -> Self {
        Self { frame, blocks: Vec::new(), items: Vec::new(), inlines: Vec::new(), text: String::new() }
    }
}

pub(super) struct Builder<'m> {
    prices: Prices<'m>,
    budget: usize,
    used: usize,
    max_parts: usize,
    parts: Vec<Document>,
    /// Where we stand in the source; the first `open.len()` of them are opened in the part.
    frames: Vec<Frame>,
    open: Vec<Node>,
    root: Node,
}

impl<'m> Builder<'m> {
    pub(super) fn new(prices: Prices<'m>, budget: usize, max_parts: usize) -> Self {
        let (parts, frames, open) = (Vec::new(), Vec::new(), Vec::new());
        Self { prices, budget, used: 0, max_parts, parts, frames, open, root: Node::new(Frame::Quote) }
    }

    /// Returns the parts, and what did not fit into them.
    pub(super) fn finish(mut self) -> (Vec<Document>, Option<Document>) {
        self.close_down_to(0);
        let last = Document { blocks: self.root.blocks };
        if self.parts.len() == self.max_parts {
            return (self.parts, Some(last));
        }
        if !last.blocks.is_empty() || self.parts.is_empty() {
            self.parts.push(last);
        }
        (self.parts, None)
    }

    pub(super) fn blocks(&mut self, blocks: &[Block]) {
        for (at, block) in blocks.iter().enumerate() {
            let wanted = match (block, blocks.get(at + 1)) {
                // A heading at the end of a part belongs to nothing.
                (Block::Heading { .. }, Some(next)) => {
                    self.price(block) + self.price(next).min(self.budget / WORTHWHILE)
                }
                _ => self.price(block),
            };
            self.make_room(wanted);
            self.block(block);
        }
    }

    fn block(&mut self, block: &Block) {
        match block {
            Block::Paragraph(content) => self.within(Frame::Paragraph, |builder| builder.inlines(content)),
            Block::Heading { level, content } => {
                self.within(Frame::Heading(*level), |builder| builder.inlines(content))
            }
            Block::Code { language, text } => self.within(Frame::CodeBlock(language.clone()), |builder| {
                for line in text.split_inclusive('\n') {
                    builder.make_room_for_line(line);
                    builder.text(line, Face::Block);
                }
            }),
            Block::Quote(blocks) if self.crowds(Markup::Quote) => self.blocks(blocks),
            Block::Quote(blocks) => self.within(Frame::Quote, |builder| builder.blocks(blocks)),
            Block::List { start, items } if self.crowds(last_item(*start, items)) => {
                items.iter().for_each(|item| self.blocks(&item.blocks));
            }
            Block::List { start, items } => self.within(Frame::List { start: *start }, |builder| {
                for (at, item) in items.iter().enumerate() {
                    let number = start.map(|start| start.saturating_add(at as u64));
                    let cost = builder.prices.item(item, number, builder.prefix());
                    builder.make_room(cost);
                    let frame = Frame::Item { number, checked: item.checked };
                    builder.within(frame, |builder| {
                        if item.blocks.is_empty() {
                            builder.opened(0);
                        }
                        builder.blocks(&item.blocks);
                    });
                }
            }),
            Block::Rule => {
                let cost = self.prices.0.markup(Markup::Rule);
                if !self.opened(self.block_gap() + cost) {
                    self.flush();
                    self.opened(cost);
                }
                self.used += self.block_gap() + cost;
                self.innermost().blocks.push(Block::Rule);
            }
            Block::Table { header, rows, .. } => {
                // Tables were flattened before; one that was built since is shown cell by cell.
                for cell in std::iter::once(header).chain(rows).flatten() {
                    self.within(Frame::Paragraph, |builder| builder.inlines(cell));
                }
            }
        }
    }

    fn inlines(&mut self, inlines: &[Inline]) {
        for inline in inlines {
            match inline {
                Inline::Text(text) => self.text(text, Face::Plain),
                Inline::Code(text) => self.within(Frame::Code, |builder| builder.text(text, Face::Code)),
                Inline::Strong(content) => self.within(Frame::Strong, |builder| builder.inlines(content)),
                Inline::Emphasis(content) => self.within(Frame::Emphasis, |builder| builder.inlines(content)),
                Inline::Strike(content) => self.within(Frame::Strike, |builder| builder.inlines(content)),
                Inline::Link { url, content } => {
                    self.within(Frame::Link(url.clone()), |builder| builder.inlines(content));
                }
                Inline::Break => self.line_break(),
            }
        }
    }

    fn within(&mut self, frame: Frame, fill: impl FnOnce(&mut Self)) {
        let frame = match (frame.markup().is_some_and(|markup| self.crowds(markup)), frame) {
            (true, Frame::Strong | Frame::Emphasis | Frame::Strike | Frame::Link(_)) => return fill(self),
            (true, Frame::Heading(_) | Frame::CodeBlock(_)) => Frame::Paragraph,
            (_, frame) => frame,
        };
        self.frames.push(frame);
        fill(self);
        let depth = self.frames.len() - 1;
        self.close_down_to(depth);
        self.frames.truncate(depth);
    }

    /// Whether the frames alone would leave too little room for text.
    fn crowds(&self, markup: Markup<'_>) -> bool {
        let open = self.frames.iter().filter_map(Frame::markup).map(|markup| self.prices.0.markup(markup));
        open.sum::<usize>() + self.prices.0.markup(markup) > self.budget / 2
    }

    /// Places text, cut where it must be.
    fn text(&mut self, text: &str, face: Face) {
        let mut rest = text;
        while !rest.is_empty() {
            if !self.opened(1) {
                self.flush();
                self.opened(0);
            }
            let prefix = self.prefix();
            let fits = self.prices.affordable(rest, face, prefix, self.room());
            let at = if fits == rest.len() { fits } else { self.cut_at(rest, fits, face) };
            let (piece, after) = rest.split_at(at);
            self.used += self.prices.text(piece, face, prefix);
            let cut = !after.is_empty();
            let shown = if cut && face != Face::Block { piece.trim_end() } else { piece };
            self.put(shown, face);
            rest = after;
            if cut {
                self.flush();
                rest = if face == Face::Block { rest } else { rest.trim_start() };
            }
        }
    }

    /// Returns where to cut a text of which `fits` bytes fit; zero only if the part has something to flush.
    fn cut_at(&self, text: &str, fits: usize, face: Face) -> usize {
        let gentle = if face == Face::Block { cut::line(text, fits) } else { cut::gentle(text, fits) };
        match gentle {
            Some(at) => at,
            None if self.has_text() && self.used > self.budget / WORTHWHILE => 0,
            None => cut::hard(text, fits),
        }
    }

    fn put(&mut self, text: &str, face: Face) {
        if text.is_empty() {
            return;
        }
        let node = self.innermost();
        match face {
            Face::Plain => match node.inlines.last_mut() {
                Some(Inline::Text(before)) => before.push_str(text),
                _ => node.inlines.push(Inline::Text(text.to_owned())),
            },
            Face::Code | Face::Block => node.text.push_str(text),
        }
    }

    fn line_break(&mut self) {
        let cost = gap(1, self.prefix());
        // At the beginning of a part it is white space at a cut.
        if self.open.len() == self.frames.len() && self.room() > cost {
            self.used += cost;
            self.innermost().inlines.push(Inline::Break);
        }
    }

    /// Ends the part if something of this price does not fit into it any more, but would into a new one; or if it fits
    /// into neither and little is left.
    fn make_room(&mut self, cost: usize) {
        let here = self.used + self.opening(self.open.len()) + cost > self.budget;
        let fresh = self.opening(0) + cost <= self.budget;
        if here && self.has_text() && (fresh || self.room() < self.budget / WORTHWHILE) {
            self.flush();
        }
    }

    fn make_room_for_line(&mut self, line: &str) {
        let cost = self.prices.text(line, Face::Block, self.prefix());
        self.make_room(cost);
    }

    fn price(&self, block: &Block) -> usize {
        self.prices.block(block, self.prefix())
    }

    fn room(&self) -> usize {
        self.budget.saturating_sub(self.used)
    }

    /// What each further line costs where we stand.
    fn prefix(&self) -> usize {
        self.prefix_of(self.frames.len())
    }

    fn prefix_of(&self, depth: usize) -> usize {
        let prefix = |frame: &Frame| frame.markup().map_or(0, |markup| self.prices.0.prefix(markup));
        self.frames[..depth].iter().map(prefix).sum()
    }

    fn has_text(&self) -> bool {
        !self.open.is_empty() || !self.root.blocks.is_empty()
    }

    /// Prices the frames from this depth on, with the gap before each.
    fn opening(&self, from: usize) -> usize {
        let mut cost = 0;
        for (depth, frame) in self.frames.iter().enumerate().skip(from) {
            cost += frame.markup().map_or(0, |markup| self.prices.0.markup(markup));
            if depth == from && from <= self.open.len() {
                cost += self.gap_before(depth, frame);
            }
        }
        cost
    }

    fn gap_before(&self, depth: usize, frame: &Frame) -> usize {
        let parent = depth.checked_sub(1).map_or(&self.root, |above| &self.open[above]);
        let prefix = self.prefix_of(depth);
        match frame {
            Frame::Item { .. } if !parent.items.is_empty() => gap(1, prefix),
            frame if frame.is_block() && !parent.blocks.is_empty() => gap(GAP_LINES, prefix),
            _ => 0,
        }
    }

    /// Prices the gap before a block in the innermost open frame.
    fn block_gap(&self) -> usize {
        let innermost = self.open.last().unwrap_or(&self.root);
        let first = self.open.len() < self.frames.len() || innermost.blocks.is_empty();
        if first { 0 } else { gap(GAP_LINES, self.prefix()) }
    }

    /// Opens in the part what is open where we stand, if that and `further` units fit; in an empty part always.
    fn opened(&mut self, further: usize) -> bool {
        let cost = self.opening(self.open.len());
        if cost + further > self.room() && self.has_text() {
            return false;
        }
        self.used += cost;
        for frame in &self.frames[self.open.len()..] {
            self.open.push(Node::new(frame.clone()));
        }
        true
    }

    fn innermost(&mut self) -> &mut Node {
        self.open.last_mut().unwrap_or(&mut self.root)
    }

    fn close_down_to(&mut self, depth: usize) {
        while self.open.len() > depth {
            let Some(node) = self.open.pop() else { return };
            self.close(node);
            self.frames[self.open.len()].go_on();
        }
    }

    fn close(&mut self, node: Node) {
        let Node { frame, blocks, items, inlines, text } = node;
        let parent = self.open.last_mut().unwrap_or(&mut self.root);
        match frame {
            Frame::Item { checked, .. } => parent.items.push(Item { checked, blocks }),
            Frame::Quote if !blocks.is_empty() => parent.blocks.push(Block::Quote(blocks)),
            Frame::List { start } if !items.is_empty() => parent.blocks.push(Block::List { start, items }),
            Frame::Paragraph if !inlines.is_empty() => parent.blocks.push(Block::Paragraph(inlines)),
            Frame::Paragraph if !text.is_empty() => parent.blocks.push(Block::text(text)),
            Frame::Heading(level) if !inlines.is_empty() => {
                parent.blocks.push(Block::Heading { level, content: inlines });
            }
            Frame::CodeBlock(language) if !text.is_empty() => {
                let text = text.strip_suffix('\n').unwrap_or(&text).to_owned();
                parent.blocks.push(Block::Code { language, text });
            }
            Frame::Strong if !inlines.is_empty() => parent.inlines.push(Inline::Strong(inlines)),
            Frame::Emphasis if !inlines.is_empty() => parent.inlines.push(Inline::Emphasis(inlines)),
            Frame::Strike if !inlines.is_empty() => parent.inlines.push(Inline::Strike(inlines)),
            Frame::Link(url) if !inlines.is_empty() => parent.inlines.push(Inline::Link { url, content: inlines }),
            Frame::Code if !text.is_empty() => parent.inlines.push(Inline::Code(text)),
            Frame::Quote
            | Frame::List { .. }
            | Frame::Paragraph
            | Frame::Heading(_)
            | Frame::CodeBlock(_)
            | Frame::Strong
            | Frame::Emphasis
            | Frame::Strike
            | Frame::Link(_)
            | Frame::Code => {}
        }
    }

    /// Ends the part; what is open where we stand is opened again when something is put into it.
    fn flush(&mut self) {
        for (frame, node) in self.frames.iter_mut().zip(&self.open) {
            // An item that is cut is not among the done ones: it goes on under its own number.
            if let Frame::List { start: Some(start) } = frame {
                *start = start.saturating_add(node.items.len() as u64);
            }
        }
        self.close_down_to(0);
        let blocks = std::mem::take(&mut self.root.blocks);
        if !blocks.is_empty() {
            self.parts.push(Document { blocks });
        }
        self.used = 0;
        if self.parts.len() == self.max_parts {
            self.budget = usize::MAX / 4;
        }
    }
}

/// The item of a list whose number is longest.
fn last_item(start: Option<u64>, items: &[Item]) -> Markup<'static> {
    Markup::Item { number: start.map(|start| start.saturating_add(items.len() as u64)), checked: Some(true) }
}
