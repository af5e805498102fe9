//! Channels of which not all was read that was said while nobody listened: told as long as that is so. Pure.

use std::collections::BTreeMap;

/// Channels that are named; of others it is told how many there are.
const MAX_NAMED: usize = 3;

/// The channels, by their ids.
#[derive(Debug, Default)]
pub(crate) struct Behind(BTreeMap<String, Why>);

/// Why a channel is not read to its end.
#[derive(Debug, PartialEq, Eq)]
enum Why {
    /// It could not be read, and is tried again; holds why.
    TriedAgain(String),
    /// More was missed than is read.
    LeftOut,
}

impl Behind {
    /// Notes that a channel could not be read and is tried again.
    pub(crate) fn waits(&mut self, channel: &str, why: &str) {
        self.0.insert(channel.to_owned(), Why::TriedAgain(why.to_owned()));
    }

    /// Notes that a channel was read, or cannot be, and whether something was left out.
    pub(crate) fn read(&mut self, channel: &str, is_whole: bool) {
        if is_whole {
            self.0.remove(channel);
        } else {
            self.0.insert(channel.to_owned(), Why::LeftOut);
        }
    }

    /// Says what is missing and what becomes of it; `None` where nothing is.
    pub(crate) fn told(&self) -> Option<String> {
        let last = self.0.values().find_map(|why| if let Why::TriedAgain(why) = why { Some(why) } else { None });
        let waits = last.map(|last| {
            let named = self.named(|why| matches!(why, Why::TriedAgain(_)));
            format!("what was missed in {named} could not be read yet, and is tried again: {last}")
        });
        let left_out = self.0.values().any(|why| *why == Why::LeftOut).then(|| {
            let named = self.named(|why| *why == Why::LeftOut);
            format!(
                "so much was missed in {named} that its oldest part is left out; say there again what is to be done"
            )
        });
        let all: Vec<String> = waits.into_iter().chain(left_out).collect();
        (!all.is_empty()).then(|| all.join("; "))
    }

    fn named(&self, is_one: impl Fn(&Why) -> bool) -> String {
        let ids: Vec<&str> = self.0.iter().filter(|(_, why)| is_one(why)).map(|(id, _)| id.as_str()).collect();
        let (named, others) = ids.split_at(ids.len().min(MAX_NAMED));
        let named = named.join(", ");
        if others.is_empty() { named } else { format!("{named} and {} more", others.len()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_told_until_it_is_read() {
        let mut behind = Behind::default();
        assert_eq!(behind.told(), None);
        ["C1", "C2", "C3", "C4"].iter().for_each(|channel| behind.waits(channel, "no answer"));
        let told = "what was missed in C1, C2, C3 and 1 more could not be read yet, and is tried again: no answer";
        assert_eq!(behind.told().as_deref(), Some(told));
        ["C1", "C2", "C3"].iter().for_each(|channel| behind.read(channel, true));
        behind.read("C4", false);
        let told = "so much was missed in C4 that its oldest part is left out; say there again what is to be done";
        assert_eq!(behind.told().as_deref(), Some(told));
        behind.read("C4", true);
        assert_eq!(behind.told(), None);
    }
}
