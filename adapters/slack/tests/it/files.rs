//! Files that go with a message.

use std::time::UNIX_EPOCH;

use signalbox_adapter::{Attachment, Deliver, DeliverError, Form, MessageId, Outgoing, Receipt, Reconciled, Tried};
use signalbox_test_support::slack::Fault;
use signalbox_test_support::slack::state::State;

use crate::saying::{address, outgoing};
use crate::scene::{ADA, OPS, Scene};

const CONTENT: &str = "# Rest\r\n--boundary\n👍 \0";

fn with_file(number: u128) -> Outgoing {
    let mut rest = outgoing(number, OPS, "the **rest**");
    rest.attachment = Some(Attachment::text("answer.md", "text/markdown", CONTENT));
    rest
}

#[tokio::test]
async fn a_long_remainder_goes_as_a_file_with_its_words() {
    let scene = Scene::new().await;
    let root = scene.fake.say(OPS, ADA, "why?");
    let mut rest = with_file(1);
    rest.target.address = address(OPS, Some(&root));
    rest.mark = Some("(may be a repeat)".to_owned());
    let receipt = scene.deliver.deliver(&rest).await.expect("delivered");
    let shown = scene.fake.shows(OPS).pop().expect("shown");
    assert_eq!((receipt.message.as_str(), shown.thread.as_deref()), (shown.ts.as_str(), Some(root.as_str())));
    assert_eq!(shown.blocks[0]["elements"][0]["elements"][1]["text"], "rest");
    assert_eq!(shown.blocks[1]["elements"][0]["text"], "(may be a repeat)");
    let file = scene.fake.with(|state| state.files.values().next().cloned()).expect("a file");
    assert_eq!(file, ("answer.md".to_owned(), CONTENT.as_bytes().to_vec()));
}

#[tokio::test]
async fn a_file_is_told_in_plain_words_where_blocks_are_refused() {
    let scene = Scene::new().await;
    let mut rest = with_file(1);
    scene.fake.fail_next("files.completeUploadExternal", Fault::Refuse("invalid_blocks"));
    let refused = scene.deliver.deliver(&rest).await;
    assert!(matches!(refused, Err(DeliverError::RefusedForm { what: Form::Text, .. })), "{refused:?}");
    rest.plain = true;
    scene.deliver.deliver(&rest).await.expect("delivered");
    assert_eq!(scene.fake.said(OPS), ["the rest"]);
}

#[tokio::test]
async fn what_fails_before_anybody_sees_the_file_is_done_again() {
    let scene = Scene::new().await;
    for method in ["files.getUploadURLExternal", "upload"] {
        scene.fake.fail_next(method, Fault::DropAfter);
        let failed = scene.deliver.deliver(&with_file(1)).await;
        assert!(matches!(failed, Err(DeliverError::Unreachable(_))), "{method}: {failed:?}");
    }
    assert_eq!(scene.fake.shows(OPS).len(), 0);
    scene.fake.with(|state| state.lacks.insert("files:write"));
    let refused = scene.deliver.deliver(&with_file(1)).await;
    assert!(matches!(refused, Err(DeliverError::RefusedForm { what: Form::File, .. })), "{refused:?}");
}

#[tokio::test]
async fn a_file_whose_answer_was_lost_is_looked_for_in_the_thread() {
    let scene = Scene::new().await;
    let rest = with_file(1);
    scene.fake.fail_next("files.completeUploadExternal", Fault::DropAfter);
    let lost = scene.deliver.deliver(&rest).await;
    assert!(matches!(lost, Err(DeliverError::Unknown(_))), "{lost:?}");
    let shown = MessageId::new(scene.fake.shows(OPS)[0].ts.clone());
    let known = scene.deliver.reconcile(&rest, &Tried::at(UNIX_EPOCH)).await.expect("an answer");
    assert_eq!(known, Reconciled::Delivered(Receipt::of(shown.clone())));
    let tried = Tried { others: vec![shown], ..Tried::at(UNIX_EPOCH) };
    let known = scene.deliver.reconcile(&rest, &tried).await.expect("an answer");
    assert_eq!(known, Reconciled::Unknowable, "it is another's, and a file may appear late");
}

#[tokio::test]
async fn a_file_whose_answer_was_lost_is_waited_for() {
    let scene = Scene::new().await;
    let rest = with_file(1);
    scene.fake.fail_next("files.completeUploadExternal", Fault::DropAfter);
    scene.deliver.deliver(&rest).await.expect_err("its answer is lost");
    // Slack shows a file some time after it was shared.
    let late = scene.fake.with(|state| std::mem::take(&mut state.messages));
    let looks = |state: &State| state.calls.iter().filter(|call| call.method.starts_with("conversations.")).count();
    let before = scene.fake.with(|state: &mut State| looks(state));
    let appears = async {
        scene.fake.wait_until("a look in vain", |state| looks(state) > before).await;
        scene.fake.with(|state| state.messages = late);
    };
    let tried = Tried::at(UNIX_EPOCH);
    let (known, ()) = tokio::join!(scene.deliver.reconcile(&rest, &tried), appears);
    let known = known.expect("an answer");
    assert!(matches!(known, Reconciled::Delivered(_)), "{known:?}");
}

#[tokio::test]
async fn nobody_alone_is_shown_a_file() {
    let scene = Scene::new().await;
    let mut rest = with_file(1);
    rest.target.window = Some(ADA.id.to_owned());
    let refused = scene.deliver.deliver(&rest).await;
    assert!(matches!(refused, Err(DeliverError::RefusedForm { what: Form::File, .. })), "{refused:?}");
}
