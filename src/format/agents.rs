//! What is said about agents.

use signalbox_adapter::{Block, Document, Inline, Item};

use super::{facts, line, marked};
use crate::agent::catalogue::{Catalogue, Choice, Presence};
use crate::agent::closer::{Closer, Version};
use crate::agent::login::{Login, LoginSign};
use crate::config::{Agent, Origin, Permission, Role, Sandbox};

/// Models that are named in a chat; of more, how many there are.
const MAX_NAMED: usize = 4;

/// Lists the agents: which answers where none is named, then each in a line or two, or what is missing.
#[must_use]
pub fn list(catalogue: &Catalogue, presence: &Presence) -> Document {
    let default = default_of(presence);
    // How each of many is installed is asked of it; they are in nobody's way here.
    let is_aside = |name: &&str| {
        let is_known = catalogue.agent(name).is_some_and(|agent| agent.kind.origin == Origin::Known);
        is_known && !presence.closer.contains_key(*name) && *name != default && !catalogue.names_place(name)
    };
    let aside: Vec<&str> = catalogue.names().filter(is_aside).collect();
    let aside = if aside.len() > 1 { aside } else { Vec::new() };
    let items = catalogue.names().filter(|name| !aside.contains(name)).map(|name| {
        let mut content = vec![Inline::Code(format!("@{name}"))];
        content.extend(marked(&format!(" {}", in_short(catalogue, presence, name))));
        if let Some(models) = models_in_short(catalogue, presence, name) {
            content.push(Inline::Break);
            content.extend(marked(&models));
        }
        Item { checked: None, blocks: vec![Block::Paragraph(content)] }
    });
    let mut document = line(&verdict(presence)).with(Block::List { start: None, items: items.collect() });
    for name in catalogue.names().filter(|name| catalogue.agent(name).is_some_and(|it| it.sandbox == Sandbox::Bwrap)) {
        document.blocks.extend(line(&format!("`{name}` {}", of_sandbox(presence))).blocks);
    }
    if let Some(first) = aside.first() {
        let all = aside.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        document.blocks.extend(line(&format!("Not installed here: {all}. `@{first} hi` tells how to get it.")).blocks);
    }
    for (name, agent) in catalogue.names().filter_map(|name| Some((name, catalogue.agent(name)?))) {
        let unasked = unasked(catalogue, name, agent);
        let told = match (agent.role, unasked) {
            (Role::Admin, Some((what, why))) => format!("is for admins, and {what}. {why}."),
            (Role::Admin, None) => "is for admins.".to_owned(),
            (Role::Viewer | Role::Operator, Some((what, why))) => format!("{what}. {why}."),
            (Role::Viewer | Role::Operator, None) => continue,
        };
        document.blocks.extend(line(&format!("`{name}` {told}")).blocks);
    }
    if presence.closer.values().any(|closer| closer.version == Version::Unasked) {
        document.blocks.extend(line("Some are still being asked for their version: send `/agents` again.").blocks);
    }
    document
}

/// Tells all that is known of each agent; those that are not installed in one line each.
#[must_use]
pub fn details(catalogue: &Catalogue, presence: &Presence) -> Document {
    let mut document = line(&verdict(presence));
    for (name, agent) in catalogue.names().filter_map(|name| Some((name, catalogue.agent(name)?))) {
        let Some(closer) = presence.closer.get(name) else {
            let how = catalogue.how_to_install(name);
            document.blocks.extend(line(&format!("`@{name}` is not installed: {how}.")).blocks);
            continue;
        };
        document.blocks.push(Block::Paragraph(vec![Inline::strong(format!("@{name}"))]));
        document.blocks.push(facts(facts_of(catalogue, presence, (name, agent), closer)));
    }
    document
}

fn facts_of<'a>(
    catalogue: &Catalogue,
    presence: &Presence,
    (name, agent): (&str, &Agent),
    closer: &Closer,
) -> Vec<(&'a str, Vec<Inline>)> {
    let code = |text: &str| vec![Inline::Code(text.replace('`', "'"))];
    let text = |text: &str| vec![Inline::Text(text.to_owned())];
    let program = presence.programs.get(name).map(|program| program.display().to_string());
    let models = catalogue.models(name, Some(closer));
    let sandbox = match agent.sandbox {
        Sandbox::Off => "off",
        Sandbox::Bwrap if presence.sandbox => "bubblewrap",
        Sandbox::Bwrap => "bubblewrap, which is not installed: it does not run (`apt install bubblewrap`)",
    };
    let mut facts = vec![("version", text(&version(&closer.version)))];
    if let Some(program) = program.filter(|program| !program.is_empty()) {
        facts.insert(0, ("program", code(&program)));
    }
    if !closer.mode.is_empty() {
        facts.push(("spoken with by", text(closer.mode)));
    }
    if agent.kind.origin != Origin::BuiltIn {
        facts.push(("logged in", marked(&login_in_full(catalogue, name, &closer.login))));
        facts.push(("model", marked(&model(agent, closer))));
    }
    if !models.is_empty() {
        facts.push(("models", code(&models.join(", "))));
    }
    facts.push(("sandbox", marked(sandbox)));
    facts.push(("permission", marked(&permission(catalogue, name, agent))));
    facts.push(("for", text(if agent.role == Role::Admin { "admins" } else { "operators and admins" })));
    facts
}

fn default_of(presence: &Presence) -> &str {
    match &presence.default {
        Choice::Configured(name) | Choice::Found(name) => name.as_str(),
        Choice::OnlyHost => "host",
    }
}

/// Says which agent answers where none is named.
fn verdict(presence: &Presence) -> String {
    let default = default_of(presence);
    match (&presence.default, presence.closer.get(default).map(|closer| &closer.version)) {
        (Choice::OnlyHost, _) => "`@host` answers, as no other agent is installed.".to_owned(),
        (_, Some(Version::Broken(_))) => {
            format!("⚠ `@{default}` is to answer where none is named, and does not start.")
        }
        (_, Some(Version::Missing) | None) => {
            format!("⚠ `@{default}` is to answer where none is named, and is not installed.")
        }
        (_, Some(Version::BuiltIn | Version::Reported(_) | Version::Silent | Version::Unasked)) => {
            match presence.closer.get(default).map(|closer| &closer.login) {
                Some(Login::Out(_)) => format!("⚠ `@{default}` answers where none is named, and is not logged in."),
                Some(Login::Unknown | Login::In(_) | Login::NotNeeded) | None => {
                    format!("`@{default}` answers where none is named.")
                }
            }
        }
    }
}

/// Tells of one agent in a line.
fn in_short(catalogue: &Catalogue, presence: &Presence, name: &str) -> String {
    let Some(closer) = presence.closer.get(name) else {
        return format!("not installed: {}", catalogue.how_to_install(name));
    };
    let state = match &closer.version {
        broken @ Version::Broken(_) => return version(broken),
        version @ Version::Reported(_) => version.short().unwrap_or_default().replace('`', "'"),
        other => version(other),
    };
    let way = Some(closer.mode).filter(|way| !way.is_empty()).map(|way| format!("by {way}"));
    let login = match &closer.login {
        Login::In(_) => Some("logged in".to_owned()),
        Login::Out(_) => {
            let how = catalogue.how_to_log_in(name).map(|how| format!(": on its machine {how}")).unwrap_or_default();
            Some(format!("not logged in{how}"))
        }
        Login::NotNeeded | Login::Unknown => None,
    };
    let agent = catalogue.agent(name);
    let held = agent.and_then(|agent| match agent.permission {
        Permission::Read => Some("only reads".to_owned()),
        Permission::Edit => Some("edits unasked".to_owned()),
        Permission::Ask | Permission::All => None,
    });
    let model = catalogue.model(name).or(closer.model.as_deref()).map(|model| model.replace('`', "'"));
    [Some(state), model, way, held, login].into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

/// Names the models of an agent that can be asked for, where there is a choice.
fn models_in_short(catalogue: &Catalogue, presence: &Presence, name: &str) -> Option<String> {
    let closer = presence.closer.get(name)?;
    let models = catalogue.models(name, Some(closer));
    let is_broken = matches!(closer.version, Version::Broken(_));
    if models.len() < 2 || is_broken || !catalogue.takes_model(name) {
        return None;
    }
    let named = models.iter().take(MAX_NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
    let more = models.len().saturating_sub(MAX_NAMED);
    Some(if more > 0 { format!("models {named} and {more} more") } else { format!("models {named}") })
}

fn of_sandbox(presence: &Presence) -> &'static str {
    match presence.sandbox {
        true => "runs in a sandbox (bubblewrap).",
        false => "does not run: it is to have a sandbox, and bubblewrap is not installed (`apt install bubblewrap`).",
    }
}

fn version(version: &Version) -> String {
    match version {
        Version::BuiltIn => "built in".to_owned(),
        Version::Reported(said) => said.replace('`', "'"),
        Version::Silent => "installed".to_owned(),
        Version::Unasked => "installed, being asked for its version".to_owned(),
        Version::Broken(why) => format!("does not start: {}", why.replace('`', "'")),
        Version::Missing => "not installed".to_owned(),
    }
}

/// Says what an agent does without asking, and what in the configuration lets it; `None` where it asks.
fn unasked(catalogue: &Catalogue, name: &str, agent: &Agent) -> Option<(&'static str, String)> {
    if agent.permission == Permission::All {
        return Some(("does everything without asking", format!("`agents.{name}.permission` lets it")));
    }
    let option = catalogue.unasked(name).first().map(|option| option.replace('`', "'"))?;
    Some(("may act without asking", format!("`{option}` in its arguments lets it")))
}

fn permission(catalogue: &Catalogue, name: &str, agent: &Agent) -> String {
    if let Some((what, why)) = unasked(catalogue, name, agent) {
        return format!("{what}: {why}");
    }
    let own = match agent.permission {
        // It has no way to ask.
        _ if !agent.kind.speaks_meanwhile => "asks nothing: it does what its program does",
        Permission::Ask | Permission::All => "asks before anything that is not harmless",
        Permission::Read => "only reads",
        Permission::Edit => "edits files in its directory, asks for the rest",
    };
    own.to_owned()
}

fn model(agent: &Agent, closer: &Closer) -> String {
    let plain = |model: &str| model.replace('`', "'");
    match (&agent.model, &closer.model) {
        (Some(model), _) => format!("`{}`, as the configuration says", plain(model)),
        (None, Some(model)) => format!("its own default, last `{}`", plain(model)),
        (None, None) => "its own default".to_owned(),
    }
}

fn login_in_full(catalogue: &Catalogue, name: &str, login: &Login) -> String {
    let by = |evidence: &LoginSign| match evidence {
        LoginSign::Itself => "as it says itself".to_owned(),
        LoginSign::LastRun => "as its last run has shown".to_owned(),
        LoginSign::File(file) => format!("as `{file}` is there"),
        LoginSign::Variable(variable) => format!("by `{variable}`"),
    };
    match login {
        Login::Unknown => "not known".to_owned(),
        Login::NotNeeded => "not needed, as it is configured".to_owned(),
        Login::In(evidence) => format!("yes, {}", by(evidence)),
        Login::Out(evidence) => {
            let how = catalogue.how_to_log_in(name).map(|how| format!(": on its machine {how}")).unwrap_or_default();
            format!("no, {}{how}", by(evidence))
        }
    }
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
