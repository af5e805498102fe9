//! Follows the runs of a chat from outside: from their rows and event files, so that also a terminal that does not hold
//! the core role can show how far they have come.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Seek, SeekFrom};
use std::path::Path;
use std::time::Instant;

use crate::agent::event::Event;
use crate::agent::progress::Progress;
use crate::agent::supervisor::EVENTS_FILE;
use crate::format;
use crate::store::{ChatKey, Status, Store, StoreError, Task};

/// Runs shown at once.
const MAX_LINES: usize = 8;
/// Events read of one run in one look, in bytes.
const MAX_READ_BYTES: u64 = 1 << 20;

/// Follows the runs of one chat.
pub struct Follower {
    store: Store,
    chat: ChatKey,
    runs: HashMap<String, Followed>,
}

struct Followed {
    progress: Progress,
    read_bytes: u64,
}

impl Follower {
    /// Follows the runs of a chat, named as the tables do.
    #[must_use]
    pub fn new(store: Store, chat: ChatKey) -> Self {
        Self { store, chat, runs: HashMap::new() }
    }

    /// Returns a line for each running or waiting task, oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn look(&mut self) -> Result<Vec<String>, StoreError> {
        let chat = self.chat.clone();
        let rows = self
            .store
            .read(move |tx| {
                let tasks = tx.unfinished_tasks(Some(&chat))?;
                tasks
                    .into_iter()
                    .take(MAX_LINES)
                    .map(|task| Ok((tx.name_of(&task)?, task)))
                    .collect::<Result<Vec<_>, StoreError>>()
            })
            .await?;
        self.runs.retain(|run, _| rows.iter().any(|(_, task)| task.run_name() == *run));
        Ok(rows.iter().map(|(name, task)| self.line(name, task)).collect())
    }

    fn line(&mut self, name: &str, task: &Task) -> String {
        let agent = format::session::agent(&task.agent, task.model.as_deref());
        let (Status::Running, Some(started)) = (task.status, task.started_at) else {
            return format!("{name} · waits · {agent}");
        };
        let now = Instant::now();
        let running = self.store.clock().now().since(started);
        let directory = self.store.directory().join("runs").join(task.run_name());
        let run = self
            .runs
            .entry(task.run_name())
            .or_insert_with(|| Followed { progress: Progress::new(now), read_bytes: 0 });
        // A run that has written nothing yet has no file.
        run.read(&directory, now).ok();
        format::task::progress_line(&run.progress, name, &agent, running, now)
    }
}

impl Followed {
    fn read(&mut self, directory: &Path, now: Instant) -> std::io::Result<()> {
        let mut file = File::open(directory.join(EVENTS_FILE))?;
        file.seek(SeekFrom::Start(self.read_bytes))?;
        let mut lines = BufReader::new(std::io::Read::take(file, MAX_READ_BYTES));
        let mut line = Vec::new();
        loop {
            line.clear();
            let length = lines.read_until(b'\n', &mut line)?;
            if length == 0 {
                return Ok(());
            }
            if line.last() != Some(&b'\n') {
                // Still being written, or longer than one look: passed over only when it fills the look.
                if u64::try_from(length).is_ok_and(|length| length >= MAX_READ_BYTES) {
                    self.read_bytes += MAX_READ_BYTES;
                }
                return Ok(());
            }
            self.read_bytes += u64::try_from(length).unwrap_or(0);
            if let Ok(event) = serde_json::from_slice::<Event>(&line) {
                self.progress.take(&event, now);
            }
        }
    }
}
