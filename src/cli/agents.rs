//! `signalbox agents`: what there is to answer prompts, from any terminal, without the store.

use std::collections::BTreeMap;
use std::process::ExitCode;

use clap::Args;
use serde_json::{Value, json};

use crate::agent::catalogue::{Catalogue, Choice, FULL_PATIENCE, Presence};
use crate::agent::closer::Version;
use crate::agent::login::{Login, LoginSign};
use crate::config::{Agents, Permission, Role, Sandbox};
use crate::format;

/// How it is printed.
#[derive(Args)]
pub(super) struct Arguments {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(
    arguments: &Arguments,
    agents: Agents,
    variables: BTreeMap<String, String>,
) -> anyhow::Result<ExitCode> {
    let catalogue = Catalogue::new(agents, variables);
    let presence = catalogue.look_closely(FULL_PATIENCE).await;
    if arguments.json {
        super::print_json(&as_json(&catalogue, &presence))?;
    } else {
        super::print_document(&format::agents::details(&catalogue, &presence))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn as_json(catalogue: &Catalogue, presence: &Presence) -> Value {
    let default = match &presence.default {
        Choice::Configured(name) | Choice::Found(name) => name.as_str(),
        Choice::OnlyHost => "host",
    };
    let agents = catalogue.names().filter_map(|name| {
        let (agent, closer) = (catalogue.agent(name)?, presence.closer.get(name));
        let version = closer.and_then(|closer| match &closer.version {
            Version::Reported(said) => Some(said.as_str()),
            Version::BuiltIn => Some(env!("CARGO_PKG_VERSION")),
            Version::Silent | Version::Unasked | Version::Broken(_) | Version::Missing => None,
        });
        let fault = closer.and_then(|closer| match &closer.version {
            Version::Broken(why) => Some(why.as_str()),
            Version::Reported(_) | Version::BuiltIn | Version::Silent | Version::Unasked | Version::Missing => None,
        });
        Some(json!({
            "name": name,
            "kind": agent.kind.name,
            "default": name == default,
            "installed": closer.is_some(),
            "can_run": fault.is_none() && catalogue.can_run(name, presence),
            "how_to_install": closer.is_none().then(|| catalogue.how_to_install(name)),
            "path": presence.programs.get(name).filter(|path| !path.as_os_str().is_empty()),
            "version": version,
            "fault": fault,
            "mode": closer.map(|closer| closer.mode).filter(|mode| !mode.is_empty()),
            "logged_in": closer.and_then(|closer| logged_in(&closer.login)),
            "logged_in_by": closer.and_then(|closer| evidence(&closer.login)),
            "model": agent.model,
            "models": catalogue.models(name, closer),
            "sandbox": match agent.sandbox { Sandbox::Off => "off", Sandbox::Bwrap => "bwrap" },
            "permission": match agent.permission {
                Permission::Ask => "ask",
                Permission::Read => "read",
                Permission::Edit => "edit",
                Permission::All => "all",
            },
            "unasked": catalogue.unasked(name),
            "role": match agent.role { Role::Admin => "admin", Role::Operator | Role::Viewer => "operator" },
        }))
    });
    agents.collect()
}

/// Whether somebody is logged in, where that is known and needed.
fn logged_in(login: &Login) -> Option<bool> {
    match login {
        Login::In(_) => Some(true),
        Login::Out(_) => Some(false),
        Login::Unknown | Login::NotNeeded => None,
    }
}

fn evidence(login: &Login) -> Option<&'static str> {
    match login {
        Login::In(evidence) | Login::Out(evidence) => Some(match evidence {
            LoginSign::Itself => "itself",
            LoginSign::LastRun => "last run",
            LoginSign::File(file) => file,
            LoginSign::Variable(variable) => variable,
        }),
        Login::NotNeeded => Some("not needed"),
        Login::Unknown => None,
    }
}
