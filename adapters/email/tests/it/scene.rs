//! An adapter in front of the server, and what a test sends through it.

use std::time::Duration;

use mail_parser::{Message, MessageParser};
use signalbox_adapter::{
    ChatAddress, ChatId, Deliver, DeliverError, DeliveryKey, Document, Notice, Outgoing, Part, Provider, Purpose,
    Receipt, Render, Target,
};
use signalbox_email::{EmailDeliver, EmailRender, Security, Settings, compose};

use signalbox_test_support::smtp::tls::{Authority, Validity};
use signalbox_test_support::smtp::{Accepted, FakeSmtp, Offer, PASSWORD, Protection, USER};

/// How long a mail may take, where the test is not about that.
const TIMEOUT: Duration = Duration::from_secs(20);

/// A server and settings that fit it.
pub(crate) struct Scene {
    pub(crate) server: FakeSmtp,
    pub(crate) settings: Settings,
    _files: tempfile::TempDir,
}

impl Scene {
    /// A server that takes mail from anybody, in clear text.
    pub(crate) async fn plain() -> Self {
        Self::new(Offer::plain(), Security::None, "").await
    }

    /// A server that wants STARTTLS and a password.
    pub(crate) async fn start_tls() -> Self {
        let authority = Authority::generate();
        let protection = Protection::StartTls(authority.acceptor("localhost", Validity::Current));
        Self::new(Offer { protection, auth: Some("PLAIN LOGIN"), utf8: false }, Security::StartTls, &authority.pem())
            .await
    }

    /// Any server; `trusted` is the authority that is trusted.
    pub(crate) async fn new(offer: Offer, security: Security, trusted: &str) -> Self {
        let files = tempfile::tempdir().expect("a directory");
        let has_login = offer.auth.is_some();
        let server = FakeSmtp::start(offer).await;
        let mut settings = Settings::new("localhost", "Signal Box <bot@example.org>");
        settings.port = Some(server.port());
        settings.security = security;
        settings.timeout = TIMEOUT;
        if has_login {
            settings.username = Some(USER.to_owned());
            settings.password = Some(PASSWORD.to_owned().into());
        }
        if !trusted.is_empty() {
            let path = files.path().join("ca.pem");
            std::fs::write(&path, trusted).expect("a file");
            settings.ca_file = Some(path);
        }
        Self { server, settings, _files: files }
    }

    pub(crate) fn deliver(&self) -> EmailDeliver {
        EmailDeliver::new(self.settings.clone()).expect("settings")
    }

    /// Delivers a text to one recipient.
    pub(crate) async fn tell(&self, text: &str) -> Result<Receipt, DeliverError> {
        self.deliver().deliver(&outgoing(text)).await
    }

    /// Delivers, and returns the mail that arrived.
    pub(crate) async fn sent(&self, outgoing: &Outgoing) -> Accepted {
        self.deliver().deliver(outgoing).await.expect("delivered");
        self.server.mails().pop().expect("a mail")
    }
}

/// Who gets the mails of a test.
pub(crate) const OPS: &str = "ops@example.net";

/// Returns the address of a recipient.
pub(crate) fn address(recipient: &str) -> ChatAddress {
    ChatAddress::new(Provider::new("email"), ChatId::new(recipient))
}

/// Returns a delivery of a part.
pub(crate) fn of_part(part: Part) -> Outgoing {
    Outgoing {
        key: DeliveryKey::from_random_bits(7),
        target: Target { address: address(OPS), reply_to: None, edit_of: None, window: None },
        purpose: Purpose::Result,
        part,
        buttons: Vec::new(),
        attachment: None,
        mark: None,
        plain: false,
    }
}

/// Returns a delivery of Markdown.
pub(crate) fn outgoing(markdown: &str) -> Outgoing {
    of_part(EmailRender.render(&Document::from_markdown(markdown), 1).parts.remove(0))
}

/// Returns a delivery of a notice.
pub(crate) fn notice(change: impl FnOnce(&mut Notice)) -> Outgoing {
    let mut mail = Notice {
        subject: "signalbox RCA complete: calm-otter — High CPU".to_owned(),
        to: vec![OPS.to_owned(), "Lead <lead@example.net>".to_owned()],
        id: "rca-17".to_owned(),
        references: Vec::new(),
        document: Document::from_markdown("**Root cause:** a loop"),
    };
    change(&mut mail);
    of_part(compose(&mail))
}

/// Reads a mail as a mail reader does.
pub(crate) fn parsed(mail: &Accepted) -> Message<'_> {
    MessageParser::default().parse(&mail.data).expect("a mail")
}

/// Returns the plain text of a mail.
pub(crate) fn text(mail: &Accepted) -> String {
    parsed(mail).body_text(0).expect("a text").replace("\r\n", "\n").trim_end().to_owned()
}

/// Returns the page of a mail.
pub(crate) fn html(mail: &Accepted) -> String {
    parsed(mail).body_html(0).expect("a page").into_owned()
}

/// Returns the headers of a mail as they came, unfolded.
pub(crate) fn headers(mail: &Accepted) -> Vec<(String, String)> {
    let data = String::from_utf8(mail.data.clone()).expect("UTF-8");
    let head = data.split("\r\n\r\n").next().unwrap_or_default().replace("\r\n ", " ").replace("\r\n\t", " ");
    let pairs = head.split("\r\n").filter_map(|line| line.split_once(": "));
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// Returns one header of a mail.
pub(crate) fn header(mail: &Accepted, name: &str) -> Option<String> {
    headers(mail).into_iter().find(|(other, _)| other == name).map(|(_, value)| value)
}
