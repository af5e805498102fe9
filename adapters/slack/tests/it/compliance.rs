//! The adapter keeps the contract.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use signalbox_adapter::Listen;
use signalbox_adapter::testing::{Stage, Standing, check_listen};
use signalbox_slack::{Settings, connect};
use signalbox_test_support::slack::{APP_TOKEN, BOT_TOKEN, Cut, FakeSlack, Fault, Greeting};

use crate::scene::{ADA, BOB, direct, settings};

/// An app, the workspace that it listens to, and its notes.
struct App {
    fake: FakeSlack,
    notes: Mutex<HashMap<String, String>>,
}

impl App {
    async fn new() -> Self {
        let fake = FakeSlack::start().await;
        fake.open_direct(ADA);
        fake.open_direct(BOB);
        fake.with(|state| state.again_ms = 300);
        Self { fake, notes: Mutex::default() }
    }
}

#[async_trait]
impl Stage for App {
    fn listener(&self) -> Box<dyn Listen> {
        Box::new(connect(settings(&self.fake)).expect("settings").listen.expect("there is an app token"))
    }

    async fn say(&self, chat: usize, text: &str) {
        let person = [ADA, BOB][chat];
        self.fake.say(&direct(person), person, text);
    }

    async fn take_away(&self, chat: usize, text: &str) -> bool {
        let channel = direct([ADA, BOB][chat]);
        let said = self.fake.shows(&channel).into_iter().rfind(|shown| shown.words() == text).expect("it was said");
        self.fake.delete(&channel, &said.ts);
        true
    }

    fn standing(&self, text: &str) -> Standing {
        match self.fake.with(|state| state.is_acknowledged(text)) {
            Some(true) => Standing::Acknowledged,
            Some(false) | None => Standing::Kept,
        }
    }

    fn note(&self, name: &str, words: &str) {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned(), words.to_owned());
    }

    fn noted(&self, name: &str) -> Option<String> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }

    async fn disturb(&self, way: usize) -> bool {
        let cuts = [Cut::Drop, Cut::Close(1001), Cut::Refresh, Cut::Warn, Cut::HalfFrame, Cut::Nonsense, Cut::Twice];
        match way {
            0 => self.fake.greet_next(Greeting::Unavailable),
            1 => self.fake.greet_next(Greeting::HangUp),
            2 => self.fake.fail_next("apps.connections.open", Fault::Html { done: false }),
            3 => self.fake.fail_next("auth.test", Fault::DropAfter),
            way => match cuts.get(way - 4) {
                Some(cut) => self.fake.cut(*cut),
                None => return false,
            },
        }
        true
    }

    fn secrets(&self) -> Vec<String> {
        [BOT_TOKEN, APP_TOKEN].map(|token| token.rsplit('-').next().expect("a secret").to_owned()).into()
    }

    fn debugs(&self) -> Vec<String> {
        let wrong = Settings { api_url: format!("http://example.org/{BOT_TOKEN}"), ..settings(&self.fake) };
        let error = connect(wrong).err().expect("plain http is refused");
        vec![format!("{:?}", settings(&self.fake)), format!("{error} {error:?}")]
    }
}

#[tokio::test]
async fn what_is_said_arrives() {
    check_listen(Arc::new(App::new().await)).await.expect("compliant");
}
