//! claude-acp: claude by its adapter to the Agent Client Protocol, which starts in a mode in which a model decides: ours is set.

use super::acp::AcpKind;
use crate::agent::acp::{Dialect, Tokens};
use crate::agent::login::Credentials;
use crate::config::{KindStatement, Origin};

/// What the configuration must know of it. Whether its modes hold everything back is not known.
static STATEMENT: KindStatement = KindStatement {
    name: "claude-acp",
    origin: Origin::Known,
    command: &["claude-agent-acp"],
    speaks_meanwhile: true,
    can_be_held: false,
    harmless: &[],
    models: &[],
    model_prefixes: &[],
};

/// This kind.
pub(super) static CLAUDE_ACP: AcpKind = AcpKind {
    statement: &STATEMENT,
    dialect: Dialect { tells_errors: false, model_is_argument: false, tokens: Tokens::OfTurn },
    arguments: &[],
    model_option: None,
    variables: &[],
    package: Some("@agentclientprotocol/claude-agent-acp"),
    log_in: Some("run `claude` once and type `/login`"),
    credentials: Credentials {
        variables: &["ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "CLAUDE_CODE_OAUTH_TOKEN"],
        home: Some(("CLAUDE_CONFIG_DIR", ".claude")),
        files: &[".credentials.json"],
    },
    unasked: &[],
    resume_option: None,
    defaults: None,
    rests: false,
    tidy: None,
};
