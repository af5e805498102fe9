//! copilot: GitHub Copilot CLI, which tells errors as its answer.

use super::acp::AcpKind;
use crate::agent::acp::{Dialect, Tokens};
use crate::agent::login::Credentials;
use crate::config::{KindStatement, Origin};

/// What the configuration must know of it.
static STATEMENT: KindStatement = KindStatement {
    name: "copilot",
    origin: Origin::Known,
    command: &["copilot"],
    speaks_meanwhile: true,
    can_be_held: true,
    harmless: &["--model"],
    models: &[],
    model_prefixes: &[],
};

/// This kind.
pub(super) static COPILOT: AcpKind = AcpKind {
    statement: &STATEMENT,
    dialect: Dialect { tells_errors: true, model_is_argument: true, tokens: Tokens::OfSession },
    arguments: &["--acp"],
    model_option: Some("--model"),
    variables: &[],
    package: Some("@github/copilot"),
    log_in: Some("run `copilot` once and type `/login`"),
    credentials: Credentials {
        variables: &["COPILOT_GITHUB_TOKEN", "GH_TOKEN", "GITHUB_TOKEN"],
        home: Some(("COPILOT_HOME", ".copilot")),
        files: &[],
    },
    unasked: &["--allow-all-tools", "--allow-all", "--yolo"],
    resume_option: Some("--resume"),
    defaults: None,
    rests: false,
    tidy: None,
};
