//! Looks again and again whether alerts can be seen and told where the configuration has them: a chat in which the bot lacks a
//! right is silent, and nobody would notice before the night.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use signalbox_adapter::{ChatAddress, DeliverError};
use tokio_util::sync::CancellationToken;

use crate::bus::Bus;
use crate::health::Health;

/// Hooks of the store that are looked at.
const MAX_HOOKS: usize = 1000;
/// How often is looked where nothing is missing, and where something is.
const LOOK_EVERY: Duration = Duration::from_secs(60);
const LOOK_AGAIN: Duration = Duration::from_secs(15);
/// Longest time in which a provider says what is missing in a chat.
const CALL_TIMEOUT: Duration = Duration::from_secs(10);

/// Tells the health of what is missing where, until `stop`.
///
/// # Errors
/// None: what nobody can tell now is as it was.
pub async fn watch(bus: Arc<Bus>, health: Arc<Health>, stop: CancellationToken) -> Result<(), Infallible> {
    let mut known = BTreeMap::new();
    loop {
        let looked = tokio::select! {
            () = stop.cancelled() => return Ok(()),
            looked = look(&bus, &known) => looked,
        };
        for (place, why) in looked.iter().filter(|(place, _)| !known.contains_key(*place)) {
            tracing::warn!(
                chat.address = place,
                why,
                "alerts are not seen or told in a chat until the bot has its rights there"
            );
        }
        health.set_lacking(looked.clone());
        let wait = if looked.is_empty() { LOOK_EVERY } else { LOOK_AGAIN };
        known = looked;
        tokio::select! {
            () = stop.cancelled() => return Ok(()),
            () = tokio::time::sleep(wait) => {}
        }
    }
}

/// Asks what is missing in each chat that is watched, or told of hooks.
async fn look(bus: &Bus, known: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let context = bus.router().context();
    let kept = bus.store().read(|tx| tx.hooks(MAX_HOOKS)).await.unwrap_or_default();
    let targets = context.config.hooks.iter().chain(kept.iter().map(|kept| &kept.hook)).map(|hook| &hook.target);
    let watched = context.config.triage.channels.iter().map(|channel| &channel.address);
    let places: BTreeSet<&ChatAddress> = watched.chain(targets).collect();
    let mut lacking = BTreeMap::new();
    for place in places {
        let transport = context.transports.get(place.provider.as_str());
        let Some(deliver) = transport.and_then(|transport| transport.deliver.as_ref()) else { continue };
        let name = place.to_string();
        let why = match tokio::time::timeout(CALL_TIMEOUT, deliver.lacks(place)).await {
            Ok(Ok(why)) => why,
            Ok(Err(DeliverError::Refused(why))) => Some(why),
            Ok(Err(_)) | Err(_) => known.get(&name).cloned(),
        };
        lacking.extend(why.map(|why| (name, why)));
    }
    lacking
}
