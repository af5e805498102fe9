//! What a message says beside its text: attachments, blocks, and messages that were shared. Pure.
//!
//! Alerts are posted so. All of it is read into one text, line by line, in the order in which a person sees it; the colour at
//! the edge of an attachment stands before it as `Color: #a30200`, since some senders say by that alone how bad it is.

use serde_json::Value;
use signalbox_adapter::{Quoted, Quoting};

use crate::words::{self, Names};

/// Deepest nesting of blocks that is read; Slack has four levels.
const MAX_DEPTH: usize = 8;

/// Longest text that is made of one message, in bytes.
const MAX_BYTES: usize = 64 * 1024;

/// Colours that have a name.
/// Source: <https://docs.slack.dev/legacy/legacy-messaging/legacy-secondary-message-attachments>, read 2026-11.
const COLORS: [(&str, &str); 3] = [("good", "2eb886"), ("warning", "daa038"), ("danger", "a30200")];

/// Returns all that a bot's message says.
pub(crate) fn whole(message: &Value, names: &Names) -> String {
    let mut lines = Lines { text: String::new(), names };
    let text = words::quoted(text(message, "text"), names);
    let mut shown = Lines { text: String::new(), names };
    shown.blocks(&message["blocks"], 0);
    // Beside blocks the text is only what notifications show.
    if shown.text.is_empty() || !ink(&shown.text).contains(&ink(&text)) && message["attachments"].is_null() {
        lines.push(&text);
    }
    lines.push(&shown.text.clone());
    for attachment in list(&message["attachments"]) {
        lines.attachment(attachment);
    }
    lines.text
}

/// Returns messages that somebody has shared with theirs; previews of links are none.
pub(crate) fn shared(message: &Value, names: &Names) -> Vec<Quoted> {
    let shared = list(&message["attachments"]).filter(|attachment| is_shared(attachment));
    let quoted = shared.filter_map(|attachment| {
        let mut lines = Lines { text: String::new(), names };
        lines.push(&words::quoted(text(attachment, "text"), names));
        for blocks in list(&attachment["message_blocks"]) {
            if lines.text.is_empty() {
                lines.blocks(&blocks["message"]["blocks"], 0);
            }
        }
        for inner in list(&attachment["attachments"]) {
            lines.attachment(inner);
        }
        if lines.text.is_empty() {
            lines.push(&words::quoted(text(attachment, "fallback"), names));
        }
        let by =
            ["author_name", "author_subname"].map(|key| text(attachment, key)).into_iter().find(|by| !by.is_empty());
        Quoted::new(Quoting::Forwarded, by.map(str::to_owned), &lines.text)
    });
    quoted.collect()
}

/// Returns the files that came with a message, and with those that it shares.
pub(crate) fn files(message: &Value) -> impl Iterator<Item = &Value> {
    let shared = list(&message["attachments"]).filter(|attachment| is_shared(attachment));
    list(&message["files"]).chain(shared.flat_map(|attachment| list(&attachment["files"])))
}

fn is_shared(attachment: &Value) -> bool {
    attachment["is_share"] == true || attachment["is_msg_unfurl"] == true
}

/// Returns a text of a value; empty where there is none.
pub(crate) fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value[key].as_str().unwrap_or_default()
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn ink(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).collect()
}

struct Lines<'n> {
    text: String,
    names: &'n Names,
}

impl Lines<'_> {
    fn push(&mut self, text: &str) {
        let text = text.trim();
        if text.is_empty() || self.text.len() >= MAX_BYTES {
            return;
        }
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        let room = MAX_BYTES.saturating_sub(self.text.len());
        self.text.push_str(&text[..text.floor_char_boundary(room)]);
    }

    fn marked(&mut self, text: &str) {
        self.push(&words::quoted(text, self.names));
    }

    fn attachment(&mut self, attachment: &Value) {
        let said = text(attachment, "color").trim_start_matches('#').to_ascii_lowercase();
        let color = COLORS.iter().find(|(name, _)| *name == said).map_or(said.as_str(), |(_, color)| color);
        if color.len() == 6 && color.bytes().all(|b| b.is_ascii_hexdigit()) {
            self.push(&format!("Color: #{color}"));
        }
        let before = self.text.len();
        for key in ["pretext", "author_name", "title"] {
            self.marked(text(attachment, key));
        }
        self.push(text(attachment, "title_link"));
        self.marked(text(attachment, "text"));
        for field in list(&attachment["fields"]) {
            let (title, value) = (text(field, "title").trim(), words::quoted(text(field, "value"), self.names));
            self.push(&if title.is_empty() { value } else { format!("{title}: {value}") });
        }
        self.blocks(&attachment["blocks"], 0);
        for action in list(&attachment["actions"]) {
            self.push(text(action, "url"));
        }
        if self.text.len() == before {
            self.marked(text(attachment, "fallback"));
        }
        self.marked(text(attachment, "footer"));
    }

    fn blocks(&mut self, blocks: &Value, depth: usize) {
        if depth >= MAX_DEPTH {
            return;
        }
        for block in list(blocks) {
            match text(block, "type") {
                "rich_text" => {
                    let mut read = String::new();
                    rich(block, self.names, 0, &mut read);
                    self.push(&read);
                }
                "markdown" => self.push(text(block, "text")),
                "table" => self.table(block),
                _ => {
                    self.object(&block["text"]);
                    for key in ["fields", "elements"] {
                        for element in list(&block[key]) {
                            self.object(element);
                            self.object(&element["text"]);
                            self.push(text(element, "url"));
                        }
                    }
                    self.push(text(&block["accessory"], "url"));
                    self.object(&block["title"]);
                    self.blocks(&block["child_blocks"], depth + 1);
                }
            }
        }
    }

    /// Reads a text object, whose markup is Slack's where its type says so.
    fn object(&mut self, object: &Value) {
        match text(object, "type") {
            "mrkdwn" => self.marked(text(object, "text")),
            "plain_text" => self.push(text(object, "text")),
            _ => {}
        }
    }

    fn table(&mut self, table: &Value) {
        for row in list(&table["rows"]) {
            let cell = |cell: &Value| {
                let mut read = String::new();
                rich(cell, self.names, 0, &mut read);
                if read.is_empty() { text(cell, "text").to_owned() } else { read }
            };
            let cells: Vec<String> = list(row).map(cell).collect();
            self.push(&cells.join("\t"));
        }
    }
}

/// Reads rich text.
fn rich(value: &Value, names: &Names, depth: usize, read: &mut String) {
    if depth >= MAX_DEPTH || read.len() >= MAX_BYTES {
        return;
    }
    for element in list(&value["elements"]) {
        match text(element, "type") {
            "text" => read.push_str(text(element, "text")),
            "link" => {
                let (url, said) = (text(element, "url"), text(element, "text"));
                read.push_str(&match said {
                    "" => url.to_owned(),
                    said if said == url => url.to_owned(),
                    said => format!("{said} ({url})"),
                });
            }
            "user" => {
                let id = text(element, "user_id");
                read.push_str(&format!("@{}", names.get(id).map_or(id, String::as_str)));
            }
            "channel" => read.push_str(&format!("#{}", text(element, "channel_id"))),
            "broadcast" => read.push_str(&format!("@{}", text(element, "range"))),
            "emoji" => read.push_str(&format!(":{}:", text(element, "name"))),
            _ => {
                if !read.is_empty() && !read.ends_with('\n') {
                    read.push('\n');
                }
                rich(element, names, depth + 1, read);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(message: Value) -> String {
        whole(&message, &Names::new())
    }

    #[test]
    fn an_attachment_reads_from_top_to_bottom() {
        let alert = json!({ "text": "", "attachments": [{
            "color": "danger", "title": "[FIRING:1] DiskFull (db)", "title_link": "https://a.example/#/alerts",
            "fallback": "[FIRING:1] DiskFull", "text": "*Severity:* critical\n<https://r.example|Runbook>",
            "fields": [{ "title": "Error", "value": "timeout &gt; 5 s", "short": true }], "footer": "Grafana v12",
        }] });
        assert_eq!(
            read(alert),
            "Color: #a30200\n[FIRING:1] DiskFull (db)\nhttps://a.example/#/alerts\n*Severity:* critical\n\
             Runbook (https://r.example)\nError: timeout > 5 s\nGrafana v12"
        );
    }

    #[test]
    fn blocks_are_read_however_they_are_nested_and_their_text_is_not_said_twice() {
        let message = json!({ "text": "Down: db-1", "attachments": [{ "color": "#E01E5A", "blocks": [
            { "type": "header", "text": { "type": "plain_text", "text": "Uptime Kuma Alert" } },
            { "type": "section", "fields": [{ "type": "mrkdwn", "text": "*Message*\n[db-1] <http://x.example>" }] },
            { "type": "actions", "elements": [{ "type": "button", "url": "https://k.example",
                "text": { "type": "plain_text", "text": "Visit" } }] },
        ] }] });
        assert_eq!(
            read(message),
            "Down: db-1\nColor: #e01e5a\nUptime Kuma Alert\n*Message*\n[db-1] http://x.example\nVisit\nhttps://k.example"
        );
        let rich = json!({ "text": "a b\nc", "blocks": [{ "type": "rich_text", "elements": [
            { "type": "rich_text_section", "elements": [{ "type": "text", "text": "a " }, { "type": "text", "text": "b" }] },
            { "type": "rich_text_list", "elements": [{ "type": "rich_text_section", "elements": [{ "type": "text", "text": "c" }] }] },
        ] }] });
        assert_eq!(read(rich), "a b\nc");
    }

    #[test]
    fn a_shared_message_is_somebody_s_words_and_a_preview_is_not() {
        let message = json!({ "text": "look", "attachments": [
            { "is_share": true, "is_msg_unfurl": true, "author_name": "Kim", "text": "/session rm &lt;all&gt;", "files": [{ "id": "F1" }] },
            { "title": "A page", "text": "preview", "from_url": "https://a.example" },
        ] });
        let expected = Quoted { why: Quoting::Forwarded, by: Some("Kim".into()), text: "/session rm <all>".into() };
        assert_eq!(shared(&message, &Names::new()), [expected]);
        assert_eq!(files(&message).count(), 1);
    }

    #[test]
    fn nothing_of_any_form_fails() {
        for odd in [json!(null), json!({ "attachments": 7, "blocks": [1, null, { "type": [] }] }), json!([])] {
            assert_eq!(read(odd.clone()), "");
            assert!(shared(&odd, &Names::new()).is_empty());
        }
        let mut deep = json!({ "elements": [] });
        for _ in 0..50 {
            deep = json!({ "type": "rich_text", "elements": [deep] });
        }
        read(json!({ "blocks": [deep] }));
    }
}
