//! codex-acp: codex by its adapter to the Agent Client Protocol.

use super::acp::AcpKind;
use crate::agent::acp::{Dialect, Tokens};
use crate::agent::login::Credentials;
use crate::config::{KindStatement, Origin};

/// What the configuration must know of it. Whether its modes hold everything back is not known.
static STATEMENT: KindStatement = KindStatement {
    name: "codex-acp",
    origin: Origin::Known,
    command: &["codex-acp"],
    speaks_meanwhile: true,
    can_be_held: false,
    harmless: &[],
    models: &[],
    model_prefixes: &[],
};

/// This kind.
pub(super) static CODEX_ACP: AcpKind = AcpKind {
    statement: &STATEMENT,
    dialect: Dialect { tells_errors: false, model_is_argument: false, tokens: Tokens::OfTurn },
    arguments: &[],
    model_option: None,
    variables: &[],
    package: Some("@zed-industries/codex-acp"),
    log_in: Some("run `codex login`"),
    credentials: Credentials {
        variables: &["CODEX_API_KEY", "OPENAI_API_KEY"],
        home: Some(("CODEX_HOME", ".codex")),
        files: &["auth.json"],
    },
    unasked: &[],
    resume_option: None,
    defaults: None,
    rests: false,
    tidy: None,
};
