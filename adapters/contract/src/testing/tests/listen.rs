//! The suite passes a listener that keeps the contract, and finds each way in which one can break it.

use super::memory::{Flaw, Room};
use crate::testing::check_listen;

#[tokio::test(start_paused = true)]
async fn a_listener_that_keeps_the_contract_passes() {
    assert_eq!(check_listen(Room::provider(Flaw::None)).await, Ok(()));
    assert_eq!(check_listen(Room::terminal(Flaw::None)).await, Ok(()));
}

#[tokio::test(start_paused = true)]
async fn a_listener_that_breaks_a_rule_is_found() {
    for (flaw, words) in [
        (Flaw::IgnoresAnEarlyStop, "a stop before anything else: it listens, and goes on for 30s"),
        (Flaw::IgnoresTheStop, "one message: it goes on 30s after it was told to stop"),
        (Flaw::StopsWithAnError, "a stop before anything else: it ends with an error: the connection was lost: closed"),
        (Flaw::EndsByItself, "one message: it stopped without being told to"),
        (Flaw::GivesUp, "a message that is not accepted: it gave up: refused: the disk is full"),
        (
            Flaw::TakesTheNewestFirst,
            r#"the order of messages: memory:0 was taken as ["number 4", "number 2", "number 0", "number 10", "number 8", "number 6"]"#,
        ),
        (
            Flaw::TakesTwoAtOnce,
            "a message that is not accepted: a message was offered before the one before it in its chat was accepted",
        ),
        (Flaw::AcknowledgesFirst, "one message: a message was acknowledged before it was accepted"),
        (
            Flaw::AcknowledgesMeanwhile,
            "a message that is being accepted: a message was acknowledged before it was accepted",
        ),
        (
            Flaw::NeverAcknowledges,
            r#"one message: waited 120s in vain for "one", which was accepted, to be acknowledged"#,
        ),
        (Flaw::AcknowledgesTheRefused, "a message that is not accepted: it was acknowledged"),
        (
            Flaw::PassesOverTheRefused,
            r#"a message that is not accepted: what followed it was taken before it: {"memory:0": ["well", "and on", "refused"]}"#,
        ),
        (Flaw::ReturnsTheAccepted, r#"one message: "one" was accepted, and its sender was told that it was not"#),
        (Flaw::MakesNewKeysForCopies, "a copy: it has the key memory:21, and the first had memory:20"),
        (
            Flaw::MakesKeysOfWords,
            "two messages of the same words: waited 120s in vain for both to be taken, each by its own key",
        ),
        (Flaw::CountsKeysFromOne, r#"the order of messages: "number 0" has the key memory:1, which "one" had"#),
        (
            Flaw::ShowsItsSecretInAnError,
            r#"a message that is not accepted: "t0ken" is shown: the connection was lost: at /bott0ken Lost("at /bott0ken")"#,
        ),
        (Flaw::ShowsItsSecretInDebug, r#"what is shown for debugging: "t0ken" is shown: Settings { token: t0ken }"#),
        (
            Flaw::SkipsToTheEndAfterALoss,
            r#"a broken connection: waited 120s in vain for "after the loss 0" to be accepted"#,
        ),
        (Flaw::ForgetsWhatIsGone, "a message that is taken away: waited 120s in vain for it to be told of"),
        (Flaw::MisplacesWhatIsGone, "a message that is taken away: it stood in memory:0, and is told of in memory:1"),
        (
            Flaw::NamesAnotherAsGone,
            "a message that is taken away: what is told of as taken away is no message that was told before",
        ),
    ] {
        let breach = check_listen(Room::provider(flaw)).await.expect_err("broken");
        assert_eq!(breach.to_string(), format!("checking {words}"), "{flaw:?}");
    }
    let breach = check_listen(Room::terminal(Flaw::IsSilentAboutTheRefused)).await.expect_err("broken");
    assert_eq!(breach.what, "it was not offered again, and its sender was not told that it was not taken");
}
