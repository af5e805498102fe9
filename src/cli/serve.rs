//! `signalbox serve`: route, observe and deliver until told to stop, or until a part fails; then the exit code says so.

use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;
use tokio::sync::Notify;

use crate::app::{App, Deliveries};
use crate::format;
use crate::lifecycle;
use crate::store::RoleError;

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
    let role = match app.store.take_core().await {
        Ok(role) => role,
        Err(RoleError::Held { holder }) if arguments.standby => {
            tracing::info!(holder.pid = holder, "waiting for the process that serves this state directory");
            match app.wait_for_core().await? {
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

fn code(app: &App) -> ExitCode {
    if app.servants.have_failed() { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}
