//! An incident's whole life in Discord: from Alertmanager's own words to a card, its thread, the root cause, a silence that
//! Alertmanager keeps, the end, and the next beginning; with a kill at every step.

use std::collections::BTreeMap;

use nix::sys::signal::Signal;
use serde_json::{Value, json};
use signalbox_test_support::alertmanager::FakeAlertmanager;
use signalbox_test_support::discord::state::Shown;
use signalbox_test_support::discord::{Person, Post};
use signalbox_test_support::everyday::{Talk, eventually};

use super::scene::{ADA, OPS, Server};
use crate::hooks::scene::{SECRET, ago, disk, post, proof};
use crate::http::address;
use crate::investigations::scene::analysis;

/// The web hook by which Alertmanager posts into the channel.
const POSTER: Person = Person { id: 900, name: "Captain Hook", is_bot: true };

/// A channel on call: its alerts come by a hook and by posts, and its Alertmanager is told of silences.
struct Watch {
    server: Server,
    source: FakeAlertmanager,
}

impl Watch {
    fn new(script: &str) -> Self {
        let source = FakeAlertmanager::start();
        let silences = format!("silences = {{ url = \"{}\" }}", source.url());
        let mut server = Server::new(&format!(
            "agents.default = \"claude\"\n[triage]\ngroup_wait = \"0s\"\n[[triage.channels]]\naddress = \"discord:{OPS}\"\n\
             {silences}\n[[hooks]]\nid = \"ops\"\nsource = \"alertmanager\"\ntarget = \"discord:{OPS}\"\nsecret = \"{SECRET}\"\n\
             {silences}\n"
        ));
        server.house.set("SIGNALBOX__HTTP__LISTEN", "127.0.0.1:0");
        server.house.set("SIGNALBOX__AGENTS__CLAUDE__PASS_ENV", "[\"SCRIPTED_AGENT_FIRST\"]");
        server.house.set("SCRIPTED_AGENT_FIRST", script);
        Self { server, source }
    }

    /// Lets Alertmanager call the hook.
    fn call(serving: &Talk, status: &str, began: &str) {
        let body = disk(status, began).to_string();
        let proof = proof("alertmanager", &body, SECRET);
        let answer = post(address(serving), "/hooks/alertmanager/ops", &[(&proof[0].0, &proof[0].1)], &body);
        assert_eq!(answer.status, 200, "{answer:?}");
    }

    /// Lets Alertmanager's own receiver post; returns the message's id.
    fn posted(&self, is_firing: bool) -> u64 {
        let more = json!({ "webhook_id": POSTER.id.to_string(), "embeds": [embed(is_firing)] });
        self.server.fake.post(OPS, POSTER, Post::text("").with(more))
    }

    /// Kills the program and starts it again.
    fn again(&self, serving: Talk) -> Talk {
        serving.signal(Signal::SIGKILL);
        serving.end();
        self.server.serve()
    }

    /// Waits until rows are as they should be, kills the program, and starts it again.
    fn again_when(&self, serving: Talk, what: &str, rows: &str) -> Talk {
        eventually(what, || self.server.house.count(rows) == 1);
        self.again(serving)
    }

    fn card(&self) -> Shown {
        self.server.shown(OPS, 0, "CRITICAL** · DiskWillFill")
    }

    /// Waits until the card shows something.
    fn says(&self, card: u64, needle: &str) -> Shown {
        self.server.until(&format!("the card says {needle:?}"), |state| {
            state.messages.get(&(OPS, card)).is_some_and(|shown| shown.text.contains(needle))
        });
        self.server.fake.with(|state| state.messages[&(OPS, card)].clone())
    }

    /// Presses a button of the card as soon as it has it.
    fn press(&self, card: u64, label: &str) {
        self.server.until(&format!("the card has {label}"), |state| {
            let shown = state.messages.get(&(OPS, card));
            shown.is_some_and(|shown| shown.buttons.iter().any(|(other, _)| other == label))
        });
        self.server.fake.press(OPS, ADA, card, label);
    }

    /// Checks that the channel has one card, and that nothing was said twice without a mark, there or in the thread.
    fn check(&self, card: u64) {
        assert_eq!(self.server.house.count("incidents"), 1);
        let cards = self.server.fake.said(OPS).into_iter().filter(|text| text.contains("CRITICAL** · DiskWillFill"));
        assert_eq!(cards.count(), 1);
        let mut times = BTreeMap::new();
        for text in self.server.fake.said(card).into_iter().filter(|text| !text.contains("may be a repeat")) {
            *times.entry(text).or_insert(0) += 1;
        }
        let twice: Vec<_> = times.into_iter().filter(|(_, times)| *times > 1).collect();
        assert!(twice.is_empty(), "said twice: {twice:?}");
        assert!(self.server.fake.with(|state| state.pings.is_empty()));
    }
}

/// What Alertmanager's receiver for Discord makes of a disk that fills, as its templates are published.
fn embed(is_firing: bool) -> Value {
    let (mark, colour, list) =
        if is_firing { ("FIRING:1", 10_038_562, "Firing") } else { ("RESOLVED", 3_066_993, "Resolved") };
    json!({
        "title": format!("[{mark}] DiskWillFill (db-1:9100 node critical)"), "color": colour, "type": "rich",
        "description": format!(
            "Alerts {list}:\nLabels:\n - alertname = DiskWillFill\n - instance = db-1:9100\n - job = node\n - severity = \
             critical\nAnnotations:\n - runbook_url = https://runbooks.example.org/disk\n - summary = /var on db-1 fills in \
             3 h\nSource: http://prometheus.example.org:9090/graph?g0.expr=up\n"
        ),
    })
}

/// What all labels of the alert silence.
const MATCHERS: [&str; 4] = ["alertname=DiskWillFill", "instance=db-1:9100", "job=node", "severity=critical"];

#[test]
fn a_hooks_alert_goes_from_card_to_silence_to_its_end_and_begins_anew() {
    let watch = Watch::new(&format!("see /dev/sda1 100% /var; answer {}", analysis("Logs fill the disk")));
    let serving = watch.server.serve();
    let began = ago(3);
    Watch::call(&serving, "firing", &began);
    let card = watch.card();
    let labels: Vec<&str> = card.buttons.iter().map(|(label, _)| label.as_str()).collect();
    assert_eq!(labels, ["Ack", "Assign to me", "Silence 1 h", "Resolve"]);
    let rca = watch.server.shown(card.id, 0, "Root cause:");
    assert!(rca.text.contains("Logs fill the disk") && rca.text.lines().count() <= 5, "{rca:?}");
    watch.press(card.id, "Ack");
    watch.server.shown(card.id, 0, "Acknowledged by Ada");
    watch.says(card.id, "Acknowledged by Ada");
    watch.press(card.id, "Silence 1 h");
    let told = watch.server.shown(card.id, 0, "Silenced in Alertmanager until");
    assert!(told.text.contains("DiskWillFill") && told.text.contains("db-1:9100"), "{told:?}");
    let live = watch.source.live();
    assert_eq!((live.len(), live[0].matchers()), (1, MATCHERS.map(str::to_owned).to_vec()));
    assert_eq!(live[0].field("createdBy"), "Ada");
    // Who writes in the thread goes on from the root cause.
    let asked = watch.server.fake.say(card.id, ADA, "since when?");
    watch.server.shown(card.id, asked, "turn 2: since when?");
    Watch::call(&serving, "resolved", &began);
    watch.says(card.id, "🟢");
    watch.server.shown(card.id, 0, "The silence in Alertmanager is taken back");
    assert!(watch.source.live().is_empty());
    Watch::call(&serving, "firing", &ago(0));
    assert!(watch.says(card.id, "🔴").text.contains("fired 2 times"));
    watch.server.shown(card.id, 0, "Fires again");
    watch.check(card.id);
}

#[test]
fn in_an_incidents_own_thread_a_command_needs_no_number() {
    let watch = Watch::new(&format!("see /dev/sda1 100% /var; answer {}", analysis("Logs fill the disk")));
    let serving = watch.server.serve();
    Watch::call(&serving, "firing", &ago(3));
    let card = watch.card();
    watch.server.shown(card.id, 0, "Root cause:");
    // In the channel nobody knows which one is meant.
    let asked = watch.server.fake.say(OPS, ADA, "<@4242> /ack");
    watch.server.shown(OPS, asked, "Say which incident");
    watch.server.fake.say(card.id, ADA, "<@4242> /ack");
    watch.server.shown(card.id, 0, "Acknowledged by Ada");
    watch.server.fake.say(card.id, ADA, "<@4242> /assign Kim Bo");
    watch.server.shown(card.id, 0, "Kim Bo");
    watch.server.fake.say(card.id, ADA, "<@4242> /silence 2h");
    watch.server.shown(card.id, 0, "Silenced in Alertmanager until");
    watch.says(card.id, "Silenced until");
    watch.server.fake.say(card.id, ADA, "<@4242> /resolve");
    watch.says(card.id, "🟢");
    // The number of another is that of another.
    let asked = watch.server.fake.say(card.id, ADA, "<@4242> /ack 99");
    watch.server.shown(card.id, asked, "No incident 99 here");
}

#[test]
fn a_kill_at_every_step_of_a_hooks_alert_loses_nothing_and_says_nothing_twice() {
    let mut watch = Watch::new("");
    let gate = watch.server.house.text("gate");
    let script = format!("see /dev/sda1 100% /var; wait {gate}; answer {}", analysis("Logs fill the disk"));
    watch.server.house.set("SCRIPTED_AGENT_FIRST", &script);
    let serving = watch.server.serve();
    let began = ago(3);
    Watch::call(&serving, "firing", &began);
    let serving = watch.again(serving);
    let card = watch.card();
    let serving = watch.again_when(serving, "it is investigated", "tasks WHERE status = 'running'");
    watch.server.house.touch("gate");
    let serving = watch.again_when(serving, "the root cause is known", "tasks WHERE status = 'success'");
    watch.server.shown(card.id, 0, "Root cause:");
    watch.press(card.id, "Ack");
    let serving = watch.again_when(serving, "it is taken", "incidents WHERE state = 'acknowledged'");
    watch.server.shown(card.id, 0, "Acknowledged by Ada");
    watch.press(card.id, "Silence 1 h");
    let serving = watch.again_when(serving, "quiet is wanted", "silences");
    watch.server.shown(card.id, 0, "Silenced in Alertmanager until");
    assert_eq!(watch.source.with(|state| state.silences.len()), 1, "it is made once");
    Watch::call(&serving, "resolved", &began);
    let serving = watch.again_when(serving, "it is over", "incidents WHERE state = 'resolved'");
    watch.says(card.id, "🟢");
    watch.source.until("nothing is silenced", |state| state.silences.values().all(|one| one.expired));
    Watch::call(&serving, "firing", &ago(0));
    let _serving = watch.again_when(serving, "it begins anew", "incidents WHERE state = 'firing'");
    watch.says(card.id, "🔴");
    watch.server.shown(card.id, 0, "Fires again");
    watch.check(card.id);
    assert_eq!(watch.server.house.count("incident_events WHERE event = 'investigated' AND who IS NULL"), 2);
}

#[test]
fn a_post_of_alertmanagers_own_receiver_goes_the_same_way_over_a_kill_at_every_step() {
    let watch = Watch::new(&format!("see /dev/sda1 100% /var; answer {}", analysis("Logs fill the disk")));
    let serving = watch.server.serve();
    watch.posted(true);
    let serving = watch.again_when(serving, "the post is taken", "incidents");
    let card = watch.card();
    assert!(card.text.contains("/var on db-1 fills in 3 h") && card.text.contains("instance db-1:9100"), "{card:?}");
    assert!(card.text.contains("https://runbooks.example.org/disk"), "{card:?}");
    watch.server.shown(card.id, 0, "Root cause:");
    let serving = watch.again(serving);
    watch.press(card.id, "Ack");
    watch.server.shown(card.id, 0, "Acknowledged by Ada");
    watch.press(card.id, "Silence 1 h");
    let serving = watch.again_when(serving, "quiet is wanted", "silences");
    watch.server.shown(card.id, 0, "Silenced in Alertmanager until");
    let live = watch.source.live();
    assert_eq!((live.len(), live[0].matchers()), (1, MATCHERS.map(str::to_owned).to_vec()));
    // Posted while nobody listens.
    serving.signal(Signal::SIGKILL);
    serving.end();
    let posted = watch.posted(false);
    let serving = watch.server.serve();
    watch.says(card.id, "🟢");
    watch.source.until("nothing is silenced", |state| state.silences.values().all(|one| one.expired));
    // An edit of a post is what it says now.
    watch.server.fake.edit_with(OPS, posted, json!({ "embeds": [embed(true)] }));
    let serving = watch.again_when(serving, "it begins anew", "incidents WHERE state = 'firing'");
    watch.says(card.id, "🔴");
    drop(serving);
    watch.check(card.id);
    let origin = format!("incidents WHERE origin = 'post:{}'", POSTER.id);
    assert_eq!(watch.server.house.count(&origin), 1, "it is known by its id, not by its name");
}

#[test]
fn a_hooks_word_takes_the_place_of_a_posts() {
    let mut watch = Watch::new("");
    watch.server.house.set("SIGNALBOX__TRIAGE__AUTO_INVESTIGATE", "[]");
    let serving = watch.server.serve();
    watch.posted(true);
    let card = watch.card();
    Watch::call(&serving, "firing", &ago(3));
    eventually("the hook has adopted it", || watch.server.house.count("incidents WHERE origin = 'hook:ops'") == 1);
    watch.check(card.id);
    let stranger = Person { id: 901, name: "Alertmanager", is_bot: false };
    watch.server.fake.post(OPS, stranger, Post::text("[FIRING:1] Nothing (by a person)"));
    Watch::call(&serving, "resolved", &ago(3));
    watch.says(card.id, "🟢");
    assert_eq!(watch.server.house.count("incidents"), 1, "a person's words are no alert, whatever they are called");
}
