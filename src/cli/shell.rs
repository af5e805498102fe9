//! `signalbox shell`: a chat in this terminal; `-c` and piped input wait for their results.
//!
//! The shell takes the core role when it is free. Otherwise it attaches to the process that holds it, and takes the role
//! over when that process ends, so that nothing a person has typed waits for ever; it hands it over when `signalbox serve`
//! asks for it.

mod core;
mod inbox;
mod pipe;
mod screen;
mod words;

use std::io::{IsTerminal, Write};
use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;
use signalbox_adapter::{Listen, ListenContext};
use tokio::sync::watch;

use self::core::Terminal;
use crate::app::App;
use crate::format::terminal;
use crate::lifecycle;
use crate::observer::files_of;
use crate::store::Lanes;
use crate::wiring::console;
use inbox::{AwaitingDoor, Door};
use pipe::Pipe;

/// Exit code of a shell that was interrupted.
const EXIT_INTERRUPTED: u8 = 130;

/// How to talk.
#[derive(Args)]
pub(super) struct Arguments {
    /// Run one command, print its result and exit: 0 done, 1 failed, 2 not understood or refused, 124 timeout, 130 cancelled
    #[arg(short = 'c', value_name = "COMMAND", allow_hyphen_values = true)]
    command: Option<String>,
}

pub(super) async fn run(app: App, arguments: Arguments) -> anyhow::Result<ExitCode> {
    let app = Arc::new(app);
    let id = format!("{:x}{:04x}", app.store.clock().now().0, app.store.clock().random() & 0xffff);
    let _window = app.store.open_window(&id)?;
    let window = console::Window {
        id: id.clone(),
        user: signalbox_adapter::UserId::new("local"),
        name: terminal::who_sits_here(
            app.variables.get("USER").or(app.variables.get("LOGNAME")),
            host_name().as_deref(),
        ),
        directory: std::env::current_dir().ok().and_then(|path| path.to_str().map(str::to_owned)),
    };
    let interactive = arguments.command.is_none() && console::is_interactive();
    let (tasks, tasks_seen) = watch::channel(Vec::new());
    let (active, active_seen) = watch::channel(None);
    let unread = app.stop.child_token();
    let (mut listen, deliver) = if interactive {
        console::interactive(console::Interactive {
            window,
            history: app.store.directory().join("history"),
            complete: Arc::new(words::Completer::new(&app)),
            tasks: tasks_seen,
            session: active_seen,
        })
    } else {
        let commands = match arguments.command {
            Some(command) => match with_standard_input(command)? {
                command if command.trim().is_empty() => {
                    eprintln!("signalbox: {}", terminal::nothing_said());
                    return Ok(ExitCode::from(super::EXIT_REFUSED));
                }
                command => console::Commands::One(command),
            },
            None => console::Commands::Lines(Box::new(std::io::stdin())),
        };
        console::piped(console::Piped {
            window,
            commands,
            results: Arc::new(Pipe::new(console::StreamPrinter::stdout(), unread.clone())),
            rest: Arc::new(Pipe::new(console::StreamPrinter::stderr(), unread.clone())),
            tasks: tasks_seen,
            in_words: Arc::new(terminal::answered_elsewhere),
        })
    };
    if interactive {
        // The line editor reads Ctrl-C itself; a stray one between two lines must not end the shell.
        lifecycle::stop_on_terminate(&app.servants)?;
    } else {
        lifecycle::stop_on_signals(&app.servants)?;
    }
    let scope = Lanes { provider: console::PROVIDER.into(), window: Some(id.clone()) };
    let door = Arc::new(Door::new(app.store.clone()));
    if interactive {
        screen::adopt(&app, &id).await?;
    }
    app.watch_store();
    let (adapter, own) = (Arc::new(deliver), scope.clone());
    let terminal = Terminal { app: Arc::clone(&app), door: Arc::clone(&door), adapter, scope: own, interactive };
    terminal.begin().await?;
    if interactive {
        app.servants.start("other windows", |_| screen::keep_adopting(Arc::clone(&app), id.clone()));
    }
    app.servants.start("progress lines", |_| screen::keep_status(Arc::clone(&app), tasks, active));
    let waiting = Arc::new(AwaitingDoor::new(Arc::clone(&door), &app, scope, unread.clone()));
    let inbox: Arc<dyn signalbox_adapter::Inbox> =
        if interactive { Arc::clone(&door) as _ } else { Arc::clone(&waiting) as _ };
    let context = ListenContext::new(inbox, files_of(app.store.directory(), console::PROVIDER), unread.clone());
    let heard = listen.listen(&context).await;
    if interactive && !app.stop.is_cancelled() {
        screen::say_good_bye(&app).await?;
    }
    let interrupted = !interactive && app.stop.is_cancelled() && !app.servants.have_failed();
    let unread = unread.is_cancelled() && !app.stop.is_cancelled();
    app.stop().await;
    heard?;
    if unread {
        // Standard error may be closed as well.
        writeln!(std::io::stderr(), "signalbox: {}", terminal::nobody_reads()).ok();
    }
    let codes = [
        (interrupted, EXIT_INTERRUPTED),
        (listen.has_refused(), super::EXIT_REFUSED),
        (unread || app.servants.have_failed(), super::EXIT_FAILED),
        (true, waiting.exit_code()),
    ];
    let code = codes.into_iter().filter(|(applies, _)| *applies).map(|(_, code)| code).max();
    Ok(ExitCode::from(code.unwrap_or(super::EXIT_FAILED)))
}

/// Returns what this machine is called.
fn host_name() -> Option<String> {
    nix::unistd::gethostname().ok()?.into_string().ok()
}

/// Appends what is piped in to the prompt, after a blank line.
fn with_standard_input(command: String) -> anyhow::Result<String> {
    use std::io::Read;
    let stdin = std::io::stdin();
    if stdin.is_terminal() {
        return Ok(command);
    }
    let mut piped = Vec::new();
    stdin.lock().take(MAX_PIPED_BYTES).read_to_end(&mut piped)?;
    let piped = String::from_utf8_lossy(&piped);
    let piped = piped.trim_end_matches(['\n', '\r']);
    Ok(if piped.trim().is_empty() { command } else { format!("{command}\n\n{piped}") })
}

/// Most that is read of standard input for one prompt, in bytes: a little more than a prompt may have, so that one that
/// is too long is refused and not cut.
const MAX_PIPED_BYTES: u64 = (2 << 20) + 1;
