//! How claude is started.
//!
//! The prompt is no argument: it goes to standard input, where it can be long and can begin with a hyphen.

use serde_json::Value;

use crate::config::Permission;

/// Takes away the tools that promise to begin work later: the program has ended by then.
const UNKEPT_PROMISES: &str = "--disallowedTools=ScheduleWakeup,CronCreate,CronDelete,CronList";

/// The schema of an analysis.
const ANALYSIS: &str = include_str!("../../../config/rca.schema.json");

/// What one run of claude is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Invocation<'a> {
    /// The conversation.
    pub conversation: Conversation<'a>,
    /// The model; the user's own default when `None`.
    pub model: Option<&'a str>,
    /// What it may do.
    pub permission: Permission,
    /// Whether the answer is to be an analysis.
    pub analysis: bool,
    /// Further arguments of the configuration.
    pub args: &'a [String],
}

/// Which conversation a run belongs to.
#[derive(Debug, Clone, Copy)]
pub enum Conversation<'a> {
    /// A new one with this id, a UUID.
    New(&'a str),
    /// One that exists.
    Resume(&'a str),
}

/// Returns program and arguments; `command` is the program with its leading arguments.
#[must_use]
pub fn argv(command: &[String], ask: &Invocation<'_>) -> Vec<String> {
    let mut argv = command.to_vec();
    let mut add = |args: &[&str]| argv.extend(args.iter().map(|&arg| arg.to_owned()));
    add(&["-p", "--input-format", "stream-json", "--output-format", "stream-json", "--verbose"]);
    // A long answer is seen while it is written, and is no silence.
    add(&["--include-partial-messages", UNKEPT_PROMISES]);
    add(&["--permission-prompt-tool", "stdio", "--permission-mode", mode(ask.permission)]);
    if let Some(model) = ask.model {
        add(&[&format!("--model={model}")]);
    }
    // With `=` no value is ever an option.
    match ask.conversation {
        Conversation::New(id) => add(&[&format!("--session-id={id}")]),
        Conversation::Resume(id) => add(&[&format!("--resume={id}")]),
    }
    argv.extend(ask.analysis.then(|| format!("--json-schema={}", analysis_schema())));
    argv.extend_from_slice(ask.args);
    argv
}

/// Returns the schema of an analysis on one line; which draft it keeps to is nothing that the program asks for.
fn analysis_schema() -> Value {
    let mut schema: Value = serde_json::from_str(ANALYSIS).unwrap_or_default();
    if let Some(fields) = schema.as_object_mut() {
        fields.remove("$schema");
    }
    schema
}

/// Returns the mode in which the program asks us about what it would ask its user.
///
/// # Why
/// The mode is always given, so that a laxer default in the user's settings does not undo the permission configured
/// here. `All` is decided by us, since `bypassPermissions` refuses to start as root.
fn mode(permission: Permission) -> &'static str {
    match permission {
        Permission::Edit => "acceptEdits",
        Permission::Ask | Permission::Read | Permission::All => "default",
    }
}

/// Returns the environment that bounds the program's own retries and keeps it from updating itself during a run; names
/// that the configuration sets win.
#[must_use]
pub fn env_defaults() -> [(&'static str, &'static str); 2] {
    [("CLAUDE_CODE_MAX_RETRIES", "2"), ("DISABLE_AUTOUPDATER", "1")]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_follow_up_resumes_and_a_first_prompt_chooses_the_id() {
        let command = ["npx".to_owned(), "claude".to_owned()];
        let mut ask = Invocation {
            conversation: Conversation::New("u-1"),
            model: Some("opus"),
            permission: Permission::Edit,
            analysis: false,
            args: &["--add-dir=/x".to_owned()],
        };
        let expected = "npx claude -p --input-format stream-json --output-format stream-json --verbose \
                        --include-partial-messages \
                        --disallowedTools=ScheduleWakeup,CronCreate,CronDelete,CronList \
                        --permission-prompt-tool stdio --permission-mode acceptEdits --model=opus --session-id=u-1 \
                        --add-dir=/x";
        assert_eq!(argv(&command, &ask).join(" "), expected);
        ask.conversation = Conversation::Resume("u-1");
        assert!(argv(&command, &ask).contains(&"--resume=u-1".to_owned()));
        assert!(!argv(&command, &ask).iter().any(|word| word.contains("schema")));
        ask.analysis = true;
        let schema =
            argv(&command, &ask).into_iter().find_map(|word| word.strip_prefix("--json-schema=").map(str::to_owned));
        let schema: Value = serde_json::from_str(&schema.expect("a schema")).expect("JSON");
        assert_eq!((&schema["required"][0], schema.get("$schema")), (&Value::from("root_cause"), None));
        ask.conversation = Conversation::Resume("--dangerously-skip-permissions");
        ask.model = Some("--print");
        assert!(!argv(&command, &ask).iter().any(|word| word.starts_with("--dangerously") || word == "--print"));
    }
}
