//! The environment, laid over the file: `SIGNALBOX__LIMITS__MAX_TASKS=4` sets `limits.max_tasks`.
//!
//! A double underscore separates the parts of a path. Parts are matched with the file's keys whatever their case, and
//! are lower case where the file has none; only names below `agents.<name>.env` keep theirs, being names of variables.

use std::collections::BTreeMap;

use super::fault::Fault;
use super::tree::{Branch, Node, branch};

/// What the name of every variable that sets a key begins with. (`SIGNALBOX_CONFIG` and `SIGNALBOX_STATE_DIR` do not.)
pub(super) const PREFIX: &str = "SIGNALBOX__";

/// Deepest path that a variable can name.
const MAX_DEPTH: usize = 8;

/// Lays every variable with our prefix over the tree; faults are appended.
pub(super) fn overlay(root: &mut Branch, env: &BTreeMap<String, String>, faults: &mut Vec<Fault>) {
    for (variable, text) in env {
        let Some(rest) = variable.strip_prefix(PREFIX) else { continue };
        let parts: Vec<&str> = rest.split("__").collect();
        if parts.len() > MAX_DEPTH || parts.iter().any(|part| part.is_empty()) {
            let why = "names no key; parts are separated by two underscores, as in SIGNALBOX__LIMITS__MAX_TASKS";
            faults.push(Fault::Variable { variable: variable.clone(), why: why.to_owned() });
            continue;
        }
        // The one table whose keys are not ours, `agents.<name>.env`, keeps their case.
        let keep_case = matches!(parts[..], [agents, _, env, _]
            if agents.eq_ignore_ascii_case("agents") && env.eq_ignore_ascii_case("env"));
        if let Err(why) = set(root, &parts, keep_case, Node::Text { text: text.clone(), variable: variable.clone() }) {
            faults.push(Fault::Variable { variable: variable.clone(), why });
        }
    }
}

fn set(table: &mut Branch, parts: &[&str], keep_case: bool, node: Node) -> Result<(), String> {
    let Some((first, rest)) = parts.split_first() else { return Err("names no key".to_owned()) };
    let key = match table.keys().find(|key| key.eq_ignore_ascii_case(first)) {
        _ if keep_case && rest.is_empty() => (*first).to_owned(),
        Some(key) => key.clone(),
        None => first.to_ascii_lowercase(),
    };
    if rest.is_empty() {
        table.insert(key, node);
        return Ok(());
    }
    match self::table(table, &key) {
        Some(below) => set(below, rest, keep_case, node),
        None => Err(format!("{key} is set to a value and has no keys below it")),
    }
}

/// Returns the table at a key, a new one where there is none; `None` where the key holds something else.
pub(super) fn table<'a>(root: &'a mut Branch, key: &str) -> Option<&'a mut Branch> {
    let slot = root.entry(key.to_owned()).or_insert_with(|| Node::Table(Branch::new()));
    if let Node::Text { text, .. } = slot
        && let Ok(toml::Value::Table(values)) = text.parse::<toml::Value>()
    {
        *slot = Node::Table(branch(values));
    }
    match slot {
        Node::Table(below) => Some(below),
        Node::Value(_) | Node::Text { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn overlaid(file: &str, env: &[(&str, &str)]) -> (Branch, Vec<String>) {
        let mut root = branch(file.parse().expect("a TOML file"));
        let env = env.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
        let mut faults = Vec::new();
        overlay(&mut root, &env, &mut faults);
        (root, faults.iter().map(ToString::to_string).collect())
    }

    fn text_at<'a>(root: &'a Branch, path: &[&str]) -> Option<&'a str> {
        let (last, above) = path.split_last().expect("a path");
        let mut table = root;
        for key in above {
            let Node::Table(below) = table.get(*key)? else { return None };
            table = below;
        }
        match table.get(*last)? {
            Node::Text { text, .. } => Some(text),
            Node::Table(_) | Node::Value(_) => None,
        }
    }

    #[test]
    fn a_variable_replaces_the_key_of_the_file_whatever_the_case() {
        let (root, faults) = overlaid(
            "[agents.Notes]\nkind = 'command'\n[limits]\nmax_tasks = 1",
            &[
                ("SIGNALBOX__LIMITS__MAX_TASKS", "4"),
                ("SIGNALBOX__AGENTS__NOTES__DIR", "/n"),
                ("SIGNALBOX_CONFIG", "x"),
            ],
        );
        assert_eq!(faults, Vec::<String>::new());
        assert_eq!(text_at(&root, &["limits", "max_tasks"]), Some("4"));
        assert_eq!(text_at(&root, &["agents", "Notes", "dir"]), Some("/n"));
        assert_eq!(root.len(), 2);
    }

    #[test]
    fn names_of_an_agents_variables_keep_their_case() {
        let (root, _) = overlaid("", &[("SIGNALBOX__AGENTS__CLAUDE__ENV__Http_Proxy", "p")]);
        assert_eq!(text_at(&root, &["agents", "claude", "env", "Http_Proxy"]), Some("p"));
    }

    #[test]
    fn a_variable_may_set_a_whole_table_and_others_keys_of_it() {
        let (root, faults) =
            overlaid("", &[("SIGNALBOX__LIMITS", "{ max_tasks = 3 }"), ("SIGNALBOX__LIMITS__MAX_OUTPUT", "1MiB")]);
        assert_eq!(faults, Vec::<String>::new());
        assert_eq!(text_at(&root, &["limits", "max_output"]), Some("1MiB"));
    }

    #[test]
    fn a_variable_that_names_no_key_is_a_fault() {
        let deep = format!("SIGNALBOX__{}", ["A"; MAX_DEPTH + 1].join("__"));
        for name in ["SIGNALBOX__", "SIGNALBOX____X", "SIGNALBOX__LIMITS__", deep.as_str()] {
            let (root, faults) = overlaid("", &[(name, "1")]);
            assert_eq!(faults.len(), 1, "for {name}");
            assert!(root.is_empty(), "for {name}");
        }
        let (_, faults) = overlaid("[limits]\nmax_tasks = 1", &[("SIGNALBOX__LIMITS__MAX_TASKS__X", "1")]);
        assert_eq!(faults.len(), 1);
        assert!(faults[0].contains("has no keys below it"), "{}", faults[0]);
    }
}
