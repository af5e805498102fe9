//! What people send: edits, files, voice notes, albums, topics, groups that move.

use signalbox_test_support::telegram::{ChatKind, Post};

use crate::phone::scene::{ADA, Phone};

/// A forum with topics.
const FORUM: i64 = -1_001_000_800;
/// The beginning of a picture.
const JPEG: &[u8] = b"\xff\xd8\xff\xe0 a picture";

#[test]
fn an_edit_of_a_waiting_prompt_replaces_it_and_one_of_a_running_prompt_comes_too_late() {
    let phone = Phone::new("limits.max_tasks_per_chat = 1\n");
    let _serving = phone.serve();
    let gate = phone.house.text("gate");
    let running = phone.say(&format!("/session script: wait {gate}; answer first"));
    phone.shown(running, "Started");
    let waiting = phone.say("/session script: answer wrnog");
    phone.shown(waiting, "Queued");
    phone.fake.edit(ADA.id, ADA, waiting, "/session script: answer right");
    phone.shown(waiting, "will run the edited prompt");
    phone.fake.edit(ADA.id, ADA, running, "/session script: answer too late");
    phone.shown(waiting, "already works on the first version");
    phone.house.touch("gate");
    phone.shown(running, "\nfirst");
    phone.shown(waiting, "\nright");
    // A command with a slip in it is answered when it is corrected.
    let slip = phone.say("/sesion list");
    phone.shown(slip, "session");
    phone.fake.edit(ADA.id, ADA, slip, "/session list");
    phone.shown(slip, "answer right");
}

#[test]
fn files_and_albums_are_saved_and_named_in_the_prompt() {
    let phone = Phone::new("");
    let _serving = phone.serve();
    let asked = phone.fake.post(ADA.id, ADA, Post::text("/session look at it").document("../../x y.log", b"one\ntwo"));
    phone.shown(asked, "Complete");
    let asked = phone.fake.post(ADA.id, ADA, Post::text("").photo(JPEG));
    phone.shown(asked, "turn 2: Look at what is attached.");
    let album = Post::text("both").photo(JPEG).in_album("a1");
    phone.fake.post(ADA.id, ADA, album);
    let asked = phone.fake.post(ADA.id, ADA, Post::text("").photo(JPEG).in_album("a1"));
    phone.shown(asked, "turn 3: both");
    // What is no picture is not taken for one.
    let asked = phone.fake.post(ADA.id, ADA, Post::text("run it").photo(b"\x7fELF"));
    phone.shown(asked, "Not taken");
    let prompts: Vec<String> = phone.house.runs().into_iter().map(|(_, _, prompt)| prompt).collect();
    let files = |prompt: &str| {
        prompt.lines().filter_map(|line| line.split_once("\": ")).map(|(_, path)| path.to_owned()).collect::<Vec<_>>()
    };
    let first = files(&prompts[0]);
    assert_eq!(std::fs::read(&first[0]).expect("it is saved"), b"one\ntwo", "{prompts:?}");
    assert!(first[0].starts_with(&phone.house.text("state")) && !first[0].contains(".."), "{first:?}");
    assert_eq!(files(&prompts[2]).len(), 2, "{prompts:?}");
    let argv = std::fs::read_to_string(phone.house.path("argv")).expect("noted");
    assert!(argv.contains("--add-dir"), "{argv}");
}

#[test]
fn a_voice_note_is_written_down_shown_and_answered() {
    let mut phone = Phone::new("");
    let program = r#"["sh", "-c", "echo script: answer $(head -c 4 $1) heard", "sh"]"#;
    phone.house.set("SIGNALBOX__TELEGRAM__TRANSCRIBE", program);
    let _serving = phone.serve();
    let asked = phone.fake.post(ADA.id, ADA, Post::text("").voice(b"OggS..."));
    let status = phone.shown(asked, "script: answer OggS heard");
    assert!(status.entities.iter().any(|entity| entity["type"] == "blockquote"), "{status:?}");
    phone.shown(asked, "\nOggS heard");
}

#[test]
fn without_a_program_a_voice_note_is_answered_with_how_to_set_one() {
    let phone = Phone::new("");
    let _serving = phone.serve();
    let asked = phone.fake.post(ADA.id, ADA, Post::text("").voice(b"OggS..."));
    phone.shown(asked, "transcribe = [");
}

#[test]
fn a_topic_is_a_thread_of_its_own() {
    let phone = Phone::new("");
    let _serving = phone.serve();
    phone.fake.open(FORUM, ChatKind::Forum, "forum");
    phone.fake.with(|state| state.set_topic(FORUM, 7, true));
    let asked = phone.fake.post(FORUM, ADA, Post::text("/session script: answer in topic").in_topic(7));
    let answer = phone.shown_in(FORUM, asked, "\nin topic");
    assert_eq!((answer.thread, answer.reply_to), (Some(7), Some(asked)));
    // Any message in a session's thread goes on with it.
    let asked = phone.fake.post(FORUM, ADA, Post::text("and then?").in_topic(7));
    assert_eq!(phone.shown_in(FORUM, asked, "turn 2: and then?").thread, Some(7));
}

#[test]
fn a_group_that_becomes_a_supergroup_takes_its_work_along() {
    let old = -500;
    let new = -1_001_000_500;
    let mut phone = Phone::new("");
    phone.allow_chat(old, "operator");
    let _serving = phone.serve();
    phone.fake.open(old, ChatKind::Group, "ops");
    let gate = phone.house.text("gate");
    let asked = phone.fake.say(
        old,
        crate::phone::scene::EVE,
        &format!("/session --name long script: wait {gate}; answer moved"),
    );
    phone.shown_in(old, asked, "Started");
    phone.fake.migrate(old, ADA, new);
    phone.until("the move is confirmed", |state| state.updates.is_empty());
    phone.house.touch("gate");
    let answer = phone.shown_in(new, 0, "\nmoved");
    assert_eq!(answer.reply_to, None, "the old message is not there");
    let asked = phone.fake.say(new, crate::phone::scene::EVE, "/session @long script: answer still here");
    phone.shown_in(new, asked, "\nstill here");
}
