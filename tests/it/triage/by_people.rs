//! What people do about an incident, by buttons and by commands.

use signalbox_test_support::telegram::Post;

use super::scene::{FIRING, TEAM, Team};
use crate::phone::scene::{ADA, EVE};

#[test]
fn an_incident_is_assigned_silenced_resolved_and_reopened_by_commands() {
    let team = Team::by_hand("Logs are not rotated");
    let _serving = team.serve();
    team.alert(FIRING);
    let card = team.shown("DiskWillFill");
    let say = |text: &str| team.phone.fake.say(TEAM, ADA, text);
    say("/incidents");
    assert!(team.shown("firing").text.contains("DiskWillFill"));
    say("/incident assign 1 @Kim");
    team.shown("#1 is assigned to Kim");
    assert_eq!(team.shown("Assigned to Kim by Ada").reply_to, Some(card.id));
    say("/incident assign 1 Kim Bo");
    team.shown("#1 is assigned to Kim Bo");
    say("/incident silence 1 soon");
    team.shown("is no length of time");
    say("/incident silence 1 2h");
    assert!(team.shown("#1 is silenced until").text.contains("only here: its source goes on"));
    let card = team.says(card.id, "Silenced until");
    let labels: Vec<&str> = card.buttons.iter().map(|(label, _)| label.as_str()).collect();
    assert_eq!(labels, ["End silence", "Assign to me", "Resolve", "Investigate"]);
    say("/ack 1");
    team.shown("it is silenced");
    say("/incident reopen 1");
    team.shown("#1 is silenced no longer; it fires, as far as is known");
    team.shown("Silence ended by Ada; it fires, as far as is known");
    say("/incident resolve 1");
    team.shown("Resolved by Ada");
    say("/incident reopen #1");
    team.shown("Reopened by Ada");
    let asked = say("/incident 1");
    let history = team.phone.shown_in(TEAM, asked, "Silenced for 2 h by Ada");
    assert!(history.text.contains("Assigned to Kim by Ada"), "{history:?}");
    assert!(
        history.text.contains("Silence ended by Ada") && history.text.matches("Reopened").count() == 1,
        "{history:?}"
    );
    say("/incident ack 99");
    team.shown("No incident 99 here");
    // Nobody asked for a root cause; a question below the card does.
    team.reply(card.id, "why is it full?");
    team.shown("#1 is being investigated");
    assert_eq!(team.shown("Root cause: Logs are not rotated").reply_to, Some(card.id));
}

#[test]
fn a_button_acts_with_the_rights_of_who_presses_it() {
    let mut team = Team::by_hand("Logs are not rotated");
    team.phone.allow_chat(TEAM, "viewer");
    let _serving = team.serve();
    team.alert(FIRING);
    let card = team.shown("DiskWillFill");
    let press = team.phone.fake.press(TEAM, EVE, card.id, "Resolve");
    team.phone.until("the press is answered", |state| {
        state.answers.get(&press).is_some_and(|told| told.contains("operator"))
    });
    assert_eq!(team.phone.house.count("incidents WHERE state = 'firing'"), 1);
    assert!(team.press(card.id, "Resolve").contains("#1 is resolved"));
}

#[test]
fn an_incident_is_given_to_an_agent_for_admins_by_admins_only() {
    const NO: &str = "claude needs the role admin here. Yours is operator.";
    let mut team = Team::by_hand("Logs are not rotated");
    team.phone.promote();
    team.phone.house.set("SIGNALBOX__AGENTS__CLAUDE__ROLE", "admin");
    let _serving = team.serve();
    team.alert(FIRING);
    let card = team.shown("DiskWillFill");
    team.phone.known(&card);
    team.press(card.id, "Ack");
    let can_be_asked = |(label, _): &(String, String)| label == "Investigate";
    team.phone.until_patiently("the button", |state| state.messages[&(TEAM, card.id)].buttons.iter().any(can_be_asked));
    let press = team.phone.fake.press(TEAM, EVE, card.id, "Investigate");
    team.phone.until("Eve is told", |state| state.answers.get(&press).is_some_and(|told| told.contains("role admin")));
    let typed = team.phone.fake.say(TEAM, EVE, "/incident investigate 1");
    let told = team.phone.shown_in(TEAM, typed, NO);
    let asked = team.phone.fake.post(TEAM, EVE, Post::text("why is it full?").reply_to(card.id));
    team.phone.shown_in(TEAM, asked.max(told.id), NO);
    assert_eq!((team.phone.house.count("tasks"), team.phone.house.runs().len()), (0, 0));
    team.press(card.id, "Investigate");
    team.shown("Root cause: Logs are not rotated");
}

#[test]
fn incidents_of_another_chat_are_unknown_but_to_the_owner_of_the_machine() {
    let team = Team::by_hand("Logs are not rotated");
    let _serving = team.serve();
    team.alert(FIRING);
    team.shown("DiskWillFill");
    let asked = team.phone.say("/incident show 1");
    team.phone.shown(asked, "No incident 1 here");
    team.phone.house.say("/incidents").was(0, "telegram:");
}
