//! `[follow]`: whether plain words in a thread of a session or an incident are for the bot, by chat.

use signalbox_adapter::ChatAddress;

use super::reader::Section;

/// Most chats of one kind.
const MAX_CHATS: usize = 1000;

/// Which plain words in a thread are for the bot.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Follow {
    /// All that is said in a thread of a session or an incident.
    #[default]
    Thread,
    /// There, too, only what mentions the bot or answers it.
    Mention,
}

impl Follow {
    /// Both as they are written.
    pub(super) const WORDS: [(&'static str, Self); 2] = [("thread", Self::Thread), ("mention", Self::Mention)];
}

/// Which plain words in threads are for the bot, by chat.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FollowSection {
    /// Where no chat is named.
    pub default: Follow,
    /// Chats in whose threads everything is.
    pub thread: Vec<ChatAddress>,
    /// Chats in whose threads only mentions and replies are.
    pub mention: Vec<ChatAddress>,
}

impl FollowSection {
    pub(super) fn read(section: &mut Section) -> Self {
        let read = Self {
            default: section.choice("default", Follow::default(), &Follow::WORDS),
            thread: chats(section, "thread"),
            mention: chats(section, "mention"),
        };
        if let Some(both) = read.thread.iter().find(|chat| read.mention.contains(chat)) {
            section.fault("mention", format!("{both} is listed in thread, too"));
        }
        read
    }

    /// Returns which plain words are for the bot in the threads of an address' chat; `None` where that is not named.
    #[must_use]
    pub fn named(&self, address: &ChatAddress) -> Option<Follow> {
        let has = |chats: &[ChatAddress]| {
            chats.iter().any(|chat| chat.provider == address.provider && chat.chat == address.chat)
        };
        match (has(&self.mention), has(&self.thread)) {
            (true, _) => Some(Follow::Mention),
            (false, true) => Some(Follow::Thread),
            (false, false) => None,
        }
    }
}

fn chats(section: &mut Section, key: &str) -> Vec<ChatAddress> {
    let words = section.listed(key).unwrap_or_default();
    let read = |word: &String| word.parse::<ChatAddress>().ok().filter(|address| address.thread.is_none());
    let chats: Vec<ChatAddress> = words.iter().filter_map(read).collect();
    for wrong in words.iter().filter(|word| read(word).is_none()) {
        section.fault(key, format!("{wrong:?} is no chat's address; write it as \"slack:C0123\", without a thread"));
    }
    chats.iter().for_each(|address| section.note_address(key, address));
    if chats.len() > MAX_CHATS {
        section.fault(key, format!("there may be at most {MAX_CHATS}"));
    }
    chats
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Sources, load, show};

    fn read(values: &[(&str, &str)]) -> Result<(FollowSection, String), String> {
        let variable = |(key, value): &(&str, &str)| (format!("SIGNALBOX__FOLLOW__{key}"), (*value).to_owned());
        let env = values.iter().map(variable).collect();
        let sources = Sources { env, statements: crate::wiring::statements(), ..Sources::default() };
        let loaded = load(&sources).map_err(|faults| faults.to_string())?;
        Ok((loaded.config.follow.clone(), show(&loaded.config)))
    }

    #[test]
    fn each_chat_has_its_own_and_the_others_the_default() {
        let (follow, shown) = read(&[("MENTION", "[\"slack:C1\"]"), ("THREAD", "[\"slack:C2\"]")]).expect("valid");
        let named = |address: &str| follow.named(&address.parse().expect("an address"));
        assert_eq!((named("slack:C1/7"), named("slack:C1")), (Some(Follow::Mention), Some(Follow::Mention)));
        assert_eq!((named("slack:C2/7"), named("slack:C3"), named("discord:C1")), (Some(Follow::Thread), None, None));
        assert_eq!(follow.default, Follow::Thread);
        assert!(shown.contains("mention = [\"slack:C1\"]"), "{shown}");
        let (follow, shown) = read(&[("DEFAULT", "mention")]).expect("valid");
        assert_eq!(follow.default, Follow::Mention);
        assert!(shown.contains("[follow]\ndefault = \"mention\""), "{shown}");
    }

    #[test]
    fn what_is_wrong_is_told_with_what_would_be_right() {
        for (values, why) in [
            (vec![("DEFAULT", "mentions")], "follow.default: must be one of \"thread\", \"mention\""),
            (vec![("MENTION", "[\"C1\"]")], "follow.mention: \"C1\" is no chat's address"),
            (vec![("MENTION", "[\"slack:C1/7\"]")], "without a thread"),
            (vec![("MENTION", "[\"pigeon:1\"]")], "follow.mention: "),
            (vec![("MENTION", "[\"slack:C1\"]"), ("THREAD", "[\"slack:C1\"]")], "is listed in thread, too"),
        ] {
            let fault = read(&values).expect_err(why);
            assert!(fault.contains(why), "{fault}");
        }
    }
}
