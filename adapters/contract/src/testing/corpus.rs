//! Documents that have broken chat bots: long, deep, wide, unclosed, in every script, with mentions.
//!
//! Every word of a sample is like no other, so that a reader of the parts can tell what is missing and what came twice.

use crate::{Block, Chart, ChartKind, Document, MAX_BLOCK_DEPTH, Plot, PlotSeries, Tone};

/// Texts that ping people or channels where a provider reads them as markup.
pub(super) const MENTIONS: [&str; 8] =
    ["@everyone", "@here", "<!channel>", "<!here>", "<@U1>", "<@!2>", "<@&3>", "<#C4>"];
/// Begins a word that must appear exactly once.
pub(super) const ONCE: char = 'w';
/// Begins a word of a table's header, which may be repeated.
pub(super) const HEADER: char = 'h';
/// Fills a sample that has no place to cut.
pub(super) const UNBROKEN: char = 'ß';

/// A document and its name.
pub(super) struct Sample {
    pub(super) name: &'static str,
    pub(super) document: Document,
}

/// Returns the whole corpus.
pub(super) fn corpus() -> Vec<Sample> {
    let deep = format!("{}% and so on. ", "> - 1. ".repeat(MAX_BLOCK_DEPTH));
    let wide = |cell: &str| cell.repeat(50) + "|\n";
    let texts = [
        ("one word", "%".to_owned()),
        (
            "a short answer",
            "# %\n\nIt was **%**: see [%](https://example.org/a_b?c=d&e=(f)), `%` and ~~%~~ *%*.".to_owned(),
        ),
        ("long paragraphs", "% is a sentence. % is another!\n\n".repeat(50) + &"% ".repeat(3_000)),
        ("a long code block", format!("%\n\n```rust\n{}```\n\n%", "    let % = \"*<&>`\";\n".repeat(1_000))),
        ("an unclosed fence", format!("%\n\n```\n{}", "% ``\n".repeat(1_000))),
        ("deep nesting", deep + &"% ".repeat(1_000)),
        ("a long list", "7. %\n\n   % again\n   - [x] %\n   - [ ] %\n".repeat(400)),
        ("a long quote", "> % **%\n> %** %\n".repeat(500)),
        ("a long table", "|^|^|\n|:-|-:|\n".to_owned() + &"|%|**%**|\n".repeat(800)),
        ("a table of fifty columns", wide("|^") + &wide("|-") + &wide("|%").repeat(20)),
        ("a table of one huge row", format!("|^|^|\n|-|-|\n|%|{}|\n|%|%|\n", "% ".repeat(2_000))),
        ("nested formats", "**% *% ~~% [%](https://example.org) `%`~~ %* %** ".repeat(400)),
        ("many scripts", "% שלום % مرحبا % e\u{301}\u{302} % 👩‍👩‍👧 % 🇩🇪 % 𝔘𝔫𝔦 % 日本語 ".repeat(200)),
        ("what looks like markup", "% <b>%</b> &amp; &lt;% \\*% _%_ <script>% {%} $%$ ||%|| ^%^ [^1] ".repeat(100)),
        ("control characters", "%\u{1b}[2J%\0 \u{202e}%\u{2066} %\u{7}\r\n%".to_owned()),
        ("a text without a place to cut", UNBROKEN.to_string().repeat(20_000)),
        ("only a rule", "---".to_owned()),
        ("nothing", String::new()),
    ];
    let parsed = texts.map(|(name, text)| Sample { name, document: Document::from_markdown(&filled(&text)) });
    let mentions = format!("% {} %", MENTIONS.join(" "));
    let block = Block::Code { language: None, text: MENTIONS.join("\n") };
    let sentence = Sample { name: "mentions", document: Document::text(filled(&mentions)) };
    let code = Sample { name: "mentions in code", document: Document::default().with(block) };
    parsed.into_iter().chain([sentence, code]).chain(folded()).collect()
}

/// Documents with charts and with what is folded, short and long, at the top and within something else.
fn folded() -> [Sample; 3] {
    let text = filled(&("%|".repeat(6) + "- % *%*\n\n> %" + "|" + &"- % and **%**\n".repeat(600) + "|% %|%|%"));
    let said: Vec<&str> = text.split('|').collect();
    let blocks = |at: usize| Document::from_markdown(said[at]).blocks;
    let chart = |at: usize| {
        let values = vec![1.0, 0.0, 7.5];
        let series =
            [Tone::Critical, Tone::Info].map(|tone| PlotSeries { name: "n".to_owned(), tone, values: values.clone() });
        let (title, said, series) = (said[at].to_owned(), said[at + 1].to_owned(), series.to_vec());
        let plot = Plot { title, kind: ChartKind::Bar, labels: Vec::new(), series, said };
        Block::Chart(Chart::of(plot).expect("there are values"))
    };
    let short = Document::text(said[0]).with(chart(1)).with(chart(3)).with(Block::details(said[5], blocks(6)));
    let long = Document::text(said[0]).with(Block::details(said[5], blocks(7))).with(Block::text(said[8]));
    let within = Block::Quote(vec![Block::details(said[0], vec![chart(1), Block::text(said[9])])]);
    let deep =
        Document::default().with(within).with(Block::details(said[3], vec![Block::details(said[4], blocks(10))]));
    [("charts and details", short), ("long details", long), ("charts and details in a quote", deep)]
        .map(|(name, document)| Sample { name, document })
}

/// Puts a word of its own in the place of each `%` and `^`.
fn filled(template: &str) -> String {
    let mut text = String::new();
    for (count, piece) in template.split_inclusive(['%', '^']).enumerate() {
        match piece.chars().next_back() {
            Some('%') => text.push_str(&format!("{}{ONCE}{count}x", &piece[..piece.len() - 1])),
            Some('^') => text.push_str(&format!("{}{HEADER}{count}x", &piece[..piece.len() - 1])),
            Some(_) | None => text.push_str(piece),
        }
    }
    text
}

/// Finds the words of the corpus in a text, in order.
pub(super) fn words(text: &str, kind: char) -> Vec<&str> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices(kind) {
        let digits = text[at + 1..].bytes().take_while(u8::is_ascii_digit).count();
        let end = at + 1 + digits;
        if digits > 0 && text[end..].starts_with('x') {
            found.push(&text[at..=end]);
        }
    }
    found
}
