//! Connections are cut again and again, sessions end, and the program is killed: all is handled once, and none of it lost.

use std::collections::BTreeMap;

use nix::sys::signal::Signal;
use signalbox_test_support::discord::state::{Channel, State};
use signalbox_test_support::discord::{Cut, Person};
use signalbox_test_support::everyday::eventually;

use crate::discord::scene::Server;

/// Heartbeats so close that a dead connection is noticed soon.
const HEARTBEAT_MS: u64 = 300;
/// Cuts in a row.
const ROUNDS: usize = 50;
/// Messages around each cut, each of somebody else.
const MESSAGES: usize = 20;
/// Presses around each cut.
const PRESSES: usize = 4;
/// People who write to the bot.
const PEOPLE: usize = 100;
/// Alert channels; in each stands one card that is pressed.
const CHANNELS: usize = 20;
/// The bot that posts alerts.
const MONITOR: Person = Person { id: 700, name: "Monitor", is_bot: true };

/// What happens to a connection.
#[derive(Clone, Copy)]
enum Trouble {
    /// It is cut, and its session goes on.
    Cut(Cut),
    /// It is cut, and the program is killed and started again.
    Kill(Cut),
    /// Its session is over: by this, or while nobody is connected.
    Over(Option<Cut>),
}

/// Ten troubles in a row; the sessions of each ten end in another way.
fn trouble(round: usize) -> Trouble {
    use Trouble::{Cut as Goes, Kill, Over};
    let over = [
        Some(Cut::Close(4007)),
        Some(Cut::Close(4009)),
        Some(Cut::Invalid { resumable: false }),
        Some(Cut::Close(1001)),
        None,
    ];
    match round % 10 {
        0 => Goes(Cut::Close(4000)),
        1 => Goes(Cut::Reset),
        2 => Kill(Cut::Reconnect),
        3 => Goes(Cut::Invalid { resumable: true }),
        4 => Goes(Cut::Deaf),
        5 => Over(over[round / 10]),
        6 => Goes(Cut::Mute),
        7 => Kill(Cut::Close(4008)),
        8 => Goes(Cut::HalfFrame),
        _ => Goes(Cut::Reconnect),
    }
}

fn person(number: usize) -> Person {
    Person::new(10_000 + number as u64, "Kim")
}

fn alert_channel(number: usize) -> u64 {
    800 + number as u64
}

/// A server with people, alert channels, and a card in each of these; what it was told, and what it has to have handled.
struct Storm {
    server: Server,
    /// The cards that are pressed, by their channels.
    cards: Vec<u64>,
    /// Messages that are to be answered: channel and id.
    said: Vec<(u64, u64)>,
    /// Presses by their ids: who, and the number of the channel.
    pressed: BTreeMap<u64, (u64, usize)>,
    posts: usize,
}

impl Storm {
    fn new() -> Self {
        let people: Vec<Person> = (0..PEOPLE).map(person).collect();
        let channels: String = (0..CHANNELS)
            .map(|number| format!("[[triage.channels]]\naddress = \"discord:{}\"\n", alert_channel(number)))
            .collect();
        let triage = format!("[triage]\ngroup_wait = \"0s\"\nauto_investigate = []\n{channels}");
        let server = Server::allowing(&triage, &people);
        server.fake.with(|state| state.heartbeat_ms = HEARTBEAT_MS);
        for person in &people {
            server.fake.open_direct(*person);
        }
        for number in 0..CHANNELS {
            let channel = Channel { name: format!("alerts-{number}"), ..Channel::default() };
            server.fake.open(alert_channel(number), channel);
        }
        Self { server, cards: Vec::new(), said: Vec::new(), pressed: BTreeMap::new(), posts: 0 }
    }

    fn post_alert(&mut self, channel: usize) {
        let text = format!("[FIRING:1] Rule{} (db-1 prod)\nSeverity: warning", self.posts);
        self.server.fake.say(alert_channel(channel), MONITOR, &text);
        self.posts += 1;
    }

    fn say(&mut self) {
        let person = person(self.said.len() % PEOPLE);
        let channel = person.id + 1_000_000;
        self.said.push((channel, self.server.fake.say(channel, person, "/id")));
    }

    fn press(&mut self) {
        let (number, who) = (self.pressed.len() % CHANNELS, person(self.pressed.len() / CHANNELS));
        let press = self.server.fake.press(alert_channel(number), who, self.cards[number], "Assign to me");
        self.pressed.insert(press, (who.id, number));
    }

    /// The presses that the bot was told of; those of a time without a session are lost with Discord.
    fn told(&self) -> Vec<(u64, usize)> {
        let told = |state: &State| -> Vec<u64> {
            self.pressed.keys().copied().filter(|press| state.interactions[press].told).collect()
        };
        self.server.fake.with(|state| told(state)).iter().map(|press| self.pressed[press]).collect()
    }
}

/// How often a message is answered: as if for the first time, and with the word that it may be a repeat.
fn answers(state: &State, channel: u64, message: u64) -> (usize, usize) {
    let answers = state.shows(channel).into_iter().filter(|shown| shown.by_bot && shown.reply_to == Some(message));
    let (marked, unmarked): (Vec<_>, Vec<_>) = answers.partition(|shown| shown.text.contains("may be a repeat"));
    (unmarked.len(), marked.len())
}

#[test]
fn fifty_cuts_and_ten_kills_lose_nothing_and_nothing_is_handled_twice() {
    let mut storm = Storm::new();
    let mut serving = storm.server.serve();
    (0..CHANNELS).for_each(|channel| storm.post_alert(channel));
    storm.cards = (0..CHANNELS).map(|number| storm.server.shown(alert_channel(number), 0, "Rule").id).collect();
    for round in 0..ROUNDS {
        storm.server.fake.with(|state| state.repeats = (20..30).contains(&round));
        if round % 10 == 9 {
            storm.server.fake.cut(Cut::Gap);
            storm.server.fake.cut(Cut::Nonsense);
        }
        let sessions = storm.server.fake.with(|state| state.identified + state.resumed);
        for number in 0..MESSAGES {
            if number == MESSAGES / 2 {
                match trouble(round) {
                    Trouble::Cut(cut) | Trouble::Kill(cut) | Trouble::Over(Some(cut)) => storm.server.fake.cut(cut),
                    Trouble::Over(None) => {
                        storm.server.fake.with(State::end_sessions);
                        storm.server.fake.cut(Cut::Reset);
                    }
                }
            }
            storm.say();
            if number % (MESSAGES / PRESSES) == 0 {
                storm.press();
            }
        }
        storm.post_alert(round % CHANNELS);
        if let Trouble::Kill(_) = trouble(round) {
            serving.signal(Signal::SIGKILL);
            serving.end();
            serving = storm.server.serve();
        }
        storm.server.until("a session is there again", |state| {
            !state.has_cuts() && state.identified + state.resumed > sessions && state.is_told_all()
        });
    }
    storm.server.until("every message is answered", |state| {
        storm.said.iter().all(|(channel, message)| answers(state, *channel, *message) != (0, 0))
    });
    let told = storm.told();
    let assigned = "incident_events WHERE event = 'assigned'";
    let house = &storm.server.house;
    let handled = || usize::try_from(house.count(assigned)).expect("a count");
    eventually("every press is handled", || handled() >= told.len());
    eventually("every alert has its card", || house.count("incidents WHERE card IS NOT NULL") == storm.posts as i64);
    eventually("nothing waits to be sent", || {
        house.count("outbox WHERE state IN ('pending', 'sending', 'unknown')") == 0
    });
    assert_eq!(handled(), told.len(), "each press once");
    for (who, channel) in &told {
        let card = format!("{assigned} AND who = '{who}' AND incident = {}", channel + 1);
        assert!(house.count(&card) <= 1, "{card}");
    }
    let begun = storm.server.fake.with(|state| state.identified);
    assert_eq!(begun, 1 + ROUNDS / 10, "a session is begun only where one was over");
    let lost = storm.pressed.len() - told.len();
    assert!(lost <= ROUNDS / 10 * PRESSES, "{lost} presses came while no session was there");
    let inbound = storm.said.len() + storm.posts + told.len();
    assert_eq!(house.count("inbox"), inbound as i64, "each once");
    let twice = |state: &State| -> Vec<(u64, u64)> {
        storm.said.iter().copied().filter(|(channel, message)| answers(state, *channel, *message).0 > 1).collect()
    };
    assert_eq!(storm.server.fake.with(|state| twice(state)), [], "at most one answer that says nothing of a repeat");
    let cards = |state: &State| {
        let shown = (0..CHANNELS).flat_map(|number| state.shows(alert_channel(number)));
        shown.filter(|shown| shown.by_bot && shown.text.contains("Rule")).count()
    };
    assert_eq!(storm.server.fake.with(|state| cards(state)), storm.posts, "one card each");
}
