//! In Telegram: a picture whose caption is the glance, and the details in a quote that unfolds.

use signalbox_test_support::telegram::Fault;
use signalbox_test_support::telegram::state::Shown;

use super::scene::{DAILY, IN_WORDS, again, deliver, hook, incident};
use crate::phone::scene::{ADA, Phone};

const TARGET: &str = "telegram:1001";

/// A chat in which an incident has begun, and whose bot serves no more.
fn told() -> Phone {
    let mut phone = Phone::new(&hook(TARGET));
    phone.house.set("SIGNALBOX__HTTP__LISTEN", "127.0.0.1:0");
    let serving = phone.serve();
    incident(&phone.house, &serving);
    serving.signal(nix::sys::signal::Signal::SIGTERM);
    serving.end();
    phone
}

/// What the chat shows from the newest digest on.
fn newest(phone: &Phone) -> Vec<Shown> {
    let all = phone.fake.with(|state| state.shows(ADA.id));
    let at = all.iter().rposition(|shown| shown.text.starts_with(DAILY)).expect("a digest");
    all[at..].to_vec()
}

#[test]
fn the_chart_is_a_picture_below_the_verdict_and_the_details_unfold() {
    let phone = told();
    deliver(&phone.house, TARGET);
    let shown = newest(&phone);
    assert_eq!(shown.len(), 2, "{shown:#?}");
    let (name, png) = shown[0].photo.as_ref().expect("a picture");
    assert!(name == "chart.png" && png.starts_with(b"\x89PNG"), "{name}");
    assert!(shown[0].text.contains("1 incident, 1 open") && shown[0].text.contains(IN_WORDS), "{}", shown[0].text);
    assert!(shown[1].text.starts_with("Open (1)") && shown[1].text.contains("nobody has it"), "{}", shown[1].text);
    assert_eq!(shown[1].entities[0]["type"], "expandable_blockquote");
}

#[test]
fn where_no_picture_is_taken_its_words_are() {
    let phone = told();
    phone.fake.with(|state| state.set_photos(ADA.id, false));
    deliver(&phone.house, TARGET);
    let shown = newest(&phone);
    assert_eq!(shown.len(), 2, "{shown:#?}");
    assert!(shown[0].photo.is_none() && shown[0].text.contains(IN_WORDS), "{shown:#?}");
}

#[test]
fn a_picture_that_may_have_arrived_comes_again_with_a_mark_only_when_nobody_knows() {
    let phone = told();
    phone.fake.fail_next("sendPhoto", Fault::DropBefore);
    deliver(&phone.house, TARGET);
    let shown = newest(&phone);
    assert!(shown[0].photo.is_some() && shown[0].text.ends_with("(may be a repeat)"), "{shown:#?}");
    phone.fake.fail_next("sendPhoto", Fault::TooMany { retry_after: 1 });
    again(&phone.house);
    let shown = newest(&phone);
    assert!(shown[0].photo.is_some() && !shown[0].text.contains("may be a repeat"), "{shown:#?}");
}
