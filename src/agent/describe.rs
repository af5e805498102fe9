//! What a tool call does, in one line for a progress message and in full for a person who decides on it.

use std::fmt::Write as _;

use serde_json::Value;
use signalbox_adapter::one_line;

use super::event::CUT;
use super::protocol::cut;

/// Longest one-line summary, in characters.
pub(in crate::agent) const MAX_SUMMARY_CHARS: usize = 200;

/// Longest description of a request, in bytes; a longer one cannot be approved.
const MAX_DETAIL_BYTES: usize = 256 * 1024;

/// Inputs that say most of what a call does, the first that is there.
const TELLING: [&str; 10] =
    ["command", "file_path", "notebook_path", "url", "query", "pattern", "path", "description", "prompt", "skill"];

/// Returns a call's most telling input, on one line.
pub(in crate::agent) fn summary(input: &Value) -> String {
    let told = TELLING.iter().find_map(|key| input.get(key)?.as_str());
    match (told, input) {
        (Some(told), _) => one_line(told, MAX_SUMMARY_CHARS),
        (None, Value::Object(fields)) if fields.is_empty() => String::new(),
        (None, Value::Null) => String::new(),
        (None, input) => one_line(&input.to_string(), MAX_SUMMARY_CHARS),
    }
}

/// Returns all inputs of a call, the most telling first; where it is too long, it says so first of all, and has its beginning and
/// its end.
pub(in crate::agent) fn detail(input: &Value) -> String {
    let Some(fields) = input.as_object() else { return input.to_string() };
    let first = TELLING.into_iter().find(|key| fields.contains_key(*key));
    let mut detail = String::new();
    if let Some((key, value)) = first.and_then(|key| fields.get_key_value(key)) {
        write_field(&mut detail, key, value);
    }
    for (key, value) in fields.iter().filter(|(key, _)| Some(key.as_str()) != first) {
        write_field(&mut detail, key, value);
    }
    let whole = detail.strip_suffix('\n').unwrap_or(&detail);
    if whole.len() <= MAX_DETAIL_BYTES {
        return whole.to_owned();
    }
    let end = &whole[whole.ceil_char_boundary(whole.len() - MAX_DETAIL_BYTES / 2)..];
    format!("{CUT} {} bytes.)\n{}\n(…)\n{end}", whole.len(), cut(whole, MAX_DETAIL_BYTES / 2))
}

fn write_field(detail: &mut String, key: &str, value: &Value) {
    let written = match value {
        Value::String(text) if key == "command" => writeln!(detail, "{text}"),
        Value::String(text) if text.contains('\n') => writeln!(detail, "{key}:\n{text}"),
        Value::String(text) => writeln!(detail, "{key}: {text}"),
        other => writeln!(detail, "{key}: {other}"),
    };
    written.expect("a String takes all text");
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_most_telling_input_is_the_summary() {
        assert_eq!(summary(&json!({"description": "d", "command": "ls\n -l"})), "ls -l");
        assert_eq!(summary(&json!({"n": 1})), r#"{"n":1}"#);
        assert_eq!(summary(&json!({})), "");
        assert_eq!(summary(&json!({"command": "x".repeat(999)})).chars().count(), MAX_SUMMARY_CHARS);
    }

    #[test]
    fn the_detail_hides_nothing() {
        let input = json!({"command": "rm -rf x", "background": true, "description": "tidy"});
        assert_eq!(detail(&input), "rm -rf x\nbackground: true\ndescription: tidy");
        let long = detail(&json!({"command": "x".repeat(400_000) + "; rm -rf ~/work"}));
        assert!(
            long.starts_with("(Cut: this is the beginning and the end of 400015 bytes.)")
                && long.ends_with("rm -rf ~/work")
        );
        assert!(long.len() < MAX_DETAIL_BYTES + 100);
    }
}
