//! A house that serves a Slack app, and the fake that people talk to it through.

use tokio::runtime::Runtime;

use signalbox_test_support::everyday::{House, Talk};
use signalbox_test_support::slack::state::{Channel, Shown, State};
use signalbox_test_support::slack::{APP_TOKEN, BOT_TOKEN, FakeSlack, Person};

/// Who may talk to the bot.
pub(crate) const ADA: Person = Person::new("U1001", "Ada");
/// Who may not.
pub(crate) const EVE: Person = Person::new("U666", "Eve");
/// A channel.
pub(crate) const OPS: &str = "C500";

/// A house with an app, one person's channel and one of the workspace.
pub(crate) struct Workspace {
    pub(crate) house: House,
    pub(crate) fake: FakeSlack,
    /// Where Ada writes to the bot alone.
    pub(crate) direct: String,
    runtime: Runtime,
}

impl Workspace {
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
        let fake = runtime.block_on(FakeSlack::start());
        let mut house = House::new(&format!(
            "{more}\n[slack]\napi_url = \"{}\"\n[allow]\nslack = {{ users = {:?} }}\n",
            fake.url(),
            people.iter().map(|person| person.id).collect::<Vec<_>>()
        ));
        house.set("SLACK_BOT_TOKEN", BOT_TOKEN);
        house.set("SLACK_APP_TOKEN", APP_TOKEN);
        people.iter().for_each(|person| drop(fake.open_direct(*person)));
        let direct = fake.open_direct(ADA);
        fake.open_direct(EVE);
        fake.open(OPS, Channel { name: "ops".to_owned(), ..Channel::default() });
        Self { house, fake, direct, runtime }
    }

    /// Lets Ada do all that there is from the next start on, and nobody else anything.
    pub(crate) fn promote(&mut self) {
        let entry = format!("[{{ id = \"{}\", role = \"admin\" }}]", ADA.id);
        self.house.set("SIGNALBOX__ALLOW__SLACK__USERS", &entry);
    }

    /// Lets something run beside the fake.
    pub(crate) fn through<T>(&self, begun: impl Future<Output = T>) -> T {
        self.runtime.block_on(begun)
    }

    /// Serves, and waits until the app is listened for.
    pub(crate) fn serve(&self) -> Talk {
        let stood = self.fake.with(|state| state.stood);
        let serving = self.house.serve();
        self.until("two sockets stand", |state| state.stood >= stood + 2);
        serving
    }

    /// Waits until the fake is as it should be.
    pub(crate) fn until(&self, what: &str, is_so: impl FnMut(&State) -> bool) {
        self.runtime.block_on(self.fake.wait_until(what, is_so));
    }

    /// Waits until a channel or a thread of it shows a message of the bot that is newer than `after`, and returns the first
    /// such.
    pub(crate) fn shown(&self, channel: &str, after: &str, needle: &str) -> Shown {
        let is_it = |shown: &Shown| shown.by_bot && shown.ts.as_str() > after && shown.words().contains(needle);
        let find = |state: &mut State| state.shows(channel).into_iter().find(is_it);
        self.runtime.block_on(self.fake.wait_for(&format!("{needle:?} in {channel}"), find))
    }
}
