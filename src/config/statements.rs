//! What the adapters of this version are told by the configuration, and which kinds of agents there are, as they state it
//! themselves; passed in from above.

use std::collections::{BTreeMap, BTreeSet};

use signalbox_adapter::settings::{Access, Ids, Section};

use super::kind::KindStatement;
use super::tree::{Branch, Node};
use super::{env, planned};

/// A provider of addresses, and what connects it.
#[derive(Debug, Clone, Copy)]
pub struct ProviderStatement {
    /// Its name, as addresses have it.
    pub name: &'static str,
    /// What it is told by the configuration; `None` where nothing has to be set.
    pub section: Option<&'static Section>,
}

/// What adapters and agents state of themselves.
#[derive(Debug, Clone, Default)]
pub struct Statements {
    /// The section of each that is built in.
    pub sections: Vec<&'static Section>,
    /// The providers of addresses that are built in.
    pub providers: Vec<ProviderStatement>,
    /// The kinds of agents, as they state themselves.
    pub kinds: Vec<&'static KindStatement>,
    /// The names of the sections of those that are left out of this build.
    pub left_out: Vec<&'static str>,
}

impl Statements {
    /// Returns the section of this name.
    #[must_use]
    pub fn section(&self, name: &str) -> Option<&'static Section> {
        self.sections.iter().find(|section| section.name == name).copied()
    }

    /// Returns the names of sections that are known and read by nothing in this build.
    pub(super) fn unread(&self) -> BTreeSet<&'static str> {
        let known = planned::SECTIONS.iter().chain(&self.left_out).copied();
        known.filter(|name| self.section(name).is_none()).collect()
    }

    /// Returns every provider whose ids can be allowed, and what they are; of one that is not built in nobody knows.
    pub(super) fn allowed_providers(&self) -> BTreeMap<&'static str, Access> {
        let unknown = |(provider, has_roles): (&'static str, bool)| {
            let roles = has_roles.then_some(Ids::ANY);
            (provider, Access { provider, users: Ids::ANY, chats: Ids::ANY, roles })
        };
        let left_out = self.left_out.iter().map(|name| (*name, true));
        let stated = self.sections.iter().filter_map(|section| section.access);
        let stated = stated.map(|access| (access.provider, access));
        planned::PROVIDERS.into_iter().chain(left_out).map(unknown).chain(stated).collect()
    }

    /// Whether a variable of this name holds a secret that an adapter takes.
    pub(super) fn holds_secret(&self, variable: &str) -> bool {
        let secrets = self.sections.iter().flat_map(|section| section.settings).filter(|one| one.kind.is_secret());
        secrets.filter_map(|secret| secret.variable).any(|name| name.eq_ignore_ascii_case(variable))
    }

    /// Lays the variables that serve where nothing else sets a key under the tree.
    pub(super) fn underlay(&self, root: &mut Branch, variables: &BTreeMap<String, String>) {
        for section in &self.sections {
            for setting in section.settings {
                let Some(variable) = setting.variable else { continue };
                let Some(text) = variables.get(variable).map(|text| text.trim()).filter(|text| !text.is_empty()) else {
                    continue;
                };
                let Some(keys) = env::table(root, section.name) else { continue };
                let is_set = |key: &str| keys.get(key).is_some_and(|node| !is_blank(node));
                if !is_set(setting.key) && !setting.file_key().is_some_and(|key| is_set(&key)) {
                    let node = Node::Text { text: text.to_owned(), variable: variable.to_owned() };
                    keys.insert(setting.key.to_owned(), node);
                }
            }
        }
    }
}

fn is_blank(node: &Node) -> bool {
    match node {
        Node::Text { text, .. } => text.trim().is_empty(),
        Node::Value(value) => value.as_str().is_some_and(|text| text.trim().is_empty()),
        Node::Table(_) => false,
    }
}
