//! The effective configuration as TOML, for `signalbox config show`. Secrets are masked.

use std::collections::BTreeMap;
use std::time::Duration;

use secrecy::SecretString;
use signalbox_adapter::ChatAddress;
use signalbox_adapter::settings::{Value as Stated, Values};
use toml::{Table, Value};

use super::agents::{Agent, Agents, HostProbes, Idle, ROLES};
use super::allow::{Allowed, Role};
use super::follow::Follow;
use super::hook_fields::HookFields;
use super::hooks::Hook;
use super::kind::Origin;
use super::naming::NamingLine;
use super::observer::Recovery;
use super::permission::Permission;
use super::projects::Project;
use super::sandbox::Sandbox;
use super::silencing::{Silencing, SilencingLogin};
use super::store::Durability;
use super::triage::AlertChannel;
use super::whole::Config;

/// What stands for a secret.
pub const MASK: &str = "***";

/// Writes the whole configuration, defaults included, as TOML.
#[must_use]
pub fn show(config: &Config) -> String {
    let Config {
        allow,
        agents,
        limits,
        timeouts,
        observer,
        progress,
        projects,
        delivery,
        store,
        http,
        hooks,
        render,
        triage,
        follow,
        cron,
        redact,
        adapters,
    } = config;
    let sections = [
        ("allow", Value::Table(allow.0.iter().map(|(name, list)| (name.to_string(), allowed(list))).collect())),
        ("agents", all_agents(agents)),
        (
            "limits",
            table([
                ("max_tasks_per_chat", limits.max_tasks_per_chat.into()),
                ("max_tasks", limits.max_tasks.into()),
                ("max_queued_per_chat", limits.max_queued_per_chat.into()),
                ("max_sessions_per_chat", limits.max_sessions_per_chat.into()),
                ("max_output", size(limits.max_output_bytes)),
                ("max_prompt", size(limits.max_prompt_bytes)),
                ("max_warm", limits.max_warm.into()),
                ("max_warm_memory", size(limits.max_warm_memory_bytes)),
            ]),
        ),
        (
            "timeouts",
            table([
                ("background", duration(timeouts.background)),
                ("idle", duration(timeouts.idle)),
                ("settle", duration(timeouts.settle)),
                ("kill_grace", duration(timeouts.kill_grace)),
                ("approval", duration(timeouts.approval)),
            ]),
        ),
        ("observer", table([("recovery", word(&Recovery::WORDS, observer.recovery))])),
        ("progress", table([("after", duration(progress.after))])),
        ("projects", Value::Table(projects.iter().map(|(name, own)| (name.clone(), project(own))).collect())),
        ("delivery", table([("max_age", duration(delivery.max_age))])),
        (
            "store",
            table([
                ("durability", word(&Durability::WORDS, store.durability)),
                ("retention", duration(store.retention)),
            ]),
        ),
        (
            "http",
            table([
                ("listen", http.listen.map(|address| address.to_string()).unwrap_or_default().into()),
                ("hosts", http.hosts.clone().into()),
                ("public_url", http.public_url.clone().unwrap_or_default().into()),
            ]),
        ),
        ("hooks", hooks.iter().map(hook).collect::<Vec<_>>().into()),
        ("render", table([("max_parts", render.max_parts.into())])),
        (
            "triage",
            table([
                ("group_wait", duration(triage.group_wait)),
                ("reopen_window", duration(triage.reopen_window)),
                ("auto_investigate", triage.auto_investigate.clone().into()),
                ("fold", triage.fold.clone().into()),
                ("channels", triage.channels.iter().map(channel).collect::<Vec<_>>().into()),
            ]),
        ),
        (
            "follow",
            table([
                ("default", word(&Follow::WORDS, follow.default)),
                ("thread", addresses(&follow.thread)),
                ("mention", addresses(&follow.mention)),
            ]),
        ),
        ("cron", table([("operators", addresses(&cron.operators))])),
        (
            "redact",
            table([
                ("literals", redact.literals.iter().map(|_| MASK.to_owned()).collect::<Vec<_>>().into()),
                ("prefixes", redact.prefixes.clone().into()),
            ]),
        ),
    ];
    let adapters = adapters.iter().map(|(name, values)| (name, adapter(values)));
    toml::to_string(&table(sections.into_iter().chain(adapters))).expect("a tree of tables with string keys is TOML")
}

/// Writes a project as shortly as it can be set.
fn project(project: &Project) -> Value {
    let path = Value::from(project.path.display().to_string());
    if project.worktree { table([("path", path), ("worktree", true.into())]) } else { path }
}

fn addresses(addresses: &[ChatAddress]) -> Value {
    addresses.iter().map(|address| Value::from(address.to_string())).collect::<Vec<_>>().into()
}

fn hook(hook: &Hook) -> Value {
    let text = |text: &Option<String>| text.clone().map(Value::from);
    let severity: Table = hook.severity.iter().map(|(word, name)| (word.clone(), name.clone().into())).collect();
    let keys = [
        ("id", Some(hook.id.clone().into())),
        ("source", Some(hook.source.as_str().into())),
        ("target", Some(hook.target.to_string().into())),
        ("secret", Some(MASK.into())),
        ("header", text(&hook.header)),
        ("timestamp_header", text(&hook.timestamp_header)),
        ("max_age", Some(duration(hook.max_age.unwrap_or_default()))),
        ("severity", Some(Value::Table(severity))),
        ("fields", hook.fields.as_ref().map(fields)),
        ("silences", hook.silences.as_ref().map(silencing)),
    ];
    table(keys.into_iter().filter_map(|(key, value)| Some((key, value?))))
}

fn fields(fields: &HookFields) -> Value {
    let text = |text: &Option<String>| text.clone().map(Value::from);
    let by_name: Table = fields.labels.iter().map(|(name, path)| (name.clone(), path.clone().into())).collect();
    let keys = [
        ("alerts", text(&fields.alerts)),
        ("title", text(&fields.title)),
        ("severity", text(&fields.severity)),
        ("status", text(&fields.status)),
        ("fingerprint", text(&fields.fingerprint)),
        ("starts_at", text(&fields.starts_at)),
        ("labels", text(&fields.all_labels).or_else(|| (!by_name.is_empty()).then_some(Value::Table(by_name)))),
        ("links", Some(fields.links.clone().into())),
    ];
    table(keys.into_iter().filter_map(|(key, value)| Some((key, value?))))
}

fn channel(channel: &AlertChannel) -> Value {
    let keys =
        [("address", Some(channel.address.to_string().into())), ("silences", channel.silences.as_ref().map(silencing))];
    table(keys.into_iter().filter_map(|(key, value)| Some((key, value?))))
}

fn silencing(silencing: &Silencing) -> Value {
    let login = match &silencing.login {
        None => Vec::new(),
        Some(SilencingLogin::Bearer(_)) => vec![("token", MASK.into())],
        Some(SilencingLogin::Basic { username, .. }) => {
            vec![("username", username.clone().into()), ("password", MASK.into())]
        }
    };
    table([("url", silencing.url.as_str().trim_end_matches('/').into())].into_iter().chain(login))
}

fn all_agents(agents: &Agents) -> Value {
    let mut all: Table = agents.by_name.iter().map(|(name, one)| (name.clone(), agent(one, agents))).collect();
    if let Some(name) = &agents.default {
        all.insert("default".to_owned(), name.clone().into());
    }
    Value::Table(all)
}

fn agent(agent: &Agent, agents: &Agents) -> Value {
    let kind = match agent.kind.origin {
        Origin::BuiltIn => {
            let HostProbes { files, urls, prometheus, config_file: _, secret_files: _ } = &agents.host;
            return table([
                ("files", files.clone().into()),
                ("urls", urls.iter().map(|url| without_login(url)).collect::<Vec<_>>().into()),
                ("prometheus", without_login(prometheus.as_deref().unwrap_or_default()).into()),
            ]);
        }
        Origin::Known => None,
        Origin::Named => Some(("kind", Value::from(agent.kind.name))),
    };
    let idle = match agent.idle {
        Idle::Inherited => Value::from(""),
        Idle::Off => "off".into(),
        Idle::After(silence) => duration(silence),
    };
    let keep_warm = if agent.keep_warm.is_zero() { "off".into() } else { duration(agent.keep_warm) };
    let dir = agent.dir.as_ref().map(|dir| dir.display().to_string()).unwrap_or_default();
    let keys = [
        ("command", without_keys(&agent.command).into()),
        ("model", agent.model.clone().unwrap_or_default().into()),
        ("models", agent.models.clone().into()),
        ("args", without_keys(&agent.args).into()),
        ("dir", dir.into()),
        ("env", masked(&agent.env)),
        ("pass_env", agent.pass_env.clone().into()),
        ("permission", permission(agent.permission).into()),
        ("idle", idle),
        ("alerts", agent.alerts.into()),
        ("sandbox", word(&Sandbox::WORDS, agent.sandbox)),
        ("role", word(&ROLES, agent.role)),
        ("deliver", agent.deliver.iter().map(NamingLine::written).collect::<Vec<_>>().into()),
        ("keep_warm", keep_warm),
    ];
    table(kind.into_iter().chain(keys))
}

/// Masks name and password of an address.
fn without_login(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let host_ends = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    match rest[..host_ends].rfind('@') {
        Some(at) => format!("{scheme}://{MASK}{}", &rest[at..]),
        None => url.to_owned(),
    }
}

/// Masks the value of each option whose name says that it is a secret, and logins of addresses.
fn without_keys(words: &[String]) -> Vec<String> {
    let mut after_key = false;
    let shown = words.iter().map(|word| {
        let (name, value) = word.split_once('=').map_or((word.as_str(), None), |(name, value)| (name, Some(value)));
        let is_option = name.starts_with('-');
        let is_value = std::mem::replace(&mut after_key, is_option && value.is_none() && names_a_secret(name));
        match value {
            _ if is_value && !is_option => MASK.to_owned(),
            Some(_) if names_a_secret(name) => format!("{name}={MASK}"),
            Some(_) | None => without_login(word),
        }
    });
    shown.collect()
}

fn names_a_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["key", "token", "secret", "passw", "credential", "auth"].iter().any(|part| name.contains(part))
}

fn adapter(values: &Values) -> Value {
    let shown = |value: &Stated| match value {
        Stated::Text(text) => text.clone().into(),
        Stated::Secret(_) => MASK.into(),
        Stated::Port(port) => i64::from(*port).into(),
        Stated::Duration(time) => duration(*time),
        Stated::List(list) => list.clone().into(),
        Stated::Path(path) => path.display().to_string().into(),
    };
    table(values.iter().map(|(key, value)| (key, shown(value))))
}

fn masked(env: &BTreeMap<String, SecretString>) -> Value {
    Value::Table(env.keys().map(|name| (name.clone(), MASK.into())).collect())
}

fn permission(permission: Permission) -> &'static str {
    match permission {
        Permission::Ask => "ask",
        Permission::Read => "read",
        Permission::Edit => "edit",
        Permission::All => "all",
    }
}

fn allowed(list: &Allowed) -> Value {
    let mut keys = vec![
        ("users", entries(list.users.iter().map(|(id, role)| (id.as_str(), *role)))),
        ("chats", entries(list.chats.iter().map(|(id, role)| (id.as_str(), *role)))),
    ];
    if !list.roles.is_empty() {
        keys.push(("roles", entries(list.roles.iter().map(|(id, role)| (id.as_str(), *role)))));
    }
    table(keys)
}

fn entries<'a>(list: impl Iterator<Item = (&'a str, Role)>) -> Value {
    Value::Array(list.map(|(id, role)| table([("id", id.into()), ("role", role.as_str().into())])).collect())
}

fn word<T: PartialEq>(words: &[(&str, T)], value: T) -> Value {
    let (word, _) = words.iter().find(|(_, known)| *known == value).expect("every value has a word");
    Value::from(*word)
}

fn duration(duration: Duration) -> Value {
    humantime::format_duration(duration).to_string().into()
}

/// Writes a size in the largest unit that holds it exactly.
fn size(bytes: u64) -> Value {
    let units = [(1 << 40, "TiB"), (1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
    match units.iter().find(|(unit, _)| bytes >= *unit && bytes.is_multiple_of(*unit)) {
        Some((unit, name)) => format!("{}{name}", bytes / unit).into(),
        None => format!("{bytes}B").into(),
    }
}

fn table(keys: impl IntoIterator<Item = (&'static str, Value)>) -> Value {
    Value::Table(keys.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_login_and_no_key_is_shown() {
        assert_eq!(without_login("http://user:pw@127.0.0.1:9090/a@b"), format!("http://{MASK}@127.0.0.1:9090/a@b"));
        assert_eq!(without_login("http://127.0.0.1:9090/a@b"), "http://127.0.0.1:9090/a@b");
        let words = ["run", "--api-key", "one", "--token=two", "MY_SECRET=three", "--model", "big", "--key", "--fast"];
        let shown = [
            "run",
            "--api-key",
            MASK,
            &format!("--token={MASK}"),
            &format!("MY_SECRET={MASK}"),
            "--model",
            "big",
            "--key",
            "--fast",
        ];
        assert_eq!(without_keys(&words.map(str::to_owned)), shown);
    }
}
