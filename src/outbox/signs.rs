//! Signs: reactions and answers to presses. Worth nothing later, so they are neither stored nor given twice.
//!
//! An answer to a press goes at once; reactions go one after the other, so that 👀 never comes after 👍.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use signalbox_adapter::{Deliver, Provider, Signal};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::lifecycle::{caught, rehearsal};

/// Longest that one sign may take.
const CALL_TIMEOUT: Duration = Duration::from_secs(10);
/// Reactions that may wait.
const MAX_WAITING: usize = 256;
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
    let (reactions, mut waiting) = mpsc::channel::<Sign>(MAX_WAITING);
    let in_order = async {
        while let Some((provider, signal)) = waiting.recv().await {
            if let Some(adapter) = adapters.get(provider.as_str()) {
                once(adapter.as_ref(), &signal).await;
            }
        }
    };
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
                (Some(_), Signal::Working(_) | Signal::Taken { .. } | Signal::Ended { .. }) => {
                    reactions.try_send((provider, signal)).ok();
                }
            }
        }
    };
    tokio::select! {
        () = stop.cancelled() => {}
        () = in_order => {}
        () = sort => {}
    }
    Ok(())
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
