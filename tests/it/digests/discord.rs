//! In Discord: a picture beside the glance, described for who has it read out, and the details below.

use signalbox_test_support::discord::Fault;
use signalbox_test_support::discord::state::{Right, Shown};

use super::scene::{IN_WORDS, deliver, hook, incident};
use crate::discord::scene::{OPS, Server};

const TARGET: &str = "discord:500";

/// A channel in which an incident has begun, and whose bot serves no more.
fn told() -> Server {
    let mut server = Server::new(&hook(TARGET));
    server.house.set("SIGNALBOX__HTTP__LISTEN", "127.0.0.1:0");
    let serving = server.serve();
    incident(&server.house, &serving);
    serving.signal(nix::sys::signal::Signal::SIGTERM);
    serving.end();
    server
}

/// What the channel shows from the newest digest on.
fn newest(server: &Server) -> Vec<Shown> {
    let all = server.fake.with(|state| state.shows(OPS));
    let at = all.iter().rposition(|shown| shown.text.starts_with("**Daily summary** · ")).expect("a digest");
    all[at..].to_vec()
}

#[test]
fn the_chart_is_a_picture_with_the_verdict_and_the_details_follow() {
    let server = told();
    deliver(&server.house, TARGET);
    let shown = newest(&server);
    assert_eq!(shown.len(), 2, "{shown:#?}");
    let (name, png) = shown[0].file.as_ref().expect("a picture");
    assert!(name == "chart.png" && png.starts_with(b"\x89PNG"), "{name}");
    assert!(shown[0].text.contains("1 incident, 1 open") && shown[0].text.contains(IN_WORDS), "{}", shown[0].text);
    assert!(shown[1].text.starts_with("**Open (1)**") && shown[1].file.is_none(), "{shown:#?}");
    assert!(server.fake.with(|state| state.pings.is_empty()));
}

#[test]
fn a_picture_whose_answer_is_lost_is_not_shown_twice() {
    let server = told();
    server.fake.fail_next("POST channels/messages", Fault::DropAfter);
    deliver(&server.house, TARGET);
    let all = server.fake.with(|state| state.shows(OPS));
    let pictures: Vec<&Shown> = all.iter().filter(|shown| shown.file.is_some()).collect();
    assert!(pictures.len() == 1 && !pictures[0].text.contains("may be a repeat"), "{pictures:#?}");
    assert!(!server.fake.with(|state| state.has_faults()));
}

#[test]
fn where_no_file_may_be_sent_the_words_are() {
    let server = told();
    server.fake.with(|state| state.channels.get_mut(&OPS).expect("open").lacks.push(Right::AttachFiles));
    deliver(&server.house, TARGET);
    let shown = newest(&server);
    assert!(shown[0].file.is_none() && shown[0].text.contains(IN_WORDS), "{shown:#?}");
}
