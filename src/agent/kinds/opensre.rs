//! opensre: OpenSRE's command line, which investigates alerts.

use crate::agent::kind::{AgentKind, Ask, Brief, Environment, Startup};
use crate::agent::opensre;
use crate::agent::protocol::Speak;
use crate::agent::run::RunSpec;
use crate::agent::words::filled;
use crate::config::{Agent, KindStatement, Origin};

/// What the configuration must know of it. It asks nobody, and some of its tools write to the services that it is given.
static STATEMENT: KindStatement = KindStatement {
    name: "opensre",
    origin: Origin::Known,
    command: &["opensre"],
    speaks_meanwhile: true,
    can_be_held: false,
    harmless: &[],
    models: &[],
    model_prefixes: &[],
};

/// This kind.
pub(super) struct OpenSreKind;

impl AgentKind for OpenSreKind {
    fn statement(&self) -> &'static KindStatement {
        &STATEMENT
    }

    fn tells_version(&self) -> bool {
        true
    }

    fn takes_model(&self, agent: &Agent) -> bool {
        agent.command.iter().any(|word| word.contains("{model}"))
    }

    fn how_to_install(&self, _name: &str, _agent: &Agent) -> String {
        "install it with `pipx install opensre` or `uv tool install opensre`, or set `[agents.opensre] command` to where it is"
            .to_owned()
    }

    fn how_to_log_in(&self) -> Option<&'static str> {
        Some(
            "name the key of its model in the configuration, such as `[agents.opensre] pass_env = [\"ANTHROPIC_API_KEY\"]`",
        )
    }

    fn probe(&self) -> &'static [&'static str] {
        &["--help"]
    }

    fn mode(&self, probed: &str) -> &'static str {
        let has = |command: &str| probed.lines().any(|line| line.split_whitespace().next() == Some(command));
        match (has("investigate"), has("ask")) {
            (true, _) => "investigate",
            (false, true) => "ask",
            (false, false) => "",
        }
    }

    fn environment(&self) -> Environment {
        Environment { defaults: opensre::env_defaults().into() }
    }

    fn has_own_home(&self) -> bool {
        true
    }

    fn answers_by_file(&self) -> bool {
        true
    }

    fn tells_stages(&self) -> bool {
        true
    }

    fn start(&self, ask: &Ask<'_>) -> Startup {
        let Ask { agent, permission, conversation, .. } = *ask;
        let other = || opensre::ask_argv(&agent.command, &agent.args, permission, conversation);
        let (argv, instead) = match conversation {
            _ if agent.has_placeholders() => {
                (filled(&agent.command, "", conversation.unwrap_or(ask.session), ask.model), None)
            }
            // Only this way has conversations.
            Some(_) => (other(), None),
            None => (opensre::investigate_argv(&agent.command, &agent.args, ask.answer_file), Some(other())),
        };
        Startup { argv, prompt: ask.prompt.to_owned(), conversation: conversation.map(str::to_owned), instead }
    }

    fn resumes(&self) -> bool {
        true
    }

    fn brief(&self) -> Brief {
        Brief::Alert
    }

    fn speak(&self, spec: &RunSpec) -> Box<dyn Speak> {
        Box::new(opensre::OpenSre::new(spec))
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::agent::kinds;
    use crate::config::{Agents, HostProbes, Permission};

    fn started(conversation: Option<&str>, permission: Permission, change: impl FnOnce(&mut Agent)) -> Startup {
        let mut agent = Agents::of(&kinds::statements()).by_name["opensre"].clone();
        change(&mut agent);
        OpenSreKind.start(&Ask {
            agent: &agent,
            prompt: "--version",
            model: None,
            permission,
            session: "7",
            conversation,
            files: None,
            answer_file: Path::new("/s/answer-1-1/answer.json"),
            analysis: false,
            has_alert: false,
            probes: &HostProbes::default(),
            off_limits: &[],
        })
    }

    #[test]
    fn it_investigates_and_where_it_cannot_is_asked() {
        let start = started(None, Permission::Ask, |agent| agent.args = vec!["--evaluate".into()]);
        assert_eq!(start.argv.join(" "), "opensre investigate -i - -o /s/answer-1-1/answer.json --evaluate");
        assert_eq!(start.instead.expect("another way").join(" "), "opensre --json ask --evaluate -");
        assert_eq!((start.prompt.as_str(), start.conversation), ("--version", None));
        let all = started(None, Permission::All, |_| {}).instead.expect("another way");
        assert_eq!(all.join(" "), "opensre --json ask --dangerously-bypass-approvals -");
    }

    #[test]
    fn a_conversation_goes_on_in_the_only_way_that_has_one() {
        let start = started(Some("489e2ba8-3b7f"), Permission::Ask, |_| {});
        assert_eq!(start.argv.join(" "), "opensre --json ask --resume=489e2ba8-3b7f -");
        assert_eq!((start.instead, start.conversation.as_deref()), (None, Some("489e2ba8-3b7f")));
    }

    #[test]
    fn a_command_of_the_operators_own_is_the_whole_of_it() {
        let start =
            started(None, Permission::Ask, |agent| agent.command = vec!["sre".into(), "--for={session}".into()]);
        assert_eq!((start.argv.join(" ").as_str(), start.instead), ("sre --for=7", None));
    }

    #[test]
    fn it_is_the_default_before_those_that_nobody_has_put_in_an_order() {
        let known = kinds::statements().into_iter().filter(|kind| kind.origin == Origin::Known).map(|kind| kind.name);
        let order: Vec<&str> = known.collect();
        assert_eq!(order[..5], ["claude", "codex", "gemini", "opencode", "opensre"], "{order:?}");
    }

    #[test]
    fn its_way_is_read_off_what_it_can() {
        let old =
            "  Commands:\n    onboard         Run the interactive onboarding wizard.\n    investigate     Run an RCA\n";
        for (help, way) in [(old, "investigate"), ("Commands:\n  ask   Run one request and exit.\n", "ask"), ("", "")] {
            assert_eq!(OpenSreKind.mode(help), way);
        }
        assert_eq!(OpenSreKind.mode("Ask it to investigate."), "");
        let agent = Agents::of(&kinds::statements()).by_name["opensre"].clone();
        assert!(!agent.takes_alerts() && !OpenSreKind.takes_model(&agent));
    }
}
