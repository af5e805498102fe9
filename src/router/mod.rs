//! The router: an inbound message becomes one durable step.
//!
//! Outside the transaction: parse (pure), and [look](crate::turn::Look) at what the command's [handler](crate::handlers) asks
//! for. Inside it: check rights and let the handler decide, write the rows and the answer.

mod home;
mod press;
mod quick;
mod serve;

use std::collections::BTreeSet;
use std::sync::Arc;

use signalbox_adapter::{Incoming, IncomingKind, Provider, UserId};

use crate::access;
use crate::alert;
use crate::command::{self, Command, Misunderstood, Need, Parsed};
use crate::config::Role;
use crate::format;
use crate::handlers::{self, edit};
use crate::incident::{AlertOrigin, Batch, TriagePolicy};
use crate::store::{InboxId, InboxOutcome, OpenInbound, Store, StoreError, Tx};
use crate::turn::rights::{is_addressed, role_of};
use crate::turn::{Context, Heard, Looked, Turn, answer_press, forwards, intake};

/// Whether the files of a message are fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TakesFiles {
    /// They are.
    Yes,
    /// The message is not for the bot, or of somebody who may not use it.
    No,
    /// Its sender may use the bot, and give it no files.
    NotBy(Role),
}

/// Routes inbound messages.
#[derive(Clone)]
pub struct Router {
    context: Arc<Context>,
}

impl Router {
    /// Makes a router.
    #[must_use]
    pub fn new(context: Context) -> Self {
        Self { context: Arc::new(context) }
    }

    /// Returns what the handlers know.
    #[must_use]
    pub fn context(&self) -> &Arc<Context> {
        &self.context
    }

    /// Makes the step that accepts and routes a new message; a copy of a known one changes nothing.
    pub async fn step(
        &self,
        store: &Store,
        incoming: Incoming,
    ) -> impl FnMut(&Tx<'_>) -> Result<(), StoreError> + Send + 'static + use<> {
        let ready = self.prepare(store, incoming, None).await;
        move |tx| match tx.accept(&ready.incoming)? {
            Some(inbox) => ready.route(tx, inbox),
            None => {
                // A press that comes again is still to be answered, or its button spins.
                answer_press(tx, &ready.incoming, "");
                Ok(())
            }
        }
    }

    /// Makes the step that stores a new message and leaves it open, for what cannot be decided at once.
    pub fn step_store(incoming: Incoming) -> impl FnMut(&Tx<'_>) -> Result<(), StoreError> + Send + 'static {
        move |tx| tx.accept(&incoming).map(|_| ())
    }

    /// Makes the step that routes a message which was stored before, with what its voice note was heard to say.
    pub async fn step_open(
        &self,
        store: &Store,
        inbound: OpenInbound,
        heard: Option<Heard>,
    ) -> impl FnMut(&Tx<'_>) -> Result<(), StoreError> + Send + 'static + use<> {
        let ready = self.prepare(store, inbound.incoming, heard).await;
        move |tx| if tx.is_open(inbound.id)? { ready.route(tx, inbound.id) } else { Ok(()) }
    }

    /// Makes the step that routes a message together with what its sender has forwarded just before or after it and what waits
    /// for it; one that was not stored before is accepted first. What does not wait any more was routed by itself, and what a
    /// command cannot take along waits on.
    pub async fn step_with(
        &self,
        store: &Store,
        stored: Option<InboxId>,
        incoming: Incoming,
        held: Vec<OpenInbound>,
    ) -> impl FnMut(&Tx<'_>) -> Result<(), StoreError> + Send + 'static + use<> {
        let joined = self.prepare(store, forwards::with(incoming.clone(), &held), None).await;
        let alone = self.prepare(store, incoming, None).await;
        move |tx| {
            let mut all_wait = joined.takes_forwards();
            for one in &held {
                all_wait &= tx.is_open(one.id)?;
            }
            let ready = if all_wait { &joined } else { &alone };
            let inbox = stored.map_or_else(|| tx.accept(&ready.incoming), |id| Ok(Some(id)))?;
            let Some(inbox) = inbox else { return Ok(()) };
            if !tx.is_open(inbox)? {
                return Ok(());
            }
            for one in held.iter().filter(|_| all_wait) {
                tx.close_inbound(one.id, InboxOutcome::Ok)?;
            }
            ready.route(tx, inbox)
        }
    }

    /// Makes the step that closes a message which cannot be handled through a fault of ours, stored before or not, and says so
    /// to a sender who may use the bot.
    pub fn step_refuse(
        &self,
        inbox: Option<InboxId>,
        incoming: Incoming,
    ) -> impl FnMut(&Tx<'_>) -> Result<(), StoreError> + Send + 'static + use<> {
        let router = self.clone();
        move |tx| {
            let Some(inbox) = inbox.map_or_else(|| tx.accept(&incoming), |id| Ok(Some(id)))? else { return Ok(()) };
            if !router.welcomes(tx, &incoming)? {
                return tx.close_inbound(inbox, InboxOutcome::Ignored);
            }
            let looked = Looked::default();
            let turn = Turn::new(tx, &router.context, &incoming, inbox, &looked);
            let outcome = turn.refuse(format::intake::our_fault())?;
            turn.answer_press("");
            tx.close_inbound(inbox, outcome)
        }
    }

    /// Returns the program that writes a message's voice note down, where it has one and such a program is configured.
    #[must_use]
    pub fn transcriber(&self, incoming: &Incoming) -> Option<&[String]> {
        let transport = self.context.transports.get(incoming.address.provider.as_str())?;
        let program = transport.voice.as_ref()?.program.as_slice();
        let says = matches!(incoming.kind, IncomingKind::Text(_)) && intake::voice(&incoming.files).is_some();
        (says && !program.is_empty()).then_some(program)
    }

    /// Whether a message is meant for the bot and comes from somebody who may use it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn welcomes(&self, tx: &Tx<'_>, incoming: &Incoming) -> Result<bool, StoreError> {
        let is_command = match &incoming.kind {
            IncomingKind::Text(text) | IncomingKind::Edited(text) => text.trim_start().starts_with('/'),
            IncomingKind::Button { .. } | IncomingKind::Moved { .. } | IncomingKind::Deleted => true,
        };
        Ok(role_of(tx, &self.context, incoming)?.is_some()
            && (is_command || is_addressed(tx, &self.context, incoming)?))
    }

    /// Tells whether a message's files are worth fetching: only who may have agents work has them looked at.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn takes_files(&self, tx: &Tx<'_>, incoming: &Incoming) -> Result<TakesFiles, StoreError> {
        if !self.welcomes(tx, incoming)? {
            return Ok(TakesFiles::No);
        }
        Ok(match role_of(tx, &self.context, incoming)? {
            Some(role) if access::suffices(role, Need::Operator) => TakesFiles::Yes,
            Some(role) => TakesFiles::NotBy(role),
            None => TakesFiles::No,
        })
    }

    /// Whether what a message's thread began with is worth taking along: whether the message is meant for the bot, by somebody
    /// who may use it, in a thread that is no session's and no incident's.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn wants_root(&self, tx: &Tx<'_>, incoming: &Incoming) -> Result<bool, StoreError> {
        let is_known =
            tx.session_of_thread(&incoming.address)?.is_some() || tx.incident_of(&incoming.address, None)?.is_some();
        Ok(!is_known && self.welcomes(tx, incoming)?)
    }

    /// Returns the people of a provider who are allowed by their ids, or paired.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn people(&self, tx: &Tx<'_>, provider: &Provider) -> Result<Vec<UserId>, StoreError> {
        let listed = self.context.config.allow.0.get(provider).into_iter().flat_map(|list| list.users.keys().cloned());
        let paired = tx.paired()?.into_iter().filter(|paired| paired.provider == *provider).map(|paired| paired.user);
        let people: BTreeSet<UserId> = listed.chain(paired).collect();
        Ok(people.into_iter().collect())
    }

    /// Whether a message need not be stored, since it changes nothing: it tells that something was taken away of which
    /// nothing waits.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn is_idle(tx: &Tx<'_>, incoming: &Incoming) -> Result<bool, StoreError> {
        Ok(incoming.kind == IncomingKind::Deleted && !edit::is_awaited(tx, incoming)?)
    }

    /// Reads what another bot says in an alert channel as alerts; an edit is what it says now.
    fn posted(&self, incoming: &Incoming) -> Option<Batch> {
        let (IncomingKind::Text(text) | IncomingKind::Edited(text)) = &incoming.kind else { return None };
        let channel = self.context.config.triage.channel(&incoming.address).filter(|_| incoming.sender.bot)?;
        let payload = alert::read_payload(text).inspect_err(|error| {
            tracing::warn!(%error, chat.id = %incoming.address.chat, "a post in an alert channel is no alert");
        });
        let origin = AlertOrigin::Post(incoming.sender.id.to_string());
        let payload = payload.ok()?.masked(|text| self.context.redactor.clean(text));
        let counts_repeats = matches!(incoming.kind, IncomingKind::Text(_));
        // In a forum each sender's post is another thread, and an incident has a post of its own.
        let is_of_forum = incoming.in_post && channel.address.thread.is_none();
        let target = if is_of_forum { channel.address.clone() } else { incoming.address.clone() };
        Some(Batch { target, origin, payload, counts_repeats })
    }

    async fn prepare(&self, store: &Store, incoming: Incoming, heard: Option<Heard>) -> Ready {
        let transport = self.context.transports.get(incoming.address.provider.as_str());
        let bot_name = transport.and_then(|transport| transport.bot_name.get()).map(String::as_str);
        let parsed = match (&incoming.kind, &heard) {
            (IncomingKind::Text(_), Some(Ok(words))) => command::parse(words, bot_name),
            (IncomingKind::Text(text), Some(Err(_)) | None) => {
                let words = if !text.trim().is_empty() {
                    text
                } else if intake::documents(&incoming.files).next().is_some() {
                    format::prompt::ONLY_FILES
                } else if incoming.quoted.is_empty() {
                    text
                } else {
                    format::prompt::ONLY_QUOTED
                };
                command::parse(words, bot_name)
            }
            (IncomingKind::Edited(text), _) => command::parse(text, bot_name),
            // A button carries a command without its slash.
            (IncomingKind::Button { action, .. }, _) => command::parse(&format!("/{action}"), None),
            (IncomingKind::Moved { .. } | IncomingKind::Deleted, _) => Ok(Parsed::Nothing),
        };
        let parsed = if heard.is_none() { written_out(parsed, &incoming, bot_name) } else { parsed };
        let posted = self.posted(&incoming);
        let looks = parsed
            .as_ref()
            .ok()
            .filter(|_| posted.is_none())
            .and_then(handlers::handler)
            .map(|handler| handler.looks());
        let mut looked = Looked::hearing(heard);
        looked.look(&self.context, store, &incoming, looks.unwrap_or_default()).await;
        Ready { context: Arc::clone(&self.context), incoming, parsed, looked, posted }
    }
}

/// Gives a prompt with what stands behind its words, such as where its links lead. What is asked for is read from the words as
/// they are; an alert, too, is what it says.
fn written_out(
    parsed: Result<Parsed, Misunderstood>,
    incoming: &Incoming,
    bot_name: Option<&str>,
) -> Result<Parsed, Misunderstood> {
    let (Ok(plain), Some(written)) = (&parsed, &incoming.written) else { return parsed };
    match command::parse(written, bot_name) {
        Ok(full) if full.asks_the_same(plain) && !plain.prompt().is_some_and(alert::is_alert) => Ok(full),
        Ok(_) | Err(_) => parsed,
    }
}

/// A message that is ready for its transaction.
struct Ready {
    context: Arc<Context>,
    incoming: Incoming,
    parsed: Result<Parsed, Misunderstood>,
    looked: Looked,
    /// The alerts that it is, where it is a bot's in an alert channel.
    posted: Option<Batch>,
}

impl Ready {
    /// Whether it is of a kind that what is forwarded with it can be about: a prompt, or an investigation.
    fn takes_forwards(&self) -> bool {
        self.parsed
            .as_ref()
            .is_ok_and(|parsed| parsed.prompt().is_some() || matches!(parsed, Parsed::Command(Command::Investigate(_))))
    }

    fn route(&self, tx: &Tx<'_>, inbox: InboxId) -> Result<(), StoreError> {
        let turn = Turn::new(tx, &self.context, &self.incoming, inbox, &self.looked);
        match &self.posted {
            Some(batch) => {
                tx.take_alerts(batch, &TriagePolicy::of(&self.context.config.triage))?;
                tx.close_inbound(inbox, InboxOutcome::Ok)
            }
            None => serve::serve(&turn, &self.parsed),
        }
    }
}
