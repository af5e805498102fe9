//! A status message that was sent without a receipt: where the provider numbers messages, it lies between the prompt that it
//! answers and the result, and is looked for there when it is to say how its run has ended.

use signalbox_adapter::{Astray, Deliver, DeliverError, MessageId};

use super::setup::Setup;
use crate::store::{Delivery, StoreError};

/// Messages of the same chat that an adapter is told of, more than any looks through.
pub(super) const MAX_OTHERS: u32 = 500;

/// Finds the message that an edit is for, and notes that it is shown; `None` where it is not found.
///
/// # Errors
/// What is to be waited for.
pub(super) async fn find(
    setup: &Setup,
    adapter: &dyn Deliver,
    edit: &Delivery,
) -> Result<Option<MessageId>, DeliverError> {
    let later = |error: StoreError| DeliverError::Unreachable(error.to_string());
    let asked = edit.clone();
    let known = setup.store.read(move |tx| {
        let Some((about, after, before)) = tx.status_astray(&asked)? else { return Ok(None) };
        let address = asked.address.clone();
        Ok(Some((about, Astray { address, after, before, others: tx.shown_in_chat(&asked, MAX_OTHERS)? })))
    });
    let Some((about, astray)) = known.await.map_err(later)? else { return Ok(None) };
    let found = match adapter.find_lost(&astray).await {
        Ok(found) => found,
        Err(error @ (DeliverError::Wait { .. } | DeliverError::Unreachable(_) | DeliverError::Moved { .. })) => {
            return Err(error);
        }
        Err(DeliverError::Unknown(why)) => return Err(DeliverError::Unreachable(why)),
        Err(error) => {
            tracing::debug!(%error, "a status message without a receipt cannot be looked for");
            None
        }
    };
    let Some(message) = found else { return Ok(None) };
    let (address, shown) = (edit.address.clone(), message.clone());
    let noted = setup.store.write(setup.fence.as_ref(), move |tx| tx.adopt(&about, &address, &shown));
    noted.await.map_err(later)?;
    Ok(Some(message))
}
