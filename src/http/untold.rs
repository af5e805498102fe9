//! Hooks whose alerts nobody sees, since nothing is connected to the chat that they tell.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::bus::Bus;
use crate::config::Hook;
use crate::format;

/// Hooks looked at.
const MAX_HOOKS: usize = 1000;

/// Returns every hook whose target nothing writes to, by id, and why; those of the store only where it can be read.
pub async fn untold(bus: &Arc<Bus>) -> BTreeMap<String, String> {
    let context = bus.router().context();
    let kept = bus.store().read(|tx| tx.hooks(MAX_HOOKS)).await.unwrap_or_default();
    let configured = &context.config.hooks;
    let kept = kept.iter().map(|kept| &kept.hook).filter(|kept| configured.iter().all(|hook| hook.id != kept.id));
    let all = kept.chain(configured);
    let is_told = |hook: &&Hook| {
        let transport = context.transports.get(hook.target.provider.as_str());
        transport.is_some_and(crate::turn::Transport::is_connected)
    };
    let untold = all.filter(|hook| !is_told(hook));
    untold.map(|hook| (hook.id.clone(), format::hooks::not_connected(hook.target.provider.as_str()))).collect()
}
