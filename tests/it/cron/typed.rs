//! What is typed about schedules in a chat: half a command, and names of several words.

use crate::phone::scene::{ADA, Phone};

/// Lines that a phone shows at once, more or less.
const PHONE_LINES: usize = 40;

#[test]
fn half_a_command_is_answered_with_the_kinds_the_options_and_an_example() {
    let mut phone = Phone::new("");
    phone.promote();
    let _serving = phone.serve();
    for (text, example) in [
        ("/cron foo", "/cron add --kind daily_summary --cron"),
        ("/cron add", "/cron add --kind daily_summary --cron"),
        ("/cron edit", "/cron edit 3 --cron"),
        ("/help cron", "/cron add --kind daily_summary --cron"),
    ] {
        let asked = phone.say(text);
        let told = phone.shown(asked, "incident_window_replay").text;
        for needle in [example, "custom_investigation", "--tz", "@weekly", "--quiet-when-empty"] {
            assert!(told.contains(needle), "{text}: {needle} in {told}");
        }
        assert!(told.lines().count() < PHONE_LINES, "{text}: {told}");
    }
    let asked = phone.say("/cron foo");
    phone.shown(asked, "/cron list|add|edit|show|logs|run|pause|resume|remove");
}

#[test]
fn a_schedule_with_a_name_of_several_words_is_named_by_it() {
    let mut phone = Phone::new("");
    phone.promote();
    let target = format!("telegram:{}", ADA.id);
    let add = ["cron", "add", "--kind", "daily_summary", "--cron", "0 0 29 2 *", "--name", "Morning digest", "--to"];
    phone.house.run(&[&add[..], &[&target]].concat()).was(0, "Added #1: Morning digest");
    let _serving = phone.serve();
    for (text, answer) in [
        ("/cron show \"Morning digest\"", "0 0 29 2 *"),
        ("/cron logs “morning digest”", "#1 has not fired yet."),
        ("/cron pause Morning digest", "#1 is paused"),
        ("/cron resume 'Morning digest'", "#1 goes on"),
        ("/cron edit “Morning digest” —name “Evening digest”", "Changed #1: Evening digest"),
        ("/cron edit Evening digest --tz Asia/Kolkata", "Changed #1: Evening digest"),
        ("/cron edit Evening digest", "name what is to be otherwise"),
        ("/cron show Evenin digest", "did you mean #1 Evening digest?"),
        ("/cron run --failed-only", "needs <fire>"),
        ("/cron show Evening digest", "by command line"),
        ("/cron add --kind daily_summary --cron \"0 9 * * *\" --name Mine", "Added #2: Mine"),
        ("/cron show Mine", "by Ada (1001)"),
        ("/session show nothing", "No session of this chat"),
        ("/cron remove \"Evening digest\"", "#1 Evening digest is removed."),
    ] {
        let asked = phone.say(text);
        phone.shown(asked, answer);
    }
}
