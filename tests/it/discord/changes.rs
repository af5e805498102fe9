//! What becomes of a prompt whose message is edited or taken away.

use nix::sys::signal::Signal;
use serde_json::json;
use signalbox_test_support::discord::Post;

use crate::discord::scene::{ADA, OPS, Server};

/// One at a time, so that the second prompt waits.
const ONE_AT_A_TIME: &str = "limits.max_tasks = 1\n";

impl Server {
    /// Lets Ada ask for what runs until the gate is opened, and waits until it does.
    fn hold(&self) -> u64 {
        let gate = self.house.text("gate");
        let running =
            self.fake.say(self.direct, ADA, &format!("/session script: say at it; wait {gate}; answer <first>"));
        self.shown(self.direct, running, "at it");
        running
    }

    /// Lets Ada ask for something that waits; returns the message that asks, and the one that shows that it waits.
    fn ask_behind(&self, words: &str) -> (u64, u64) {
        let asked = self.fake.say(self.direct, ADA, &format!("/session script: answer {words}"));
        (asked, self.shown(self.direct, asked, "Queued").id)
    }
}

#[test]
fn a_waiting_prompt_whose_message_is_taken_away_is_withdrawn_and_nothing_else_is() {
    let server = Server::new(ONE_AT_A_TIME);
    let serving = server.serve();
    let running = server.hold();
    let (first, told) = server.ask_behind("<never>");
    let (second, told_second) = server.ask_behind("<nor this>");
    let (kept, _) = server.ask_behind("<kept>");
    let in_a_channel = server.fake.say(OPS, ADA, "<@4242> script: answer <nowhere>");
    let told_there = server.shown(in_a_channel, 0, "Queued").id;
    let rows = server.house.count("inbox");
    let chatter = server.fake.say(OPS, ADA, "to nobody");
    let said = server.fake.with(|state| state.shows(server.direct).len());
    server.fake.with(|state| {
        state.delete(OPS, chatter);
        state.delete(server.direct, running);
        state.delete_all(server.direct, &[first, second]);
        state.delete(server.direct, first);
        state.delete(OPS, in_a_channel);
    });
    for (channel, told) in [(server.direct, told), (server.direct, told_second), (in_a_channel, told_there)] {
        server.until("it says so", |state| {
            let shown = &state.messages[&(channel, told)];
            shown.text.contains("Cancelled") && shown.buttons.is_empty()
        });
    }
    // What comes behind it is taken, so that all before it was.
    let last = server.fake.say(server.direct, ADA, "/id");
    server.shown(server.direct, last, "1001");
    // The chatter, three that were withdrawn, and the last.
    assert_eq!(server.house.count("inbox"), rows + 5, "what changes nothing is not stored");
    // Three messages are gone; the answer to the last is the only new one.
    assert_eq!(server.fake.with(|state| state.shows(server.direct).len()), said - 3 + 2, "nothing is said beside it");
    serving.signal(Signal::SIGKILL);
    serving.end();
    server.house.touch("gate");
    let _serving = server.serve();
    server.shown(server.direct, running, r"\<first>");
    server.shown(server.direct, kept, r"\<kept>");
    assert_eq!(server.house.runs().len(), 2, "what was withdrawn never ran");
}

#[test]
fn a_prompt_that_is_told_of_behind_its_end_is_never_run() {
    let server = Server::new(ONE_AT_A_TIME);
    let _serving = server.serve();
    server.hold();
    let early = server.fake.with(|state| {
        let early = state.next_id();
        state.delete(server.direct, early);
        early
    });
    let late = json!({ "id": early.to_string() });
    server.fake.post(server.direct, ADA, Post::text("/session script: answer <never>").with(late));
    let (kept, _) = server.ask_behind("<kept>");
    server.house.touch("gate");
    server.shown(server.direct, kept, r"\<kept>");
    assert_eq!(server.house.runs().len(), 2);
}

#[test]
fn an_edit_of_a_waiting_prompt_replaces_it_and_a_later_one_comes_too_late() {
    let server = Server::new(ONE_AT_A_TIME);
    let _serving = server.serve();
    let running = server.hold();
    let (waiting, _) = server.ask_behind("<wrnog>");
    let slip = server.fake.say(server.direct, ADA, "/sesion list");
    server.shown(server.direct, slip, "/session");
    server.fake.edit(server.direct, waiting, "/session script: answer <right>");
    server.shown(server.direct, slip, "will run the edited prompt");
    server.fake.edit(server.direct, running, "/session script: answer <too late>");
    let late = server.shown(server.direct, slip, "already works on the first version");
    server.fake.edit(server.direct, slip, "/session list");
    server.shown(server.direct, late.id, "script: answer");
    // That Discord shows a preview below it is no edit.
    let rows = server.house.count("inbox");
    for asked in [waiting, running] {
        server.fake.preview(server.direct, asked, json!([{ "type": "link", "title": "Somebody else's words" }]));
    }
    let last = server.fake.say(server.direct, ADA, "/id");
    server.shown(server.direct, last, "1001");
    assert_eq!(server.house.count("inbox"), rows + 1);
    server.house.touch("gate");
    server.shown(server.direct, waiting, "\n\n\\<right>");
    server.fake.edit(server.direct, waiting, "/session script: answer <again>");
    server.shown(server.direct, last, "already works on the first version");
    let prompts: Vec<String> = server.house.runs().into_iter().map(|(_, _, prompt)| prompt).collect();
    assert!(prompts.len() == 2 && prompts[1].contains("<right>"), "{prompts:?}");
}
