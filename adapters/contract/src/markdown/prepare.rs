//! What is mended in a text before it is parsed, so that nothing a model wrote vanishes or reads wrongly.
//!
//! | what models write | what CommonMark makes of it | here |
//! |---|---|---|
//! | `[ERROR]: OOMKilled`, a list of sources | a link's definition, which is not shown | text, unless a link uses it |
//! | `**根因：**磁盘已满`, the same with `*`, `~~`, `__` | marks, as no space follows the bold text | bold |
//! | `[^1]: see the log`, a footnote | a link's definition where it is one word | text, and `[^1]` too |
//! | a row with more cells than the table has columns | a shorter row | the last cell holds the rest |
//! | a block with a language in a `markdown` block, both with three backticks | the inner end ends both | nested |
//!
//! Everything else is CommonMark.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;

use pulldown_cmark::{BrokenLink, CowStr, Event, LinkType, Options, Parser, Tag};

use super::is_followed;

/// White space to the parser, and to [`clean`](crate::clean()) a control character: the text that is parsed has none, and
/// what is shown has none again.
const SPACE: char = '\u{85}';

/// A text that is ready to be parsed.
pub(super) struct Prepared<'a> {
    /// The text.
    pub(super) text: Cow<'a, str>,
    /// Where links lead that are defined elsewhere in the text, by their labels.
    links: BTreeMap<String, String>,
}

impl<'a> Prepared<'a> {
    /// Mends a text that is clean.
    pub(super) fn new(markdown: &'a str, options: Options) -> Self {
        let text = nested_fences(markdown);
        let may_need = text.contains("]:") || text.contains('|') || (text.contains(MARKS) && text.contains(is_cjk));
        if !may_need {
            return Self { text, links: BTreeMap::new() };
        }
        let (links, mends) = Survey::of(&text, options);
        let text = if mends.is_empty() { text } else { Cow::Owned(insert(&text, mends)) };
        Self { text, links }
    }

    /// Says where a link leads whose definition the parser does not see any more.
    pub(super) fn resolve(&self, link: &BrokenLink<'_>) -> Option<(CowStr<'static>, CowStr<'static>)> {
        let url = self.links.get(&label(&link.reference))?;
        Some((CowStr::from(url.clone()), CowStr::from("")))
    }
}

/// A label as labels are compared: case and runs of white space do not count.
fn label(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

/// Puts texts in, each at its place.
fn insert(text: &str, mut mends: Vec<(usize, char)>) -> String {
    mends.sort_unstable();
    let mut mended = String::with_capacity(text.len() + 2 * mends.len());
    let mut done = 0;
    for (at, c) in mends {
        mended.push_str(&text[done..at]);
        mended.push(c);
        done = at;
    }
    mended.push_str(&text[done..]);
    mended
}

/// What a first parse finds.
#[derive(Default)]
struct Survey {
    /// What the parser shows nothing of: definitions of links, and marks.
    gaps: Vec<Range<usize>>,
    /// End of what it shows, so far.
    shown_to: usize,
    /// Labels that links use.
    used: Vec<String>,
    /// Open runs of text.
    runs: Vec<Range<usize>>,
    /// The run that was looked at last for marks.
    looked_at: Range<usize>,
    /// Runs of text in which marks are shown, with Chinese, Japanese or Korean.
    marked: Vec<Range<usize>>,
    /// Code within text.
    codes: Vec<Range<usize>>,
}

impl Survey {
    /// Returns where used links lead, and what is to be put in.
    fn of(text: &str, options: Options) -> (BTreeMap<String, String>, Vec<(usize, char)>) {
        let mut survey = Self::default();
        let mut events = Parser::new_ext(text, options).into_offset_iter();
        for (event, range) in events.by_ref() {
            survey.event(text, &event, range);
        }
        survey.shows(&(text.len()..text.len()));
        let definitions = events.reference_definitions();
        let mut links = BTreeMap::new();
        let mut spans = Vec::new();
        for used in &survey.used {
            // A note at the foot is no link, unless it is nothing but an address.
            let is_note = |url: &str| used.starts_with('^') && !is_followed(url);
            if let Some(definition) = definitions.get(used).filter(|it| !is_note(&it.dest)) {
                links.insert(label(used), definition.dest.to_string());
                spans.push(definition.span.clone());
            }
        }
        spans.sort_unstable_by_key(|span| span.start);
        let hidden = survey.definitions(text, &spans).into_iter().chain(survey.cells(text));
        let mut mends: Vec<_> = hidden.map(|at| (at, '\\')).collect();
        for run in &survey.marked {
            marks(text, run, &survey.codes, &mut mends);
        }
        mends.sort_unstable();
        mends.dedup();
        (links, mends)
    }

    fn event(&mut self, text: &str, event: &Event<'_>, range: Range<usize>) {
        match event {
            Event::Start(Tag::Link { link_type, id, .. } | Tag::Image { link_type, id, .. }) => {
                self.shows(&range);
                if matches!(link_type, LinkType::Reference | LinkType::Collapsed | LinkType::Shortcut) {
                    self.used.push(id.to_string());
                }
            }
            Event::Start(Tag::CodeBlock(_) | Tag::HtmlBlock) | Event::Html(_) => self.shows(&range),
            Event::Start(Tag::Paragraph | Tag::Heading { .. } | Tag::TableCell | Tag::Item) => self.runs.push(range),
            Event::End(tag) if is_run(*tag) => {
                self.runs.pop();
            }
            Event::Text(_) => {
                if text[range.clone()].contains(MARKS)
                    && let Some(run) = self.runs.last().filter(|run| **run != self.looked_at)
                {
                    self.looked_at = run.clone();
                    if text[run.clone()].contains(is_cjk) {
                        self.marked.push(run.clone());
                    }
                }
                self.shows(&range);
            }
            Event::Code(_) => {
                self.codes.push(range.clone());
                self.shows(&range);
            }
            Event::InlineHtml(_) | Event::TaskListMarker(_) | Event::Rule => self.shows(&range),
            _ => {}
        }
    }

    fn shows(&mut self, range: &Range<usize>) {
        if range.start > self.shown_to {
            self.gaps.push(self.shown_to..range.start);
        }
        self.shown_to = self.shown_to.max(range.end);
    }

    /// Returns where cells begin that no column is there for.
    fn cells(&self, text: &str) -> Vec<usize> {
        let mut found = Vec::new();
        for gap in &self.gaps {
            let mut start = gap.start;
            for line in text[gap.clone()].split_inclusive('\n') {
                for (at, _) in line.match_indices('|') {
                    let rest = &line[at + 1..];
                    let cell = rest.split('|').next().unwrap_or_default();
                    // The marks before what is shown of a cell are no cell of their own.
                    let is_shown = cell.len() == rest.len() && !line.ends_with('\n') && gap.end < text.len();
                    // Only dashes: the line below the header.
                    if !is_shown && cell.contains(|c: char| !c.is_whitespace() && !"-:>".contains(c)) {
                        found.push(start + at);
                    }
                }
                start += line.len();
            }
        }
        found
    }

    /// Returns where definitions begin that no link uses.
    fn definitions(&self, text: &str, used: &[Range<usize>]) -> Vec<usize> {
        let mut found = Vec::new();
        for gap in &self.gaps {
            for (at, _) in text[gap.clone()].match_indices('[') {
                let at = gap.start + at;
                let line = text[..at].rfind('\n').map_or(0, |end| end + 1);
                let before = &text[line.max(gap.start)..at];
                let begins = before.chars().all(|c| c.is_whitespace() || c.is_ascii_digit() || ">-+*.)".contains(c));
                let next = used.partition_point(|span| span.start <= at);
                let is_used = next.checked_sub(1).is_some_and(|last| used[last].contains(&at));
                if begins && !is_used {
                    found.push(at);
                }
            }
        }
        found
    }
}

fn is_run(tag: pulldown_cmark::TagEnd) -> bool {
    use pulldown_cmark::TagEnd;
    matches!(tag, TagEnd::Paragraph | TagEnd::Heading(_) | TagEnd::TableCell | TagEnd::Item)
}

/// What emphasis is made of.
const MARKS: [char; 3] = ['*', '_', '~'];
/// Most marks that stand together and mean something.
const MAX_MARKS: usize = 3;

/// Where some marks of a kind stand.
struct Marks {
    mark: char,
    length: usize,
    before: Option<char>,
    after: Option<char>,
}

impl Marks {
    /// Whether Chinese, Japanese or Korean stands beside them, so that they mean what they would mean between spaces. One mark
    /// alone may be a product or part of a name: then it stands on both sides.
    fn is_beside_cjk(&self) -> bool {
        let both = [self.before, self.after];
        let is_alone = self.is_alone();
        both.iter().flatten().any(|c| is_cjk(*c)) && (!is_alone || both.iter().all(|c| c.is_some_and(may_be_cjk)))
    }

    /// Whether they often stand for themselves.
    fn is_alone(&self) -> bool {
        self.mark == '_' || (self.mark, self.length) == ('*', 1)
    }

    fn opens(&self) -> bool {
        !self.after.is_none_or(char::is_whitespace)
    }

    fn closes(&self) -> bool {
        !self.before.is_none_or(char::is_whitespace)
    }

    /// Whether the parser takes them for the beginning or the end of something only with a space outside; `inside` and
    /// `outside` are the characters on either side of them.
    fn need_space(&self, inside: Option<char>, outside: Option<char>) -> bool {
        let is_free = outside.is_none_or(|c| c.is_whitespace() || is_punctuation(c));
        !is_free && (self.mark == '_' || inside.is_some_and(is_punctuation))
    }
}

/// Finds where a space has to be, so that the marks of a run of text open and close by turns where they stand next to Chinese,
/// Japanese or Korean.
fn marks(text: &str, run: &Range<usize>, codes: &[Range<usize>], mends: &mut Vec<(usize, char)>) {
    // By mark and number, and whether such as was opened may be closed here.
    let mut open: [[Option<bool>; MAX_MARKS]; MARKS.len()] = Default::default();
    let mut at = run.start;
    while let Some(next) = text[at..run.end].find(['*', '_', '~', '\\', '`']) {
        at += next;
        let code = codes.partition_point(|code| code.end <= at);
        if let Some(code) = codes.get(code).filter(|code| code.contains(&at)) {
            at = code.end.min(run.end);
            continue;
        }
        let Some(kind) = MARKS.iter().position(|mark| text[at..].starts_with(*mark)) else {
            // A backslash and what it takes the meaning of; a backtick that is no code.
            at += 1;
            at += text[at..run.end].chars().next().filter(|c| c.is_ascii_punctuation()).map_or(0, char::len_utf8);
            continue;
        };
        let mark = MARKS[kind];
        let end = text[at..run.end].find(|c| c != mark).map_or(run.end, |length| at + length);
        let (before, after) = (text[run.start..at].chars().next_back(), text[end..run.end].chars().next());
        let marks = Marks { mark, length: end - at, before, after };
        // One tilde is between two numbers.
        if marks.length <= MAX_MARKS && (mark != '~' || marks.length == 2) {
            let opened = &mut open[kind][marks.length - 1];
            match *opened {
                Some(is_ours) if marks.closes() => {
                    *opened = None;
                    if is_ours && marks.is_beside_cjk() && marks.need_space(before, after) {
                        mends.push((end, SPACE));
                    }
                }
                None if marks.opens() => {
                    *opened = Some(!marks.is_alone() || after.is_some_and(may_be_cjk));
                    if marks.is_beside_cjk() && marks.need_space(after, before) {
                        mends.push((at, SPACE));
                    }
                }
                Some(_) | None => {}
            }
        }
        at = end;
    }
}

/// Neither a letter nor white space: what the rules of emphasis take for punctuation.
fn is_punctuation(c: char) -> bool {
    !c.is_alphanumeric() && !c.is_whitespace()
}

/// Whether a character is of Chinese, Japanese or Korean text, its punctuation and full-width forms included.
fn is_cjk(c: char) -> bool {
    matches!(c, '\u{2e80}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}' | '\u{f900}'..='\u{faff}' | '\u{fe30}'..='\u{fe4f}'
        | '\u{ff00}'..='\u{ffef}' | '\u{20000}'..='\u{3ffff}')
}

/// The same, or punctuation that such text uses, too.
fn may_be_cjk(c: char) -> bool {
    is_cjk(c) || !c.is_ascii() && is_punctuation(c)
}

/// A line that begins or ends a block of code.
struct Fence<'a> {
    mark: char,
    length: usize,
    /// Where its marks end in the line.
    end: usize,
    info: &'a str,
}

/// Returns what follows the mark of an item of a list.
fn in_item(text: &str) -> Option<&str> {
    let after = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let marks: &[char] = if after.len() < text.len() { &['.', ')'] } else { &['-', '*', '+'] };
    let rest = after.strip_prefix(marks)?;
    rest.starts_with([' ', '\t']).then(|| rest.trim_start_matches([' ', '\t', '>']))
}

impl<'a> Fence<'a> {
    /// Reads a line; only outside of a block of code an item of a list may begin in it.
    fn read(line: &'a str, is_outside: bool) -> Option<Self> {
        let mut text = line.trim_start_matches([' ', '\t', '>']);
        while let Some(inner) = in_item(text).filter(|_| is_outside) {
            text = inner;
        }
        let mark = text.chars().next().filter(|c| matches!(c, '`' | '~'))?;
        let rest = text.trim_start_matches(mark);
        let length = text.len() - rest.len();
        let info = rest.trim();
        // Backticks behind backticks are code within text.
        let is_fence = length >= 3 && !(mark == '`' && info.contains('`'));
        is_fence.then_some(Self { mark, length, end: line.len() - rest.len(), info })
    }

    fn closes(&self, open: &Self) -> bool {
        self.info.is_empty() && self.mark == open.mark && self.length >= open.length
    }

    fn holds_markdown(&self) -> bool {
        let language = self.info.split([' ', '\t', ',', '{']).next().unwrap_or_default();
        ["markdown", "md"].iter().any(|word| language.eq_ignore_ascii_case(word))
    }
}

/// Lengthens the fences of `markdown` blocks that hold blocks with fences as long as their own.
fn nested_fences(text: &str) -> Cow<'_, str> {
    if !text.contains("markdown") && !text.contains("md") && !text.contains("Markdown") {
        return Cow::Borrowed(text);
    }
    let mut mends = Vec::new();
    let mut open: Option<Outer<'_>> = None;
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        if let Some(fence) = Fence::read(line, open.is_none()) {
            let end = start + fence.end;
            match &mut open {
                None => open = Some(Outer { open_at: end, longest: fence.length, inner: 0, had_inner: false, fence }),
                Some(outer) if outer.inner > 0 && fence.closes(&outer.fence) => outer.inner -= 1,
                Some(outer) if fence.closes(&outer.fence) => {
                    outer.lengthen(Some(end), fence.length, &mut mends);
                    open = None;
                }
                Some(outer) if outer.is_within(&fence) => {
                    outer.inner += 1;
                    outer.had_inner = true;
                    outer.longest = outer.longest.max(fence.length);
                }
                Some(_) => {}
            }
        }
        start += line.len();
    }
    if let Some(outer) = open {
        outer.lengthen(None, 0, &mut mends);
    }
    if mends.is_empty() { Cow::Borrowed(text) } else { Cow::Owned(insert(text, mends)) }
}

/// A block of code that is open.
struct Outer<'a> {
    fence: Fence<'a>,
    /// Where its first fence ends.
    open_at: usize,
    /// Marks of the longest fence in it.
    longest: usize,
    /// Blocks that are open in it.
    inner: usize,
    had_inner: bool,
}

impl Outer<'_> {
    /// Whether a fence opens a block of its own in this one, whose end would be taken for the end of this one.
    fn is_within(&self, fence: &Fence<'_>) -> bool {
        let ends_it = fence.mark == self.fence.mark && fence.length >= self.fence.length;
        self.fence.holds_markdown() && ends_it && !fence.info.is_empty()
    }

    /// Makes its fences longer than all that it holds.
    fn lengthen(&self, close_at: Option<usize>, close_length: usize, mends: &mut Vec<(usize, char)>) {
        if !self.had_inner {
            return;
        }
        let wanted = self.longest.max(close_length) + 1;
        mends.extend(std::iter::repeat_n((self.open_at, self.fence.mark), wanted - self.fence.length));
        if let Some(at) = close_at {
            mends.extend(std::iter::repeat_n((at, self.fence.mark), wanted - close_length));
        }
    }
}
