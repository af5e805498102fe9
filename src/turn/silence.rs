//! Which source is told of an incident's silence, and what is wanted of it.

use super::Context;
use crate::alert::Source;
use crate::config::Silencing;
use crate::format::silence::AtSource;
use crate::store::{Incident, StoreError, Tx};

/// Returns the Alertmanager that is told of silences of an incident; `None` where none is named.
///
/// # Errors
/// [`StoreError`].
pub fn silencing(tx: &Tx<'_>, cx: &Context, incident: &Incident) -> Result<Option<Silencing>, StoreError> {
    let Some(id) = hook_of(incident) else {
        let channel = cx.config.triage.channel(&incident.address);
        return Ok(channel.and_then(|channel| channel.silences.clone()));
    };
    if let Some(hook) = cx.config.hooks.iter().find(|hook| hook.id == id) {
        return Ok(hook.silences.clone());
    }
    Ok(tx.hook(id)?.and_then(|kept| kept.hook.silences))
}

/// Returns the hook by which an incident came.
#[must_use]
pub fn hook_of(incident: &Incident) -> Option<&str> {
    incident.origin.strip_prefix("hook:")
}

/// Wants an incident, which was just silenced by somebody, to be silenced at its source too, where it can be; says whether
/// it will be.
///
/// # Errors
/// [`StoreError`].
pub fn want(tx: &Tx<'_>, cx: &Context, incident: &Incident, name: &str) -> Result<AtSource, StoreError> {
    let Some(until) = incident.silenced_until else { return Ok(AtSource::Unheard) };
    if incident.alert.source != Source::Alertmanager {
        return Ok(AtSource::Unheard);
    }
    if silencing(tx, cx, incident)?.is_none() {
        return Ok(AtSource::NotNamed(hook_of(incident).map(str::to_owned)));
    }
    match Tx::silence_matchers(incident) {
        Ok(matchers) => {
            tx.want_silence(incident.id, matchers, until, name)?;
            Ok(AtSource::Asked)
        }
        Err(why) => Ok(AtSource::Cannot(why)),
    }
}
