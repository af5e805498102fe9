//! A document as text and message entities.
//!
//! Offsets are counted in UTF-16 code units while the text grows. Entities come out as Telegram wants them: in order,
//! nested or apart, nothing within code, one level of quotes, never over white space at the end of the text, which the
//! server cuts off.
//!
//! # Names and commands
//! Telegram makes a link, and a notification, of every `@name` outside code. A name in an agent's or alert's text is
//! therefore set as code: it reads and copies as it was and pings nobody. What Telegram takes for the middle of a word is its
//! own affair (`ⓐ@name` pings), so that only an ASCII letter, digit or `_` before the `@` tells that it is none. `tg://` and
//! `ton://` lead to people and settings, and are set as code, too. `/command` and web addresses become links that do nothing
//! until a person taps them; they stay.

use std::ops::Range;

use signalbox_adapter::{Block, Document, Inline, Item, align_table};
use teloxide::types::{MessageEntity, MessageEntityKind};

use crate::address::link;
use crate::body::{Body, utf16_len};

/// Widest table that is shown aligned, in columns of a phone's fixed-width face.
pub(crate) const TABLE_WIDTH: usize = 48;

/// Most entities in one message; Telegram leaves out the rest.
/// Source: <https://limits.tginfo.me/en>, read 2026-11.
pub(crate) const MAX_ENTITIES: usize = 100;

/// Longest name of a language at a code block, in bytes.
const MAX_LANGUAGE_BYTES: usize = 32;

/// Most characters of a text and of the addresses behind its words together; Telegram refuses a message of more than about
/// 9,500.
const MAX_WITH_ADDRESSES: usize = 9_000;

/// A document as one message.
pub(crate) struct Written {
    /// The message.
    pub(crate) body: Body,
    /// The worst that there is no room for.
    pub(crate) left_out: Option<Worth>,
}

/// Writes a document as one message.
#[must_use]
pub(crate) fn write(document: &Document) -> Written {
    let mut writer = Writer::default();
    writer.blocks(&document.blocks, "");
    writer.finish()
}

/// Schemes of addresses that lead into Telegram's apps.
const APP_SCHEMES: [&str; 3] = ["tg", "ton", "tonsite"];

/// What would be lost without an entity, the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Worth {
    /// Somebody would be pinged.
    Silence,
    /// A block would not read as what it is.
    Block,
    /// A link would not lead anywhere.
    Link,
    /// Code would look like text.
    Code,
    /// Text would look plainer.
    Look,
}

#[derive(Default)]
struct Writer {
    text: String,
    /// Length of `text` in UTF-16 code units.
    at: usize,
    entities: Vec<(Worth, MessageEntity)>,
    /// Formats that are open, outermost first, each with its beginning.
    open: Vec<(MessageEntityKind, usize)>,
    quoted: bool,
    /// The last character, to tell `@name` from an address.
    last: Option<char>,
}

impl Writer {
    fn push(&mut self, text: &str) {
        self.text.push_str(text);
        self.at += utf16_len(text);
        self.last = text.chars().next_back().or(self.last);
    }

    /// Opens a format, unless it is open already.
    fn within(&mut self, kind: MessageEntityKind, write: impl FnOnce(&mut Self)) {
        let is_link = matches!(kind, MessageEntityKind::TextLink { .. });
        let is_open = |(open, _): &(MessageEntityKind, usize)| {
            *open == kind || (is_link && matches!(open, MessageEntityKind::TextLink { .. }))
        };
        if self.open.iter().any(is_open) {
            return write(self);
        }
        self.open.push((kind, self.at));
        write(self);
        if let Some((kind, from)) = self.open.pop() {
            self.mark(kind, from);
        }
    }

    fn mark(&mut self, kind: MessageEntityKind, from: usize) {
        if self.at > from {
            let worth = worth(&kind);
            self.entities.push((worth, MessageEntity::new(kind, from, self.at - from)));
        }
    }

    /// Writes code: nothing may be around it but a quote, so what is open ends here and begins anew behind it.
    fn code(&mut self, kind: MessageEntityKind, text: &str) {
        let open = std::mem::take(&mut self.open);
        for (kind, from) in open.iter().rev().cloned() {
            self.mark(kind, from);
        }
        let from = self.at;
        self.push(text);
        if self.at > from {
            let worth = if text.contains('@') { Worth::Silence } else { worth(&kind) };
            self.entities.push((worth, MessageEntity::new(kind, from, self.at - from)));
        }
        self.open = open.into_iter().map(|(kind, _)| (kind, self.at)).collect();
    }

    fn is_link_open(&self) -> bool {
        self.open.iter().any(|(kind, _)| matches!(kind, MessageEntityKind::TextLink { .. }))
    }

    fn blocks(&mut self, blocks: &[Block], indent: &str) {
        for (at, block) in blocks.iter().enumerate() {
            if at > 0 {
                self.push("\n\n");
                self.push(indent);
            }
            self.block(block, indent);
        }
    }

    fn block(&mut self, block: &Block, indent: &str) {
        match block {
            Block::Paragraph(content) => self.inlines(content, indent),
            Block::Heading { level: _, content } => {
                self.within(MessageEntityKind::Bold, |writer| writer.inlines(content, indent));
            }
            Block::Code { language, text } => {
                let language = language.as_deref().and_then(language_name);
                self.code(MessageEntityKind::Pre { language }, text);
            }
            Block::Quote(blocks) if self.quoted => self.blocks(blocks, indent),
            Block::Quote(blocks) => {
                let from = self.at;
                self.quoted = true;
                self.blocks(blocks, indent);
                self.quoted = false;
                self.mark(MessageEntityKind::Blockquote, from);
            }
            Block::List { start, items } => self.list(*start, items, indent),
            Block::Table { align, header, rows } => {
                let text = align_table(align, header, rows, TABLE_WIDTH);
                self.code(MessageEntityKind::Pre { language: None }, &text);
            }
            Block::Rule => self.push("———"),
            Block::Details { .. } if self.quoted => self.blocks(&block.simpler(), indent),
            Block::Details { .. } => {
                let from = self.at;
                self.quoted = true;
                self.blocks(&block.simpler(), indent);
                self.quoted = false;
                self.mark(MessageEntityKind::ExpandableBlockquote, from);
            }
            Block::Chart(_) => self.blocks(&block.simpler(), indent),
        }
    }

    fn list(&mut self, start: Option<u64>, items: &[Item], indent: &str) {
        let inner = format!("{indent}  ");
        for (at, item) in items.iter().enumerate() {
            if at > 0 {
                self.push("\n");
                self.push(indent);
            }
            match start {
                Some(start) => self.push(&format!("{}. ", start.saturating_add(at as u64))),
                None => self.push("• "),
            }
            match item.checked {
                Some(true) => self.push("[x] "),
                Some(false) => self.push("[ ] "),
                None => {}
            }
            self.blocks(&item.blocks, &inner);
        }
    }

    fn inlines(&mut self, inlines: &[Inline], indent: &str) {
        for inline in inlines {
            self.inline(inline, indent);
        }
    }

    fn inline(&mut self, inline: &Inline, indent: &str) {
        match inline {
            Inline::Text(text) => self.plain(text, indent),
            // The address matters more than the face.
            Inline::Code(text) | Inline::Command(text) if self.is_link_open() => self.push(text),
            Inline::Code(text) | Inline::Command(text) => self.code(MessageEntityKind::Code, text),
            Inline::Strong(content) => self.within(MessageEntityKind::Bold, |writer| writer.inlines(content, indent)),
            Inline::Emphasis(content) => {
                self.within(MessageEntityKind::Italic, |writer| writer.inlines(content, indent));
            }
            Inline::Strike(content) => {
                self.within(MessageEntityKind::Strikethrough, |writer| writer.inlines(content, indent));
            }
            Inline::Link { url, content } => match link(url) {
                Some(link) => self.within(link, |writer| writer.inlines(content, indent)),
                None => self.inlines(content, indent),
            },
            Inline::Break => {
                self.push("\n");
                self.push(indent);
            }
        }
    }

    /// Writes running text, each `@name` in it as code.
    fn plain(&mut self, text: &str, indent: &str) {
        let mut lines = text.split('\n');
        if let Some(line) = lines.next() {
            self.line(line);
        }
        for line in lines {
            self.push("\n");
            self.push(indent);
            self.line(line);
        }
    }

    fn line(&mut self, line: &str) {
        let mut rest = line;
        while let Some(live) = live(rest, self.last) {
            self.push(&rest[..live.start]);
            self.name(&rest[live.clone()]);
            rest = &rest[live.end..];
        }
        self.push(rest);
    }

    fn name(&mut self, name: &str) {
        if self.is_link_open() {
            // Within a link Telegram looks for no names.
            self.push(name);
        } else {
            self.code(MessageEntityKind::Code, name);
        }
    }

    /// Takes away what the server would, and puts the entities in order.
    fn finish(mut self) -> Written {
        let kept = self.text.trim_end().len();
        let end = self.at - utf16_len(&self.text[kept..]);
        self.text.truncate(kept);
        let first = self.entities.iter().map(|(_, entity)| entity.offset).min().unwrap_or(usize::MAX);
        let leading = self.text.chars().take_while(|c| c.is_whitespace() && c.len_utf16() == 1).take(first).count();
        let bytes = self.text.char_indices().nth(leading).map_or(self.text.len(), |(at, _)| at);
        let text = self.text.split_off(bytes);
        let (mut entities, left_out) = limited(self.entities, end);
        for entity in &mut entities {
            entity.length = entity.length.min(end.saturating_sub(entity.offset));
            entity.offset -= leading.min(entity.offset);
        }
        entities.retain(|entity| entity.length > 0);
        // Outer before inner; of two over the same text the quote is outer.
        entities.sort_by_key(|entity| {
            let is_inner = !is_quote(&entity.kind);
            (entity.offset, std::cmp::Reverse(entity.length), is_inner)
        });
        Written { body: Body { text, entities, charts: Vec::new() }, left_out }
    }
}

/// Leaves out the least important formatting where there is too much; where even the most important is, all is code.
fn limited(mut entities: Vec<(Worth, MessageEntity)>, end: usize) -> (Vec<MessageEntity>, Option<Worth>) {
    // Stable, so that of what is worth the same the first stay.
    entities.sort_by_key(|(worth, _)| *worth);
    let mut size = end;
    let mut fits = |(at, (_, entity)): (usize, &(Worth, MessageEntity))| {
        if let MessageEntityKind::TextLink { url } = &entity.kind {
            size += url.as_str().len();
        }
        at < MAX_ENTITIES && size <= MAX_WITH_ADDRESSES
    };
    let fitting = entities.iter().enumerate().take_while(|entity| fits(*entity)).count();
    let left_out = entities.get(fitting).map(|(worth, _)| *worth);
    if left_out.is_some_and(|worth| worth <= Worth::Block) {
        return (vec![MessageEntity::pre(None, 0, end)], left_out);
    }
    (entities.into_iter().take(fitting).map(|(_, entity)| entity).collect(), left_out)
}

fn is_quote(kind: &MessageEntityKind) -> bool {
    matches!(kind, MessageEntityKind::Blockquote | MessageEntityKind::ExpandableBlockquote)
}

fn worth(kind: &MessageEntityKind) -> Worth {
    match kind {
        kind if is_quote(kind) => Worth::Block,
        MessageEntityKind::Pre { .. } => Worth::Block,
        MessageEntityKind::TextLink { .. } => Worth::Link,
        MessageEntityKind::Code => Worth::Code,
        _ => Worth::Look,
    }
}

/// Finds the first thing in a line that Telegram would make live: a name, or an address of its own apps; `before` is what stands
/// before the line.
pub(crate) fn live(line: &str, before: Option<char>) -> Option<Range<usize>> {
    let end_of = |from: usize, is_in: fn(char) -> bool| {
        line[from..].find(|c| !is_in(c)).map_or(line.len(), |length| from + length)
    };
    let name = |at: usize| {
        let before = line[..at].chars().next_back().or(before);
        let end = end_of(at + 1, is_word);
        (end > at + 1 && !before.is_some_and(is_word)).then_some(at..end)
    };
    let address = |at: usize| {
        let scheme = line[..at].bytes().rev().take_while(u8::is_ascii_alphabetic).count();
        let is_own = APP_SCHEMES.iter().any(|own| line[at - scheme..at].to_ascii_lowercase().ends_with(own));
        is_own.then(|| at - scheme..end_of(at, |c| !c.is_whitespace()))
    };
    let mut names = line.match_indices('@').filter_map(|(at, _)| name(at));
    let mut addresses = line.match_indices("://").filter_map(|(at, _)| address(at));
    [names.next(), addresses.next()].into_iter().flatten().min_by_key(|part| part.start)
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

fn language_name(language: &str) -> Option<String> {
    let is_name = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'#' | b'-' | b'_' | b'.');
    let fits = (1..=MAX_LANGUAGE_BYTES).contains(&language.len()) && language.bytes().all(is_name);
    fits.then(|| language.to_owned())
}
