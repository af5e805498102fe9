//! `signalbox stop-agents`: a real end, for agents otherwise outlive the bot.
//!
//! Their supervisors are told directly (one that does not answer is ended with its agent), so that it works whether the bot runs or not. Whoever runs next tells the chats.

use std::process::ExitCode;
use std::time::Duration;

use tokio::task::JoinSet;

use super::EXIT_FAILED;
use crate::agent::supervisor::client::{Attached, KeptAgent, Run, RunNews, attach};
use crate::agent::supervisor::end_by_force;
use crate::agent::supervisor::wire::Control;
use crate::app::App;
use crate::format::terminal;
use crate::store::Status;

/// How long an agent's end is waited for beyond its own grace.
const END_WITHIN: Duration = Duration::from_secs(15);

pub(super) async fn run(app: &App) -> anyhow::Result<ExitCode> {
    let tasks = app.store.read(|tx| tx.unfinished_tasks(None)).await?;
    let limit = app.config.timeouts.kill_grace + END_WITHIN;
    let mut ends = JoinSet::new();
    for task in tasks.into_iter().filter(|task| task.status == Status::Running) {
        let directory = app.store.directory().join("runs").join(task.run_name());
        ends.spawn(async move {
            let has_ended = match attach(&directory, 0).await {
                Ok(Attached::Live(run)) => tokio::time::timeout(limit, end(run)).await.unwrap_or(false),
                Ok(Attached::Mute) => {
                    matches!(tokio::task::spawn_blocking(move || end_by_force(&directory)).await, Ok(Ok(_)))
                }
                Ok(Attached::Ended(_) | Attached::NeverStarted | Attached::Dead) => true,
                Err(_) => false,
            };
            (task, has_ended)
        });
    }
    let (mut ended, mut left) = (0, 0);
    for kept in KeptAgent::all(app.store.directory()) {
        if kept.end().await {
            ended += 1;
        } else {
            left += 1;
            eprintln!("signalbox: {}", terminal::not_let_go(kept.record().pid));
        }
    }
    while let Some(end) = ends.join_next().await {
        let (task, has_ended) = end?;
        if has_ended {
            ended += 1;
        } else {
            left += 1;
            eprintln!("signalbox: {}", terminal::not_stopped(&task));
        }
    }
    super::print(&terminal::stopped(ended))?;
    Ok(if left > 0 { ExitCode::from(EXIT_FAILED) } else { ExitCode::SUCCESS })
}

/// Tells a run to end, and waits until it has.
async fn end(mut run: Run) -> bool {
    if run.control(&Control::cancel()).await.is_err() {
        return false;
    }
    loop {
        match run.next().await {
            Some(RunNews::Event(_)) => {}
            Some(RunNews::Exit(_)) => return true,
            Some(RunNews::Lost) | None => return false,
        }
    }
}
