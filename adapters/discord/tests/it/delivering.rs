//! One attempt is one call; what it shows, and the signs beside it.

use std::time::{Duration, UNIX_EPOCH};

use signalbox_adapter::{
    Announce, Attachment, Button, CommandEntry, Deliver, DeliverError, DeliveryKey, Form, Opening, Outgoing, Purpose,
    Reconciled, Signal, Target, Tried, UserId,
};
use signalbox_discord::Cards;
use signalbox_test_support::discord::state::{Channel, Right};
use signalbox_test_support::discord::{Fault, Scope};

use crate::scene::{ADA, OPS, Scene, THREAD, address, card_part, direct, message, outgoing, part};

/// A forum.
const BOARD: u64 = 600;

#[tokio::test]
async fn a_result_answers_its_question_with_buttons_and_pings_nobody() {
    let scene = Scene::new().await;
    let question = scene.fake.say(OPS, ADA, "why?");
    let mut answer = outgoing(1, OPS, "because, @everyone and <@1001>: **read** [this](https://a.example/)");
    answer.target.reply_to = Some(message(question));
    let button = |label: &str| Button { label: label.to_owned(), action: format!("{label} 7f3") };
    answer.buttons = vec![button("Retry"), button("Show"), button("End"), button("Use"), button("A"), button("B")];
    let receipt = scene.deliver.deliver(&answer).await.expect("delivered");
    let shown = scene.fake.shows(OPS).pop().expect("shown");
    assert_eq!(receipt.message, message(shown.id));
    assert_eq!(shown.text, r"because, \@everyone and \<@1001>: **read** [this](<https://a.example/>)");
    assert_eq!((shown.reply_to, shown.buttons.len(), shown.silent), (Some(question), 6, false));
    assert_eq!(scene.fake.with(|state| state.pings.clone()), Vec::<String>::new());
}

#[tokio::test]
async fn what_answers_a_deleted_message_is_sent_all_the_same() {
    let scene = Scene::new().await;
    let question = scene.fake.say(OPS, ADA, "why?");
    scene.fake.with(|state| state.delete(OPS, question));
    let mut answer = outgoing(1, OPS, "because");
    answer.target.reply_to = Some(message(question));
    scene.deliver.deliver(&answer).await.expect("delivered");
    assert_eq!(scene.fake.shows(OPS)[0].reply_to, None);
}

#[tokio::test]
async fn a_status_is_silent_in_its_thread_and_edited_in_place() {
    let scene = Scene::new().await;
    let mut status = outgoing(1, OPS, "running");
    status.target.address = address(OPS, Some(THREAD));
    status.purpose = Purpose::Progress;
    status.buttons = vec![Button { label: "Cancel".to_owned(), action: "cancel a".to_owned() }];
    let receipt = scene.deliver.deliver(&status).await.expect("delivered");
    status.target.edit_of = Some(receipt.message.clone());
    status.part = part("done");
    status.buttons.clear();
    assert_eq!(scene.deliver.deliver(&status).await.expect("edited"), receipt);
    let shown = scene.fake.shows(THREAD);
    assert_eq!(shown.len(), 1);
    assert_eq!((shown[0].text.as_str(), shown[0].silent, shown[0].edits), ("done", true, 1));
    assert_eq!(shown[0].buttons, [], "a button that does nothing any more is gone");
    scene.fake.with(|state| state.delete(THREAD, shown[0].id));
    let gone = scene.deliver.deliver(&status).await;
    assert!(matches!(&gone, Err(DeliverError::Refused(why)) if why.contains("Unknown Message")), "{gone:?}");
}

#[tokio::test]
async fn a_long_remainder_goes_as_a_file() {
    let scene = Scene::new().await;
    let mut rest = outgoing(1, OPS, "the **rest**");
    let text = "# Rest\r\n--boundary\n👍 \0".to_owned();
    rest.attachment = Some(Attachment::text("answer.md", "text/markdown", &text));
    rest.mark = Some("(may be a repeat)".to_owned());
    scene.deliver.deliver(&rest).await.expect("delivered");
    let shown = scene.fake.shows(OPS).pop().expect("shown");
    assert_eq!(shown.file, Some(("answer.md".to_owned(), text.into_bytes())));
    assert_eq!(shown.text, "the **rest**\n\n(may be a repeat)");
}

#[tokio::test]
async fn a_lost_answer_shows_nothing_twice() {
    let scene = Scene::new().await;
    for (number, fault) in
        [Fault::DropAfter, Fault::CutAnswer, Fault::ServerError { done: true }, Fault::Html { done: true }]
            .into_iter()
            .enumerate()
    {
        let answer = outgoing(10 + number as u128, direct(ADA), &format!("answer {number}"));
        scene.fake.fail_next("POST channels/messages", fault.clone());
        let lost = scene.deliver.deliver(&answer).await;
        assert!(matches!(lost, Err(DeliverError::Unknown(_))), "{fault:?}: {lost:?}");
        assert_eq!(
            scene.deliver.reconcile(&answer, &Tried::at(UNIX_EPOCH)).await.expect("an answer"),
            Reconciled::Absent
        );
        scene.deliver.deliver(&answer).await.expect("sent again");
        assert_eq!(scene.fake.said(direct(ADA)).len(), number + 1, "{fault:?}");
        scene.fake.with(|state| state.allowance += 2);
    }
}

#[tokio::test]
async fn our_own_message_is_the_receipt_of_a_send_whose_answer_was_lost() {
    let scene = Scene::new().await;
    let answer = outgoing(1, direct(ADA), "answer");
    scene
        .listening(async {
            scene.fake.fail_next("POST channels/messages", Fault::DropAfter);
            scene.deliver.deliver(&answer).await.expect_err("lost");
            scene.fake.say(direct(ADA), ADA, "behind it");
            scene.wait_for(1).await;
        })
        .await;
    let shown = scene.fake.shows(direct(ADA))[0].id;
    let known = scene.deliver.reconcile(&answer, &Tried::at(UNIX_EPOCH)).await.expect("an answer");
    assert_eq!(known, Reconciled::Delivered(signalbox_adapter::Receipt::of(message(shown))));
}

#[tokio::test]
async fn after_a_restart_the_channel_itself_is_looked_through() {
    let scene = Scene::new().await;
    let question = scene.fake.say(OPS, ADA, "why?");
    let mut answer = outgoing(1, OPS, "because *so*");
    answer.target.reply_to = Some(message(question));
    scene.deliver.deliver(&answer).await.expect("delivered");
    let shown = scene.fake.shows(OPS)[1].id;
    // Another life of the program, which has tried nothing yet.
    let other = signalbox_discord::connect(crate::scene::settings(&scene.fake)).expect("settings").deliver;
    let known = other.reconcile(&answer, &Tried::at(UNIX_EPOCH)).await.expect("an answer");
    assert_eq!(known, Reconciled::Delivered(signalbox_adapter::Receipt::of(message(shown))));
    let unsent = outgoing(2, OPS, "something else");
    assert_eq!(other.reconcile(&unsent, &Tried::at(UNIX_EPOCH)).await.expect("an answer"), Reconciled::Absent);
}

#[tokio::test]
async fn after_a_restart_a_card_is_known_by_what_it_says_and_so_is_a_post() {
    let scene = Scene::new().await;
    scene.fake.open(BOARD, Channel { kind: 15, name: "board".to_owned(), ..Channel::default() });
    let all = [(OPS, Cards::V2), (OPS, Cards::Embed), (BOARD, Cards::V2), (BOARD, Cards::Embed)];
    for (number, (channel, cards)) in (1..).zip(all) {
        let mut card = outgoing(number, channel, "");
        card.part = card_part(cards, &format!("**down** {cards:?}"));
        let shown = scene.deliver.deliver(&card).await.expect("delivered");
        assert_eq!(shown.begun.is_some(), channel == BOARD);
        let other = signalbox_discord::connect(crate::scene::settings(&scene.fake)).expect("settings").deliver;
        let known = other.reconcile(&card, &Tried::at(UNIX_EPOCH)).await.expect("an answer");
        assert_eq!(known, Reconciled::Delivered(shown.clone()));
        let tried = Tried { others: vec![shown.message], ..Tried::at(UNIX_EPOCH) };
        assert_eq!(other.reconcile(&card, &tried).await.expect("an answer"), Reconciled::Absent, "it is another's");
    }
}

#[tokio::test]
async fn a_post_is_named_by_its_text_and_answered_in_itself() {
    let scene = Scene::new().await;
    scene.fake.open(BOARD, Channel { kind: 16, name: "board".to_owned(), ..Channel::default() });
    let title = "x".repeat(200);
    let post = scene.deliver.deliver(&outgoing(1, BOARD, &format!("## {title}\n\nmore"))).await.expect("delivered");
    let id: u64 = post.message.as_str().parse().expect("a number");
    let name = scene.fake.with(|state| state.channels[&id].name.clone());
    assert_eq!((name.chars().count(), &name[..99]), (100, &title[..99]));
    let mut answer = outgoing(2, BOARD, "behind it");
    answer.target.reply_to = Some(post.message.clone());
    assert_eq!(scene.deliver.deliver(&answer).await.expect("delivered").begun, None);
    assert_eq!(scene.fake.said(id).len(), 2);
    scene.fake.with(|state| state.channels.remove(&id));
    let gone = scene.deliver.deliver(&answer).await;
    assert!(matches!(gone, Err(DeliverError::RefusedForm { what: Form::Reply, .. })), "{gone:?}");
}

#[tokio::test]
async fn a_card_in_place_of_another_is_a_post_of_its_own_that_names_the_earlier() {
    let scene = Scene::new().await;
    scene.fake.open(BOARD, Channel { kind: 15, name: "board".to_owned(), ..Channel::default() });
    let mut card = outgoing(1, BOARD, "");
    card.part = card_part(Cards::V2, "**down**");
    let earlier = scene.deliver.deliver(&card).await.expect("delivered");
    let mut next = outgoing(2, BOARD, "");
    next.part = card_part(Cards::V2, "**still down**");
    next.target.reply_to = Some(earlier.message.clone());
    let shown = scene.deliver.deliver(&next).await.expect("delivered");
    assert_eq!(shown.begun.as_ref().map(|post| post.as_str()), Some(shown.message.as_str()));
    let post: u64 = shown.message.as_str().parse().expect("a number");
    assert!(scene.fake.said(post)[0].ends_with(&format!("<#{}>", earlier.message)), "{:?}", scene.fake.said(post));
    let other = signalbox_discord::connect(crate::scene::settings(&scene.fake)).expect("settings").deliver;
    let known = other.reconcile(&next, &Tried::at(UNIX_EPOCH)).await.expect("an answer");
    assert_eq!(known, Reconciled::Delivered(shown.clone()));
    next.target = Target { edit_of: Some(shown.message), reply_to: None, ..next.target };
    scene.deliver.deliver(&next).await.expect("it is changed in place");
}

#[tokio::test]
async fn a_post_whose_name_is_not_allowed_is_called_by_its_number() {
    let scene = Scene::new().await;
    scene.fake.open(BOARD, Channel { kind: 15, name: "board".to_owned(), ..Channel::default() });
    let blocked = Fault::Refuse { status: 400, code: 200_001, message: "Title was blocked by automatic moderation" };
    scene.deliver.deliver(&outgoing(1, BOARD, "to know the forum")).await.expect("delivered");
    scene.fake.fail_next("POST channels/threads", blocked.clone());
    let mut card = outgoing(2, BOARD, "");
    card.part = card_part(Cards::V2, "**down**");
    let post = scene.deliver.deliver(&card).await.expect("delivered");
    let id: u64 = post.message.as_str().parse().expect("a number");
    assert_eq!(scene.fake.with(|state| state.channels[&id].name.clone()), "Incident #7");
    scene.fake.fail_next("POST channels/threads", blocked);
    let refused = scene.deliver.deliver(&outgoing(3, BOARD, "no card")).await;
    assert!(matches!(refused, Err(DeliverError::Blocked(_))), "{refused:?}");
}

#[tokio::test]
async fn after_a_restart_no_other_message_of_the_same_words_is_taken_for_it() {
    let scene = Scene::new().await;
    let answer = |number| outgoing(number, OPS, "all is well");
    let earlier = scene.deliver.deliver(&answer(1)).await.expect("delivered").message;
    let other = signalbox_discord::connect(crate::scene::settings(&scene.fake)).expect("settings").deliver;
    let become_of = async |tried: &Tried| other.reconcile(&answer(2), tried).await.expect("an answer");
    let known = Tried { others: vec![earlier.clone()], ..Tried::at(UNIX_EPOCH) };
    assert_eq!(become_of(&known).await, Reconciled::Absent, "it is known to be another");
    // Ids tell when they were given; the clocks may be apart by less than an hour.
    let id: u64 = earlier.as_str().parse().expect("a number");
    let sent = UNIX_EPOCH + Duration::from_millis((id >> 22) + 1_420_070_400_000);
    let later = |minutes: u64| Tried::at(sent + Duration::from_secs(60 * minutes));
    assert_eq!(become_of(&later(61)).await, Reconciled::Absent, "it was there before this was written");
    let receipt = signalbox_adapter::Receipt::of(earlier);
    assert_eq!(become_of(&later(59)).await, Reconciled::Delivered(receipt));
}

#[tokio::test]
async fn a_message_is_found_behind_many_others_and_without_what_discord_strips() {
    let scene = Scene::new().await;
    let answer = outgoing(1, OPS, "all\u{2060} is *well*");
    let shown = scene.deliver.deliver(&answer).await.expect("delivered");
    for number in 0..150 {
        scene.fake.say(OPS, ADA, &number.to_string());
    }
    let other = signalbox_discord::connect(crate::scene::settings(&scene.fake)).expect("settings").deliver;
    let known = other.reconcile(&answer, &Tried::at(UNIX_EPOCH)).await.expect("an answer");
    assert_eq!(known, Reconciled::Delivered(shown.clone()));
    // The nonce is known for some minutes, which go by while the machine sleeps, too.
    let slept = Tried { age: Duration::from_secs(600), ..Tried::at(UNIX_EPOCH) };
    scene.fake.fail_next("POST channels/messages", Fault::DropAfter);
    let unclear = outgoing(2, direct(ADA), "unclear");
    scene.deliver.deliver(&unclear).await.expect_err("lost");
    let known = scene.deliver.reconcile(&unclear, &slept).await.expect("an answer");
    assert!(matches!(known, Reconciled::Delivered(_)), "{known:?}");
}

#[tokio::test]
async fn what_cannot_be_looked_through_is_not_said_to_be_absent() {
    let scene = Scene::new().await;
    let become_of = async || {
        let other = signalbox_discord::connect(crate::scene::settings(&scene.fake)).expect("settings").deliver;
        other.reconcile(&outgoing(1, OPS, "a"), &Tried::at(UNIX_EPOCH)).await.expect("an answer")
    };
    assert_eq!(become_of().await, Reconciled::Absent, "nothing was ever said there");
    scene.fake.with(|state| state.channels.get_mut(&OPS).expect("open").lacks.push(Right::ReadHistory));
    scene.fake.say(OPS, ADA, "hello");
    assert_eq!(become_of().await, Reconciled::Unknowable);
}

#[tokio::test]
async fn where_a_right_is_missing_only_what_needs_it_is_refused() {
    let scene = Scene::new().await;
    let mut answer = outgoing(1, OPS, "a");
    answer.attachment = Some(Attachment::text("a.md", "text/markdown", "a"));
    scene.fake.with(|state| {
        state.channels.get_mut(&OPS).expect("open").lacks = vec![Right::AttachFiles, Right::SendInThreads];
    });
    let refused = scene.deliver.deliver(&answer).await;
    assert!(matches!(refused, Err(DeliverError::RefusedForm { what: Form::File, .. })), "{refused:?}");
    answer.attachment = None;
    answer.target.address = address(OPS, Some(THREAD));
    let refused = scene.deliver.deliver(&answer).await;
    assert!(matches!(refused, Err(DeliverError::RefusedForm { what: Form::Thread, .. })), "{refused:?}");
    answer.target.address = address(OPS, None);
    scene.deliver.deliver(&answer).await.expect("delivered");
}

#[tokio::test]
async fn whether_a_chat_can_be_written_to_is_asked_without_writing_and_a_no_names_right_and_place() {
    let scene = Scene::new().await;
    scene.fake.open(BOARD, Channel { kind: 15, name: "board".to_owned(), ..Channel::default() });
    for chat in [address(OPS, None), address(OPS, Some(THREAD)), address(BOARD, None), address(direct(ADA), None)] {
        scene.deliver.can_post(&chat).await.expect("it can");
    }
    scene.fake.with(|state| {
        state.channels.get_mut(&OPS).expect("open").lacks = vec![Right::Send, Right::SendInThreads];
        state.channels.get_mut(&BOARD).expect("open").lacks = vec![Right::Send];
    });
    for (chat, lacks) in [
        (address(OPS, None), "Send Messages in #ops"),
        (address(OPS, Some(THREAD)), "Send Messages in Threads in #ops"),
        (address(BOARD, None), "Create Posts in #board"),
    ] {
        let refused = scene.deliver.can_post(&chat).await;
        assert!(matches!(&refused, Err(DeliverError::Refused(why)) if why.ends_with(lacks)), "{refused:?}");
    }
    assert_eq!(scene.fake.count("POST channels/messages"), 0);
}

#[tokio::test]
async fn a_rate_limit_is_waited_for_and_not_tried_again_before() {
    let scene = Scene::new().await;
    scene.fake.fail_next("POST channels/messages", Fault::TooMany { retry_after: 1.5, scope: Scope::User });
    let limited = scene.deliver.deliver(&outgoing(1, OPS, "a")).await;
    let is_it = |outcome: &Result<_, DeliverError>, all| match outcome {
        Err(DeliverError::Wait { after, everywhere }) => *after <= Duration::from_millis(1500) && *everywhere == all,
        _ => false,
    };
    assert!(is_it(&limited, false), "{limited:?}");
    let held = scene.deliver.deliver(&outgoing(1, OPS, "a")).await;
    assert!(is_it(&held, false), "{held:?}");
    assert_eq!(scene.fake.count("POST channels/messages"), 1);
    scene.deliver.deliver(&outgoing(2, direct(ADA), "b")).await.expect("another channel goes on");
    scene.fake.fail_next("POST channels/messages", Fault::TooMany { retry_after: 1.0, scope: Scope::Global });
    let limited = scene.deliver.deliver(&outgoing(3, direct(ADA), "c")).await;
    assert!(is_it(&limited, true), "{limited:?}");
}

#[tokio::test]
async fn a_limit_that_is_not_ours_alone_holds_its_channel_up_and_counts_for_nothing() {
    let scene = Scene::new().await;
    scene.fake.fail_next("POST channels/messages", Fault::TooMany { retry_after: 60.0, scope: Scope::Shared });
    let limited = scene.deliver.deliver(&outgoing(1, OPS, "a")).await;
    assert!(matches!(limited, Err(DeliverError::Wait { everywhere: false, .. })), "{limited:?}");
    scene.deliver.deliver(&outgoing(2, direct(ADA), "b")).await.expect("another channel goes on");
    assert_eq!(scene.fake.with(|state| state.invalid), 0);
}

#[tokio::test]
async fn no_call_is_refused_for_the_sake_of_the_second_it_is_made_in() {
    let scene = Scene::new().await;
    let calls = (0..120_u64).map(|number| {
        let channel = 10_000 + number;
        scene.fake.open(channel, Channel { name: "many".to_owned(), ..Channel::default() });
        let deliver = std::sync::Arc::clone(&scene.deliver);
        async move { deliver.deliver(&outgoing(u128::from(number), channel, "a")).await.map(|_| ()) }
    });
    for made in futures_util::future::join_all(calls).await {
        made.expect("it is made in its turn");
    }
    assert_eq!(scene.fake.with(|state| state.calls.iter().filter(|call| call.answer == 429).count()), 0);
}

#[tokio::test]
async fn what_the_headers_say_is_over_is_not_called() {
    let scene = Scene::new().await;
    for number in 0..5 {
        scene.deliver.deliver(&outgoing(number, OPS, "a")).await.expect("within the allowance");
    }
    let held = scene.deliver.deliver(&outgoing(9, OPS, "a")).await;
    assert!(matches!(held, Err(DeliverError::Wait { everywhere: false, .. })), "{held:?}");
    assert_eq!(scene.fake.count("POST channels/messages"), 5, "no call was refused");
}

#[tokio::test]
async fn a_locked_thread_is_left_and_a_lost_channel_refused() {
    let scene = Scene::new().await;
    let mut answer = outgoing(1, OPS, "a");
    answer.target.address = address(OPS, Some(THREAD));
    scene.fake.with(|state| state.channels.get_mut(&THREAD).expect("open").locked = true);
    let locked = scene.deliver.deliver(&answer).await;
    assert!(matches!(locked, Err(DeliverError::RefusedForm { what: Form::Thread, .. })), "{locked:?}");
    let gone = scene.deliver.deliver(&outgoing(2, 999, "a")).await;
    assert!(matches!(&gone, Err(DeliverError::Refused(why)) if why.contains("Unknown Channel")), "{gone:?}");
    let missing = (403, 50013, "Missing Permissions");
    scene.fake.with(|state| state.channels.get_mut(&OPS).expect("open").refuses = Some(missing));
    let refused = scene.deliver.deliver(&outgoing(3, OPS, "a")).await;
    assert!(matches!(&refused, Err(DeliverError::Refused(why)) if why.contains("Send Messages")), "{refused:?}");
}

#[tokio::test]
async fn where_no_thread_can_stand_the_form_is_refused() {
    let scene = Scene::new().await;
    let alone = scene.fake.say(direct(ADA), ADA, "why?");
    let opening = |channel: u64, at: u64| Opening {
        key: DeliveryKey::from_random_bits(9),
        address: address(channel, None),
        at: message(at),
        guest: None,
        name: "why".to_owned(),
    };
    for (channel, at) in [(direct(ADA), alone), (OPS, 1)] {
        let refused = scene.deliver.open_thread(&opening(channel, at)).await;
        assert!(matches!(refused, Err(DeliverError::RefusedForm { what: Form::Thread, .. })), "{refused:?}");
    }
    let question = scene.fake.say(OPS, ADA, "why?");
    scene.fake.fail_next("POST channels/messages/threads", Fault::DropAfter);
    let lost = scene.deliver.open_thread(&opening(OPS, question)).await;
    assert!(matches!(lost, Err(DeliverError::Unreachable(_))), "{lost:?}");
    let thread = scene.deliver.open_thread(&opening(OPS, question)).await.expect("it is found");
    assert_eq!(thread.as_str(), question.to_string());
}

#[tokio::test]
async fn who_asked_for_a_thread_is_added_to_it_where_discord_allows_that() {
    let scene = Scene::new().await;
    let opening = |at: u64| Opening {
        key: DeliveryKey::from_random_bits(9),
        address: address(OPS, None),
        at: message(at),
        guest: Some(UserId::new(ADA.id.to_string())),
        name: "why".to_owned(),
    };
    let guests = |thread: u64| scene.fake.with(|state| state.channels[&thread].guests.clone());
    let [one, two, three] = [1, 2, 3].map(|_| scene.fake.say(OPS, ADA, "why?"));
    scene.deliver.open_thread(&opening(one)).await.expect("opened");
    assert_eq!(guests(one), [ADA.id]);
    let missing = Fault::Refuse { status: 403, code: 50001, message: "Missing Access" };
    scene.fake.fail_next("PUT channels/thread-members", missing);
    scene.deliver.open_thread(&opening(two)).await.expect("opened all the same");
    // What failed by the way is done when it is tried again.
    scene.fake.fail_next("PUT channels/thread-members", Fault::DropBefore);
    let lost = scene.deliver.open_thread(&opening(three)).await;
    assert!(matches!(lost, Err(DeliverError::Unreachable(_))), "{lost:?}");
    scene.deliver.open_thread(&opening(three)).await.expect("opened");
    assert_eq!((guests(two), guests(three)), (Vec::new(), vec![ADA.id]));
}

#[tokio::test]
async fn signs_are_given_and_never_insisted_on() {
    let scene = Scene::new().await;
    let question = scene.fake.say(OPS, ADA, "why?");
    let at = || (address(OPS, None), message(question));
    let (address, message) = at();
    scene.deliver.signal(&Signal::Working(address.clone())).await.expect("typing");
    scene.deliver.signal(&Signal::Taken { address: address.clone(), message: message.clone() }).await.expect("taken");
    assert_eq!(scene.fake.with(|state| state.reactions.clone()), [(OPS, question, "👀".to_owned())]);
    scene.deliver.signal(&Signal::Ended { address: address.clone(), message, ok: true }).await.expect("ended");
    assert_eq!(scene.fake.with(|state| state.reactions.clone()), [(OPS, question, "👍".to_owned())]);
    assert_eq!(scene.fake.with(|state| state.typing.clone()), [OPS]);
    let gone = Signal::Taken { address, message: crate::scene::message(1) };
    scene.deliver.signal(&gone).await.expect("a message that is gone gets no sign");
}

#[tokio::test]
async fn an_edit_in_an_archived_thread_is_refused_and_a_message_opens_it_again() {
    let scene = Scene::new().await;
    let mut status = outgoing(1, OPS, "running");
    status.target.address = address(OPS, Some(THREAD));
    let shown = scene.deliver.deliver(&status).await.expect("delivered").message;
    scene.fake.with(|state| state.channels.get_mut(&THREAD).expect("open").archived = true);
    let edit = |edit_of| Outgoing { target: Target { edit_of, ..status.target.clone() }, ..outgoing(2, OPS, "done") };
    let refused = scene.deliver.deliver(&edit(Some(shown))).await;
    assert!(matches!(refused, Err(DeliverError::Refused(_))), "{refused:?}");
    scene.deliver.deliver(&edit(None)).await.expect("delivered");
    assert_eq!(scene.fake.said(THREAD), ["running", "done"]);
}

#[tokio::test]
async fn a_wrong_token_is_said_to_be_wrong() {
    let scene = Scene::new().await;
    assert_eq!(scene.deliver.check().await.expect("who we are").id, "4242");
    scene.fake.with(|state| state.revoked = true);
    let refused = scene.deliver.check().await;
    assert!(matches!(&refused, Err(DeliverError::Refused(why)) if why.contains("page Bot")), "{refused:?}");
    let later = scene.deliver.deliver(&outgoing(1, OPS, "a")).await;
    assert!(matches!(later, Err(DeliverError::Wait { everywhere: true, .. })), "{later:?}");
    assert_eq!(scene.fake.count("POST channels/messages"), 0, "a token that is no good is not tried by every message");
}

#[tokio::test]
async fn commands_are_registered_once() {
    let scene = Scene::new().await;
    let entry = |name: &str, description: &str| CommandEntry {
        name: name.to_owned(),
        description: description.to_owned(),
        direct_only: name == "start",
    };
    let entries = [entry("session", "Start a session"), entry("start", "Say hello")];
    assert!(scene.commands.announce(&entries).await.expect("registered"));
    assert!(!scene.commands.announce(&entries).await.expect("the same"));
    let entries = [entry("session", "Start one"), entry("start", "Say hello")];
    assert!(scene.commands.announce(&entries).await.expect("changed"));
    assert_eq!(scene.fake.with(|state| state.registrations), 2);
}
