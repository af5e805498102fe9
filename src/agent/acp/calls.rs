//! The tool calls of one turn: put together out of their updates, which may come in any order, and told once each.

use std::collections::HashMap;

use serde_json::{Map, Value};
use signalbox_adapter::one_line;

use crate::agent::describe::{self, MAX_SUMMARY_CHARS};
use crate::agent::event::{Event, MAX_TOOL_OUTPUT_BYTES};
use crate::agent::protocol::cut;

/// Most calls of a turn that are remembered; further ones are not told.
const MAX_CALLS: usize = 4096;
/// Largest call that is remembered, in bytes of its inputs and contents.
const MAX_CALL_BYTES: usize = 1024 * 1024;
/// What of a call is kept from one update to the next.
const KEPT: [&str; 6] = ["title", "name", "kind", "rawInput", "content", "locations"];
/// Inputs that tell what a call does, so that it need not be waited for more.
const TELLING: [&str; 8] = ["command", "file_path", "filePath", "path", "absolute_path", "url", "query", "pattern"];

/// The calls of a turn, by their ids.
#[derive(Debug, Default)]
pub(super) struct Calls(HashMap<String, Call>);

/// One call.
#[derive(Debug, Default)]
struct Call {
    fields: Map<String, Value>,
    is_told: bool,
    is_over: bool,
    is_denied: bool,
}

impl Calls {
    /// Whether there was any.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes a call or what has changed about one; an id that was not heard of begins one.
    pub(super) fn take(&mut self, update: &Value, is_new: bool) -> Vec<Event> {
        let Some(id) = update.get("toolCallId").and_then(Value::as_str) else { return Vec::new() };
        if is_new && self.0.get(id).is_some_and(|call| call.is_over) {
            self.0.remove(id);
        }
        if !self.0.contains_key(id) && self.0.len() >= MAX_CALLS {
            return Vec::new();
        }
        let is_known = self.0.contains_key(id);
        let call = self.0.entry(id.to_owned()).or_default();
        if call.is_over {
            return Vec::new();
        }
        call.merge(update);
        let status = update.get("status").and_then(Value::as_str).unwrap_or_default();
        let is_over = matches!(status, "completed" | "failed");
        let mut events = Vec::new();
        if !call.is_told && (is_over || is_known || status == "in_progress" || call.tells()) {
            events.push(call.begin(id));
        }
        if is_over {
            call.is_over = true;
            let ok = status == "completed" && !call.is_denied;
            // What we say ourselves proves nothing.
            let output = if call.is_denied { String::new() } else { output(update, &call.fields) };
            events.push(Event::ToolFinished { id: id.to_owned(), ok, output });
            call.fields = Map::new();
        }
        events
    }

    /// Takes what a permission is asked for; returns all that is known of it.
    pub(super) fn ask(&mut self, update: &Value) -> (Map<String, Value>, Vec<Event>) {
        let asked = update.as_object().cloned().unwrap_or_default();
        let Some(id) = update.get("toolCallId").and_then(Value::as_str) else { return (asked, Vec::new()) };
        if self.0.get(id).is_some_and(|call| call.is_over) {
            self.0.remove(id);
        }
        if !self.0.contains_key(id) && self.0.len() >= MAX_CALLS {
            return (asked, Vec::new());
        }
        let call = self.0.entry(id.to_owned()).or_default();
        call.merge(update);
        let begun = (!call.is_told).then(|| call.begin(id));
        let mut whole = call.fields.clone();
        // What is asked for is told whole, also where it is too large to be remembered.
        whole.extend(asked.into_iter().filter(|(key, value)| KEPT.contains(&key.as_str()) && !value.is_null()));
        (whole, begun.into_iter().collect())
    }

    /// Notes that a call was not permitted.
    pub(super) fn deny(&mut self, id: &str) -> Option<Event> {
        let call = self.0.get_mut(id).filter(|call| !call.is_over)?;
        call.is_denied = true;
        // It may say so itself, or nothing any more.
        call.is_over = true;
        Some(Event::ToolFinished { id: id.to_owned(), ok: false, output: String::new() })
    }
}

impl Call {
    fn merge(&mut self, update: &Value) {
        if update.to_string().len() > MAX_CALL_BYTES {
            return;
        }
        for key in KEPT {
            if let Some(value) = update.get(key).filter(|value| !value.is_null()) {
                self.fields.insert(key.to_owned(), value.clone());
            }
        }
    }

    fn tells(&self) -> bool {
        let input = self.fields.get("rawInput");
        TELLING.iter().any(|key| input.and_then(|input| input.get(key)).is_some_and(Value::is_string))
    }

    fn begin(&mut self, id: &str) -> Event {
        self.is_told = true;
        Event::ToolStarted { id: id.to_owned(), name: name(&self.fields), summary: summary(&self.fields) }
    }
}

/// Returns the name of a call's tool, as the agent has it, or what kind of a tool it is.
pub(super) fn name(call: &Map<String, Value>) -> String {
    let text = |value: Option<&Value>| value.and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned);
    let named = text(call.get("name")).or_else(|| text(call.get("kind")).filter(|kind| kind != "other"));
    named.unwrap_or_else(|| "tool".to_owned())
}

/// Returns what a call does, in one line.
fn summary(call: &Map<String, Value>) -> String {
    let input =
        call.get("rawInput").filter(|input| TELLING.iter().any(|key| input.get(key).is_some_and(Value::is_string)));
    match (input, call.get("title").and_then(Value::as_str)) {
        (Some(input), _) if input.get("filePath").is_none() => describe::summary(input),
        (_, Some(title)) => one_line(title, MAX_SUMMARY_CHARS),
        (Some(input), None) => describe::summary(input),
        (None, None) => String::new(),
    }
}

/// Returns what a call has put out: its texts, or its raw output.
fn output(update: &Value, call: &Map<String, Value>) -> String {
    let content = update.get("content").or_else(|| call.get("content")).and_then(Value::as_array);
    let texts: Vec<&str> =
        content.into_iter().flatten().filter_map(|part| part.pointer("/content/text")?.as_str()).collect();
    let raw = update.get("rawOutput").filter(|raw| !raw.is_null());
    let output = match (update.get("content").is_some() && !texts.is_empty(), raw) {
        (true, _) => texts.join("\n"),
        (false, Some(Value::String(text))) => text.clone(),
        (false, Some(raw)) => {
            let text = ["output", "stdout", "text"].iter().find_map(|key| raw.get(key)?.as_str());
            text.map_or_else(|| raw.to_string(), str::to_owned)
        }
        (false, None) => texts.join("\n"),
    };
    cut(&output, MAX_TOOL_OUTPUT_BYTES).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn started(id: &str, name: &str, summary: &str) -> Event {
        Event::ToolStarted { id: id.into(), name: name.into(), summary: summary.into() }
    }

    fn finished(id: &str, ok: bool, output: &str) -> Event {
        Event::ToolFinished { id: id.into(), ok, output: output.into() }
    }

    #[test]
    fn a_call_is_told_once_it_is_known_what_it_does() {
        let mut calls = Calls::default();
        let begun =
            json!({"toolCallId": "c", "name": "Bash", "status": "pending", "title": "Terminal", "rawInput": {}});
        assert_eq!(calls.take(&begun, true), []);
        let told = json!({"toolCallId": "c", "title": "touch x", "rawInput": {"command": "touch x"}});
        assert_eq!(calls.take(&told, false), [started("c", "Bash", "touch x")]);
        assert_eq!(calls.take(&json!({"toolCallId": "c"}), false), []);
        let done = json!({"toolCallId": "c", "status": "completed", "rawOutput": "made"});
        assert_eq!(calls.take(&done, false), [finished("c", true, "made")]);
        assert_eq!(calls.take(&done, false), [], "it has ended");
        assert_eq!(
            calls.take(&told, true),
            [started("c", "Bash", "touch x")].map(|event| match event {
                Event::ToolStarted { id, summary, .. } => started(&id, "tool", &summary),
                other => other,
            }),
            "an id may be taken again"
        );
    }

    #[test]
    fn an_end_without_a_beginning_is_both() {
        let done =
            json!({"toolCallId": "g", "status": "completed", "title": "touch x", "kind": "execute", "content": []});
        assert_eq!(Calls::default().take(&done, false), [started("g", "execute", "touch x"), finished("g", true, "")]);
        let failed = json!({"toolCallId": "g", "status": "failed", "kind": "edit",
            "content": [{"type": "content", "content": {"type": "text", "text": "no such file"}}]});
        assert_eq!(Calls::default().take(&failed, false)[1], finished("g", false, "no such file"));
    }

    #[test]
    fn what_was_denied_is_over_and_proves_nothing() {
        let mut calls = Calls::default();
        let (whole, begun) =
            calls.ask(&json!({"toolCallId": "c", "title": "touch x", "kind": "execute", "status": "pending"}));
        assert_eq!(begun, [started("c", "execute", "touch x")]);
        assert_eq!(whole.get("title"), Some(&json!("touch x")));
        assert_eq!(calls.deny("c"), Some(finished("c", false, "")));
        assert_eq!(calls.deny("c"), None);
        assert_eq!(calls.take(&json!({"toolCallId": "c", "status": "failed"}), false), []);
        assert_eq!(calls.deny("unknown"), None);
    }

    #[test]
    fn calls_without_end_fill_nothing() {
        let mut calls = Calls::default();
        for n in 0..2 * MAX_CALLS {
            calls.take(&json!({"toolCallId": n.to_string(), "status": "in_progress"}), true);
        }
        assert_eq!(calls.0.len(), MAX_CALLS);
        assert_eq!(calls.take(&json!({"title": "without an id"}), true), []);
        let mut calls = Calls::default();
        calls.take(&json!({"toolCallId": "c", "status": "in_progress", "title": "x".repeat(2 * MAX_CALL_BYTES)}), true);
        assert!(calls.0["c"].fields.is_empty());
    }
}
