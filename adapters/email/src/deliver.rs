//! The answering half: one attempt is one mail to one recipient over one connection.

use async_trait::async_trait;
use signalbox_adapter::picture::{self, Picture};
use signalbox_adapter::{Deliver, DeliverError, Identity, MessageId, Outgoing, Part, Receipt, Reconciled, Tried};

use crate::address::needs_utf8;
use crate::body::Body;
use crate::failure::{Failure, Stage, Trouble};
use crate::message::{Letter, Writer};
use crate::session::{Call, NOT_ASCII, Session};
use crate::settings::{InvalidSettings, Settings};

/// Delivers mails.
///
/// The chat of an [`Outgoing`] is the recipient's address. Buttons are left out: a mail has none.
pub struct EmailDeliver {
    settings: Settings,
    writer: Writer,
}

impl EmailDeliver {
    /// Takes the settings; nothing is asked of the server yet.
    ///
    /// # Errors
    /// As [`Settings::check`].
    pub fn new(settings: Settings) -> Result<Self, InvalidSettings> {
        settings.check()?;
        let writer = Writer::new(&settings)?;
        Ok(Self { settings, writer })
    }

    async fn send(&self, letter: &Letter) -> Result<(), Failure> {
        let mut call = Call::begin(&self.settings);
        let mut session = Session::open(&self.settings, &mut call).await?;
        let outcome = transfer(&mut session, &mut call, letter).await;
        if outcome.as_ref().err().is_none_or(Failure::is_answer) {
            // What becomes of a goodbye changes nothing.
            let _ = call.step(Stage::Quit, session.quit()).await;
        }
        outcome
    }
}

/// Draws the charts of a mail. Where one cannot be drawn, none is shown: their words are in the mail too.
async fn pictures(part: &Part) -> Vec<Picture> {
    let mut drawn = Vec::new();
    for chart in Body::of(part).charts {
        let Some(picture) = picture::drawn(vec![chart]).await else { return Vec::new() };
        drawn.push(picture);
    }
    drawn
}

/// Hands one mail over.
async fn transfer(session: &mut Session, call: &mut Call, letter: &Letter) -> Result<(), Failure> {
    // Which of the two addresses the server does not take is told by the step that names it.
    if needs_utf8(&letter.to) && !needs_utf8(&letter.from) && !session.takes_utf8() {
        let trouble = Trouble::Impossible(NOT_ASCII.to_owned());
        return Err(Failure { stage: Stage::RcptTo, trouble });
    }
    call.step(Stage::MailFrom, session.mail_from(&letter.from, &letter.to, &letter.data)).await?;
    call.step(Stage::RcptTo, session.rcpt_to(&letter.to)).await?;
    call.step(Stage::Data, session.data()).await?;
    call.step(Stage::Content, session.content(&letter.data)).await?;
    call.step(Stage::Acceptance, session.acceptance()).await
}

#[async_trait]
impl Deliver for EmailDeliver {
    async fn deliver(&self, message: &Outgoing) -> Result<Receipt, DeliverError> {
        let pictures = pictures(&message.part).await;
        let letter = self.writer.write(message, &pictures).map_err(|error| DeliverError::Refused(error.to_string()))?;
        self.send(&letter).await?;
        Ok(Receipt::of(MessageId::new(letter.id)))
    }

    async fn reconcile(&self, _message: &Outgoing, _tried: &Tried) -> Result<Reconciled, DeliverError> {
        Ok(Reconciled::Unknowable)
    }

    async fn check(&self) -> Result<Identity, DeliverError> {
        let mut call = Call::begin(&self.settings);
        let mut session = Session::open(&self.settings, &mut call).await?;
        // What becomes of a goodbye changes nothing.
        let _ = call.step(Stage::Quit, session.quit()).await;
        Ok(Identity { id: self.writer.from.email.to_string(), name: self.settings.host().to_owned() })
    }
}
