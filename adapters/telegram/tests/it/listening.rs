//! What people say arrives once, as what it is, and nothing is confirmed before the inbox has it.

use std::sync::atomic::Ordering;

use serde_json::json;
use signalbox_adapter::{Button, Deliver, IncomingKind, ListenError, MessageId};
use signalbox_test_support::telegram::{ChatKind, Fate, Fault, HALF_A_CHARACTER, Person, Post};

use crate::scene::{ADA, BOB, Scene, TEAM, message, outgoing, text};

#[tokio::test]
async fn a_message_from_before_the_start_is_taken_and_then_confirmed() {
    let scene = Scene::new().await;
    scene.fake.with(|state| state.webhook = true);
    let id = scene.fake.say(ADA.id, ADA, "/session fix the build");
    let taken = scene.taken(1).await.remove(0);
    assert_eq!(taken.key.as_str(), "telegram:42:1001");
    assert_eq!(taken.address.to_string(), "telegram:1001");
    assert_eq!((taken.sender.id.as_str(), taken.sender.name.as_str(), taken.sender.bot), ("1001", "Ada", false));
    assert_eq!(taken.message, Some(message(id)));
    assert_eq!(taken.kind, IncomingKind::Text("/session fix the build".to_owned()));
    assert!(taken.direct && !taken.addressed);
    assert!(scene.polls.load(Ordering::Relaxed) >= 1, "each poll says that we are alive");
}

#[tokio::test]
async fn nothing_is_confirmed_that_the_inbox_does_not_have() {
    let scene = Scene::new().await;
    scene.fake.say(ADA.id, ADA, "one");
    scene.fake.say(BOB.id, BOB, "two");
    scene.inbox.refuse_next(1);
    let ended = scene.listen_to_the_end().await;
    assert!(matches!(&ended, Err(ListenError::Lost(why)) if why.contains("told to refuse")), "{ended:?}");
    assert!(!scene.fake.is_drained());
    let taken = scene.taken(2).await;
    assert_eq!(taken.iter().map(text).collect::<Vec<_>>(), ["one", "two"]);
}

#[tokio::test]
async fn repeated_and_reordered_updates_are_each_taken_once_and_in_order() {
    let scene = Scene::new().await;
    scene.fake.with(|state| state.scrambled = true);
    for number in 0..20 {
        scene.fake.say(ADA.id, ADA, &number.to_string());
    }
    let taken = scene.taken(20).await;
    let expected: Vec<String> = (0..20).map(|number| number.to_string()).collect();
    assert_eq!(taken.iter().map(text).collect::<Vec<_>>(), expected);
    assert_eq!(scene.inbox.offers().len(), 20);
}

#[tokio::test]
async fn what_is_posted_in_a_channel_is_the_word_of_a_bot_and_so_is_its_edit() {
    const CHANNEL: i64 = -1_001_000_777;
    let scene = Scene::new().await;
    scene.fake.open(CHANNEL, ChatKind::Channel, "alerts");
    let id = scene.fake.say(CHANNEL, ADA, "[FIRING:1] Disk full");
    scene.fake.edit(CHANNEL, ADA, id, "[RESOLVED] Disk full");
    let taken = scene.taken(2).await;
    let said = [IncomingKind::Text("[FIRING:1] Disk full".into()), IncomingKind::Edited("[RESOLVED] Disk full".into())];
    assert_eq!(taken.iter().map(|one| one.kind.clone()).collect::<Vec<_>>(), said);
    for one in &taken {
        assert_eq!((one.sender.id.as_str(), one.sender.bot, one.direct), ("-1001000777", true, false));
        assert_eq!(one.message, Some(message(id)));
    }
}

#[tokio::test]
async fn an_update_that_cannot_be_read_hides_no_other_and_is_confirmed() {
    let scene = Scene::new().await;
    scene.fake.say(ADA.id, ADA, "before");
    scene.fake.say(ADA.id, ADA, &format!("half {HALF_A_CHARACTER}"));
    let deep = (0..200).fold(json!("x"), |inner, _| json!([inner]));
    scene.fake.post(ADA.id, ADA, Post::text("deep").with(json!({ "gift": deep })));
    scene.fake.say(ADA.id, ADA, "after");
    let taken = scene.taken(2).await;
    assert_eq!(taken.iter().map(text).collect::<Vec<_>>(), ["before", "after"]);
}

#[tokio::test]
async fn an_edit_names_the_message_it_changes() {
    let scene = Scene::new().await;
    let id = scene.fake.say(ADA.id, ADA, "teh prompt");
    scene.fake.edit(ADA.id, ADA, id, "the prompt");
    let taken = scene.taken(2).await;
    assert_eq!(taken[1].kind, IncomingKind::Edited("the prompt".to_owned()));
    assert_eq!(taken[0].message, taken[1].message);
    assert_ne!(taken[0].key, taken[1].key);
}

#[tokio::test]
async fn in_a_group_a_mention_a_command_and_an_answer_are_for_the_bot() {
    let scene = Scene::new().await;
    scene.tell(TEAM, "What shall I do?").await.expect("delivered");
    let question = scene.fake.shows(TEAM).remove(0).id;
    let chatter = scene.fake.say(TEAM, BOB, "hello all");
    scene.fake.say(TEAM, BOB, "@signalboxbot, tidy up");
    scene.fake.say(TEAM, BOB, "tidy up @SignalboxBot");
    scene.fake.say(TEAM, BOB, "/status@SignalboxBot");
    scene.fake.say(TEAM, BOB, "/status@OtherBot");
    scene.fake.post(TEAM, BOB, Post::text("yes").reply_to(question));
    scene.fake.post(TEAM, BOB, Post::text("no").reply_to(chatter));
    let taken = scene.taken(7).await;
    let said: Vec<_> = taken.iter().map(|incoming| (text(incoming), incoming.addressed)).collect();
    let expected = [
        ("hello all", false),
        ("tidy up", true),
        ("tidy up", true),
        ("/status@SignalboxBot", true),
        ("/status@OtherBot", false),
        ("yes", true),
        ("no", false),
    ];
    assert_eq!(said, expected);
    assert_eq!(taken[5].reply_to, Some(message(question)));
    assert!(taken.iter().all(|incoming| !incoming.direct));
}

#[tokio::test]
async fn a_topic_is_a_thread_and_its_first_message_is_no_question() {
    let scene = Scene::new().await;
    scene.fake.post(TEAM, ADA, Post::text("here").in_topic(7));
    let in_general = scene.fake.say(TEAM, ADA, "there");
    let thread_of_replies = json!({ "message": {
        "message_id": 900, "date": 1, "chat": { "id": TEAM, "type": "supergroup", "title": "team", "is_forum": true },
        "from": { "id": 1001, "is_bot": false, "first_name": "Ada" }, "message_thread_id": in_general, "text": "a reply"
    } });
    scene.fake.with(|state| state.update(thread_of_replies));
    let taken = scene.taken(3).await;
    let addresses: Vec<_> = taken.iter().map(|incoming| incoming.address.to_string()).collect();
    assert_eq!(addresses, [format!("telegram:{TEAM}/7"), format!("telegram:{TEAM}"), format!("telegram:{TEAM}")]);
}

#[tokio::test]
async fn a_press_carries_its_action_and_the_message_it_is_below() {
    let scene = Scene::new().await;
    let mut question = outgoing(TEAM, "Run it?");
    question.buttons = vec![Button { label: "Approve".to_owned(), action: "approve 7f3".to_owned() }];
    let receipt = scene.deliver.deliver(&question).await.expect("delivered");
    let id: i64 = receipt.message.as_str().parse().expect("a number");
    let press = scene.fake.press(TEAM, BOB, id, "Approve");
    let taken = scene.taken(1).await.remove(0);
    assert_eq!(taken.kind, IncomingKind::Button { action: "approve 7f3".to_owned(), press: Some(press) });
    assert_eq!((taken.sender.id.as_str(), taken.reply_to), ("1002", Some(receipt.message)));
    assert_eq!(taken.message, None::<MessageId>);
}

#[tokio::test]
async fn bots_are_told_apart_and_what_nobody_says_is_confirmed_all_the_same() {
    let scene = Scene::new().await;
    scene.fake.say(TEAM, Person { id: 5, name: "Alertmanager", is_bot: true }, "[FIRING:1] disk full");
    scene.fake.with(|state| {
        state.update(json!({ "message": { "message_id": 1 } }));
        state.update(json!({ "an_update_of_next_year": { "x": 1 } }));
        state.update(json!({ "callback_query": { "id": "1", "from": 5 } }));
    });
    scene.fake.change_membership(BOB.id, BOB, Fate::Blocked);
    scene.fake.change_membership(BOB.id, BOB, Fate::Open);
    scene.fake.migrate(TEAM, ADA, -1_002_000_000);
    scene.fake.say(ADA.id, ADA, "last");
    let taken = scene.taken(3).await;
    assert!(taken[0].sender.bot && !taken[2].sender.bot, "{taken:#?}");
    assert!(matches!(&taken[1].kind, IncomingKind::Moved { to } if to.as_str() == "-1002000000"), "{taken:#?}");
    assert_eq!(text(&taken[2]), "last");
}

#[tokio::test]
async fn an_administrator_behind_the_group_and_a_channel_are_no_users() {
    let scene = Scene::new().await;
    let group = json!({ "id": TEAM, "type": "supergroup", "title": "team" });
    let channel = json!({ "id": -1_009, "type": "channel", "title": "news" });
    for (id, sender) in [(1, &group), (2, &channel)] {
        let from = json!({ "id": 1_087_968_824, "is_bot": true, "first_name": "Group" });
        let said =
            json!({ "message_id": id, "date": 1, "chat": group, "sender_chat": sender, "from": from, "text": "x" });
        scene.fake.with(|state| state.update(json!({ "message": said })));
    }
    let taken = scene.taken(2).await;
    let senders: Vec<_> = taken.iter().map(|said| (said.sender.id.to_string(), said.sender.bot)).collect();
    assert_eq!(senders, [(TEAM.to_string(), false), ("-1009".to_owned(), true)]);
}

#[tokio::test]
async fn another_poller_is_named_and_a_wrong_token_ends_it() {
    let scene = Scene::new().await;
    scene.fake.fail_next("getUpdates", Fault::Hold);
    let first = scene.listen_to_the_end();
    let refuse = async {
        scene.fake.wait_until("the first poll", |state| !state.has_faults()).await;
        scene.fake.fail_next(
            "getUpdates",
            Fault::Refuse { code: 409, description: "Conflict: terminated by other getUpdates request" },
        );
        scene.fake.release();
        scene.fake.say(ADA.id, ADA, "x");
    };
    let (ended, ()) = tokio::join!(first, refuse);
    assert!(matches!(ended, Err(ListenError::Contested(_))), "{ended:?}");
    for (code, description) in [(401, "Unauthorized"), (404, "Not Found")] {
        scene.fake.fail_next("getMe", Fault::Refuse { code, description });
        let ended = scene.listen_to_the_end().await;
        assert!(matches!(&ended, Err(ListenError::Refused(why)) if why.contains("token")), "{ended:?}");
    }
}

#[tokio::test]
async fn two_pollers_of_one_bot_are_told_so_by_the_server() {
    let scene = Scene::new().await;
    let first = scene.listen_to_the_end();
    let second = async {
        scene.fake.wait_until("the first poll", |state| state.polls >= 1).await;
        scene.listening(scene.fake.wait_until("the second poll", |state| state.polls >= 2)).await;
    };
    let (ended, ()) = tokio::join!(first, second);
    assert!(matches!(&ended, Err(ListenError::Contested(why)) if why.contains("other getUpdates")), "{ended:?}");
}

#[tokio::test]
async fn over_many_restarts_each_update_is_taken_once_and_in_order() {
    /// Updates, more than one poll brings.
    const UPDATES: usize = 250;
    let scene = Scene::new().await;
    scene.fake.with(|state| state.scrambled = true);
    for number in 0..UPDATES {
        scene.fake.say(if number % 3 == 0 { ADA.id } else { TEAM }, ADA, &number.to_string());
    }
    for restart in 1..=10 {
        match restart % 3 {
            0 => scene.inbox.refuse_next(1),
            1 => scene.fake.fail_next("getUpdates", Fault::CutAnswer),
            _ => scene.fake.fail_next("getUpdates", Fault::DropAfter),
        }
        let ended = scene.listen_to_the_end().await;
        assert!(matches!(ended, Err(ListenError::Lost(_))), "{ended:?}");
        scene.fake.say(BOB.id, BOB, &format!("after restart {restart}"));
    }
    let taken = scene.taken(UPDATES + 10).await;
    let numbers: Vec<usize> = taken.iter().filter_map(|said| text(said).parse().ok()).collect();
    assert_eq!(numbers, (0..UPDATES).collect::<Vec<_>>());
}
