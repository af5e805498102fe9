//! Signs: reactions and answers to presses. Worth nothing later, so they are neither stored nor given twice.
//!
//! An answer to a press goes at once; the reactions of a chat go one after the other, so that 👀 never comes after 👍, and those
//! of many chats do not wait for one another.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;
use std::time::Duration;

use signalbox_adapter::{ChatAddress, Deliver, Provider, Signal};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::lifecycle::{caught, rehearsal};

/// Longest that one sign may take.
const CALL_TIMEOUT: Duration = Duration::from_secs(10);
/// Reactions under way at once; each chat has its lane among these.
const LANES: usize = 16;
/// Reactions that may wait in a lane.
const MAX_WAITING: usize = 64;
/// Answers to presses under way at once.
const MAX_UNDER_WAY: usize = 32;

type Sign = (Provider, Signal);

/// Gives signs until `stop`.
///
/// # Errors
/// None; it ends early only when nobody can ask for signs any more.
pub async fn give(
    mut signs: mpsc::Receiver<Sign>,
    adapters: BTreeMap<String, Arc<dyn Deliver>>,
    stop: CancellationToken,
) -> Result<(), Infallible> {
    let mut in_order = JoinSet::new();
    let lanes: Vec<mpsc::Sender<Sign>> = (0..LANES)
        .map(|_| {
            let (lane, mut waiting) = mpsc::channel::<Sign>(MAX_WAITING);
            let adapters = adapters.clone();
            in_order.spawn(async move {
                while let Some((provider, signal)) = waiting.recv().await {
                    if let Some(adapter) = adapters.get(provider.as_str()) {
                        once(adapter.as_ref(), &signal).await;
                    }
                }
            });
            lane
        })
        .collect();
    let sort = async {
        let mut under_way = JoinSet::new();
        while let Some((provider, signal)) = signs.recv().await {
            match (adapters.get(provider.as_str()), &signal) {
                (None, _) => {}
                (Some(adapter), Signal::Pressed { .. }) => {
                    while under_way.try_join_next().is_some() {}
                    if under_way.len() < MAX_UNDER_WAY {
                        let adapter = Arc::clone(adapter);
                        under_way.spawn(async move { once(adapter.as_ref(), &signal).await });
                    }
                }
                // One that finds the queue full is as good as given too late.
                (Some(_), Signal::Working(address) | Signal::Taken { address, .. } | Signal::Ended { address, .. }) => {
                    let lane = lane_of(address);
                    lanes[lane].try_send((provider, signal)).ok();
                }
            }
        }
    };
    tokio::select! {
        () = stop.cancelled() => {}
        () = sort => {}
    }
    Ok(())
}

/// Returns the lane of a chat.
fn lane_of(address: &ChatAddress) -> usize {
    let mut hasher = DefaultHasher::new();
    (address.provider.as_str(), address.chat.as_str()).hash(&mut hasher);
    usize::try_from(hasher.finish() % LANES as u64).unwrap_or(0)
}

async fn once(adapter: &dyn Deliver, signal: &Signal) {
    let give = async {
        rehearsal::at("sign");
        adapter.signal(signal).await
    };
    match tokio::time::timeout(CALL_TIMEOUT, caught(give)).await {
        Ok(Ok(Ok(()))) => {}
        Ok(Ok(Err(error))) => tracing::debug!(%error, "a sign could not be given"),
        Ok(Err(why)) => tracing::error!(%why, "a sign could not be given"),
        Err(_) => tracing::debug!("a sign took too long"),
    }
}
