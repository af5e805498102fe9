//! The command that goes on with an agent's conversation in a terminal, to be pasted into any POSIX shell.

use std::path::Path;

use secrecy::ExposeSecret as _;

use super::words::quoted;
use crate::config::Agent;

/// Variables that say where an agent has its conversations and log-ins. All others stay unsaid: they may be secrets.
const PLACES: [&str; 10] = [
    "HOME",
    "XDG_CONFIG_HOME",
    "XDG_DATA_HOME",
    "XDG_STATE_HOME",
    "XDG_CACHE_HOME",
    "CLAUDE_CONFIG_DIR",
    "CODEX_HOME",
    "GEMINI_CLI_HOME",
    "OPENCODE_CONFIG_DIR",
    "COPILOT_HOME",
];

/// Whether a variable says where an agent has its conversations.
#[must_use]
pub fn is_place(name: &str) -> bool {
    PLACES.contains(&name)
}

/// Returns the command that runs an agent with `arguments` in a directory, as the configuration has it run; `None` where its
/// command is a template.
#[must_use]
pub fn command(agent: &Agent, directory: &str, arguments: &[&str]) -> Option<String> {
    if agent.has_placeholders() || agent.command.is_empty() {
        return None;
    }
    let places = agent.env.iter().filter_map(|(name, value)| {
        let value = value.expose_secret();
        (is_place(name) && Path::new(value).is_absolute()).then(|| format!("{name}={}", quoted(value)))
    });
    let program = agent.command.iter().map(String::as_str).chain(arguments.iter().copied()).map(quoted);
    let words: Vec<String> = places.chain(program).collect();
    Some(format!("cd {} && {}", quoted(directory), words.join(" ")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::kinds;
    use crate::config::Agents;

    fn claude() -> Agent {
        Agents::of(&kinds::statements()).by_name["claude"].clone()
    }

    #[test]
    fn where_its_conversations_are_is_said_and_nothing_else_of_its_environment() {
        let mut agent = claude();
        let set = [
            ("CLAUDE_CONFIG_DIR", "/srv/it's here"),
            ("HOME", "/srv/kim"),
            ("ANTHROPIC_API_KEY", "sk-ant-secret"),
            ("CODEX_HOME", "sk-not-a-path"),
        ];
        agent.env = set.map(|(name, value)| (name.to_owned(), value.into())).into();
        let command = command(&agent, "/w/a b", &["--resume=c-1"]);
        let expected = r"cd '/w/a b' && CLAUDE_CONFIG_DIR='/srv/it'\''s here' HOME=/srv/kim claude --resume=c-1";
        assert_eq!(command.as_deref(), Some(expected));
    }

    #[test]
    fn a_shell_runs_it_as_it_is_meant() {
        let place = tempfile::tempdir().expect("a directory");
        let odd = place.path().join("it's $HOME `x` \"y\" \\ *\n-n");
        std::fs::create_dir(&odd).expect("made");
        let mut agent = claude();
        let printed = "printf '%s|' \"$PWD\" \"$CLAUDE_CONFIG_DIR\" \"$0\" \"$@\"";
        agent.command = ["sh", "-c", printed, "na me"].map(str::to_owned).into();
        agent.env = [("CLAUDE_CONFIG_DIR".to_owned(), "/a;b & c".to_owned().into())].into();
        let directory = odd.to_str().expect("text");
        let command = command(&agent, directory, &["--resume=$(touch x)"]).expect("a command");
        let ran = std::process::Command::new("sh").arg("-c").arg(&command).output().expect("it ran");
        let real = odd.canonicalize().expect("its path");
        let expected = format!("{}|/a;b & c|na me|--resume=$(touch x)|", real.to_str().expect("text"));
        assert_eq!(String::from_utf8_lossy(&ran.stdout), expected, "{command}");
        assert!(!odd.join("x").exists());
    }

    #[test]
    fn a_template_is_no_command() {
        let mut agent = claude();
        agent.command = ["claude", "--model={model}"].map(str::to_owned).into();
        assert_eq!(command(&agent, "/w", &[]), None);
    }
}
