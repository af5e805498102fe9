//! The adapter keeps the contract.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use serde_json::Value;
use signalbox_adapter::testing::{Stage, Standing, check_deliver, check_listen, check_threads};
use signalbox_adapter::{Inbox, Listen, ListenContext, Threads};
use signalbox_discord::{Settings, connect};
use signalbox_test_support::discord::{Cut, FakeDiscord, Fault, Greeting, TOKEN};
use tokio_util::sync::CancellationToken;

use crate::scene::{ADA, BOB, Keeping, OPS, Scene, direct, outgoing, settings};

/// Heartbeats so close that a dead connection is noticed in time.
const HEARTBEAT_MS: u64 = 300;

/// A bot, the server it listens to, and its notes.
struct Bot {
    fake: FakeDiscord,
    notes: Mutex<HashMap<String, String>>,
}

impl Bot {
    /// A bot that has listened once, so that a session goes on from now.
    async fn new() -> Self {
        let fake = FakeDiscord::start().await;
        fake.open_direct(ADA);
        fake.open_direct(BOB);
        // A session that is lost is begun anew at once, however busy the machine is.
        fake.with(|state| state.between_sessions = Duration::ZERO);
        let inbox = Arc::new(Keeping::default());
        let shutdown = CancellationToken::new();
        let cx = ListenContext::new(Arc::clone(&inbox) as Arc<dyn Inbox>, Default::default(), shutdown.clone());
        let mut listen = connect(settings(&fake)).expect("settings").listen;
        let begun = async {
            let mut looks = tokio::time::interval(Duration::from_millis(5));
            while !inbox.notes.lock().unwrap_or_else(PoisonError::into_inner).contains_key("session") {
                looks.tick().await;
            }
            shutdown.cancel();
        };
        let (listened, ()) = tokio::join!(listen.listen(&cx), begun);
        listened.expect("it listens");
        let notes = inbox.notes.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Self { fake, notes: Mutex::new(notes) }
    }
}

#[async_trait]
impl Stage for Bot {
    fn listener(&self) -> Box<dyn Listen> {
        Box::new(connect(settings(&self.fake)).expect("settings").listen)
    }

    async fn say(&self, chat: usize, text: &str) {
        let person = [ADA, BOB][chat];
        self.fake.say(direct(person), person, text);
    }

    async fn take_away(&self, chat: usize, text: &str) -> bool {
        let channel = direct([ADA, BOB][chat]);
        self.fake.with(|state| {
            let said = state.shows(channel).into_iter().rfind(|shown| shown.text == text).expect("it was said");
            state.delete(channel, said.id);
        });
        true
    }

    /// Discord gives an event again to a session that goes on from before it.
    fn standing(&self, text: &str) -> Standing {
        let Some((session, seq)) = self.fake.with(|state| state.told_at(text)) else { return Standing::Kept };
        let noted = self.noted("session").unwrap_or_default();
        let noted: Value = serde_json::from_str(&noted).unwrap_or_default();
        let is_behind = noted["id"] == session.as_str() && noted["seq"].as_u64() >= Some(seq);
        if is_behind { Standing::Acknowledged } else { Standing::Kept }
    }

    fn note(&self, name: &str, words: &str) {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned(), words.to_owned());
    }

    fn noted(&self, name: &str) -> Option<String> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }

    async fn disturb(&self, way: usize) -> bool {
        let greetings = [Greeting::Unavailable, Greeting::HangUp, Greeting::CloseWith(4000), Greeting::CloseWith(1001)];
        let cuts = [
            Cut::Close(4000),
            Cut::Close(4008),
            Cut::Reset,
            Cut::Reconnect,
            Cut::Invalid { resumable: true },
            Cut::HalfFrame,
            Cut::Mute,
        ];
        if let Some(greeting) = greetings.get(way) {
            self.fake.greet_next(*greeting);
            // Where the session's own address is gone, the API is asked for another.
            self.fake.fail_next("GET gateway/bot", Fault::Html { done: false });
        } else if let Some(cut) = cuts.get(way - greetings.len()) {
            // Only a connection that says nothing more is found dead by its heartbeats.
            if *cut == Cut::Mute {
                self.fake.with(|state| state.heartbeat_ms = HEARTBEAT_MS);
            }
            self.fake.cut(*cut);
        } else {
            return false;
        }
        true
    }

    fn secrets(&self) -> Vec<String> {
        vec![TOKEN.split_once('.').expect("an id and a secret").1.to_owned()]
    }

    fn debugs(&self) -> Vec<String> {
        let wrong = Settings { api_url: format!("http://example.org/{TOKEN}"), ..settings(&self.fake) };
        let error = connect(wrong).err().expect("plain http is refused");
        vec![format!("{:?}", settings(&self.fake)), format!("{error} {error:?}")]
    }
}

#[tokio::test]
async fn what_is_said_arrives() {
    check_listen(Arc::new(Bot::new().await)).await.expect("compliant");
}

#[tokio::test]
async fn what_we_say_arrives() {
    let scene = Scene::new().await;
    let shown = || scene.fake.said(direct(ADA)).join("\n");
    let sample = outgoing(1, direct(ADA), "an **answer**");
    assert_eq!(check_deliver(scene.deliver.as_ref(), &sample, shown).await, Ok(()));
}

#[tokio::test]
async fn a_thread_is_opened_once_and_written_to() {
    let scene = Scene::new().await;
    let shown =
        |thread: &signalbox_adapter::ThreadId| scene.fake.said(thread.as_str().parse().expect("a number")).join("\n");
    let sample = outgoing(1, OPS, "a card");
    assert_eq!(check_threads(scene.deliver.as_ref(), Threads::Opened, &sample, shown).await, Ok(()));
    let name = scene.fake.with(|state| state.channels.values().last().expect("a thread").name.clone());
    assert_eq!(name, "named by the suite");
}
