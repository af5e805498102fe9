//! Mail, which is only sent.
#![cfg(feature = "email")]

use std::sync::Arc;

use async_trait::async_trait;
use signalbox_adapter::settings::{Section, Values};
use signalbox_email::{EmailDeliver, EmailRender, PROVIDER, SECTION, Settings};

use super::adapter::{Adapter, Connected, Found, Integration, Verified};
use crate::turn::{ChatIds, Readers, Transport};

/// Said where there is no server to send by.
const NO_SERVER: &str = "there is no server";

/// What its readers are called.
const CHATS: ChatIds = ChatIds {
    is_one: |chat| {
        let name = chat.chat.as_str();
        chat.thread.is_none() && signalbox_email::bare_address(name).is_ok_and(|address| address == name)
    },
    form: "addresses, as team@example.org",
};

/// Mail.
pub(super) struct Email;

impl Adapter for Email {
    fn provider(&self) -> &'static str {
        PROVIDER
    }

    fn transport(&self, values: &Values) -> Transport {
        let to = if Settings::of(values).is_some() { values.list("to").to_vec() } else { Vec::new() };
        let readers = Some(Readers { compose: signalbox_email::compose, to, needs: &["smtp.host", "smtp.to"] });
        Transport { readers, chats: CHATS, ..Transport::new(Arc::new(EmailRender)) }
    }

    fn integration(&self) -> Option<&dyn Integration> {
        Some(self)
    }
}

#[async_trait]
impl Integration for Email {
    fn section(&self) -> &'static Section {
        &SECTION
    }

    fn connect(&self, values: &Values) -> Result<Connected, String> {
        let settings = Settings::of(values).ok_or(NO_SERVER)?;
        let mailer = EmailDeliver::new(settings).map_err(|error| error.to_string())?;
        Ok(Connected { provider: PROVIDER, deliver: Arc::new(mailer), chats: None })
    }

    async fn verify(&self, values: &Values) -> Verified {
        let Some(settings) = Settings::of(values) else { return Verified::Refused(NO_SERVER.to_owned()) };
        let report = signalbox_email::verify(&settings, values.list("to")).await;
        let said = report.to_string();
        if report.is_ok() { Verified::Good(Found::Steps(said)) } else { Verified::Unsure(format!("\n{said}")) }
    }
}
