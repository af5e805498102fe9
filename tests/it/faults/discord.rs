//! The same over Discord, which tells of lost receipts.

use nix::sys::signal::Signal;

use signalbox_test_support::discord::{Fault, Person, Scope};
use signalbox_test_support::everyday::House;

use super::{CHATS, Place, Provider, ROOM, story};
use crate::discord::scene::Server;

/// A server, and the channels in which its members write to the bot alone.
struct Members(Server, [u64; CHATS]);

impl Provider for Members {
    fn house(&self) -> &House {
        &self.0.house
    }

    fn say(&self, number: usize, text: &str) {
        self.0.fake.say(self.1[number % CHATS], MEMBERS[number % CHATS], text);
    }

    fn harm(&self, random: &mut fastrand::Rng) {
        let done = random.bool();
        let fault = match random.usize(0..6) {
            0 => Fault::TooMany { retry_after: 0.3, scope: Scope::Shared },
            1 => Fault::DropBefore,
            2 => Fault::DropAfter,
            3 => Fault::CutAnswer,
            4 => Fault::ServerError { done },
            _ => Fault::Html { done },
        };
        let routes =
            ["POST channels/messages", "POST channels/messages", "PATCH channels/messages", "GET channels/messages"];
        self.0.fake.fail_next(routes[random.usize(0..routes.len())], fault);
    }

    fn heal(&self) {
        self.0.fake.with(|state| state.faults.clear());
    }

    fn shown(&self) -> Vec<(Place, String)> {
        let shown = self.1.into_iter().flat_map(|channel| self.0.fake.shows(channel)).filter(|shown| shown.by_bot);
        shown.map(|shown| ((String::new(), shown.id.to_string()), shown.text)).collect()
    }

    fn can_be_asked(&self) -> bool {
        true
    }
}

/// Who writes to the Discord bot, each alone.
const MEMBERS: [Person; CHATS] = [
    Person::new(1001, "Ada"),
    Person::new(1002, "Bob"),
    Person::new(1003, "Cy"),
    Person::new(1004, "Di"),
    Person::new(1005, "Eli"),
    Person::new(1006, "Flo"),
];

#[test]
fn kills_under_faults_of_discord_lose_nothing_and_leave_nothing_stale() {
    let server = Server::allowing(ROOM, &MEMBERS);
    let channels = MEMBERS.map(|member| server.fake.open_direct(member));
    // A channel in which nobody has ever written to the bot is one that Discord does not list.
    let serving = server.serve();
    for (channel, member) in channels.into_iter().zip(MEMBERS) {
        let asked = server.fake.say(channel, member, "/status");
        server.shown(channel, asked, "Nothing is running");
    }
    serving.signal(Signal::SIGTERM);
    serving.end();
    story(&Members(server, channels));
}
