//! Files that an agent names in its messages: links to resources, resources and pictures that it tells whole.

use serde_json::Value;

use crate::agent::event::{MAX_NAMED_FILES, MAX_TOLD_FILE_BYTES, NamedFile, ToldFile};
use crate::agent::protocol::cut;

/// Longest address or name that is looked at, in bytes.
const MAX_ADDRESS_BYTES: usize = 4096;

/// The files of one turn.
#[derive(Debug, Default)]
pub(super) struct Resources {
    files: Vec<NamedFile>,
    told_bytes: u64,
}

impl Resources {
    /// Takes a content block that is no text; returns what is to be said for one that is no file, but a place in the web.
    pub(super) fn take(&mut self, content: &Value) -> Option<String> {
        let text = |key: &str| content.get(key).and_then(Value::as_str);
        match text("type")? {
            "resource_link" => {
                let uri = cut(text("uri")?, MAX_ADDRESS_BYTES);
                if uri.starts_with("http://") || uri.starts_with("https://") {
                    return Some(format!("\n<{uri}>\n"));
                }
                self.add(path_of(uri).map(NamedFile::Path));
            }
            "resource" => {
                let resource = content.get("resource")?;
                let of = |key: &str| resource.get(key).and_then(Value::as_str);
                let name = of("uri").map(name_of).unwrap_or_default();
                let told = match (of("text"), of("blob")) {
                    (Some(text), _) => {
                        let size_bytes = text.len() as u64;
                        let fits = self.has_room(size_bytes);
                        Some((fits.then(|| base64(text.as_bytes())), size_bytes))
                    }
                    (None, Some(blob)) => Some(self.blob(blob)),
                    (None, None) => None,
                };
                self.tell(name, of("mimeType"), told);
            }
            kind @ ("image" | "audio") => {
                let name = text("uri").map(name_of).filter(|name| !name.is_empty());
                let name = name.unwrap_or_else(|| format!("{kind}-{}", self.files.len() + 1));
                let told = text("data").map(|data| self.blob(data));
                self.tell(name, text("mimeType"), told);
            }
            _ => {}
        }
        None
    }

    /// Returns what was named, and begins anew.
    pub(super) fn end(&mut self) -> Vec<NamedFile> {
        std::mem::take(self).files
    }

    fn has_room(&self, size_bytes: u64) -> bool {
        self.told_bytes.saturating_add(size_bytes) <= MAX_TOLD_FILE_BYTES
    }

    fn blob(&self, blob: &str) -> (Option<String>, u64) {
        let padding = blob.bytes().rev().take(2).filter(|byte| *byte == b'=').count() as u64;
        let size_bytes = (blob.len() as u64 / 4 * 3).saturating_sub(padding);
        (self.has_room(size_bytes).then(|| blob.to_owned()), size_bytes)
    }

    fn tell(&mut self, name: String, media_type: Option<&str>, told: Option<(Option<String>, u64)>) {
        let Some((base64, size_bytes)) = told else { return };
        if base64.is_some() {
            self.told_bytes += size_bytes;
        }
        let media_type = media_type.map(|kind| cut(kind, MAX_ADDRESS_BYTES).to_owned());
        self.add(Some(NamedFile::Told(ToldFile { name, media_type, base64, size_bytes })));
    }

    fn add(&mut self, file: Option<NamedFile>) {
        let file = file.filter(|file| self.files.len() < MAX_NAMED_FILES && !self.files.contains(file));
        self.files.extend(file);
    }
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

/// Returns the path that an address names on this machine: `file:///…`, or a bare path. Any other scheme names no file.
fn path_of(uri: &str) -> Option<String> {
    if let Some(rest) = uri.strip_prefix("file://") {
        let path = rest.strip_prefix("localhost").unwrap_or(rest);
        let path = path.split(['?', '#']).next().unwrap_or_default();
        return path.starts_with('/').then(|| unescaped(path));
    }
    let has_scheme = uri.split_once("://").is_some() || uri.starts_with("data:");
    (!uri.is_empty() && !has_scheme).then(|| uri.to_owned())
}

/// Returns what the last step of an address is called.
fn name_of(uri: &str) -> String {
    let path = cut(uri, MAX_ADDRESS_BYTES).split(['?', '#']).next().unwrap_or_default();
    let path = path.split_once("://").map_or(path, |(_, path)| path);
    unescaped(path.trim_end_matches('/').rsplit('/').next().unwrap_or_default())
}

/// Puts the bytes of `%20` and the like in their places.
fn unescaped(text: &str) -> String {
    let digit =
        |byte: Option<&u8>| byte.and_then(|byte| char::from(*byte).to_digit(16)).and_then(|it| u8::try_from(it).ok());
    let (bytes, mut plain, mut at) = (text.as_bytes(), Vec::with_capacity(text.len()), 0);
    while at < bytes.len() {
        let pair = (bytes[at] == b'%').then(|| digit(bytes.get(at + 1)).zip(digit(bytes.get(at + 2)))).flatten();
        match pair {
            Some((high, low)) => {
                plain.push(high << 4 | low);
                at += 3;
            }
            None => {
                plain.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&plain).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn named(content: Value) -> Vec<NamedFile> {
        let mut files = Resources::default();
        assert_eq!(files.take(&content), None, "{content}");
        files.end()
    }

    fn path(path: &str) -> Vec<NamedFile> {
        vec![NamedFile::Path(path.to_owned())]
    }

    #[test]
    fn a_link_names_a_path_and_one_into_the_web_is_said() {
        let link = |uri: &str| json!({"type": "resource_link", "uri": uri, "name": "x"});
        assert_eq!(named(link("file:///w/a%20b/plot.png#1")), path("/w/a b/plot.png"));
        assert_eq!(named(link("file://localhost/w/%C3%BC")), path("/w/ü"));
        assert_eq!(named(link("out/../../x")), path("out/../../x"));
        for nothing in ["", "file://host/share", "git://x/y", "data:text/plain,x", "file:"] {
            let expected = if nothing == "file:" { path("file:") } else { Vec::new() };
            assert_eq!(named(link(nothing)), expected, "{nothing}");
        }
        let web = Resources::default().take(&link("https://example.org/a"));
        assert_eq!(web.as_deref(), Some("\n<https://example.org/a>\n"));
    }

    #[test]
    fn what_is_told_whole_is_kept_up_to_its_bound() {
        let text = json!({"type": "resource", "resource": {"uri": "mem:///a/notes.md", "mimeType": "text/markdown", "text": "hi"}});
        let told = |name: &str, media_type: Option<&str>, base64: Option<&str>, size_bytes| {
            let (media_type, base64) = (media_type.map(str::to_owned), base64.map(str::to_owned));
            NamedFile::Told(ToldFile { name: name.into(), media_type, base64, size_bytes })
        };
        assert_eq!(named(text), [told("notes.md", Some("text/markdown"), Some("aGk="), 2)]);
        let image = json!({"type": "image", "mimeType": "image/png", "data": "iVBORw=="});
        assert_eq!(named(image), [told("image-1", Some("image/png"), Some("iVBORw=="), 4)]);
        let mut files = Resources::default();
        let large = "A".repeat(8_000_000);
        for name in ["a", "b"] {
            files.take(&json!({"type": "resource", "resource": {"uri": name, "blob": large}}));
        }
        let kept: Vec<bool> =
            files.end().iter().map(|file| matches!(file, NamedFile::Told(it) if it.base64.is_some())).collect();
        assert_eq!(kept, [true, false]);
    }

    #[test]
    fn what_is_odd_names_nothing_and_the_same_is_named_once() {
        for odd in [
            json!(7),
            json!({}),
            json!({"type": "resource"}),
            json!({"type": "resource", "resource": 7}),
            json!({"type": "image"}),
            json!({"type": "resource_link", "uri": 7}),
            json!({"type": "film", "data": "x"}),
        ] {
            assert_eq!(named(odd), []);
        }
        let mut files = Resources::default();
        for number in 0..2 * MAX_NAMED_FILES {
            files.take(&json!({"type": "resource_link", "uri": "a"}));
            files.take(&json!({"type": "resource_link", "uri": number.to_string()}));
        }
        assert_eq!(files.end().len(), MAX_NAMED_FILES);
    }
}
