//! What every `Deliver` has to keep about threads.

use super::Breach;
use crate::{Deliver, DeliverError, DeliveryKey, Form, MessageId, Opening, Outgoing, Target, ThreadId, Threads};

const NAME: &str = "named by the suite";

/// Checks what an adapter states of threads, with one message in a chat's main stream; `shown` tells all that the provider
/// shows in a thread of that chat so far.
///
/// Where a call opens threads, it must answer with the id of the message, and done again it must change nothing. Where there
/// are threads, a message to the thread at a message must be shown in it. Where there are none, none must be opened.
///
/// # Errors
/// The first [`Breach`].
pub async fn check_threads(
    deliver: &dyn Deliver,
    threads: Threads,
    sample: &Outgoing,
    shown: impl Fn(&ThreadId) -> String,
) -> Result<(), Breach> {
    let failed = |case: &'static str| move |error: DeliverError| Breach::new(case, error.to_string());
    let root = deliver.deliver(sample).await.map_err(failed("a message at which a thread stands"))?.message;
    let chat = &sample.target.address;
    let opening = |bits| Opening {
        key: DeliveryKey::from_random_bits(bits),
        address: chat.clone(),
        at: root.clone(),
        guest: None,
        name: NAME.to_owned(),
    };
    if !threads.must_be_opened(chat) {
        let case = "a thread to open where no call opens any";
        return match deliver.open_thread(&opening(2)).await {
            Err(DeliverError::RefusedForm { what: Form::Thread, .. }) => {
                in_thread(deliver, threads, sample, &root, shown).await
            }
            Err(error) => Err(Breach::new(case, format!("it is no refused form: {error}"))),
            Ok(_) => Err(Breach::new(case, "it is said to be open")),
        };
    }
    for (case, bits) in [("a thread to open", 2), ("the same once more", 2), ("the same from another row", 3)] {
        let thread = deliver.open_thread(&opening(bits)).await.map_err(failed(case))?;
        if thread.as_str() != root.as_str() {
            return Err(Breach::new(case, "the thread has another id than its message"));
        }
    }
    in_thread(deliver, threads, sample, &root, shown).await
}

async fn in_thread(
    deliver: &dyn Deliver,
    threads: Threads,
    sample: &Outgoing,
    root: &MessageId,
    shown: impl Fn(&ThreadId) -> String,
) -> Result<(), Breach> {
    let case = "a message in a thread";
    let Some(address) = threads.at(&sample.target.address, root) else { return Ok(()) };
    let Some(thread) = address.thread.clone() else { return Ok(()) };
    let before = shown(&thread);
    let key = DeliveryKey::from_random_bits(4);
    let message =
        Outgoing { key, target: Target { address, reply_to: None, edit_of: None, window: None }, ..sample.clone() };
    deliver.deliver(&message).await.map_err(|error| Breach::new(case, error.to_string()))?;
    if shown(&thread) == before {
        return Err(Breach::new(case, "it is not shown in the thread"));
    }
    Ok(())
}
