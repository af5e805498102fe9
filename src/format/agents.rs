//! What is said about agents.

use signalbox_adapter::{Block, Document, Inline, Item};

use super::{line, marked};
use crate::agent::catalogue::{Catalogue, Choice, Presence, Version};
use crate::config::{Origin, Permission, Role, Sandbox};

/// Lists the agents: which answers where none is named, then each with its version and model, or with what is missing.
#[must_use]
pub fn list(catalogue: &Catalogue, presence: &Presence) -> Document {
    let default = match &presence.default {
        Choice::Configured(name) | Choice::Found(name) => name.as_str(),
        Choice::OnlyHost => "host",
    };
    let verdict = match (&presence.default, presence.versions.get(default)) {
        (Choice::OnlyHost, _) => "`@host` answers, as no other agent is installed.".to_owned(),
        (_, Some(Version::Broken(_))) => {
            format!("⚠ `@{default}` is to answer where none is named, and does not start.")
        }
        (_, Some(Version::Missing) | None) => {
            format!("⚠ `@{default}` is to answer where none is named, and is not installed.")
        }
        (_, Some(Version::BuiltIn | Version::Reported(_) | Version::Silent)) => {
            format!("`@{default}` answers where none is named.")
        }
    };
    // How each of many is installed is asked of it; they are in nobody's way here.
    let is_aside = |name: &&str| {
        let is_known = catalogue.agent(name).is_some_and(|agent| agent.kind.origin == Origin::Known);
        let is_missing = matches!(presence.versions.get(*name), Some(Version::Missing) | None);
        is_known && is_missing && *name != default && !catalogue.names_place(name)
    };
    let aside: Vec<&str> = catalogue.names().filter(is_aside).collect();
    let aside = if aside.len() > 1 { aside } else { Vec::new() };
    let items = catalogue.names().filter(|name| !aside.contains(name)).map(|name| {
        let state = match presence.versions.get(name) {
            Some(Version::BuiltIn) => "built in".to_owned(),
            Some(Version::Reported(version)) => version.replace('`', "'"),
            Some(Version::Silent) => "installed".to_owned(),
            Some(Version::Broken(why)) => format!("does not start: {}", why.replace('`', "'")),
            Some(Version::Missing) => format!("not installed: {}", catalogue.how_to_install(name)),
            None => "not installed".to_owned(),
        };
        let model = catalogue.model(name).map(|model| format!(" · {model}")).unwrap_or_default();
        let way = presence.modes.get(name).filter(|way| !way.is_empty()).map(|way| format!(" · by {way}"));
        let mut content = vec![Inline::Code(format!("@{name}"))];
        content.extend(marked(&format!(" {state}{model}{}", way.unwrap_or_default())));
        Item { checked: None, blocks: vec![Block::Paragraph(content)] }
    });
    let mut document = line(&verdict).with(Block::List { start: None, items: items.collect() });
    for name in catalogue.names().filter(|name| catalogue.agent(name).is_some_and(|it| it.sandbox == Sandbox::Bwrap)) {
        let how = match presence.sandbox {
            true => "runs in a sandbox (bubblewrap).",
            false => {
                "does not run: it is to have a sandbox, and bubblewrap is not installed (`apt install bubblewrap`)."
            }
        };
        document.blocks.extend(line(&format!("`{name}` {how}")).blocks);
    }
    if let Some(first) = aside.first() {
        let all = aside.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        document.blocks.extend(line(&format!("Not installed here: {all}. `@{first} hi` tells how to get it.")).blocks);
    }
    for (name, agent) in catalogue.names().filter_map(|name| Some((name, catalogue.agent(name)?))) {
        let does_all = agent.permission == Permission::All;
        let told = match (agent.role, does_all) {
            (Role::Admin, true) => "is for admins, and does everything without asking.",
            (Role::Admin, false) => "is for admins.",
            (Role::Viewer | Role::Operator, true) => "does everything without asking.",
            (Role::Viewer | Role::Operator, false) => continue,
        };
        document.blocks.extend(line(&format!("`{name}` {told}")).blocks);
    }
    document
}

/// Says how many agents are kept for a next prompt; nothing where there are none.
#[must_use]
pub fn kept(agents: usize) -> Document {
    match agents {
        0 => Document::default(),
        1 => line("1 agent is kept for the next prompt of its session."),
        more => line(&format!("{more} agents are kept for the next prompts of their sessions.")),
    }
}
