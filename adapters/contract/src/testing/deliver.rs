//! What every `Deliver` has to keep.

use std::time::UNIX_EPOCH;

use super::Breach;
use crate::{Deliver, DeliverError, DeliveryKey, Outgoing, Reconciled, Tried};

/// What the suite asks an adapter to write on a message.
pub const MARK: &str = "(marked by the suite)";

/// Checks a deliverer with one message; `shown` tells all that the provider shows so far.
///
/// The provider must know us, give a receipt, show the message once and without a mark, and remember it or say that it cannot
/// tell; another message of the same words it must not take for it. Where it cannot tell, a second attempt must carry the mark that it is given. In the plainest form, as when another
/// was refused, it must show a message as well.
///
/// # Errors
/// The first [`Breach`].
pub async fn check_deliver(deliver: &dyn Deliver, sample: &Outgoing, shown: impl Fn() -> String) -> Result<(), Breach> {
    let failed = |case: &'static str| move |error: DeliverError| Breach::new(case, error.to_string());
    let identity = deliver.check().await.map_err(failed("who we are"))?;
    if identity.id.is_empty() || identity.name.is_empty() {
        return Err(Breach::new("who we are", "an id or name is empty"));
    }

    let case = "a first delivery";
    let mut message = sample.clone();
    message.mark = None;
    let before = shown();
    let receipt = deliver.deliver(&message).await.map_err(failed(case))?;
    if receipt.message.as_str().is_empty() {
        return Err(Breach::new(case, "the receipt names no message"));
    }
    let after = shown();
    if after == before {
        return Err(Breach::new(case, "there is a receipt, but nothing was shown"));
    }
    if marks(&after) > marks(&before) {
        return Err(Breach::new(case, "it is marked"));
    }

    let case = "what became of another message of the same words";
    let mut twin = message.clone();
    twin.key = DeliveryKey::from_random_bits(u128::MAX - 1);
    let known = Tried { others: vec![receipt.message.clone()], ..Tried::at(UNIX_EPOCH) };
    match deliver.reconcile(&twin, &known).await.map_err(failed(case))? {
        Reconciled::Delivered(taken) if taken == receipt => {
            return Err(Breach::new(case, "a message that is known to be another is taken for it"));
        }
        Reconciled::Delivered(_) | Reconciled::Absent | Reconciled::Unknowable => {}
    }

    let case = "a second delivery";
    match deliver.reconcile(&message, &Tried::at(UNIX_EPOCH)).await.map_err(failed("what became of a message"))? {
        Reconciled::Delivered(known) if known == receipt => {}
        Reconciled::Delivered(_) => {
            return Err(Breach::new("what became of a message", "it is said to be another message"));
        }
        Reconciled::Absent => return Err(Breach::new("what became of a message", "it is said not to have arrived")),
        Reconciled::Unknowable => {
            message.mark = Some(MARK.to_owned());
            deliver.deliver(&message).await.map_err(failed(case))?;
            if marks(&shown()) != marks(&after) + 1 {
                return Err(Breach::new(case, format!("it is not marked {MARK:?}")));
            }
        }
    }

    let case = "a delivery in the plainest form";
    let key = DeliveryKey::from_random_bits(u128::MAX);
    let plain = Outgoing { key, mark: None, plain: true, ..sample.clone() };
    let before = shown();
    deliver.deliver(&plain).await.map_err(failed(case))?;
    if shown() == before {
        return Err(Breach::new(case, "nothing was shown"));
    }
    Ok(())
}

fn marks(shown: &str) -> usize {
    shown.matches(MARK).count()
}
