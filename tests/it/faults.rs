//! Kills under faults: the program lives for moments while the server of a provider fails at the same time, and everything
//! that was asked for is done once, answered, and left tidy.

mod discord;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use signalbox_test_support::everyday::{House, Talk};
use signalbox_test_support::slack::{self, Fault as SlackFault};
use signalbox_test_support::telegram::{ChatKind, Fault as TelegramFault};

use crate::crashes::seed;
use crate::phone::scene::{ADA, Phone};
use crate::slack::scene::Workspace;

/// Prompts of a story.
const PROMPTS: usize = 36;
/// Lives of the program.
const LIVES: usize = 10;
/// Faults a life, at most.
const FAULTS: usize = 5;
/// Longest life.
const LIFE: Duration = Duration::from_millis(1500);
/// Chats that they come from.
const CHATS: usize = 6;
/// Longest wait for all to be done after the last kill; a machine that does nothing else takes a few seconds.
const SETTLED_WITHIN: Duration = Duration::from_secs(180);
/// What marks an answer that may have come before.
const MARK: &str = "(may be a repeat)";

/// A chat's address and the id of a message in it.
type Place = (String, String);

/// A provider whose server fails now and then.
trait Provider {
    fn house(&self) -> &House;
    /// Lets somebody say something in one of a few chats.
    fn say(&self, number: usize, text: &str);
    /// Lets one of the next calls fail in some way.
    fn harm(&self, random: &mut fastrand::Rng);
    /// From now on nothing fails.
    fn heal(&self);
    /// All that the bot shows: which message, as rows name it, and what it says.
    fn shown(&self) -> Vec<(Place, String)>;
    /// Whether a lost receipt can be asked for.
    fn can_be_asked(&self) -> bool;
}

fn live(on: &impl Provider, lives: impl IntoIterator<Item = Duration>, random: &mut fastrand::Rng) {
    let mut said = 0;
    for (life, lasts) in lives.into_iter().enumerate() {
        let until = PROMPTS * (life + 1) / LIVES;
        for _ in 0..random.usize(1..=FAULTS) {
            on.harm(random);
        }
        let half = said + (until - said) / 2;
        let mut prompt = |said: &mut usize| {
            let (number, pause) = (*said, random.u32(0..900));
            // A third of them lasts, so that there is a status message.
            let pause = if number % 3 == 0 { format!("sleep {pause}; ") } else { String::new() };
            on.say(number, &format!("/session --name s{number} script: {pause}answer <{number}>"));
            *said += 1;
        };
        while said < half {
            prompt(&mut said);
        }
        let serving = on.house().start(on.house().command(&["serve"]));
        while said < until {
            prompt(&mut said);
        }
        die_after(serving, lasts);
    }
    on.heal();
}

fn die_after(mut serving: Talk, lasts: Duration) {
    let until = Instant::now() + lasts;
    while Instant::now() < until && serving.goes_on() {
        std::thread::park_timeout(Duration::from_millis(1));
    }
    serving.signal(Signal::SIGKILL);
    serving.end();
}

/// Returns the answer that a text has, `<n>`.
fn answers(text: &str, number: usize) -> bool {
    text.contains(&format!("<{number}>"))
}

/// Whether a text says of a task that it has not ended.
fn is_stale(text: &str) -> bool {
    ["] Started", "] Queued", "] Running", "] Stopping"].iter().any(|word| text.contains(word))
}

fn story(on: &impl Provider) {
    let mut random = fastrand::Rng::with_seed(seed());
    let lives: Vec<Duration> = (0..LIVES).map(|_| LIFE.mul_f64(0.01 + 0.99 * random.f64())).collect();
    live(on, lives, &mut random);
    let house = on.house();
    let healed = Instant::now();
    let _serving = house.serve();
    let open = || {
        let [tasks, running, unsaid] =
            ["tasks", "tasks WHERE finished_at IS NULL", "outbox WHERE state IN ('pending', 'sending', 'unknown')"]
                .map(|rows| usize::try_from(house.count(rows)).expect("a number"));
        (PROMPTS - tasks, running, unsaid)
    };
    while open() != (0, 0, 0) {
        assert!(healed.elapsed() < SETTLED_WITHIN, "not taken, not ended, not said: {:?}", open());
        std::thread::park_timeout(Duration::from_millis(20));
    }
    println!("it took {:?} after the last kill", healed.elapsed());
    let mut runs: BTreeMap<String, usize> = BTreeMap::new();
    for (_, _, prompt) in house.runs() {
        *runs.entry(prompt).or_default() += 1;
    }
    assert!(runs.len() == PROMPTS && runs.values().all(|times| *times == 1), "each ran once: {runs:#?}");
    assert_eq!(house.count("outbox WHERE state = 'failed'"), 0, "nothing is given up");
    let shown = on.shown();
    let (mut repeats, mut blind) = (0, 0);
    for number in 0..PROMPTS {
        let told: Vec<&str> =
            shown.iter().filter(|(_, text)| answers(text, number)).map(|(_, text)| text.as_str()).collect();
        assert!(!told.is_empty(), "the answer <{number}> is shown");
        let unmarked = told.iter().filter(|text| !text.contains(MARK)).count();
        assert!(unmarked <= 1, "<{number}> is shown {unmarked} times without a mark: {told:#?}");
        repeats += told.len() - 1;
        let about = format!("[s{number}]");
        let of_status = shown.iter().filter(|(_, text)| text.contains(&about) && !answers(text, number));
        let known = of_status.filter(|((address, id), text)| {
            // What nobody can know of cannot be changed: its receipt was lost, and the provider tells of none.
            let is_known = on.can_be_asked()
                || house.count(&format!("outbox WHERE message = '{id}' AND address = '{address}'")) > 0;
            blind += usize::from(!is_known);
            assert!(!is_known || !is_stale(text), "it has ended, and a message still says: {text}");
            is_known
        });
        assert!(known.count() <= 1, "{about} has one status message: {shown:#?}");
    }
    println!("{repeats} answers came again, marked; {blind} status messages are known to nobody");
}

fn group(number: usize) -> i64 {
    1_000_000 + i64::try_from(number % CHATS).expect("small")
}

impl Provider for Phone {
    fn house(&self) -> &House {
        &self.house
    }

    fn say(&self, number: usize, text: &str) {
        self.fake.say(group(number), ADA, text);
    }

    fn harm(&self, random: &mut fastrand::Rng) {
        let done = random.bool();
        let fault = match random.usize(0..6) {
            0 => TelegramFault::TooMany { retry_after: 1 },
            1 => TelegramFault::DropBefore,
            2 => TelegramFault::DropAfter,
            3 => TelegramFault::CutAnswer,
            4 => TelegramFault::ServerError { done },
            _ => TelegramFault::Html { done },
        };
        let methods = ["sendmessage", "sendmessage", "sendmessage", "editmessagetext", "getupdates", "sendchataction"];
        self.fake.fail_next(methods[random.usize(0..methods.len())], fault);
    }

    fn heal(&self) {
        self.fake.with(|state| state.faults.clear());
    }

    fn shown(&self) -> Vec<(Place, String)> {
        self.fake.with(|state| {
            let by_bot = state.messages.iter().filter(|(_, shown)| shown.by_bot);
            by_bot
                .map(|((chat, id), shown)| ((format!("telegram:{chat}"), id.to_string()), shown.text.clone()))
                .collect()
        })
    }

    fn can_be_asked(&self) -> bool {
        false
    }
}

/// A workspace, and the channels in which its people write to the app alone.
struct Users(Workspace, [String; CHATS]);

impl Provider for Users {
    fn house(&self) -> &House {
        &self.0.house
    }

    fn say(&self, number: usize, text: &str) {
        self.0.fake.say(&self.1[number % CHATS], USERS[number % CHATS], text);
    }

    fn harm(&self, random: &mut fastrand::Rng) {
        let done = random.bool();
        let fault = match random.usize(0..6) {
            0 => SlackFault::TooMany { retry_after: 1 },
            1 => SlackFault::DropBefore,
            2 => SlackFault::DropAfter,
            3 => SlackFault::CutAnswer,
            4 => SlackFault::InternalError { done },
            _ => SlackFault::Html { done },
        };
        let methods = ["chat.postMessage", "chat.postMessage", "chat.update", "conversations.history"];
        self.0.fake.fail_next(methods[random.usize(0..methods.len())], fault);
    }

    fn heal(&self) {
        self.0.fake.with(|state| state.faults.clear());
    }

    fn shown(&self) -> Vec<(Place, String)> {
        let shown = self.1.iter().flat_map(|channel| self.0.fake.shows(channel)).filter(|shown| shown.by_bot);
        shown.map(|shown| ((String::new(), shown.ts.clone()), shown.words())).collect()
    }

    fn can_be_asked(&self) -> bool {
        true
    }
}

/// Who writes to the Slack app, each alone.
const USERS: [slack::Person; CHATS] = [
    slack::Person::new("U1001", "Ada"),
    slack::Person::new("U1002", "Bob"),
    slack::Person::new("U1003", "Cy"),
    slack::Person::new("U1004", "Di"),
    slack::Person::new("U1005", "Eli"),
    slack::Person::new("U1006", "Flo"),
];

/// Sessions and tasks of one chat are not what these stories are about.
const ROOM: &str = "limits.max_sessions_per_chat = 100\nlimits.max_queued_per_chat = 100\n";

#[test]
fn kills_under_faults_of_telegram_lose_nothing_and_leave_nothing_stale() {
    let phone = Phone::new(ROOM);
    for chat in 0..CHATS {
        phone.fake.open(group(chat), ChatKind::Private, "Ada");
    }
    story(&phone);
}

#[test]
fn kills_under_faults_of_slack_lose_nothing_and_leave_nothing_stale() {
    let workspace = Workspace::allowing(ROOM, &USERS);
    let channels = USERS.map(|user| workspace.fake.open_direct(user));
    story(&Users(workspace, channels));
}
