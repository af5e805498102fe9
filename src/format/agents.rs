//! What is said about agents.

use signalbox_adapter::{Document, Inline};

use super::{cell, line, table};
use crate::agent::catalogue::{Catalogue, Choice, Presence, Version};
use crate::config::Sandbox;

/// Lists the agents: installed or how to install them, version, model, and which is the default.
#[must_use]
pub fn list(catalogue: &Catalogue, presence: &Presence) -> Document {
    let default = match &presence.default {
        Choice::Configured(name) | Choice::Found(name) => name.as_str(),
        Choice::OnlyHost => "host",
    };
    let rows = catalogue
        .names()
        .map(|name| {
            let version = match presence.versions.get(name) {
                Some(Version::BuiltIn) => "built in".to_owned(),
                Some(Version::Reported(version)) => version.clone(),
                Some(Version::Silent) => "installed".to_owned(),
                Some(Version::Missing) | None => "not installed".to_owned(),
            };
            let mark = if name == default { "default" } else { "" };
            let model = catalogue.model(name).unwrap_or_default();
            vec![vec![Inline::Code(format!("@{name}"))], cell(version), cell(model), cell(mark)]
        })
        .collect();
    let mut document = Document { blocks: vec![table(&["agent", "version", "model", ""], rows)] };
    for name in catalogue.names() {
        if matches!(presence.versions.get(name), Some(Version::Missing)) {
            document.blocks.extend(line(&format!("{name}: {}", catalogue.how_to_install(name))).blocks);
        }
    }
    for name in catalogue.names().filter(|name| catalogue.agent(name).is_some_and(|it| it.sandbox == Sandbox::Bwrap)) {
        let how = match presence.sandbox {
            true => "runs in a sandbox (bubblewrap).",
            false => {
                "does not run: it is to have a sandbox, and bubblewrap is not installed (`apt install bubblewrap`)."
            }
        };
        document.blocks.extend(line(&format!("`{name}` {how}")).blocks);
    }
    document
}
