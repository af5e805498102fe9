//! Lenient looks into JSON: what is missing, null, blank or of another kind is none.

use serde_json::Value;

/// Returns a text, number or truth value as text.
pub(super) fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.trim().is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        Value::String(_) | Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// Returns the first text at one of these JSON pointers.
pub(super) fn text(value: &Value, pointers: &[&str]) -> Option<String> {
    pointers.iter().find_map(|pointer| value.pointer(pointer).and_then(scalar))
}

/// Tells whether there is an object at a JSON pointer.
pub(super) fn has_object(value: &Value, pointer: &str) -> bool {
    value.pointer(pointer).is_some_and(Value::is_object)
}

/// Returns the items at a JSON pointer; none if there is no list.
pub(super) fn items<'a>(value: &'a Value, pointer: &str) -> &'a [Value] {
    value.pointer(pointer).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}
