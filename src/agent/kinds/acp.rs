//! acp: any program that speaks the Agent Client Protocol on standard input and output; what is the same for all of them.

use std::path::Path;

use crate::agent::acp::{Acp, Dialect, Tokens};
use crate::agent::defaults::DefaultsFile;
use crate::agent::kind::{AgentKind, Ask, Brief, Environment, Startup};
use crate::agent::login::Credentials;
use crate::agent::protocol::Speak;
use crate::agent::resume;
use crate::agent::run::RunSpec;
use crate::agent::words::filled;
use crate::config::{Agent, KindStatement, Origin};

/// A kind that speaks the protocol.
pub(super) struct AcpKind {
    /// What the configuration must know of it.
    pub(super) statement: &'static KindStatement,
    /// How it differs from the others.
    pub(super) dialect: Dialect,
    /// Arguments that make it speak the protocol.
    pub(super) arguments: &'static [&'static str],
    /// The option that names its model, where it is one.
    pub(super) model_option: Option<&'static str>,
    /// Variables that are set unless the configuration sets them.
    pub(super) variables: &'static [(&'static str, &'static str)],
    /// The npm package that it comes in.
    pub(super) package: Option<&'static str>,
    /// How to log in, after "on its machine".
    pub(super) log_in: Option<&'static str>,
    /// Where its log-in lies.
    pub(super) credentials: Credentials,
    /// Words of its options that let it act without asking.
    pub(super) unasked: &'static [&'static str],
    /// The option that goes on with a conversation in a terminal.
    pub(super) resume_option: Option<&'static str>,
    /// Settings of ours below the person's own, where it has a file for such.
    pub(super) defaults: Option<DefaultsFile>,
    /// Whether a conversation of it is lost where it is opened again in the minute in which it was begun.
    pub(super) rests: bool,
    /// What is put in order among its own files before it is started, for its home and the directory in which it works.
    pub(super) tidy: Option<fn(&Path, &Path)>,
}

/// What the configuration must know of those that it names. Nobody knows what their modes hold back.
static STATEMENT: KindStatement = KindStatement {
    name: "acp",
    origin: Origin::Named,
    command: &[],
    speaks_meanwhile: true,
    can_be_held: false,
    harmless: &[],
    models: &[],
    model_prefixes: &[],
};

/// The kind that the configuration names.
pub(super) static ACP: AcpKind = AcpKind {
    statement: &STATEMENT,
    dialect: Dialect { tells_errors: false, model_is_argument: false, tokens: Tokens::OfTurn },
    arguments: &[],
    model_option: None,
    variables: &[],
    package: None,
    log_in: None,
    credentials: Credentials { variables: &[], home: None, files: &[] },
    unasked: &[],
    resume_option: None,
    defaults: None,
    rests: false,
    tidy: None,
};

impl AgentKind for AcpKind {
    fn statement(&self) -> &'static KindStatement {
        self.statement
    }

    fn tells_version(&self) -> bool {
        self.package.is_some()
    }

    fn how_to_install(&self, name: &str, agent: &Agent) -> String {
        match self.package {
            Some(package) => {
                format!("install it with `npm install -g {package}`, or set `[agents.{name}] command` to where it is")
            }
            None => {
                let program = agent.command.first().map(String::as_str).unwrap_or_default();
                format!("`{program}` was not found on PATH; set `[agents.{name}] command` to where it is")
            }
        }
    }

    fn how_to_log_in(&self) -> Option<&'static str> {
        self.log_in
    }

    fn how_to_update(&self) -> Option<String> {
        Some(format!("npm install -g {}@latest", self.package?))
    }

    fn credentials(&self) -> Credentials {
        self.credentials
    }

    fn unasked(&self) -> &'static [&'static str] {
        self.unasked
    }

    fn mode(&self, _probed: &str) -> &'static str {
        "acp"
    }

    fn environment(&self) -> Environment {
        Environment { defaults: self.variables.into() }
    }

    fn defaults(&self) -> Option<DefaultsFile> {
        self.defaults
    }

    fn start(&self, ask: &Ask<'_>) -> Startup {
        let argv = if ask.agent.has_placeholders() {
            filled(&ask.agent.command, "", ask.conversation.unwrap_or_default(), ask.model)
        } else {
            let own = self.arguments.iter().map(|word| (*word).to_owned());
            // With `=` no value is ever an option.
            let model = self.model_option.zip(ask.model).map(|(option, model)| format!("{option}={model}"));
            ask.agent.command.iter().cloned().chain(own).chain(model).chain(ask.agent.args.iter().cloned()).collect()
        };
        let conversation = ask.conversation.map(str::to_owned);
        Startup { argv, prompt: ask.prompt.to_owned(), conversation, instead: None }
    }

    fn resume_command(&self, agent: &Agent, directory: &str, conversation: &str) -> Option<String> {
        resume::command(agent, directory, &[&format!("{}={conversation}", self.resume_option?)])
    }

    fn resumes(&self) -> bool {
        true
    }

    fn rests(&self) -> bool {
        self.rests
    }

    fn before_start(&self, spec: &RunSpec) {
        let named =
            self.credentials.home.and_then(|(variable, _)| spec.env.get(variable)).or_else(|| spec.env.get("HOME"));
        let home = spec.home.as_deref().or_else(|| named.map(Path::new));
        if let (Some(tidy), Some(home)) = (self.tidy, home) {
            tidy(home, &spec.working_directory);
        }
    }

    fn can_be_kept(&self) -> bool {
        true
    }

    fn brief(&self) -> Brief {
        Brief::Tools
    }

    fn speak(&self, spec: &RunSpec) -> Box<dyn Speak> {
        Box::new(Acp::new(spec, self.dialect))
    }
}

#[cfg(test)]
mod tests {
    use super::super::{copilot, gemini, opencode, qwen};
    use super::*;
    use crate::agent::kinds;
    use crate::config::{Agents, HostProbes, Permission};

    fn started(kind: &AcpKind, change: impl FnOnce(&mut Agent), conversation: Option<&str>) -> Startup {
        let mut agent = match Agents::of(&kinds::statements()).by_name.remove(kind.statement.name) {
            Some(agent) => agent,
            None => Agent { kind: &STATEMENT, ..Agents::of(&kinds::statements()).by_name["claude"].clone() },
        };
        change(&mut agent);
        kind.start(&Ask {
            agent: &agent,
            prompt: "--fix it",
            model: Some("--yolo"),
            permission: Permission::Ask,
            session: "7",
            conversation,
            files: None,
            answer_file: std::path::Path::new("/nowhere"),
            analysis: false,
            has_alert: false,
            probes: &HostProbes::default(),
            off_limits: &[],
        })
    }

    #[test]
    fn each_is_started_as_it_wants_and_the_prompt_is_no_argument() {
        let plain = |kind| started(kind, |_| {}, None).argv.join(" ");
        assert_eq!(plain(&gemini::GEMINI), "gemini --acp --skip-trust --model=--yolo");
        assert_eq!(plain(&opencode::OPENCODE), "opencode acp");
        assert_eq!(plain(&copilot::COPILOT), "copilot --acp --model=--yolo");
        assert_eq!(plain(&qwen::QWEN), "qwen --acp --model=--yolo");
        let own = |agent: &mut Agent| {
            agent.command = vec!["my-agent".into(), "serve".into()];
            agent.args = vec!["--loud".into()];
        };
        let startup = started(&ACP, own, Some("c-1"));
        assert_eq!(startup.argv, ["my-agent", "serve", "--loud"]);
        assert_eq!((startup.prompt.as_str(), startup.conversation.as_deref()), ("--fix it", Some("c-1")));
        let blanks = |agent: &mut Agent| agent.command = vec!["x".into(), "--m={model}".into(), "{session}".into()];
        assert_eq!(started(&ACP, blanks, Some("c-1")).argv, ["x", "--m=--yolo", "c-1"]);
    }

    #[test]
    fn what_can_be_gone_on_with_in_a_terminal_is_told_as_it_is_typed() {
        let agents = Agents::of(&kinds::statements());
        let command = |kind: &AcpKind| kind.resume_command(&agents.by_name[kind.statement.name], "/w/a b", "c-1");
        assert_eq!(command(&gemini::GEMINI).as_deref(), Some("cd '/w/a b' && gemini --resume=c-1"));
        assert_eq!(command(&opencode::OPENCODE).as_deref(), Some("cd '/w/a b' && opencode --session=c-1"));
    }

    #[test]
    fn those_that_ask_by_our_mode_can_be_held_and_options_let_them_go() {
        let agents = Agents::of(&kinds::statements());
        assert_eq!(
            ["gemini", "qwen", "copilot", "opencode"].map(|name| agents.by_name[name].takes_alerts()),
            [true, true, true, false]
        );
        let bold = Agent { args: vec!["--yolo".into()], ..agents.by_name["gemini"].clone() };
        assert!(!bold.takes_alerts());
    }
}
