//! What people silence in the chat is silenced in Alertmanager, once, whatever is lost between, and loud again when they say so.

use std::net::SocketAddr;

use nix::sys::signal::Signal;
use signalbox_test_support::alertmanager::{FakeAlertmanager, FakeSilence, Fault};
use signalbox_test_support::everyday::{Talk, eventually};
use signalbox_test_support::telegram::ChatKind;
use signalbox_test_support::telegram::state::Shown;

use super::scene::{SECRET, ago, disk, group, post, proof};
use crate::http::address;
use crate::phone::scene::{ADA, Phone};

/// The team's group.
const TEAM: i64 = -1_001_000_900;
/// What Alertmanager wants to see.
const TOKEN: &str = "tok-of-the-alertmanager";
/// A call that makes a silence.
const MADE: &str = "POST /api/v2/silences";

/// A team whose hook names an Alertmanager.
struct Watchers {
    source: FakeAlertmanager,
    phone: Phone,
}

impl Watchers {
    /// The hook's Alertmanager is named by `silences`, where `{url}` stands for its address.
    fn new(silences: &str) -> Self {
        let source = FakeAlertmanager::start();
        let silences = silences.replace("{url}", &source.url());
        let mut phone = Phone::new(&format!(
            "[triage]\ngroup_wait = \"0s\"\nauto_investigate = []\n[[hooks]]\nid = \"ops\"\nsource = \"alertmanager\"\n\
             target = \"telegram:{TEAM}\"\nsecret = \"{SECRET}\"\n{silences}\n"
        ));
        phone.house.set("SIGNALBOX__HTTP__LISTEN", "127.0.0.1:0");
        phone.allow_chat(TEAM, "operator");
        phone.fake.open(TEAM, ChatKind::Supergroup, "on-call");
        Self { source, phone }
    }

    fn told() -> Self {
        Self::new("silences = { url = \"{url}\" }")
    }

    /// Serves, and fires an alert; returns its card.
    fn begin(&self) -> (Talk, Shown) {
        let serving = self.phone.serve();
        call(address(&serving), &disk("firing", &ago(3)).to_string());
        let card = self.phone.shown_in(TEAM, 0, "CRITICAL · DiskWillFill");
        (serving, card)
    }

    fn press(&self, card: &Shown, label: &str) -> String {
        self.phone.until_patiently(&format!("the card has the button {label}"), |state| {
            let shown = state.messages.get(&(TEAM, card.id));
            shown.is_some_and(|shown| shown.buttons.iter().any(|(other, _)| other == label))
        });
        let press = self.phone.fake.press(TEAM, ADA, card.id, label);
        self.phone.until("the press is answered", |state| state.answers.contains_key(&press));
        self.phone.fake.with(|state| state.answers[&press].clone())
    }

    fn shown(&self, needle: &str) -> Shown {
        self.phone.shown_in(TEAM, 0, needle)
    }

    /// How often the group was told something.
    fn times(&self, needle: &str) -> usize {
        let says = |shown: &Shown| shown.by_bot && shown.text.contains(needle);
        self.phone.fake.with(|state| state.shows(TEAM).into_iter().filter(says).count())
    }

    /// The one silence that holds.
    #[track_caller]
    fn the_silence(&self) -> FakeSilence {
        let mut live = self.source.live();
        assert_eq!(live.len(), 1, "{live:?}");
        live.remove(0)
    }
}

fn call(address: SocketAddr, body: &str) {
    let proof = proof("alertmanager", body, SECRET);
    let answer = post(address, "/hooks/alertmanager/ops", &[(&proof[0].0, &proof[0].1)], body);
    assert_eq!(answer.status, 200, "{answer:?}");
}

#[test]
fn a_silence_is_written_with_the_alerts_labels_and_taken_back() {
    let watchers = Watchers::new(&format!("silences = {{ url = \"{{url}}\", token = \"{TOKEN}\" }}"));
    watchers.source.with(|state| state.authorization = Some(format!("Bearer {TOKEN}")));
    let (serving, card) = watchers.begin();
    let answer = watchers.press(&card, "Silence 1 h");
    assert!(answer.contains("#1 is silenced until") && answer.contains("Alertmanager is being told"), "{answer}");
    let told = watchers.shown("Silenced in Alertmanager until");
    assert!(told.text.contains("alertname=\"DiskWillFill\", instance=\"db-1:9100\""), "{told:?}");
    assert_eq!(told.reply_to, Some(card.id));
    let silence = watchers.the_silence();
    assert_eq!(silence.matchers(), ["alertname=DiskWillFill", "instance=db-1:9100", "job=node", "severity=critical"]);
    assert_eq!(silence.field("createdBy"), "Ada");
    assert!(silence.field("comment").starts_with("[signalbox incident 1, 1-"), "{silence:?}");
    assert!(silence.field("comment").contains("DiskWillFill"), "{silence:?}");
    // Wanted loud again, it is.
    assert!(watchers.press(&card, "End silence").contains("#1 is silenced no longer"));
    watchers.shown("The silence in Alertmanager is taken back");
    assert!(watchers.source.live().is_empty());
    // And what is over is silenced no more.
    watchers.press(&card, "Silence 1 h");
    watchers.source.until("it is silenced once more", |state| state.silences.values().any(|one| !one.expired));
    watchers.press(&card, "Resolve");
    watchers.source.until("it is taken back", |state| state.silences.values().all(|one| one.expired));
    assert_eq!((watchers.source.count(MADE), watchers.source.with(|state| state.silences.len())), (2, 2));
    assert!(!serving.err().contains(TOKEN), "no secret is logged");
    assert_eq!(watchers.times(TOKEN), 0);
}

#[test]
fn what_ends_while_it_is_silenced_is_over_when_the_silence_is() {
    for still_fires in [false, true] {
        let watchers = Watchers::told();
        let labels = disk("firing", &ago(3))["alerts"][0]["labels"].clone();
        watchers.source.with(|state| state.alerts.push(labels));
        let (_serving, card) = watchers.begin();
        watchers.phone.fake.say(TEAM, ADA, "/incident silence 1 4s");
        watchers.shown("Silenced in Alertmanager until");
        if !still_fires {
            // Of what is silenced Alertmanager tells nothing, and it forgets what is over.
            watchers.source.with(|state| state.alerts.clear());
        }
        watchers.source.until("it is asked whether it fires", |state| {
            state.calls.iter().any(|call| call == "GET /api/v2/alerts 200")
        });
        eventually("nothing waits", || watchers.phone.house.count("silences WHERE state <> 'over'") == 0);
        let state = if still_fires { "firing" } else { "resolved" };
        let rows = format!("incidents WHERE state = '{state}'");
        eventually(&format!("it is {state}"), || watchers.phone.house.count(&rows) == 1);
        if !still_fires {
            assert_eq!(watchers.shown("Resolved at its source").reply_to, Some(card.id));
            assert_eq!(watchers.times("The silence is over"), 0, "nobody is told that it fires");
        } else {
            watchers.shown("The silence is over; it fires");
        }
    }
}

#[test]
fn a_group_is_silenced_by_its_own_labels() {
    let watchers = Watchers::told();
    let serving = watchers.phone.serve();
    call(address(&serving), &group("Load", 3, 0).to_string());
    let card = watchers.shown("Load");
    watchers.press(&card, "Silence 1 h");
    watchers.shown("where alertname=\"Load\"");
    assert_eq!(watchers.the_silence().matchers(), ["alertname=Load"]);
}

#[test]
fn an_outage_is_told_once_and_outlived_also_over_a_kill() {
    let watchers = Watchers::told();
    watchers.source.with(|state| state.outage = Some(Fault::Refuse(503, "no quorum")));
    let (serving, card) = watchers.begin();
    watchers.press(&card, "Silence 1 h");
    let told = watchers.shown("Silenced only here: Alertmanager does not answer (503). It is tried again.");
    assert_eq!(told.reply_to, Some(card.id));
    let on_its_way = "outbox WHERE state IN ('pending', 'sending')";
    eventually("all of that is known to have arrived", || watchers.phone.house.count(on_its_way) == 0);
    serving.signal(Signal::SIGKILL);
    serving.end();
    let before = watchers.source.with(|state| state.calls.len());
    let _serving = watchers.phone.serve();
    watchers.source.until("it is tried again", |state| state.calls.len() >= before + 2);
    watchers.source.with(|state| state.outage = None);
    watchers.shown("Silenced in Alertmanager until");
    watchers.the_silence();
    assert_eq!(watchers.times("does not answer"), 1, "it is told once");
}

#[test]
fn a_silence_whose_answer_was_lost_or_cannot_be_read_is_not_made_twice() {
    for fault in [Fault::DropAfter, Fault::DropBefore, Fault::Garble] {
        let watchers = Watchers::told();
        watchers.source.fail_next(fault);
        let (_serving, card) = watchers.begin();
        watchers.press(&card, "Silence 1 h");
        watchers.shown("Silenced in Alertmanager until");
        watchers.the_silence();
        assert_eq!(watchers.source.with(|state| state.silences.len()), 1);
        assert!(watchers.source.count("GET /api/v2/silences 200") >= 1, "it is looked for first");
        assert_eq!((watchers.times("Silenced in Alertmanager"), watchers.times("only here")), (1, 0));
        // What was found is taken back as well.
        watchers.press(&card, "End silence");
        watchers.source.until("nothing is silenced", |state| state.silences.values().all(|one| one.expired));
    }
}

#[test]
fn while_no_answer_can_be_read_the_silence_counts_as_perhaps_there() {
    let watchers = Watchers::told();
    watchers.source.with(|state| state.outage = Some(Fault::Garble));
    let (_serving, card) = watchers.begin();
    watchers.press(&card, "Silence 1 h");
    watchers.shown("Silenced here, and perhaps in Alertmanager: its answer cannot be read. It is asked again");
    watchers.press(&card, "End silence");
    watchers.source.with(|state| state.outage = None);
    watchers.source.until("nothing is silenced", |state| state.silences.values().all(|one| one.expired));
    assert_eq!(watchers.source.with(|state| state.silences.len()), 1);
}

#[test]
fn a_kill_while_alertmanager_is_asked_leaves_one_silence() {
    let watchers = Watchers::told();
    watchers.source.fail_next(Fault::Hold);
    let (serving, card) = watchers.begin();
    watchers.press(&card, "Silence 1 h");
    eventually("it is tried", || watchers.phone.house.count("silences WHERE tried AND state = 'wanted'") == 1);
    serving.signal(Signal::SIGKILL);
    serving.end();
    watchers.source.release();
    let _serving = watchers.phone.serve();
    watchers.shown("Silenced in Alertmanager until");
    watchers.the_silence();
    assert_eq!(watchers.times("Silenced in Alertmanager"), 1);
}

#[test]
fn what_may_have_been_written_is_taken_back_when_it_is_wanted_no_more() {
    let watchers = Watchers::told();
    watchers.source.fail_next(Fault::DropAfter);
    let (serving, card) = watchers.begin();
    watchers.press(&card, "Silence 1 h");
    watchers.source.until("it is made, and nobody knows", |state| state.silences.len() == 1);
    watchers.source.with(|state| state.outage = Some(Fault::DropBefore));
    serving.signal(Signal::SIGKILL);
    serving.end();
    let _serving = watchers.phone.serve();
    watchers.press(&card, "Resolve");
    watchers.source.with(|state| state.outage = None);
    watchers.source.until("nothing is silenced", |state| state.silences.values().all(|one| one.expired));
    assert_eq!(watchers.source.with(|state| state.silences.len()), 1);
}

#[test]
fn what_was_taken_back_is_told_also_where_the_answer_was_lost_with_a_life() {
    let watchers = Watchers::told();
    let (serving, card) = watchers.begin();
    watchers.press(&card, "Silence 1 h");
    watchers.shown("Silenced in Alertmanager until");
    // The look for it is held up; what takes it back is done, and nobody hears of that.
    watchers.source.fail_next(Fault::Hold);
    watchers.source.fail_next(Fault::DropAfter);
    watchers.press(&card, "End silence");
    eventually("it is taken back, and nobody knows", || {
        watchers.source.release();
        watchers.source.count("DELETE") > 0
    });
    serving.signal(Signal::SIGKILL);
    serving.end();
    assert!(watchers.source.live().is_empty());
    let _serving = watchers.phone.serve();
    watchers.shown("The silence in Alertmanager is taken back");
    assert_eq!(watchers.times("is taken back"), 1);
}

#[test]
fn a_refusal_is_told_once_with_what_to_do_and_not_repeated() {
    for (fault, told) in [
        (Fault::Refuse(401, ""), "does not let us in. Mend silences of the hook ops, or silence it there by hand."),
        (Fault::Refuse(404, ""), "there is no Alertmanager at the address. Mend silences of the hook ops"),
        (Fault::Refuse(400, "bad label @everyone"), "refused (400: bad label @everyone); silence it there by hand."),
    ] {
        let watchers = Watchers::told();
        watchers.source.with(|state| state.outage = Some(fault));
        let (_serving, card) = watchers.begin();
        watchers.press(&card, "Silence 1 h");
        assert_eq!(watchers.shown("Silenced only here:").reply_to, Some(card.id));
        watchers.shown(told);
        assert_eq!(watchers.phone.house.count("silences WHERE state = 'over'"), 1, "nobody tries again");
        assert_eq!(watchers.times("Silenced only here:"), 1);
    }
}

#[test]
fn where_no_alertmanager_is_named_the_chat_says_so() {
    let watchers = Watchers::new("");
    let (_serving, card) = watchers.begin();
    let answer = watchers.press(&card, "Silence 1 h");
    assert!(answer.contains("only here") && answer.contains("the hook ops names none"), "{answer}");
    assert_eq!(watchers.phone.house.count("silences"), 0);
    assert!(watchers.source.with(|state| state.calls.is_empty()));
}

#[test]
fn a_hook_of_the_command_line_names_its_alertmanager_too() {
    let watchers = Watchers::new("");
    let serving = watchers.phone.serve();
    let file = watchers.phone.house.path("token");
    std::fs::write(&file, TOKEN).expect("written");
    watchers.source.with(|state| state.authorization = Some(format!("Bearer {TOKEN}")));
    let (target, url) = (format!("--target=telegram:{TEAM}"), format!("--silences={}", watchers.source.url()));
    let token = format!("--silences-token-file={}", file.display());
    let add = |source: &str, more: &[&str]| {
        let mut arguments = vec!["hooks", "add", source, "--id", "cli", &target];
        arguments.extend(more);
        watchers.phone.house.run(&arguments)
    };
    assert!(add("grafana", &[&url]).was(2, "").err.contains("only Alertmanager is told of silences"));
    assert!(add("alertmanager", &["--silences=am:9093"]).was(2, "").err.contains("must be an Alertmanager's address"));
    let made = add("alertmanager", &[&url, &token]).was(0, "credentials:");
    assert!(!made.out.contains(TOKEN) && !made.out.contains("stay in the chat"), "{}", made.out);
    let listed = watchers.phone.house.run(&["hooks", "list", "--json"]).was(0, &watchers.source.url());
    assert!(!listed.out.contains(TOKEN));
    watchers.phone.house.run(&["hooks", "test", "cli"]).was(0, "Silences: Alertmanager at");
    let secret =
        made.out.lines().find_map(|line| line.trim().strip_prefix("credentials: ")).expect("a secret").to_owned();
    let bearer = format!("Bearer {secret}");
    let body = disk("firing", &ago(3)).to_string();
    assert_eq!(post(address(&serving), "/hooks/alertmanager/cli", &[("Authorization", &bearer)], &body).status, 200);
    let card = watchers.shown("CRITICAL · DiskWillFill");
    watchers.press(&card, "Silence 1 h");
    watchers.shown("Silenced in Alertmanager until");
    watchers.the_silence();
    watchers.source.with(|state| state.authorization = Some("Bearer another".to_owned()));
    let tried = watchers.phone.house.run(&["hooks", "test", "cli"]).was(1, "");
    assert!(tried.err.contains("does not let us in"), "{tried:?}");
}
