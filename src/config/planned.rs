//! Names that the configuration has a place for though nothing in this version reads them.
//!
//! A file that is written for a later version is accepted with a warning, and the credentials of providers to come
//! reach no agent even today. What an adapter states goes first, so that nothing here needs to change when it comes.

/// Sections.
pub(super) const SECTIONS: [&str; 4] = ["discord", "email", "matrix", "slack"];

/// Providers with an access list, and whether they know roles.
pub(super) const PROVIDERS: [(&str, bool); 3] = [("discord", true), ("matrix", false), ("slack", false)];

/// The provider of mail, in a build without it.
pub(super) const MAIL: &str = "email";

/// Variables that hold a secret of ours.
pub(super) const SECRET_VARIABLES: [&str; 8] = [
    "TELEGRAM_BOT_TOKEN",
    "DISCORD_BOT_TOKEN",
    "SLACK_BOT_TOKEN",
    "SLACK_APP_TOKEN",
    "SLACK_SIGNING_SECRET",
    "SLACK_WEBHOOK_URL",
    "MATRIX_ACCESS_TOKEN",
    "SMTP_PASSWORD",
];

/// Words that name a model of no agent of this version, or of several; an agent named so could not be told from it.
pub(super) const MODELS: [&str; 1] = ["default"];

/// Beginnings of such words.
pub(super) const MODEL_PREFIXES: [&str; 3] = ["opus-", "sonnet-", "haiku-"];
