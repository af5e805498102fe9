//! What gemini leaves beside a conversation that it has opened again, and why that is taken away.
//!
//! Each time it opens a conversation it begins one more file for it, named by that minute, in which nothing is ever said. The
//! clean-up at its next start takes such a file for a broken one, and erases every file of that conversation with it, the one
//! with all that was said among them. A setting turns the clean-up off, but of ours it only reads what belongs to root.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// Longest list of directories that is read, and longest file that may be one of these, in bytes.
const MAX_BYTES: u64 = 256 * 1024;
/// What every file of a conversation begins with.
const PREFIX: &str = "session-";
/// What it puts before the first prompt by itself.
const CONTEXT: &str = "<session_context>";

/// Takes away what says nothing, where another file of the same conversation does, from all conversations that were had in a
/// directory; `home` is where its own directory is. What cannot be read is left alone.
pub(super) fn remove(home: &Path, directory: &Path) {
    let own = home.join(".gemini");
    let Some(chats) = project(&own, directory).map(|name| own.join("tmp").join(name).join("chats")) else { return };
    let Ok(files) = fs::read_dir(chats) else { return };
    let mut conversations: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
    for file in files.flatten().filter(|file| file.file_type().is_ok_and(|kind| kind.is_file())) {
        let name = file.file_name().to_string_lossy().into_owned();
        let id = name
            .strip_suffix(".jsonl")
            .filter(|name| name.starts_with(PREFIX))
            .and_then(|name| name.rsplit('-').next());
        if let Some(id) = id {
            conversations.entry(id.to_owned()).or_default().push(file.path());
        }
    }
    for files in conversations.values().filter(|files| files.len() > 1) {
        let (silent, said): (Vec<_>, Vec<_>) = files.iter().partition(|file| says_nothing(file));
        if said.is_empty() {
            continue;
        }
        for file in silent {
            // It may be gone by now, and stays where it cannot be taken away.
            let _ = fs::remove_file(file);
        }
    }
}

/// Returns what it calls a directory among its own.
fn project(own: &Path, directory: &Path) -> Option<String> {
    let list: Value = serde_json::from_str(&read(&own.join("projects.json"))?).ok()?;
    let real = directory.canonicalize().ok();
    let named = |place: &Path| list.get("projects")?.get(place.to_str()?)?.as_str();
    let name = real.as_deref().and_then(named).or_else(|| named(directory))?;
    let is_plain = !name.starts_with('.') && !name.contains('/');
    is_plain.then(|| name.to_owned())
}

/// Whether nobody has said anything in a file of a conversation, neither a person nor the model.
fn says_nothing(file: &Path) -> bool {
    let Some(text) = read(file) else { return false };
    text.lines().filter(|line| !line.trim().is_empty()).all(|line| {
        let Ok(line) = serde_json::from_str::<Value>(line) else { return false };
        let all = line.pointer("/$set/messages").and_then(Value::as_array);
        match (all, line.get("type")) {
            (Some(all), _) => all.iter().all(is_context),
            (None, Some(_)) => is_context(&line),
            // What it notes about the file itself.
            (None, None) => true,
        }
    })
}

/// Whether a message is only what it puts before the first prompt.
fn is_context(message: &Value) -> bool {
    let first = message.pointer("/content/0/text").or_else(|| message.get("content")).and_then(Value::as_str);
    message.get("type").and_then(Value::as_str) == Some("user")
        && first.is_some_and(|text| text.trim_start().starts_with(CONTEXT))
        && message.get("content").and_then(Value::as_array).is_none_or(|parts| parts.len() == 1)
}

/// Reads a file that is not too long.
fn read(file: &Path) -> Option<String> {
    let mut text = String::new();
    let read = fs::File::open(file).ok()?.take(MAX_BYTES + 1).read_to_string(&mut text).ok()?;
    (u64::try_from(read).ok()? <= MAX_BYTES).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = r#"{"sessionId":"4ed0a5fc-af87","startTime":"2026-11-30T23:41:02.986Z","kind":"main"}"#;
    const SILENT: &str = r#"{"$set":{"messages":[{"id":"d0","type":"user","content":[{"text":"<session_context>\nThis is the Gemini CLI."}]}]}}"#;
    const PROMPT: &str = r#"{"id":"d1","type":"user","content":[{"text":"why is it red?"}]}"#;
    const ANSWER: &str = r#"{"id":"d2","type":"gemini","content":"it is not"}"#;

    fn house(files: &[(&str, &[&str])]) -> (tempfile::TempDir, PathBuf) {
        let home = tempfile::tempdir().expect("a directory");
        let work = home.path().join("work");
        let chats = home.path().join(".gemini/tmp/work-1/chats");
        fs::create_dir_all(&work).expect("made");
        fs::create_dir_all(&chats).expect("made");
        let list =
            serde_json::json!({"projects": {work.canonicalize().expect("there").to_str().expect("text"): "work-1"}});
        fs::write(home.path().join(".gemini/projects.json"), list.to_string()).expect("written");
        for (name, lines) in files {
            fs::write(chats.join(name), lines.join("\n") + "\n").expect("written");
        }
        remove(home.path(), &work);
        (home, chats)
    }

    fn left(chats: &Path) -> Vec<String> {
        let files = fs::read_dir(chats).expect("a directory").flatten();
        let mut names: Vec<String> = files.map(|file| file.file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    #[test]
    fn only_what_says_nothing_beside_the_same_conversation_is_taken_away() {
        let (_home, chats) = house(&[
            ("session-2026-11-30T23-40-4ed0a5fc.jsonl", &[HEAD, SILENT, PROMPT, ANSWER]),
            ("session-2026-11-30T23-41-4ed0a5fc.jsonl", &[HEAD, SILENT, HEAD, SILENT]),
            ("session-2026-11-30T23-42-4ed0a5fc.jsonl", &[HEAD, SILENT, PROMPT]),
            ("session-2026-11-30T23-43-4ed0a5fc.jsonl", &[HEAD, "half a li"]),
            ("session-2026-11-30T23-41-c9d85215.jsonl", &[HEAD, SILENT]),
            ("session-2026-11-30T23-41-aaaaaaaa.jsonl", &[HEAD, SILENT]),
            ("session-2026-11-30T23-42-aaaaaaaa.jsonl", &[HEAD, SILENT]),
        ]);
        assert_eq!(
            left(&chats),
            [
                "session-2026-11-30T23-40-4ed0a5fc.jsonl",
                "session-2026-11-30T23-41-aaaaaaaa.jsonl",
                "session-2026-11-30T23-41-c9d85215.jsonl",
                "session-2026-11-30T23-42-4ed0a5fc.jsonl",
                "session-2026-11-30T23-42-aaaaaaaa.jsonl",
                "session-2026-11-30T23-43-4ed0a5fc.jsonl",
            ]
        );
    }

    #[test]
    fn a_name_that_leads_elsewhere_is_not_followed() {
        let home = tempfile::tempdir().expect("a directory");
        fs::create_dir_all(home.path().join(".gemini")).expect("made");
        for name in ["../..", ".", "a/b"] {
            let list = serde_json::json!({"projects": {home.path().to_str().expect("text"): name}});
            fs::write(home.path().join(".gemini/projects.json"), list.to_string()).expect("written");
            assert_eq!(project(&home.path().join(".gemini"), home.path()), None, "{name}");
        }
    }
}
