//! `signalbox setup`: asks, step by step, for what signalbox is to be connected to, and keeps what was found good.

use std::process::ExitCode;

use clap::ValueEnum as _;
use secrecy::{ExposeSecret as _, SecretString};

use super::{EXIT_FAILED, ask, pair};
use crate::app::App;
use crate::config::integrations::{self, Keys};
use crate::config::{Loaded, Sources, load};
use crate::format;
use crate::store::pairing::CODE_LASTS;
use crate::wiring::{self, Verified};

/// The one integration with a bot that people open by a link.
const TELEGRAM: &str = "telegram";
/// Mail.
const SMTP: &str = "smtp";
/// What is asked of a mail server, with the key that the answer is kept under.
const OF_MAIL: [(&str, &str); 5] = [
    ("security", "  Security: starttls, tls or none [starttls]: "),
    ("port", "  Port [the usual one]: "),
    ("username", "  User name (empty for none): "),
    ("from", "  Who writes, as in signalbox <bot@example.org>: "),
    ("to", "  Who is told of finished investigations, with commas: "),
];
/// Said when there are no more answers.
const ENDED: &str = "signalbox: the answers ended before this was done; what was found good so far is kept";

pub(super) async fn run(app: &App, sources: &Sources) -> anyhow::Result<ExitCode> {
    let Some(path) = integrations::file(sources) else {
        eprintln!("signalbox: {}", integrations::KeepError::NoHome);
        return Ok(ExitCode::from(EXIT_FAILED));
    };
    eprintln!(
        "What you answer is kept in {}, which only you can read. An empty answer leaves a thing as it is.\n",
        path.display()
    );
    if wiring::integrations().contains(&TELEGRAM) && !telegram(app, sources).await? {
        eprintln!("{ENDED}");
        return Ok(ExitCode::from(EXIT_FAILED));
    }
    if wiring::integrations().contains(&SMTP) && !mail(sources).await? {
        eprintln!("{ENDED}");
        return Ok(ExitCode::from(EXIT_FAILED));
    }
    eprintln!("Agents");
    let catalogue = app.catalogue();
    let presence = catalogue.look_closely().await;
    super::print_document(&format::agents::list(&catalogue, &presence))?;
    eprintln!("\nNext: `signalbox serve`, and keep it running; deploy/ in the sources has a systemd unit.");
    Ok(ExitCode::SUCCESS)
}

/// Asks for the bot; false when the answers ended.
async fn telegram(app: &App, sources: &Sources) -> anyhow::Result<bool> {
    eprintln!("Telegram");
    let loaded = load(sources).map_err(|faults| anyhow::anyhow!(faults.to_string()))?;
    if loaded.config.is_set(TELEGRAM) {
        eprintln!("  There is a bot already; a new token takes its place.");
    } else {
        eprintln!("  Talk to @BotFather in Telegram, send /newbot, and copy the token that it gives you.");
    }
    loop {
        let Some(token) = ask::secret("  Token (not shown; empty for none): ")? else { return Ok(false) };
        if token.expose_secret().is_empty() {
            eprintln!();
            return Ok(true);
        }
        let Some(name) = (match asked_with(&loaded, &token).await {
            Verified::Good(who) => {
                eprintln!("  It is {who}.");
                Some(who.trim_start_matches('@').split(' ').next().unwrap_or_default().to_owned())
            }
            Verified::Refused(why) => {
                eprintln!("  {why}");
                continue;
            }
            Verified::Unreachable(why) => {
                eprintln!("  {why}");
                let Some(answer) = ask::line("  Keep the token all the same? [y/N] ")? else { return Ok(false) };
                if !matches!(answer.to_lowercase().as_str(), "y" | "yes") {
                    continue;
                }
                Some(String::new())
            }
            Verified::NotSet => None,
        }) else {
            continue;
        };
        integrations::keep(sources, TELEGRAM, Keys::from([("token".to_owned(), token.expose_secret().to_owned())]))?;
        if load(sources).is_ok_and(|loaded| loaded.shadowed.iter().any(|path| path == "telegram.token")) {
            eprintln!("  Kept, but the configuration file or the environment sets telegram.token too, and goes first.");
        }
        return invite(app, &name).await;
    }
}

/// Asks the provider with a token that is not kept yet.
async fn asked_with(loaded: &Loaded, token: &SecretString) -> Verified {
    let mut config = loaded.config.clone();
    config.telegram.token = Some(token.clone());
    wiring::verify(&config, TELEGRAM).await
}

/// Makes the link that lets a person in; false when the answers ended.
async fn invite(app: &App, bot_name: &str) -> anyhow::Result<bool> {
    eprintln!("  Only people you let in can use it. A link lets in whoever opens it first.");
    loop {
        let Some(answer) = ask::line("  Their role: viewer, operator, admin, or none for no link [operator]: ")? else {
            return Ok(false);
        };
        let answer = if answer.is_empty() { "operator" } else { answer.as_str() };
        if answer.eq_ignore_ascii_case("none") {
            break;
        }
        let Ok(role) = pair::Role::from_str(answer, true) else {
            eprintln!("  {answer:?} is none of these.");
            continue;
        };
        let (code, _) = pair::issue(app, role.into()).await?;
        eprintln!("  Once `signalbox serve` runs, and within {}, open this and press Start:", format::span(CODE_LASTS));
        match bot_name {
            "" => super::print(&format!("/start {code}"))?,
            name => super::print(&pair::link(name, &code))?,
        }
        break;
    }
    eprintln!();
    Ok(true)
}

/// Asks for a mail server; false when the answers ended in the middle.
async fn mail(sources: &Sources) -> anyhow::Result<bool> {
    eprintln!("Mail, for notices of finished investigations");
    loop {
        let host = ask::line("  Name of the mail server (empty for none): ")?.unwrap_or_default();
        if host.is_empty() {
            eprintln!();
            return Ok(true);
        }
        let mut keys = Keys::from([("host".to_owned(), host)]);
        for (key, question) in OF_MAIL {
            let Some(answer) = ask::line(question)? else { return Ok(false) };
            keys.insert(key.to_owned(), answer);
        }
        if keys.get("username").is_some_and(|name| !name.is_empty()) {
            let Some(password) = ask::secret("  Password (not shown): ")? else { return Ok(false) };
            keys.insert("password".to_owned(), password.expose_secret().to_owned());
        }
        if let Err(error) = integrations::keep(sources, SMTP, keys) {
            eprintln!("  {error}");
            continue;
        }
        let loaded = load(sources).map_err(|faults| anyhow::anyhow!(faults.to_string()))?;
        match wiring::verify(&loaded.config, SMTP).await {
            Verified::Good(steps) => {
                eprintln!("  It takes mail.{steps}\n");
                return Ok(true);
            }
            Verified::Refused(why) | Verified::Unreachable(why) => eprintln!("  {why}"),
            Verified::NotSet => {}
        }
        let Some(answer) = ask::line("  Keep it all the same? [y/N] ")? else { return Ok(false) };
        if matches!(answer.to_lowercase().as_str(), "y" | "yes") {
            return Ok(true);
        }
        integrations::forget(sources, SMTP)?;
    }
}
