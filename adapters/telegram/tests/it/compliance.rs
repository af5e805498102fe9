//! The arriving half keeps the contract.

use std::sync::Arc;

use async_trait::async_trait;
use signalbox_adapter::Listen;
use signalbox_adapter::testing::{Stage, Standing, check_listen};
use signalbox_telegram::{Settings, connect};
use signalbox_test_support::telegram::{FakeTelegram, Fault, TOKEN};

use crate::scene::{ADA, BOB, settings};

/// A bot and the server it polls.
struct Bot(FakeTelegram);

#[async_trait]
impl Stage for Bot {
    fn listener(&self) -> Box<dyn Listen> {
        Box::new(connect(settings(&self.0)).expect("settings").listen)
    }

    async fn say(&self, chat: usize, text: &str) {
        let person = [ADA, BOB][chat];
        self.0.say(person.id, person, text);
    }

    /// Telegram keeps an update until a poll asks for a later one, and gives it again to each poll before.
    fn standing(&self, text: &str) -> Standing {
        let is_it = |update: &serde_json::Value| update["message"]["text"] == text;
        if self.0.with(|state| state.updates.iter().any(is_it)) { Standing::Kept } else { Standing::Acknowledged }
    }

    async fn disturb(&self, way: usize) -> bool {
        let ways = [
            ("getMe", Fault::DropBefore),
            ("deleteWebhook", Fault::ServerError { done: false }),
            ("getUpdates", Fault::DropBefore),
            ("getUpdates", Fault::DropAfter),
            ("getUpdates", Fault::CutAnswer),
            ("getUpdates", Fault::ServerError { done: false }),
            ("getUpdates", Fault::Html { done: true }),
            ("getUpdates", Fault::TooMany { retry_after: 1 }),
            (
                "getUpdates",
                Fault::Refuse { code: 409, description: "Conflict: terminated by other getUpdates request" },
            ),
        ];
        let Some((method, fault)) = ways.get(way) else { return false };
        self.0.fail_next(method, fault.clone());
        true
    }

    fn secrets(&self) -> Vec<String> {
        vec![TOKEN.split_once(':').expect("an id and a secret").1.to_owned()]
    }

    fn debugs(&self) -> Vec<String> {
        let wrong = Settings { api_url: format!("http://example.org/bot{TOKEN}"), ..settings(&self.0) };
        let error = connect(wrong).err().expect("plain http is refused");
        vec![format!("{:?}", settings(&self.0)), format!("{error} {error:?}")]
    }
}

#[tokio::test]
async fn what_is_said_arrives() {
    let fake = FakeTelegram::start().await;
    fake.open_private(ADA);
    fake.open_private(BOB);
    check_listen(Arc::new(Bot(fake))).await.expect("compliant");
}
