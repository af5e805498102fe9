//! `signalbox cron run`: a fire now, or what of one was not delivered, once more.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;

use super::answer::{find, refused};
use crate::app::{App, Deliveries};
use crate::cli::{EXIT_FAILED, complain, print_document};
use crate::format::cron;
use crate::lifecycle;
use crate::store::{DeliveryState, Fire, FireId, FireOutcome, FireState, RoleError, Schedule, StoreError, Tx};
use crate::{wake, wiring};

/// How often is looked at what became of a fire.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// How long nothing is said of what is waited for.
const SILENT_FOR: Duration = Duration::from_secs(5);
/// Longest that messages are waited for, once a fire has ended.
const DELIVERED_WITHIN: Duration = Duration::from_secs(120);

/// Runs one now and waits until its messages are delivered; by itself, where nothing serves.
pub(super) async fn run(app: App, word: &str) -> anyhow::Result<ExitCode> {
    let schedule = match find(&app, word).await? {
        Ok(schedule) => schedule,
        Err(why) => return refused(&why),
    };
    let id = schedule.id;
    let asked = app.store.write(None, move |tx| match tx.schedule(id)? {
        Some(_) => tx.ask_fire(id),
        None => Ok(None),
    });
    let Some(fire) = asked.await?.value else { return refused(&cron::unknown(word, &[])) };
    wake::tap(app.store.directory());
    follow(app, fire, schedule).await
}

/// Sends again what of a fire was given up, and waits until that is delivered.
pub(super) async fn again(app: App, fire: i64) -> anyhow::Result<ExitCode> {
    let id = FireId::new(fire);
    let retry = move |tx: &Tx<'_>| {
        let of = tx.fire(id)?.map_or(Ok(None), |fire| tx.schedule(fire.schedule))?;
        Ok((of, tx.retry_fire(id)?))
    };
    let sent = app.store.write(None, retry).await?.value;
    match sent {
        (None, _) => refused(&cron::no_fire(&fire.to_string())),
        (Some(_), 0) => refused(&cron::nothing_failed(id)),
        (Some(of), targets) => {
            print_document(&cron::sent_again(id, targets))?;
            wake::tap(app.store.directory());
            follow(app, id, of).await
        }
    }
}

async fn follow(app: App, fire: FireId, of: Schedule) -> anyhow::Result<ExitCode> {
    lifecycle::stop_on_signals(&app.servants)?;
    let serves = match app.store.take_core().await {
        Ok(role) => {
            let deliveries = Deliveries::default().with_chats(&app.config);
            app.start_core(role, Arc::new(Notify::new()), deliveries).await?;
            true
        }
        Err(RoleError::Held { .. }) => false,
        Err(error) => return Err(error.into()),
    };
    let outcome = tokio::select! {
        () = app.stop.cancelled() => None,
        outcome = done(&app, fire) => Some(outcome),
    };
    let is_there = app.store.read(move |tx| tx.schedule(of.id)).await?.is_some();
    if serves {
        app.stop().await;
    }
    let Some((fire, outcomes)) = outcome.transpose()?.flatten() else {
        let why = if is_there { cron::still_running(of.id, !serves) } else { cron::removed_meanwhile(of.id) };
        eprintln!("signalbox: {why}");
        return Ok(ExitCode::from(EXIT_FAILED));
    };
    let (waiting, outcomes): (Vec<_>, Vec<_>) = outcomes.into_iter().partition(waits_for_a_terminal);
    print_document(&cron::ran(&fire, &outcomes, app.store.clock().now()))?;
    for one in waiting {
        print_document(&cron::waits_for_a_terminal(&one.address))?;
    }
    let failed = fire.state == FireState::Failed || outcomes.iter().any(|one| one.state == DeliveryState::Failed);
    Ok(if failed { ExitCode::from(EXIT_FAILED) } else { ExitCode::SUCCESS })
}

/// Whether a message is for terminals, and none has shown it yet.
fn waits_for_a_terminal(outcome: &FireOutcome) -> bool {
    outcome.waits_in(wiring::CONSOLE_CHAT)
}

/// Waits until a fire has ended, however long its agents work, and each of its messages is delivered, given up or left to a
/// terminal; `None` where the messages take too long. What takes long is told once, with why.
async fn done(app: &App, fire: FireId) -> Result<Option<(Fire, Vec<FireOutcome>)>, StoreError> {
    let begun = tokio::time::Instant::now();
    let (mut ended, mut is_told) = (None, false);
    loop {
        let found = app.store.read(move |tx| Ok((tx.fire(fire)?, tx.fire_outcomes(fire)?))).await?;
        let is_over = |outcome: &FireOutcome| {
            matches!(outcome.state, DeliveryState::Delivered | DeliveryState::Failed) || waits_for_a_terminal(outcome)
        };
        if let (Some(fire), outcomes) = &found
            && !is_told
            && begun.elapsed() > SILENT_FOR
            && !(fire.ended_at.is_some() && outcomes.iter().all(is_over))
        {
            complain(&cron::takes_long(fire, outcomes, app.store.clock().now()));
            is_told = true;
        }
        match found {
            // Removed meanwhile.
            (None, _) => return Ok(None),
            (Some(fire), outcomes) if fire.ended_at.is_some() => {
                if outcomes.iter().all(is_over) {
                    return Ok(Some((fire, outcomes)));
                }
                let since = *ended.get_or_insert_with(tokio::time::Instant::now);
                if since.elapsed() > DELIVERED_WITHIN {
                    return Ok(None);
                }
            }
            (Some(_), _) => {}
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}
