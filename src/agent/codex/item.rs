//! What codex does, item by item, as events; and the changes of files that it has told of.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use signalbox_adapter::one_line;

use super::ground::{PATCH, SHELL, text};
use super::shell;
use crate::agent::event::{Event, MAX_TOOL_OUTPUT_BYTES};
use crate::agent::protocol::cut;

/// Longest account of a call, in characters.
const MAX_SUMMARY_CHARS: usize = 200;
/// Most changes that are remembered until they are asked about.
const MAX_CHANGES: usize = 256;
/// Most bytes of them all.
const MAX_CHANGES_BYTES: usize = 32 * 1024 * 1024;

/// Changes of files by the id of their item.
#[derive(Debug, Default)]
pub(super) struct Changes {
    by_item: BTreeMap<String, FileChange>,
    bytes: usize,
}

/// What one item changes.
#[derive(Debug)]
pub(super) struct FileChange {
    files: Vec<Value>,
    bytes: usize,
}

impl Changes {
    /// Takes a begun item; one too many is not kept, and what asks about it is declined.
    pub(super) fn begin(&mut self, item: &Value) {
        let (Some(id), Some("fileChange"), Some(files)) =
            (text(item, "id"), text(item, "type"), item.get("changes").and_then(Value::as_array))
        else {
            return;
        };
        self.end(id);
        let bytes = files.iter().map(|file| file.to_string().len()).sum();
        if files.is_empty() || self.by_item.len() >= MAX_CHANGES || self.bytes.saturating_add(bytes) > MAX_CHANGES_BYTES
        {
            return;
        }
        self.bytes += bytes;
        self.by_item.insert(id.to_owned(), FileChange { files: files.clone(), bytes });
    }

    /// Forgets an item that has ended.
    pub(super) fn end(&mut self, id: &str) {
        if let Some(change) = self.by_item.remove(id) {
            self.bytes -= change.bytes;
        }
    }

    pub(super) fn get(&self, id: &str) -> Option<&FileChange> {
        self.by_item.get(id)
    }
}

impl FileChange {
    /// Returns the tool and the path where it writes or edits one file and nothing else.
    pub(super) fn one_file(&self) -> Option<(&'static str, &str)> {
        let [file] = &self.files[..] else { return None };
        let kind = file.get("kind")?;
        let is_moved = kind.get("move_path").or_else(|| kind.get("movePath")).is_some_and(|path| !path.is_null());
        let known = file.as_object()?.keys().all(|key| ["path", "kind", "diff"].contains(&key.as_str()));
        let tool = match kind_of(file) {
            "add" => "Write",
            "update" if !is_moved => "Edit",
            _ => return None,
        };
        Some((tool, text(file, "path")?)).filter(|_| known)
    }

    /// Returns all of it, for a person to judge.
    pub(super) fn input(&self) -> Map<String, Value> {
        let mut input = Map::new();
        if let (Some((_, path)), [file]) = (self.one_file(), &self.files[..]) {
            input.insert("file_path".into(), json!(path));
            input.insert("diff".into(), file.get("diff").cloned().unwrap_or_default());
            return input;
        }
        for (number, file) in self.files.iter().enumerate() {
            let path = text(file, "path").unwrap_or_default();
            let mut told = format!("{} {path}", kind_of(file));
            let kind = file.get("kind").and_then(Value::as_object);
            for (key, value) in kind.into_iter().flatten().filter(|(key, value)| *key != "type" && !value.is_null()) {
                told.push_str(&format!("\n{key}: {value}"));
            }
            let beside = file.as_object().into_iter().flatten();
            for (key, value) in beside.filter(|(key, _)| !["path", "kind"].contains(&key.as_str())) {
                told.push_str(&format!(
                    "\n{key}:\n{}",
                    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
                ));
            }
            input.insert(format!("file {:04}", number + 1), json!(told));
        }
        input
    }
}

fn kind_of(file: &Value) -> &str {
    let kind = file.get("kind");
    kind.and_then(|kind| kind.as_str().or_else(|| text(kind, "type"))).unwrap_or_default()
}

/// Returns the name and the account of the call that an item is; `None` for what is no call. Both spellings of the program's
/// two ways are read.
fn call(item: &Value) -> Option<(String, String)> {
    let brief = |text: &str| one_line(text, MAX_SUMMARY_CHARS);
    let field = |key: &str| text(item, key).unwrap_or_default();
    Some(match text(item, "type")? {
        "commandExecution" | "command_execution" => (SHELL.to_owned(), brief(&shell::inner(field("command")))),
        "fileChange" | "file_change" => {
            let files = item.get("changes").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
            let paths: Vec<&str> = files.iter().filter_map(|file| text(file, "path")).collect();
            let tool = match files {
                [file] if kind_of(file) == "add" => "Write",
                [file] if kind_of(file) == "update" => "Edit",
                _ => PATCH,
            };
            (tool.to_owned(), brief(&paths.join(", ")))
        }
        "mcpToolCall" | "mcp_tool_call" => {
            let input = item.get("arguments").filter(|input| !input.is_null()).map(Value::to_string);
            (format!("mcp__{}__{}", field("server"), field("tool")), brief(&input.unwrap_or_default()))
        }
        "webSearch" | "web_search" => ("WebSearch".to_owned(), brief(field("query"))),
        _ => return None,
    })
}

/// Tells that a call has begun.
pub(super) fn started(item: &Value) -> Option<Event> {
    let (name, summary) = call(item)?;
    Some(Event::ToolStarted { id: text(item, "id")?.to_owned(), name, summary })
}

/// Tells that a call has ended.
pub(super) fn finished(item: &Value) -> Option<Event> {
    call(item)?;
    let status = text(item, "status");
    let code = ["exitCode", "exit_code"].iter().find_map(|key| item.get(*key)?.as_i64());
    let ok = status.is_none_or(|status| status == "completed") && code.is_none_or(|code| code == 0);
    let output = ["aggregatedOutput", "aggregated_output"].iter().find_map(|key| text(item, key));
    let result = || {
        let parts = item.pointer("/result/content").and_then(Value::as_array);
        parts.into_iter().flatten().filter_map(|part| text(part, "text")).collect::<Vec<_>>().join("\n")
    };
    // What was not run has put out nothing: what stands there proves nothing.
    let output = if status == Some("declined") { String::new() } else { output.map_or_else(result, str::to_owned) };
    let output = cut(&output, MAX_TOOL_OUTPUT_BYTES).to_owned();
    Some(Event::ToolFinished { id: text(item, "id")?.to_owned(), ok, output })
}
