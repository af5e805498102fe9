//! Agents that only admins may have work, what only they may let go on, and files that a viewer sends.

use nix::sys::signal::Signal;
use signalbox_test_support::everyday::{House, eventually};
use signalbox_test_support::telegram::{ChatKind, Person, Post};

use crate::approvals::open_request;
use crate::discord::scene as discord;
use crate::phone::scene::{ADA, EVE, Phone};
use crate::slack::scene as slack;

/// A group in which everybody is an operator.
const TEAM: i64 = -1_001_000_800;
/// What an operator is told who would have an agent for admins work.
const NO: &str = "claude needs the role admin here. Yours is operator.";
/// Says whose claude is.
const ROLE: &str = "SIGNALBOX__AGENTS__CLAUDE__ROLE";

/// A house whose admin is Ada, with Eve as an operator in a group.
fn team(key: &str, value: &str) -> Phone {
    let mut phone = Phone::new("");
    phone.promote();
    phone.allow_chat(TEAM, "operator");
    phone.house.set(key, value);
    phone.fake.open(TEAM, ChatKind::Supergroup, "team");
    phone
}

#[test]
fn an_agent_for_admins_works_for_nobody_else_however_it_is_asked() {
    let phone = team(ROLE, "admin");
    let _serving = phone.serve();
    for words in ["/session script: answer no", "/session @claude script: answer no", "/investigate why is it slow?"] {
        let asked = phone.fake.say(TEAM, EVE, words);
        phone.shown_in(TEAM, asked, NO);
    }
    assert_eq!(phone.house.count("sessions"), 0, "a refusal leaves nothing behind");
    let asked = phone.fake.say(TEAM, ADA, "/session --name docs script: ask Bash ls; answer one");
    let question = phone.shown_in(TEAM, asked, "asks for permission");
    phone.known(&question);
    for label in ["Approve", "Allow for this session"] {
        let press = phone.fake.press(TEAM, EVE, question.id, label);
        phone.until("Eve is told", |state| state.answers.get(&press).is_some_and(|text| text.contains("role admin")));
    }
    phone.fake.press(TEAM, ADA, question.id, "Approve");
    let answer = phone.shown_in(TEAM, asked, "\none");
    let answer = phone.known(&answer);
    for words in ["/session @docs script: answer no", "/session retry docs"] {
        let asked = phone.fake.say(TEAM, EVE, words);
        phone.shown_in(TEAM, asked, NO);
    }
    let asked = phone.fake.post(TEAM, EVE, Post::text("script: answer no").reply_to(answer));
    phone.shown_in(TEAM, asked, NO);
    // What stops it is everybody's.
    let asked = phone.fake.say(TEAM, ADA, "/session @docs script: ask Bash ls; answer two");
    let question = phone.shown_in(TEAM, asked, "asks for permission");
    phone.known(&question);
    phone.fake.press(TEAM, EVE, question.id, "Deny");
    phone.shown_in(TEAM, asked, "\ntwo");
    assert_eq!(phone.house.runs().len(), 2, "{:?}", phone.house.runs());
    let asked = phone.fake.say(TEAM, EVE, "/agents");
    phone.shown_in(TEAM, asked, "claude is for admins.");
    phone.house.run(&["config", "show"]).was(0, "role = \"admin\"");
}

#[test]
fn a_typed_yes_to_an_agent_for_admins_is_an_admins() {
    let phone = team(ROLE, "admin");
    let _serving = phone.serve();
    let asked = phone.fake.say(TEAM, ADA, "/session --name docs script: ask Bash ls; answer one");
    phone.shown_in(TEAM, asked, "asks for permission");
    let id = open_request(&phone.house, 1);
    for word in ["approve", "allow"] {
        let typed = phone.fake.say(TEAM, EVE, &format!("/{word} {id}"));
        phone.shown_in(TEAM, typed, NO);
    }
    assert_eq!(phone.house.count("approvals WHERE decision IS NULL"), 1);
    let typed = phone.fake.say(TEAM, ADA, &format!("/approve {id}"));
    phone.shown_in(TEAM, typed, "Allowed once");
    phone.shown_in(TEAM, asked, "\none");
    assert_eq!(phone.house.count("approvals WHERE decided_by = '1001'"), 1);
}

#[test]
fn an_edit_gives_an_agent_for_admins_no_other_words() {
    let mut phone = team("SIGNALBOX__LIMITS__MAX_TASKS_PER_CHAT", "1");
    let serving = phone.serve();
    let gate = phone.house.text("gate");
    let first = phone.fake.say(TEAM, ADA, &format!("/session --name docs script: wait {gate}; answer one"));
    phone.shown_in(TEAM, first, "Started");
    let waiting = phone.fake.say(TEAM, EVE, "/session --name hers script: answer old words");
    phone.shown_in(TEAM, waiting, "Queued");
    serving.signal(Signal::SIGTERM);
    serving.end().was(0, "");
    // It was hers when she asked, and is an admin's now.
    phone.house.set(ROLE, "admin");
    let _serving = phone.serve();
    phone.fake.edit(TEAM, EVE, waiting, "/session --name hers script: answer new words");
    let told = phone.shown_in(TEAM, waiting, NO);
    // An edit of what was refused is a new message, and is refused again.
    let refused = phone.fake.say(TEAM, EVE, "/session script: answer new words");
    let told = phone.shown_in(TEAM, refused.max(told.id), NO);
    phone.fake.edit(TEAM, EVE, refused, "/session script: answer newer words");
    phone.shown_in(TEAM, told.id, NO);
    phone.house.touch("gate");
    phone.shown_in(TEAM, waiting, "old words");
    assert!(phone.house.runs().iter().all(|(_, _, prompt)| !prompt.contains("new")), "{:?}", phone.house.runs());
}

#[test]
fn a_forward_starts_no_agent_for_admins() {
    let mut phone = team(ROLE, "admin");
    let users = format!("[{{ id = \"{}\", role = \"admin\" }}, \"{}\"]", ADA.id, EVE.id);
    phone.house.set("SIGNALBOX__ALLOW__TELEGRAM__USERS", &users);
    phone.fake.open_private(EVE);
    let _serving = phone.serve();
    let mallory = Person::new(667, "Mallory");
    let mut last = 0;
    for text in ["look at this", "[FIRING:1] PodCrashLooping checkout-7d9 restarts 14"] {
        let forward = phone.fake.post(EVE.id, EVE, Post::text(text).forwarded_from(mallory));
        last = phone.shown_in(EVE.id, forward.max(last), NO).id;
    }
    // Nor with a comment before it.
    let comment = phone.fake.say(EVE.id, EVE, "what is this?");
    phone.fake.post(EVE.id, EVE, Post::text("[FIRING:1] DiskFull db-1").forwarded_from(mallory));
    let told = phone.shown_in(EVE.id, comment.max(last), NO);
    phone.until("all is taken", |state| state.updates.is_empty());
    eventually("all is answered", || phone.house.count("inbox WHERE state <> 'done'") == 0);
    assert!(told.id > last && phone.house.runs().is_empty(), "{:?}", phone.house.runs());
    assert_eq!((phone.house.count("sessions"), phone.house.count("tasks")), (0, 0));
}

#[test]
fn what_an_agent_asks_that_may_do_everything_is_for_admins() {
    let phone = team("SIGNALBOX__AGENTS__CLAUDE__PERMISSION", "all");
    let _serving = phone.serve();
    let plan = "put ExitPlanMode {\"plan\": \"Drain the node\"}";
    let asked = phone.fake.say(TEAM, EVE, &format!("/session --name docs script: {plan}; answer one"));
    let question = phone.shown_in(TEAM, asked, "Drain the node");
    phone.known(&question);
    let press = phone.fake.press(TEAM, EVE, question.id, "Go on");
    phone.until("Eve is told", |state| state.answers.get(&press).is_some_and(|text| text.contains("role admin")));
    phone.fake.press(TEAM, ADA, question.id, "Go on");
    phone.shown_in(TEAM, asked, "\none");
    // A question is for who works with it.
    let which =
        "put AskUserQuestion {\"questions\": [{\"question\": \"Where to?\", \"options\": [{\"label\": \"staging\"}]}]}";
    let asked = phone.fake.say(TEAM, EVE, &format!("/session @docs script: {which}; answer two"));
    let question = phone.shown_in(TEAM, asked, "Where to?");
    phone.known(&question);
    phone.fake.press(TEAM, EVE, question.id, "staging");
    phone.shown_in(TEAM, asked, "\ntwo");
    let asked = phone.fake.say(TEAM, EVE, "/agents");
    phone.shown_in(TEAM, asked, "claude does everything without asking.");
}

#[test]
fn a_viewers_files_are_not_fetched_and_they_are_told() {
    let phone = team("SIGNALBOX__ALLOW__TELEGRAM__CHATS", &format!("[{{ id = \"{TEAM}\", role = \"viewer\" }}]"));
    let _serving = phone.serve();
    let with_log = |text: &str| Post::text(text).document("app.log", b"what happened");
    phone.fake.post(TEAM, EVE, with_log("nothing for the bot"));
    let asked = phone.fake.post(TEAM, EVE, with_log("/session look at this"));
    phone.shown_in(TEAM, asked, "files need the role operator. Yours is viewer.");
    assert_eq!(phone.fake.count("getfile"), 0);
    assert_eq!(phone.house.count("inbox WHERE incoming LIKE '%app.log%'"), 0);
    let asked = phone.fake.post(TEAM, ADA, with_log("/session script: answer read"));
    phone.shown_in(TEAM, asked, "\nread");
    eventually("hers is", || phone.fake.count("getfile") == 1);
}

/// Lets an agent be for admins, of whom the first of two people is one.
fn keep_to_admins(house: &mut House, provider: &str, admin: &str, operator: &str) {
    house.set(ROLE, "admin");
    let users = format!("[{{ id = \"{admin}\", role = \"admin\" }}, \"{operator}\"]");
    house.set(&format!("SIGNALBOX__ALLOW__{provider}__USERS"), &users);
}

#[test]
fn in_discord_buttons_of_an_agent_for_admins_are_theirs_and_others_are_told_alone() {
    let mut server = discord::Server::new("");
    keep_to_admins(&mut server.house, "DISCORD", "1001", "666");
    let _serving = server.serve();
    server.until("the commands", |state| state.commands.iter().any(|command| command["name"] == "session"));
    server.fake.command(discord::OPS, discord::ADA, "session", "--name docs script: ask Bash ls; answer <done>");
    let asked = server.shown(discord::OPS, 0, "/session --name docs");
    let question = server.shown(asked.id, asked.id, "asks for permission");
    server.known(&question);
    for label in ["Approve", "Allow for this session"] {
        server.fake.press(asked.id, discord::EVE, question.id, label);
    }
    server.until("Eve is told alone", |state| {
        state.whispers.iter().filter(|said| said.contains("needs the role admin here. Yours is operator.")).count() == 2
    });
    assert!(!server.fake.said(asked.id).iter().any(|said| said.contains("role admin")));
    server.fake.press(asked.id, discord::ADA, question.id, "Approve");
    server.shown(asked.id, question.id, r"\<done>");
    assert_eq!(server.house.runs().len(), 1);
}

#[test]
fn in_slack_buttons_of_an_agent_for_admins_are_theirs_and_others_are_told_alone() {
    let mut work = slack::Workspace::allowing("", &[slack::ADA, slack::EVE]);
    keep_to_admins(&mut work.house, "SLACK", slack::ADA.id, slack::EVE.id);
    let _serving = work.serve();
    let words = "/session --name docs script: ask Bash ls; answer <done>";
    let asked = work.fake.post(slack::OPS, slack::ADA, signalbox_test_support::slack::Post::to_bot(words));
    let question = work.shown(slack::OPS, &asked, "asks for permission");
    work.house.knows(&question.ts);
    for label in ["Approve", "Allow for this session"] {
        work.fake.press(slack::OPS, slack::EVE, &question.ts, label);
    }
    work.until("Eve is told alone", |state| {
        let told = |text: &str| text.contains("needs the role admin here. Yours is operator.");
        state.whispers.iter().filter(|whisper| whisper.user == slack::EVE.id && told(&whisper.text)).count() == 2
    });
    assert!(!work.fake.said(slack::OPS).iter().any(|said| said.contains("role admin")));
    work.fake.press(slack::OPS, slack::ADA, &question.ts, "Approve");
    work.shown(slack::OPS, &asked, "<done>");
    assert_eq!(work.house.runs().len(), 1);
}
