//! What a person reads on Discord is what was written, whatever it is.

use proptest::prelude::*;
use signalbox_adapter::same_text;
use signalbox_adapter::testing::check_render;

use super::*;

/// Pieces of Markdown and of what is hard in it.
const PIECES: [&str; 33] = [
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
    "[a](https://a.example/b_(c))",
    "[https://a.example](https://b.example)",
    "[m](mailto:a@b.example)",
    "|a|b|\n|-|-|\n|c|d|\n",
    "- [x] ",
    "@everyone ",
    "<@1> ",
    ":fire: ",
    "a@b.example ",
    "👩‍👩‍👧",
    "e\u{301}",
    "שלום ",
    "𝔘",
    "\\",
    "https://c.example/a_b ",
    "||",
    "\t",
    "x",
];

fn parts(markdown: &str, max_parts: usize) -> Vec<String> {
    let rendered = DiscordRender::default().render(&Document::from_markdown(markdown), max_parts);
    rendered.parts.into_iter().map(|part| part.body).collect()
}

fn one(markdown: &str) -> String {
    parts(markdown, 1).remove(0)
}

/// Takes the backslashes out, and what keeps backticks apart.
fn unescaped(content: &str) -> String {
    let mut text = String::new();
    let mut chars = content.chars().filter(|c| *c != '\u{200b}').peekable();
    while let Some(c) = chars.next() {
        match (c, chars.peek()) {
            ('\\', Some(next)) if next.is_ascii_punctuation() => text.extend(chars.next()),
            _ => text.push(c),
        }
    }
    text
}

#[test]
fn every_document_of_the_suite_is_shown() {
    assert_eq!(check_render(&DiscordRender::default(), |part| unescaped(&crate::compose::said(&part.body))), Ok(()));
}

#[test]
fn formats_are_discord_s_own() {
    assert_eq!(
        one(
            "# Cause\n\n**bold *both*** `code` ~~gone~~ [link](https://a.example/b_c) snake_case\n\n```rust\nfn a() {}\n```"
        ),
        "# Cause\n\n**bold *both*** `code` ~~gone~~ [link](<https://a.example/b_c>) snake\\_case\n\n```rust\nfn a() {}\n```"
    );
}

#[test]
fn lists_quotes_tables_and_rules_read_as_such() {
    assert_eq!(
        one("1. a\n   - b\n   - [x] c\n\n> d\n> > e\n\n|x|y|\n|-|-:|\n|1|22|\n\n---\n\n#### small"),
        "1. a\n\n  - b\n  - ☑ c\n\n> d\n> \n> e\n\n```\nx |  y\n--+---\n1 | 22\n```\n\n———\n\n**small**"
    );
}

#[test]
fn marks_behind_an_address_are_no_part_of_it() {
    assert_eq!(one("https://a.example/**now**"), "https://a.example/ **now**");
    assert_eq!(one("https://a.example/`x`"), "https://a.example/ `x`");
    assert_eq!(one("a**b**"), "a**b**");
}

#[test]
fn marks_that_touch_are_left_out_rather_than_shown() {
    assert_eq!(one("**a**_b_"), "**a**b");
    assert_eq!(one("a **b** c"), "a **b** c");
    assert_eq!(one("*__a__ b*"), "*a b*".replace("*a b*", "***a** b*"));
}

#[test]
fn code_keeps_its_backticks() {
    assert_eq!(one("`` a`b ``"), "``a`b``");
    assert_eq!(one("`` `a ``"), "`` `a ``");
    assert_eq!(one("~~~~\n```\nx\n```\n~~~~"), "```\n`\u{200b}`\u{200b}`\nx\n`\u{200b}`\u{200b}`\n```");
}

#[test]
fn addresses_that_are_no_links_stand_behind_their_words() {
    assert_eq!(one("[mail](mailto:a@b.example)"), "mail (a@b.example)");
    assert_eq!(one("<https://a.example/x_y>"), "<https://a.example/x_y>");
    assert_eq!(one("[https://a.example](https://b.example)"), "https://a.example (<https://b.example>)");
    assert_eq!(one("[a](https://b.example/c_(d))"), "[a](<https://b.example/c_%28d%29>)");
}

#[test]
fn names_and_codes_stay_text() {
    assert_eq!(one("@everyone <@1> <@&2> <#3> :fire:"), r"\@everyone \<@1> \<@&2> \<#3> \:fire:");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_part_of_any_document_is_one_that_discord_takes(
        pieces in prop::collection::vec(prop::sample::select(PIECES.to_vec()), 0..3000),
    ) {
        for part in parts(&pieces.concat(), 9_999) {
            let units = part.encode_utf16().count();
            prop_assert!(units <= MAX_TEXT - MARK, "{} units: {}", units, part);
            prop_assert_eq!(part.matches("```").count() % 2, 0, "an open block: {}", part);
        }
    }

    #[test]
    fn plain_words_are_neither_lost_nor_repeated(words in prop::collection::vec("[a-z*_#@👍é]{1,300}", 1..200)) {
        let text = words.join(" ");
        let document = Document::text(text.clone());
        let rendered = DiscordRender::default().render(&document, 9_999);
        prop_assert_eq!(rendered.rest, None);
        let mut shown = String::new();
        for (at, part) in rendered.parts.iter().enumerate() {
            let number = format!("({}/{})", at + 1, rendered.parts.len());
            let text = unescaped(&part.body);
            shown.push_str(text.strip_suffix(&number).unwrap_or(&text));
        }
        prop_assert!(same_text(&shown, &text));
    }
}
