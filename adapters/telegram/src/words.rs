//! What a text says together with what Telegram says of it: where its links lead, what of it is code, whom it mentions. Pure.
//!
//! Telegram gives a text and, apart from it, *entities*: ranges with a meaning, in UTF-16 code units. What they say is written
//! into the text as Markdown has it, for an agent to read; a command's own words stay as they are.

use std::cmp::Reverse;
use std::ops::Range;

use crate::api::Bot;
use crate::update::Entity;

/// The words of a message.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Words {
    /// What it says, without a mention of the bot at its beginning or end.
    pub(crate) text: String,
    /// The same, with what its entities say written out.
    pub(crate) written: String,
    /// Whether it mentions the bot.
    pub(crate) mentioned: bool,
}

/// How much is written out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Marks {
    /// All that has a meaning.
    All,
    /// Only where links lead, for what is read as an alert.
    Links,
}

/// Reads the words of a person's message.
pub(crate) fn of(text: &str, entities: &[Entity], bot: &Bot) -> Words {
    let (kept, mentioned) = without_mention(text, entities, bot);
    let written = within(text, entities, kept.clone(), head(text, &kept), Marks::All);
    Words { text: text[kept].to_owned(), written, mentioned }
}

/// Writes all of a text out.
pub(crate) fn written(text: &str, entities: &[Entity], marks: Marks) -> String {
    within(text, entities, 0..text.len(), 0, marks)
}

/// Returns what is left of a text without a mention of the bot at its beginning or end; says whether there is one anywhere.
fn without_mention(text: &str, entities: &[Entity], bot: &Bot) -> (Range<usize>, bool) {
    let mut mentioned = false;
    let mut kept = 0..text.len();
    for entity in entities {
        let Some(range) = range(text, entity) else { continue };
        let words = &text[range.clone()];
        let ours = |name: &str| !bot.username.is_empty() && name.eq_ignore_ascii_case(&bot.username);
        let is_mention = match entity.kind.as_str() {
            "mention" => words.strip_prefix('@').is_some_and(ours),
            "text_mention" => entity.user.as_ref().is_some_and(|user| user.id == bot.id),
            "bot_command" => {
                mentioned |= words.split_once('@').is_some_and(|(_, name)| ours(name));
                false
            }
            _ => false,
        };
        mentioned |= is_mention;
        if is_mention && text[..range.start].trim().is_empty() {
            let rest = text[range.end..].trim_start_matches([',', ':']).trim_start();
            kept.start = text.len() - rest.len();
        } else if is_mention && text[range.end..].trim().is_empty() && range.start > kept.start {
            kept.end = text[..range.start].trim_end().len().max(kept.start);
        }
    }
    (kept, mentioned)
}

/// Returns where the word ends that makes a text a command, or names an agent or a session; where there is none, where the
/// text begins.
fn head(text: &str, kept: &Range<usize>) -> usize {
    let lead = text[kept.clone()].trim_start();
    let begins = kept.end - lead.len();
    if lead.starts_with(['/', '@']) {
        begins + lead.find(char::is_whitespace).unwrap_or(lead.len())
    } else {
        kept.start
    }
}

/// Returns the bytes of an entity, unless its offsets are not those of this text.
fn range(text: &str, entity: &Entity) -> Option<Range<usize>> {
    let at = |units: usize| {
        let mut seen = 0;
        let ends = text.char_indices().map(|(at, c)| (at, c.len_utf16())).chain([(text.len(), 0)]);
        ends.into_iter().find_map(|(at, len)| {
            let here = seen == units;
            seen += len;
            here.then_some(at)
        })
    };
    let range = at(entity.offset)?..at(entity.offset.checked_add(entity.length)?)?;
    (range.start <= range.end).then_some(range)
}

/// Something that is written into a text.
struct Insert {
    at: usize,
    /// Where things end at the same place, the inner one ends first; where they begin, the outer one does.
    order: (bool, Reverse<usize>, u8),
    text: String,
}

/// Writes out what the entities of a part of a text say, but for those that begin before `head`, of which only a link that
/// goes on behind it is.
fn within(text: &str, entities: &[Entity], part: Range<usize>, head: usize, marks: Marks) -> String {
    let mut inserts = Vec::new();
    for entity in entities {
        let Some(range) = range(text, entity) else { continue };
        let range = range.start.max(part.start)..range.end.min(part.end);
        let is_link = entity.kind == "text_link";
        if range.is_empty() || range.start < head && !(is_link && range.end > head) {
            continue;
        }
        if marks == Marks::Links && !is_link {
            continue;
        }
        mark(text, &part, &range, entity, &mut inserts);
    }
    inserts.sort_by_key(|one: &Insert| (one.at, one.order));
    let mut written = String::with_capacity(part.len());
    let mut from = part.start;
    for insert in inserts {
        written.push_str(&text[from..insert.at]);
        written.push_str(&insert.text);
        from = insert.at;
    }
    written.push_str(&text[from..part.end]);
    written.trim().to_owned()
}

fn mark(text: &str, part: &Range<usize>, range: &Range<usize>, entity: &Entity, inserts: &mut Vec<Insert>) {
    let words = &text[range.clone()];
    let mut begin = |at: usize, outer: u8, text: String| {
        inserts.push(Insert { at, order: (true, Reverse(range.end), outer), text });
    };
    match entity.kind.as_str() {
        "pre" => {
            let fence = "`".repeat(longest_run(words, '`').max(2) + 1);
            let language = entity.language.as_deref().unwrap_or_default();
            let language: String = language.chars().filter(|c| !c.is_whitespace() && *c != '`').collect();
            let before =
                if text[part.start..range.start].is_empty() || text[..range.start].ends_with('\n') { "" } else { "\n" };
            let after =
                if text[range.end..part.end].is_empty() || text[range.end..].starts_with('\n') { "" } else { "\n" };
            let own = if words.ends_with('\n') { "" } else { "\n" };
            begin(range.start, 1, format!("{before}{fence}{language}\n"));
            end(range, 0, format!("{own}{fence}{after}"), inserts);
        }
        "code" => {
            let fence = "`".repeat(longest_run(words, '`') + 1);
            let space = if words.starts_with('`') || words.ends_with('`') { " " } else { "" };
            begin(range.start, 1, format!("{fence}{space}"));
            end(range, 0, format!("{space}{fence}"), inserts);
        }
        "strikethrough" => {
            begin(range.start, 1, "~~".to_owned());
            end(range, 0, "~~".to_owned(), inserts);
        }
        "blockquote" | "expandable_blockquote" => {
            begin(range.start, 0, "> ".to_owned());
            let lines = words.trim_end_matches('\n').match_indices('\n');
            lines.for_each(|(at, _)| begin(range.start + at + 1, 0, "> ".to_owned()));
        }
        "text_link" => {
            let address = entity.url.as_deref().unwrap_or_default().trim();
            if !address.is_empty() && !says(words, address) {
                let until = range.start + words.trim_end().len();
                end(&(range.start..until), 1, format!(" ({address})"), inserts);
            }
        }
        _ => {}
    }
}

fn end(range: &Range<usize>, outer: u8, text: String, inserts: &mut Vec<Insert>) {
    inserts.push(Insert { at: range.end, order: (false, Reverse(range.start), outer), text });
}

fn longest_run(words: &str, of: char) -> usize {
    words.split(|c| c != of).map(str::len).max().unwrap_or(0)
}

/// Whether a text says an address, be it without what all of them begin and many end with.
pub(crate) fn says(text: &str, address: &str) -> bool {
    let bare = address.strip_prefix("https://").or_else(|| address.strip_prefix("http://")).unwrap_or(address);
    let bare = bare.trim_end_matches('/');
    text.split_whitespace().any(|word| {
        let word = word.trim_matches(|c: char| !c.is_alphanumeric() && !"/:=&%#~".contains(c)).trim_end_matches('/');
        let word = word.strip_prefix("https://").or_else(|| word.strip_prefix("http://")).unwrap_or(word);
        word == bare
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn bot() -> Bot {
        serde_json::from_value(json!({ "id": 42, "username": "SignalboxBot" })).expect("a bot")
    }

    fn entities(of: Value) -> Vec<Entity> {
        serde_json::from_value(of).expect("entities")
    }

    #[test]
    fn what_entities_say_is_written_out() {
        let link =
            |at: usize, len: usize, url: &str| json!({ "type": "text_link", "offset": at, "length": len, "url": url });
        let of = |kind: &str, at: usize, len: usize| json!({ "type": kind, "offset": at, "length": len });
        for (text, all, expected) in [
            // Offsets count a character outside the basic plane twice.
            ("👍 the report", json!([link(3, 10, "https://a.example/1")]), "👍 the report (https://a.example/1)"),
            ("see docs , then", json!([link(4, 5, "https://a.example")]), "see docs (https://a.example) , then"),
            ("https://a.example/x", json!([link(0, 19, "https://a.example/x")]), "https://a.example/x"),
            (
                "https://good.example",
                json!([link(0, 20, "https://evil.example")]),
                "https://good.example (https://evil.example)",
            ),
            ("fix a(b) now", json!([of("code", 4, 4)]), "fix `a(b)` now"),
            ("`x` y", json!([of("code", 0, 3)]), "`` `x` `` y"),
            (
                "run\nls -l\nplease",
                json!([{ "type": "pre", "offset": 4, "length": 5, "language": "sh" }]),
                "run\n```sh\nls -l\n```\nplease",
            ),
            ("run ls now", json!([of("pre", 4, 2)]), "run \n```\nls\n```\n now"),
            ("a ``` b", json!([of("pre", 0, 7)]), "````\na ``` b\n````"),
            ("prod staging", json!([of("strikethrough", 0, 4)]), "~~prod~~ staging"),
            ("one\ntwo\nmine", json!([of("blockquote", 0, 8)]), "> one\n> two\nmine"),
            ("a b", json!([of("code", 2, 1), link(2, 1, "https://a.example")]), "a `b` (https://a.example)"),
            ("bold", json!([of("bold", 0, 4), of("of a later time", 0, 4)]), "bold"),
            ("x", json!([link(0, 1, ""), link(0, 9, "https://a.example")]), "x"),
        ] {
            assert_eq!(written(text, &entities(all.clone()), Marks::All), expected, "{text}: {all}");
        }
        let both = entities(json!([of("code", 0, 1), link(2, 1, "https://a.example")]));
        assert_eq!(written("a b", &both, Marks::Links), "a b (https://a.example)");
    }

    #[test]
    fn the_words_that_make_a_command_stay_as_they_are() {
        for (text, offset, length, expected) in [
            ("/status", 0, 7, "/status"),
            ("/session fix it", 0, 15, "/session fix it (https://a.example)"),
            ("@fox fix it", 0, 4, "@fox fix it"),
            ("@SignalboxBot /session fix it", 14, 8, "/session fix it"),
            ("fix it @SignalboxBot", 0, 3, "fix (https://a.example) it"),
        ] {
            let link = json!({ "type": "text_link", "offset": offset, "length": length, "url": "https://a.example" });
            let mention = text.find("@SignalboxBot").map(|at| json!({ "type": "mention", "offset": at, "length": 13 }));
            let all: Vec<Value> = mention.into_iter().chain([link]).collect();
            assert_eq!(of(text, &entities(all.into()), &bot()).written, expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn nothing_that_was_said_is_lost_whatever_the_entities(
            text in "[a-c👍@/ \n`]{0,30}",
            ranges in prop::collection::vec((0..6_usize, 0..40_usize, 0..40_usize), 0..8),
        ) {
            const KINDS: [&str; 6] = ["text_link", "pre", "code", "strikethrough", "blockquote", "mention"];
            let all = ranges.iter().map(|(kind, offset, length)| json!({
                "type": KINDS[*kind], "offset": offset, "length": length, "url": "https://x.example",
            }));
            let written = written(&text, &entities(all.collect::<Vec<_>>().into()), Marks::All);
            let mut rest = written.chars();
            for c in text.trim().chars() {
                prop_assert!(rest.any(|other| other == c), "{c:?} of {text:?} is missing in {written:?}");
            }
        }
    }
}
