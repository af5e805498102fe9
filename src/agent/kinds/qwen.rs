//! qwen: Qwen Code, which starts in a mode in which a model decides: ours is set.

use super::acp::AcpKind;
use crate::agent::acp::{Dialect, Tokens};
use crate::agent::login::Credentials;
use crate::config::{KindStatement, Origin};

/// What the configuration must know of it.
static STATEMENT: KindStatement = KindStatement {
    name: "qwen",
    origin: Origin::Known,
    command: &["qwen"],
    speaks_meanwhile: true,
    can_be_held: true,
    harmless: &["--model"],
    models: &[],
    model_prefixes: &[],
};

/// This kind.
pub(super) static QWEN: AcpKind = AcpKind {
    statement: &STATEMENT,
    dialect: Dialect { tells_errors: false, model_is_argument: true, tokens: Tokens::OfTurn },
    arguments: &["--acp"],
    model_option: Some("--model"),
    variables: &[],
    package: Some("@qwen-code/qwen-code"),
    log_in: Some("run `qwen` once and type `/auth`"),
    credentials: Credentials {
        variables: &["OPENAI_API_KEY", "DASHSCOPE_API_KEY"],
        home: Some(("QWEN_HOME", ".qwen")),
        files: &["oauth_creds.json"],
    },
    unasked: &["--yolo", "-y", "yolo"],
    resume_option: Some("--resume"),
    defaults: None,
    rests: false,
    tidy: None,
};
