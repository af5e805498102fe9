//! The program over a Telegram server on 127.0.0.1.

use std::process::{Child, Command, Stdio};

use signalbox_test_support::telegram::{ChatKind, FakeTelegram, Person, TOKEN};

use crate::ground;
use crate::table::PROGRAM;

/// Who talks to the bot.
pub(crate) const ADA: Person = Person::new(1001, "Ada");
/// Chats; each has its own pace, and so one message in each.
pub(crate) const CHATS: i64 = 100;

pub(crate) fn chat(number: i64) -> i64 {
    1_000_000 + number
}

/// A bot in a directory of its own.
pub(crate) struct Bot {
    pub(crate) fake: FakeTelegram,
    pub(crate) directory: tempfile::TempDir,
}

impl Bot {
    pub(crate) async fn new() -> Self {
        let fake = FakeTelegram::start().await;
        for number in 0..CHATS {
            fake.open(chat(number), ChatKind::Private, "Ada");
        }
        Self { fake, directory: ground::disk() }
    }

    /// Serves, with variables of its own beside.
    pub(crate) fn serve_with(&self, variables: &[(&str, &str)]) -> Serving {
        let child = Command::new(PROGRAM)
            .args(["serve", "--state-dir"])
            .arg(self.directory.path().join("state"))
            .env("XDG_CONFIG_HOME", self.directory.path())
            .env("TELEGRAM_BOT_TOKEN", TOKEN)
            .env("SIGNALBOX__TELEGRAM__API_URL", self.fake.url())
            .env("SIGNALBOX__ALLOW__TELEGRAM__USERS", "[\"1001\"]")
            .env("SIGNALBOX__AGENTS__DATE", "{ kind = 'command', command = ['date', '+%s%N'] }")
            .env("SIGNALBOX__AGENTS__NOTHING", "{ kind = 'command', command = ['echo', 'done'] }")
            .env("SIGNALBOX__HTTP__LISTEN", "127.0.0.1:0")
            .envs(variables.iter().copied())
            .stderr(Stdio::null())
            .spawn();
        Serving(child.expect("it starts"))
    }
}

/// A process that ends with this.
pub(crate) struct Serving(pub(crate) Child);

impl Drop for Serving {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}
