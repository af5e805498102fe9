//! The parameters of a call, from JSON or a multipart form, as JSON.

use std::collections::HashMap;

use serde_json::{Map, Value};

/// What came with a call.
#[derive(Debug, Default)]
pub(crate) struct Parameters {
    /// Everything that is no file; in a form, what reads as JSON is read as JSON.
    pub(crate) fields: Map<String, Value>,
    /// The items of a body that is a list.
    items: Vec<Value>,
    /// Files by the name of their part: file name and content.
    pub(crate) files: HashMap<String, (String, Vec<u8>)>,
}

impl Parameters {
    /// Reads a body; `None` if it is neither.
    pub(crate) fn read(content_type: &str, body: &[u8]) -> Option<Self> {
        if body.is_empty() {
            return Some(Self::default());
        }
        if let Some((_, boundary)) = content_type.split_once("boundary=") {
            return Self::read_form(boundary.trim_matches('"'), body);
        }
        match serde_json::from_slice(body).ok()? {
            Value::Object(fields) => Some(Self { fields, ..Self::default() }),
            Value::Array(items) => Some(Self { items, ..Self::default() }),
            _ => None,
        }
    }

    fn read_form(boundary: &str, body: &[u8]) -> Option<Self> {
        let mut read = Self::default();
        let separator = format!("--{boundary}");
        for part in split(body, separator.as_bytes()).into_iter().skip(1) {
            let Some(part) = part.strip_prefix(b"\r\n") else { break };
            let at = find(part, b"\r\n\r\n")?;
            let head = std::str::from_utf8(&part[..at]).ok()?;
            let content = part[at + 4..].strip_suffix(b"\r\n")?;
            let name = attribute(head, "name")?;
            match attribute(head, "filename") {
                Some(file) => {
                    read.files.insert(name, (file, content.to_vec()));
                }
                None => {
                    let text = std::str::from_utf8(content).ok()?;
                    let is_json = text.starts_with(['{', '[']) || text.parse::<i64>().is_ok() || text == "true";
                    // A caption may begin like JSON.
                    let json = is_json.then(|| serde_json::from_str(text).ok()).flatten();
                    let value = json.unwrap_or_else(|| Value::from(text));
                    read.fields.insert(name, value);
                }
            }
        }
        Some(read)
    }

    /// Returns the items of a body that is a list.
    pub(crate) fn items(&self) -> &[Value] {
        &self.items
    }

    /// Returns a text.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.fields.get(name)?.as_str()
    }

    /// Returns a number.
    pub(crate) fn number(&self, name: &str) -> Option<i64> {
        self.fields.get(name)?.as_i64()
    }

    /// Tells whether a switch is on.
    pub(crate) fn is_on(&self, name: &str) -> bool {
        self.fields.get(name) == Some(&Value::Bool(true))
    }

    /// Returns a list; empty if there is none.
    pub(crate) fn list(&self, name: &str) -> Vec<Value> {
        self.fields.get(name).and_then(Value::as_array).cloned().unwrap_or_default()
    }
}

fn attribute(head: &str, name: &str) -> Option<String> {
    let start = format!("; {name}=\"");
    let (_, rest) = head.split_once(&start)?;
    rest.split_once('"').map(|(value, _)| value.to_owned())
}

fn find(text: &[u8], word: &[u8]) -> Option<usize> {
    text.windows(word.len()).position(|window| window == word)
}

fn split<'t>(text: &'t [u8], word: &[u8]) -> Vec<&'t [u8]> {
    let (mut parts, mut rest) = (Vec::new(), text);
    while let Some(at) = find(rest, word) {
        parts.push(&rest[..at]);
        rest = &rest[at + word.len()..];
    }
    parts.push(rest);
    parts
}
