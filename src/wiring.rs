//! Which adapters there are: provider name → adapter crate. No other file names one.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::config::Config;
use crate::transport;
use crate::turn;

/// The terminal.
pub const CONSOLE: &str = "console";
/// The one chat of all terminals of a state directory.
pub const CONSOLE_CHAT: &str = "console:local";

/// Returns what the core knows of each transport that is built in, by provider.
#[must_use]
pub fn transports() -> BTreeMap<String, turn::Transport> {
    let all = [
        #[cfg(feature = "console")]
        (CONSOLE.to_owned(), known(Arc::new(signalbox_console::ConsoleRender), true, false)),
        #[cfg(feature = "telegram")]
        (TELEGRAM.to_owned(), known(Arc::new(signalbox_telegram::TelegramRender), false, true)),
        #[cfg(feature = "email")]
        (EMAIL.to_owned(), known(Arc::new(signalbox_email::EmailRender), false, false)),
    ];
    BTreeMap::from(all)
}

#[cfg(any(feature = "console", feature = "telegram", feature = "email"))]
fn known(render: Arc<dyn signalbox_adapter::Render>, trusted: bool, edits: bool) -> turn::Transport {
    turn::Transport { render, trusted, edits, bot_name: Arc::default(), deliver: None }
}

/// Connects the transports that are configured; one that cannot be is left out and said why, all others go on.
#[must_use]
pub fn connect(config: &Config) -> Vec<transport::Transport> {
    let connections = [
        #[cfg(feature = "telegram")]
        telegram(config),
        None,
    ];
    #[cfg(not(feature = "telegram"))]
    let _ = config;
    connections.into_iter().flatten().collect()
}

#[cfg(feature = "telegram")]
fn telegram_bot(config: &Config) -> Option<Result<signalbox_telegram::Telegram, signalbox_telegram::InvalidSettings>> {
    let token = config.telegram.token.as_ref()?;
    let settings = signalbox_telegram::Settings {
        api_url: config.telegram.api_url.clone(),
        ..signalbox_telegram::Settings::new(token.clone())
    };
    Some(signalbox_telegram::connect(settings))
}

#[cfg(feature = "telegram")]
fn telegram(config: &Config) -> Option<transport::Transport> {
    let bot = telegram_bot(config)?
        .inspect_err(|error| tracing::error!(transport = TELEGRAM, %error, "this transport is off; all else goes on"))
        .ok()?;
    Some(transport::Transport {
        provider: TELEGRAM.to_owned(),
        bot_id: bot.bot_id,
        listen: Box::new(bot.listen),
        deliver: bot.deliver,
        announce: Some(bot.menu),
    })
}

/// What asking a provider who we are has come to.
#[derive(Debug)]
pub enum Verified {
    /// Nothing is configured to ask with.
    NotSet,
    /// It knows us: who we are there.
    Good(String),
    /// Our credentials, or what stands beside them, are no good.
    Refused(String),
    /// It could not be asked.
    Unreachable(String),
}

/// Asks a provider who we are, with what is configured; a name that is none of [`INTEGRATIONS`] is never set.
pub async fn verify(config: &Config, name: &str) -> Verified {
    match name {
        #[cfg(feature = "telegram")]
        TELEGRAM => match telegram_bot(config) {
            None => Verified::NotSet,
            Some(Err(error)) => Verified::Refused(error.to_string()),
            Some(Ok(bot)) => who(bot.deliver.as_ref(), &config.telegram.api_url).await,
        },
        #[cfg(feature = "email")]
        SMTP => match smtp_settings(config) {
            None => Verified::NotSet,
            Some(settings) => {
                let report = signalbox_email::verify(&settings, &config.smtp.to).await;
                let said = format!("\n{report}");
                if report.is_ok() { Verified::Good(said) } else { Verified::Refused(said) }
            }
        },
        _ => {
            let _ = config;
            Verified::NotSet
        }
    }
}

#[cfg(feature = "telegram")]
async fn who(deliver: &dyn signalbox_adapter::Deliver, at: &str) -> Verified {
    use signalbox_adapter::DeliverError;
    match deliver.check().await {
        Ok(identity) => Verified::Good(format!("@{} (id {}) at {at}", identity.name, identity.id)),
        Err(DeliverError::Refused(why)) => Verified::Refused(why),
        Err(error) => Verified::Unreachable(format!("{at} could not be asked: {error}")),
    }
}

/// Mail, which is only sent.
pub const EMAIL: &str = "email";

/// A notice by mail.
#[derive(Debug, Clone)]
pub struct Mail {
    /// The subject.
    pub subject: String,
    /// Everybody who gets it.
    pub to: Vec<String>,
    /// Names the notice for ever, the same for all who get it.
    pub id: String,
    /// The `id`s of earlier notices about the same thing, oldest first.
    pub references: Vec<String>,
    /// What it says.
    pub document: signalbox_adapter::Document,
}

/// Makes the part of a notice that each of its recipients gets.
#[must_use]
pub fn mail_part(mail: &Mail) -> signalbox_adapter::Part {
    #[cfg(feature = "email")]
    {
        let Mail { subject, to, id, references, document } = mail.clone();
        signalbox_email::compose(&signalbox_email::Mail { subject, to, id, references, document })
    }
    #[cfg(not(feature = "email"))]
    signalbox_adapter::Part { body: mail.document.to_markdown() }
}

/// Connects what is only written to, by provider; what cannot be is left out and said why.
#[must_use]
pub fn outbound(config: &Config) -> Vec<(&'static str, Arc<dyn signalbox_adapter::Deliver>)> {
    let outbound = [
        #[cfg(feature = "email")]
        mailer(config),
        None,
    ];
    #[cfg(not(feature = "email"))]
    let _ = config;
    outbound.into_iter().flatten().collect()
}

#[cfg(feature = "email")]
fn mailer(config: &Config) -> Option<(&'static str, Arc<dyn signalbox_adapter::Deliver>)> {
    let settings = smtp_settings(config)?;
    let mailer = signalbox_email::EmailDeliver::new(settings)
        .inspect_err(|error| tracing::error!(%error, "mail is off; all else goes on"))
        .ok()?;
    Some((EMAIL, Arc::new(mailer)))
}

#[cfg(feature = "email")]
fn smtp_settings(config: &Config) -> Option<signalbox_email::Settings> {
    use crate::config::Security;
    let smtp = &config.smtp;
    Some(signalbox_email::Settings {
        host: smtp.host.clone()?,
        port: Some(smtp.port).filter(|port| *port > 0),
        security: match smtp.security {
            Security::StartTls => signalbox_email::Security::StartTls,
            Security::Tls => signalbox_email::Security::Tls,
            Security::None => signalbox_email::Security::None,
        },
        username: smtp.username.clone(),
        password: smtp.password.clone(),
        from: smtp.from.clone(),
        reply_to: smtp.reply_to.clone(),
        ca_file: smtp.ca_file.clone(),
        timeout: smtp.timeout,
    })
}

/// What can be connected to, by the name of its section of the configuration.
pub const INTEGRATIONS: &[&str] = &[
    #[cfg(feature = "telegram")]
    TELEGRAM,
    #[cfg(feature = "email")]
    SMTP,
];

/// The mail server's section.
#[cfg(feature = "email")]
const SMTP: &str = "smtp";
/// Telegram.
#[cfg(feature = "telegram")]
const TELEGRAM: &str = "telegram";

#[cfg(feature = "console")]
pub use signalbox_console as console;

/// Paints a document for standard output.
#[must_use]
pub fn painted(document: &signalbox_adapter::Document) -> String {
    #[cfg(feature = "console")]
    {
        use console::Printer as _;
        console::paint(document, &console::StreamPrinter::stdout().style())
    }
    #[cfg(not(feature = "console"))]
    document.to_markdown()
}
