//! What a permission is asked for: shown whole, and where it is understood, as what our own policy knows.

use std::path::Path;

use serde_json::{Map, Value, json};

use super::calls;
use crate::agent::describe;
use crate::agent::digest::Digest;
use crate::agent::event::{CUT, Denial};
use crate::agent::grant::{Grant, Only};
use crate::agent::names::plain;
use crate::agent::policy::{Policy, Ruling};

/// Inputs that name the file that is changed or read.
const FILES: [&str; 5] = ["file_path", "filePath", "filepath", "path", "absolute_path"];
/// Inputs of an edit beside its file that take it nowhere else.
const OF_EDITS: [&str; 11] = [
    "content",
    "new_string",
    "old_string",
    "newString",
    "oldString",
    "newText",
    "oldText",
    "diff",
    "replace_all",
    "replaceAll",
    "instruction",
];
/// Inputs of a command that name its directory.
const DIRECTORIES: [&str; 4] = ["cwd", "workdir", "directory", "dir_path"];
/// What an agent says beside the inputs.
const ABOUT: &str = "it says";
/// Inputs, as people call them.
const CALLED: [(&str, &str); 16] = [
    ("file_path", "file"),
    ("filePath", "file"),
    ("filepath", "file"),
    ("path", "file"),
    ("absolute_path", "file"),
    ("new_string", "new text"),
    ("newString", "new text"),
    ("newText", "new text"),
    ("old_string", "old text"),
    ("oldString", "old text"),
    ("oldText", "old text"),
    ("cwd", "in"),
    ("workdir", "in"),
    ("directory", "in"),
    ("dir_path", "in"),
    ("description", ABOUT),
];
/// What of a call is asked for, beside its inputs.
const PARTS: [&str; 5] = ["kind", "title", "rawInput", "content", "locations"];

/// What is asked for.
#[derive(Debug, Clone)]
pub(super) struct Demand {
    /// The tool, as it may be shown.
    pub(super) tool: String,
    /// All of it.
    whole: Value,
    /// The tool and input as which the policy knows it.
    known: Option<(&'static str, Value)>,
    /// Whether the agent would change how much it asks.
    is_about_modes: bool,
}

impl Demand {
    /// Reads all that is known of a call; `directory` is where the agent works.
    pub(super) fn of(call: &Map<String, Value>, directory: &Path) -> Self {
        let kind = call.get("kind").and_then(Value::as_str).unwrap_or_default();
        let parts = PARTS.iter().filter_map(|key| Some(((*key).to_owned(), call.get(*key)?.clone())));
        Self {
            tool: plain(&calls::name(call)),
            whole: Value::Object(parts.collect()),
            known: known(kind, call, directory),
            is_about_modes: kind == "switch_mode",
        }
    }

    /// Reads the call of a request for leave.
    pub(super) fn of_params(params: &Value, directory: &Path) -> Option<Self> {
        Some(Self::of(params.get("toolCall")?.as_object()?, directory))
    }

    /// Returns what is told of it where it was not permitted.
    pub(super) fn denial(&self) -> Denial {
        Denial { tool: self.tool.clone(), summary: self.summary() }
    }

    /// Returns the digest of the tool and all that is asked for.
    pub(super) fn digest(&self) -> Digest {
        Digest::of(&self.tool, &self.whole)
    }

    /// Judges it.
    pub(super) fn judge(&self, policy: &Policy) -> Ruling {
        if self.is_about_modes && policy.judge(&self.tool, &self.whole, true) != Ruling::Deny {
            return Ruling::Ask;
        }
        match &self.known {
            Some((tool, input)) => policy.judge(tool, input, false),
            None => policy.judge(&self.tool, &self.whole, true),
        }
    }

    /// Returns what an answer for the session allows.
    pub(super) fn grant(&self, policy: &Policy) -> Grant {
        match &self.known {
            Some((tool, input)) => policy.grant(tool, input, false),
            None => {
                let mut grant = policy.grant(&self.tool, &self.whole, true);
                // What it is, is told in words; its digest is of all of it.
                if let Only::Same { about, .. } = &mut grant.only
                    && !self.summary().is_empty()
                {
                    *about = self.summary();
                }
                grant
            }
        }
    }

    /// Returns it in one line.
    pub(super) fn summary(&self) -> String {
        let input = self.whole.get("rawInput").filter(|input| input.as_object().is_some_and(|it| !it.is_empty()));
        match (input, self.whole.get("title")) {
            (Some(input), _) => describe::summary(input),
            (None, Some(title)) => describe::summary(&json!({"description": title})),
            (None, None) => String::new(),
        }
    }

    /// Returns all of it, for a person to judge: first what it comes to, then every input.
    pub(super) fn detail(&self) -> String {
        let text = |key: &str| self.whole.get(key).and_then(Value::as_str).unwrap_or_default().trim();
        let input = match self.whole.get("rawInput") {
            Some(Value::Object(fields)) => fields.clone(),
            Some(Value::Null) | None => Map::new(),
            Some(other) => Map::from_iter([("input".to_owned(), other.clone())]),
        };
        let contents = self.whole.get("content").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let input = without_same_diff(input, contents);
        let said: Vec<String> = input.values().filter_map(Value::as_str).map(str::to_owned).collect();
        let has_command = input.get("command").is_some_and(Value::is_string);
        let mut shown = called(input);
        let mut add = |key: &str, text: String| {
            if !text.trim().is_empty() && !said.contains(&text) {
                // An input of the same name stays.
                let key = if shown.contains_key(key) { format!("{key} (of the request)") } else { key.to_owned() };
                shown.insert(key, Value::String(text));
            }
        };
        let mut texts = Vec::new();
        let mut headline = None;
        match text("title") {
            "" => {}
            title if said.iter().any(|it| it == title) => {}
            title if has_command => texts.push(title.to_owned()),
            // Where nothing else is told of it, the title is what is asked for.
            title if text("kind") == "execute" => add("command", title.to_owned()),
            title => headline = Some(title),
        }
        for content in contents {
            match shown_content(content, &said) {
                Some((key, text)) if key == ABOUT => texts.push(text),
                Some((key, text)) => add(&key, text),
                None => {}
            }
        }
        add(ABOUT, texts.join("\n"));
        let places = self.whole.get("locations").and_then(Value::as_array).into_iter().flatten();
        let places =
            places.filter_map(|place| place.get("path")?.as_str()).filter(|path| !said.iter().any(|it| it == path));
        add("where", places.collect::<Vec<_>>().join("\n"));
        let detail = describe::detail(&Value::Object(shown));
        // What is cut says so first of all.
        match headline.filter(|_| !detail.starts_with(CUT)) {
            Some(headline) => format!("{headline}\n{detail}").trim_end().to_owned(),
            None => headline.map_or(detail.clone(), |headline| format!("{detail}\n{headline}")),
        }
    }
}

/// Calls inputs as people do; where two would have one name, each keeps its own.
fn called(input: Map<String, Value>) -> Map<String, Value> {
    let name_of =
        |key: &str| CALLED.iter().find(|(own, _)| *own == key).map_or(key.to_owned(), |(_, name)| (*name).to_owned());
    let names: Vec<String> = input.keys().map(|key| name_of(key)).collect();
    let is_one = |name: &String| names.iter().filter(|other| *other == name).count() == 1;
    let named = input.into_iter().zip(&names);
    named.map(|((key, value), name)| (if is_one(name) { name.clone() } else { key }, value)).collect()
}

/// Leaves a change out that an agent writes among its inputs where the same change is shown from its texts.
fn without_same_diff(mut input: Map<String, Value>, contents: &[Value]) -> Map<String, Value> {
    let changed = |text: &str| {
        let is_changed = |line: &&str| {
            (line.starts_with('+') && !line.starts_with("+++ ")) || (line.starts_with('-') && !line.starts_with("--- "))
        };
        text.lines().filter(is_changed).map(str::to_owned).collect::<Vec<_>>()
    };
    let shown: Vec<String> = contents
        .iter()
        .filter(|content| content.get("type").and_then(Value::as_str) == Some("diff"))
        .flat_map(|content| {
            let text = |key: &str| content.get(key).and_then(Value::as_str).unwrap_or_default();
            changed(&diff(text("oldText"), text("newText")))
        })
        .collect();
    let is_same = |own: &Value| own.as_str().is_some_and(|own| !shown.is_empty() && changed(own) == shown);
    if input.get("diff").is_some_and(is_same) {
        input.remove("diff");
    }
    input
}

/// Returns one part of what an agent shows of a call; `None` where it stands among the inputs already.
fn shown_content(content: &Value, said: &[String]) -> Option<(String, String)> {
    let text = |key: &str| content.get(key).and_then(Value::as_str);
    match text("type") {
        Some("content") => match content.pointer("/content/text").and_then(Value::as_str) {
            Some(text) => Some((ABOUT.to_owned(), text.to_owned())),
            None => Some((ABOUT.to_owned(), content.to_string())),
        },
        Some("diff") => {
            let (old, new) = (text("oldText").unwrap_or_default(), text("newText").unwrap_or_default());
            let is_told = old.is_empty() && said.iter().any(|it| it == new);
            (!is_told).then(|| (format!("change of {}", text("path").unwrap_or_default()), diff(old, new)))
        }
        _ => Some((ABOUT.to_owned(), content.to_string())),
    }
}

/// Writes the lines that go and those that come; what both texts begin and end with is left out.
fn diff(old: &str, new: &str) -> String {
    let (old, new): (Vec<&str>, Vec<&str>) = (old.split('\n').collect(), new.split('\n').collect());
    let begin = old.iter().zip(&new).take_while(|(old, new)| old == new).count();
    let (old, new) = (&old[begin..], &new[begin..]);
    let end = old.iter().rev().zip(new.iter().rev()).take_while(|(old, new)| old == new).count();
    let gone = old[..old.len() - end].iter().map(|line| format!("-{line}"));
    let come = new[..new.len() - end].iter().map(|line| format!("+{line}"));
    let lines: Vec<String> = std::iter::once(format!("@@ line {} @@", begin + 1)).chain(gone).chain(come).collect();
    lines.join("\n")
}

/// Returns the tool and input as which the policy knows a call: only where all that it is given is understood.
fn known(kind: &str, call: &Map<String, Value>, directory: &Path) -> Option<(&'static str, Value)> {
    let input = match call.get("rawInput") {
        Some(Value::Object(fields)) => Some(fields),
        Some(Value::Null) | None => None,
        Some(_) => return None,
    };
    let contents = call.get("content").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let is = |content: &&Value, what: &str| content.get("type").and_then(Value::as_str) == Some(what);
    let only = |fields: &Map<String, Value>, keys: &[&str]| fields.keys().all(|key| keys.contains(&key.as_str()));
    match kind {
        "execute" => {
            let fields = input?;
            let is_here = DIRECTORIES.iter().all(|key| match fields.get(*key) {
                Some(at) => at.as_str().is_some_and(|at| Path::new(at) == directory),
                None => true,
            });
            let keys: Vec<&str> = ["command", "description", "timeout"].into_iter().chain(DIRECTORIES).collect();
            let is_plain = is_here && only(fields, &keys) && contents.iter().all(|content| is(&content, "content"));
            let command = fields.get("command")?.as_str().filter(|_| is_plain)?;
            Some(("Bash", json!({"command": command})))
        }
        "edit" => {
            let diffs = || contents.iter().filter(|content| is(content, "diff"));
            let keys: Vec<&str> = FILES.into_iter().chain(OF_EDITS).collect();
            let fields = input.filter(|fields| !fields.is_empty());
            if fields.is_some_and(|fields| !only(fields, &keys)) {
                return None;
            }
            let inputs = FILES.iter().filter_map(|key| fields?.get(*key));
            let shown = diffs().filter_map(|diff| diff.get("path"));
            let places = call.get("locations").and_then(Value::as_array).into_iter().flatten();
            let mut paths = inputs.chain(shown).chain(places.filter_map(|place| place.get("path"))).map(Value::as_str);
            let path = paths.next()??;
            // All that names a file names this one.
            let is_one = paths.all(|other| other == Some(path));
            let is_told = fields.is_some() || diffs().count() == 1;
            let is_known =
                is_one && is_told && contents.iter().all(|content| is(&content, "diff") || is(&content, "content"));
            let content = Value::Object(call.clone()).to_string();
            is_known.then(|| ("Write", json!({"file_path": path, "content": content})))
        }
        "fetch" => {
            let fields = input.filter(|fields| only(fields, &["url", "prompt", "format", "timeout"]))?;
            let url = fields.get("url")?.as_str().filter(|_| contents.is_empty())?;
            Some(("WebFetch", json!({"url": url, "prompt": Value::Object(fields.clone()).to_string()})))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::run::RunSpec;
    use crate::config::Permission;

    fn asked(call: &Value) -> Demand {
        Demand::of(call.as_object().expect("an object"), Path::new("/w/project"))
    }

    fn known_as(call: &Value) -> Option<(&'static str, Value)> {
        asked(call).known
    }

    #[test]
    fn a_plain_command_and_an_edit_of_one_file_are_known() {
        let shell = json!({"kind": "execute", "title": "touch x", "rawInput": {"command": "touch x", "description": "make it"},
            "content": [{"type": "content", "content": {"type": "text", "text": "make it"}}]});
        assert_eq!(known_as(&shell), Some(("Bash", json!({"command": "touch x"}))));
        let edit = json!({"kind": "edit", "title": "Writing to notes.txt",
            "content": [{"type": "diff", "path": "/w/project/notes.txt", "oldText": "", "newText": "hello"}],
            "locations": [{"path": "/w/project/notes.txt"}]});
        let (tool, input) = known_as(&edit).expect("known");
        assert_eq!((tool, &input["file_path"]), ("Write", &json!("/w/project/notes.txt")));
        let here = json!({"kind": "execute", "rawInput": {"command": "ls", "cwd": "/w/project"}});
        assert_eq!(known_as(&here), Some(("Bash", json!({"command": "ls"}))));
    }

    #[test]
    fn what_names_something_else_as_well_is_not_known() {
        let diff = |path: &str| json!({"type": "diff", "path": path, "newText": "x"});
        for call in [
            json!({"kind": "execute", "title": "ls"}),
            json!({"kind": "execute", "rawInput": {"command": "ls", "cwd": "/etc"}}),
            json!({"kind": "execute", "rawInput": {"command": "ls", "is_background": true}}),
            json!({"kind": "execute", "rawInput": {"command": ["ls"]}}),
            json!({"kind": "execute", "rawInput": {"command": "ls"}, "content": [diff("/etc/passwd")]}),
            json!({"kind": "edit", "title": "x"}),
            json!({"kind": "edit", "content": [diff("/w/project/a"), diff("/etc/passwd")]}),
            json!({"kind": "edit", "rawInput": {"file_path": "/w/project/a"}, "content": [diff("/etc/passwd")]}),
            json!({"kind": "edit", "rawInput": {"file_path": "/w/project/a", "run": "x"}}),
            json!({"kind": "edit", "rawInput": {"file_path": 7}}),
            json!({"kind": "edit", "content": [diff("/w/project/a")], "locations": [{"path": "/w/project/b"}]}),
            json!({"kind": "delete", "rawInput": {"file_path": "/w/project/a"}}),
            json!({"kind": "fetch", "rawInput": {"url": "https://docs.rs/", "method": "DELETE"}}),
            json!({"rawInput": {"command": "ls"}}),
            json!({}),
        ] {
            assert_eq!(known_as(&call), None, "{call}");
        }
    }

    #[test]
    fn all_that_is_asked_for_is_shown() {
        let gemini = json!({"kind": "execute", "title": "touch x", "locations": [],
            "content": [{"type": "content", "content": {"type": "text", "text": "[in /w/project] (harmless)"}}]});
        assert_eq!(asked(&gemini).detail(), "touch x\nit says: [in /w/project] (harmless)");
        let write = json!({"kind": "edit", "title": "Write notes.txt", "rawInput": {"file_path": "/w/n", "content": "a\nb"},
            "content": [{"type": "diff", "path": "/w/n", "oldText": null, "newText": "a\nb"}], "locations": [{"path": "/w/n"}]});
        assert_eq!(asked(&write).detail(), "Write notes.txt\nfile: /w/n\ncontent:\na\nb");
        let edit = json!({"kind": "edit", "title": "Edit n", "content": [
            {"type": "diff", "path": "/w/n", "oldText": "1\n2\n3\n4", "newText": "1\ntwo\n3\n4"}]});
        assert_eq!(asked(&edit).detail(), "Edit n\nchange of /w/n:\n@@ line 2 @@\n-2\n+two");
        let odd = json!({"title": "t", "rawInput": {"title": "u"}, "content": [{"type": "hologram", "x": 1}, 7]});
        assert_eq!(asked(&odd).detail(), "t\ntitle: u\nit says:\n{\"type\":\"hologram\",\"x\":1}\n7");
        let both = json!({"title": "t", "rawInput": {"path": "/a", "file_path": "/b"}});
        assert_eq!(asked(&both).detail(), "t\nfile_path: /b\npath: /a", "neither hides the other");
    }

    #[test]
    fn a_change_that_is_told_twice_is_shown_once_and_another_one_too() {
        let with = |own: &str| {
            json!({"kind": "edit", "title": "n", "rawInput": {"filepath": "/w/project/n", "diff": own},
                "content": [{"type": "diff", "path": "/w/project/n", "oldText": "1\n2", "newText": "1\ntwo"}]})
        };
        let same =
            with("Index: /w/project/n\n====\n--- /w/project/n\n+++ /w/project/n\n@@ -1,2 +1,2 @@\n 1\n-2\n+two\n");
        assert_eq!(asked(&same).detail(), "n\nfile: /w/project/n\nchange of /w/project/n:\n@@ line 2 @@\n-2\n+two");
        assert_eq!(known_as(&same).map(|(tool, _)| tool), Some("Write"));
        let other = with("-2\n+rm -rf /");
        assert!(asked(&other).detail().contains("+rm -rf /"), "{}", asked(&other).detail());
    }

    #[test]
    fn what_is_allowed_in_one_form_is_told_in_words() {
        let call = json!({"kind": "execute", "title": "touch /tmp/x", "content": [{"type": "content"}]});
        let grant = asked(&call).grant(&Policy::new(&RunSpec::sample("gemini", Permission::Ask)));
        assert!(matches!(&grant.only, Only::Same { about, .. } if about == "touch /tmp/x"), "{grant:?}");
    }

    #[test]
    fn another_part_of_it_makes_another_digest() {
        let one = json!({"kind": "execute", "title": "ls", "rawInput": {"command": "ls"}});
        for (key, value) in [
            ("title", json!("l")),
            ("kind", json!("read")),
            ("rawInput", json!({"command": "ls "})),
            ("content", json!([7])),
            ("locations", json!([{"path": "/"}])),
            ("name", json!("Bash")),
        ] {
            let mut other = one.clone();
            other[key] = value;
            assert_ne!(asked(&one).digest(), asked(&other).digest(), "{key}");
        }
        let mut again = one.clone();
        again["toolCallId"] = json!("another");
        assert_eq!(asked(&one).digest(), asked(&again).digest());
    }
}
