//! Schedules as JSON, to be taken from one machine to another, and read from the file of another program. Pure.
//!
//! What is written is `{"signalbox": 1, "schedules": […]}`. What is read may also be a bare list, or `{"tasks": […]}` as
//! OpenSRE keeps them in `scheduler_tasks.json`; what is not understood of an entry is named, and the rest is taken.

use serde_json::{Map, Value};
use signalbox_adapter::one_line;

use super::schedule::{ScheduleOptions, is_credential};

/// Version of what is written, and of what is read where it names one.
pub const VERSION: u64 = 1;
/// Keys under which a version stands: ours, and OpenSRE's.
const VERSIONS: [&str; 2] = ["signalbox", "version"];
/// Most entries of a file.
const MAX_ENTRIES: usize = 10_000;
/// Keys under which a list stands.
const LISTS: [&str; 2] = ["schedules", "tasks"];
/// Keys that say how an entry stood elsewhere, which means nothing here.
const PASSED_OVER: [&str; 13] = [
    "id",
    "created_at",
    "created_by",
    "updated_at",
    "last_run",
    "next_run",
    "next_fire",
    "last",
    "description",
    "skill_name",
    "skill_revision",
    "skill_inputs",
    "last",
];
/// Longest version that is told, in characters.
const MAX_VERSION_CHARS: usize = 40;
/// What OpenSRE's scheduler asks where a task of its has no question.
const USUAL_QUESTION: &str = "System health check";
/// The parameter that is the question, and what OpenSRE calls it since.
const PROMPT: &str = "prompt";
const LOOP_PROMPT: &str = "loop_prompt";

/// An entry of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportEntry {
    /// As if it were typed.
    pub options: ScheduleOptions,
    /// Whether it is not to rest.
    pub enabled: bool,
    /// Keys that were not understood, or are left out, each with a word on why.
    pub left_out: Vec<String>,
}

/// Why a file holds no schedules.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoSchedules {
    /// It is no JSON.
    #[error("it is no JSON: {0}")]
    Json(String),
    /// There is no list in it.
    #[error("it holds no list of schedules")]
    NoList,
    /// It says that it is of another version.
    #[error("it is of version {0}, and only version {VERSION} is known")]
    Version(String),
    /// The list is too long.
    #[error("it holds more than {MAX_ENTRIES} schedules")]
    TooMany,
}

/// Reads the entries of a file; of one that is none, why.
///
/// # Errors
/// Where it is no such file.
pub fn read(text: &str) -> Result<Vec<Result<ImportEntry, String>>, NoSchedules> {
    let mut whole: Value = serde_json::from_str(text).map_err(|error| NoSchedules::Json(error.to_string()))?;
    let list = match &mut whole {
        Value::Array(list) => list,
        Value::Object(object) => {
            let version = VERSIONS.iter().find_map(|name| object.get(*name));
            if let Some(other) = version.filter(|version| version.as_u64() != Some(VERSION)) {
                return Err(NoSchedules::Version(one_line(&other.to_string(), MAX_VERSION_CHARS)));
            }
            let list = LISTS.iter().find(|name| object.get(**name).is_some_and(Value::is_array));
            let list = list.and_then(|name| object.get_mut(*name)).and_then(Value::as_array_mut);
            list.ok_or(NoSchedules::NoList)?
        }
        _ => return Err(NoSchedules::NoList),
    };
    if list.len() > MAX_ENTRIES {
        return Err(NoSchedules::TooMany);
    }
    Ok(std::mem::take(list).into_iter().map(entry).collect())
}

fn entry(value: Value) -> Result<ImportEntry, String> {
    let Value::Object(mut fields) = value else { return Err("it is no object".to_owned()) };
    let mut left_out = Vec::new();
    let mut take = |names: &[&str]| names.iter().find_map(|name| fields.remove(*name).filter(|value| !value.is_null()));
    let word = |value: Option<Value>| value.and_then(text).filter(|word| !word.is_empty());
    let mut options = ScheduleOptions {
        kind: word(take(&["kind"])).ok_or("it has no kind")?,
        cron: word(take(&["cron", "cron_expr", "schedule"])).ok_or("it has no cron expression")?,
        tz: word(take(&["zone", "timezone", "tz"])),
        provider: word(take(&["provider"])),
        chat_id: word(take(&["chat_id"])),
        thread_id: word(take(&["thread_id", "message_thread_id"])),
        name: word(take(&["name"])),
        catch_up: word(take(&["catch_up"])),
        agent: word(take(&["agent"])),
        quiet_when_empty: take(&["quiet_when_empty"]).as_ref().and_then(Value::as_bool),
        new_thread: take(&["new_thread"]).as_ref().and_then(Value::as_bool),
        ..ScheduleOptions::default()
    };
    if options.chat_id.is_none() {
        // A provider alone says nothing.
        (options.provider, options.thread_id) = (None, None);
    }
    let hours = take(&["window_hours", "window"]);
    options.window = match &hours {
        None => None,
        Some(hours) => {
            Some(hours.as_u64().and_then(|hours| u32::try_from(hours).ok()).ok_or("its window is no number")?)
        }
    };
    for target in listed(take(&["targets", "to"])) {
        options.to.push(target.parse().map_err(|_| format!("{target:?} is no address"))?);
    }
    let enabled = take(&["enabled"]) != Some(Value::Bool(false));
    let params = match take(&["params"]) {
        Some(Value::Object(params)) => params,
        _ => Map::new(),
    };
    params_of(&mut options, params, &mut left_out);
    left_out.extend(fields.keys().filter(|key| !PASSED_OVER.contains(&key.as_str())).cloned());
    Ok(ImportEntry { options, enabled, left_out })
}

/// Takes what an entry is told besides, its kind included where that is only another word for a question.
fn params_of(options: &mut ScheduleOptions, mut params: Map<String, Value>, left_out: &mut Vec<String>) {
    let prompt = [PROMPT, LOOP_PROMPT].iter().find_map(|name| params.remove(*name).and_then(text));
    let prompt = prompt.filter(|prompt| !prompt.trim().is_empty());
    // Tasks of kinds that OpenSRE has given up say what they were.
    if let Some(kind) = params.remove("opensre_legacy_task_kind").and_then(text) {
        options.kind = kind;
    }
    if options.kind == "manual_loop" {
        options.kind = "custom_investigation".to_owned();
    }
    let asks = options.kind.replace('-', "_").eq_ignore_ascii_case("custom_investigation");
    if let Some(prompt) = prompt.or_else(|| asks.then(|| USUAL_QUESTION.to_owned())) {
        options.params.push(format!("{PROMPT}={prompt}"));
    }
    for (name, value) in params {
        match text(value) {
            _ if is_credential(&name) => left_out.push(format!("params.{name} (a credential)")),
            Some(_) if name.starts_with("opensre_") || name.starts_with("loop_") => {
                left_out.push(format!("params.{name}"))
            }
            Some(value) if !value.trim().is_empty() => options.params.push(format!("{name}={value}")),
            Some(_) => {}
            None => left_out.push(format!("params.{name}")),
        }
    }
}

/// Returns a word or a number as text.
fn text(value: Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(is) => Some(is.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

fn listed(value: Option<Value>) -> Vec<String> {
    match value {
        Some(Value::Array(values)) => values.into_iter().filter_map(text).collect(),
        Some(value) => text(value).into_iter().collect(),
        None => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_version_is_refused() {
        for text in [r#"{"version":99,"schedules":[]}"#, r#"{"signalbox":2,"schedules":[]}"#] {
            assert!(matches!(read(text), Err(NoSchedules::Version(_))), "{text}");
        }
        for text in ["[]", r#"{"version":1,"tasks":[]}"#, r#"{"signalbox":1,"schedules":[]}"#] {
            assert_eq!(read(text), Ok(Vec::new()), "{text}");
        }
    }

    #[test]
    fn what_opensre_keeps_is_read_and_what_is_not_understood_is_named() {
        let text = r#"[
            {"id": "a1b2c3d4e5f6", "kind": "daily_summary", "cron": "0 9 * * 1-5", "timezone": "Asia/Kolkata",
             "provider": "telegram", "chat_id": "-100123", "window_hours": 24, "enabled": true,
             "params": {"bot_token": "123:abc"}, "created_at": "2026-08-20T03:30:00+00:00", "last_run": null},
            {"kind": "custom_investigation", "cron": "@daily", "provider": "slack", "chat_id": "C0123", "enabled": false,
             "params": {"prompt": "Is the backup fresh?", "severity": "info"}, "colour": "red"},
            {"kind": "manual_loop", "cron": "@daily", "provider": "", "chat_id": "",
             "params": {"loop_prompt": "Overnight", "loop_channels": "interactive_shell"}},
            {"kind": "manual_loop", "cron": "@daily", "params": {"opensre_legacy_task_kind": "weekly_audit"}},
            {"cron": "@daily"}, 7
        ]"#;
        let entries = read(text).expect("a list");
        let of = |at: usize| entries[at].clone().expect("an entry");
        let first = of(0);
        assert_eq!((first.options.tz.as_deref(), first.options.window), (Some("Asia/Kolkata"), Some(24)));
        assert_eq!(first.options.chat_id.as_deref(), Some("-100123"));
        assert_eq!((first.enabled, first.left_out), (true, vec!["params.bot_token (a credential)".to_owned()]));
        let second = of(1);
        assert_eq!(second.options.params, ["prompt=Is the backup fresh?", "severity=info"]);
        assert_eq!((second.enabled, second.left_out), (false, vec!["colour".to_owned()]));
        let third = of(2);
        assert_eq!((third.options.kind.as_str(), third.options.provider), ("custom_investigation", None));
        assert_eq!(
            (third.options.params, third.left_out),
            (vec!["prompt=Overnight".into()], vec!["params.loop_channels".into()])
        );
        assert_eq!(of(3).options.kind, "weekly_audit");
        assert_eq!(entries[4], Err("it has no kind".into()));
        assert_eq!(entries[5], Err("it is no object".into()));
    }

    #[test]
    fn a_file_of_anything_else_is_refused() {
        assert!(matches!(read("{"), Err(NoSchedules::Json(_))));
        assert_eq!(read("7"), Err(NoSchedules::NoList));
        assert_eq!(read("{\"tasks\": 7}"), Err(NoSchedules::NoList));
        assert_eq!(read("{\"tasks\": []}"), Ok(Vec::new()));
        assert_eq!(read(&format!("[{}0]", "0,".repeat(MAX_ENTRIES))), Err(NoSchedules::TooMany));
    }
}
