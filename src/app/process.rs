//! A process before it does anything, and its orderly end.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use anyhow::Context as _;
use tokio_util::sync::CancellationToken;

use crate::agent::catalogue::Catalogue;
use crate::agent::supervisor::boot_id;
use crate::clock::SystemClock;
use crate::config::Config;
use crate::health::Health;
use crate::lifecycle::Servants;
use crate::store::{Caps, HeldRole, Options, Store};

/// How often is looked whether the database is still where it was opened.
const LOOK_FOR_DATABASE_EVERY: Duration = Duration::from_secs(2);
/// How long the parts of a stopping process may take to finish what is at hand.
const STOP_WITHIN: Duration = Duration::from_secs(4);
/// How long a part of a process may take; less than the whole, which waits for it.
const STOP_PART_WITHIN: Duration = Duration::from_millis(3_800);
/// How long those may take who are needed until the store is closed.
const END_WITHIN: Duration = Duration::from_millis(100);
/// How long the store of a stopping process may take to close; together with all parts it is less than 5 s.
const CLOSE_WITHIN: Duration = Duration::from_millis(800);

/// What a process is made of before it does anything.
pub struct App {
    /// Configuration.
    pub config: Config,
    /// Our own environment.
    pub variables: BTreeMap<String, String>,
    /// The store.
    pub store: Store,
    /// Cancelled when the process is to stop.
    pub stop: CancellationToken,
    /// Everything that runs.
    pub servants: Servants,
    /// How the transports of this process are.
    pub health: Arc<Health>,
    /// The core role, held until everything at hand is written down.
    pub(super) role: OnceLock<HeldRole>,
}

impl App {
    /// Opens the store of a state directory.
    ///
    /// # Errors
    /// When it cannot be opened; the message says what to do.
    pub fn open(config: Config, variables: BTreeMap<String, String>, state: PathBuf) -> anyhow::Result<Self> {
        Self::with(config, variables, state, false)
    }

    /// Opens the store of a state directory to read from it alone, where it is there and of today; else as [`App::open`] does.
    ///
    /// # Errors
    /// When it cannot be opened; the message says what to do.
    pub fn open_to_read(config: Config, variables: BTreeMap<String, String>, state: PathBuf) -> anyhow::Result<Self> {
        Self::with(config, variables, state, true)
    }

    fn with(
        config: Config,
        variables: BTreeMap<String, String>,
        state: PathBuf,
        only_reads: bool,
    ) -> anyhow::Result<Self> {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let size = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
        let options = Options {
            durability: config.store.durability,
            caps: Caps {
                per_chat: size(config.limits.max_tasks_per_chat),
                total: config.limits.max_tasks(cores),
                queued_per_chat: size(config.limits.max_queued_per_chat),
                sessions_per_chat: size(config.limits.max_sessions_per_chat),
                boot: boot_id().context("reading the machine's boot id")?,
            },
        };
        // Absolute, since agents and their supervisors work in directories of their own.
        let state = std::path::absolute(&state).with_context(|| format!("resolving {}", state.display()))?;
        let reader = match only_reads {
            true => Store::open_to_read(&state, options.caps.clone(), Arc::new(SystemClock))?,
            false => None,
        };
        let store = match reader {
            Some(reader) => reader,
            None => Store::open(&state, options, Arc::new(SystemClock))?,
        };
        let stop = CancellationToken::new();
        Ok(Self {
            config,
            variables,
            store,
            servants: Servants::new(stop.clone()),
            stop,
            health: Arc::default(),
            role: OnceLock::new(),
        })
    }

    /// Makes a part of this process that can be stopped by itself: it stops with the process, and what fails in it does not stop
    /// the process until somebody says so.
    #[must_use]
    pub fn part(&self) -> Self {
        let stop = self.stop.child_token();
        Self {
            config: self.config.clone(),
            variables: self.variables.clone(),
            store: self.store.clone(),
            servants: Servants::new(stop.clone()),
            stop,
            health: Arc::clone(&self.health),
            role: OnceLock::new(),
        }
    }

    /// Stops a part, with its role, and leaves the store open for the rest of the process; tells whether a part of it has
    /// failed.
    pub async fn stop_part(self) -> bool {
        self.servants.stop(STOP_PART_WITHIN).await;
        self.servants.end(END_WITHIN).await;
        self.store.deliver_as(None);
        self.servants.have_failed()
    }

    /// The agents that are configured.
    #[must_use]
    pub fn catalogue(&self) -> Catalogue {
        Catalogue::new(self.config.agents.clone(), self.variables.clone())
    }

    /// Watches from now on whether the store is lost.
    pub fn watch_store(&self) {
        let store = self.store.clone();
        self.servants.start("store", |stop| async move {
            loop {
                tokio::select! {
                    biased;
                    // First, as it may be why the others stop.
                    why = store.health().until_lost() => return Err(why),
                    () = stop.cancelled() => return Ok(()),
                    () = tokio::time::sleep(LOOK_FOR_DATABASE_EVERY) => store.look_for_database(),
                }
            }
        });
    }

    /// Stops everything in time: what is at hand is finished, agents are left to their supervisors.
    pub async fn stop(&self) {
        self.servants.stop(STOP_WITHIN).await;
        let store = self.store.clone();
        match tokio::time::timeout(CLOSE_WITHIN, tokio::task::spawn_blocking(move || store.close())).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => self.servants.fail("store", &error),
            Err(_) => tracing::warn!("the store could not be closed in time; what it has acknowledged is safe"),
        }
        self.servants.end(END_WITHIN).await;
    }
}
