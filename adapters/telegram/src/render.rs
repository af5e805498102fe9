//! Documents to parts: split by what Telegram takes, then written as text and entities.

use signalbox_adapter::{
    Document, Face, Limits, Markup, Measure, PicturedPart, PlainMeasure, Render, Rendered, Split, TextUnit, split,
    split_pictured,
};

use crate::address::link;
use crate::body::{Body, MARK_UTF16, MAX_CAPTION_UTF16, MAX_TEXT_UTF16};
use crate::write::{MAX_ENTITIES, TABLE_WIDTH, Worth, Written, write};

/// Largest file that a bot may upload, in bytes.
/// Source: <https://core.telegram.org/bots/api#sending-files>, read 2026-11.
const MAX_FILE_BYTES: u64 = 50_000_000;

/// Renders for Telegram.
#[derive(Debug, Clone, Copy, Default)]
pub struct TelegramRender;

impl Render for TelegramRender {
    fn limits(&self) -> Limits {
        Limits { max_text: MAX_TEXT_UTF16 - MARK_UTF16, unit: TextUnit::Utf16 }
    }

    fn max_file_bytes(&self) -> u64 {
        MAX_FILE_BYTES
    }

    fn render(&self, document: &Document, max_parts: usize) -> Rendered {
        let limit = self.limits().max_text;
        let document = document.with_addresses(&|url| link(url).is_some());
        let written = Parts::of(&document, &Prices { is_dense: false }, limit, max_parts);
        if written.left_out.is_none() {
            return written.rendered;
        }
        // Shorter parts have room for all of it.
        let dense = Parts::of(&document, &Prices { is_dense: true }, limit, max_parts);
        let only_looks = written.left_out.is_some_and(|worth| worth >= Worth::Code);
        if only_looks && dense.rendered.rest.is_some() { written.rendered } else { dense.rendered }
    }
}

/// A document as messages.
struct Parts {
    rendered: Rendered,
    /// The worst that one of them has no room for.
    left_out: Option<Worth>,
}

impl Parts {
    fn of(document: &Document, prices: &Prices, limit: usize, max_parts: usize) -> Self {
        if let Some(parts) = split_pictured(document, prices, limit, MAX_CAPTION_UTF16 - MARK_UTF16, max_parts) {
            return Self::pictured(parts);
        }
        let mut whole = split(document, prices, limit, max_parts);
        if whole.rest.is_some() {
            whole = with_caption(document, prices, limit, max_parts);
        }
        let rest = whole.rest.take();
        let written: Vec<_> = whole.numbered().iter().map(write).collect();
        let left_out = written.iter().filter_map(|written| written.left_out).min();
        let parts = written.into_iter().map(|written| written.body.into_part()).collect();
        Self { rendered: Rendered { parts, rest }, left_out }
    }

    /// Charts go as pictures, whose captions say what comes before them.
    fn pictured(parts: Vec<PicturedPart>) -> Self {
        let (mut written, mut left_out) = (Vec::new(), None);
        for PicturedPart { said, charts } in parts {
            let Written { body, left_out: worst } = write(&said);
            written.push(Body { charts, ..body }.into_part());
            left_out = [left_out, worst].into_iter().flatten().min();
        }
        Self { rendered: Rendered { parts: written, rest: None }, left_out }
    }
}

/// Splits so that the last part can go with the file that holds the rest: the text beside a file is shorter.
fn with_caption(document: &Document, prices: &Prices, limit: usize, max_parts: usize) -> Split {
    let caption = MAX_CAPTION_UTF16 - MARK_UTF16 - NUMBER_UTF16;
    if max_parts <= 1 {
        return split(document, prices, caption, 1);
    }
    let mut full = split(document, prices, limit - NUMBER_UTF16, max_parts - 1);
    if let Some(rest) = full.rest.take() {
        let last = split(&Document::from_markdown(&rest), prices, caption, 1);
        full.parts.extend(last.parts);
        full.rest = last.rest;
    }
    full
}

/// Room for the number of a part, `(9999/9999)` and the empty line before it, in UTF-16 code units.
const NUMBER_UTF16: usize = 13;

/// What Telegram charges: the text alone, since formatting goes beside it, as long as there is not too much of it.
struct Prices {
    /// Whether there is: then each format has a price, so that no part has more of them than fit.
    is_dense: bool,
}

/// Price of a format where there are too many, in UTF-16 code units: so many of them fill a message alone. What nests in
/// another may take two.
const FORMAT_UTF16: usize = 2 * MAX_TEXT_UTF16.div_ceil(MAX_ENTITIES);

/// Counts as Telegram does.
const TEXT: PlainMeasure = PlainMeasure(TextUnit::Utf16);

impl Measure for Prices {
    fn text(&self, text: &str, face: Face) -> usize {
        TEXT.text(text, face)
    }

    fn markup(&self, markup: Markup<'_>) -> usize {
        let format = match markup {
            _ if !self.is_dense => 0,
            Markup::Item { .. } | Markup::Rule => 0,
            Markup::Link(url) => FORMAT_UTF16 + url.len(),
            Markup::Heading(_)
            | Markup::CodeBlock(_)
            | Markup::Quote
            | Markup::Table
            | Markup::Strong
            | Markup::Emphasis
            | Markup::Strike
            | Markup::Code => FORMAT_UTF16,
        };
        TEXT.markup(markup) + format
    }

    fn prefix(&self, markup: Markup<'_>) -> usize {
        TEXT.prefix(markup)
    }

    fn table_width(&self) -> usize {
        TABLE_WIDTH
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use signalbox_adapter::{Block, Chart, ChartKind, Plot, PlotSeries, Tone, same_text};
    use teloxide::types::{MessageEntity, MessageEntityKind};

    use super::*;
    use crate::body::utf16_len;

    /// Pieces of Markdown and of what is hard in it: astral and combining characters, right-to-left text, names.
    const PIECES: [&str; 31] = [
        "word ",
        "\n",
        "\n\n",
        "> ",
        "- ",
        "1. ",
        "  ",
        "```rust\n",
        "```\n",
        "`",
        "**",
        "*",
        "~~",
        "# ",
        "---\n",
        "[a](https://a.example/b)",
        "[m](mailto:a@b.example)",
        "[w](http://wiki:80/x)",
        "|a|b|\n|-|-|\n|c|d|\n",
        "- [x] ",
        "@name ",
        "@a_b_1",
        "a@b.example ",
        "👩‍👩‍👧",
        "e\u{301}",
        "שלום ",
        "𝔘",
        "/command ",
        "https://c.example ",
        "\t",
        "x",
    ];

    fn bodies(markdown: &str, max_parts: usize) -> (Vec<Body>, Option<String>) {
        let rendered = TelegramRender.render(&Document::from_markdown(markdown), max_parts);
        (rendered.parts.iter().map(Body::of).collect(), rendered.rest)
    }

    fn one(markdown: &str) -> Body {
        bodies(markdown, 1).0.remove(0)
    }

    /// Checks a body as the server does, only more strictly.
    fn check(body: &Body) -> Result<(), String> {
        let units: Vec<u16> = body.text.encode_utf16().collect();
        if units.len() > MAX_TEXT_UTF16 - MARK_UTF16 {
            return Err(format!("{} units", units.len()));
        }
        if body.entities.len() > 100 {
            return Err(format!("{} entities", body.entities.len()));
        }
        if body.text.ends_with(char::is_whitespace) {
            return Err("white space at the end".to_owned());
        }
        let is_cut = |at: usize| units.get(at).is_some_and(|unit| (0xdc00..0xe000).contains(unit));
        let mut outer: Vec<&MessageEntity> = Vec::new();
        for entity in &body.entities {
            let end = entity.offset + entity.length;
            if entity.length == 0 || end > units.len() || is_cut(entity.offset) || is_cut(end) {
                return Err(format!("{entity:?} is not within the text"));
            }
            outer.retain(|outer| outer.offset + outer.length > entity.offset);
            for outer in &outer {
                let nested = outer.offset <= entity.offset && end <= outer.offset + outer.length;
                let is_code =
                    |kind: &MessageEntityKind| matches!(kind, MessageEntityKind::Code | MessageEntityKind::Pre { .. });
                let in_quote =
                    matches!(outer.kind, MessageEntityKind::Blockquote | MessageEntityKind::ExpandableBlockquote);
                if !nested || is_code(&outer.kind) || outer.kind == entity.kind || (is_code(&entity.kind) && !in_quote)
                {
                    return Err(format!("{entity:?} in {outer:?}"));
                }
            }
            outer.push(entity);
        }
        Ok(())
    }

    #[test]
    fn formatting_is_told_in_utf16_units() {
        let body = one("👍 **bold _both_** `code` ~~gone~~ [link](https://a.example/)\n\n```rust\nfn a() {}\n```");
        assert_eq!(body.text, "👍 bold both code gone link\n\nfn a() {}");
        let url = "https://a.example/".parse().expect("an address");
        let expected = [
            MessageEntity::bold(3, 9),
            MessageEntity::italic(8, 4),
            MessageEntity::code(13, 4),
            MessageEntity::strikethrough(18, 4),
            MessageEntity::text_link(url, 23, 4),
            MessageEntity::pre(Some("rust".to_owned()), 29, 9),
        ];
        assert_eq!(body.entities, expected);
    }

    #[test]
    fn an_address_that_telegram_refuses_is_written_out_behind_its_words() {
        let body = one("[open it](http://localhost:5173/) <http://grafana:3000/d> [a **b**](http://c.example:99999/) \
                        [mail](mailto:a@b.example)");
        assert_eq!(
            body.text,
            "open it (http://localhost:5173/) http://grafana:3000/d a b (http://c.example:99999/) mail (a@b.example)"
        );
        assert_eq!(body.entities, [MessageEntity::bold(57, 1)]);
    }

    #[test]
    fn nothing_stands_within_code_and_bold_goes_on_behind_it() {
        let body = one("**a `b` c**");
        assert_eq!(body.text, "a b c");
        let expected = [MessageEntity::bold(0, 2), MessageEntity::code(2, 1), MessageEntity::bold(3, 2)];
        assert_eq!(body.entities, expected);
    }

    #[test]
    fn names_ping_nobody_and_addresses_stay_text() {
        let body = one("ask @alice or a@b.example, (@bob)");
        assert_eq!(body.text, "ask @alice or a@b.example, (@bob)");
        assert_eq!(body.entities, [MessageEntity::code(4, 6), MessageEntity::code(28, 4)]);
    }

    #[test]
    fn names_behind_signs_that_look_like_letters_and_addresses_of_apps_are_code() {
        for (text, from, length) in [
            ("ⓐ@alice", 1, 6),
            ("🅰@alice", 2, 6),
            ("का@alice", 2, 6),
            ("é@alice", 1, 6),
            ("see tg://user?id=7 now", 4, 14),
            ("see (TG://resolve?domain=x)", 5, 22),
            ("tonsite://a.ton", 0, 15),
            ("<a href=\"x\">tg://settings</a>", 12, 17),
        ] {
            let body = one(text);
            assert_eq!((body.text.as_str(), body.entities), (text, vec![MessageEntity::code(from, length)]), "{text}");
        }
        for text in ["a@alice", "7@alice", "_@alice", "@ alice", "http://a.example", "a://b"] {
            assert_eq!(one(text).entities, [], "{text}");
        }
    }

    #[test]
    fn a_flood_of_names_is_all_code() {
        let body = one(&"@name ".repeat(300));
        assert_eq!(body.entities, [MessageEntity::pre(None, 0, 1799)]);
    }

    #[test]
    fn lists_quotes_and_tables_read_as_such() {
        let body = one("1. a\n   - b\n   - [x] c\n\n> d\n> > e\n\n|x|y|\n|-|-:|\n|1|22|");
        assert_eq!(body.text, "1. a\n\n  • b\n  • [x] c\n\nd\n\ne\n\nx |  y\n--+---\n1 | 22");
        assert_eq!(body.entities.len(), 2);
        assert_eq!(body.entities[0].kind, MessageEntityKind::Blockquote);
    }

    #[test]
    fn details_fold_and_charts_are_captioned_by_what_comes_before_them() {
        let series = vec![PlotSeries { name: "n".to_owned(), tone: Tone::Info, values: vec![1.0, 2.0] }];
        let title = "Incidents".to_owned();
        let plot = Plot { title, kind: ChartKind::Bar, labels: Vec::new(), series, said: "Two @kim.".to_owned() };
        let details = Block::details("Open", Document::from_markdown("- `#7` disk\n- **b**\n\n> c").blocks);
        let document =
            Document::text("All is well.").with(Block::Chart(Chart::of(plot).expect("values"))).with(details);
        let rendered = TelegramRender.render(&document, 5);
        let bodies: Vec<Body> = rendered.parts.iter().map(Body::of).collect();
        let texts: Vec<&str> = bodies.iter().map(|body| body.text.as_str()).collect();
        assert_eq!(texts, ["All is well.\n\nIncidents\nTwo @kim.\n\n(1/2)", "Open\n\n• #7 disk\n• b\n\nc\n\n(2/2)"]);
        assert_eq!((bodies[0].charts.len(), bodies[1].charts.len()), (1, 0));
        assert_eq!(bodies[0].entities, [MessageEntity::bold(14, 9), MessageEntity::code(28, 4)], "nobody is pinged");
        let folded = MessageEntity::new(MessageEntityKind::ExpandableBlockquote, 0, 22);
        assert_eq!(bodies[1].entities[..2], [folded, MessageEntity::bold(0, 4)]);
        for body in &bodies {
            assert_eq!(check(body), Ok(()), "{body:?}");
        }
        // Where only one message is wanted, it is told in words.
        let one = Body::of(&TelegramRender.render(&document, 1).parts[0]);
        assert!(one.charts.is_empty() && one.text.contains("Two @kim.") && one.text.ends_with("c"), "{one:?}");
    }

    #[test]
    fn a_message_is_split_by_its_formats_too() {
        let links: String = (0..150).map(|n| format!("[l{n}](https://e.example/{n}) ")).collect();
        for (markdown, count) in [(links, 150), ("**b** `c` ".repeat(80), 160)] {
            let rendered = TelegramRender.render(&Document::from_markdown(&markdown), 5);
            let bodies: Vec<Body> = rendered.parts.iter().map(Body::of).collect();
            assert_eq!(bodies.iter().map(|body| body.entities.len()).sum::<usize>(), count);
            assert!(bodies.len() > 1 && rendered.rest.is_none());
        }
        let long: String = (0..30).map(|n| format!("[l](https://e.example/{}{n}) ", "x".repeat(600))).collect();
        let rendered = TelegramRender.render(&Document::from_markdown(&long), 9);
        let links: usize = rendered.parts.iter().map(|part| Body::of(part).entities.len()).sum();
        assert_eq!((links, rendered.rest), (30, None), "text and addresses together have a bound");
    }

    #[test]
    fn too_much_formatting_loses_its_looks_before_it_becomes_a_file() {
        let body = one(&"**b** `c` ".repeat(80));
        assert_eq!(body.entities.len(), 100);
        assert_eq!(body.entities.iter().filter(|entity| entity.kind == MessageEntityKind::Code).count(), 80);
    }

    #[test]
    fn indented_code_at_the_beginning_stays_indented() {
        let body = one("```\n  a\n b  \n```");
        assert_eq!(body.text, "  a\n b");
        assert_eq!(body.entities, [MessageEntity::pre(None, 0, 6)]);
    }

    #[test]
    fn the_last_part_fits_beside_the_file_that_holds_the_rest() {
        let words: Vec<String> = (0..20_000).map(|number| format!("w{number}")).collect();
        let markdown = words.join(" ");
        for max_parts in [1, 2, 5, 12] {
            let (parts, rest) = bodies(&markdown, max_parts);
            assert_eq!(parts.len(), max_parts);
            let last = utf16_len(&parts[max_parts - 1].text);
            assert!(last <= MAX_CAPTION_UTF16 - MARK_UTF16, "{last}");
            let mut shown: Vec<String> = parts.into_iter().map(|part| part.text).collect();
            shown.extend(rest);
            let shown = shown.join(" ");
            assert!(shown.split_whitespace().filter(|word| word.starts_with('w')).eq(words.iter()));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn every_part_of_any_document_is_one_that_telegram_takes(
            pieces in prop::collection::vec(prop::sample::select(PIECES.to_vec()), 0..3000),
        ) {
            let markdown = pieces.concat();
            let (parts, _) = bodies(&markdown, 9_999);
            for part in &parts {
                prop_assert_eq!(check(part), Ok(()), "{:?}", part);
            }
        }

        #[test]
        fn plain_words_are_neither_lost_nor_repeated(words in prop::collection::vec("[a-z👍é]{1,300}", 1..200)) {
            let text = words.join(" ");
            let (parts, rest) = bodies(&text, 9_999);
            prop_assert_eq!(rest, None);
            let mut shown = String::new();
            for (at, part) in parts.iter().enumerate() {
                let number = format!("({}/{})", at + 1, parts.len());
                shown.push_str(part.text.strip_suffix(&number).unwrap_or(&part.text));
            }
            prop_assert!(same_text(&shown, &text));
        }
    }
}
