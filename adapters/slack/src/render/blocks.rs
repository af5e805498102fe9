//! A document as blocks: one `rich_text` for what runs on, and beside it headers, dividers and at most one table.
//!
//! What Slack's rich text does not have is written with signs: boxes of tasks, rules within something else, quotes within
//! quotes (one bar for all). Beyond the number of blocks that a message may have, headings are bold and rules are signs.
//! Charts and folding containers are drawn as such where a message stands on its own; within anything else, where there are
//! too many, and in the simpler form they are words, a chart with bars of signs below.

use signalbox_adapter::{Alignment, Block, Chart, Document, Inline, Item, TABLE_WIDTH, align_table, inline_text};
use slack_morphism::prelude::{
    SlackBlock, SlackBlockPlainText, SlackContextBlock, SlackContextBlockElement, SlackDividerBlock, SlackHeaderBlock,
    SlackRichTextBlock, SlackRichTextElement, SlackRichTextList, SlackRichTextListElement, SlackRichTextListStyle,
    SlackRichTextPreformatted, SlackRichTextQuote, SlackRichTextSection,
};

use crate::limits::{BLOCKS_BESIDE, MAX_BLOCKS, MAX_CHARTS, MAX_CONTAINED, MAX_HEADER_CHARS, MAX_INDENT};
use crate::render::inline::{Look, Run};
use crate::render::text::{RULE, task_box};
use crate::render::{novel, table};

/// Blocks that a text may be made of; the last of them is rich text, which takes whatever comes.
const MAX_OF_TEXT: usize = MAX_BLOCKS - BLOCKS_BESIDE;

/// Writes a document as blocks that every workspace takes.
#[must_use]
pub(crate) fn blocks(document: &Document) -> Vec<SlackBlock> {
    written(document, Writer::of(MAX_OF_TEXT, Novel::Nothing))
}

/// Writes a document as blocks of which some may be too new for a workspace; `None` where it has no such.
#[must_use]
pub(crate) fn novel_blocks(document: &Document) -> Option<Vec<SlackBlock>> {
    let has_some = document.blocks.iter().any(|block| matches!(block, Block::Details { .. } | Block::Chart(_)));
    has_some.then(|| written(document, Writer::of(MAX_OF_TEXT, Novel::All)))
}

/// Writes a document with the charts that Slack draws, and unfolded; `None` where it has not both.
#[must_use]
pub(crate) fn unfolded_blocks(document: &Document) -> Option<Vec<SlackBlock>> {
    let has = |is: fn(&Block) -> bool| document.blocks.iter().any(is);
    let has_both = has(|block| matches!(block, Block::Details { .. })) && has(|block| matches!(block, Block::Chart(_)));
    has_both.then(|| written(document, Writer::of(MAX_OF_TEXT, Novel::Charts)))
}

fn written(document: &Document, mut writer: Writer) -> Vec<SlackBlock> {
    let last = document.blocks.len().saturating_sub(1);
    for (at, block) in document.blocks.iter().enumerate() {
        match block {
            // A table is shown below everything else, so only what stands there already may be one.
            Block::Table { align, header, rows } if at == last => writer.table(align, header, rows),
            block => writer.block(block),
        }
    }
    writer.finish()
}

/// Returns a small line: the number of a part, or a mark.
#[must_use]
pub(crate) fn small(text: &str) -> SlackBlock {
    let text = SlackBlockPlainText::new(text.to_owned()).with_emoji(false);
    SlackContextBlock::new(vec![SlackContextBlockElement::Plain(text)]).into()
}

/// Which blocks that may be too new for a workspace are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Novel {
    Nothing,
    Charts,
    All,
}

struct Writer {
    blocks: Vec<SlackBlock>,
    /// What runs on, and is no block yet.
    rich: Vec<SlackRichTextElement>,
    /// Blocks that there may be.
    max: usize,
    /// Which of charts and containers may be among them.
    novel: Novel,
    charts: usize,
}

impl Writer {
    fn of(max: usize, novel: Novel) -> Self {
        Self { blocks: Vec::new(), rich: Vec::new(), max, novel, charts: 0 }
    }

    fn finish(mut self) -> Vec<SlackBlock> {
        self.close();
        self.blocks
    }

    fn close(&mut self) {
        if !self.rich.is_empty() {
            self.blocks.push(SlackRichTextBlock::new(std::mem::take(&mut self.rich)).into());
        }
    }

    /// Whether a block of its own may follow, and rich text before and after it.
    fn has_room(&self) -> bool {
        self.blocks.len() + 3 <= self.max
    }

    fn block(&mut self, block: &Block) {
        match block {
            Block::Paragraph(content) => self.section(content, Look::default()),
            Block::Heading { content, .. } => self.heading(content),
            Block::Code { text, .. } => self.preformatted(text, false),
            Block::Quote(inner) => self.quote(inner),
            Block::List { start, items } => self.list(*start, items, 0, false),
            Block::Table { align, header, rows } => {
                self.preformatted(&align_table(align, header, rows, TABLE_WIDTH), false);
            }
            Block::Rule if self.has_room() => {
                self.close();
                self.blocks.push(SlackDividerBlock::new().into());
            }
            Block::Rule => self.section(&[Inline::Text(RULE.to_owned())], Look::default()),
            Block::Chart(chart) => self.chart(chart),
            Block::Details { title, blocks } => self.details(title, blocks),
        }
    }

    /// Slack draws it, and its words stand below; or they stand alone, and it is drawn with signs.
    fn chart(&mut self, chart: &Chart) {
        if self.novel != Novel::Nothing && self.charts < MAX_CHARTS && self.has_room() {
            self.close();
            self.charts += 1;
            self.blocks.extend([novel::chart(chart), small(chart.said())]);
        } else {
            self.section(&chart.in_words(), Look::default());
            self.preformatted(&chart.drawn_in_text(), false);
        }
    }

    fn details(&mut self, title: &str, blocks: &[Block]) {
        let mut inner = Self::of(MAX_CONTAINED, Novel::Nothing);
        blocks.iter().for_each(|block| inner.block(block));
        let inner = inner.finish();
        if self.novel == Novel::All && self.has_room() && !inner.is_empty() {
            self.close();
            self.blocks.push(novel::container(title, inner));
            return;
        }
        if !title.is_empty() {
            self.section(&[Inline::strong(title)], Look::default());
        }
        blocks.iter().for_each(|block| self.block(block));
    }

    /// Paragraphs that follow each other are one section, so that there is an empty line between them.
    fn section(&mut self, content: &[Inline], look: Look) {
        let run = Run::of(content, look);
        if run.is_empty() {
            return;
        }
        if let Some(SlackRichTextElement::Section(open)) = self.rich.last_mut() {
            let mut whole = Run::from(std::mem::take(&mut open.elements));
            whole.push_text("\n\n");
            whole.push_all(content, look);
            open.elements = whole.into_elements();
        } else {
            self.rich.push(SlackRichTextSection::new(run.into_elements()).into());
        }
    }

    fn heading(&mut self, content: &[Inline]) {
        let words = inline_text(content).split_whitespace().collect::<Vec<_>>().join(" ");
        if words.is_empty() {
            return;
        }
        let fits = words.encode_utf16().count() <= MAX_HEADER_CHARS && !has_link(content);
        if !fits || !self.has_room() {
            return self.section(content, Look::BOLD);
        }
        self.close();
        let text = SlackBlockPlainText::new(words).with_emoji(false);
        self.blocks.push(SlackHeaderBlock::new(text.into()).into());
    }

    fn table(&mut self, align: &[Alignment], header: &[Vec<Inline>], rows: &[Vec<Vec<Inline>>]) {
        match table::native(align, header, rows).filter(|_| self.has_room()) {
            Some(table) => {
                self.close();
                self.blocks.push(table);
            }
            None => self.preformatted(&align_table(align, header, rows, TABLE_WIDTH), false),
        }
    }

    fn preformatted(&mut self, text: &str, quoted: bool) {
        if text.trim().is_empty() {
            return;
        }
        let elements = vec![text.to_owned().into()];
        let code = SlackRichTextPreformatted::new(elements).opt_border(border(quoted));
        self.rich.push(code.into());
    }

    fn quote(&mut self, blocks: &[Block]) {
        let mut run = Run::default();
        self.quoted(blocks, &mut run);
        self.end_quote(&mut run);
    }

    fn quoted(&mut self, blocks: &[Block], run: &mut Run) {
        for block in blocks {
            match block {
                Block::Paragraph(content) => gap(run, |run| run.push_all(content, Look::default())),
                Block::Heading { content, .. } => {
                    gap(run, |run| run.push_all(content, Look::BOLD));
                }
                Block::Rule => gap(run, |run| run.push_text(RULE)),
                Block::Quote(inner) => self.quoted(inner, run),
                Block::Code { text, .. } => {
                    self.end_quote(run);
                    self.preformatted(text, true);
                }
                Block::Table { align, header, rows } => {
                    self.end_quote(run);
                    self.preformatted(&align_table(align, header, rows, TABLE_WIDTH), true);
                }
                Block::List { start, items } => {
                    self.end_quote(run);
                    self.list(*start, items, 0, true);
                }
                Block::Details { .. } | Block::Chart(_) => self.quoted(&block.simpler(), run),
            }
        }
    }

    fn end_quote(&mut self, run: &mut Run) {
        let run = std::mem::take(run);
        if !run.is_empty() {
            self.rich.push(SlackRichTextQuote::new(run.into_elements()).into());
        }
    }

    fn list(&mut self, start: Option<u64>, items: &[Item], indent: u64, quoted: bool) {
        let mut list = List { start, indent, quoted, first: 0, items: Vec::new() };
        for (number, item) in (0..).zip(items) {
            self.item(&mut list, number, item);
        }
        self.end_list(&mut list);
    }

    /// Writes one item: its first words stand behind its bullet, and so does whatever follows them that is no block of its own.
    fn item(&mut self, list: &mut List, number: u64, item: &Item) {
        let mut run = Run::default();
        run.push_text(task_box(item.checked));
        self.within_item(list, number, item, &item.blocks, &mut run);
        self.end_item(list, number, &mut run);
    }

    fn within_item(&mut self, list: &mut List, number: u64, item: &Item, blocks: &[Block], run: &mut Run) {
        for block in blocks {
            match block {
                Block::Paragraph(content) => line(run, item, |run| run.push_all(content, Look::default())),
                Block::Heading { content, .. } => {
                    line(run, item, |run| run.push_all(content, Look::BOLD));
                }
                Block::Rule => line(run, item, |run| run.push_text(RULE)),
                Block::List { start, items } => {
                    self.end_item(list, number, run);
                    self.end_list(list);
                    self.list(*start, items, (list.indent + 1).min(MAX_INDENT), list.quoted);
                }
                Block::Code { text, .. } => {
                    self.end_item(list, number, run);
                    self.end_list(list);
                    self.preformatted(text, list.quoted);
                }
                Block::Table { align, header, rows } => {
                    self.end_item(list, number, run);
                    self.end_list(list);
                    self.preformatted(&align_table(align, header, rows, TABLE_WIDTH), list.quoted);
                }
                Block::Quote(inner) => {
                    self.end_item(list, number, run);
                    self.end_list(list);
                    self.quote(inner);
                }
                Block::Details { .. } | Block::Chart(_) => {
                    self.within_item(list, number, item, &block.simpler(), run);
                }
            }
        }
    }

    /// Puts what was said of an item behind its bullet, or below what stood between, where it has its bullet already.
    fn end_item(&mut self, list: &mut List, number: u64, run: &mut Run) {
        let run = std::mem::take(run);
        if run.is_empty() {
            return;
        }
        let section = SlackRichTextSection::new(run.into_elements());
        if list.first > number {
            self.rich.push(section.into());
            return;
        }
        if list.items.is_empty() {
            list.first = number;
        }
        list.items.push(SlackRichTextListElement::Section(section));
    }

    fn end_list(&mut self, list: &mut List) {
        let items = std::mem::take(&mut list.items);
        let count = items.len() as u64;
        if items.is_empty() {
            return;
        }
        let style = if list.start.is_some() { SlackRichTextListStyle::Ordered } else { SlackRichTextListStyle::Bullet };
        // What is shown is one more than the offset.
        let offset = list.start.map(|start| start.saturating_add(list.first).saturating_sub(1)).filter(|at| *at > 0);
        let written = SlackRichTextList::new(style, items)
            .with_indent(list.indent)
            .opt_offset(offset)
            .opt_border(border(list.quoted));
        self.rich.push(SlackRichTextElement::List(written));
        list.first += count;
    }
}

/// The items of a list that follow each other.
struct List {
    start: Option<u64>,
    indent: u64,
    quoted: bool,
    /// The place in the list of the first of `items`; where there are none, of the next.
    first: u64,
    items: Vec<SlackRichTextListElement>,
}

fn border(quoted: bool) -> Option<u64> {
    quoted.then_some(1)
}

/// Sets paragraphs of a quote apart.
fn gap(run: &mut Run, push: impl FnOnce(&mut Run)) {
    if !run.is_empty() {
        run.push_text("\n\n");
    }
    push(run);
}

/// Sets paragraphs of an item below each other, the first of them behind the box.
fn line(run: &mut Run, item: &Item, push: impl FnOnce(&mut Run)) {
    let is_first = run.is_empty() || run.says(task_box(item.checked));
    if !is_first {
        run.push_text("\n");
    }
    push(run);
}

fn has_link(content: &[Inline]) -> bool {
    content.iter().any(|inline| match inline {
        Inline::Link { .. } => true,
        Inline::Strong(content) | Inline::Emphasis(content) | Inline::Strike(content) => has_link(content),
        Inline::Text(_) | Inline::Code(_) | Inline::Command(_) | Inline::Break => false,
    })
}
