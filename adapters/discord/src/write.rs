//! A document as Discord's Markdown.
//!
//! Discord has no tables (they become code blocks), one level of quotes, three of headings, and no rules. A format that
//! could not be told from what stands beside it is left out: text before looks.

use signalbox_adapter::{Block, Document, Inline, Item, align_table, inline_text};

use crate::escape;

/// Widest table that is shown aligned, in columns of a phone's fixed-width face.
pub(crate) const TABLE_WIDTH: usize = 48;

/// Longest name of a language at a code block, in bytes.
pub(crate) const MAX_LANGUAGE_BYTES: usize = 32;

/// What keeps three backticks from ending a code block.
const APART: char = '\u{200b}';

/// Writes a document as one message.
#[must_use]
pub(crate) fn write(document: &Document) -> String {
    let mut writer = Writer::default();
    writer.blocks(&document.blocks, "");
    let end = writer.out.trim_end().len();
    writer.out.truncate(end);
    writer.out
}

#[derive(Default)]
struct Writer {
    out: String,
    /// Whether nothing but layout stands before what comes next in its line.
    starts: bool,
    /// Formats that are open; none is opened twice.
    open: Vec<&'static str>,
    /// Where the last mark made of stars ends.
    star_end: usize,
    quoted: bool,
    in_link: bool,
}

impl Writer {
    fn blocks(&mut self, blocks: &[Block], prefix: &str) {
        for (at, block) in blocks.iter().enumerate() {
            if at > 0 {
                self.line_break("");
                let prefix_alone = prefix.trim_end();
                self.out.push_str(prefix_alone);
                // Without it the sign would be text, and end the quote.
                if prefix_alone.ends_with('>') {
                    self.out.push(' ');
                }
                self.line_break(prefix);
            }
            self.starts = true;
            self.block(block, prefix);
        }
    }

    fn line_break(&mut self, prefix: &str) {
        self.out.push('\n');
        self.out.push_str(prefix);
        self.starts = true;
    }

    fn block(&mut self, block: &Block, prefix: &str) {
        match block {
            Block::Paragraph(content) => self.inlines(content, prefix),
            Block::Heading { level, content } => self.heading(*level, content),
            Block::Code { language, text } => self.code_block(language.as_deref(), text, prefix),
            Block::Quote(blocks) if self.quoted => self.blocks(blocks, prefix),
            Block::Quote(blocks) => {
                self.quoted = true;
                self.out.push_str("> ");
                self.blocks(blocks, &format!("{prefix}> "));
                self.quoted = false;
            }
            Block::List { start, items } => self.list(*start, items, prefix),
            Block::Table { align, header, rows } => {
                self.code_block(None, &align_table(align, header, rows, TABLE_WIDTH), prefix);
            }
            Block::Rule => self.out.push_str("———"),
            // There is nothing to fold with.
            Block::Details { .. } | Block::Chart(_) => self.blocks(&block.simpler(), prefix),
        }
    }

    fn heading(&mut self, level: u8, content: &[Inline]) {
        let content: Vec<Inline> = content.iter().map(on_one_line).collect();
        if inline_text(&content).trim().is_empty() {
            return;
        }
        match level {
            0..=3 => {
                self.out.push_str(&"#".repeat(usize::from(level.max(1))));
                self.out.push(' ');
                self.inlines(&content, "");
            }
            4.. => self.marked("**", &content, ""),
        }
    }

    fn code_block(&mut self, language: Option<&str>, text: &str, prefix: &str) {
        if text.trim().is_empty() {
            return;
        }
        self.out.push_str("```");
        self.out.push_str(language.filter(|name| is_language(name)).unwrap_or_default());
        for line in text.split('\n') {
            self.line_break(prefix);
            let mut run = 0;
            for c in line.chars() {
                run = if c == '`' { run + 1 } else { 0 };
                if run > 1 {
                    self.out.push(APART);
                }
                self.out.push(c);
            }
        }
        self.line_break(prefix);
        self.out.push_str("```");
        self.starts = false;
    }

    fn list(&mut self, start: Option<u64>, items: &[Item], prefix: &str) {
        let inner = format!("{prefix}  ");
        for (at, item) in items.iter().enumerate() {
            if at > 0 {
                self.line_break(prefix);
            }
            match start {
                Some(start) => self.out.push_str(&format!("{}. ", start.saturating_add(at as u64))),
                None => self.out.push_str("- "),
            }
            match item.checked {
                Some(true) => self.out.push_str("☑ "),
                Some(false) => self.out.push_str("☐ "),
                None => {}
            }
            self.blocks(&item.blocks, &inner);
        }
    }

    fn inlines(&mut self, inlines: &[Inline], prefix: &str) {
        for inline in inlines {
            self.inline(inline, prefix);
        }
    }

    fn inline(&mut self, inline: &Inline, prefix: &str) {
        match inline {
            Inline::Text(text) => self.plain(text, prefix),
            Inline::Code(text) | Inline::Command(text) => self.code(text, prefix),
            Inline::Strong(content) => self.marked("**", content, prefix),
            Inline::Emphasis(content) => self.marked("*", content, prefix),
            Inline::Strike(content) => self.marked("~~", content, prefix),
            Inline::Link { url, content } => self.link(url, content, prefix),
            Inline::Break => self.line_break(prefix),
        }
    }

    fn plain(&mut self, text: &str, prefix: &str) {
        for (at, line) in text.split('\n').enumerate() {
            if at > 0 {
                self.line_break(prefix);
            }
            escape::push_line(&mut self.out, line, self.starts);
            self.starts &= line.trim_start().is_empty();
        }
    }

    fn code(&mut self, text: &str, prefix: &str) {
        let runs = runs_of_backticks(text);
        let fence = match () {
            () if text.trim().is_empty() || text.contains('\n') => None,
            () if !runs.contains(&1) => Some("`"),
            () if !runs.contains(&2) => Some("``"),
            () => None,
        };
        // Three in a row would begin a code block, also with one that stands before.
        let is_apart = !self.out.ends_with('`') && runs.iter().all(|run| *run < 3);
        let Some(fence) = fence.filter(|_| is_apart) else { return self.plain(text, prefix) };
        self.leave_address();
        let pad = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
        self.out.push_str(&[fence, pad, text, pad, fence].concat());
        self.starts = false;
    }

    /// Writes content between two marks; white space at its ends stays outside of them.
    fn marked(&mut self, mark: &'static str, content: &[Inline], prefix: &str) {
        let is_star = mark.starts_with('*');
        let touches = is_star && self.star_end == self.out.len() && self.star_end > 0;
        if self.open.contains(&mark) || touches {
            return self.inlines(content, prefix);
        }
        let (begin, started) = (self.out.len(), self.starts);
        self.open.push(mark);
        self.inlines(content, prefix);
        self.open.pop();
        let written = &self.out[begin..];
        let from = begin + written.len() - written.trim_start().len();
        let to = begin + written.trim_end().len();
        // A block of its own within the marks, or nothing at all, takes no marks.
        if from >= to || self.out[from..to].contains("```") {
            return;
        }
        self.out.insert_str(to, mark);
        self.out.insert_str(from, mark);
        let apart = usize::from(ends_in_address(&self.out[..from]));
        if apart > 0 {
            self.out.insert(from, ' ');
        }
        if is_star {
            self.star_end = to + 2 * mark.len() + apart;
        }
        self.starts &= started;
    }

    /// Lets no mark that comes next belong to a web address.
    fn leave_address(&mut self) {
        if ends_in_address(&self.out) {
            self.out.push(' ');
        }
    }

    fn link(&mut self, url: &str, content: &[Inline], prefix: &str) {
        let words = inline_text(content);
        if self.in_link || words.trim().is_empty() {
            return self.inlines(content, prefix);
        }
        let address = encoded(url);
        self.starts = false;
        if words == url {
            self.out.push_str(&["<", &address, ">"].concat());
            return;
        }
        // Words that look like an address themselves are no link to Discord.
        let is_plain = words.contains("://") || words.contains('\n');
        if is_plain {
            self.inlines(content, prefix);
            self.out.push_str(&[" (<", &address, ">)"].concat());
            return;
        }
        self.leave_address();
        self.out.push('[');
        self.in_link = true;
        self.inlines(content, prefix);
        self.in_link = false;
        self.out.push_str(&["](<", &address, ">)"].concat());
    }
}

/// Whether a text ends in a web address, to which everything up to the next space belongs for Discord.
fn ends_in_address(text: &str) -> bool {
    let word = text.rsplit(char::is_whitespace).next().unwrap_or_default();
    let at = ["https://", "http://"].into_iter().filter_map(|scheme| word.rfind(scheme)).max();
    at.is_some_and(|at| !word[at..].contains(['<', '>']))
}

fn on_one_line(inline: &Inline) -> Inline {
    match inline {
        Inline::Break => Inline::Text(" ".to_owned()),
        Inline::Text(_) | Inline::Code(_) | Inline::Command(_) | Inline::Link { .. } => inline.clone(),
        Inline::Strong(content) => Inline::Strong(content.iter().map(on_one_line).collect()),
        Inline::Emphasis(content) => Inline::Emphasis(content.iter().map(on_one_line).collect()),
        Inline::Strike(content) => Inline::Strike(content.iter().map(on_one_line).collect()),
    }
}

/// Tells whether a word can stand at a fence: a letter, digit or one of few signs each.
pub(crate) fn is_language(name: &str) -> bool {
    let is_sign = |b: u8| b.is_ascii_alphanumeric() || b"_+-.#".contains(&b);
    (1..=MAX_LANGUAGE_BYTES).contains(&name.len()) && name.bytes().all(is_sign)
}

fn runs_of_backticks(text: &str) -> Vec<usize> {
    text.split(|c| c != '`').map(str::len).filter(|run| *run > 0).collect()
}

/// Writes an address so that it ends where the brackets around it do.
fn encoded(url: &str) -> String {
    let mut address = String::with_capacity(url.len());
    for c in url.chars() {
        match c {
            '(' => address.push_str("%28"),
            ')' => address.push_str("%29"),
            '<' => address.push_str("%3C"),
            '>' => address.push_str("%3E"),
            '\\' => address.push_str("%5C"),
            c if c.is_whitespace() => address.push_str("%20"),
            c => address.push(c),
        }
    }
    address
}

/// Returns what an address costs at most, in UTF-16 code units.
pub(crate) fn address_price(url: &str) -> usize {
    let price = |c: char| match c {
        '(' | ')' | '<' | '>' | '\\' => 3,
        c if c.is_whitespace() => 3,
        c => c.len_utf16(),
    };
    url.chars().map(price).sum()
}
