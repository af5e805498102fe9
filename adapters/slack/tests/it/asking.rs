//! Commands, presses, forms and the shortcut at a message.

use std::time::Duration;

use serde_json::json;
use signalbox_adapter::{Deliver as _, IncomingKind, Reception, TextPrompt};
use signalbox_test_support::slack::Fault;
use signalbox_test_support::slack::state::Channel;

use crate::scene::{ADA, OPS, Scene, direct, outgoing, text};

/// Slack gives so long.
const WITHIN: Duration = Duration::from_secs(3);

async fn acknowledged(scene: &Scene) {
    let all = |state: &signalbox_test_support::slack::state::State| {
        state.envelopes.iter().all(|envelope| envelope.acked.is_some_and(|within| within < WITHIN))
    };
    scene.fake.wait_until("all is acknowledged in time", all).await;
}

#[tokio::test]
async fn a_command_is_shown_and_what_only_concerns_who_asks_is_not() {
    let scene = Scene::new().await;
    scene.inbox.receive("/id", Reception::Aside);
    let taken = scene
        .listening(async {
            scene.fake.command(OPS, ADA, "/session", "fix <it> & go");
            scene.wait_for(1).await;
            scene.fake.command(OPS, ADA, "/signalbox", "id");
            scene.wait_for(2).await;
            acknowledged(&scene).await;
            scene.inbox.taken.accepted()
        })
        .await;
    let shown = scene.fake.shows(OPS);
    assert_eq!((shown.len(), shown[0].words().as_str()), (1, "Ada: /session fix <it> & go"));
    assert_eq!((text(&taken[0]), taken[0].is_shown_by_us), ("/session fix <it> & go", true));
    assert_eq!(taken[0].message.as_ref().map(|message| message.as_str()), Some(shown[0].ts.as_str()));
    assert_eq!((text(&taken[1]), taken[1].message.is_some()), ("/id", false));
    assert!(taken[1].window.as_ref().is_some_and(|window| window.contains(ADA.id)), "{:?}", taken[1].window);
}

#[tokio::test]
async fn where_the_bot_is_not_who_asks_is_told_and_nothing_is_done() {
    let scene = Scene::new().await;
    scene.fake.open("C9", Channel { has_bot: false, ..Channel::default() });
    scene
        .listening(async {
            scene.fake.command("C9", ADA, "/session", "x");
            scene.fake.wait_until("who asked is told", |state| !state.whispers.is_empty()).await;
            acknowledged(&scene).await;
            scene.fake.wait_until("it is done with", |_| scene.asked().is_empty()).await;
        })
        .await;
    let whisper = scene.fake.with(|state| state.whispers[0].clone());
    assert!(whisper.user == ADA.id && whisper.text.contains("/invite"), "{whisper:?}");
    assert!(scene.inbox.taken.accepted().is_empty());
}

#[tokio::test]
async fn a_command_is_kept_before_it_is_shown_and_done_in_the_next_life() {
    for (fault, shown_before) in [(Fault::Hold, 0), (Fault::DropAfter, 1)] {
        let scene = Scene::new().await;
        scene
            .listening(async {
                // Nobody learns whether it was shown until this life is over.
                let shows = vec!["chat.postMessage", "conversations.history"];
                scene.fake.fail_next("chat.postMessage", fault.clone());
                scene.fake.with(|state| state.outage = Some((shows[1..].to_vec(), Fault::Hold)));
                if fault == Fault::Hold {
                    scene.fake.with(|state| state.outage = Some((shows, Fault::Hold)));
                }
                scene.fake.command(OPS, ADA, "/session", "fix it");
                acknowledged(&scene).await;
                scene.fake.wait_until("it is being shown", |state| state.shows(OPS).len() == shown_before).await;
                assert_eq!(scene.asked().len(), 1, "it is kept");
            })
            .await;
        assert!(scene.inbox.taken.accepted().is_empty());
        scene.fake.with(|state| state.outage = None);
        scene.restart().await;
        let taken = scene.listening(scene.wait_for(1)).await;
        let shown = scene.fake.shows(OPS);
        assert_eq!(shown.len(), 1, "{fault:?}: {shown:?}");
        assert_eq!(shown[0].words(), "Ada: /session fix it");
        assert_eq!(taken[0].message.as_ref().map(|message| message.as_str()), Some(shown[0].ts.as_str()));
        assert!(scene.asked().is_empty(), "it is done with: {:?}", scene.asked());
    }
}

#[tokio::test]
async fn a_command_that_cannot_be_shown_is_done_all_the_same() {
    let scene = Scene::new().await;
    let faults = [Fault::Refuse("restricted_action"), Fault::Html { done: true }, Fault::TooMany { retry_after: 1 }];
    for (number, fault) in faults.into_iter().enumerate() {
        scene
            .listening(async {
                scene.fake.fail_next("chat.postMessage", fault.clone());
                scene.fake.command(OPS, ADA, "/session", &format!("number {number}"));
                let taken = scene.wait_for(number + 1).await;
                let is_shown = taken[number].message.is_some();
                assert_eq!(is_shown, number > 0, "{fault:?}");
            })
            .await;
    }
    let said = scene.fake.said(OPS);
    assert_eq!(said, ["Ada: /session number 1", "Ada: /session number 2"], "each once");
}

#[tokio::test]
async fn a_command_without_its_text_opens_a_form_which_makes_it_whole() {
    let scene = Scene::new().await;
    let prompt = TextPrompt {
        command: "session".to_owned(),
        title: "A new session with a long title".to_owned(),
        label: "What is to be done?".to_owned(),
        hint: "Fix the flaky test".to_owned(),
    };
    scene.inbox.receive("/session", Reception::Asks(prompt));
    let taken = scene
        .listening(async {
            scene.fake.command(OPS, ADA, "/session", "");
            scene.fake.wait_until("a form", |state| !state.views.is_empty()).await;
            assert!(scene.inbox.taken.accepted().is_empty());
            scene.fake.fill_in(ADA, "fix it\nand go on");
            let taken = scene.wait_for(1).await;
            acknowledged(&scene).await;
            taken
        })
        .await;
    assert_eq!((text(&taken[0]), taken[0].address.to_string()), ("/session fix it\nand go on", format!("slack:{OPS}")));
    assert_eq!(scene.fake.said(OPS), ["Ada: /session fix it\nand go on"]);
}

#[tokio::test]
async fn a_press_and_a_choice_carry_their_action_and_are_taken_once() {
    let scene = Scene::new().await;
    let taken = scene
        .listening(async {
            scene.deliver.deliver(&outgoing(1, &direct(ADA), "busy")).await.expect("shown");
            let ts = scene.fake.shows(&direct(ADA))[0].ts.clone();
            let blocks = json!([{ "type": "actions", "elements": [{ "type": "button", "action_id": "a", "value": "cancel 3",
                "text": { "type": "plain_text", "text": "Cancel" } }] }]);
            let key = (direct(ADA), ts.clone());
            scene.fake.with(|state| state.messages.get_mut(&key).expect("shown").blocks = blocks);
            scene.fake.press(&direct(ADA), ADA, &ts, "Cancel");
            scene.wait_for(1).await;
            scene.fake.choose(&direct(ADA), ADA, &ts, "assign 3 U1");
            let taken = scene.wait_for(2).await;
            acknowledged(&scene).await;
            (ts, taken)
        })
        .await;
    let (ts, taken) = taken;
    let actions: Vec<_> = taken.iter().map(text).collect();
    assert_eq!(actions, ["cancel 3", "assign 3 U1"]);
    assert!(taken.iter().all(|press| press.reply_to.as_ref().is_some_and(|message| message.as_str() == ts)));
    assert!(matches!(&taken[0].kind, IncomingKind::Button { press: Some(press), .. } if press.contains(ADA.id)));
}

#[tokio::test]
async fn a_message_is_investigated_from_its_own_menu_in_its_thread() {
    let scene = Scene::new().await;
    let asked = scene
        .listening(async {
            let said = scene.fake.say(OPS, ADA, "disk is full on db-1");
            scene.wait_for(1).await;
            scene.fake.shortcut(OPS, ADA, &said, "investigate");
            scene.wait_for(2).await;
            acknowledged(&scene).await;
            said
        })
        .await;
    let taken = &scene.inbox.taken.accepted()[1];
    assert_eq!((text(taken), taken.address.to_string()), ("/investigate", format!("slack:{OPS}/{asked}")));
    assert_eq!((taken.quoted[0].text.as_str(), taken.quoted[0].by.as_deref()), ("disk is full on db-1", Some("Ada")));
    let shown = scene.fake.shows(OPS).into_iter().find(|shown| shown.by_bot).expect("it is shown");
    assert_eq!(shown.thread.as_deref(), Some(asked.as_str()));
}
