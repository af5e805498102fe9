//! How codex is started, and what it is allowed: the same in both of its ways, as far as they can.
//!
//! The prompt is no argument: it goes to standard input, where it can be long and can begin with a hyphen.

use serde_json::{Value, json};

use super::ground::text;
use crate::config::Permission;

/// The schema of an analysis.
const ANALYSIS: &str = include_str!("../../../config/rca.schema.json");
/// Words of a schema that a model service may refuse where it keeps to a schema by the letter.
const UNKEPT: [&str; 6] = ["$schema", "title", "minLength", "maxLength", "minItems", "maxItems"];

/// Returns program and arguments of the app server; `command` is the program with its leading arguments.
#[must_use]
pub fn server_argv(command: &[String], args: &[String]) -> Vec<String> {
    let mut argv = command.to_vec();
    argv.push("app-server".to_owned());
    argv.extend_from_slice(args);
    argv
}

/// Returns program and arguments of one run without a server. Nothing can be asked there: it is held by its sandbox.
#[must_use]
pub fn exec_argv(
    command: &[String],
    args: &[String],
    permission: Permission,
    model: Option<&str>,
    conversation: Option<&str>,
) -> Vec<String> {
    let sandbox = match permission {
        Permission::Ask => "read-only",
        Permission::Read | Permission::Edit | Permission::All => sandbox(permission),
    };
    let mut argv = command.to_vec();
    let mut add = |args: &[&str]| argv.extend(args.iter().map(|&arg| arg.to_owned()));
    add(&["exec", "--json", "--skip-git-repo-check", "-s", sandbox]);
    // With `=` no value is ever an option.
    if let Some(model) = model {
        add(&[&format!("--model={model}")]);
    }
    argv.extend_from_slice(args);
    // An id is plain, and no option.
    argv.extend(conversation.into_iter().flat_map(|id| ["resume".to_owned(), id.to_owned()]));
    argv.push("-".to_owned());
    argv
}

/// When it asks us, as the app server calls it.
///
/// # Why
/// With `untrusted` every command and every change is asked about; what only looks at the agent's own files is then allowed
/// by us. With `on-request` it works freely in its sandbox and asks to leave it.
pub(super) fn approvals(permission: Permission) -> &'static str {
    match permission {
        Permission::Ask => "untrusted",
        Permission::Edit => "on-request",
        Permission::Read | Permission::All => "never",
    }
}

/// Its sandbox, as it is called when it is asked for.
pub(super) fn sandbox(permission: Permission) -> &'static str {
    match permission {
        Permission::Read => "read-only",
        Permission::Ask | Permission::Edit => "workspace-write",
        Permission::All => "danger-full-access",
    }
}

/// Tells what a thread may do beyond what was asked for; `None` where it is held as it was told.
///
/// # Why
/// Settings and managed policies of the machine can overrule what a client asks for, and versions change their defaults.
pub(super) fn excess(thread: &Value, permission: Permission) -> Option<String> {
    let rank = |name: &str| ["readOnly", "workspaceWrite", "dangerFullAccess"].iter().position(|known| *known == name);
    let asked = match permission {
        Permission::Read => 0,
        Permission::Ask | Permission::Edit => 1,
        Permission::All => return None,
    };
    let sandbox = thread.get("sandbox").and_then(|sandbox| text(sandbox, "type"));
    if let Some(sandbox) = sandbox.filter(|sandbox| rank(sandbox).is_none_or(|rank| rank > asked)) {
        return Some(format!("sandbox {sandbox}"));
    }
    let policy = thread.get("approvalPolicy").filter(|policy| !policy.is_null());
    if permission == Permission::Ask
        && let Some(policy) = policy.filter(|policy| policy.as_str() != Some(approvals(permission)))
    {
        return Some(format!("approvals {policy}"));
    }
    let reviewer = text(thread, "approvalsReviewer").filter(|reviewer| *reviewer != "user");
    reviewer.filter(|_| permission != Permission::Read).map(|reviewer| format!("approvals by {reviewer}"))
}

/// Returns the schema of an analysis as services want it that keep to it by the letter: every field is there, and no other.
pub(super) fn analysis_schema() -> Value {
    let mut schema: Value = serde_json::from_str(ANALYSIS).unwrap_or_default();
    make_strict(&mut schema);
    schema
}

fn make_strict(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            // A field may be called as one of those words is.
            let names =
                fields.get("properties").and_then(Value::as_object).map(|it| it.keys().cloned().collect::<Vec<_>>());
            for word in UNKEPT {
                fields.remove(word);
            }
            if let Some(names) = names {
                fields.insert("required".to_owned(), json!(names));
                fields.insert("additionalProperties".to_owned(), json!(false));
            }
            for (key, below) in fields.iter_mut() {
                match below {
                    Value::Object(named) if ["properties", "$defs"].contains(&key.as_str()) => {
                        named.values_mut().for_each(make_strict);
                    }
                    below => make_strict(below),
                }
            }
        }
        Value::Array(all) => all.iter_mut().for_each(make_strict),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn argv(permission: Permission, model: Option<&str>, conversation: Option<&str>) -> String {
        exec_argv(&["npx".into(), "codex".into()], &["-c".into(), "a=1".into()], permission, model, conversation)
            .join(" ")
    }

    #[test]
    fn both_ways_are_started_as_the_program_wants_it() {
        assert_eq!(server_argv(&["codex".into()], &["-c".into(), "a=1".into()]).join(" "), "codex app-server -c a=1");
        let begin = "npx codex exec --json --skip-git-repo-check -s";
        assert_eq!(argv(Permission::Ask, None, None), format!("{begin} read-only -c a=1 -"));
        assert_eq!(argv(Permission::All, None, None), format!("{begin} danger-full-access -c a=1 -"));
        assert_eq!(
            argv(Permission::Edit, Some("-x"), Some("01a2")),
            format!("{begin} workspace-write --model=-x -c a=1 resume 01a2 -")
        );
    }

    #[test]
    fn a_thread_that_may_do_more_than_it_was_told_is_known() {
        let thread = |policy: &str, sandbox: &str, reviewer: &str| json!({"approvalPolicy": policy, "sandbox": {"type": sandbox}, "approvalsReviewer": reviewer});
        let told = thread("untrusted", "workspaceWrite", "user");
        assert_eq!(excess(&told, Permission::Ask), None);
        assert_eq!(excess(&json!({}), Permission::Ask), None, "an older version says nothing of it");
        for (thread, permission, why) in [
            (thread("never", "workspaceWrite", "user"), Permission::Ask, "approvals \"never\""),
            (thread("untrusted", "dangerFullAccess", "user"), Permission::Ask, "sandbox dangerFullAccess"),
            (thread("untrusted", "externalSandbox", "user"), Permission::Ask, "sandbox externalSandbox"),
            (thread("on-request", "workspaceWrite", "guardian"), Permission::Edit, "approvals by guardian"),
            (thread("never", "workspaceWrite", "user"), Permission::Read, "sandbox workspaceWrite"),
        ] {
            assert_eq!(excess(&thread, permission).as_deref(), Some(why));
        }
        assert_eq!(excess(&thread("never", "dangerFullAccess", "user"), Permission::All), None);
    }

    #[test]
    fn the_schema_of_an_analysis_names_every_field_as_needed() {
        let schema = analysis_schema();
        assert_eq!(schema["additionalProperties"], false);
        assert_eq!(schema["required"].as_array().map(Vec::len), schema["properties"].as_object().map(|it| it.len()));
        let claim = &schema["$defs"]["claim"];
        assert_eq!(
            (&claim["additionalProperties"], claim["properties"]["claim"].get("maxLength")),
            (&json!(false), None)
        );
        let required = claim["properties"]["evidence"]["items"]["required"].as_array().expect("a list");
        assert!(required.len() == 2 && ["quote", "tool"].iter().all(|own| required.contains(&json!(own))), "{claim}");
    }
}
