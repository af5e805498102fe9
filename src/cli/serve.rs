//! `signalbox serve`: route, observe and deliver until told to stop, or until a part fails; then the exit code says so.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use tokio::sync::Notify;

use crate::app::{App, Deliveries};
use crate::format;
use crate::lifecycle;
use crate::store::{HeldRole, RoleError};

/// How long a terminal may take to hand the core role over: it finishes what is at hand within 4 s.
const HAND_OVER_WITHIN: Duration = Duration::from_secs(20);

/// How to serve.
#[derive(Args)]
pub(super) struct Arguments {
    /// Wait as long as another process serves this state directory, and take over when it ends
    #[arg(long)]
    standby: bool,
}

impl Arguments {
    /// Waits where another process serves.
    pub(super) fn standing_by() -> Self {
        Self { standby: true }
    }
}

pub(super) async fn run(app: App, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    lifecycle::stop_on_signals(&app.servants)?;
    app.watch_store();
    let _serving = match app.store.take_serve().await {
        Ok(role) => role,
        Err(RoleError::Held { holder }) if arguments.standby => {
            tracing::info!(holder.pid = holder, "waiting for the process that serves this state directory");
            match app.wait_for_role(|| app.store.take_serve()).await? {
                Some(role) => role,
                None => return Ok(code(&app)),
            }
        }
        Err(error @ RoleError::Held { .. }) => {
            eprintln!("signalbox: {}", format::terminal::served_already(&error));
            return Ok(ExitCode::FAILURE);
        }
        Err(error) => return Err(error.into()),
    };
    let _wanted = app.store.want_core()?;
    let role = match core(&app).await? {
        Handed::Over(role) => role,
        Handed::Stopped => return Ok(code(&app)),
        Handed::Kept(holder) => {
            eprintln!("signalbox: {}", format::terminal::not_handed_over(holder));
            return Ok(ExitCode::FAILURE);
        }
    };
    let deliveries = Deliveries::default().with_chats(&app.config);
    let chats: Vec<&str> = deliveries.transports.iter().map(|chat| chat.provider.as_str()).collect();
    let chats = if chats.is_empty() { "none".to_owned() } else { chats.join(", ") };
    let bus = app.start_core(role, Arc::new(Notify::new()), deliveries).await?;
    app.start_http(bus, app.health.clone()).await;
    lifecycle::ready();
    tracing::info!(state = %app.store.directory().display(), chats, "serving; terminals attach with `signalbox shell`");
    app.stop.cancelled().await;
    lifecycle::stopping();
    app.stop().await;
    Ok(code(&app))
}

/// What has become of the core role.
enum Handed {
    /// It is ours.
    Over(HeldRole),
    /// It is still the process's, where that is known.
    Kept(Option<u32>),
    /// We are to stop.
    Stopped,
}

/// Takes the core role, which a terminal that holds it hands over.
async fn core(app: &App) -> anyhow::Result<Handed> {
    let holder = match app.store.take_core().await {
        Ok(role) => return Ok(Handed::Over(role)),
        Err(RoleError::Held { holder }) => holder,
        Err(error) => return Err(error.into()),
    };
    tracing::info!(holder.pid = holder, "a terminal holds this state directory and is asked to hand it over");
    match tokio::time::timeout(HAND_OVER_WITHIN, app.wait_for_role(|| app.store.take_core())).await {
        Ok(Ok(Some(role))) => Ok(Handed::Over(role)),
        Ok(Ok(None)) => Ok(Handed::Stopped),
        Ok(Err(error)) => Err(error.into()),
        Err(_) => Ok(Handed::Kept(holder)),
    }
}

fn code(app: &App) -> ExitCode {
    if app.servants.have_failed() { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}
