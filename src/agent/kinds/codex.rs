//! codex: OpenAI's command line, by its app server.

use crate::agent::codex;
use crate::agent::kind::{AgentKind, Ask, Brief, Inquiry, Startup};
use crate::agent::login::Credentials;
use crate::agent::protocol::Speak;
use crate::agent::resume;
use crate::agent::run::RunSpec;
use crate::agent::words::filled;
use crate::config::{Agent, KindStatement, Origin};

/// What the configuration must know of it. Its options are settings of any kind (`-c key=value`): none is known to be harmless.
static STATEMENT: KindStatement = KindStatement {
    name: "codex",
    origin: Origin::Known,
    command: &["codex"],
    speaks_meanwhile: true,
    can_be_held: true,
    harmless: &[],
    models: &[],
    model_prefixes: &["gpt-", "codex-", "o3-", "o4-"],
};

/// This kind.
pub(super) struct CodexKind;

impl AgentKind for CodexKind {
    fn statement(&self) -> &'static KindStatement {
        &STATEMENT
    }

    fn can_be_kept(&self) -> bool {
        true
    }

    fn tells_version(&self) -> bool {
        true
    }

    fn how_to_install(&self, _name: &str, _agent: &Agent) -> String {
        "install it with `npm install -g @openai/codex`, or set `[agents.codex] command` to where it is".to_owned()
    }

    fn how_to_log_in(&self) -> Option<&'static str> {
        Some("run `codex login`")
    }

    fn how_to_update(&self) -> Option<String> {
        Some("npm install -g @openai/codex@latest".to_owned())
    }

    fn credentials(&self) -> Credentials {
        Credentials { variables: &["CODEX_API_KEY"], home: Some(("CODEX_HOME", ".codex")), files: &["auth.json"] }
    }

    fn unasked(&self) -> &'static [&'static str] {
        &["--dangerously-bypass-approvals-and-sandbox", "--yolo", "danger-full-access"]
    }

    fn inquiry(&self, probed: &str) -> Option<Inquiry> {
        probed.contains("app-server").then(codex::inquiry)
    }

    fn probe(&self) -> &'static [&'static str] {
        &["app-server", "--help"]
    }

    fn mode(&self, probed: &str) -> &'static str {
        // A version without it takes the words for a prompt, and helps with all of itself.
        if probed.contains("app-server") { "app-server" } else { "exec (asks nothing)" }
    }

    fn start(&self, ask: &Ask<'_>) -> Startup {
        let Ask { agent, permission, model, conversation, .. } = *ask;
        let (argv, instead) = if agent.has_placeholders() {
            (filled(&agent.command, "", conversation.unwrap_or_default(), model), None)
        } else {
            let instead = codex::exec_argv(&agent.command, &agent.args, permission, model, conversation);
            (codex::server_argv(&agent.command, &agent.args), Some(instead))
        };
        Startup { argv, prompt: ask.prompt.to_owned(), conversation: conversation.map(str::to_owned), instead }
    }

    fn resume_command(&self, agent: &Agent, directory: &str, conversation: &str) -> Option<String> {
        resume::command(agent, directory, &["resume", conversation])
    }

    fn resumes(&self) -> bool {
        true
    }

    fn brief(&self) -> Brief {
        Brief::Tools
    }

    fn speak(&self, spec: &RunSpec) -> Box<dyn Speak> {
        Box::new(codex::Codex::new(spec))
    }
}
