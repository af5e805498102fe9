//! The open part: which containers are open in it, and what it has cost so far.

use crate::measure::Meter;
use crate::{Block, Document, Inline, Item, Markup, Measure};

/// Line breaks between two blocks.
pub(super) const GAP_LINES: usize = 2;
/// A part with less room than this fraction of its budget is not begun upon with a piece of something larger.
const WORTHWHILE: usize = 4;
/// A budget that is never spent, for what goes to the attachment.
const ENDLESS: usize = usize::MAX / 4;

/// An open container.
enum Frame {
    Quote(Vec<Block>),
    Details { title: String, blocks: Vec<Block> },
    List { start: Option<u64>, items: Vec<Item> },
    Item(Item),
}

struct Open {
    frame: Frame,
    /// Cost of opening it.
    markup: usize,
    /// Cost it adds to each further line.
    prefix: usize,
}

/// Fills one part after the other.
pub(super) struct Builder<'m> {
    pub(super) measure: &'m dyn Measure,
    /// Most a part may cost.
    pub(super) budget: usize,
    /// What the open part costs.
    pub(super) used: usize,
    /// Cost of the beginning of each line where we stand.
    pub(super) prefix: usize,
    /// Whether the open part holds more than opened containers.
    pub(super) filled: bool,
    /// Whether what stands last in the open part is a title, which does not stay alone there.
    titled: bool,
    max_parts: usize,
    parts: Vec<Document>,
    root: Vec<Block>,
    frames: Vec<Open>,
}

impl<'m> Builder<'m> {
    pub(super) fn new(measure: &'m dyn Measure, budget: usize, max_parts: usize) -> Self {
        let (parts, root, frames) = (Vec::new(), Vec::new(), Vec::new());
        Self { measure, budget, used: 0, prefix: 0, filled: false, titled: false, max_parts, parts, root, frames }
    }

    /// Returns the parts, and what did not fit in them as Markdown.
    pub(super) fn finish(mut self) -> (Vec<Document>, Option<String>) {
        let last = Document { blocks: self.root };
        if self.parts.len() == self.max_parts {
            let rest = self.filled.then(|| last.to_markdown()).filter(|markdown| !markdown.is_empty());
            return (self.parts, rest);
        }
        if self.filled || self.parts.is_empty() {
            self.parts.push(last);
        }
        (self.parts, None)
    }

    /// Places blocks below each other.
    pub(super) fn blocks(&mut self, blocks: &[Block]) {
        for (at, block) in blocks.iter().enumerate() {
            let begins = is_title(block) && self.filled && !self.titled && self.budget != ENDLESS;
            if begins && self.gap() + self.lead(&blocks[at..]) > self.room() {
                self.flush();
            }
            self.block(block);
            self.titled = (is_title(block) || self.is_headline(block)) && self.filled;
        }
    }

    /// Whether a block that was just placed is the line that a message begins with: alone in the first part it says nothing.
    fn is_headline(&self, block: &Block) -> bool {
        let is_first = self.parts.is_empty() && self.frames.is_empty() && self.root.len() == 1;
        is_first && matches!(block, Block::Paragraph(content) if matches!(content.first(), Some(Inline::Strong(_))))
    }

    /// Returns what has to stand together where blocks begin: a title, and of what follows it as much as is placed in one
    /// piece.
    fn lead(&self, blocks: &[Block]) -> usize {
        let Some((first, rest)) = blocks.split_first() else { return 0 };
        let cost = Meter::spent(self.measure, self.budget, |meter| meter.block(first, self.prefix));
        let whole = cost.filter(|cost| self.fits_fresh(*cost));
        match (first, whole) {
            (_, Some(cost)) if is_title(first) => {
                let gap = GAP_LINES * (1 + self.prefix);
                if rest.is_empty() { cost } else { cost + gap + self.lead(rest) }
            }
            (_, Some(cost)) => cost,
            (Block::Quote(blocks) | Block::Details { blocks, .. }, None) => self.lead(blocks),
            (Block::List { start, items }, None) => items.first().map_or(0, |item| {
                let cost = Meter::spent(self.measure, self.budget, |meter| meter.item(item, *start, self.prefix));
                cost.filter(|cost| self.fits_fresh(*cost)).unwrap_or(self.budget / WORTHWHILE)
            }),
            (_, None) => self.budget / WORTHWHILE,
        }
    }

    fn block(&mut self, block: &Block) {
        if self.place_whole(block) {
            return;
        }
        if self.filled && !self.titled && self.is_nearly_full() {
            self.flush();
        }
        match block {
            Block::Paragraph(content) => self.run(content, None),
            Block::Heading { level, content } => self.run(content, Some(*level)),
            Block::Code { language, text } => self.code(language.as_deref(), text),
            Block::Quote(blocks) => self.quote(blocks),
            Block::List { start, items } => self.list(*start, items),
            Block::Table { align, header, rows } => self.table(align, header, rows),
            // Costs more than a part: it is decoration, and there is no smaller piece of it.
            Block::Rule => {}
            Block::Details { title, blocks } => self.details(title, blocks),
            Block::Chart(_) => self.blocks(&block.simpler()),
        }
    }

    /// Places a block as it is, in this part or the next; tells whether it fits in either.
    fn place_whole(&mut self, block: &Block) -> bool {
        if self.budget == ENDLESS {
            self.put(block.clone());
            return true;
        }
        let meter = |meter: &mut Meter<'_>| meter.block(block, self.prefix);
        let Some(cost) = Meter::spent(self.measure, self.budget, meter) else { return false };
        let leaves_title = self.titled && !is_title(block) && !matches!(block, Block::Rule);
        if self.filled && !leaves_title && !self.fits(cost) && self.fits_fresh(cost) {
            self.flush();
        }
        let fits = self.fits(cost);
        if fits {
            self.push(block.clone(), cost);
        }
        fits
    }

    fn quote(&mut self, blocks: &[Block]) {
        if !self.affords(Markup::Quote) {
            return self.blocks(blocks);
        }
        self.open(Frame::Quote(Vec::new()), Some(Markup::Quote));
        self.blocks(blocks);
        self.close();
    }

    fn details(&mut self, title: &str, blocks: &[Block]) {
        let title_cost = Meter::spent(self.measure, usize::MAX, |meter| meter.details_title(title, self.prefix));
        let cost = title_cost.unwrap_or(usize::MAX);
        if !self.affords_within(cost) {
            return self.blocks(&Block::Details { title: title.to_owned(), blocks: blocks.to_vec() }.simpler());
        }
        if self.filled && !self.titled && self.gap() + cost + self.lead(blocks) > self.room() {
            self.flush();
        }
        self.used += self.gap() + cost;
        self.frames.push(Open {
            frame: Frame::Details { title: title.to_owned(), blocks: Vec::new() },
            markup: cost,
            prefix: 0,
        });
        self.blocks(blocks);
        self.close();
    }

    fn list(&mut self, start: Option<u64>, items: &[Item]) {
        let last = start.map(|start| start.saturating_add(items.len() as u64));
        if !self.affords(Markup::Item { number: last, checked: Some(true) }) {
            return items.iter().for_each(|item| self.blocks(&item.blocks));
        }
        self.open(Frame::List { start, items: Vec::new() }, None);
        items.iter().for_each(|item| self.item(item));
        self.close();
    }

    fn item(&mut self, item: &Item) {
        let number = self.next_number();
        let cost = Meter::spent(self.measure, self.budget, |meter| meter.item(item, number, self.prefix));
        let fits_here = cost.is_some_and(|cost| self.fits(cost));
        let fits_fresh = cost.is_some_and(|cost| self.fits_fresh(cost));
        if self.filled && !self.titled && !fits_here && (fits_fresh || self.is_nearly_full()) {
            self.flush();
        }
        if let Some(cost) = cost.filter(|cost| self.fits(*cost)) {
            self.used += self.gap() + cost;
            (self.filled, self.titled) = (true, false);
            return self.push_item(item.clone());
        }
        let markup = Markup::Item { number, checked: item.checked };
        self.open(Frame::Item(Item { checked: item.checked, blocks: Vec::new() }), Some(markup));
        self.blocks(&item.blocks);
        self.close();
    }

    /// Number of the item that comes next in the innermost list.
    fn next_number(&self) -> Option<u64> {
        match &self.frames.last()?.frame {
            Frame::List { start, items } => start.map(|start| start.saturating_add(items.len() as u64)),
            Frame::Quote(_) | Frame::Details { .. } | Frame::Item(_) => None,
        }
    }

    fn push_item(&mut self, item: Item) {
        if let Some(Open { frame: Frame::List { items, .. }, .. }) = self.frames.last_mut() {
            items.push(item);
        }
    }

    /// Adds a block of a known cost where we stand.
    pub(super) fn push(&mut self, block: Block, cost: usize) {
        self.used += self.gap() + cost;
        self.put(block);
    }

    /// Adds a block that is already paid for.
    pub(super) fn put(&mut self, block: Block) {
        (self.filled, self.titled) = (true, false);
        self.put_quietly(block);
    }

    fn put_quietly(&mut self, block: Block) {
        match self.frames.last_mut().map(|open| &mut open.frame) {
            Some(Frame::Quote(blocks) | Frame::Details { blocks, .. } | Frame::Item(Item { blocks, .. })) => {
                blocks.push(block);
            }
            Some(Frame::List { items, .. }) => items.push(Item { checked: None, blocks: vec![block] }),
            None => self.root.push(block),
        }
    }

    /// Units left in the open part.
    pub(super) fn room(&self) -> usize {
        self.budget.saturating_sub(self.used)
    }

    fn is_nearly_full(&self) -> bool {
        self.room() < self.budget / WORTHWHILE
    }

    /// Tells whether something of this cost fits in the open part, where we stand.
    pub(super) fn fits(&self, cost: usize) -> bool {
        self.gap() + cost <= self.room()
    }

    /// Tells whether something of this cost fits in a new part with the same containers opened.
    pub(super) fn fits_fresh(&self, cost: usize) -> bool {
        self.opening() + cost <= self.budget
    }

    /// Cost of the line breaks before the next block or item.
    pub(super) fn gap(&self) -> usize {
        let (lines, is_first) = match self.frames.last().map(|open| &open.frame) {
            Some(Frame::Quote(blocks) | Frame::Details { blocks, .. } | Frame::Item(Item { blocks, .. })) => {
                (GAP_LINES, blocks.is_empty())
            }
            Some(Frame::List { items, .. }) => (1, items.is_empty()),
            None => (GAP_LINES, self.root.is_empty()),
        };
        if is_first { 0 } else { lines * (1 + self.prefix) }
    }

    fn opening(&self) -> usize {
        self.frames.iter().map(|open| open.markup).sum()
    }

    /// Tells whether half of a part stays for text when this is opened too; if not, its content goes without it.
    pub(super) fn affords(&self, markup: Markup<'_>) -> bool {
        let (cost, prefix) = (self.measure.markup(markup), self.measure.prefix(markup));
        self.affords_within(cost + self.prefix + prefix)
    }

    /// Tells whether half of a part stays for text where this is spent besides the open containers.
    pub(super) fn affords_within(&self, cost: usize) -> bool {
        self.opening() + cost <= self.budget / 2
    }

    fn open(&mut self, frame: Frame, markup: Option<Markup<'_>>) {
        let (cost, prefix) = markup.map_or((0, 0), |it| (self.measure.markup(it), self.measure.prefix(it)));
        self.used += self.gap() + cost;
        self.prefix += prefix;
        self.frames.push(Open { frame, markup: cost, prefix });
    }

    /// Closes the innermost container; one that holds nothing leaves no trace.
    fn close(&mut self) {
        let Some(open) = self.frames.pop() else { return };
        self.prefix -= open.prefix;
        self.titled = false;
        match open.frame {
            Frame::Quote(blocks) if !blocks.is_empty() => self.put_quietly(Block::Quote(blocks)),
            Frame::Details { title, blocks } if !blocks.is_empty() => {
                self.put_quietly(Block::Details { title, blocks });
            }
            Frame::List { start, items } if !items.is_empty() => self.put_quietly(Block::List { start, items }),
            Frame::Item(item) if !item.blocks.is_empty() => self.push_item(item),
            Frame::Quote(_) | Frame::Details { .. } | Frame::List { .. } | Frame::Item(_) => {}
        }
    }

    /// Ends the open part and opens the same containers in a new one.
    pub(super) fn flush(&mut self) {
        let mut reopened = Vec::with_capacity(self.frames.len());
        let mut item_goes_on = false;
        while let Some(Open { frame, markup, prefix }) = self.frames.last() {
            let (frame, markup, prefix) = (frame.reopened(item_goes_on), *markup, *prefix);
            item_goes_on = self.frames.last().is_some_and(|open| open.frame.is_begun_item());
            reopened.push(Open { frame, markup, prefix });
            self.close();
        }
        self.parts.push(Document { blocks: std::mem::take(&mut self.root) });
        self.prefix = reopened.iter().map(|open| open.prefix).sum();
        self.frames = reopened.into_iter().rev().collect();
        self.used = self.opening();
        (self.filled, self.titled) = (false, false);
        if self.parts.len() == self.max_parts {
            self.budget = ENDLESS;
        }
    }
}

/// Whether a block is about what follows it: a heading, or a paragraph that is strong as a whole.
fn is_title(block: &Block) -> bool {
    match block {
        Block::Heading { .. } => true,
        Block::Paragraph(content) => matches!(content.as_slice(), [Inline::Strong(_)]),
        Block::Code { .. }
        | Block::Quote(_)
        | Block::List { .. }
        | Block::Table { .. }
        | Block::Rule
        | Block::Details { .. }
        | Block::Chart(_) => false,
    }
}

impl Frame {
    /// The same container at the beginning of the next part.
    fn reopened(&self, item_goes_on: bool) -> Self {
        match self {
            Self::Quote(_) => Self::Quote(Vec::new()),
            // What has not begun yet keeps its title.
            Self::Details { title, blocks } => {
                let title = if blocks.is_empty() { title.clone() } else { String::new() };
                Self::Details { title, blocks: Vec::new() }
            }
            Self::List { start, items } => {
                // An item that goes on is already among the items, and keeps its number.
                let done = (items.len() as u64).saturating_sub(u64::from(item_goes_on));
                Self::List { start: start.map(|start| start.saturating_add(done)), items: Vec::new() }
            }
            Self::Item(item) => {
                let checked = item.checked.filter(|_| item.blocks.is_empty());
                Self::Item(Item { checked, blocks: Vec::new() })
            }
        }
    }

    fn is_begun_item(&self) -> bool {
        matches!(self, Self::Item(item) if !item.blocks.is_empty())
    }
}
