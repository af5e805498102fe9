//! How fast Telegram lets a bot write. Telegram states its limits as advice, so that what it advises is taken in one go where
//! it is wanted; the 429 has the last word.
//!
//! Source: <https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this>, read 2026-11: about one
//! message a second to a chat with short bursts, 20 messages a minute to a group, about 30 a second in all. Edits count.

use std::time::Duration;

use signalbox_adapter::{Apart, ChatId, Pace};

/// To one person.
const PRIVATE: Pace = Pace {
    chat_interval: Duration::from_secs(1),
    chat_burst: 20,
    overall_interval: OVERALL_INTERVAL,
    overall_burst: OVERALL_BURST,
    edit_interval: Some(Duration::from_secs(3)),
    apart: Apart::Nothing,
};

/// To a group: the 20 of a minute may come at once.
const GROUP: Pace = Pace {
    chat_interval: Duration::from_secs(3),
    chat_burst: 20,
    overall_interval: OVERALL_INTERVAL,
    overall_burst: OVERALL_BURST,
    edit_interval: Some(Duration::from_secs(12)),
    apart: Apart::Nothing,
};

/// To all chats together: with the burst no second holds more than 30 messages, since going beyond holds up everybody.
const OVERALL_INTERVAL: Duration = Duration::from_millis(40);

/// So that a few short answers need not wait for one another.
const OVERALL_BURST: u32 = 5;

/// Returns the pace of a chat; groups and channels have negative ids.
pub(crate) fn of_chat(chat: &ChatId) -> Pace {
    if chat.as_str().starts_with('-') { GROUP } else { PRIVATE }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chat_gets_back_what_telegram_advises_and_may_have_a_minute_of_it_at_once() {
        let refill = |pace: &Pace| 60 / pace.chat_interval.as_secs();
        let (group, private) = (of_chat(&ChatId::new("-1001")), of_chat(&ChatId::new("1001")));
        assert_eq!((refill(&group), group.chat_burst), (20, 20));
        assert_eq!((refill(&private), private.chat_burst), (60, 20));
        let in_a_second = OVERALL_BURST + u32::try_from(1000 / OVERALL_INTERVAL.as_millis()).expect("small");
        assert_eq!(in_a_second, 30);
    }
}
