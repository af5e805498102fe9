//! Markdown to [`Document`]: CommonMark with tables, task lists and strikethrough.
//!
//! What models write as a habit and CommonMark swallows or shows wrongly is mended first (`prepare`). Raw HTML is text, but
//! for `<br>`. Only http, https and mailto addresses become links, images become links too. Line breaks stay as
//! the agent wrote them, as people expect in a chat. Nesting is bounded, so that hostile text can neither exhaust a
//! stack when the tree is walked or dropped nor pass the depth that JSON readers take; deeper text moves up, none is
//! lost. The tree is bounded too: see [`MAX_NODES`] and [`MAX_TABLE_COLUMNS`].

mod bound;
mod prepare;
mod tag;

use pulldown_cmark::{BrokenLink, Event, Options, Parser, Tag, TagEnd};

use crate::address::behind;
use crate::clean::clean;
use crate::visible::trim_breaks;
use crate::{Alignment, Block, Document, Inline, Item};
pub use bound::{MAX_NODES, MAX_TABLE_COLUMNS};
use prepare::Prepared;
pub use tag::MAX_URL_BYTES;
pub(crate) use tag::is_followed;
use tag::{alignment, heading_level, is_line_break, language, named};

/// Deepest nesting of quotes and lists; a list costs five levels of JSON, and readers stop at 128.
pub const MAX_BLOCK_DEPTH: usize = 16;
/// Deepest nesting of bold, italic, struck and linked text.
pub const MAX_INLINE_DEPTH: usize = 8;

impl Document {
    /// Parses Markdown; any text is valid.
    #[must_use]
    pub fn from_markdown(markdown: &str) -> Self {
        let markdown = clean(markdown);
        let options = Options::ENABLE_TABLES | Options::ENABLE_TASKLISTS | Options::ENABLE_STRIKETHROUGH;
        let prepared = Prepared::new(&markdown, options);
        let text = &prepared.text;
        let resolve = |link: BrokenLink<'_>| prepared.resolve(&link);
        let mut builder = Builder::default();
        let mut events = Parser::new_with_broken_link_callback(text, options, Some(resolve)).into_offset_iter();
        while let Some((event, range)) = events.next() {
            match event {
                Event::Start(Tag::Table(align)) if align.len() > MAX_TABLE_COLUMNS => {
                    builder.as_written(&text[range]);
                    events.find(|(event, _)| matches!(event, Event::End(TagEnd::Table)));
                }
                _ if builder.is_full() && !matches!(event, Event::End(_)) => {
                    builder.close();
                    builder.as_written(&text[range.start..]);
                    break;
                }
                event => builder.event(event),
            }
        }
        builder.finish()
    }
}

/// An open quote, list or item.
enum Frame {
    Quote(Vec<Block>),
    List { start: Option<u64>, items: Vec<Item> },
    Item(Item),
}

/// What the open run of text will become.
enum Leaf {
    Paragraph,
    Heading(u8),
    Cell,
}

/// Open formatting within a run of text.
enum Span {
    Strong,
    Emphasis,
    Strike,
    Link(String),
    /// A link with an address that is shown instead of followed.
    Address(String),
    /// Too deep, or an image within a link: only the text counts.
    Flat,
}

#[derive(Default)]
struct Table {
    align: Vec<Alignment>,
    header: Vec<Vec<Inline>>,
    rows: Vec<Vec<Vec<Inline>>>,
    row: Vec<Vec<Inline>>,
}

#[derive(Default)]
struct Builder {
    root: Vec<Block>,
    frames: Vec<Frame>,
    /// Open quotes and lists among the frames.
    depth: usize,
    /// Open quotes, lists and items that are too deep; what they hold goes to the innermost frame.
    flat_frames: usize,
    leaf: Option<Leaf>,
    /// The open run of text.
    content: Vec<Inline>,
    /// Open formatting, and where in `content` it begins.
    spans: Vec<(Span, usize)>,
    /// Open formatting that becomes a node of its own.
    span_depth: usize,
    /// Open links.
    links: usize,
    /// What else is said of the links and images that are open.
    titles: Vec<String>,
    code: Option<(Option<String>, String)>,
    table: Option<Table>,
    /// Blocks, items, cells and inlines so far.
    nodes: usize,
}

impl Builder {
    fn finish(mut self) -> Document {
        self.close_leaf();
        Document { blocks: self.root }
    }

    fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(tag) => self.end(tag),
            Event::Html(tag) | Event::InlineHtml(tag) if is_line_break(&tag) => self.inline(Inline::Break),
            Event::Text(text) | Event::Html(text) | Event::InlineHtml(text) => self.text(&text),
            Event::Code(code) => self.inline(Inline::Code(clean(&code).into_owned())),
            Event::SoftBreak | Event::HardBreak => self.inline(Inline::Break),
            Event::Rule => self.block(Block::Rule),
            Event::TaskListMarker(ticked) => {
                if let (0, Some(Frame::Item(item))) = (self.flat_frames, self.frames.last_mut()) {
                    item.checked = Some(ticked);
                }
            }
            // Not enabled: shown as they were written, should a later parser send them.
            Event::InlineMath(text) | Event::DisplayMath(text) | Event::FootnoteReference(text) => self.text(&text),
        }
    }

    fn start(&mut self, tag: Tag<'_>) {
        match tag {
            Tag::Paragraph | Tag::HtmlBlock => self.open_leaf(Leaf::Paragraph),
            Tag::Heading { level, .. } => self.open_leaf(Leaf::Heading(heading_level(level))),
            Tag::BlockQuote(_) => self.open_frame(Frame::Quote(Vec::new())),
            Tag::CodeBlock(kind) => {
                self.close_leaf();
                if let Some(name) = named(&kind) {
                    self.block(Block::text(clean(name)));
                }
                self.code = Some((language(&kind), String::new()));
            }
            Tag::List(start) => self.open_frame(Frame::List { start, items: Vec::new() }),
            Tag::Item => {
                self.close_leaf();
                if self.flat_frames > 0 {
                    self.flat_frames += 1;
                } else {
                    self.nodes += 1;
                    self.frames.push(Frame::Item(Item { checked: None, blocks: Vec::new() }));
                }
            }
            Tag::Table(align) => {
                self.close_leaf();
                self.table = Some(Table { align: align.into_iter().map(alignment).collect(), ..Table::default() });
            }
            Tag::TableCell => {
                self.nodes += 1;
                self.open_leaf(Leaf::Cell);
            }
            Tag::Strong => self.open_span(Span::Strong),
            Tag::Emphasis => self.open_span(Span::Emphasis),
            Tag::Strikethrough => self.open_span(Span::Strike),
            Tag::Link { dest_url, title, .. } => {
                self.titles.push(title.to_string());
                self.open_span(link(&dest_url));
            }
            Tag::Image { dest_url, title, .. } => {
                self.titles.push(title.to_string());
                self.open_span(if self.links > 0 { Span::Flat } else { link(&dest_url) });
            }
            Tag::TableHead
            | Tag::TableRow
            | Tag::FootnoteDefinition(_)
            | Tag::DefinitionList
            | Tag::DefinitionListTitle
            | Tag::DefinitionListDefinition
            | Tag::Superscript
            | Tag::Subscript
            | Tag::MetadataBlock(_) => {}
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Paragraph | TagEnd::HtmlBlock | TagEnd::Heading(_) => self.close_leaf(),
            TagEnd::BlockQuote(_) | TagEnd::List(_) | TagEnd::Item => self.close_frame(),
            TagEnd::CodeBlock => {
                if let Some((language, mut text)) = self.code.take() {
                    if text.ends_with('\n') {
                        text.pop();
                    }
                    self.block(Block::Code { language, text });
                }
            }
            TagEnd::TableCell => self.close_leaf(),
            TagEnd::TableHead | TagEnd::TableRow => {
                if let Some(table) = &mut self.table {
                    let mut row = std::mem::take(&mut table.row);
                    row.shrink_to_fit();
                    if matches!(tag, TagEnd::TableHead) { table.header = row } else { table.rows.push(row) }
                }
            }
            TagEnd::Table => {
                if let Some(Table { align, header, rows, .. }) = self.table.take() {
                    self.block(Block::Table { align, header, rows });
                }
            }
            TagEnd::Strong | TagEnd::Emphasis | TagEnd::Strikethrough => self.close_span(),
            TagEnd::Link | TagEnd::Image => {
                self.close_span();
                if let Some(title) = self.titles.pop().filter(|title| !title.trim().is_empty()) {
                    self.text(&format!(" ({title})"));
                }
            }
            TagEnd::FootnoteDefinition
            | TagEnd::DefinitionList
            | TagEnd::DefinitionListTitle
            | TagEnd::DefinitionListDefinition
            | TagEnd::Superscript
            | TagEnd::Subscript
            | TagEnd::MetadataBlock(_) => {}
        }
    }

    fn open_frame(&mut self, frame: Frame) {
        self.close_leaf();
        if self.flat_frames > 0 || self.depth == MAX_BLOCK_DEPTH {
            self.flat_frames += 1;
        } else {
            self.depth += 1;
            self.frames.push(frame);
        }
    }

    fn close_frame(&mut self) {
        self.close_leaf();
        if self.flat_frames > 0 {
            self.flat_frames -= 1;
            return;
        }
        match self.frames.pop() {
            Some(Frame::Quote(mut blocks)) => {
                self.depth -= 1;
                blocks.shrink_to_fit();
                self.block(Block::Quote(blocks));
            }
            Some(Frame::List { start, mut items }) => {
                self.depth -= 1;
                items.shrink_to_fit();
                self.block(Block::List { start, items });
            }
            Some(Frame::Item(mut item)) => {
                item.blocks.shrink_to_fit();
                if let Some(Frame::List { items, .. }) = self.frames.last_mut() {
                    items.push(item);
                }
            }
            None => {}
        }
    }

    /// Adds a block to the innermost frame that takes blocks.
    fn block(&mut self, block: Block) {
        self.close_leaf();
        self.nodes += 1;
        let holder = self.frames.iter_mut().rev().find_map(|frame| match frame {
            Frame::Quote(blocks) | Frame::Item(Item { blocks, .. }) => Some(blocks),
            Frame::List { .. } => None,
        });
        holder.unwrap_or(&mut self.root).push(block);
    }

    fn open_leaf(&mut self, leaf: Leaf) {
        self.close_leaf();
        self.leaf = Some(leaf);
    }

    fn close_leaf(&mut self) {
        let Some(leaf) = self.leaf.take() else { return };
        while !self.spans.is_empty() {
            self.close_span();
        }
        let mut content = std::mem::take(&mut self.content);
        trim_breaks(&mut content);
        content.shrink_to_fit();
        match leaf {
            Leaf::Paragraph if content.is_empty() => {}
            Leaf::Paragraph => self.block(Block::Paragraph(content)),
            Leaf::Heading(level) => self.block(Block::Heading { level, content }),
            Leaf::Cell => {
                if let Some(table) = &mut self.table {
                    table.row.push(content);
                }
            }
        }
    }

    fn text(&mut self, text: &str) {
        if let Some((_, code)) = &mut self.code {
            code.push_str(&clean(text));
            return;
        }
        let text = clean(text);
        for (line, part) in text.split('\n').enumerate() {
            if line > 0 {
                self.inline(Inline::Break);
            }
            if !part.is_empty() {
                self.inline(Inline::Text(part.to_owned()));
            }
        }
    }

    /// Adds an inline to the open run of text; a tight list item opens one by this.
    fn inline(&mut self, inline: Inline) {
        if self.leaf.is_none() {
            self.open_leaf(Leaf::Paragraph);
        }
        let begun = self.spans.last().map_or(0, |(_, start)| *start);
        match (self.content[begun..].last_mut(), inline) {
            (Some(Inline::Text(before)), Inline::Text(text)) => before.push_str(&text),
            (_, inline) => {
                self.nodes += 1;
                self.content.push(inline);
            }
        }
    }

    fn open_span(&mut self, span: Span) {
        if self.leaf.is_none() {
            self.open_leaf(Leaf::Paragraph);
        }
        let span = match span {
            Span::Address(url) => Span::Address(url),
            Span::Link(url) if self.span_depth == MAX_INLINE_DEPTH => Span::Address(url),
            _ if self.span_depth == MAX_INLINE_DEPTH => Span::Flat,
            span => span,
        };
        self.links += usize::from(matches!(span, Span::Link(_)));
        let is_node = !matches!(span, Span::Flat | Span::Address(_));
        self.span_depth += usize::from(is_node);
        self.nodes += usize::from(is_node);
        self.spans.push((span, self.content.len()));
    }

    fn close_span(&mut self) {
        let Some((span, start)) = self.spans.pop() else { return };
        let wrap: fn(Vec<Inline>) -> Inline = match span {
            Span::Strong => Inline::Strong,
            Span::Emphasis => Inline::Emphasis,
            Span::Strike => Inline::Strike,
            Span::Link(url) => {
                self.links -= 1;
                self.span_depth -= 1;
                let mut content = self.content.split_off(start);
                if content.iter().all(|inline| matches!(inline, Inline::Break)) {
                    content.push(Inline::Text(url.clone()));
                }
                self.content.push(Inline::Link { url, content });
                return;
            }
            Span::Address(url) => return self.show_address(url, start),
            Span::Flat => return,
        };
        self.span_depth -= 1;
        let content = self.content.split_off(start);
        if !content.is_empty() {
            self.content.push(wrap(content));
        }
    }

    /// Adds the address of a link that nobody shall follow, where its text does not already say it.
    fn show_address(&mut self, url: String, start: usize) {
        let shown = behind(&self.content[start..], &url);
        self.content.extend(shown);
    }
}

fn link(url: &str) -> Span {
    let url = clean(url).replace(['\n', '\t'], "");
    if is_followed(&url) { Span::Link(url) } else { Span::Address(url) }
}

#[cfg(test)]
mod tests;
