//! What "Allow for this session" allows: no more than what a person was told.
//!
//! Made of one request when it is asked, shown with the question, and compared with every later request. What cannot be
//! put in a few words that are true is allowed only in the very same form.

use std::borrow::Cow;
use std::path::{Component, Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use signalbox_adapter::one_line;

use super::digest::Digest;
use super::inside::stays_inside;
use super::runners::runs_others;

/// Inputs that say where a call works: what it runs, fetches or changes.
const PLACES: [&str; 5] = ["command", "url", "file_path", "notebook_path", "path"];
/// Tools whose inputs are known: the one that says where a call works, and those beside it that take it nowhere else.
const KNOWN: [(&str, &str, &[&str]); 7] = [
    ("Bash", "command", &[]),
    ("Edit", "file_path", &["new_string", "old_string", "replace_all"]),
    ("MultiEdit", "file_path", &["edits"]),
    ("NotebookEdit", "notebook_path", &["cell_id", "cell_number", "cell_type", "edit_mode", "new_source"]),
    ("Read", "file_path", &["limit", "offset", "pages"]),
    ("WebFetch", "url", &["prompt"]),
    ("Write", "file_path", &["content"]),
];
/// Fields that change nothing of what a call does: what it says of itself, and how long it may take at most.
const ASIDE: [(&str, &[&str]); 1] = [("Bash", &["description", "timeout"])];
/// Switches that are the same turned off as not named.
const OFF: [(&str, &[&str]); 1] = [("Bash", &["dangerouslyDisableSandbox", "run_in_background"])];
/// Longest account of what is allowed in the very same form, in characters.
const MAX_ABOUT_CHARS: usize = 120;
/// Signs of a command that is one program with its arguments: nothing is expanded, chained or redirected.
const PLAIN_SIGNS: &str = " -_./=:,@%+'\"^";
/// What is allowed for a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// The tool.
    pub tool: String,
    /// Which uses of it.
    pub only: Only,
}

/// Which uses of a tool are allowed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Only {
    /// Plain commands, neither chained nor redirected, that begin with this word and name nothing outside of the agent's
    /// directory.
    Command(String),
    /// Addresses at this host, with its port where one is named.
    Host(String),
    /// Files in this folder and below it, none of them hidden; an absolute path.
    Folder(String),
    /// This very input.
    Same {
        /// Digest of the tool and all of its input that changes what it does.
        digest: Digest,
        /// What it is, in one line, which may be cut.
        about: String,
    },
    /// Every use.
    Every,
}

impl Grant {
    /// Returns what an answer for the session allows; `directory` is where the agent works.
    #[must_use]
    pub fn of(tool: &str, input: &Value, directory: &Path) -> Self {
        let acting = acting(tool, input);
        let only = acting.as_object().and_then(|fields| only(tool, fields, directory));
        Self { tool: tool.to_owned(), only: only.unwrap_or_else(|| same(tool, input)) }
    }

    /// Returns an allowance of the very same call and nothing else.
    #[must_use]
    pub fn same(tool: &str, input: &Value) -> Self {
        Self { tool: tool.to_owned(), only: same(tool, input) }
    }

    /// Whether it is for one command, in whatever words that is described.
    #[must_use]
    pub fn is_of_one_command(&self) -> bool {
        self.is_of_one() && ASIDE.iter().any(|(tool, _)| *tool == self.tool)
    }

    /// Whether it is for one call in one form.
    #[must_use]
    pub fn is_of_one(&self) -> bool {
        matches!(self.only, Only::Same { .. })
    }

    /// Whether it covers another request of an agent that works in `directory`.
    #[must_use]
    pub fn covers(&self, tool: &str, input: &Value, directory: &Path) -> bool {
        if self.tool != tool {
            return false;
        }
        match (&self.only, Self::of(tool, input, directory).only) {
            (Only::Same { digest, about: _ }, _) => *digest == Digest::of(tool, &acting(tool, input)),
            (Only::Folder(folder), Only::Folder(other)) => Path::new(&other).starts_with(folder),
            (only, other) => *only == other,
        }
    }
}

fn same(tool: &str, input: &Value) -> Only {
    let place = PLACES.iter().find_map(|key| input.get(key)?.as_str());
    let about =
        place.map_or_else(|| one_line(&input.to_string(), MAX_ABOUT_CHARS), |place| one_line(place, MAX_ABOUT_CHARS));
    Only::Same { digest: Digest::of(tool, &acting(tool, input)), about }
}

/// Returns what of an input says what a call does; of a tool that is not known that is all of it.
fn acting<'v>(tool: &str, input: &'v Value) -> Cow<'v, Value> {
    let of = |table: &[(&str, &'static [&'static str])]| {
        table.iter().find(|(name, _)| *name == tool).map_or(&[][..], |(_, fields)| fields)
    };
    let (aside, off) = (of(&ASIDE), of(&OFF));
    let is_idle = |name: &str, value: &Value| match value {
        Value::String(_) | Value::Number(_) => aside.contains(&name),
        Value::Bool(false) => off.contains(&name),
        Value::Bool(true) | Value::Null | Value::Array(_) | Value::Object(_) => false,
    };
    match input.as_object().filter(|fields| fields.iter().any(|(name, value)| is_idle(name, value))) {
        Some(fields) => {
            let kept = fields.iter().filter(|(name, value)| !is_idle(name, value));
            Cow::Owned(Value::Object(kept.map(|(name, value)| (name.clone(), value.clone())).collect()))
        }
        None => Cow::Borrowed(input),
    }
}

/// Returns which uses are meant; `None` where only the same is.
///
/// # Why
/// Where a call works is believed of tools that are known, and with inputs that are: another's `path` may be one of several
/// places, and what stands beside it may be a program to run.
fn only(tool: &str, fields: &Map<String, Value>, directory: &Path) -> Option<Only> {
    let Some((_, place, beside)) = KNOWN.iter().find(|(name, _, _)| *name == tool) else {
        let is_placed = PLACES.iter().any(|key| fields.contains_key(*key));
        return (!is_placed).then_some(Only::Every);
    };
    if fields.keys().any(|key| key != place && !beside.contains(&key.as_str())) {
        return None;
    }
    let text = fields.get(*place)?.as_str()?;
    match *place {
        "command" => first_word(text).filter(|_| stays_inside(text, directory)).map(Only::Command),
        "url" => host(text).map(Only::Host),
        _ => folder(Path::new(text), directory).map(Only::Folder),
    }
}

/// Returns the word that says which program a plain command runs.
fn first_word(command: &str) -> Option<String> {
    let is_plain = command.chars().all(|c| c.is_ascii_alphanumeric() || PLAIN_SIGNS.contains(c));
    let word = command.split(' ').find(|word| !word.is_empty())?;
    let is_name = word.bytes().all(|b| b.is_ascii_alphanumeric() || b"_./+-".contains(&b)) && !word.starts_with('-');
    (is_plain && is_name && !runs_others(word)).then(|| word.to_owned())
}

/// Returns the host of a plain address, with its port where one is named.
///
/// # Why
/// The agent reads the address in its own way. Programs differ on backslashes, blanks, logins, escapes and foreign letters, so
/// that the host has to stand there as it is understood.
fn host(address: &str) -> Option<String> {
    let is_plain = address.bytes().all(|b| b.is_ascii_graphic() && b != b'\\');
    let rest = ["https://", "http://"].iter().find_map(|scheme| address.strip_prefix(scheme)).filter(|_| is_plain)?;
    let written = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let url = reqwest::Url::parse(address).ok()?;
    let host = url.host_str().filter(|host| !host.is_empty())?;
    let host = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
    host.eq_ignore_ascii_case(written).then_some(host)
}

/// Whether a path goes through a link below its base, or is one; what is not there is none.
pub(super) fn passes_link(base: &Path, below: &Path) -> bool {
    let mut at = base.to_owned();
    below.components().any(|part| {
        at.push(part);
        at.is_symlink()
    })
}

/// Returns the folder of a plain file: no part of its path is hidden, a link or leads upwards, and it is not at the root.
fn folder(path: &Path, directory: &Path) -> Option<String> {
    let (base, below) = match path.strip_prefix(directory) {
        Ok(below) => (directory, below),
        Err(_) if path.is_relative() => (directory, path),
        Err(_) => (Path::new("/"), path.strip_prefix("/").ok()?),
    };
    let is_plain = |part: Component<'_>| match part {
        Component::Normal(name) => !name.as_encoded_bytes().starts_with(b"."),
        Component::CurDir => true,
        Component::Prefix(_) | Component::RootDir | Component::ParentDir => false,
    };
    if below.file_name().is_none() || !below.components().all(is_plain) || passes_link(base, below) {
        return None;
    }
    let folder: PathBuf = base.join(below).components().filter(|part| *part != Component::CurDir).collect();
    let folder = folder.parent()?;
    (folder.is_absolute() && folder.parent().is_some()).then(|| folder.to_str().map(str::to_owned)).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn of(tool: &str, input: &Value) -> Only {
        Grant::of(tool, input, Path::new("/w/project")).only
    }

    fn covers(tool: &str, allowed: &Value, asked: &Value) -> bool {
        let directory = Path::new("/w/project");
        Grant::of(tool, allowed, directory).covers(tool, asked, directory)
    }

    #[test]
    fn a_command_allows_the_program_that_it_names_and_nothing_chained_to_it() {
        let ls = json!({"command": "ls -la", "description": "look"});
        assert_eq!(of("Bash", &ls), Only::Command("ls".into()));
        assert!(covers("Bash", &ls, &json!({"command": "ls notes", "timeout": 5})));
        for other in [
            "rm -rf /important",
            "lsof",
            "ls; rm x",
            "ls | sh",
            "ls > x",
            "ls $(rm x)",
            "ls `rm x`",
            "ls\nrm x",
            "ls & rm x",
            "/tmp/ls",
            "ls \\\n rm",
            "LS",
            "ls /tmp",
            "ls ..",
        ] {
            assert!(!covers("Bash", &ls, &json!({"command": other})), "{other}");
        }
        assert!(!covers("Bash", &ls, &json!({"command": "ls", "dangerouslyDisableSandbox": true})));
        assert!(!covers("Bash", &ls, &json!({"command": "ls", "run_in_background": true})));
    }

    #[test]
    fn a_command_whose_first_word_says_little_allows_only_itself() {
        for command in [
            "sudo ls",
            "sh -c ls",
            "env A=1 ls",
            "A=1 ls",
            "/bin/bash x",
            "python3 x.py",
            "xargs rm",
            "find . -delete",
            "a | b",
            "echo $HOME",
            "",
            "-x",
            "'ls' x",
            "ls ~",
        ] {
            let input = json!({"command": command});
            assert!(matches!(of("Bash", &input), Only::Same { .. }), "{command}");
            assert!(
                covers("Bash", &input, &input) && !covers("Bash", &input, &json!({"command": format!("{command} ")})),
                "{command}"
            );
        }
    }

    #[test]
    fn a_command_that_names_a_place_outside_of_the_directory_allows_only_itself() {
        for command in ["touch /tmp/x", "touch ../x", "cp a --target-directory=/etc"] {
            let input = json!({"command": command});
            assert!(matches!(of("Bash", &input), Only::Same { .. }), "{command}");
            assert!(covers("Bash", &input, &input), "{command}");
        }
        assert_eq!(of("Bash", &json!({"command": "touch /w/project/x"})), Only::Command("touch".into()));
    }

    #[test]
    fn the_very_same_command_is_the_same_in_other_words() {
        let python = json!({"command": "python3 x.py", "description": "run it", "timeout": 5000});
        for same in [
            json!({"command": "python3 x.py"}),
            json!({"command": "python3 x.py", "description": "once more", "timeout": 60_000}),
            json!({"command": "python3 x.py", "run_in_background": false, "dangerouslyDisableSandbox": false}),
        ] {
            assert!(covers("Bash", &python, &same) && covers("Bash", &same, &python), "{same}");
        }
        for other in [
            json!({"command": "python3 y.py", "description": "run it", "timeout": 5000}),
            json!({"command": "python3 x.py", "run_in_background": true}),
            json!({"command": "python3 x.py", "dangerouslyDisableSandbox": true}),
            json!({"command": "python3 x.py", "run_in_background": "false"}),
            json!({"command": "python3 x.py", "description": {"command": "rm"}}),
            json!({"command": "python3 x.py", "timeout": [1]}),
            json!({"command": "python3 x.py", "env": "A=1"}),
            json!({"description": "run it"}),
        ] {
            assert!(!covers("Bash", &python, &other), "{other}");
        }
        let (one, other) = (json!({"path": "a", "description": "x"}), json!({"path": "a", "description": "y"}));
        assert!(!covers("mcp__x__exec", &one, &other), "what it means there is not known");
        let write = |text: &str| json!({"file_path": ".env", "content": text});
        assert!(!covers("Write", &write("a"), &write("b")));
    }

    #[test]
    fn an_address_allows_its_host_and_a_file_its_folder() {
        assert_eq!(of("WebFetch", &json!({"url": "https://docs.rs/a", "prompt": "x"})), Only::Host("docs.rs".into()));
        let page = json!({"url": "https://docs.rs/a"});
        assert!(covers("WebFetch", &page, &json!({"url": "http://docs.rs/b"})));
        for other in [
            "https://docs.rs.evil.example/",
            "https://docs.rs:8443/",
            "https://u@docs.rs/",
            "https://@docs.rs/",
            "https://docs.rs@evil.example/",
            "https://docs.rs\\@evil.example/x",
            "https://docs.rs/\\evil.example",
            "https:docs.rs",
            "https:/docs.rs",
            "https:///docs.rs",
            "//docs.rs/",
            "https://docs.rs/\n",
            " https://docs.rs/",
            "https://do\tcs.rs/",
            "https://docs.rs/a b",
            "https://docs。rs/",
            "https://docs%2Ers/",
            "https://docs.rs./",
            "https://docs.rs:/",
            "ftp://docs.rs/",
            "docs.rs",
        ] {
            assert!(!covers("WebFetch", &page, &json!({"url": other})), "{other}");
        }
        assert_eq!(of("Write", &json!({"file_path": "notes/a.md"})), Only::Folder("/w/project/notes".into()));
        let note = json!({"file_path": "/w/project/notes/./a.md", "content": "x"});
        for own in ["notes/b.md", "/w/project/notes/deep/c.md"] {
            assert!(covers("Write", &note, &json!({"file_path": own})), "{own}");
        }
        for other in
            ["notes2/a", "a.md", "notes/../x", "notes/.git/hook", "notes/.env", "/w/project/notes", "/etc/passwd"]
        {
            assert!(!covers("Write", &note, &json!({"file_path": other})), "{other}");
        }
        assert!(matches!(of("Write", &json!({"file_path": "/x"})), Only::Same { .. }), "not all that is there");
    }

    #[test]
    fn what_else_a_call_is_given_is_not_allowed_with_its_place() {
        for (tool, input) in [
            ("mcp__fs__move", json!({"path": "notes/a", "destination": "/etc/cron.d/a"})),
            ("mcp__x__exec", json!({"path": "notes/a", "script": "rm -rf ~"})),
            ("mcp__x__exec", json!({"command": "ls", "description": "look"})),
            ("mcp__web__post", json!({"url": "https://docs.rs/", "body": "x"})),
            ("mcp__fs__write", json!({"file_path": "notes/a", "content": "x"})),
            ("Do", json!({"path": "a", "command": "ls"})),
            ("Write", json!({"file_path": "notes/a", "content": "x", "copy_to": "/etc/passwd"})),
            ("Write", json!({"path": "notes/a"})),
            ("Write", json!({"file_path": ["notes/a"]})),
            ("Write", json!({})),
            ("Read", json!({"file_path": "notes/a", "command": "ls"})),
            ("WebFetch", json!({"url": "https://docs.rs/", "method": "DELETE"})),
            ("Bash", json!({"command": "ls", "run_in_background": true})),
            ("Bash", json!({"description": "look"})),
        ] {
            assert!(matches!(of(tool, &input), Only::Same { .. }), "{tool} {input}");
            assert!(covers(tool, &input, &input), "{tool} {input}");
        }
        let edit = json!({"file_path": "notes/a", "old_string": "a", "new_string": "b", "replace_all": true});
        assert_eq!(of("Edit", &edit), Only::Folder("/w/project/notes".into()));
        let cell = json!({"notebook_path": "n/a.ipynb", "new_source": "x", "edit_mode": "insert"});
        assert_eq!(of("NotebookEdit", &cell), Only::Folder("/w/project/n".into()));
    }

    #[test]
    fn what_works_nowhere_that_can_be_named_is_allowed_whatever_it_is_given() {
        let issue = json!({"issue": 7});
        assert_eq!(of("mcp__github__get_issue", &issue), Only::Every);
        assert!(
            covers("mcp__github__get_issue", &issue, &json!({"issue": 8}))
                && !covers("mcp__github__get_issue", &issue, &json!({"command": "rm x"}))
        );
        let directory = Path::new("/w/project");
        assert!(!Grant::of("T", &issue, directory).covers("U", &issue, directory), "another tool");
    }
}
