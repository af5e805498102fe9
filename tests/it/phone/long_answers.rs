//! Answers of many megabytes: the first megabyte is kept and shown, nobody else waits for it, and it takes little memory.

use std::process::Command;

use crate::phone::scene::{ADA, Phone};
use signalbox_test_support::everyday::{House, Talk, eventually};
use signalbox_test_support::telegram::ChatKind;

const MIB: usize = 1024 * 1024;
/// Longest that is kept of an answer with the sentence that says where the rest is, in bytes.
const MAX_KEPT_BYTES: usize = MIB + 256;
/// Most memory that the program takes, whatever it is answered, in bytes.
const MAX_MEMORY_BYTES: u64 = 200_000_000;
/// Address space of a small machine, in KiB.
const SMALL_KIB: u64 = 512 * 1024;

/// Lets Ada ask in a chat of its own for a long answer that this step of the agent makes; returns the chat.
fn ask(phone: &Phone, chat: i64, step: &str) -> i64 {
    phone.fake.open(chat, ChatKind::Private, "Ada");
    phone.fake.say(chat, ADA, &format!("/session script: {step}"));
    chat
}

/// Waits until a chat has its answer; returns the file that holds what the messages do not.
fn answered(phone: &Phone, chat: i64) -> String {
    let is_file = |shown: &signalbox_test_support::telegram::state::Shown| shown.document.is_some();
    phone.until_patiently("the answer", |state| state.shows(chat).iter().any(is_file));
    let shown = phone.fake.shows(chat).into_iter().find_map(|shown| shown.document).expect("a file");
    String::from_utf8(shown.1).expect("text")
}

#[test]
fn another_chat_is_answered_while_a_table_of_sixteen_megabytes_is_laid_out() {
    let phone = Phone::new("");
    let _serving = phone.serve();
    let chat = ask(&phone, 2_000_001, &format!("table {}", 16 * MIB));
    eventually("the agent has said its last word", || phone.house.runs().len() == 1 && phone.house.agents().is_empty());
    let asked = phone.say("/id");
    phone.shown(asked, "1001");
    let has_answer = phone.fake.shows(chat).iter().any(|shown| shown.by_bot && !shown.silent);
    assert!(!has_answer, "the table comes after the answer to somebody else");
    let rest = answered(&phone, chat);
    assert!(rest.len() < 3 * MIB, "{}", rest.len());
    assert!(rest.contains("was cut; it is in the file"), "{}", &rest[rest.len() - 300..]);
}

#[test]
fn of_an_answer_of_any_shape_one_megabyte_is_kept_and_the_rest_stays_in_the_runs_files() {
    let phone = Phone::new("");
    let _serving = phone.serve();
    for (number, text) in (1..).zip(["{", "x", "word ", "a\\n"]) {
        let chat = ask(&phone, 2_000_000 + number, &format!("fill {} {text}", 16 * MIB));
        let rest = answered(&phone, chat);
        assert!(rest.len() <= 2 * MIB, "{text:?}: {}", rest.len());
    }
    let kept =
        format!("tasks WHERE status = 'ok' AND length(CAST(result AS BLOB)) BETWEEN {MIB} - 8 AND {MAX_KEPT_BYTES}");
    assert_eq!(phone.house.count(&kept), 4);
    let runs = std::fs::read_dir(phone.house.state().join("runs")).expect("runs").flatten();
    let whole = runs.filter(|run| run.path().join("stdout").metadata().is_ok_and(|file| file.len() > 16 * MIB as u64));
    assert_eq!(whole.count(), 4);
}

#[test]
fn an_analysis_that_is_too_long_is_asked_for_once_more() {
    let phone = Phone::new("");
    let _serving = phone.serve();
    let asked = phone.say(&format!("/investigate script: next It is the disk.; fill {} {{", 16 * MIB));
    phone.shown(asked, "in the background");
    eventually("it is asked again", || phone.house.runs().len() == 2);
    let (_, resumed, prompt) = phone.house.runs().remove(1);
    assert!(resumed && prompt.contains("longer than 1048576 bytes"), "{prompt}");
    // Both runs gave no analysis: the first answer is shown as it is.
    answered(&phone, ADA.id);
}

/// A table of one row below its header.
fn table(bytes: usize) -> String {
    ["|a", "|-", "|b"].map(|cell| cell.repeat(bytes / "|a|-|b".len())).join("|\n") + "|\n"
}

/// Shapes that take the most memory for their length.
fn shapes() -> [String; 3] {
    [table(16 * MIB), "[".repeat(MIB), "> - *a*\n".repeat(MIB / 8)]
}

#[test]
fn answers_of_any_shape_take_little_memory_and_other_chats_are_answered_meanwhile() {
    let phone = Phone::new("");
    let serving = phone.serve();
    for (number, shape) in (1..).zip(shapes()) {
        let file = phone.house.path("answer");
        std::fs::write(&file, shape).expect("written");
        let chat = ask(&phone, 2_000_000 + number, &format!("file {}", file.display()));
        let asked = phone.say("/id");
        phone.shown(asked, "1001");
        answered(&phone, chat);
    }
    let peak = serving.peak_bytes();
    assert!(peak < MAX_MEMORY_BYTES, "{peak}");
}

/// Serves with a bound on its address space, which its children inherit.
fn serve_within(house: &House, kib: u64) -> Talk {
    let whole = house.command(&["serve"]);
    let mut bounded = Command::new("sh");
    bounded.args(["-c", &format!("ulimit -v {kib} && exec \"$@\""), "sh"]).arg(whole.get_program());
    bounded.args(whole.get_args()).env_clear().stdin(std::process::Stdio::null());
    bounded.envs(whole.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let serving = house.start(bounded);
    serving.until("serving");
    serving
}

#[test]
fn a_small_machine_shows_an_answer_of_sixteen_megabytes_too() {
    let phone = Phone::new("");
    let serving = serve_within(&phone.house, SMALL_KIB);
    for (number, step) in (1..).zip([format!("table {}", 16 * MIB), format!("fill {} {{", 16 * MIB)]) {
        answered(&phone, ask(&phone, 2_000_000 + number, &step));
    }
    drop(serving);
    let _serving = serve_within(&phone.house, SMALL_KIB);
    let asked = phone.say("/id");
    phone.shown(asked, "1001");
}
