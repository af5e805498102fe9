//! What a message of blocks says: a line for each paragraph, heading, cell or caption, with the addresses of its links. Pure.
//!
//! Such messages have no text of their own. A text in one is a string, a list of texts, or an object with a `text` that has a
//! meaning; whatever else has a text in it, however it is nested and whatever it is called, is read as well.
//! Source: <https://core.telegram.org/bots/api#richmessage>, read 2026-11.

use serde_json::Value;

use crate::words::says;

/// Longest text that is made of one message, in bytes; Telegram's own limit is below it.
const MAX_BYTES: usize = 256 * 1024;

/// Deepest nesting that is read, in levels of JSON; Telegram has 16 of blocks, each of a few of these.
const MAX_DEPTH: usize = 64;

/// The fields that hold a text.
const TEXTS: [&str; 4] = ["summary", "text", "credit", "expression"];

/// Reads a message of blocks; empty where it is none.
pub(crate) fn read(message: &Value) -> String {
    let mut lines = String::new();
    block(message, 0, &mut lines);
    lines
}

fn block(this: &Value, depth: usize, lines: &mut String) {
    if depth >= MAX_DEPTH || lines.len() >= MAX_BYTES {
        return;
    }
    match this {
        Value::Array(blocks) => blocks.iter().for_each(|inner| block(inner, depth + 1, lines)),
        Value::Object(fields) => {
            for text in TEXTS.iter().filter_map(|name| fields.get(*name)) {
                let mut line = String::new();
                run(text, depth + 1, &mut line);
                push(lines, &line);
            }
            let others = fields.iter().filter(|(name, _)| !TEXTS.contains(&name.as_str()));
            others.for_each(|(_, inner)| block(inner, depth + 1, lines));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Reads one text.
fn run(text: &Value, depth: usize, line: &mut String) {
    if depth >= MAX_DEPTH || line.len() >= MAX_BYTES {
        return;
    }
    match text {
        Value::String(text) => line.push_str(text),
        Value::Array(parts) => parts.iter().for_each(|part| run(part, depth + 1, line)),
        Value::Object(fields) => {
            let from = line.len();
            TEXTS.iter().filter_map(|name| fields.get(*name)).for_each(|inner| run(inner, depth + 1, line));
            if let Some(url) = fields.get("url").and_then(Value::as_str).filter(|url| !says(&line[from..], url)) {
                line.push_str(&format!(" ({url})"));
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn push(lines: &mut String, line: &str) {
    let line = line.trim();
    if line.is_empty() {
        return;
    }
    if !lines.is_empty() {
        lines.push('\n');
    }
    lines.push_str(line);
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_block_is_a_line_and_a_link_says_where_it_leads() {
        let board = json!({ "type": "url", "text": { "type": "bold", "text": "board" }, "url": "https://a.example/d" });
        let message = json!({ "blocks": [
            { "type": "section_heading", "level": 1, "text": "[FIRING:1] DiskFull" },
            { "type": "paragraph", "text": ["see the ", board, "."] },
            { "type": "list", "items": [{ "blocks": [{ "type": "paragraph", "text": "db-1" }] }] },
            { "type": "details", "summary": "More", "blocks": [{ "type": "preformatted", "text": "97 %" }] },
            { "type": "divider" },
        ] });
        let expected = "[FIRING:1] DiskFull\nsee the board (https://a.example/d).\ndb-1\nMore\n97 %";
        assert_eq!(read(&message), expected);
        assert_eq!(read(&Value::Null), "");
    }

    #[test]
    fn nothing_is_read_without_bounds() {
        let mut nested = json!({ "text": "deep" });
        for _ in 0..100 {
            nested = json!({ "blocks": [nested] });
        }
        assert_eq!(read(&nested), "");
    }
}
