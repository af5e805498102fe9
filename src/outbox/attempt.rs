//! One attempt: from a row to a provider call and what came of it.

use signalbox_adapter::{
    Button, Deliver, DeliverError, Form, MessageId, Opening, Outgoing, Purpose, Receipt, Reconciled, Target, Tried,
};
use tokio::sync::Semaphore;

use super::lost::{self, MAX_OTHERS};
use super::retry::Outcome;
use super::setup::Setup;
use crate::lifecycle::rehearsal;
use crate::store::{About, Delivery, Enclosed, Opens, StoreError};

/// Longest body of a message to which a line can be added anywhere, in bytes.
const ROOMY_BYTES: usize = 1500;

/// Files that are on their way at once.
static FILES: Semaphore = Semaphore::const_new(2);

/// Makes one attempt. What may have arrived before is asked about first.
pub(super) async fn attempt(setup: &Setup, delivery: &Delivery) -> Outcome {
    rehearsal::at("delivery");
    let Some(adapter) = setup.adapters.get(delivery.address.provider.as_str()) else {
        return Outcome::Failed(DeliverError::Unreachable("its transport is not running".into()));
    };
    if let Some(opens) = &delivery.opens {
        return open_thread(adapter.as_ref(), delivery, opens).await;
    }
    // Files are large: few of them are in memory at once.
    let _room = match delivery.attachment.as_ref().and_then(Enclosed::kept) {
        Some(_) => FILES.acquire().await.ok(),
        None => None,
    };
    let attachment = match &delivery.attachment {
        None => None,
        Some(file) => match file.read(setup.store.directory()).await {
            Ok(read) => Some(read),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let words = "our copy of the file is gone".to_owned();
                return Outcome::Failed(DeliverError::RefusedForm { what: Form::File, words });
            }
            Err(error) => {
                return Outcome::Failed(DeliverError::Unreachable(format!("our copy of the file: {error}")));
            }
        },
    };
    let mut message = Outgoing {
        key: delivery.key.clone(),
        target: Target {
            address: delivery.address.clone(),
            reply_to: delivery.reply_to.clone(),
            edit_of: None,
            window: delivery.window.clone(),
        },
        purpose: delivery.purpose,
        part: delivery.part.clone(),
        buttons: delivery.buttons.clone(),
        attachment,
        mark: None,
        plain: delivery.plain,
    };
    if delivery.by_words {
        let buttons = std::mem::take(&mut message.buttons);
        message.mark = told(setup, delivery, &buttons);
    }
    if delivery.is_edit {
        let earlier = match delivery.edit_of.clone() {
            Some(earlier) => earlier,
            None => match lost::find(setup, adapter.as_ref(), delivery).await {
                Ok(Some(found)) => found,
                Ok(None) => return Outcome::Superseded,
                Err(error) => return Outcome::Failed(error),
            },
        };
        let _change = setup.editing.begin(&delivery.address, &earlier).await;
        message.target.edit_of = Some(earlier);
        // Done twice it is the same, so a lost answer is no matter.
        return match adapter.deliver(&message).await {
            Ok(_) => Outcome::Superseded,
            Err(DeliverError::Unknown(why)) => Outcome::Failed(DeliverError::Unreachable(why)),
            Err(error) => Outcome::Failed(error),
        };
    }
    if delivery.maybe_repeat {
        let (tried, is_closed) = match tried(setup, delivery).await {
            Ok(known) => known,
            Err(error) => return Outcome::Unreconciled(DeliverError::Unreachable(error.to_string())),
        };
        match adapter.reconcile(&message, &tried).await {
            Ok(Reconciled::Delivered(receipt)) => return Outcome::Delivered(receipt),
            // Nobody need answer it any more.
            Ok(Reconciled::Absent | Reconciled::Unknowable) if is_closed => return Outcome::Superseded,
            Ok(Reconciled::Absent) => {}
            Ok(Reconciled::Unknowable) if delivery.purpose == Purpose::Progress => return Outcome::Superseded,
            Ok(Reconciled::Unknowable) => {
                let mark = message.mark.take().map(|words| format!("{words} {}", setup.repeat_mark));
                message.mark = Some(mark.unwrap_or_else(|| setup.repeat_mark.to_owned()));
            }
            Err(error) => return Outcome::Unreconciled(error),
        }
    }
    match adapter.deliver(&message).await {
        Ok(receipt) => Outcome::Delivered(receipt),
        Err(error) => Outcome::Failed(error),
    }
}

/// Says in words what the buttons of a message would do. A long answer's own words, and those of what is to be approved, come
/// first: adapters cut a text that does not fit together with what stands below it.
fn told(setup: &Setup, delivery: &Delivery, buttons: &[Button]) -> Option<String> {
    let is_card = matches!(delivery.about, Some(About::Card(_)));
    let has_room = is_card || delivery.attachment.is_none() && delivery.part.body.len() <= ROOMY_BYTES;
    (has_room && !buttons.is_empty()).then(|| (setup.beside.instead_of_buttons)(&delivery.address, buttons))
}

/// Returns what is known of a delivery that may have arrived, and whether it is a question that is answered or withdrawn.
async fn tried(setup: &Setup, delivery: &Delivery) -> Result<(Tried, bool), StoreError> {
    let asked = delivery.clone();
    let known = setup.store.read(move |tx| {
        let is_closed = asked.purpose == Purpose::Approval && tx.is_closed_question(&asked)?;
        Ok((tx.shown_beside(&asked, MAX_OTHERS)?, is_closed))
    });
    let (others, is_closed) = known.await?;
    let age = setup.store.clock().now().since(delivery.created_at);
    Ok((Tried { written: delivery.created_at.as_system_time(), age, others }, is_closed))
}

/// Opens a thread. Done twice it is the same, so a lost answer is no matter.
async fn open_thread(adapter: &dyn Deliver, delivery: &Delivery, opens: &Opens) -> Outcome {
    let Some(at) = opens.at.clone() else { return Outcome::Superseded };
    let (key, address) = (delivery.key.clone(), delivery.address.clone());
    let (name, guest) = (opens.name.clone(), opens.guest.clone());
    match adapter.open_thread(&Opening { key, address, at, guest, name }).await {
        Ok(thread) => Outcome::Delivered(Receipt::of(MessageId::new(thread.as_str()))),
        Err(DeliverError::Unknown(why)) => Outcome::Failed(DeliverError::Unreachable(why)),
        Err(error) => Outcome::Failed(error),
    }
}
