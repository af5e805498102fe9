//! The command line: one file for each subcommand, thin: parse, call, print.

mod agents;
mod ask;
mod config;
mod cron;
mod hooks;
mod in_chat;
mod integrations;
mod log;
mod outbox;
mod output;
mod pair;
mod reach;
mod serve;
mod session;
mod setup;
#[cfg(feature = "console")]
mod shell;
mod slack_manifest;
mod stop_agents;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Parser, Subcommand};
use etcetera::BaseStrategy as _;

use crate::app::App;
use crate::config::{Loaded, Sources};
use crate::redact::Redactor;
use crate::wiring;
use output::{EXIT_FAILED, EXIT_REFUSED, complain, print, print_document, print_json, print_table};

pub use output::told;

/// A chat-bot front end for messaging providers: runs agents from a chat and loses nothing.
#[derive(Parser)]
#[command(name = "signalbox", version, arg_required_else_help = true)]
pub struct Cli {
    /// Configuration file [default: $SIGNALBOX_CONFIG or the user's own]
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// State directory [default: $SIGNALBOX_STATE_DIR or the user's own]
    #[arg(long, global = true, value_name = "DIR")]
    state_dir: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Talk to it in this terminal
    #[cfg(feature = "console")]
    Shell(shell::Arguments),
    /// Run in the background for all terminals
    Serve(serve::Arguments),
    /// Look at the agents: version, log-in, models, what each may do
    Agents(agents::Arguments),
    /// Look at sessions
    #[command(subcommand)]
    Session(session::Arguments),
    /// Look after messages that could not be delivered
    #[command(subcommand)]
    Outbox(outbox::Arguments),
    /// Make a code with which a person pairs with the bot
    Pair(pair::Arguments),
    /// Ask, step by step, for what it is to be connected to
    Setup,
    /// Keep, list and verify what it is connected to
    #[command(subcommand)]
    Integrations(integrations::Arguments),
    /// Look after the addresses at which monitoring systems tell of alerts
    #[command(subcommand)]
    Hooks(hooks::Arguments),
    /// Look after what is delivered by a schedule
    #[command(subcommand)]
    Cron(cron::Arguments),
    /// Print what the Slack app must be, and the address that makes it
    SlackManifest,
    /// End every agent that runs, whether the bot runs or not
    StopAgents,
    /// Check or show the configuration
    #[command(subcommand)]
    Config(config::Arguments),
}

impl Command {
    /// Whether it reads rows and writes none, so that it needs nothing of what writes.
    fn only_reads(&self) -> bool {
        match self {
            Self::Session(session::Arguments::List { .. } | session::Arguments::Show { .. })
            | Self::Outbox(outbox::Arguments::List { .. })
            | Self::Hooks(hooks::Arguments::List { .. }) => true,
            Self::Cron(arguments) => arguments.only_reads(),
            Self::Pair(arguments) => arguments.only_reads(),
            #[cfg(feature = "console")]
            Self::Shell(_) => false,
            Self::Serve(_)
            | Self::Outbox(_)
            | Self::Hooks(_)
            | Self::Setup
            | Self::Integrations(_)
            | Self::SlackManifest
            | Self::StopAgents
            | Self::Agents(_)
            | Self::Config(_) => false,
        }
    }
}

impl Cli {
    /// Runs the command line to its exit code.
    ///
    /// # Errors
    /// What went wrong, for people to read.
    pub fn run(self) -> anyhow::Result<ExitCode> {
        let variables: BTreeMap<String, String> =
            std::env::vars_os().filter_map(|(k, v)| Some((k.into_string().ok()?, v.into_string().ok()?))).collect();
        let sources =
            Sources { explicit: self.config.clone(), env: variables.clone(), statements: wiring::statements() };
        if let Command::SlackManifest = &self.command {
            return slack_manifest::run();
        }
        if let Command::Config(arguments) = &self.command {
            return config::run(arguments, &sources);
        }
        if let Command::Integrations(arguments) = &self.command {
            return runtime()?.block_on(integrations::run(arguments, &sources));
        }
        let Loaded { mut config, warnings, file, .. } = match crate::config::load(&sources) {
            Ok(loaded) => loaded,
            Err(faults) => {
                eprintln!("{faults}");
                return Ok(ExitCode::from(EXIT_REFUSED));
            }
        };
        config.agents.host.config_file = file;
        log::mask_by(Redactor::of(&config, &variables));
        self.start_logging();
        for warning in &warnings {
            tracing::warn!("{warning}");
        }
        if let Command::Agents(arguments) = &self.command {
            output::mask_by(Redactor::of(&config, &variables));
            return runtime()?.block_on(agents::run(arguments, config.agents, variables));
        }
        let state = state_directory(self.state_dir, &variables)?;
        let (runtime, app) = match self.command.only_reads() {
            true => (reading_runtime()?, App::open_to_read(config, variables, state)?),
            false => (runtime()?, App::open(config, variables, state)?),
        };
        let code = runtime.block_on(async {
            if let Command::Session(_) | Command::Outbox(_) | Command::Cron(_) = &self.command {
                output::mask_by(app.redactor().await?);
            }
            match self.command {
                #[cfg(feature = "console")]
                Command::Shell(arguments) => shell::run(app, arguments).await,
                Command::Serve(arguments) => serve::run(app, &arguments).await,
                Command::Session(arguments) => session::run(&app, &arguments).await,
                Command::Outbox(arguments) => outbox::run(&app, &arguments).await,
                Command::Pair(arguments) => pair::run(&app, &arguments).await,
                Command::Hooks(arguments) => hooks::run(&app, &arguments).await,
                Command::Cron(arguments) => cron::run(app, &arguments, &sources).await,
                Command::Setup => setup::run(&app, &sources).await,
                Command::StopAgents => stop_agents::run(&app).await,
                Command::Config(_) | Command::Integrations(_) | Command::SlackManifest | Command::Agents(_) => {
                    unreachable!("handled above, without a store")
                }
            }
        });
        // A thread that waits for standard input cannot be told to stop.
        runtime.shutdown_background();
        code
    }

    fn start_logging(&self) {
        // In a terminal that shows a chat, only what a person must know may come between.
        let serves = matches!(self.command, Command::Serve(_) | Command::Cron(cron::Arguments::Start));
        log::start(if serves { "info" } else { "error" });
    }
}

/// Threads of the runtime: the work is waiting, not computing.
const WORKERS: usize = 2;

fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(WORKERS)
        .enable_all()
        .build()
        .context("starting the runtime")
}

/// A runtime for what is read once and printed: no thread is started before there is something to wait for.
fn reading_runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().build().context("starting the runtime")
}

fn state_directory(asked: Option<PathBuf>, variables: &BTreeMap<String, String>) -> anyhow::Result<PathBuf> {
    if let Some(directory) = asked {
        return Ok(directory);
    }
    if let Some(directory) = variables.get("SIGNALBOX_STATE_DIR").filter(|directory| !directory.is_empty()) {
        return Ok(PathBuf::from(directory));
    }
    let folders = etcetera::base_strategy::Xdg::new()
        .context("finding the user's home directory; name a state directory with --state-dir")?;
    let state = folders.state_dir().unwrap_or_else(|| folders.data_dir());
    Ok(state.join("signalbox"))
}
