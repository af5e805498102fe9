//! Voice notes whose transcriber crashes, hangs or meets a fault of ours: nothing is lost and nobody is held up.
#![cfg(debug_assertions)]

use signalbox_test_support::everyday::{Service, eventually};
use signalbox_test_support::telegram::Post;

use nix::sys::signal::Signal;

use crate::phone::scene::{ADA, Phone};
use crate::servants::{phone_with, times_said};

/// Writes every note down in the same words. While there is a file `crash` it crashes once, and while there is a file
/// `hang` it hangs, which a file `hangs` tells.
const TRANSCRIBER: &str = r#"["sh", "-c", "rm crash && kill -SEGV $$; [ ! -e hang ] || { echo > hangs; exec sleep 1000; }; echo script: answer heard", "sh"]"#;
/// What the bot says when it has answered a note.
const ANSWER: &str = "\nheard";

fn phone_that_hears() -> Phone {
    let mut phone = phone_with("voice", "panic");
    phone.house.set("SIGNALBOX__TELEGRAM__TRANSCRIBE", TRANSCRIBER);
    phone
}

/// Lets Ada send a voice note; returns the message's id.
fn speak(phone: &Phone) -> i64 {
    phone.fake.post(ADA.id, ADA, Post::text("").voice(b"OggS..."))
}

/// Checks that a fault at one note, of which a file is the cause, is told in its chat, and that the next note is answered.
fn is_told_and_the_next_is_heard(cause: &str, told: &str) {
    let phone = phone_that_hears();
    let service = Service::start(&phone.house);
    phone.house.touch(cause);
    let bad = speak(&phone);
    let shown = phone.shown(bad, "could not be transcribed");
    assert!(shown.text.contains(told), "{shown:?}");
    let good = speak(&phone);
    phone.shown(good, ANSWER);
    assert_eq!(times_said(&phone, ANSWER), 1);
    assert_eq!(phone.house.count("inbox WHERE done_at IS NULL"), 0);
    assert_eq!((service.starts(), service.stop()), (1, 0));
}

#[test]
fn a_transcriber_that_crashes_is_told_and_the_next_note_is_heard() {
    is_told_and_the_next_is_heard("crash", "signal: 11");
}

#[test]
fn a_panic_while_a_note_is_written_down_is_told_and_the_next_note_is_heard() {
    is_told_and_the_next_is_heard("now", "signalbox itself failed");
}

/// Lets the transcriber hang at a note, and checks that others are answered meanwhile.
fn hang(phone: &Phone) -> i64 {
    phone.house.touch("hang");
    let spoken = speak(phone);
    eventually("the transcriber hangs", || phone.house.path("hangs").exists());
    let typed = phone.say("/id");
    phone.shown(typed, "1001");
    std::fs::remove_file(phone.house.path("hang")).expect("removed");
    spoken
}

#[test]
fn a_note_at_which_the_transcriber_hangs_is_heard_by_the_next_life() {
    let phone = phone_that_hears();
    let service = Service::start(&phone.house);
    let killed = hang(&phone);
    service.signal(Signal::SIGKILL);
    service.until_ready(2);
    phone.shown(killed, ANSWER);
    assert_eq!(service.ends(), [-9]);
    std::fs::remove_file(phone.house.path("hangs")).expect("removed");
    let stopped = hang(&phone);
    assert_eq!(service.stop(), 0);
    let serving = phone.serve();
    phone.shown(stopped, ANSWER);
    assert_eq!(times_said(&phone, ANSWER), 2);
    serving.signal(Signal::SIGTERM);
    serving.end().was(0, "");
}
