//! `signalbox pair`: make a code with which a person pairs with the bot, and look after those who have.

use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, ValueEnum};
use signalbox_adapter::settings::Section;

use super::EXIT_REFUSED;
use crate::app::App;
use crate::config;
use crate::format::{self, terminal};
use crate::store::pairing::{CODE_LASTS, Paired, new_code};
use crate::wiring::{self, Found, Verified};

/// How long a provider is asked for the name of our bot.
const ASK_WITHIN: Duration = Duration::from_secs(5);

/// What to do.
#[derive(Args)]
pub(super) struct Arguments {
    /// What the person who sends the code may do: viewer looks, operator also runs and stops work, admin does all
    #[arg(long, value_enum, default_value_t = RoleWord::Operator)]
    role: RoleWord,
    /// List who is paired
    #[arg(long, conflicts_with = "remove")]
    list: bool,
    /// With --list: print JSON
    #[arg(long, requires = "list")]
    json: bool,
    /// Take a pairing back, as in telegram:1001
    #[arg(long, value_name = "PROVIDER:USER")]
    remove: Option<String>,
}

impl Arguments {
    /// Whether it only lists.
    pub(super) fn only_reads(&self) -> bool {
        self.list
    }
}

#[derive(Clone, Copy, ValueEnum)]
pub(super) enum RoleWord {
    Viewer,
    Operator,
    Admin,
}

impl From<RoleWord> for config::Role {
    fn from(role: RoleWord) -> Self {
        match role {
            RoleWord::Viewer => Self::Viewer,
            RoleWord::Operator => Self::Operator,
            RoleWord::Admin => Self::Admin,
        }
    }
}

pub(super) async fn run(app: &App, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    if arguments.list {
        return list(app, arguments.json).await;
    }
    if let Some(whom) = &arguments.remove {
        return remove(app, whom).await;
    }
    let role = config::Role::from(arguments.role);
    let code = issue(app, role).await?;
    super::print(&code)?;
    eprintln!("{}", terminal::pairing_code(CODE_LASTS, role));
    for (section, name) in bots(app).await? {
        let title = section.setup.title;
        if let Some(way) = wiring::introduction(section, name.as_deref(), &code) {
            eprintln!("{}", terminal::pairing_way(title, &way));
        }
        if name.is_none() && has_link(section) {
            eprintln!("{}", terminal::pairing_link_later(title));
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Makes a code for a role.
pub(super) async fn issue(app: &App, role: config::Role) -> anyhow::Result<String> {
    let code = new_code();
    let stored = code.clone();
    app.store.write(None, move |tx| tx.issue_code(&stored, role)).await?;
    Ok(code)
}

/// Returns each of our bots with its name: known from an earlier start, or asked for where the link to the bot needs it.
async fn bots(app: &App) -> anyhow::Result<Vec<(&'static Section, Option<String>)>> {
    let mut bots = Vec::new();
    for section in wiring::statements().sections {
        let Some(access) = section.access.filter(|_| app.config.adapters.is_set(section)) else { continue };
        let known = app.store.read(move |tx| tx.bot_name(access.provider)).await?.filter(|name| !name.is_empty());
        let name = match known {
            None if has_link(section) => ask_name(app, section).await,
            known => known,
        };
        bots.push((section, name));
    }
    Ok(bots)
}

/// Whether a bot of this provider is opened, and told a code, by a link.
fn has_link(section: &Section) -> bool {
    wiring::invitation(section, "bot", "code").is_some()
}

/// Asks a provider what our bot is called there; `None` where it does not say so in time.
async fn ask_name(app: &App, section: &Section) -> Option<String> {
    match tokio::time::timeout(ASK_WITHIN, wiring::verify(&app.config, section)).await {
        Ok(Some(Verified::Good(Found::Bot { name, .. }))) => Some(name).filter(|name| !name.is_empty()),
        Ok(Some(Verified::Good(_) | Verified::Refused(_) | Verified::Unsure(_)) | None) | Err(_) => None,
    }
}

async fn list(app: &App, json: bool) -> anyhow::Result<ExitCode> {
    let paired = app.store.read(|tx| tx.paired()).await?;
    if json {
        let value: Vec<_> = paired.iter().map(as_json).collect();
        super::print(&serde_json::to_string_pretty(&value)?)?;
        return Ok(ExitCode::SUCCESS);
    }
    super::print_document(&terminal::paired(&paired))?;
    Ok(ExitCode::SUCCESS)
}

fn as_json(one: &Paired) -> serde_json::Value {
    serde_json::json!({
        "provider": one.provider.as_str(),
        "user": one.user.as_str(),
        "name": one.name,
        "role": one.role.as_str(),
        "since": format::instant(one.since),
    })
}

async fn remove(app: &App, whom: &str) -> anyhow::Result<ExitCode> {
    let Some((provider, user)) = whom.split_once(':').map(|(provider, user)| (provider.to_owned(), user.to_owned()))
    else {
        eprintln!("signalbox: {}", terminal::not_a_person());
        return Ok(ExitCode::from(EXIT_REFUSED));
    };
    let removed = app.store.write(None, move |tx| tx.unpair(&provider, &user)).await?.value;
    if !removed {
        eprintln!("signalbox: {}", terminal::not_paired(whom));
        return Ok(ExitCode::from(EXIT_REFUSED));
    }
    super::print(&terminal::unpaired(whom))?;
    Ok(ExitCode::SUCCESS)
}
