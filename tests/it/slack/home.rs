//! The app's Home: what a person sees there, and what nobody else does.

use signalbox_test_support::slack::state::Channel;
use signalbox_test_support::slack::{Person, Post};

use crate::slack::scene::{ADA, EVE, OPS, Workspace};

/// The bot that posts alerts.
const MONITOR: Person = Person::new("B700", "Monitor");
/// A channel that Ada does not read.
const SECRET: &str = "C501";
/// Who may use the bot, too.
const KIM: Person = Person::new("U1003", "Kim");

const TRIAGE: &str =
    "[triage]\ngroup_wait = \"0s\"\nauto_investigate = []\n[[triage.channels]]\naddress = \"slack:C500\"\n";

#[test]
fn the_home_shows_what_goes_on_in_the_chats_that_a_person_reads() {
    let slack = Workspace::allowing(TRIAGE, &[ADA, KIM]);
    let secret = Channel { name: "secret".to_owned(), outsiders: vec![ADA.id], ..Channel::default() };
    slack.fake.open(SECRET, secret);
    let _serving = slack.serve();
    let home = |person: Person, needle: &str| {
        slack.fake.open_home(person);
        slack.until(&format!("{needle:?} on the page of {person:?}"), |state| state.home_of(person).contains(needle));
        slack.fake.with(|state| state.home_of(person))
    };
    let page = home(ADA, "nothing runs");
    assert!(page.contains("/session <prompt>") && !page.contains("Incidents"), "{page}");
    // Something of each kind.
    let gate = slack.house.text("gate");
    let post = slack.fake.say(OPS, MONITOR, "[FIRING:1] DiskFull (db-1 prod)\nSeverity: critical <!channel>");
    slack.shown(OPS, &post, "DiskFull");
    let asked =
        slack.fake.say(&slack.direct, ADA, &format!("/session --name own script: say half; wait {gate}; answer <a>"));
    slack.shown(&slack.direct, &asked, "half");
    let add = ["cron", "add", "--kind", "daily_summary", "--cron", "0 9 * * *", "--to", "slack:C500"];
    slack.house.run(&add).was(0, "Added #1");
    let asked = slack.fake.post(SECRET, KIM, Post::to_bot("/session --name hidden script: answer <b>"));
    slack.shown(SECRET, &asked, "<b>");
    let page = home(ADA, "1 incident open · 1 task at work.");
    for part in ["DiskFull", "#ops", "own", "running", "Daily summary", "Incidents", "Tasks", "Sessions", "Schedules"] {
        assert!(page.contains(part), "{part}: {page}");
    }
    assert!(!page.contains("hidden") && !page.contains("secret"), "Ada does not read that channel: {page}");
    let page = home(KIM, "hidden");
    assert!(page.contains("#secret") && page.contains("DiskFull") && !page.contains("own"), "{page}");
    // A stranger is told what to have allowed, and nothing else.
    let page = home(EVE, EVE.id);
    assert!(page.contains("not allowed") && !page.contains("DiskFull") && !page.contains("#ops"), "{page}");
    slack.house.touch("gate");
    assert!(slack.fake.with(|state| state.pings.is_empty()));
}
