//! What an interactive shell shows besides messages: progress, the active session, results of windows that are gone.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, watch};

use crate::app::App;
use crate::format;
use crate::observer::Follower;
use crate::store::StoreError;
use crate::wiring::{self, console};

/// How often the progress lines are made anew.
const SHOW_EVERY: Duration = Duration::from_millis(500);
/// How often windows that are gone are looked for.
const ADOPT_EVERY: Duration = Duration::from_secs(1);
/// How often an attached terminal asks whether another process has committed something.
const WATCH_EVERY: Duration = Duration::from_millis(50);

/// Takes over what waits for windows that are gone, again and again until the program stops.
pub(super) async fn keep_adopting(app: Arc<App>, window: String) -> Result<(), Infallible> {
    loop {
        tokio::select! {
            () = app.stop.cancelled() => return Ok(()),
            () = tokio::time::sleep(ADOPT_EVERY) => {}
        }
        if let Err(error) = adopt(&app, &window).await {
            tracing::debug!(%error, "could not look for results of other terminals");
        }
    }
}

/// Takes over what waits for windows that are gone, or for none in particular: it is printed here.
pub(super) async fn adopt(app: &App, window: &str) -> Result<(), StoreError> {
    let windows = app.store.read(|tx| tx.waiting_windows(console::PROVIDER)).await?;
    for gone in windows.into_iter().filter(|other| other != window && app.store.is_window_gone(other)) {
        let by = window.to_owned();
        app.store.write(None, move |tx| tx.adopt_window(console::PROVIDER, &gone, &by)).await?;
    }
    if app.store.read(|tx| tx.has_strays(console::PROVIDER)).await? {
        let by = window.to_owned();
        app.store.write(None, move |tx| tx.adopt_strays(console::PROVIDER, &by)).await?;
    }
    Ok(())
}

/// Keeps the progress lines and the active session's name up to date until the program stops.
pub(super) async fn keep_status(
    app: Arc<App>,
    tasks: watch::Sender<Vec<String>>,
    active: watch::Sender<Option<String>>,
) -> Result<(), Infallible> {
    let mut follower = Follower::new(app.store.clone(), wiring::console_chat());
    loop {
        match follower.look().await {
            Ok(lines) => {
                tasks.send_if_modified(|shown| {
                    let changed = *shown != lines;
                    *shown = lines;
                    changed
                });
            }
            Err(error) => tracing::debug!(%error, "could not look at the running tasks"),
        }
        let name = app
            .store
            .read(|tx| match tx.active_session_id(&wiring::console_chat())? {
                Some(id) => Ok(tx.session(id)?.map(|session| session.name)),
                None => Ok(None),
            })
            .await
            .unwrap_or_default();
        active.send_if_modified(|shown| {
            let changed = *shown != name;
            *shown = name;
            changed
        });
        tokio::select! {
            () = app.stop.cancelled() => return Ok(()),
            () = tokio::time::sleep(SHOW_EVERY) => {}
        }
    }
}

/// Wakes the outbox of an attached terminal whenever another process has committed something.
pub(super) async fn look_on_commits(app: Arc<App>, look: Arc<Notify>) -> Result<(), StoreError> {
    let watching = app.store.patiently(&app.stop, || async { app.store.watcher() }).await;
    let mut watcher = match watching {
        Err(_) if app.stop.is_cancelled() => return Ok(()),
        watching => watching?,
    };
    loop {
        if watcher.changed() {
            look.notify_one();
        }
        tokio::select! {
            () = app.stop.cancelled() => return Ok(()),
            () = tokio::time::sleep(WATCH_EVERY) => {}
        }
    }
}

/// Says how to come back when tasks are still running.
pub(super) async fn say_good_bye(app: &App) -> Result<(), StoreError> {
    let unfinished = app.store.read(|tx| tx.unfinished_tasks(Some(&wiring::console_chat()))).await?;
    if !unfinished.is_empty() {
        eprintln!("{}", format::terminal::going_on(unfinished.len()));
    }
    Ok(())
}
