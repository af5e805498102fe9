//! claude: the command line of Claude Code, spoken with both ways.

use uuid::Uuid;

use crate::agent::claude;
use crate::agent::kind::{AgentKind, Ask, Brief, Environment, Startup};
use crate::agent::login::Credentials;
use crate::agent::protocol::Speak;
use crate::agent::resume;
use crate::agent::run::RunSpec;
use crate::agent::words::filled;
use crate::config::{Agent, KindStatement, Origin};

/// What the configuration must know of it; the models are the short names that its command line takes, and its full ones.
static STATEMENT: KindStatement = KindStatement {
    name: "claude",
    origin: Origin::Known,
    command: &["claude"],
    speaks_meanwhile: true,
    can_be_held: true,
    harmless: &["--model", "--fallback-model", "--append-system-prompt", "--max-turns"],
    models: &["opus", "sonnet", "haiku", "fable"],
    model_prefixes: &["claude-"],
};

/// This kind.
pub(super) struct ClaudeKind;

impl AgentKind for ClaudeKind {
    fn statement(&self) -> &'static KindStatement {
        &STATEMENT
    }

    fn tells_version(&self) -> bool {
        true
    }

    fn how_to_install(&self, _name: &str, _agent: &Agent) -> String {
        "install it with `npm install -g @anthropic-ai/claude-code`, or set `[agents.claude] command` to where it is"
            .to_owned()
    }

    fn how_to_log_in(&self) -> Option<&'static str> {
        Some("run `claude` and type `/login`")
    }

    fn how_to_update(&self) -> Option<String> {
        Some("npm install -g @anthropic-ai/claude-code@latest".to_owned())
    }

    fn credentials(&self) -> Credentials {
        Credentials {
            variables: &[
                "ANTHROPIC_API_KEY",
                "ANTHROPIC_AUTH_TOKEN",
                "CLAUDE_CODE_OAUTH_TOKEN",
                "CLAUDE_CODE_USE_BEDROCK",
                "CLAUDE_CODE_USE_VERTEX",
            ],
            home: Some(("CLAUDE_CONFIG_DIR", ".claude")),
            files: &[".credentials.json"],
        }
    }

    fn unasked(&self) -> &'static [&'static str] {
        &["--dangerously-skip-permissions", "--allow-dangerously-skip-permissions", "bypassPermissions"]
    }

    fn environment(&self) -> Environment {
        Environment { defaults: claude::env_defaults().into() }
    }

    fn start(&self, ask: &Ask<'_>) -> Startup {
        let new = Uuid::new_v4().to_string();
        let conversation = match ask.conversation {
            Some(id) => claude::Conversation::Resume(id),
            None => claude::Conversation::New(&new),
        };
        let id = ask.conversation.unwrap_or(&new);
        if ask.agent.has_placeholders() {
            let argv = filled(&ask.agent.command, "", id, ask.model);
            return Startup { argv, prompt: ask.prompt.to_owned(), conversation: Some(id.to_owned()), instead: None };
        }
        let argv = |analysis: bool| {
            let run = claude::Invocation {
                conversation,
                model: ask.model,
                permission: ask.permission,
                analysis,
                args: &ask.agent.args,
            };
            let mut argv = claude::argv(&ask.agent.command, &run);
            // The files that people have sent to this chat are read without asking for each.
            if let Some(folder) = ask.files.and_then(|folder| folder.to_str()) {
                argv.extend(["--add-dir".to_owned(), folder.to_owned()]);
            }
            argv
        };
        // A version that does not know the schema's option says so and ends; it is told in words, too.
        let instead = ask.analysis.then(|| argv(false));
        let prompt = ask.prompt.to_owned();
        Startup { argv: argv(ask.analysis), prompt, conversation: Some(id.to_owned()), instead }
    }

    fn resume_command(&self, agent: &Agent, directory: &str, conversation: &str) -> Option<String> {
        resume::command(agent, directory, &[&format!("--resume={conversation}")])
    }

    fn resumes(&self) -> bool {
        true
    }

    fn can_be_kept(&self) -> bool {
        true
    }

    fn brief(&self) -> Brief {
        Brief::Tools
    }

    fn speak(&self, spec: &RunSpec) -> Box<dyn Speak> {
        Box::new(claude::Claude::new(spec))
    }
}
