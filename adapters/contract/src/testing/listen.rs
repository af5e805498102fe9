//! What every `Listen` has to keep.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};

use super::scene::{LOOK_EVERY, Outcome, PATIENCE, STOP_WITHIN, Scene};
use super::watched::Keys;
use super::{Breach, Stage, Standing};
use crate::IncomingKind;

/// How long it is watched that nothing happens.
const WATCHED: Duration = Duration::from_millis(300);
/// Messages with which order is checked.
const MANY: usize = 12;

/// Checks a listener in front of a [`Stage`].
///
/// It must stop when it is told to; offer the messages of a chat one after the other, in their order; acknowledge a
/// message only when `accept` has returned `Ok` for it, and then do so; lose nothing where `accept` fails, where the
/// program dies before `accept` returned or where the connection breaks; give a copy the key of the first, and no other
/// message that key; tell of a message that was taken away where it stood, behind the message itself; and show nothing
/// secret in what it prints for people who debug, errors included.
///
/// # Errors
/// The first [`Breach`].
pub async fn check_listen(stage: Arc<dyn Stage>) -> Result<(), Breach> {
    let keys = Keys::default();
    let scene = |case: &'static str| (Scene::new(&stage, &keys), move |what| Breach::new(case, what));
    let (on, breach) = scene("a stop before anything else");
    on.a_stop_at_once().await.map_err(breach)?;
    let (on, breach) = scene("one message");
    on.one_message().await.map_err(breach)?;
    let (on, breach) = scene("the order of messages");
    on.order().await.map_err(breach)?;
    let (on, breach) = scene("a message that is being accepted");
    on.acknowledgement().await.map_err(breach)?;
    let (on, breach) = scene("a message that is not accepted");
    on.a_refusal().await.map_err(breach)?;
    let (on, breach) = scene("a copy");
    on.copies().await.map_err(breach)?;
    let (on, breach) = scene("two messages of the same words");
    on.twins().await.map_err(breach)?;
    let (on, breach) = scene("a message that is taken away");
    on.a_deletion().await.map_err(breach)?;
    let (on, breach) = scene("a broken connection");
    on.losses().await.map_err(breach)?;
    let (on, breach) = scene("what is shown for debugging");
    on.secrecy().map_err(breach)
}

/// The rules, one a scene.
impl Scene {
    async fn a_stop_at_once(&self) -> Outcome {
        let cx = self.context();
        cx.shutdown.cancel();
        let mut listener = self.stage.listener();
        let stopped = timeout(STOP_WITHIN, self.listen(listener.as_mut(), &cx)).await;
        stopped.map_err(|_| format!("it listens, and goes on for {STOP_WITHIN:?}"))?
    }

    async fn one_message(&self) -> Outcome {
        let mut listener = self.stage.listener();
        let story = async {
            self.stage.say(0, "one").await;
            self.until_taken(&["one"]).await
        };
        self.listening(listener.as_mut(), story).await
    }

    async fn order(&self) -> Outcome {
        let mut listener = self.stage.listener();
        let texts: Vec<String> = (0..MANY).map(|number| format!("number {number}")).collect();
        // Half of them wait for the listener.
        for (number, text) in texts.iter().enumerate().take(MANY / 2) {
            self.stage.say(number % 2, text).await;
        }
        let story = async {
            for (number, text) in texts.iter().enumerate().skip(MANY / 2) {
                self.stage.say(number % 2, text).await;
            }
            self.until_taken(&texts.iter().map(String::as_str).collect::<Vec<_>>()).await
        };
        self.listening(listener.as_mut(), story).await?;
        for (chat, taken) in self.inbox.chats() {
            let said: Vec<&String> = texts.iter().filter(|text| taken.contains(text)).collect();
            if taken.iter().ne(said) {
                return Err(format!("{chat} was taken as {taken:?}"));
            }
        }
        Ok(())
    }

    async fn acknowledgement(&self) -> Outcome {
        let mut listener = self.stage.listener();
        let story = async {
            self.inbox.hold("held");
            self.stage.say(0, "held").await;
            self.until("a message", || !self.inbox.keys_of("held").is_empty()).await?;
            self.stage.say(0, "behind").await;
            let watched = Instant::now();
            while watched.elapsed() < WATCHED {
                if self.stage.standing("held") == Standing::Acknowledged {
                    return Err("a message was acknowledged before it was accepted".to_owned());
                }
                self.inbox.breach().map_or(Ok(()), Err)?;
                sleep(LOOK_EVERY).await;
            }
            self.inbox.release();
            self.until_taken(&["held", "behind"]).await
        };
        self.listening(listener.as_mut(), story).await
    }

    async fn a_refusal(&self) -> Outcome {
        let texts = ["well", "refused", "and on"];
        let mut listener = self.stage.listener();
        self.inbox.refuse_once("refused");
        let mut said_again = false;
        let story = async {
            for text in texts {
                self.stage.say(0, text).await;
            }
            let started = Instant::now();
            while self.inbox.count("refused") == 0 {
                let standing = self.stage.standing("refused");
                let was_offered = !self.inbox.keys_of("refused").is_empty();
                if standing == Standing::Acknowledged && self.inbox.count("refused") == 0 {
                    return Err("it was acknowledged".to_owned());
                }
                if standing == Standing::Returned && !said_again {
                    said_again = true;
                    self.stage.say(0, "refused").await;
                }
                if started.elapsed() > PATIENCE {
                    let offered = if was_offered { "not offered again" } else { "not offered at all" };
                    return Err(format!("it was {offered}, and its sender was not told that it was not taken"));
                }
                self.stage.give_again().await;
                sleep(LOOK_EVERY).await;
            }
            self.until_taken(&["well", "and on"]).await
        };
        self.listening(listener.as_mut(), story).await?;
        let chats = self.inbox.chats();
        let is_in_order =
            |taken: &Vec<String>| taken.iter().eq(texts.iter().filter(|text| taken.contains(&(**text).to_owned())));
        if said_again || chats.values().all(is_in_order) {
            Ok(())
        } else {
            Err(format!("what followed it was taken before it: {chats:?}"))
        }
    }

    async fn copies(&self) -> Outcome {
        let mut listener = self.stage.listener();
        self.inbox.hold("cut off");
        self.stage.say(0, "cut off").await;
        let cx = self.context();
        let cut = tokio::select! {
            biased;
            ended = self.listen(listener.as_mut(), &cx) => ended,
            offered = self.until("a message", || !self.inbox.keys_of("cut off").is_empty()) => offered,
        };
        cut?;
        drop(listener);
        self.inbox.release();
        let keeps = self.stage.standing("cut off") == Standing::Kept;
        self.stage.give_again().await;
        if !keeps {
            return Ok(());
        }
        let mut listener = self.stage.listener();
        self.listening(listener.as_mut(), self.until_taken(&["cut off"])).await?;
        let keys = self.inbox.keys_of("cut off");
        match keys.iter().find(|key| *key != &keys[0]) {
            Some(other) => Err(format!("it has the key {other}, and the first had {}", keys[0])),
            None => Ok(()),
        }
    }

    async fn twins(&self) -> Outcome {
        let mut listener = self.stage.listener();
        let story = async {
            for _ in 0..2 {
                self.stage.say(0, "the same").await;
            }
            self.until("both to be taken, each by its own key", || self.inbox.count("the same") == 2).await?;
            self.until_taken(&["the same"]).await
        };
        self.listening(listener.as_mut(), story).await
    }

    async fn a_deletion(&self) -> Outcome {
        let mut listener = self.stage.listener();
        self.inbox.hold("taken away");
        let story = async {
            self.stage.say(0, "taken away").await;
            self.until("a message", || !self.inbox.keys_of("taken away").is_empty()).await?;
            if !self.stage.take_away(0, "taken away").await {
                self.inbox.release();
                return self.until_taken(&["taken away"]).await;
            }
            self.inbox.release();
            self.until("it to be told of", || !self.inbox.deletions().is_empty()).await?;
            self.stage.give_again().await;
            self.stage.say(0, "behind it").await;
            self.until_taken(&["behind it"]).await
        };
        self.listening(listener.as_mut(), story).await?;
        let taken = self.inbox.accepted();
        let Some(first) = taken.iter().position(|one| one.kind == IncomingKind::Deleted) else { return Ok(()) };
        let gone = &taken[first];
        let stood = taken[..first].iter().find(|one| one.message.is_some() && one.message == gone.message);
        match stood {
            None => Err("what is told of as taken away is no message that was told before".to_owned()),
            Some(stood) if stood.address != gone.address => {
                Err(format!("it stood in {}, and is told of in {}", stood.address, gone.address))
            }
            Some(_) if self.inbox.deletions().len() > 1 => Err("it is told of twice".to_owned()),
            Some(_) => Ok(()),
        }
    }

    async fn losses(&self) -> Outcome {
        let mut way = 0;
        while self.stage.disturb(way).await {
            let text = format!("after the loss {way}");
            let mut listener = self.stage.listener();
            let story = async {
                self.stage.say(0, &text).await;
                self.until_taken(&[&text]).await
            };
            self.listening(listener.as_mut(), story).await?;
            way += 1;
        }
        Ok(())
    }

    fn secrecy(&self) -> Outcome {
        self.stage.debugs().iter().try_for_each(|shown| self.hides_secrets(shown))
    }
}
