//! Mail, which is only sent.
#![cfg(feature = "email")]

use std::sync::Arc;

use async_trait::async_trait;
use signalbox_email::{EmailDeliver, EmailRender, Settings};

use super::adapter::{Adapter, Connected, Verified};
use crate::config::{Config, Security};
use crate::turn::{Readers, Transport};

/// Mail.
pub(super) struct Email;

#[async_trait]
impl Adapter for Email {
    fn provider(&self) -> &'static str {
        "email"
    }

    fn section(&self) -> Option<&'static str> {
        Some("smtp")
    }

    fn transport(&self, config: &Config) -> Transport {
        let smtp = &config.smtp;
        let to = if smtp.is_set() { smtp.to.clone() } else { Vec::new() };
        let missing = "`[smtp]` names no server or nobody in `to`";
        let readers = Some(Readers { compose: signalbox_email::compose, to, missing });
        Transport { readers, ..Transport::new(Arc::new(EmailRender)) }
    }

    fn connect(&self, config: &Config) -> Option<Result<Connected, String>> {
        let connected = EmailDeliver::new(settings(config)?).map(|mailer| Connected {
            provider: self.provider(),
            deliver: Arc::new(mailer),
            chats: None,
        });
        Some(connected.map_err(|error| error.to_string()))
    }

    async fn verify(&self, config: &Config) -> Verified {
        let Some(settings) = settings(config) else { return Verified::NotSet };
        let report = signalbox_email::verify(&settings, &config.smtp.to).await;
        let said = format!("\n{report}");
        if report.is_ok() { Verified::Good(said) } else { Verified::Refused(said) }
    }
}

fn settings(config: &Config) -> Option<Settings> {
    let smtp = &config.smtp;
    Some(Settings {
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
