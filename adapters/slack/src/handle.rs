//! One envelope becomes the inbox's.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;
use signalbox_adapter::http;
use signalbox_adapter::{AcceptError, Incoming, ListenContext, ListenError, Occurrence};
use tokio::sync::{Mutex as Turns, Semaphore};

use crate::api::Api;
use crate::asked;
use crate::behind::Behind;
use crate::envelope::{Envelope, Holds};
use crate::failure::CallError;
use crate::files;
use crate::kept::{Commands, Kept};
use crate::marks::Marks;
use crate::people::People;
use crate::posted::text;
use crate::recent::Recent;
use crate::stamp::Stamp;
use crate::translate::{self, Said, Told, Us};
use crate::unread::Unread;
use crate::words::Names;

/// How much older than the newest of all a message may be that is still to come, in seconds. Slack hands over again for minutes
/// what was not acknowledged.
const COMES_WITHIN: u64 = 600;

/// Channels whose history is read at once.
const READ_AT_ONCE: usize = 8;

/// Hands over what was heard.
pub(crate) struct Handler {
    pub(crate) cx: ListenContext,
    pub(crate) api: Arc<Api>,
    pub(crate) us: Us,
    people: People,
    recent: Mutex<Recent>,
    marks: Mutex<Marks>,
    unread: Turns<Unread>,
    /// Leave to read a channel's history: with all of them at once Slack would only ask to wait.
    pub(crate) reading: Semaphore,
    pub(crate) commands: Turns<Commands>,
    /// The channels of which not all was read that was missed.
    behind: Mutex<Behind>,
    /// What was told last of what is missing.
    told: Mutex<Option<String>>,
}

impl Handler {
    /// Goes on from what earlier lives have noted.
    ///
    /// # Errors
    /// [`ListenError::Lost`] when nobody can tell what they have.
    pub(crate) async fn new(cx: &ListenContext, api: Arc<Api>, us: Us) -> Result<Self, ListenError> {
        let inbox = cx.inbox.as_ref();
        let marks = Marks::noted(inbox).await.map_err(lost)?;
        let unread = Unread::noted(inbox).await.map_err(lost)?;
        let commands = Commands::noted(inbox).await.map_err(lost)?;
        let recent = Recent::noted(inbox).await.map_err(lost)?;
        Ok(Self {
            people: People::new(Arc::clone(&api), Arc::clone(&cx.limited)),
            cx: cx.clone(),
            api,
            us,
            recent: Mutex::new(recent),
            marks: Mutex::new(marks),
            unread: Turns::new(unread),
            reading: Semaphore::new(READ_AT_ONCE),
            commands: Turns::new(commands),
            behind: Mutex::default(),
            told: Mutex::default(),
        })
    }

    /// Returns the names of people, as far as Slack tells them in time.
    pub(crate) async fn names(&self, ids: &[String]) -> Names {
        self.people.names(ids).await
    }

    /// Tells which scopes are missing and what could not be read, where that is not as it was.
    pub(crate) fn tell_missing(&self) {
        let missing: Vec<String> = self.api.lacking().into_iter().chain(self.behind().told()).collect();
        let missing = (!missing.is_empty()).then(|| missing.join("; "));
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if *told != missing {
            (self.cx.limited)(missing.as_deref());
            *told = missing;
        }
    }

    /// Returns the channels of which not all was read.
    pub(crate) fn behind(&self) -> MutexGuard<'_, Behind> {
        self.behind.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells what a call that was refused keeps from the listener, where a person can change that.
    pub(crate) fn kept_from(&self, error: &CallError) {
        if let CallError::Answered(refusal) = error
            && let Some(remedy) = refusal.remedy()
        {
            (self.cx.limited)(Some(&self.api.lacking().unwrap_or(remedy)));
        }
    }

    /// Returns how far each channel was heard.
    pub(crate) fn marks(&self) -> MutexGuard<'_, Marks> {
        self.marks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes how far each channel was heard, where that has changed.
    ///
    /// # Errors
    /// [`ListenError::Lost`].
    pub(crate) async fn note(&self) -> Result<(), ListenError> {
        let noted = self.marks().take_note();
        match noted {
            Some((name, words)) => self.cx.inbox.note(name, &words).await.map_err(lost),
            None => Ok(()),
        }
    }

    /// Takes an envelope, which may be acknowledged then; returns a command that is kept and is to be shown and handed over.
    ///
    /// # Errors
    /// [`ListenError::Lost`]: it was not taken.
    pub(crate) async fn take(&self, envelope: Envelope) -> Result<Option<Box<Kept>>, ListenError> {
        match envelope.holds {
            Holds::Event(event) => self.event(&event).await.map(|()| None),
            // Nothing is lost with it, so that it was acknowledged already.
            Holds::Home(_) => Ok(None),
            Holds::Command(payload) => {
                let names = self.names(&asked::people(&payload)).await;
                match asked::command(&self.us, &payload, &names) {
                    Some(asked) => self.asked(asked).await,
                    None => self.keep_unread("a slash command", &payload.to_string()).await.map(|()| None),
                }
            }
            Holds::Interaction(payload) => {
                let names = self.names(&asked::people(&payload)).await;
                match asked::interaction(&self.us, &payload, &names) {
                    Some(asked) => self.asked(asked).await,
                    // Such as a press of a button that only opens a page.
                    None => Ok(None),
                }
            }
            Holds::Unreadable(what, text) => self.keep_unread(&what, &text).await.map(|()| None),
        }
    }

    async fn event(&self, event: &Value) -> Result<(), ListenError> {
        if ["app_uninstalled", "tokens_revoked"].contains(&text(event, "type")) {
            return self.is_let_in().await;
        }
        let Some(channel) = event["channel"].as_str() else { return Ok(()) };
        match translate::told(event) {
            Told::Said(message) => self.said(channel, message).await,
            Told::Edited(message) => self.edited(channel, message).await,
            Told::Deleted { ts, thread } => {
                self.recent().gone(channel, ts);
                self.accept(translate::deleted(&self.us, channel, ts, thread)).await
            }
            Told::Nothing => Ok(()),
        }
    }

    /// Asks whether the bot's token is good still: what was said of it may be of another, or older than a new one.
    ///
    /// # Errors
    /// [`ListenError::Refused`], with what to do, where it is not; [`ListenError::Lost`] where nobody knows.
    async fn is_let_in(&self) -> Result<(), ListenError> {
        let asked: Result<Value, CallError> = self.api.ask("auth.test", &[]).await;
        asked.map(drop).map_err(ListenError::from)
    }

    /// Takes a message, told now or read again.
    ///
    /// # Errors
    /// [`ListenError::Lost`]: it was not taken.
    pub(crate) async fn said(&self, channel: &str, message: &Value) -> Result<(), ListenError> {
        let Some(ts) = message["ts"].as_str() else {
            return self.keep_unread("a message", &message.to_string()).await;
        };
        let is_mention = text(message, "type") == "app_mention";
        let at = Stamp::read(ts);
        let had = !is_mention && at.is_some_and(|at| self.marks().had(channel, at));
        if had || !self.recent().is_new(channel, ts, message["client_msg_id"].as_str(), is_mention) {
            return Ok(());
        }
        let noted = self.recent().take_note();
        if let Some((name, words)) = noted {
            self.cx.inbox.note(name, &words).await.map_err(lost)?;
        }
        let names = self.names(&translate::people(message)).await;
        if let Some(Said { incoming, files }) = translate::said(&self.us, channel, message, false, &names) {
            let mut incoming = self.with_root(incoming).await;
            let incoming = if files.is_empty() || !self.cx.inbox.wants_files(&mut incoming).await {
                incoming
            } else {
                let directory = self.cx.files.join(channel);
                let files = files::looked_up(&self.api, message, files).await;
                let fetched = http::fetch(&*self.api, incoming, files, directory).await;
                fetched.map_err(|error| ListenError::Lost(format!("a file could not be written: {error}")))?
            };
            self.accept(incoming).await?;
        }
        self.recent().had(channel, ts, is_mention);
        let is_first = at.is_some_and(|at| self.marks().heard(channel, translate::thread_of(message, ts), at));
        if is_first { self.note().await } else { Ok(()) }
    }

    /// Takes what somebody has changed. Where the message itself was not heard yet it is taken first, with its own key and as
    /// it says now: told later, it is a copy.
    async fn edited(&self, channel: &str, message: &Value) -> Result<(), ListenError> {
        if self.may_have_overtaken(channel, message) {
            self.said(channel, message).await?;
        }
        let names = self.names(&translate::people(message)).await;
        match translate::said(&self.us, channel, message, true, &names) {
            Some(said) => self.accept(said.incoming).await,
            None => Ok(()),
        }
    }

    /// Whether a message was not heard that was changed, though it is so new that it may come yet.
    fn may_have_overtaken(&self, channel: &str, message: &Value) -> bool {
        let Some(ts) = message["ts"].as_str() else { return false };
        let marks = self.marks();
        let may_come =
            Stamp::read(ts).is_some_and(|at| !marks.had(channel, at) && at >= marks.newest().before(COMES_WITHIN));
        may_come && !self.recent().knows(channel, ts)
    }

    /// Hands over.
    ///
    /// # Errors
    /// [`ListenError::Lost`]: it was not taken.
    pub(crate) async fn accept(&self, incoming: Incoming) -> Result<(), ListenError> {
        self.cx.inbox.accept(incoming).await.map_err(lost)
    }

    async fn keep_unread(&self, what: &str, text: &str) -> Result<(), ListenError> {
        let kept = self.unread.lock().await.keep(self.cx.inbox.as_ref(), what, text).await.map_err(lost)?;
        if kept {
            (self.cx.occurred)(Occurrence::Unreadable, 1);
        }
        Ok(())
    }

    fn recent(&self) -> MutexGuard<'_, Recent> {
        self.recent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(crate) fn lost(error: AcceptError) -> ListenError {
    ListenError::Lost(error.to_string())
}
