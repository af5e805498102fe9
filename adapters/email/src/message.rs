//! One delivery as a mail on the wire: headers that cannot be broken into, text and HTML, an attachment.
//!
//! Every text that becomes a header is one line without control characters before it comes here to lettre, which encodes
//! what is not ASCII and folds what is long. Bodies are encoded so that no line is longer than 76 octets.

use lettre::message::header::{ContentTransferEncoding, ContentType, HeaderName, HeaderValue, To};
use lettre::message::{Attachment, Body as Encoded, Mailbox, Message, MultiPart, SinglePart};
use lettre::{Address, address::Envelope};
use signalbox_adapter::picture::{FILE_NAME, Picture};
use signalbox_adapter::{Outgoing, clean, one_line};

use crate::address::{InvalidAddress, mailbox, needs_utf8, on_wire};
use crate::body::Body;
use crate::html::{page, picture_id};
use crate::settings::{InvalidSettings, Settings};

/// Most recipients that are shown in `To:`.
const MAX_SHOWN_RECIPIENTS: usize = 100;
/// Most earlier mails that are referred to; the newest count.
const MAX_REFERENCES: usize = 20;
/// Longest local part of a Message-ID, in octets.
const MAX_ID_BYTES: usize = 120;
/// Longest name of an attached file, in characters.
const MAX_FILE_NAME_CHARS: usize = 100;

/// Who a mail is from, checked once.
#[derive(Debug, Clone)]
pub(crate) struct Writer {
    pub(crate) from: Mailbox,
    reply_to: Option<Mailbox>,
}

/// A mail and the way it takes.
#[derive(Debug)]
pub(crate) struct Letter {
    pub(crate) from: Address,
    pub(crate) to: Address,
    /// The Message-ID with its brackets, the same on every attempt.
    pub(crate) id: String,
    /// The whole mail, lines ended by CR LF.
    pub(crate) data: Vec<u8>,
}

/// Tells why a delivery can be no mail.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unsendable {
    #[error("{0}")]
    Address(#[from] InvalidAddress),
    #[error("a mail that was sent cannot be changed")]
    Edit,
    #[error("the mail could not be put together: {0}")]
    Message(#[from] lettre::error::Error),
}

impl Writer {
    pub(crate) fn new(settings: &Settings) -> Result<Self, InvalidSettings> {
        let own = |key, mailbox| wired(mailbox).map_err(|error| InvalidSettings::Address { key, error });
        let reply_to = settings.answers_to()?.map(|mailbox| own("reply_to", mailbox)).transpose()?;
        Ok(Self { from: own("from", settings.sender()?)?, reply_to })
    }

    /// Puts the mail of one delivery together, with the pictures of its charts in their order.
    pub(crate) fn write(&self, outgoing: &Outgoing, pictures: &[Picture]) -> Result<Letter, Unsendable> {
        if outgoing.target.edit_of.is_some() {
            return Err(Unsendable::Edit);
        }
        let to = wired(mailbox(outgoing.target.address.chat.as_str())?)?;
        let body = Body::of(&outgoing.part);
        let id = self.message_id(body.message_id_key.as_deref().filter(|id| !id.is_empty()), outgoing);
        // An address that only some servers take is shown to nobody else, or theirs would not be taken either.
        let is_for_all = |other: &Mailbox| other.email == to.email || !needs_utf8(&other.email);
        let shown = body.to.iter().take(MAX_SHOWN_RECIPIENTS).filter_map(|text| wired(mailbox(text).ok()?).ok());
        let mut shown: Vec<Mailbox> = shown.filter(is_for_all).collect();
        if shown.is_empty() {
            shown.push(to.clone());
        }
        let mut builder = Message::builder()
            .from(self.from.clone())
            .mailbox(To::from(lettre::message::Mailboxes::from(shown)))
            .subject(body.subject_line())
            .message_id(Some(id.clone()))
            .raw_header(HeaderValue::new(HeaderName::new_from_ascii_str("Auto-Submitted"), "auto-generated".to_owned()))
            .envelope(Envelope::new(Some(self.from.email.clone()), vec![to.email.clone()])?);
        if let Some(reply_to) = &self.reply_to {
            builder = builder.reply_to(reply_to.clone());
        }
        let references = self.references(&body, outgoing, &id);
        if let Some(last) = references.last() {
            builder = builder.in_reply_to(last.clone()).references(references.join(" "));
        }
        let message = builder.multipart(content(&body, outgoing, pictures))?;
        Ok(Letter { from: self.from.email.clone(), to: to.email, id, data: message.formatted() })
    }

    fn message_id(&self, key: Option<&str>, outgoing: &Outgoing) -> String {
        format!("<{}@{}>", local_part(key.unwrap_or(outgoing.key.as_str())), self.id_domain())
    }

    /// The domain of the sender; a Message-ID is ASCII.
    fn id_domain(&self) -> String {
        let domain = self.from.email.domain();
        if domain.is_ascii() { domain.to_owned() } else { local_part(domain) }
    }

    /// Returns the Message-IDs of earlier mails, oldest first.
    fn references(&self, body: &Body, outgoing: &Outgoing, own: &str) -> Vec<String> {
        let answered = outgoing.target.reply_to.iter().map(|id| id.as_str());
        let mut ids: Vec<String> = Vec::new();
        for text in body.references.iter().map(String::as_str).chain(answered).filter(|text| !text.is_empty()) {
            let id = if is_message_id(text) {
                text.to_owned()
            } else {
                format!("<{}@{}>", local_part(text), self.id_domain())
            };
            ids.retain(|other| *other != id);
            ids.push(id);
        }
        ids.retain(|id| id != own);
        ids.split_off(ids.len().saturating_sub(MAX_REFERENCES))
    }
}

fn wired(mailbox: Mailbox) -> Result<Mailbox, InvalidAddress> {
    let email = on_wire(&mailbox.email)?;
    Ok(Mailbox { email, ..mailbox })
}

/// Tells whether a text can stand as a Message-ID as it is.
fn is_message_id(text: &str) -> bool {
    let inside = text.strip_prefix('<').and_then(|text| text.strip_suffix('>'));
    let is_plain = |b: u8| b.is_ascii_graphic() && !b"<>()[],;:\\\"".contains(&b);
    inside.is_some_and(|inside| {
        text.len() <= 2 * MAX_ID_BYTES && inside.matches('@').count() == 1 && inside.bytes().all(is_plain)
    })
}

/// Writes any text so that it can stand before the `@` of a Message-ID; different texts stay different.
fn local_part(text: &str) -> String {
    let mut local = String::new();
    for b in text.bytes() {
        if b.is_ascii_alphanumeric() || b == b'-' || b == b'_' {
            local.push(char::from(b));
        } else if b == b'.' && !local.is_empty() && !local.ends_with('.') {
            local.push('.');
        } else {
            local.push_str(&format!("={b:02X}"));
        }
    }
    local.truncate(MAX_ID_BYTES);
    if local.ends_with('.') {
        local.pop();
        local.push_str("=2E");
    }
    local
}

/// Text and HTML, the pictures that stand in that, and the attachment beside them.
fn content(body: &Body, outgoing: &Outgoing, pictures: &[Picture]) -> MultiPart {
    let mark = outgoing.mark.as_deref();
    let mut text = body.text.clone();
    if let Some(mark) = mark {
        text.extend(["\n\n", mark]);
    }
    text.push('\n');
    let html = page(&body.html, mark);
    let both = if pictures.is_empty() {
        MultiPart::alternative_plain_html(text, html)
    } else {
        let shown = MultiPart::related().singlepart(SinglePart::html(html));
        let with_pictures = pictures.iter().enumerate().fold(shown, |all, (at, one)| all.singlepart(inline(at, one)));
        MultiPart::alternative().singlepart(SinglePart::plain(text)).multipart(with_pictures)
    };
    match &outgoing.attachment {
        Some(file) => MultiPart::mixed().multipart(both).singlepart(attached(file)),
        None => both,
    }
}

/// A picture that stands in the HTML.
fn inline(place: usize, picture: &Picture) -> SinglePart {
    let content = Encoded::new_with_encoding(picture.png.clone(), ContentTransferEncoding::Base64);
    let content = content.expect("any bytes can be written as base64");
    let kind = ContentType::parse("image/png").unwrap_or(ContentType::TEXT_PLAIN);
    Attachment::new_inline_with_name(picture_id(place), FILE_NAME.to_owned()).body(content, kind)
}

fn attached(file: &signalbox_adapter::Attachment) -> SinglePart {
    let name = one_line(&file.file_name.replace(['/', '\\', '"'], "_"), MAX_FILE_NAME_CHARS);
    let name = if name.is_empty() { "attachment.txt".to_owned() } else { name };
    let media_type = clean(&file.media_type);
    let mut media_type = media_type.trim().to_owned();
    if media_type.starts_with("text/") && !media_type.contains(';') {
        media_type.push_str("; charset=utf-8");
    }
    let media_type = ContentType::parse(&media_type).unwrap_or(ContentType::TEXT_PLAIN);
    let content = Encoded::new_with_encoding(file.content.clone(), ContentTransferEncoding::Base64);
    Attachment::new(name).body(content.expect("any bytes can be written as base64"), media_type)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_text_can_name_a_mail_and_no_two_share_a_name() {
        assert_eq!(local_part("task-17.notice_2"), "task-17.notice_2");
        assert_eq!(local_part(".a..b."), "=2Ea.=2Eb=2E");
        assert_eq!(local_part("a>\r\nBcc: x@y"), "a=3E=0D=0ABcc=3A=20x=40y");
        assert_ne!(local_part("a b"), local_part("a=20b"));
    }

    #[test]
    fn only_what_is_a_message_id_passes_as_one() {
        assert!(is_message_id("<a.b=2E@example.org>"));
        for wrong in ["", "a@b", "<a>", "<a@b@c>", "<a b@c>", "<a@b>\r\n", "<a@b> <c@d>", "<é@b>"] {
            assert!(!is_message_id(wrong), "{wrong:?}");
        }
    }
}
