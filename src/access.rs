//! Who may do what: deny by default, by immutable id, pure.
//!
//! A person is allowed by user id, by a role that the provider says they hold, by the chat they write in, or because they
//! were paired; the highest role wins. A transport of this machine's own user (the console) needs no list.

use signalbox_adapter::{ChatAddress, ChatId, Incoming};

use crate::command::Need;
use crate::config::{Allow, Role};

/// What the store knows of a message's sender and chat.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Known {
    /// Whether who can use the transport owns this machine's user account.
    pub trusted: bool,
    /// The role with which the sender was paired.
    pub paired: Option<Role>,
    /// The id that the chat had before.
    pub former_chat: Option<ChatId>,
}

/// Returns the role of a message's sender, or `None` for a stranger.
#[must_use]
pub fn role_of(allow: &Allow, incoming: &Incoming, known: &Known) -> Option<Role> {
    if known.trusted {
        return Some(Role::Admin);
    }
    let listed = allow.0.get(&incoming.address.provider).and_then(|list| {
        let by_user = list.users.get(&incoming.sender.id);
        let by_chat = list.chats.get(&incoming.address.chat);
        let by_former_chat = known.former_chat.as_ref().and_then(|chat| list.chats.get(chat));
        let by_role = incoming.sender.roles.iter().filter_map(|role| list.roles.get(role)).max();
        [by_user, by_chat, by_former_chat, by_role].into_iter().flatten().max().copied()
    });
    listed.max(known.paired)
}

/// Whether everybody in a chat is allowed, by its immutable id.
#[must_use]
pub fn chat_is_allowed(allow: &Allow, address: &ChatAddress) -> bool {
    allow.0.get(&address.provider).is_some_and(|list| list.chats.contains_key(&address.chat))
}

/// Whether a role suffices.
#[must_use]
pub fn suffices(role: Role, need: Need) -> bool {
    role >= match need {
        Need::Viewer => Role::Viewer,
        Need::Operator => Role::Operator,
        Need::Admin => Role::Admin,
    }
}

#[cfg(test)]
mod tests {
    use signalbox_adapter::{ChatAddress, InboundKey, IncomingKind, Provider, Sender, UserId};

    use super::*;
    use crate::config::Allowed;

    fn message(user: &str, chat: &str, roles: &[&str]) -> Incoming {
        Incoming::new(
            InboundKey::new("discord:1:1"),
            ChatAddress::new(Provider::new("discord"), ChatId::new(chat)),
            Sender {
                id: UserId::new(user),
                name: "Kim".into(),
                bot: false,
                roles: roles.iter().map(|&role| role.to_owned()).collect(),
            },
            IncomingKind::Text("/status".into()),
        )
    }

    #[test]
    fn strangers_have_no_role_and_the_highest_of_several_wins() {
        let list = Allowed {
            users: [(UserId::new("1"), Role::Viewer)].into(),
            chats: [(ChatId::new("7"), Role::Operator)].into(),
            roles: [("ops".to_owned(), Role::Admin)].into(),
        };
        let allow = Allow([(Provider::new("discord"), list)].into());
        assert_eq!(role_of(&allow, &message("2", "8", &[]), &Known::default()), None);
        assert_eq!(role_of(&allow, &message("1", "8", &[]), &Known::default()), Some(Role::Viewer));
        assert_eq!(role_of(&allow, &message("1", "7", &[]), &Known::default()), Some(Role::Operator));
        assert_eq!(role_of(&allow, &message("2", "7", &["ops"]), &Known::default()), Some(Role::Admin));
        assert_eq!(role_of(&Allow::default(), &message("1", "7", &["ops"]), &Known::default()), None);
        assert_eq!(
            role_of(&Allow::default(), &message("1", "7", &[]), &Known { trusted: true, ..Known::default() }),
            Some(Role::Admin)
        );
        let paired = |role| Known { paired: Some(role), ..Known::default() };
        assert_eq!(role_of(&allow, &message("1", "8", &[]), &paired(Role::Operator)), Some(Role::Operator));
        assert_eq!(role_of(&allow, &message("1", "7", &[]), &paired(Role::Viewer)), Some(Role::Operator));
        let moved = Known { former_chat: Some(ChatId::new("7")), ..Known::default() };
        assert_eq!(role_of(&allow, &message("2", "9", &[]), &moved), Some(Role::Operator));
    }

    #[test]
    fn each_role_includes_the_ones_below() {
        assert!(suffices(Role::Admin, Need::Viewer) && suffices(Role::Operator, Need::Operator));
        assert!(!suffices(Role::Viewer, Need::Operator) && !suffices(Role::Operator, Need::Admin));
    }
}
