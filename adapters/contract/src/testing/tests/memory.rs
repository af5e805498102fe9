//! A provider in memory, and a listener that breaks one rule of the contract, or none.

use std::future::pending;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::Notify;

use crate::testing::{Stage, Standing};
use crate::*;

/// What must not be shown.
const SECRET: &str = "t0ken";

/// What is wrong with a listener, or with its settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flaw {
    None,
    IgnoresAnEarlyStop,
    IgnoresTheStop,
    StopsWithAnError,
    EndsByItself,
    GivesUp,
    TakesTheNewestFirst,
    TakesTwoAtOnce,
    AcknowledgesFirst,
    AcknowledgesMeanwhile,
    NeverAcknowledges,
    AcknowledgesTheRefused,
    PassesOverTheRefused,
    IsSilentAboutTheRefused,
    ReturnsTheAccepted,
    MakesNewKeysForCopies,
    MakesKeysOfWords,
    CountsKeysFromOne,
    ShowsItsSecretInAnError,
    ShowsItsSecretInDebug,
    SkipsToTheEndAfterALoss,
    ForgetsWhatIsGone,
    MisplacesWhatIsGone,
    NamesAnotherAsGone,
}

/// A provider that keeps messages until they are acknowledged, or else a terminal.
pub(super) struct Memory {
    flaw: Flaw,
    keeps: bool,
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Default)]
struct State {
    said: Vec<Said>,
    offers: usize,
    broken: bool,
}

#[derive(Clone)]
struct Said {
    chat: usize,
    text: String,
    standing: Standing,
    /// Whether it waits to be heard.
    waits: bool,
    /// The number of the message that was taken away, where this tells of one.
    gone: Option<usize>,
}

/// The provider as a stage.
pub(super) struct Room(Arc<Memory>);

impl Room {
    pub(super) fn provider(flaw: Flaw) -> Arc<dyn Stage> {
        Self::open(flaw, true)
    }

    pub(super) fn terminal(flaw: Flaw) -> Arc<dyn Stage> {
        Self::open(flaw, false)
    }

    fn open(flaw: Flaw, keeps: bool) -> Arc<dyn Stage> {
        Arc::new(Self(Arc::new(Memory { flaw, keeps, state: Mutex::default(), changed: Notify::new() })))
    }
}

#[async_trait]
impl Stage for Room {
    fn listener(&self) -> Box<dyn Listen> {
        Box::new(Listener { memory: Arc::clone(&self.0), count: 0, lost: false })
    }

    async fn say(&self, chat: usize, text: &str) {
        let standing = if self.0.keeps { Standing::Kept } else { Standing::Gone };
        self.0.state().said.push(Said { chat, text: text.to_owned(), standing, waits: true, gone: None });
        self.0.changed.notify_one();
    }

    async fn take_away(&self, chat: usize, text: &str) -> bool {
        if !self.0.keeps {
            return false;
        }
        let mut state = self.0.state();
        let gone = state.said.iter().rposition(|said| said.text == text);
        let waits = self.0.flaw != Flaw::ForgetsWhatIsGone;
        state.said.push(Said { chat, text: String::new(), standing: Standing::Kept, waits, gone });
        drop(state);
        self.0.changed.notify_one();
        true
    }

    fn standing(&self, text: &str) -> Standing {
        let state = self.0.state();
        state.said.iter().rfind(|said| said.text == text).expect("it was said").standing
    }

    async fn disturb(&self, way: usize) -> bool {
        let is_one = self.0.keeps && way == 0;
        self.0.state().broken = is_one;
        is_one
    }

    fn secrets(&self) -> Vec<String> {
        vec![SECRET.to_owned()]
    }

    fn debugs(&self) -> Vec<String> {
        let shown = if self.0.flaw == Flaw::ShowsItsSecretInDebug { SECRET } else { "hidden" };
        vec![format!("Settings {{ token: {shown} }}")]
    }
}

impl Memory {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("not poisoned")
    }

    /// Waits for what is to be heard: numbers of messages, or `None` where the connection breaks.
    async fn next(&self) -> Option<Vec<usize>> {
        loop {
            {
                let mut state = self.state();
                if std::mem::take(&mut state.broken) {
                    return None;
                }
                let waiting = (0..state.said.len()).filter(|number| state.said[*number].waits);
                let waiting: Vec<usize> = waiting.collect();
                if !waiting.is_empty() {
                    return Some(waiting);
                }
            }
            self.changed.notified().await;
        }
    }

    fn acknowledge(&self, number: usize) {
        let said = &mut self.state().said[number];
        said.waits = false;
        if said.standing == Standing::Kept {
            said.standing = Standing::Acknowledged;
        }
    }

    fn give_back(&self, number: usize) {
        self.state().said[number].standing = Standing::Returned;
    }
}

struct Listener {
    memory: Arc<Memory>,
    count: usize,
    lost: bool,
}

#[async_trait]
impl Listen for Listener {
    async fn listen(&mut self, cx: &ListenContext) -> Result<(), ListenError> {
        let flaw = self.memory.flaw;
        if flaw == Flaw::EndsByItself {
            return Ok(());
        }
        if std::mem::take(&mut self.lost) && flaw == Flaw::SkipsToTheEndAfterALoss {
            let all = self.memory.state().said.len();
            (0..all).for_each(|number| self.memory.acknowledge(number));
        }
        let stopped = async {
            match flaw {
                Flaw::IgnoresAnEarlyStop if cx.shutdown.is_cancelled() => pending().await,
                Flaw::IgnoresTheStop if !cx.shutdown.is_cancelled() => pending().await,
                _ => cx.shutdown.cancelled().await,
            }
        };
        tokio::pin!(stopped);
        loop {
            let batch = tokio::select! {
                biased;
                () = &mut stopped => break,
                batch = self.memory.next() => batch,
            };
            let Some(mut batch) = batch else {
                self.lost = true;
                return Err(ListenError::Lost("reset by peer".to_owned()));
            };
            if flaw == Flaw::TakesTheNewestFirst {
                batch.reverse();
            }
            while let Some(number) = (!batch.is_empty()).then(|| batch.remove(0)) {
                let key = self.key(number);
                let second =
                    if flaw == Flaw::TakesTwoAtOnce { (!batch.is_empty()).then(|| batch.remove(0)) } else { None };
                let second = second.map(|number| (number, self.key(number)));
                let second = async {
                    match second {
                        Some((number, key)) => self.offer(cx, number, key).await,
                        None => Ok(()),
                    }
                };
                let (first, second) = tokio::join!(self.offer(cx, number, key), second);
                first.and(second)?;
            }
        }
        if flaw == Flaw::StopsWithAnError { Err(ListenError::Lost("closed".to_owned())) } else { Ok(()) }
    }
}

impl Listener {
    fn key(&mut self, number: usize) -> String {
        self.count += 1;
        let mut state = self.memory.state();
        state.offers += 1;
        match self.memory.flaw {
            Flaw::MakesNewKeysForCopies => format!("memory:{}", state.offers),
            Flaw::MakesKeysOfWords => format!("memory:{}", state.said[number].text),
            Flaw::CountsKeysFromOne => format!("memory:{}", self.count),
            _ => format!("memory:{number}"),
        }
    }

    async fn offer(&self, cx: &ListenContext, number: usize, key: String) -> Result<(), ListenError> {
        let (memory, flaw) = (&self.memory, self.memory.flaw);
        let said = memory.state().said[number].clone();
        if flaw == Flaw::AcknowledgesFirst || !memory.keeps {
            memory.acknowledge(number);
        }
        let meanwhile = async {
            if flaw == Flaw::AcknowledgesMeanwhile {
                tokio::time::sleep(Duration::from_millis(100)).await;
                memory.acknowledge(number);
            }
        };
        let accepting = cx.inbox.accept(told(flaw, &key, number, &said));
        let (accepted, ()) = tokio::join!(accepting, meanwhile);
        match (accepted, flaw) {
            (Ok(()), Flaw::NeverAcknowledges) => memory.state().said[number].waits = false,
            (Ok(()), Flaw::ReturnsTheAccepted) => {
                memory.acknowledge(number);
                memory.give_back(number);
            }
            (Ok(()), _) | (Err(_), Flaw::AcknowledgesTheRefused) => memory.acknowledge(number),
            (Err(_), Flaw::PassesOverTheRefused | Flaw::IsSilentAboutTheRefused) => {}
            (Err(_), Flaw::GivesUp) => return Err(ListenError::Refused("the disk is full".to_owned())),
            (Err(_), Flaw::ShowsItsSecretInAnError) => return Err(ListenError::Lost(format!("at /bot{SECRET}"))),
            (Err(_), _) if !memory.keeps => memory.give_back(number),
            (Err(error), _) => return Err(ListenError::Lost(error.to_string())),
        }
        Ok(())
    }
}

/// What the listener makes of what was said, or taken away.
fn told(flaw: Flaw, key: &str, number: usize, said: &Said) -> Incoming {
    let id = |number: usize| Some(MessageId::new(number.to_string()));
    let Some(gone) = said.gone else { return Incoming { message: id(number), ..incoming(key, said.chat, &said.text) } };
    let chat = if flaw == Flaw::MisplacesWhatIsGone { said.chat + 1 } else { said.chat };
    let gone = if flaw == Flaw::NamesAnotherAsGone { number } else { gone };
    Incoming {
        message: id(gone),
        kind: IncomingKind::Deleted,
        sender: Sender::nobody(),
        ..incoming(key, chat, &said.text)
    }
}

/// A message of somebody in a chat.
pub(super) fn incoming(key: &str, chat: usize, text: &str) -> Incoming {
    Incoming {
        direct: true,
        ..Incoming::new(
            InboundKey::new(key),
            ChatAddress::new(Provider::new("memory"), ChatId::new(chat.to_string())),
            Sender { id: UserId::new("u"), name: "U".to_owned(), bot: false, roles: Vec::new() },
            IncomingKind::Text(text.to_owned()),
        )
    }
}
