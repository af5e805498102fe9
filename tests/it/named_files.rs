//! Files that an agent names: they go with its answer on every transport, also where the program is killed in between.

use nix::sys::signal::Signal;
use signalbox_test_support::discord::state::Right;
use signalbox_test_support::everyday::{House, Talk, eventually};
use signalbox_test_support::telegram::Post;
use signalbox_test_support::telegram::state::State;

use crate::discord::scene::{ADA as ADA_THERE, OPS, Server};
use crate::phone::scene::{ADA, Phone};
use crate::slack::scene::{ADA as ADA_AT_WORK, Workspace};

/// Content of a file that is no text.
const BYTES: &[u8] = b"\xff\x00a,b\r\n--x\r\n";

/// Says where claude works, and that it names files.
fn furnish(house: &mut House) {
    std::fs::create_dir(house.path("web")).expect("made");
    std::fs::write(house.path("web/report.bin"), BYTES).expect("written");
    let directory = house.text("web");
    house.set("SIGNALBOX__AGENTS__CLAUDE__DIR", &directory);
    house.set("SIGNALBOX__AGENTS__CLAUDE__DELIVER", r#"["MEDIA: {path}"]"#);
    house.set("SIGNALBOX__PROGRESS__AFTER", "1h");
}

/// Makes the prompt to which claude answers with these lines.
fn answering(house: &House, lines: &str) -> String {
    std::fs::write(house.path("answer"), lines).expect("written");
    format!("/session --name docs script: file {}", house.text("answer"))
}

/// Lets the next delivery go no further, until the program is killed.
fn hold(house: &mut House) {
    house.touch("hold");
    let wish = format!("delivery:hold:{}", house.text("hold"));
    house.set("SIGNALBOX_TEST_FAIL", &wish);
}

/// Kills the program once the answer is written down and on its way, and takes the agent's file away.
fn kill(house: &mut House, serving: Talk) {
    eventually("the answer is on its way", || {
        !house.path("hold").exists() && house.count("tasks WHERE status = 'ok'") == 1
    });
    serving.signal(Signal::SIGKILL);
    serving.end();
    std::fs::remove_file(house.path("web/report.bin")).expect("removed");
    house.set("SIGNALBOX_TEST_FAIL", "none:error:/nowhere");
}

fn has_document(state: &State, name: &str, content: &[u8]) -> bool {
    let is_it = |file: &(String, Vec<u8>)| file.0 == name && file.1 == content;
    state.shows(ADA.id).iter().any(|shown| shown.document.as_ref().is_some_and(is_it))
}

/// A picture of which only the size is right.
fn png(width: u32, height: u32) -> Vec<u8> {
    let size = [width.to_be_bytes(), height.to_be_bytes()].concat();
    [b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".as_slice(), &size, b"\x08\x06\0\0\0IEND\xaeB`\x82"].concat()
}

#[test]
fn a_phone_gets_the_files_after_the_answer_though_the_program_is_killed_in_between() {
    let mut phone = Phone::new("");
    furnish(&mut phone.house);
    hold(&mut phone.house);
    let serving = phone.serve();
    let lines = "Done.\nMEDIA: report.bin\nMEDIA: ../answer\nMEDIA: ./report.bin\n";
    let asked = phone.say(&answering(&phone.house, lines));
    kill(&mut phone.house, serving);
    let _serving = phone.serve();
    let answer = phone.shown(asked, "[docs] Complete");
    assert!(answer.text.contains("Done.") && !answer.text.contains("MEDIA"), "{}", answer.text);
    assert!(answer.text.contains("Not attached: ../answer (outside of its directory)."), "{}", answer.text);
    phone.until("the file", |state| has_document(state, "report.bin", BYTES));
    let files = phone.fake.shows(ADA.id).into_iter().filter(|shown| shown.document.is_some()).count();
    assert_eq!(files, 1, "named twice, it goes once");
    let file = phone.fake.shows(ADA.id).into_iter().find(|shown| shown.document.is_some()).expect("the file");
    let again = phone.fake.post(ADA.id, ADA, Post::text("and now?").reply_to(phone.known(&file)));
    phone.shown(again, "turn 2");
}

#[test]
fn a_phone_shows_a_picture_at_once_and_one_that_it_would_not_show_as_a_file() {
    let mut phone = Phone::new("");
    furnish(&mut phone.house);
    let _serving = phone.serve();
    std::fs::write(phone.house.path("web/plot.png"), png(400, 300)).expect("written");
    std::fs::write(phone.house.path("web/strip.png"), png(9000, 3)).expect("written");
    phone.say(&answering(&phone.house, "MEDIA: plot.png\nMEDIA: strip.png"));
    let is_plot = |file: &(String, Vec<u8>)| file.0 == "plot.png" && file.1 == png(400, 300);
    phone.until("the photo", |state| state.shows(ADA.id).iter().any(|shown| shown.photo.as_ref().is_some_and(is_plot)));
    phone.until("the file", |state| has_document(state, "strip.png", &png(9000, 3)));
    phone.shown(0, "Attached: plot.png, strip.png.");
}

#[test]
fn discord_gets_the_file_though_the_program_is_killed_in_between() {
    let mut server = Server::new("");
    furnish(&mut server.house);
    hold(&mut server.house);
    let serving = server.serve();
    let direct = server.direct;
    let asked = server.fake.say(direct, ADA_THERE, &answering(&server.house, "Done.\nMEDIA: report.bin"));
    kill(&mut server.house, serving);
    let _serving = server.serve();
    server.shown(direct, asked, "Done.");
    let is_it = |file: &(String, Vec<u8>)| file.0 == "report.bin" && file.1 == BYTES;
    server.until("the file", |state| state.shows(direct).iter().any(|shown| shown.file.as_ref().is_some_and(is_it)));
    let files = server.fake.with(|state| state.shows(direct).iter().filter(|shown| shown.file.is_some()).count());
    assert_eq!(files, 1);
}

#[test]
fn where_no_files_may_be_sent_the_answer_comes_and_says_so() {
    let mut server = Server::new("");
    furnish(&mut server.house);
    server.fake.with(|state| state.channels.get_mut(&OPS).expect("open").lacks = vec![Right::AttachFiles]);
    let _serving = server.serve();
    let prompt = answering(&server.house, "Done.\nMEDIA: report.bin").replace("/session --name docs ", "<@4242> ");
    let asked = server.fake.say(OPS, ADA_THERE, &prompt);
    let said = |needle: &'static str| {
        move |state: &signalbox_test_support::discord::state::State| {
            [OPS, asked].iter().flat_map(|at| state.shows(*at)).any(|shown| shown.by_bot && shown.text.contains(needle))
        }
    };
    server.until("the answer", said("Done."));
    server.until("that it was not taken", said("The file `report.bin` was not taken here."));
}

#[test]
fn slack_gets_the_file_though_the_program_is_killed_in_between() {
    let mut slack = Workspace::new("");
    furnish(&mut slack.house);
    hold(&mut slack.house);
    let serving = slack.serve();
    let asked = slack.fake.say(&slack.direct, ADA_AT_WORK, &answering(&slack.house, "Done.\nMEDIA: report.bin"));
    kill(&mut slack.house, serving);
    let _serving = slack.serve();
    slack.shown(&slack.direct, &asked, "Done.");
    let is_it = |file: &(String, Vec<u8>)| file.0 == "report.bin" && file.1 == BYTES;
    slack.until("the file", |state| state.files.values().any(is_it));
    assert_eq!(slack.fake.with(|state| state.files.len()), 1);
}

#[test]
fn what_is_named_in_the_answer_to_a_schedule_goes_with_it() {
    let mut phone = Phone::new("");
    furnish(&mut phone.house);
    phone.house.set("SIGNALBOX__AGENTS__CLAUDE__ALERTS", "true");
    let prompt = answering(&phone.house, "The backup is fresh.\nMEDIA: report.bin\nMEDIA: none.txt");
    let prompt = prompt.replace("/session --name docs ", "prompt=");
    let target = format!("telegram:{}", ADA.id);
    let add = ["cron", "add", "--kind", "custom_investigation", "--cron", "0 0 29 2 *", "--to", &target];
    phone.house.run(&[&add[..], &["--agent", "claude", "--param", &prompt]].concat()).was(0, "Added #");
    phone.house.run(&["cron", "run", "1"]).was(0, "done: delivered");
    let said = phone.fake.said(ADA.id);
    let said = said.iter().find(|said| said.contains("The backup is fresh.")).expect("the answer");
    assert!(!said.contains("MEDIA") && said.contains("Not attached: none.txt (not there)."), "{said}");
    assert!(phone.fake.with(|state| has_document(state, "report.bin", BYTES)));
}

#[test]
fn a_terminal_is_told_where_the_file_is() {
    let mut house = House::new("");
    furnish(&mut house);
    let said = house.say(&answering(&house, "Done.\nMEDIA: report.bin"));
    let place = house.path("web/report.bin").canonicalize().expect("there");
    assert!(said.out.contains("Done.") && said.out.contains(place.to_str().expect("text")), "{}", said.out);
    assert_eq!(said.code, 0);
}
