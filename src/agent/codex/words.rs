//! What codex says of its errors, made short enough for a chat.

use serde_json::Value;
use signalbox_adapter::one_line;

use super::ground::text;
use crate::agent::event::Event;

/// Longest reason for a retry, in characters.
const MAX_REASON_CHARS: usize = 200;

/// Beginnings of lines on standard error that say nothing about a run.
const NOISE: [&str; 3] =
    ["WARNING: proceeding, even though", "Reading additional input from stdin", "Reading prompt from stdin"];

/// Returns an error's words, `{message, codexErrorInfo}`.
pub(super) fn error(error: &Value) -> String {
    let message = text(error, "message").unwrap_or_default();
    // A refusal of the service is given on as it came, JSON.
    let inner = crate::json::read::<Value>(message).ok().and_then(|body| {
        let error = body.get("error").unwrap_or(&body);
        let words = text(error, "message").map(str::to_owned)?;
        let kind = text(error, "code").or_else(|| text(error, "type"));
        Some(kind.map_or(words.clone(), |kind| format!("{words} ({kind})")))
    });
    let words = inner.unwrap_or_else(|| message.to_owned());
    let kind = match error.get("codexErrorInfo") {
        Some(Value::String(kind)) if kind != "other" => Some(kind.clone()),
        Some(Value::Object(kinds)) => kinds.iter().next().and_then(|(kind, about)| {
            let status = about.get("httpStatusCode")?.as_u64()?.to_string();
            (!words.contains(&status)).then(|| format!("{kind}, status {status}"))
        }),
        _ => None,
    };
    match kind {
        Some(kind) => format!("{words} ({kind})").trim_start().to_owned(),
        None => words,
    }
}

/// Returns the retry that an error announces; `words` is all that is said of it.
pub(super) fn retry(message: &str, words: Option<&str>) -> Event {
    let attempt = message.split('/').next().map(|before| {
        let digits: Vec<char> = before.chars().rev().take_while(char::is_ascii_digit).collect();
        digits.into_iter().rev().collect::<String>()
    });
    let attempt = attempt.and_then(|digits| digits.parse().ok()).unwrap_or(1);
    Event::Retrying { attempt, reason: one_line(words.unwrap_or(message), MAX_REASON_CHARS) }
}

/// Whether an error line of `exec` announces a retry.
pub(super) fn is_retry(message: &str) -> bool {
    message.starts_with("Reconnecting")
}

/// Returns what standard error says of a run: its first error where it names one, else all that is no noise.
pub(super) fn stderr(tail: &str) -> String {
    let plain = without_colours(tail);
    let lines: Vec<&str> = plain.lines().map(str::trim_end).collect();
    if let Some(error) = lines.iter().find_map(|line| line.strip_prefix("Error: ")) {
        return error.to_owned();
    }
    let says = |line: &&&str| {
        !line.is_empty()
            && !NOISE.iter().any(|noise| line.starts_with(noise))
            && !line.contains("find bubblewrap on PATH")
    };
    lines.iter().filter(says).copied().collect::<Vec<_>>().join("\n")
}

/// Takes the signs out that colour a text in a terminal.
fn without_colours(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("\u{1b}[") {
        plain.push_str(before);
        rest = after.trim_start_matches(|c: char| c.is_ascii_digit() || c == ';');
        rest = rest.strip_prefix(|c: char| c.is_ascii_alphabetic()).unwrap_or(rest);
    }
    plain.push_str(rest);
    plain
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_error_is_told_in_its_own_words_and_by_its_kind() {
        let body =
            r#"{"error":{"message":"Too long.","type":"invalid_request_error","code":"context_length_exceeded"}}"#;
        for (told, words) in [
            (json!({"message": "it broke", "codexErrorInfo": "other"}), "it broke"),
            (json!({"message": body}), "Too long. (context_length_exceeded)"),
            (json!({"message": "full", "codexErrorInfo": "contextWindowExceeded"}), "full (contextWindowExceeded)"),
            (
                json!({"message": "no", "codexErrorInfo": {"httpConnectionFailed": {"httpStatusCode": 401}}}),
                "no (httpConnectionFailed, status 401)",
            ),
            (
                json!({"message": "status 401", "codexErrorInfo": {"httpConnectionFailed": {"httpStatusCode": 401}}}),
                "status 401",
            ),
            (json!({}), ""),
        ] {
            assert_eq!(error(&told), words, "{told}");
        }
        assert!(matches!(retry("Reconnecting... 12/50", None), Event::Retrying { attempt: 12, .. }));
        assert!(matches!(retry("Reconnecting... waiting for network", None), Event::Retrying { attempt: 1, .. }));
    }

    #[test]
    fn of_standard_error_the_first_error_is_told_and_no_noise() {
        let tail = "WARNING: proceeding, even though we could not\nError: thread/resume: no rollout (code -32600)\n\n\
                    Stack backtrace:\n   0: <unknown>\n";
        assert_eq!(stderr(tail), "thread/resume: no rollout (code -32600)");
        let noise = "\u{1b}[2m2026\u{1b}[0m \u{1b}[31mERROR\u{1b}[0m Codex could not find bubblewrap on PATH. Install\nit broke\n";
        assert_eq!(stderr(noise), "it broke");
    }
}
