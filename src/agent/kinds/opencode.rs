//! opencode: opencode, which asks where its configuration says so: ours does.

use super::acp::AcpKind;
use crate::agent::acp::{Dialect, Tokens};
use crate::agent::login::Credentials;
use crate::config::{KindStatement, Origin};

/// What the configuration must know of it. A user's own configuration may let its agents do more than ours says, so that
/// nobody knows what it holds back.
static STATEMENT: KindStatement = KindStatement {
    name: "opencode",
    origin: Origin::Known,
    command: &["opencode"],
    speaks_meanwhile: true,
    can_be_held: false,
    harmless: &[],
    models: &[],
    model_prefixes: &[],
};

/// This kind.
pub(super) static OPENCODE: AcpKind = AcpKind {
    statement: &STATEMENT,
    dialect: Dialect { tells_errors: false, model_is_argument: false, tokens: Tokens::OfLastStep },
    arguments: &["acp"],
    model_option: None,
    variables: &[
        ("OPENCODE_CONFIG_CONTENT", r#"{"permission":{"bash":"ask","edit":"ask","webfetch":"ask"}}"#),
        ("OPENCODE_DISABLE_AUTOUPDATE", "1"),
    ],
    package: Some("opencode-ai"),
    log_in: Some("run `opencode auth login`"),
    credentials: Credentials {
        variables: &[],
        home: Some(("XDG_DATA_HOME", ".local/share")),
        files: &["opencode/auth.json"],
    },
    unasked: &[],
    resume_option: Some("--session"),
    defaults: None,
    rests: false,
    tidy: None,
};
