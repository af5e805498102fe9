//! gemini: Gemini CLI, which asks for every command and every edit.

use super::acp::AcpKind;
use crate::agent::acp::{Dialect, Tokens};
use crate::agent::defaults::DefaultsFile;
use crate::agent::login::Credentials;
use crate::agent::remnants;
use crate::config::{KindStatement, Origin};

/// What the configuration must know of it.
static STATEMENT: KindStatement = KindStatement {
    name: "gemini",
    origin: Origin::Known,
    command: &["gemini"],
    speaks_meanwhile: true,
    can_be_held: true,
    harmless: &["--model"],
    models: &[],
    model_prefixes: &["gemini-"],
};

/// This kind.
pub(super) static GEMINI: AcpKind = AcpKind {
    statement: &STATEMENT,
    dialect: Dialect { tells_errors: false, model_is_argument: true, tokens: Tokens::OfTurn },
    arguments: &["--acp", "--skip-trust"],
    model_option: Some("--model"),
    variables: &[("GEMINI_CLI_NO_RELAUNCH", "true")],
    package: Some("@google/gemini-cli"),
    log_in: Some(
        "run `gemini` once and choose how to log in, or give it a key by `[agents.gemini] pass_env = [\"GEMINI_API_KEY\"]`",
    ),
    credentials: Credentials {
        variables: &["GEMINI_API_KEY", "GOOGLE_API_KEY", "GOOGLE_GENAI_USE_VERTEXAI"],
        home: Some(("GEMINI_CLI_HOME", ".gemini")),
        files: &["oauth_creds.json"],
    },
    unasked: &["--yolo", "-y", "yolo"],
    resume_option: Some("--resume"),
    // Its clean-up of old sessions erases a conversation that is loaded for the second time. It reads this only where the
    // file and all that it lies in belong to root, so that its files are put in order as well.
    defaults: Some(DefaultsFile {
        variable: "GEMINI_CLI_SYSTEM_DEFAULTS_PATH",
        usual: "/etc/gemini-cli/system-defaults.json",
        name: "gemini-defaults.json",
        set: &[(&["general", "sessionRetention", "enabled"], false)],
    }),
    rests: true,
    tidy: Some(remnants::remove),
};
