//! What the Web API checks of blocks. Pure.
//!
//! Source: <https://docs.slack.dev/reference/block-kit/blocks> and a page for each below it, read 2026-11.

use std::collections::BTreeSet;

use serde_json::{Value, json};

/// Most blocks of a message, and of a form.
const MAX_BLOCKS: usize = 50;
const MAX_FORM_BLOCKS: usize = 100;
/// Longest text of all `markdown` blocks together, in characters.
const MAX_MARKDOWN_CHARS: usize = 12_000;
/// Longest text of all blocks together, in characters.
const MAX_CHARS: usize = 13_200;
/// Longest id, in characters.
const MAX_ID_CHARS: usize = 255;
/// Kinds of blocks that messages take.
const KINDS: [&str; 17] = [
    "section",
    "header",
    "divider",
    "context",
    "context_actions",
    "actions",
    "image",
    "rich_text",
    "markdown",
    "table",
    "data_table",
    "data_visualization",
    "container",
    "card",
    "carousel",
    "task_card",
    "plan",
];

pub(super) fn invalid(at: &str, what: &str) -> Value {
    json!({
        "ok": false, "error": "invalid_blocks", "errors": [what],
        "response_metadata": { "messages": [format!("[ERROR] {what} [json-pointer:{at}]")] },
    })
}

pub(super) fn chars(value: &Value) -> usize {
    value.as_str().map_or(0, |text| text.chars().count())
}

pub(super) fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

/// Checks the blocks of a message.
pub(crate) fn checked(blocks: Option<&Value>) -> Result<(), Value> {
    let Some(blocks) = blocks.filter(|blocks| !blocks.is_null()) else { return Ok(()) };
    let Some(all) = blocks.as_array() else { return Err(json!({ "ok": false, "error": "invalid_blocks_format" })) };
    if all.len() > MAX_BLOCKS {
        return Err(invalid("/blocks", "no more than 50 items allowed"));
    }
    let count = |kind: &str| all.iter().filter(|block| block["type"] == kind).count();
    if count("table") > 1 {
        return Err(json!({ "ok": false, "error": "invalid_attachments", "errors": ["only_one_table_allowed"] }));
    }
    if count("data_visualization") > 2 {
        return Err(invalid("/blocks", "no more than 2 charts allowed"));
    }
    let markdown: usize =
        all.iter().filter(|block| block["type"] == "markdown").map(|block| chars(&block["text"])).sum();
    if markdown > MAX_MARKDOWN_CHARS {
        return Err(json!({ "ok": false, "error": "msg_too_long" }));
    }
    if all.iter().map(length).sum::<usize>() > MAX_CHARS {
        return Err(json!({ "ok": false, "error": "msg_blocks_too_long" }));
    }
    let mut ids = BTreeSet::new();
    for (at, block) in all.iter().enumerate() {
        let at = format!("/blocks/{at}");
        let kind = block["type"].as_str().unwrap_or_default();
        if !KINDS.contains(&kind) {
            return Err(invalid(&format!("{at}/type"), &format!("unsupported type: {kind}")));
        }
        if let Some(id) = block["block_id"].as_str()
            && (id.chars().count() > MAX_ID_CHARS || !ids.insert(id.to_owned()))
        {
            return Err(invalid(&at, "invalid or double block_id"));
        }
        check(block, &at)?;
    }
    Ok(())
}

fn check(block: &Value, at: &str) -> Result<(), Value> {
    let between = |value: &Value, what: &str, most: usize| {
        let length = chars(value);
        if (1..=most).contains(&length) {
            Ok(())
        } else {
            Err(invalid(&format!("{at}/{what}"), "must be between 1 and the limit"))
        }
    };
    match block["type"].as_str().unwrap_or_default() {
        "section" => {
            if block["text"].is_null() && list(&block["fields"]).is_empty() {
                return Err(invalid(at, "text or fields is needed"));
            }
            if !block["text"].is_null() {
                between(&block["text"]["text"], "text/text", 3000)?;
            }
            if list(&block["fields"]).len() > 10 {
                return Err(invalid(&format!("{at}/fields"), "no more than 10 items allowed"));
            }
            list(&block["fields"]).iter().try_for_each(|field| between(&field["text"], "fields", 2000))
        }
        "header" => {
            if block["text"]["type"] != "plain_text" {
                return Err(invalid(&format!("{at}/text"), "must be plain_text"));
            }
            between(&block["text"]["text"], "text/text", 150)
        }
        "context" => {
            let elements = list(&block["elements"]);
            if !(1..=10).contains(&elements.len()) {
                return Err(invalid(&format!("{at}/elements"), "must have 1 to 10 items"));
            }
            elements
                .iter()
                .filter(|element| element["type"] != "image")
                .try_for_each(|text| between(&text["text"], "elements", 3000))
        }
        "actions" | "context_actions" => {
            let elements = list(&block["elements"]);
            let most = if block["type"] == "actions" { 25 } else { 5 };
            if !(1..=most).contains(&elements.len()) {
                return Err(invalid(&format!("{at}/elements"), "too many or no elements"));
            }
            let mut ids = BTreeSet::new();
            for element in elements {
                if let Some(id) = element["action_id"].as_str()
                    && (id.chars().count() > MAX_ID_CHARS || !ids.insert(id.to_owned()))
                {
                    return Err(invalid(at, "`action_id` must be unique"));
                }
                element_checked(element, at)?;
            }
            Ok(())
        }
        "markdown" => between(&block["text"], "text", MAX_MARKDOWN_CHARS),
        "table" => {
            let rows = list(&block["rows"]);
            if !(1..=100).contains(&rows.len()) || rows.iter().any(|row| !(1..=20).contains(&list(row).len())) {
                return Err(invalid(&format!("{at}/rows"), "too many rows or cells"));
            }
            let kinds = ["raw_text", "raw_number", "rich_text"];
            let is_cell = |cell: &Value| cell["type"].as_str().is_some_and(|kind| kinds.contains(&kind));
            let has_words = |cell: &Value| cell["type"] != "raw_text" || chars(&cell["text"]) > 0;
            if !rows.iter().flat_map(list).all(|cell| is_cell(cell) && has_words(cell)) {
                return Err(invalid(&format!("{at}/rows"), "an odd cell"));
            }
            Ok(())
        }
        "container" => super::novel::container(block, at)
            .and_then(|()| list(&block["child_blocks"]).iter().try_for_each(|child| check(child, at))),
        "data_visualization" => super::novel::chart(block, at),
        "rich_text" => rich_checked(block, at),
        _ => Ok(()),
    }
}

fn element_checked(element: &Value, at: &str) -> Result<(), Value> {
    if element["type"] != "button" {
        return Ok(());
    }
    let label = &element["text"];
    let fits = label["type"] == "plain_text" && (1..=75).contains(&chars(&label["text"]));
    if !fits || chars(&element["value"]) > 2000 || chars(&element["url"]) > 3000 {
        return Err(invalid(at, "a button with a label of 1 to 75 characters and a value of at most 2000"));
    }
    match element["style"].as_str() {
        None | Some("primary" | "danger") => Ok(()),
        Some(_) => Err(invalid(at, "an unknown style")),
    }
}

fn rich_checked(block: &Value, at: &str) -> Result<(), Value> {
    let sections = ["rich_text_section", "rich_text_list", "rich_text_preformatted", "rich_text_quote"];
    let outer = list(&block["elements"]);
    if outer.is_empty() {
        return Err(invalid(&format!("{at}/elements"), "must have at least 1 item"));
    }
    for section in outer {
        let kind = section["type"].as_str().unwrap_or_default();
        if !sections.contains(&kind) {
            return Err(invalid(at, "an odd element of rich text"));
        }
        if kind == "rich_text_list" && section["indent"].as_u64().is_some_and(|indent| indent > 8) {
            return Err(invalid(at, "indent is at most 8"));
        }
        for element in list(&section["elements"]) {
            let is_odd = match element["type"].as_str().unwrap_or_default() {
                "text" => chars(&element["text"]) == 0,
                "link" => !element["url"].as_str().is_some_and(|url| url.contains(':') && url.len() <= 3000),
                "rich_text_section" => kind != "rich_text_list",
                "user" | "channel" | "emoji" | "broadcast" | "usergroup" | "date" | "color" => false,
                _ => true,
            };
            if is_odd {
                return Err(invalid(at, "an empty text or an odd element of rich text"));
            }
        }
    }
    Ok(())
}

/// Counts the characters that a block shows.
fn length(block: &Value) -> usize {
    match block {
        Value::Object(fields) => {
            let own = if fields.get("text").is_some_and(Value::is_string) { chars(&fields["text"]) } else { 0 };
            own + fields.iter().filter(|(_, value)| !value.is_string()).map(|(_, value)| length(value)).sum::<usize>()
        }
        Value::Array(all) => all.iter().map(length).sum(),
        _ => 0,
    }
}

/// Checks a form.
pub(crate) fn checked_form(view: &Value) -> Result<(), Value> {
    let wrong =
        |what: &str| json!({ "ok": false, "error": "invalid_arguments", "response_metadata": { "messages": [what] } });
    let blocks = list(&view["blocks"]);
    if view["type"] != "modal" || !(1..=MAX_FORM_BLOCKS).contains(&blocks.len()) {
        return Err(wrong("a form has 1 to 100 blocks"));
    }
    for key in ["title", "submit", "close"] {
        let label = &view[key];
        let is_needed = key == "title" || !label.is_null();
        if is_needed && (label["type"] != "plain_text" || !(1..=24).contains(&chars(&label["text"]))) {
            return Err(wrong("title, submit and close have 1 to 24 characters"));
        }
    }
    if chars(&view["private_metadata"]) > 3000 || chars(&view["callback_id"]) > MAX_ID_CHARS {
        return Err(wrong("private_metadata or callback_id is too long"));
    }
    for block in blocks.iter().filter(|block| block["type"] == "input") {
        let element = &block["element"];
        let most = element["max_length"].as_u64().unwrap_or(3000);
        if chars(&block["label"]["text"]) > 2000
            || chars(&element["placeholder"]["text"]) > 150
            || !(1..=3000).contains(&most)
        {
            return Err(wrong("an input's label, placeholder or length"));
        }
        if view["submit"].is_null() {
            return Err(wrong("a form with inputs needs submit"));
        }
    }
    Ok(())
}

/// Checks a page of the app's Home, which takes fewer kinds of blocks than a message and more of them.
pub(crate) fn checked_home(view: &Value) -> Result<(), Value> {
    let kinds = ["section", "header", "divider", "context", "actions", "image", "rich_text", "input"];
    let blocks = list(&view["blocks"]);
    if view["type"] != "home" || !view["blocks"].is_array() {
        return Err(json!({ "ok": false, "error": "invalid_arguments" }));
    }
    if blocks.len() > MAX_FORM_BLOCKS {
        return Err(invalid("/view/blocks", "no more than 100 items allowed"));
    }
    for (at, block) in blocks.iter().enumerate() {
        let (at, kind) = (format!("/view/blocks/{at}"), block["type"].as_str().unwrap_or_default());
        if !kinds.contains(&kind) {
            return Err(invalid(&format!("{at}/type"), &format!("unsupported type: {kind}")));
        }
        check(block, &at)?;
    }
    Ok(())
}

/// Returns all that blocks say, in order.
pub(crate) fn said(value: &Value) -> String {
    match value {
        Value::Object(fields) => {
            let own = fields.get("text").and_then(Value::as_str).unwrap_or_default().to_owned();
            fields.values().map(said).fold(own, |all, more| all + &more)
        }
        Value::Array(all) => all.iter().map(said).collect::<Vec<_>>().join("\n"),
        _ => String::new(),
    }
}

/// Returns all text of blocks in which Slack's markup counts.
pub(crate) fn marked(value: &Value) -> String {
    match value {
        Value::Object(fields) => {
            let kind = fields.get("type").and_then(Value::as_str).unwrap_or_default();
            let own = match kind {
                "mrkdwn" | "markdown" => fields.get("text").and_then(Value::as_str).unwrap_or_default().to_owned(),
                "user" => format!("<@{}>", fields.get("user_id").and_then(Value::as_str).unwrap_or_default()),
                "broadcast" => format!("<!{}>", fields.get("range").and_then(Value::as_str).unwrap_or_default()),
                _ => String::new(),
            };
            fields.values().map(marked).fold(own, |all, more| if more.is_empty() { all } else { all + "\n" + &more })
        }
        Value::Array(all) => all.iter().map(marked).collect::<Vec<_>>().join("\n"),
        _ => String::new(),
    }
}
