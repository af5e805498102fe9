//! `[allow]`: who may do what, by the provider's immutable ids. Nobody is allowed who is not named here or paired.

use std::collections::BTreeMap;

use signalbox_adapter::settings::Ids;
use signalbox_adapter::{ChatId, Provider, UserId};

use super::reader::Section;
use super::statements::Statements;

/// Longest id, in bytes.
pub const MAX_ID_BYTES: usize = 256;

/// What somebody may do; each role includes the ones below it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// Looks: help, status, lists, details, traces.
    Viewer,
    /// Runs, stops and answers work, and triages.
    Operator,
    /// Everything.
    Admin,
}

impl Role {
    /// The roles as they are written.
    pub const WORDS: [(&'static str, Self); 3] =
        [("viewer", Self::Viewer), ("operator", Self::Operator), ("admin", Self::Admin)];

    /// Returns the role's name as it is written.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Operator => "operator",
            Self::Admin => "admin",
        }
    }

    /// Reads a role's name.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::WORDS.iter().find(|(name, _)| *name == word).map(|(_, role)| *role)
    }
}

/// Access lists of all providers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Allow(pub BTreeMap<Provider, Allowed>);

/// Access list of one provider. An id that is listed twice has the higher role.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Allowed {
    /// People, wherever they write.
    pub users: BTreeMap<UserId, Role>,
    /// Chats, for anyone who writes there.
    pub chats: BTreeMap<ChatId, Role>,
    /// The provider's own roles, where it has them, for anyone who holds one.
    pub roles: BTreeMap<String, Role>,
}

impl Allow {
    pub(super) fn read(section: &mut Section, statements: &Statements) -> Self {
        let mut lists = BTreeMap::new();
        for (name, access) in statements.allowed_providers() {
            let allowed = section.section(name, |section| Allowed {
                users: read_list(section, "users", access.users, UserId::new),
                chats: read_list(section, "chats", access.chats, ChatId::new),
                roles: access.roles.map(|roles| read_list(section, "roles", roles, |id| id)).unwrap_or_default(),
            });
            if allowed != Allowed::default() {
                lists.insert(Provider::new(name), allowed);
            }
        }
        Self(lists)
    }
}

fn read_list<Id: Ord>(section: &mut Section, key: &str, ids: Ids, id: impl Fn(String) -> Id) -> BTreeMap<Id, Role> {
    let mut list = BTreeMap::new();
    let of = "ids or { id = \"…\", role = \"viewer\" | \"operator\" | \"admin\" }";
    let read = |value: &toml::Value| match entry(value) {
        Some((text, _)) if !(ids.is_one)(&text) => Err(Some(format!("is no id: an id is {}", ids.form))),
        found => found.ok_or(None),
    };
    for (text, role) in section.entries(key, of, read).unwrap_or_default() {
        let highest = list.entry(id(text)).or_insert(role);
        *highest = role.max(*highest);
    }
    list
}

/// Reads `"id"`, a bare number, or `{ id, role }`.
fn entry(value: &toml::Value) -> Option<(String, Role)> {
    match value {
        toml::Value::Table(table) => {
            if table.keys().any(|key| key != "id" && key != "role") {
                return None;
            }
            let role = match table.get("role") {
                None => Role::Operator,
                Some(role) => Role::from_word(role.as_str()?)?,
            };
            Some((id_text(table.get("id")?)?, role))
        }
        other => Some((id_text(other)?, Role::Operator)),
    }
}

fn id_text(value: &toml::Value) -> Option<String> {
    match value {
        toml::Value::Integer(number) => Some(number.to_string()),
        toml::Value::String(text) => {
            let plain = text.chars().all(|c| !c.is_whitespace() && !c.is_control());
            (!text.is_empty() && text.len() <= MAX_ID_BYTES && plain).then(|| text.clone())
        }
        toml::Value::Float(_)
        | toml::Value::Boolean(_)
        | toml::Value::Datetime(_)
        | toml::Value::Array(_)
        | toml::Value::Table(_) => None,
    }
}
