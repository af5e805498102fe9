//! A house that serves a Telegram bot, and the fake that people talk to it through.

use tokio::runtime::Runtime;

use signalbox_test_support::everyday::{House, Talk};
use signalbox_test_support::telegram::state::{Shown, State};
use signalbox_test_support::telegram::{FakeTelegram, Person, TOKEN};

/// Who may talk to the bot.
pub(crate) const ADA: Person = Person::new(1001, "Ada");
/// Who may not.
pub(crate) const EVE: Person = Person::new(666, "Eve");

/// A house with a bot, and a private chat with it.
pub(crate) struct Phone {
    pub(crate) house: House,
    pub(crate) fake: FakeTelegram,
    runtime: Runtime,
}

impl Phone {
    /// A house whose bot Ada may use, with `more` in its configuration; it does not serve yet.
    pub(crate) fn new(more: &str) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .expect("a runtime for the fake");
        let fake = runtime.block_on(FakeTelegram::start());
        let mut house = House::new(&format!(
            "{more}\n[telegram]\napi_url = \"{}\"\n[allow]\ntelegram = {{ users = [\"{}\"] }}\n",
            fake.url(),
            ADA.id
        ));
        house.set("TELEGRAM_BOT_TOKEN", TOKEN);
        fake.open_private(ADA);
        Self { house, fake, runtime }
    }

    /// Lets something run beside the fake.
    pub(crate) fn through<T>(&self, begun: impl Future<Output = T>) -> T {
        self.runtime.block_on(begun)
    }

    /// Lets anybody in a chat do what a role may.
    pub(crate) fn allow_chat(&mut self, chat: i64, role: &str) {
        let entry = format!("[{{ id = \"{chat}\", role = \"{role}\" }}]");
        self.house.set("SIGNALBOX__ALLOW__TELEGRAM__CHATS", &entry);
    }

    /// Lets Ada do all that there is from the next start on.
    pub(crate) fn promote(&mut self) {
        let entry = format!("[{{ id = \"{}\", role = \"admin\" }}]", ADA.id);
        self.house.set("SIGNALBOX__ALLOW__TELEGRAM__USERS", &entry);
    }

    /// Lets somebody press a button twice, before the bot can answer; returns the ids of the presses.
    pub(crate) fn press_twice(&self, chat: i64, who: Person, message: i64, label: &str) -> (String, String) {
        let first = self.fake.press(chat, who, message, label);
        let second = self.fake.with(|state| state.press_again(&first));
        (first, second)
    }

    /// Serves, and waits until the bot is listened for.
    pub(crate) fn serve(&self) -> Talk {
        let polls = self.fake.with(|state| state.polls);
        let serving = self.house.serve();
        self.until("the bot is listened for", |state| state.polls > polls);
        serving
    }

    /// Lets Ada say something in her own chat; returns the message's id.
    pub(crate) fn say(&self, text: &str) -> i64 {
        self.fake.say(ADA.id, ADA, text)
    }

    /// Waits until the fake is as it should be.
    pub(crate) fn until(&self, what: &str, is_so: impl FnMut(&State) -> bool) {
        self.runtime.block_on(self.fake.wait_until(what, is_so));
    }

    /// Waits until the fake is as it should be; for what takes its time by the provider's own pace.
    pub(crate) fn until_patiently(&self, what: &str, is_so: impl FnMut(&State) -> bool) {
        self.runtime.block_on(self.fake.wait_long_until(what, is_so));
    }

    /// Waits until Ada's chat shows a message of the bot that is newer than `after`, and returns it.
    pub(crate) fn shown(&self, after: i64, needle: &str) -> Shown {
        self.shown_in(ADA.id, after, needle)
    }

    /// Waits until a chat shows a message of the bot that is newer than `after`, and returns the first such.
    pub(crate) fn shown_in(&self, chat: i64, after: i64, needle: &str) -> Shown {
        let is_it = |shown: &Shown| shown.by_bot && shown.id > after && shown.text.contains(needle);
        let find = |state: &mut State| state.shows(chat).into_iter().find(is_it);
        self.runtime.block_on(self.fake.wait_for(&format!("{needle:?} in {chat}"), find))
    }

    /// The id of a message, once the program knows that it is shown: what a person replies to.
    pub(crate) fn known(&self, shown: &Shown) -> i64 {
        self.house.knows(shown.id);
        shown.id
    }
}
