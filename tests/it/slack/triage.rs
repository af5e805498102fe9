//! An incident's whole life in Slack: from Alertmanager's own words to a card, its thread, the root cause, an ack, a silence that
//! Alertmanager keeps, the end, and the next beginning; with a kill at every step.

use std::collections::BTreeMap;

use nix::sys::signal::Signal;
use serde_json::{Value, json};
use signalbox_test_support::alertmanager::FakeAlertmanager;
use signalbox_test_support::everyday::{Talk, eventually};
use signalbox_test_support::slack::state::Shown;
use signalbox_test_support::slack::{Person, Post};

use super::scene::{ADA, OPS, Workspace};
use crate::hooks::scene::{SECRET, ago, disk, post, proof};
use crate::http::address;
use crate::investigations::scene::analysis;

/// The app by which Alertmanager posts into the channel.
const POSTER: Person = Person::new("B900", "Alertmanager");

/// What Alertmanager's receiver for Slack makes of a disk that fills, with the text of its templates.
fn attachment(is_firing: bool) -> Value {
    let (mark, colour, list) =
        if is_firing { ("FIRING:1", "danger", "Firing") } else { ("RESOLVED", "good", "Resolved") };
    let title = format!("[{mark}] DiskWillFill (db-1:9100 node critical)");
    json!({
        "title": title, "fallback": title, "color": colour, "title_link": "http://alertmanager.example.org:9093/#/alerts",
        "text": format!(
            "Alerts {list}:\nLabels:\n - alertname = DiskWillFill\n - instance = db-1:9100\n - job = node\n - severity = \
             critical\nAnnotations:\n - runbook_url = <https://runbooks.example.org/disk>\n - summary = /var on db-1 fills in \
             3 h\nSource: <http://prometheus.example.org:9090/graph?g0.expr=up>\n"
        ),
    })
}

/// What all labels of the alert silence.
const MATCHERS: [&str; 4] = ["alertname=DiskWillFill", "instance=db-1:9100", "job=node", "severity=critical"];

/// A channel on call: its alerts come by a hook, and its Alertmanager is told of silences.
struct Watch {
    slack: Workspace,
    source: FakeAlertmanager,
}

impl Watch {
    fn new(script: &str) -> Self {
        let source = FakeAlertmanager::start();
        let silences = format!("silences = {{ url = \"{}\" }}", source.url());
        let mut slack = Workspace::new(&format!(
            "agents.default = \"claude\"\n[triage]\ngroup_wait = \"0s\"\n[[triage.channels]]\naddress = \"slack:{OPS}\"\n\
             {silences}\n[[hooks]]\nid = \"ops\"\nsource = \"alertmanager\"\ntarget = \"slack:{OPS}\"\n\
             secret = \"{SECRET}\"\n{silences}\n"
        ));
        slack.house.set("SIGNALBOX__HTTP__LISTEN", "127.0.0.1:0");
        slack.house.set("SIGNALBOX__AGENTS__CLAUDE__PASS_ENV", "[\"SCRIPTED_AGENT_FIRST\"]");
        slack.house.set("SCRIPTED_AGENT_FIRST", script);
        Self { slack, source }
    }

    /// Lets Alertmanager call the hook.
    fn call(serving: &Talk, status: &str, began: &str) {
        let body = disk(status, began).to_string();
        let proof = proof("alertmanager", &body, SECRET);
        let answer = post(address(serving), "/hooks/alertmanager/ops", &[(&proof[0].0, &proof[0].1)], &body);
        assert_eq!(answer.status, 200, "{answer:?}");
    }

    /// Lets Alertmanager's own receiver post; returns the message's time stamp.
    fn posted(&self, is_firing: bool) -> String {
        self.slack.fake.post(OPS, POSTER, Post::raw("").with(json!({ "attachments": [attachment(is_firing)] })))
    }

    /// Kills the program and starts it again.
    fn again(&self, serving: Talk) -> Talk {
        serving.signal(Signal::SIGKILL);
        serving.end();
        self.slack.serve()
    }

    /// Waits until rows are as they should be, kills the program, and starts it again.
    fn again_when(&self, serving: Talk, what: &str, rows: &str) -> Talk {
        eventually(what, || self.slack.house.count(rows) > 0);
        self.again(serving)
    }

    fn card(&self) -> Shown {
        self.slack.shown(OPS, "", "CRITICAL · DiskWillFill")
    }

    /// Waits until the thread at the card says something.
    fn told(&self, card: &Shown, needle: &str) -> Shown {
        let told = self.slack.shown(OPS, &card.ts, needle);
        assert_eq!(told.thread.as_deref(), Some(card.ts.as_str()), "{told:?}");
        told
    }

    /// Waits until the card shows something.
    fn says(&self, card: &Shown, needle: &str) -> Shown {
        let key = (OPS.to_owned(), card.ts.clone());
        self.slack.until(&format!("the card says {needle:?}"), |state| {
            state.messages.get(&key).is_some_and(|shown| shown.words().contains(needle))
        });
        self.slack.fake.with(|state| state.messages[&key].clone())
    }

    /// Presses a button of the card as soon as it has it.
    fn press(&self, card: &Shown, label: &str) {
        let key = (OPS.to_owned(), card.ts.clone());
        self.slack.until(&format!("the card has {label}"), |state| {
            state.messages.get(&key).is_some_and(|shown| shown.buttons().iter().any(|(other, _)| other == label))
        });
        let press = self.slack.fake.press(OPS, ADA, &card.ts, label);
        self.slack.until("the press is taken", |state| {
            let is_it = |one: &&signalbox_test_support::slack::state::Envelope| one.payload["trigger_id"] == press;
            state.envelopes.iter().find(is_it).is_some_and(|one| one.acked.is_some())
        });
    }

    /// Checks that the channel has one card, and that nothing was said twice without a mark, there or in the thread.
    fn check(&self, card: &Shown) {
        assert_eq!(self.slack.house.count("incidents"), 1);
        let shown = self.slack.fake.shows(OPS);
        let in_main = shown.iter().filter(|one| one.by_bot && one.thread.is_none()).map(Shown::words);
        assert_eq!(in_main.filter(|text| text.contains("DiskWillFill")).count(), 1);
        let mut times = BTreeMap::new();
        let in_thread = shown.iter().filter(|one| one.by_bot && one.thread.as_deref() == Some(&card.ts));
        for text in in_thread.map(Shown::words).filter(|text| !text.contains("may be a repeat")) {
            *times.entry(text).or_insert(0) += 1;
        }
        let twice: Vec<_> = times.into_iter().filter(|(_, times)| *times > 1).collect();
        assert!(twice.is_empty(), "said twice: {twice:?}");
        assert!(self.slack.fake.with(|state| state.pings.is_empty()));
    }
}

#[test]
fn a_hooks_alert_goes_from_card_to_thread_to_silence_to_its_end_and_begins_anew() {
    let watch = Watch::new(&format!("see /dev/sda1 100% /var; answer {}", analysis("Logs fill the disk")));
    let serving = watch.slack.serve();
    let began = ago(3);
    Watch::call(&serving, "firing", &began);
    let card = watch.card();
    let labels: Vec<String> = card.buttons().into_iter().map(|(label, _)| label).collect();
    assert_eq!(labels, ["Ack", "Assign to me", "Silence 1 h", "Resolve"]);
    let rca = watch.told(&card, "Root cause:").words();
    assert!(rca.contains("Logs fill the disk") && rca.lines().count() <= 5, "{rca}");
    watch.press(&card, "Ack");
    watch.told(&card, "Acknowledged by Ada");
    watch.says(&card, "Acknowledged by Ada");
    watch.press(&card, "Silence 1 h");
    let told = watch.told(&card, "Silenced in Alertmanager until").words();
    assert!(told.contains("DiskWillFill") && told.contains("db-1:9100"), "{told}");
    let live = watch.source.live();
    assert_eq!((live.len(), live[0].matchers()), (1, MATCHERS.map(str::to_owned).to_vec()));
    assert_eq!(live[0].field("createdBy"), "Ada");
    // Who writes in the thread goes on from the root cause, without a mention.
    let asked = watch.slack.fake.post(OPS, ADA, Post::text("since when?").in_thread(&card.ts));
    let answer = watch.slack.shown(OPS, &asked, "turn 2: since when?");
    assert_eq!(answer.thread.as_deref(), Some(card.ts.as_str()));
    Watch::call(&serving, "resolved", &began);
    watch.says(&card, "🟢");
    watch.told(&card, "The silence in Alertmanager is taken back");
    assert!(watch.source.live().is_empty());
    Watch::call(&serving, "firing", &ago(0));
    assert!(watch.says(&card, "🔴").words().contains("fired 2 times"));
    watch.check(&card);
}

#[test]
fn a_kill_at_every_step_costs_no_word_and_says_none_twice() {
    let mut watch = Watch::new("");
    let gate = watch.slack.house.text("gate");
    let script = format!("see /dev/sda1 100% /var; wait {gate}; answer {}", analysis("Logs fill the disk"));
    watch.slack.house.set("SCRIPTED_AGENT_FIRST", &script);
    let serving = watch.slack.serve();
    let began = ago(3);
    Watch::call(&serving, "firing", &began);
    let serving = watch.again_when(serving, "it is known", "incidents");
    let card = watch.card();
    let serving = watch.again_when(serving, "its cause is looked for", "tasks WHERE status = 'running'");
    watch.slack.house.touch("gate");
    let serving = watch.again_when(serving, "it is found", "tasks WHERE status = 'success'");
    watch.told(&card, "Root cause:");
    watch.press(&card, "Ack");
    let serving = watch.again_when(serving, "it is taken", "incidents WHERE state = 'acknowledged'");
    watch.told(&card, "Acknowledged by Ada");
    watch.press(&card, "Silence 1 h");
    let serving = watch.again_when(serving, "quiet is wanted", "silences");
    watch.told(&card, "Silenced in Alertmanager until");
    assert_eq!(watch.source.with(|state| state.silences.len()), 1, "it is made once");
    let serving = watch.again(serving);
    watch.says(&card, "Silenced until");
    Watch::call(&serving, "resolved", &began);
    let serving = watch.again_when(serving, "it is over", "incidents WHERE state = 'resolved'");
    watch.says(&card, "🟢");
    watch.source.until("nothing is silenced", |state| state.silences.values().all(|one| one.expired));
    Watch::call(&serving, "firing", &ago(0));
    let _serving = watch.again_when(serving, "it begins anew", "incidents WHERE state = 'firing'");
    watch.says(&card, "🔴");
    watch.told(&card, "Fires again");
    eventually("all is said", || {
        watch.slack.house.count("outbox WHERE state IN ('pending', 'sending', 'unknown')") == 0
    });
    watch.check(&card);
}

#[test]
fn a_post_of_alertmanagers_own_receiver_goes_the_same_way_over_a_kill_at_every_step() {
    let watch = Watch::new(&format!("see /dev/sda1 100% /var; answer {}", analysis("Logs fill the disk")));
    let serving = watch.slack.serve();
    watch.posted(true);
    let serving = watch.again_when(serving, "the post is taken", "incidents");
    let card = watch.card();
    let words = card.words();
    assert!(words.contains("/var on db-1 fills in 3 h") && words.contains("instance db-1:9100"), "{words}");
    watch.told(&card, "Root cause:");
    let serving = watch.again(serving);
    watch.press(&card, "Ack");
    watch.told(&card, "Acknowledged by Ada");
    watch.press(&card, "Silence 1 h");
    let serving = watch.again_when(serving, "quiet is wanted", "silences");
    watch.told(&card, "Silenced in Alertmanager until");
    let live = watch.source.live();
    assert_eq!((live.len(), live[0].matchers()), (1, MATCHERS.map(str::to_owned).to_vec()));
    // Posted while nobody listens, and told by nobody.
    serving.signal(Signal::SIGKILL);
    serving.end();
    let posted = watch.posted(false);
    watch.slack.fake.with(|state| state.envelopes.retain(|envelope| envelope.acked.is_some()));
    let serving = watch.slack.serve();
    watch.says(&card, "🟢");
    watch.source.until("nothing is silenced", |state| state.silences.values().all(|one| one.expired));
    // An edit of a post is what it says now.
    watch.slack.fake.change(OPS, &posted, json!({ "attachments": [attachment(true)] }));
    let serving = watch.again_when(serving, "it begins anew", "incidents WHERE state = 'firing'");
    watch.says(&card, "🔴");
    drop(serving);
    watch.check(&card);
    let origin = format!("incidents WHERE origin = 'post:{}'", POSTER.id);
    assert_eq!(watch.slack.house.count(&origin), 1, "it is known by its id, not by its name");
}

#[test]
fn a_hooks_word_takes_the_place_of_a_posts() {
    let mut watch = Watch::new("");
    watch.slack.house.set("SIGNALBOX__TRIAGE__AUTO_INVESTIGATE", "[]");
    let serving = watch.slack.serve();
    watch.posted(true);
    let card = watch.card();
    Watch::call(&serving, "firing", &ago(3));
    eventually("the hook has adopted it", || watch.slack.house.count("incidents WHERE origin = 'hook:ops'") == 1);
    watch.check(&card);
    let stranger = Person::new("U901", "Alertmanager");
    watch.slack.fake.post(OPS, stranger, Post::text("[FIRING:1] Nothing (by a person)"));
    Watch::call(&serving, "resolved", &ago(3));
    watch.says(&card, "🟢");
    assert_eq!(watch.slack.house.count("incidents"), 1, "a person's words are no alert, whatever they are called");
}
