//! A house that serves a Discord bot, and the fake that people talk to it through.

use tokio::runtime::Runtime;

use signalbox_test_support::discord::state::{Channel, Shown, State};
use signalbox_test_support::discord::{FakeDiscord, Person, TOKEN};
use signalbox_test_support::everyday::{House, Talk};

/// Who may talk to the bot.
pub(crate) const ADA: Person = Person::new(1001, "Ada");
/// Who may not.
pub(crate) const EVE: Person = Person::new(666, "Eve");
/// A channel of the server.
pub(crate) const OPS: u64 = 500;

/// A house with a bot, one person's channel and one of a server.
pub(crate) struct Server {
    pub(crate) house: House,
    pub(crate) fake: FakeDiscord,
    /// Where Ada writes to the bot alone.
    pub(crate) direct: u64,
    runtime: Runtime,
}

impl Server {
    /// A house whose bot Ada may use, with `more` in its configuration; it does not serve yet.
    pub(crate) fn new(more: &str) -> Self {
        Self::allowing(more, &[ADA])
    }

    /// A house whose bot these people may use.
    pub(crate) fn allowing(more: &str, people: &[Person]) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .expect("a runtime for the fake");
        let fake = runtime.block_on(FakeDiscord::start());
        let mut house = House::new(&format!(
            "{more}\n[discord]\napi_url = \"{}\"\n[allow]\ndiscord = {{ users = {:?} }}\n",
            fake.url(),
            people.iter().map(|person| person.id.to_string()).collect::<Vec<_>>()
        ));
        house.set("DISCORD_BOT_TOKEN", TOKEN);
        let direct = fake.open_direct(ADA);
        fake.open_direct(EVE);
        fake.open(OPS, Channel { name: "ops".to_owned(), ..Channel::default() });
        Self { house, fake, direct, runtime }
    }

    /// Lets something run beside the fake.
    pub(crate) fn through<T>(&self, begun: impl Future<Output = T>) -> T {
        self.runtime.block_on(begun)
    }

    /// Serves, and waits until the bot is listened for.
    pub(crate) fn serve(&self) -> Talk {
        let sessions = self.fake.with(|state| state.identified + state.resumed);
        let serving = self.house.serve();
        self.until("the bot is listened for", |state| state.identified + state.resumed > sessions);
        serving
    }

    /// Waits until the fake is as it should be.
    pub(crate) fn until(&self, what: &str, is_so: impl FnMut(&State) -> bool) {
        self.runtime.block_on(self.fake.wait_until(what, is_so));
    }

    /// Waits until the fake is as it should be, for what takes long by its own limits.
    pub(crate) fn until_at_length(&self, what: &str, is_so: impl FnMut(&State) -> bool) {
        self.runtime.block_on(self.fake.wait_long_until(what, is_so));
    }

    /// Waits until a channel shows a message of the bot that is newer than `after`, and returns the first such.
    pub(crate) fn shown(&self, channel: u64, after: u64, needle: &str) -> Shown {
        let is_it = |shown: &Shown| shown.by_bot && shown.id > after && shown.text.contains(needle);
        let find = |state: &mut State| state.shows(channel).into_iter().find(is_it);
        self.runtime.block_on(self.fake.wait_for(&format!("{needle:?} in {channel}"), find))
    }

    /// The id of a message, once the program knows that it is shown: what a person replies to.
    pub(crate) fn known(&self, shown: &Shown) -> u64 {
        self.house.knows(shown.id);
        shown.id
    }
}
