//! One line of its output, as events: what is there is read, and nothing that is not.

use serde_json::Value;
use signalbox_adapter::one_line;

use crate::agent::describe::{self, MAX_SUMMARY_CHARS};
use crate::agent::event::{Compacted, Denial, Event, Final, MAX_TOOL_OUTPUT_BYTES, Usage};
use crate::agent::protocol::{Step, cut};

/// What the program says, on either stream, of a session that it does not have.
pub(super) const UNKNOWN_SESSION: &str = "No conversation found with session ID";

/// The tool by which it gives an answer in the form that was asked for.
const STRUCTURED_OUTPUT: &str = "StructuredOutput";

/// Most denials that a final word lists.
pub(super) const MAX_DENIALS: usize = 200;

pub(super) fn happened(events: impl IntoIterator<Item = Event>) -> Step {
    Step { events: events.into_iter().collect(), ..Step::default() }
}

pub(super) fn text<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    value.get(key)?.as_str()
}

pub(super) fn blocks(line: &Value) -> impl Iterator<Item = &Value> {
    line.pointer("/message/content").and_then(Value::as_array).into_iter().flatten()
}

pub(super) fn retry(line: &Value) -> Event {
    let attempt = line.get("attempt").and_then(Value::as_u64).and_then(|n| u32::try_from(n).ok()).unwrap_or(1);
    let reason = text(line, "error").unwrap_or("no answer");
    let reason = match line.get("error_status").and_then(Value::as_u64) {
        Some(status) => format!("{reason} ({status})"),
        None => reason.to_owned(),
    };
    Event::Retrying { attempt, reason: one_line(&reason, MAX_SUMMARY_CHARS) }
}

/// Returns what one assistant line says; the words of a helper of the agent, and errors that `result` repeats, are not
/// the agent's words.
pub(super) fn said(line: &Value) -> Vec<Event> {
    let own = text(line, "parent_tool_use_id").is_none() && text(line, "error").is_none();
    let words = |text: &str| (own && !text.trim().is_empty()).then(|| Event::Text { text: text.to_owned() });
    if let Some(whole) = line.pointer("/message/content").and_then(Value::as_str) {
        return words(whole).into_iter().collect();
    }
    blocks(line)
        .filter_map(|block| match text(block, "type")? {
            "text" => words(text(block, "text")?),
            "tool_use" => {
                // Its answer, in the form that was asked for.
                let name = text(block, "name").filter(|name| *name != STRUCTURED_OUTPUT)?;
                let summary = describe::summary(block.get("input").unwrap_or(&Value::Null));
                Some(Event::ToolStarted { id: text(block, "id")?.to_owned(), name: name.to_owned(), summary })
            }
            _ => None,
        })
        .collect()
}

pub(super) fn tool_result(block: &Value) -> Option<Event> {
    if text(block, "type")? != "tool_result" {
        return None;
    }
    let ok = block.get("is_error").and_then(Value::as_bool) != Some(true);
    let output = match block.get("content") {
        Some(Value::String(output)) => output.clone(),
        Some(Value::Array(parts)) => parts.iter().filter_map(|p| text(p, "text")).collect::<Vec<_>>().join("\n"),
        _ => String::new(),
    };
    let output = cut(&output, MAX_TOOL_OUTPUT_BYTES).to_owned();
    Some(Event::ToolFinished { id: text(block, "tool_use_id")?.to_owned(), ok, output })
}

pub(super) fn final_word(line: &Value) -> Final {
    let subtype = text(line, "subtype").unwrap_or_default();
    let errors: Vec<&str> =
        line.get("errors").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
    // `subtype` is "success" also for errors, so that `is_error` decides; an error's subtype is never a success.
    let failed = line.get("is_error").and_then(Value::as_bool) == Some(true) || subtype.starts_with("error");
    let structured = line.get("structured_output").filter(|output| output.is_object()).map(Value::to_string);
    let result = structured.as_deref().or_else(|| text(line, "result")).unwrap_or_default();
    let outcome = match (failed, errors.is_empty(), result.is_empty()) {
        (false, _, _) => Ok(result.to_owned()),
        (true, false, _) => Err(errors.join("\n").into()),
        (true, true, false) => Err(result.into()),
        // It says nothing then.
        (true, true, true) => Err(subtype.strip_prefix("success").unwrap_or(subtype).into()),
    };
    Final {
        usage: usage(line),
        denials: denials(line).map(|(denial, _)| denial).collect(),
        unknown_session: failed && errors.iter().any(|error| error.contains(UNKNOWN_SESSION)),
        ..Final::new(outcome)
    }
}

/// Whether a result is an error of the model's service that another time, or another prompt, may not get; of a log-in that is
/// missing a process may never hear.
pub(super) fn is_passing(line: &Value) -> bool {
    let status = line.get("api_error_status").and_then(Value::as_u64);
    status.is_some_and(|status| (400..600).contains(&status) && !matches!(status, 401 | 403))
}

/// Returns what was used since the last result, that of its helpers too where it says so; tokens read from and written to the
/// service's cache were read, too.
pub(super) fn usage(line: &Value) -> Usage {
    let own = line.get("usage");
    let count = |key: &str| own.and_then(|usage| usage.get(key)).and_then(Value::as_u64);
    let input = ["input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens"].map(count);
    let sum = |counts: &mut dyn Iterator<Item = u64>| counts.fold(0, u64::saturating_add);
    let models = line.get("model_usage_since_last_result").and_then(Value::as_object).filter(|it| !it.is_empty());
    let of_models = |keys: &[&str]| {
        let counts = models?.values().flat_map(|model| keys.iter().map(|key| model.get(key).and_then(Value::as_u64)));
        counts.map(|count| count.unwrap_or(0)).reduce(u64::saturating_add)
    };
    Usage {
        input_tokens: of_models(&["inputTokens", "cacheCreationInputTokens", "cacheReadInputTokens"])
            .or_else(|| input[0].map(|_| sum(&mut input.into_iter().flatten()))),
        output_tokens: of_models(&["outputTokens"]).or_else(|| count("output_tokens")),
        session_cost_usd: line.get("total_cost_usd").and_then(Value::as_f64),
    }
}

/// Adds what we have denied, where the agent's own list does not have it.
pub(super) fn with_denials(listed: &mut Vec<Denial>, denied: &[Denial]) {
    let mut unmatched = listed.clone();
    for denial in denied {
        match unmatched.iter().position(|other| other == denial) {
            Some(at) => drop(unmatched.swap_remove(at)),
            None => listed.push(denial.clone()),
        }
    }
    listed.truncate(MAX_DENIALS);
}

/// Returns what a result says was denied, and in which call.
pub(super) fn denials(line: &Value) -> impl Iterator<Item = (Denial, Option<String>)> {
    let denied = line.get("permission_denials").and_then(Value::as_array);
    denied.into_iter().flatten().take(MAX_DENIALS).filter_map(|denial| {
        let summary = describe::summary(denial.get("tool_input").unwrap_or(&Value::Null));
        let call = text(denial, "tool_use_id").map(str::to_owned);
        Some((Denial { tool: text(denial, "tool_name")?.to_owned(), summary }, call))
    })
}

/// Returns what a command of the program itself has put out.
pub(super) fn local_output(line: &Value) -> Option<String> {
    let said = line.pointer("/message/content")?.as_str()?;
    let inside = ["stdout", "stderr"].iter().find_map(|stream| {
        let (open, close) = (format!("<local-command-{stream}>"), format!("</local-command-{stream}>"));
        said.trim().strip_prefix(open.as_str())?.strip_suffix(close.as_str())
    })?;
    Some(inside.trim().to_owned()).filter(|inside| !inside.is_empty())
}

/// Returns how many tokens a conversation had before and after it was put in short.
pub(super) fn compacted(line: &Value) -> Option<Compacted> {
    let count = |key: &str| line.pointer("/compact_metadata")?.get(key)?.as_u64();
    Some(Compacted { before: count("pre_tokens")?, after: count("post_tokens") })
}
