//! What is still to be read of the times in which no session listened. Pure.
//!
//! Each server has a mark of its own, and so have the channels in which people write to the bot alone, together: what is
//! heard in one place says nothing of another. A mark stays until all behind it was read, over as many sessions as that
//! takes. A server that the bot joins later has none: what was said there before is not for it.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

/// Stands for the channels in which people write to the bot alone, as Discord's own addresses have it.
pub(crate) const DIRECT: &str = "@me";

/// How often a place that cannot be read now is tried until it is given up; with the waits between, some hours.
const MAX_TRIES: u32 = 50;

/// Something that is read whole.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum Place {
    /// What was said in a channel or thread.
    Messages(String),
    /// The archived threads of a channel that everybody sees, with what was said in each.
    Archived(String),
    /// The archived private threads of a channel, as far as the bot may see them, with what was said in each.
    Private(String),
    /// The channel in which a person writes to the bot alone, of which we have not heard yet.
    Person(String),
}

impl Place {
    /// Returns the channel or thread, or who it is that writes there.
    pub(crate) fn channel(&self) -> &str {
        match self {
            Self::Messages(channel) | Self::Archived(channel) | Self::Private(channel) => channel,
            Self::Person(person) => person,
        }
    }

    /// Whether the threads of a channel are looked for here.
    fn is_threads_of(&self, channel: &str) -> bool {
        match self {
            Self::Messages(_) | Self::Person(_) => false,
            Self::Archived(of) | Self::Private(of) => of == channel,
        }
    }
}

/// What is owed of one server.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Debt {
    /// The id behind which it lies.
    after: u64,
    /// What was read of it in this session.
    read: BTreeSet<Place>,
    /// What is to be read, in this order.
    #[serde(default)]
    todo: Vec<Place>,
    /// What could not be read yet, and how often that was tried.
    aside: Vec<(Place, u32)>,
    /// Whether Discord has told what there is.
    #[serde(alias = "is_gone_through")]
    is_told: bool,
}

impl Debt {
    fn is_aside(&self, place: &Place) -> bool {
        self.aside.iter().any(|(aside, _)| aside == place)
    }

    /// Whether nothing has become of a place in this session.
    fn is_new(&self, place: &Place) -> bool {
        !self.read.contains(place) && !self.todo.contains(place) && !self.is_aside(place)
    }
}

/// What is owed, by the ids of servers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Owed(BTreeMap<String, Debt>);

impl Owed {
    /// Notes that a session begins in these servers, and that everything behind an id may have been missed. What was owed
    /// before lies further back, and all of it is read anew, since no session has listened in between.
    pub(crate) fn begin(&mut self, guilds: &[String], after: u64) {
        self.0.retain(|guild, _| guild == DIRECT || guilds.contains(guild));
        for guild in guilds.iter().map(String::as_str).chain([DIRECT]) {
            let after = self.0.get(guild).map_or(after, |debt| debt.after.min(after));
            let debt = Debt { after, ..Debt::default() };
            self.0.insert(guild.to_owned(), debt);
        }
    }

    /// Returns the id behind which something of a server is still to be read.
    pub(crate) fn after(&self, guild: &str) -> Option<u64> {
        self.0.get(guild).map(|debt| debt.after)
    }

    /// Notes places that are to be read; those that were read in this session, or put aside, are not.
    pub(crate) fn add(&mut self, guild: &str, places: impl IntoIterator<Item = Place>) {
        let Some(debt) = self.0.get_mut(guild) else { return };
        for place in places {
            if debt.is_new(&place) {
                debt.todo.push(place);
            }
        }
    }

    /// Notes that Discord has told what there is in a server.
    pub(crate) fn told(&mut self, guild: &str) {
        if let Some(debt) = self.0.get_mut(guild) {
            debt.is_told = true;
        }
        self.settle(guild);
    }

    /// Whether a channel, or thread of a channel, is still to be read before what is said there now: it is among what is to
    /// be read, or may turn out to be.
    pub(crate) fn is_awaited(&self, guild: &str, channel: &str, parent: Option<&str>) -> bool {
        let Some(debt) = self.0.get(guild) else { return false };
        let place = Place::Messages(channel.to_owned());
        let may_turn_up = || {
            guild == DIRECT
                || !debt.is_told
                || parent.is_some_and(|parent| debt.todo.iter().any(|place| place.is_threads_of(parent)))
        };
        debt.todo.contains(&place) || debt.is_new(&place) && may_turn_up()
    }

    /// Returns the first that is to be read of what is wanted, with its server.
    pub(crate) fn next(&self, wanted: impl Fn(&str, &Place) -> bool) -> Option<(String, Place)> {
        let of = |(guild, debt): (&String, &Debt)| {
            let place = debt.todo.iter().find(|place| wanted(guild, place))?;
            Some((guild.clone(), place.clone()))
        };
        self.0.iter().find_map(of)
    }

    /// Notes that a place was read.
    pub(crate) fn read(&mut self, guild: &str, place: Place) {
        if let Some(debt) = self.0.get_mut(guild) {
            debt.todo.retain(|todo| *todo != place);
            debt.aside.retain(|(aside, _)| *aside != place);
            debt.read.insert(place);
        }
        self.settle(guild);
    }

    /// Puts a place aside that cannot be read now; says whether it will be tried again.
    pub(crate) fn put_aside(&mut self, guild: &str, place: Place) -> bool {
        let Some(debt) = self.0.get_mut(guild) else { return false };
        debt.todo.retain(|todo| *todo != place);
        let tries = match debt.aside.iter_mut().find(|(aside, _)| *aside == place) {
            Some((_, tries)) => {
                *tries += 1;
                *tries
            }
            None => {
                debt.aside.push((place.clone(), 1));
                1
            }
        };
        if tries < MAX_TRIES {
            return true;
        }
        self.read(guild, place);
        false
    }

    /// Notes that the bot is in a server no more.
    pub(crate) fn left(&mut self, guild: &str) {
        self.0.remove(guild);
    }

    /// Returns what was put aside, with its server.
    pub(crate) fn aside(&self) -> Vec<(String, Place)> {
        let of = |(guild, debt): (&String, &Debt)| {
            debt.aside.iter().map(|(place, _)| (guild.clone(), place.clone())).collect::<Vec<_>>()
        };
        self.0.iter().flat_map(of).collect()
    }

    fn settle(&mut self, guild: &str) {
        if self.0.get(guild).is_some_and(|debt| debt.is_told && debt.todo.is_empty() && debt.aside.is_empty()) {
            self.0.remove(guild);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(channel: &str) -> Place {
        Place::Messages(channel.to_owned())
    }

    #[test]
    fn what_is_owed_of_a_server_stays_owed_over_sessions_whatever_others_have() {
        let (mut owed, guilds) = (Owed::default(), ["1".to_owned(), "2".to_owned()]);
        owed.begin(&guilds, 100);
        for (guild, channel) in [("1", "11"), ("2", "21"), ("2", "22")] {
            owed.add(guild, [place(channel), place(channel)]);
            owed.told(guild);
        }
        owed.read("1", place("11"));
        owed.read("2", place("21"));
        assert_eq!((owed.after("1"), owed.after("2"), owed.after(DIRECT)), (None, Some(100), Some(100)));
        owed.add("2", [place("21")]);
        assert_eq!(owed.next(|_, _| true), Some(("2".to_owned(), place("22"))), "what was read is not read again");
        owed.begin(&guilds, 500);
        assert_eq!((owed.after("1"), owed.after("2"), owed.after(DIRECT)), (Some(500), Some(100), Some(100)));
        assert_eq!(owed.next(|_, _| true), None, "what there is now is told again");
        owed.add("2", [place("21")]);
        let next = owed.next(|_, _| true);
        assert_eq!(next, Some(("2".to_owned(), place("21"))), "between the sessions nobody has listened");
        owed.begin(&guilds[..1], 600);
        assert_eq!(owed.after("2"), None, "the bot is not there any more");
        assert_eq!(owed.after("3"), None, "nothing is owed of a server that is joined later");
    }

    #[test]
    fn what_is_said_waits_only_for_what_is_still_to_be_read_of_its_channel() {
        let mut owed = Owed::default();
        owed.begin(&["1".to_owned()], 100);
        assert!(owed.is_awaited("1", "11", None), "nobody has told yet whether something was missed there");
        owed.add("1", [place("11"), Place::Archived("12".to_owned())]);
        owed.told("1");
        assert!(owed.is_awaited("1", "11", None) && owed.is_awaited("1", "120", Some("12")));
        assert!(!owed.is_awaited("1", "13", None), "nothing was missed there");
        owed.read("1", place("11"));
        assert!(!owed.is_awaited("1", "11", None));
        owed.put_aside("1", Place::Archived("12".to_owned()));
        assert!(!owed.is_awaited("1", "120", Some("12")), "what cannot be read now holds up nobody");
        assert!(!owed.is_awaited("2", "11", None), "nothing is owed there");
    }

    #[test]
    fn what_cannot_be_read_is_put_aside_and_given_up_at_last() {
        let mut owed = Owed::default();
        owed.begin(&["1".to_owned()], 100);
        owed.add("1", [place("11")]);
        owed.told("1");
        for _ in 1..MAX_TRIES {
            assert!(owed.put_aside("1", place("11")));
        }
        assert_eq!(owed.aside(), [("1".to_owned(), place("11"))]);
        assert!(owed.next(|_, _| true).is_none() && owed.after("1").is_some());
        assert!(!owed.put_aside("1", place("11")), "it has been tried often enough");
        assert_eq!((owed.aside(), owed.after("1")), (Vec::new(), None));
    }

    #[test]
    fn what_an_older_version_has_noted_is_read() {
        let older =
            r#"{"1":{"after":7,"read":[{"Messages":"11"}],"aside":[[{"Archived":"12"},3]],"is_gone_through":true}}"#;
        let owed: Owed = serde_json::from_str(older).expect("it is read");
        assert_eq!(
            (owed.after("1"), owed.aside()),
            (Some(7), vec![("1".to_owned(), Place::Archived("12".to_owned()))])
        );
    }
}
