//! The store's promises, one transaction at a time, on a clock that stands still.

mod admission;
mod adopted;
mod approvals;
mod claims;
mod counts;
mod flush;
mod glance;
mod hooks;
mod incidents;
mod log;
mod opening;
mod outbox;
mod retention;
mod said;
mod schedules;
mod sql;
mod statuses;
mod steps;
mod tables;

use signalbox_adapter::{
    ChatAddress, ChatId, InboundKey, Incoming, IncomingKind, MessageId, Part, Provider, Purpose, Sender, UserId,
};
use tempfile::TempDir;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rusqlite::Connection;

use super::open::connect_reader;
use super::*;
use crate::clock::{Clock as _, ManualClock, Timestamp};
use crate::config::Durability;

/// A store of its own in a directory of its own.
struct Desk {
    store: Store,
    clock: Arc<ManualClock>,
    directory: TempDir,
}

fn caps() -> Caps {
    Caps { per_chat: 5, total: 8, queued_per_chat: 50, sessions_per_chat: 10, boot: "boot-1".into() }
}

fn options() -> Options {
    Options { durability: Durability::Process, caps: caps() }
}

impl Desk {
    fn new() -> Self {
        Self::with(caps())
    }

    fn with(caps: Caps) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let clock = Arc::new(ManualClock::at(Timestamp(1_000_000), 7));
        let options = Options { caps, ..options() };
        let store = Store::open(directory.path(), options, Arc::clone(&clock) as _).expect("the store opens");
        Self { store, clock, directory }
    }

    /// Does one step and returns what came of it.
    async fn step<T: Send + 'static>(
        &self,
        step: impl FnMut(&Tx<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Written<T> {
        self.store.write(None, step).await.expect("the step is stored")
    }

    /// Does one step and returns its value.
    async fn did<T: Send + 'static>(&self, step: impl FnMut(&Tx<'_>) -> Result<T, StoreError> + Send + 'static) -> T {
        self.step(step).await.value
    }

    /// Says a prompt in a session of a chat, which is made where it is missing.
    async fn prompt(&self, chat: &'static str, session: &'static str) -> Admission {
        self.did(move |tx| admit(tx, chat, session)).await
    }

    /// Ends a task with an answer; returns the tasks that start now, by their sessions' names.
    async fn answer(&self, task: &Task) -> Vec<String> {
        let task = task.clone();
        let done = self
            .step(move |tx| {
                let how = Completion { result: Some("done".into()), ..Completion::without_answer(Status::Ok, None) };
                assert!(tx.finish(&task, &how)?.is_some(), "it ends once");
                Ok(())
            })
            .await;
        self.names(done.effects.start).await
    }

    async fn names(&self, tasks: Vec<Task>) -> Vec<String> {
        self.did(move |tx| tasks.iter().map(|task| tx.name_of(task)).collect()).await
    }
}

fn address(chat: &str) -> ChatAddress {
    ChatAddress::new(Provider::new("test"), ChatId::new(chat))
}

fn key(chat: &str) -> ChatKey {
    ChatKey::of(&address(chat))
}

fn incoming(key: &str, chat: &str) -> Incoming {
    Incoming {
        message: Some(MessageId::new(key)),
        direct: true,
        ..Incoming::new(
            InboundKey::new(key),
            address(chat),
            Sender { id: UserId::new("1"), name: "kim".into(), bot: false, roles: vec![] },
            IncomingKind::Text("a prompt".into()),
        )
    }
}

fn admit(tx: &Tx<'_>, chat: &str, name: &str) -> Result<Admission, StoreError> {
    let incoming = incoming(&format!("{:x}", tx.context.clock.random()), chat);
    let inbox = tx.accept(&incoming)?.expect("a new message");
    let named = tx.session_by_name(&key(chat), name)?;
    let session = match named {
        Some(session) => session,
        None => tx.create_session(&NewSession {
            address: &incoming.address,
            name,
            agent: "claude",
            model: None,
            title: "",
            directory: "/w",
            investigation: false,
            worktree_of: None,
        })?,
    };
    let admission = tx.admit(&NewTask {
        incoming: &incoming,
        address: &incoming.address,
        inbox,
        session: &session,
        prompt: "x",
        retry_of: None,
        id: None,
    })?;
    tx.close_inbound(inbox, InboxOutcome::Ok)?;
    Ok(admission)
}

/// The task of an admission that starts at once.
#[track_caller]
fn started(admission: Admission) -> Task {
    match admission {
        Admission::Started(task) => task,
        Admission::Queued(_, position) => panic!("queued at {position}"),
    }
}

/// Task and position of an admission that waits.
#[track_caller]
fn queued(admission: Admission) -> (Task, usize) {
    match admission {
        Admission::Queued(task, position) => (task, position),
        Admission::Started(task) => panic!("{task:?} started"),
    }
}

fn message(chat: &str, purpose: Purpose, parts: &[&str]) -> NewDelivery {
    let parts = parts.iter().map(|&body| Part { body: body.into() }).collect();
    NewDelivery::to(address(chat), purpose, parts)
}
