//! command: any program that reads a prompt and prints an answer.

use crate::agent::kind::{AgentKind, Ask, Brief, Startup};
use crate::agent::protocol::Speak;
use crate::agent::run::RunSpec;
use crate::agent::text::Text;
use crate::agent::words::filled;
use crate::config::{Agent, KindStatement, Origin};

/// What the configuration must know of it.
static STATEMENT: KindStatement = KindStatement {
    name: "command",
    origin: Origin::Named,
    command: &[],
    speaks_meanwhile: false,
    can_be_held: false,
    harmless: &[],
    models: &[],
    model_prefixes: &[],
};

/// This kind.
pub(super) struct CommandKind;

impl AgentKind for CommandKind {
    fn statement(&self) -> &'static KindStatement {
        &STATEMENT
    }

    fn takes_model(&self, agent: &Agent) -> bool {
        agent.command.iter().any(|word| word.contains("{model}"))
    }

    fn how_to_install(&self, name: &str, agent: &Agent) -> String {
        let program = agent.command.first().map(String::as_str).unwrap_or_default();
        format!("`{program}` was not found on PATH; set `[agents.{name}] command` to where it is")
    }

    fn start(&self, ask: &Ask<'_>) -> Startup {
        let mut argv = filled(&ask.agent.command, ask.prompt, ask.session, ask.model);
        argv.extend(ask.agent.args.iter().cloned());
        let is_argument = ask.agent.command.iter().any(|word| word.contains("{prompt}"));
        let prompt = if is_argument { String::new() } else { ask.prompt.to_owned() };
        Startup { argv, prompt, conversation: None, instead: None }
    }

    fn brief(&self) -> Brief {
        Brief::Text
    }

    fn speak(&self, _spec: &RunSpec) -> Box<dyn Speak> {
        Box::new(Text)
    }

    fn answers_by_output(&self) -> bool {
        true
    }
}
