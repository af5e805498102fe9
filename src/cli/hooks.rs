//! `signalbox hooks`: the addresses at which monitoring systems tell of their alerts. What is made here is answered by a
//! program that serves from the next call on.

mod try_out;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Subcommand;
use secrecy::{ExposeSecret as _, SecretString};
use signalbox_adapter::ChatAddress;

use super::reach::{Reach, reach};
use super::{EXIT_REFUSED, ask};
use crate::app::{App, Deliveries};
use crate::config::{Hook, HookSource, Silencing, Unreached, read_secret};
use crate::format;
use crate::format::hooks::{self as said, ListedHook, MadeHook, Undone};
use crate::hook::{new_secret, vendor_makes_secret};
use crate::wiring;

/// Hooks in one list.
const MAX_LISTED: usize = 1000;
/// How a secret is asked for on standard input.
const FROM_INPUT: &str = "-";

/// What to do.
#[derive(Subcommand)]
pub(super) enum Arguments {
    /// List the hooks, and their addresses; secrets are never shown
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Make a hook, and say what to paste into the source's settings
    Add {
        /// Who sends: alertmanager, grafana, pagerduty, datadog, sentry, github, uptime-kuma, healthchecks, generic
        source: String,
        /// Last part of its address [default: the source's name]
        #[arg(long)]
        id: Option<String>,
        /// The chat that is told, as in telegram:-1001234 [default: the only alert channel]
        #[arg(long, value_name = "ADDRESS")]
        target: Option<ChatAddress>,
        /// With `-`: read the secret from standard input instead of making one
        #[arg(long, value_name = "-")]
        secret: Option<String>,
        /// The Alertmanager that is told of silences, as in http://127.0.0.1:9093
        #[arg(long, value_name = "URL")]
        silences: Option<String>,
        /// A file with the bearer token that it wants to see
        #[arg(long, value_name = "FILE", requires = "silences")]
        silences_token_file: Option<PathBuf>,
    },
    /// Remove a hook
    Remove {
        /// Its id
        id: String,
    },
    /// Send a firing and a resolved alert through the whole path, and say what came of it
    Test {
        /// Its id
        id: String,
    },
}

pub(super) async fn run(app: &App, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    match arguments {
        Arguments::List { json } => list(app, *json).await,
        Arguments::Add { source, id, target, secret, silences, silences_token_file } => {
            let silences = silences.as_deref().map(|url| (url, silences_token_file.as_deref()));
            add(app, source, id.as_deref(), target.as_ref(), secret.as_deref(), silences).await
        }
        Arguments::Remove { id } => remove(app, id).await,
        Arguments::Test { id } => match find(app, id).await? {
            Some(hook) => try_hook(app, &hook).await,
            None => refused(&Undone::NoHook(id)),
        },
    }
}

async fn try_hook(app: &App, hook: &Hook) -> anyhow::Result<ExitCode> {
    match listening(app).await? {
        Some(address) => try_out::run(app, hook, &url(&format!("http://{address}"), hook.source, &hook.id)).await,
        None => refused(&Undone::NotListening),
    }
}

fn refused(why: &Undone<'_>) -> anyhow::Result<ExitCode> {
    eprintln!("signalbox: {}", said::undone(why));
    Ok(ExitCode::from(EXIT_REFUSED))
}

fn configured<'a>(app: &'a App, id: &str) -> Option<&'a Hook> {
    app.config.hooks.iter().find(|hook| hook.id == id)
}

async fn find(app: &App, id: &str) -> anyhow::Result<Option<Hook>> {
    if let Some(hook) = configured(app, id) {
        return Ok(Some(hook.clone()));
    }
    let id = id.to_owned();
    Ok(app.store.read(move |tx| tx.hook(&id)).await?.map(|kept| kept.hook))
}

async fn list(app: &App, json: bool) -> anyhow::Result<ExitCode> {
    let kept = app.store.read(|tx| tx.hooks(MAX_LISTED)).await?;
    let base = base(app).await?.unwrap_or_default();
    let own = app.config.hooks.iter().map(|hook| (hook, None));
    let kept = kept.iter().filter(|kept| configured(app, &kept.hook.id).is_none());
    let all = own.chain(kept.map(|kept| (&kept.hook, Some(kept.created_at))));
    let hooks: Vec<ListedHook> = all
        .map(|(hook, since)| ListedHook {
            id: hook.id.clone(),
            source: hook.source,
            target: hook.target.to_string(),
            url: url(&base, hook.source, &hook.id),
            silences: hook.silences.as_ref().map(|silences| silences.url.to_string()),
            since,
        })
        .collect();
    if json {
        let value: Vec<_> = hooks.iter().map(as_json).collect();
        super::print(&serde_json::to_string_pretty(&value)?)?;
    } else {
        super::print_document(&said::list(&hooks))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn as_json(one: &ListedHook) -> serde_json::Value {
    serde_json::json!({
        "id": one.id,
        "source": one.source.as_str(),
        "target": one.target,
        "url": one.url,
        "silences": one.silences,
        "from": if one.since.is_some() { "command line" } else { "configuration" },
        "since": one.since.map(format::instant),
    })
}

async fn add(
    app: &App,
    source: &str,
    id: Option<&str>,
    target: Option<&ChatAddress>,
    secret: Option<&str>,
    silences: Option<(&str, Option<&Path>)>,
) -> anyhow::Result<ExitCode> {
    let Some(source) = HookSource::from_word(source) else {
        return refused(&Undone::NoSource(source));
    };
    let channels = &app.config.triage.channels;
    let only = channels.first().filter(|_| channels.len() == 1).map(|channel| &channel.address);
    let Some(target) = target.or(only) else {
        return refused(&Undone::NoTarget);
    };
    let unreached = wiring::unreached(&app.config, target.provider.as_str());
    let unseen = unreached.as_ref().map(|why| why.at(target));
    if let Some(why) = unseen.as_ref().filter(|_| unreached.as_ref().is_some_and(Unreached::is_wrong)) {
        return refused(&Undone::Unreached(why));
    }
    let provider = target.provider.as_str();
    let transport = wiring::transports(&app.config).remove(provider);
    if let Some(form) = transport.and_then(|transport| transport.chat_form(target)) {
        return refused(&Undone::NoSuchChat(target, form));
    }
    let deliver = Deliveries::default().with_chats(&app.config).adapters.remove(provider);
    let is_sure = match deliver {
        Some(deliver) => match reach(deliver.as_ref(), target).await {
            Reach::Open => true,
            Reach::Closed(why) => return refused(&Undone::Closed(target, &why)),
            Reach::Unsure => false,
        },
        // It is said why below.
        None => true,
    };
    let id = id.unwrap_or(source.as_str());
    if let Err(why) = Hook::check_id(id) {
        return refused(&Undone::Id(&why));
    }
    if find(app, id).await?.is_some() {
        return refused(&Undone::Taken(id));
    }
    let silences = match silences.map(|(url, token)| silencing(source, url, token)).transpose() {
        Ok(silences) => silences,
        Err(why) => return refused(&Undone::Silences(&why)),
    };
    let Some(base) = base(app).await? else { return refused(&Undone::NotListening) };
    let url = url(&base, source, id);
    let secret = match asked_secret(source, &url, secret)? {
        Err(why) => return refused(&why),
        Ok(secret) => secret.unwrap_or_else(new_secret),
    };
    if let Err(why) = Hook::check_secret(secret.expose_secret()) {
        return refused(&Undone::Secret(&why));
    }
    let writes_back = silences.is_some();
    let hook = Hook { silences, ..Hook::plain(id.to_owned(), source, target.clone(), secret.clone()) };
    if !app.store.write(None, move |tx| tx.add_hook(&hook)).await?.value {
        return refused(&Undone::Taken(id));
    }
    let made = MadeHook {
        source,
        id,
        url: &url,
        target: &target.to_string(),
        secret: secret.expose_secret(),
        is_local: is_local(&base),
        writes_back,
    };
    super::print_document(&said::made(&made))?;
    if !is_sure {
        eprintln!("signalbox: {}", said::not_tried(target));
    }
    if let Some(why) = unseen {
        eprintln!("signalbox: {}", said::unseen(&why));
    }
    Ok(ExitCode::SUCCESS)
}

/// Reads where silences are written, and what is shown there.
fn silencing(source: HookSource, url: &str, token: Option<&Path>) -> Result<Silencing, String> {
    if source != HookSource::Alertmanager {
        return Err(said::NO_SILENCES.to_owned());
    }
    let token = token.map(|path| {
        let path = std::path::absolute(path).map_err(|error| error.to_string())?;
        read_secret(&path.to_string_lossy())
    });
    Silencing::of(url, token.transpose()?)
}

/// Asks for a secret that the source has made, or that somebody has; none where one is to be made.
fn asked_secret(
    source: HookSource,
    url: &str,
    asked: Option<&str>,
) -> anyhow::Result<Result<Option<SecretString>, Undone<'static>>> {
    match asked {
        None if !vendor_makes_secret(source) => return Ok(Ok(None)),
        None | Some(FROM_INPUT) => {}
        Some(_) => return Ok(Err(Undone::SecretSeen)),
    }
    eprintln!("{}", said::secret_wanted(source, url));
    Ok(ask::secret("Secret (not shown): ")?.map(Some).ok_or(Undone::NoSecret))
}

async fn remove(app: &App, id: &str) -> anyhow::Result<ExitCode> {
    if configured(app, id).is_some() {
        return refused(&Undone::Configured(id));
    }
    let wanted = id.to_owned();
    if !app.store.write(None, move |tx| tx.remove_hook(&wanted)).await?.value {
        return refused(&Undone::NoHook(id));
    }
    super::print_document(&said::removed(id))?;
    Ok(ExitCode::SUCCESS)
}

fn url(base: &str, source: HookSource, id: &str) -> String {
    format!("{base}/hooks/{}/{id}", source.as_str())
}

/// Returns the beginning of the addresses of hooks; none where nothing is listened to.
async fn base(app: &App) -> anyhow::Result<Option<String>> {
    match &app.config.http.public_url {
        Some(url) => Ok(Some(url.clone())),
        None => Ok(listening(app).await?.map(|address| format!("http://{address}"))),
    }
}

/// Returns the address at which a program that serves answers.
async fn listening(app: &App) -> anyhow::Result<Option<SocketAddr>> {
    let Some(set) = app.config.http.listen else { return Ok(None) };
    let bound = app.store.read(|tx| tx.http_address()).await?;
    let bound = bound.and_then(|bound| bound.parse::<SocketAddr>().ok()).filter(|_| set.port() == 0);
    let mut address = bound.unwrap_or(set);
    if address.ip().is_unspecified() {
        address.set_ip(IpAddr::V4(Ipv4Addr::LOCALHOST));
    }
    Ok(Some(address))
}

fn is_local(base: &str) -> bool {
    base.strip_prefix("http://")
        .and_then(|rest| rest.parse::<SocketAddr>().ok())
        .is_some_and(|at| at.ip().is_loopback())
}
