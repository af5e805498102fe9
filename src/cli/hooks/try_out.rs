//! `signalbox hooks test`: a firing and a resolved alert over real HTTP, signed as the source signs, to the card and its end.

use std::process::ExitCode;
use std::time::Duration;

use super::super::output::{EXIT_FAILED, print};
use crate::alert::{Alert, read_sent};
use crate::app::App;
use crate::config::{Hook, HookSource};
use crate::format::hooks::{self as said, Broken, Tried};
use crate::hook::{self, SampleCall, SampleStage, sample};
use crate::incident::{AlertOrigin, IncidentState};
use crate::store::Incident;
use crate::{lifecycle, triage, wake, wiring};

/// How long a call may take.
const CALL_WITHIN: Duration = Duration::from_secs(15);
/// How long a card may take beyond the wait for its group.
const CARD_WITHIN: Duration = Duration::from_secs(20);
/// Random characters in the name of a try.
const NAME_CHARS: usize = 12;
/// How often is looked for it.
const LOOK_EVERY: Duration = Duration::from_millis(100);

pub(super) async fn run(app: &App, hook: &Hook, url: &str) -> anyhow::Result<ExitCode> {
    match whole(app, hook, url).await? {
        Ok(()) => {
            say(&Tried::Holds)?;
            Ok(ExitCode::SUCCESS)
        }
        Err(why) => {
            eprintln!("signalbox: {}", said::broken(&why));
            Ok(ExitCode::from(EXIT_FAILED))
        }
    }
}

fn say(step: &Tried<'_>) -> anyhow::Result<()> {
    print(&said::tried(step))
}

/// Sends both alerts. Whatever becomes of the first, the second is sent as well, so that nothing of the try stays open.
async fn whole<'a>(app: &App, hook: &Hook, url: &'a str) -> anyhow::Result<Result<(), Broken<'a>>> {
    if let Some(why) = wiring::unreached(&app.config, hook.target.provider.as_str()) {
        return Ok(Err(Broken::Unreached(why.at(&hook.target))));
    }
    let began = app.store.clock().now();
    let name = format!("test-{}", &uuid::Uuid::new_v4().simple().to_string()[..NAME_CHARS]);
    let firing = sample(hook, SampleStage::Firing, &name, began, began);
    let Some(alert) = read_as(hook, &firing) else { return Ok(Err(Broken::NoAlert)) };
    lifecycle::stop_on_signals(&app.servants)?;
    let (target, origin, tried) = (hook.target.clone(), AlertOrigin::Hook(hook.id.clone()), alert.clone());
    // Known as a try before it is told, so that no digest counts it.
    app.store.write(None, move |tx| tx.expect_try(&tx.current_address(&target)?, &origin, &tried)).await?;
    let fired = fire(app, hook, url, &firing, &alert).await;
    let resolved = sample(hook, SampleStage::Resolved, &name, began, app.store.clock().now());
    let ended = resolve(app, hook, url, &resolved, &alert).await;
    if let Err(why) = fired?.and(ended?) {
        return Ok(Err(why));
    }
    match &hook.silences {
        None if hook.source == HookSource::Alertmanager => say(&Tried::NoSilences)?,
        None => {}
        Some(silences) => match triage::silences::can_be_told(silences).await {
            Ok(()) => say(&Tried::Silences(silences.url.as_str()))?,
            Err(trouble) => return Ok(Err(Broken::Silences { url: silences.url.to_string(), trouble })),
        },
    }
    Ok(Ok(()))
}

/// Sends the firing alert, and waits for its card.
async fn fire<'a>(
    app: &App,
    hook: &Hook,
    url: &'a str,
    firing: &SampleCall,
    alert: &Alert,
) -> anyhow::Result<Result<(), Broken<'a>>> {
    match call(url, firing).await {
        Ok(told) => say(&Tried::Firing(&told))?,
        Err(why) => return Ok(Err(why)),
    }
    let Some(incident) = incident(app, hook, alert).await? else { return Ok(Err(Broken::NoIncident)) };
    let (id, place) = (incident.id, incident.address.to_string());
    if incident.folded {
        say(&Tried::Folded { incident: id, severity: incident.severity.as_str() })?;
    } else if shown(app, hook, alert).await? {
        say(&Tried::Shown { incident: id, place: &place })?;
    } else {
        return Ok(Err(Broken::NotShown { incident: id, place, in_shell: in_shell(app, hook) }));
    }
    Ok(Ok(()))
}

/// Sends the resolved alert where the firing one has left something open; what the call does not end is ended in the store.
async fn resolve<'a>(
    app: &App,
    hook: &Hook,
    url: &'a str,
    resolved: &SampleCall,
    alert: &Alert,
) -> anyhow::Result<Result<(), Broken<'a>>> {
    let is_open = |incident: &Incident| incident.state != IncidentState::Resolved;
    if incident(app, hook, alert).await?.is_none() {
        return Ok(Ok(()));
    }
    let called = match call(url, resolved).await {
        Ok(told) => say(&Tried::Resolved(&told)).map(Ok)?,
        Err(why) => Err(why),
    };
    let Some(left) = incident(app, hook, alert).await?.filter(is_open) else { return Ok(called) };
    // Of an incident that others share the try says nothing.
    if left.alerts <= 1 {
        app.store.write(None, move |tx| tx.cleared_at_source(left.id).map(|_| ())).await?;
        wake::tap(app.store.directory());
    }
    Ok(called.and(Err(Broken::NotResolved { incident: left.id, closed: left.alerts <= 1 })))
}

/// Returns the alert that a sample is read as.
fn read_as(hook: &Hook, sample: &SampleCall) -> Option<Alert> {
    let payload = read_sent(hook::source(hook), hook.fields.as_ref(), &sample.body).ok().flatten()?;
    payload.alerts.into_iter().next()
}

/// Sends a sample; returns what the program that serves says of it.
async fn call<'a>(url: &'a str, sample: &SampleCall) -> Result<String, Broken<'a>> {
    let no_answer = |error: reqwest::Error| {
        if error.is_connect() {
            return Broken::NoServer(url);
        }
        Broken::NoAnswer { url, why: error.without_url().to_string() }
    };
    let client = reqwest::Client::builder().no_proxy().timeout(CALL_WITHIN).build().map_err(no_answer)?;
    let mut request = client.post(url).body(sample.body.clone());
    for (name, value) in &sample.headers {
        request = request.header(name, value);
    }
    let answer = request.send().await.map_err(no_answer)?;
    let status = answer.status();
    let told = answer.text().await.map_err(no_answer)?.trim().to_owned();
    if status.is_success() { Ok(told) } else { Err(Broken::Refused { status: status.as_u16(), told }) }
}

async fn incident(app: &App, hook: &Hook, alert: &Alert) -> anyhow::Result<Option<Incident>> {
    let (target, origin, alert) = (hook.target.clone(), AlertOrigin::Hook(hook.id.clone()), alert.clone());
    let found = app.store.read(move |tx| {
        let target = tx.current_address(&target)?;
        tx.incident_of_alert(&target, &origin, &alert)?.map_or(Ok(None), |(id, _)| tx.incident(id))
    });
    Ok(found.await?)
}

/// Whether the card is shown only in a shell that is open.
fn in_shell(app: &App, hook: &Hook) -> bool {
    wiring::transports(&app.config).get(hook.target.provider.as_str()).is_some_and(|transport| transport.trusted)
}

/// Waits until the card of an alert's incident has arrived; `false` when it does not in time.
async fn shown(app: &App, hook: &Hook, alert: &Alert) -> anyhow::Result<bool> {
    let within = app.config.triage.group_wait + CARD_WITHIN;
    let wait = Tried::Waits { wait: app.config.triage.group_wait, in_shell: in_shell(app, hook) };
    eprintln!("{}", said::tried(&wait));
    let arrives = async {
        while !app.stop.is_cancelled() {
            if let Some(incident) = incident(app, hook, alert).await?
                && app.store.read(move |tx| tx.card_message(&incident)).await?.is_some()
            {
                return Ok::<_, anyhow::Error>(true);
            }
            tokio::select! {
                () = app.stop.cancelled() => {}
                () = tokio::time::sleep(LOOK_EVERY) => {}
            }
        }
        Ok(false)
    };
    tokio::time::timeout(within, arrives).await.unwrap_or(Ok(false))
}
