//! How fast Telegram lets a bot write. Telegram states its limits as advice and enforces more; the 429 has the last word.
//!
//! Source: <https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this>, read 2026-11: about one
//! message a second to a chat with short bursts, 20 messages a minute to a group, about 30 a second in all. Edits count.

use std::time::Duration;

use signalbox_adapter::{Apart, ChatId, Pace};

/// To one person.
const PRIVATE: Pace = Pace {
    chat_interval: Duration::from_secs(1),
    chat_burst: 3,
    overall_interval: OVERALL_INTERVAL,
    overall_burst: OVERALL_BURST,
    edit_interval: Some(Duration::from_secs(3)),
    apart: Apart::Nothing,
};

/// To a group: 5 at once and then one every 4 s stay within 20 in any minute. Edits leave two thirds of that to messages.
const GROUP: Pace = Pace {
    chat_interval: Duration::from_secs(4),
    chat_burst: 5,
    overall_interval: OVERALL_INTERVAL,
    overall_burst: OVERALL_BURST,
    edit_interval: Some(Duration::from_secs(12)),
    apart: Apart::Nothing,
};

/// With the burst no second holds more than 30 messages.
const OVERALL_INTERVAL: Duration = Duration::from_millis(40);

/// So that a short answer need not wait for the message before it.
const OVERALL_BURST: u32 = 5;

/// Returns the pace of a chat; groups and channels have negative ids.
pub(crate) fn of_chat(chat: &ChatId) -> Pace {
    if chat.as_str().starts_with('-') { GROUP } else { PRIVATE }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_minute_in_a_group_holds_more_than_twenty_messages() {
        let pace = of_chat(&ChatId::new("-1001"));
        let in_a_minute = pace.chat_burst + u32::try_from(60 / pace.chat_interval.as_secs()).expect("small");
        assert_eq!(in_a_minute, 20);
        let in_a_second = OVERALL_BURST + u32::try_from(1000 / OVERALL_INTERVAL.as_millis()).expect("small");
        assert_eq!(in_a_second, 30);
        assert_eq!(of_chat(&ChatId::new("1001")).chat_interval, Duration::from_secs(1));
    }
}
