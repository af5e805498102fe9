//! What a person reads in Slack is what was written, whatever it is: in the blocks, and in the text beside them.

use proptest::prelude::*;
use serde_json::{Value, json};
use signalbox_adapter::same_text;
use signalbox_adapter::testing::check_render;

use super::*;
use crate::limits::{BLOCKS_BESIDE, MAX_BLOCKS, MAX_HEADER_CHARS};

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
    "<!channel> ",
    "<@U1> ",
    ":fire: ",
    "a@b.example ",
    "👩‍👩‍👧",
    "e\u{301}",
    "שלום ",
    "𝔘",
    "&amp; ",
    "https://c.example/a_b ",
    "# head\n\n",
    "\t",
    "x",
];

fn bodies(markdown: &str, max_parts: usize) -> Vec<Body> {
    let rendered = SlackRender.render(&Document::from_markdown(markdown), max_parts);
    rendered.parts.iter().map(Body::of).collect()
}

fn one(markdown: &str) -> Value {
    json!(bodies(markdown, 1).remove(0).blocks)
}

/// Returns the texts of a tree of blocks, in their order.
fn texts(value: &Value, out: &mut String) {
    match value {
        Value::Array(all) => all.iter().for_each(|one| texts(one, out)),
        Value::Object(fields) => {
            let is_block =
                fields.get("type").and_then(Value::as_str).is_some_and(|kind| kind.starts_with("rich_text_"));
            if let Some(text) = fields.get("text") {
                match text {
                    Value::String(text) => out.push_str(text),
                    below => texts(below, out),
                }
            }
            // A chart's is a text, a container's an object with one.
            match fields.get("title") {
                Some(Value::String(title)) => out.push_str(&format!("{title}\n")),
                Some(title) => {
                    texts(title, out);
                    out.push('\n');
                }
                None => {}
            }
            for name in ["elements", "rows", "child_blocks"] {
                fields.get(name).into_iter().for_each(|below| texts(below, out));
            }
            if is_block || fields.contains_key("rows") || fields.get("type").is_some_and(|kind| kind == "header") {
                out.push('\n');
            }
            if fields.get("type").is_some_and(|kind| kind == "raw_text") {
                out.push('\t');
            }
        }
        _ => {}
    }
}

fn seen(blocks: &Value) -> String {
    let mut text = String::new();
    texts(blocks, &mut text);
    text
}

/// Checks a tree as Slack does.
fn check(value: &Value) -> Result<(), String> {
    let fields = match value {
        Value::Array(all) => return all.iter().try_for_each(check),
        Value::Object(fields) => fields,
        _ => return Ok(()),
    };
    let kind = value["type"].as_str().unwrap_or_default();
    let text = value["text"].as_str();
    if matches!(kind, "text" | "plain_text" | "raw_text") && text.is_none_or(str::is_empty) {
        return Err(format!("an empty text: {value}"));
    }
    let is_known = matches!(
        kind,
        "" | "rich_text"
            | "rich_text_section"
            | "rich_text_list"
            | "rich_text_preformatted"
            | "rich_text_quote"
            | "text"
            | "link"
            | "header"
            | "divider"
            | "context"
            | "plain_text"
            | "table"
            | "raw_text"
    );
    if !is_known {
        return Err(format!("{kind} is none of ours: {value}"));
    }
    let holds = value["elements"].as_array();
    if kind.starts_with("rich_text") && holds.is_none_or(Vec::is_empty) {
        return Err(format!("nothing in it: {value}"));
    }
    let is_within = |part: &Value| match kind {
        "rich_text_section" | "rich_text_preformatted" | "rich_text_quote" => {
            part["type"] == "text" || part["type"] == "link"
        }
        "rich_text_list" => part["type"] == "rich_text_section",
        _ => true,
    };
    if !holds.into_iter().flatten().all(is_within) {
        return Err(format!("it may not stand there: {value}"));
    }
    if kind == "header" && value["text"]["text"].as_str().is_none_or(|text| text.chars().count() > MAX_HEADER_CHARS) {
        return Err(format!("too long a header: {value}"));
    }
    fields.values().try_for_each(check)
}

fn check_body(body: &Body) -> Result<(), String> {
    let blocks = json!(body.blocks);
    check(&blocks)?;
    let all = blocks.as_array().map_or(&[][..], Vec::as_slice);
    let tables = all.iter().filter(|block| block["type"] == "table").count();
    let chars = escape::price(&body.text);
    match () {
        () if all.len() > MAX_BLOCKS - BLOCKS_BESIDE + 1 => Err(format!("{} blocks", all.len())),
        () if tables > 1 => Err(format!("{tables} tables")),
        () if chars > MAX_TEXT_CHARS - MARK => Err(format!("{chars} characters")),
        () => Ok(()),
    }
}

#[test]
fn every_document_of_the_suite_is_shown_in_blocks_and_in_the_text() {
    assert_eq!(check_render(&SlackRender, |part| seen(&json!(Body::of(part).blocks))), Ok(()));
    assert_eq!(check_render(&SlackRender, |part| Body::of(part).text), Ok(()));
}

#[test]
fn formats_are_styles_of_plain_text() {
    assert_eq!(
        one("**bold *both*** `code` ~~gone~~ [link](https://a.example/b_c)"),
        json!([{ "type": "rich_text", "elements": [{ "type": "rich_text_section", "elements": [
            { "type": "text", "text": "bold ", "style": { "bold": true } },
            { "type": "text", "text": "both", "style": { "bold": true, "italic": true } },
            { "type": "text", "text": " " },
            { "type": "text", "text": "code", "style": { "code": true } },
            { "type": "text", "text": " " },
            { "type": "text", "text": "gone", "style": { "strike": true } },
            { "type": "text", "text": " " },
            { "type": "link", "url": "https://a.example/b_c", "text": "link" },
        ] }] }])
    );
}

#[test]
fn headings_and_rules_are_blocks_of_their_own() {
    let blocks = one("# Cause\n\nA\n\nB\n\n---\n\n## [Fix](https://a.example/)");
    let kinds: Vec<_> = blocks.as_array().expect("blocks").iter().map(|block| block["type"].clone()).collect();
    assert_eq!(kinds, ["header", "rich_text", "divider", "rich_text"]);
    assert_eq!(blocks[0]["text"], json!({ "type": "plain_text", "text": "Cause", "emoji": false }));
    assert_eq!(blocks[1]["elements"][0]["elements"][0]["text"], "A\n\nB");
    assert_eq!(blocks[3]["elements"][0]["elements"][0]["url"], "https://a.example/");
}

#[test]
fn lists_go_on_with_their_numbers_around_what_stands_in_them() {
    let blocks = one("3. a\n   - b\n   - [x] c\n4. d\n\n   ```\n   e\n   ```\n5. f");
    let elements = &blocks[0]["elements"];
    let of =
        |at: usize| (elements[at]["style"].clone(), elements[at]["indent"].clone(), elements[at]["offset"].clone());
    assert_eq!(of(0), (json!("ordered"), json!(0), json!(2)));
    assert_eq!(of(1), (json!("bullet"), json!(1), Value::Null));
    assert_eq!(elements[1]["elements"][1]["elements"][0]["text"], "☑ c");
    assert_eq!(of(2), (json!("ordered"), json!(0), json!(3)));
    assert_eq!(elements[3], json!({ "type": "rich_text_preformatted", "elements": [{ "type": "text", "text": "e" }] }));
    assert_eq!(of(4), (json!("ordered"), json!(0), json!(4)));
}

#[test]
fn what_is_quoted_has_a_bar_whatever_it_is() {
    let blocks = one("> a\n>\n> > b\n>\n> - c\n>\n> ```\n> d\n> ```");
    let elements = &blocks[0]["elements"];
    assert_eq!(elements[0]["type"], "rich_text_quote");
    assert_eq!(elements[0]["elements"][0]["text"], "a\n\nb");
    assert_eq!((&elements[1]["type"], &elements[1]["border"]), (&json!("rich_text_list"), &json!(1)));
    assert_eq!((&elements[2]["type"], &elements[2]["border"]), (&json!("rich_text_preformatted"), &json!(1)));
}

#[test]
fn a_table_at_the_end_is_one_and_any_other_is_aligned() {
    let table = "|name|n|\n|-|-:|\n|**a**|1|\n|b||\n";
    let blocks = one(&format!("{table}\ntext\n\n{table}"));
    assert_eq!(blocks[0]["elements"][0]["type"], "rich_text_preformatted");
    assert_eq!(blocks[1]["type"], "table");
    assert_eq!(blocks[1]["rows"][0][1], json!({ "type": "raw_text", "text": "n" }));
    assert_eq!(blocks[1]["rows"][1][0]["elements"][0]["elements"][0]["style"]["bold"], true);
    assert_eq!(blocks[1]["rows"][2][1], json!({ "type": "raw_text", "text": " " }));
    assert_eq!(blocks[1]["column_settings"][1]["align"], "right");
    let long = format!("|a|b|\n|-|-|\n{}", "|1|2|\n".repeat(100));
    assert_eq!(one(&long)[0]["elements"][0]["type"], "rich_text_preformatted", "more rows than Slack takes");
}

#[test]
fn more_headings_than_a_message_may_have_blocks_are_bold() {
    let body = bodies(&"# h\n\np\n\n---\n\n".repeat(60), 1).remove(0);
    assert_eq!(check_body(&body), Ok(()));
    assert_eq!(seen(&json!(body.blocks)).matches('h').count(), 60);
}

#[test]
fn addresses_that_are_no_links_stand_behind_their_words() {
    assert_eq!(seen(&one("[a](https://b.example:0/)")).trim(), "a (https://b.example:0/)");
    assert_eq!(one("[m](mailto:a@b.example)")[0]["elements"][0]["elements"][0]["url"], "mailto:a@b.example");
    let body = bodies("[a](https://b.example/)", 1).remove(0);
    assert_eq!((body.text.as_str(), body.plain.as_deref()), ("a", Some("a (https://b.example/)")));
}

#[test]
fn a_part_of_several_ends_with_its_number_in_small() {
    let all = bodies(&"word ".repeat(1500), 5);
    assert_eq!(all.len(), 2);
    let blocks = json!(all[1].blocks);
    assert_eq!(blocks[1]["elements"][0]["text"], "(2/2)");
    assert!(all[1].text.ends_with("(2/2)"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn every_part_of_any_document_is_one_that_slack_takes(
        pieces in prop::collection::vec(prop::sample::select(PIECES.to_vec()), 0..1500),
    ) {
        for body in bodies(&pieces.concat(), 9_999) {
            prop_assert_eq!(check_body(&body), Ok(()));
        }
    }

    #[test]
    fn plain_words_are_neither_lost_nor_repeated(words in prop::collection::vec("[a-z*_#@<&👍é]{1,300}", 1..200)) {
        let text = words.join(" ");
        let rendered = SlackRender.render(&Document::text(text.clone()), 9_999);
        prop_assert_eq!(rendered.rest, None);
        let (mut in_blocks, mut in_text) = (String::new(), String::new());
        for (at, part) in rendered.parts.iter().enumerate() {
            let (body, number) = (Body::of(part), format!("({}/{})", at + 1, rendered.parts.len()));
            for (all, one) in [(&mut in_blocks, seen(&json!(body.blocks))), (&mut in_text, body.text)] {
                let one = one.trim_end();
                all.push_str(one.strip_suffix(number.as_str()).unwrap_or(one));
            }
        }
        prop_assert!(same_text(&in_blocks, &text));
        prop_assert!(same_text(&in_text, &text));
    }
}
