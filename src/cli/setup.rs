//! `signalbox setup`: asks, step by step, for what signalbox is to be connected to, and keeps what was found good.
//!
//! What is asked stands in the adapters' statements; nothing here knows one of them.

use std::process::ExitCode;

use clap::ValueEnum as _;
use secrecy::ExposeSecret as _;
use signalbox_adapter::settings::Section;

use super::{EXIT_FAILED, ask, pair};
use crate::agent::catalogue::FULL_PATIENCE;
use crate::app::App;
use crate::config::integrations::{self, Keys};
use crate::config::{Sources, load};
use crate::format::{self, integrations as said};
use crate::store::pairing::CODE_LASTS;
use crate::wiring::{self, Found, Verified};

pub(super) async fn run(app: &App, sources: &Sources) -> anyhow::Result<ExitCode> {
    let Some(path) = integrations::file(sources) else {
        eprintln!("signalbox: {}", integrations::KeepError::NoHome);
        return Ok(ExitCode::from(EXIT_FAILED));
    };
    eprintln!("{}\n", said::setup(&path));
    for (index, section) in sources.statements.sections.iter().enumerate() {
        match connect(app, sources, section).await? {
            Step::Done => {}
            // Whoever pipes in what the first one needs may have nothing to say of the others.
            Step::NothingSaid if index > 0 => eprintln!(),
            Step::NothingSaid | Step::Ended => {
                eprintln!("signalbox: {}", said::setup_ended());
                return Ok(ExitCode::from(EXIT_FAILED));
            }
        }
    }
    eprintln!("Agents");
    let catalogue = app.catalogue();
    let presence = catalogue.look_closely(FULL_PATIENCE).await;
    super::print_document(&format::agents::list(&catalogue, &presence))?;
    eprintln!("\n{}", said::setup_next());
    Ok(ExitCode::SUCCESS)
}

/// How asking for one integration ended.
enum Step {
    /// It is kept, or not wanted.
    Done,
    /// There was no answer to its first question.
    NothingSaid,
    /// The answers ended in the middle.
    Ended,
}

/// Asks for an integration until it is good or not wanted.
async fn connect(app: &App, sources: &Sources, section: &Section) -> anyhow::Result<Step> {
    eprintln!("{}", section.setup.title);
    let current = load(sources).map_err(|faults| anyhow::anyhow!(faults.to_string()))?.config;
    let is_set = current.adapters.is_set(section) && !section.setup.again.is_empty();
    let hint = if is_set { section.setup.again } else { section.setup.how };
    if !hint.is_empty() {
        eprintln!("  {hint}");
    }
    loop {
        let keys = match ask_for(section)? {
            Answers::Given(keys) => keys,
            Answers::Empty => {
                eprintln!();
                return Ok(Step::Done);
            }
            Answers::NothingSaid => return Ok(Step::NothingSaid),
            Answers::Ended => return Ok(Step::Ended),
        };
        let planned = match integrations::plan(sources, &current, section.name, &keys) {
            Ok(planned) => planned,
            Err(error) => {
                eprintln!("  {error}");
                continue;
            }
        };
        let mut bot_name = None;
        match wiring::verify(&planned, section).await {
            Some(Verified::Good(Found::Bot { name, who })) => {
                eprintln!("{}", said::setup_bot(&who));
                bot_name = Some(name);
            }
            Some(Verified::Good(Found::Steps(steps))) => eprintln!("{}", said::setup_works(&steps)),
            Some(Verified::Refused(why)) => {
                eprintln!("  {why}");
                continue;
            }
            Some(Verified::Unsure(why)) => {
                eprintln!("  {why}");
                let Some(answer) = ask::line(said::KEEP_ANYWAY)? else { return Ok(Step::Ended) };
                if !matches!(answer.to_lowercase().as_str(), "y" | "yes") {
                    continue;
                }
            }
            None => continue,
        }
        keep(sources, section, keys)?;
        if section.access.is_some() {
            return invite(app, section, bot_name.as_deref()).await;
        }
        eprintln!();
        return Ok(Step::Done);
    }
}

/// What was answered to the questions of an integration.
enum Answers {
    /// Keys and what they are to be.
    Given(Keys),
    /// The first question was left empty: it is not wanted.
    Empty,
    /// There was no answer to the first question.
    NothingSaid,
    /// The answers ended in the middle.
    Ended,
}

fn ask_for(section: &Section) -> anyhow::Result<Answers> {
    let mut keys = Keys::new();
    let mut is_first = true;
    for setting in section.settings {
        let Some(question) = setting.question else { continue };
        if question.with.is_some_and(|key| !keys.contains_key(key)) {
            continue;
        }
        let text = format!("  {}: ", question.text);
        let answer = match setting.kind.is_secret() {
            true => ask::secret(&text)?.map(|secret| secret.expose_secret().to_owned()),
            false => ask::line(&text)?,
        };
        match answer {
            None => return Ok(if is_first { Answers::NothingSaid } else { Answers::Ended }),
            Some(answer) if answer.is_empty() && is_first => return Ok(Answers::Empty),
            Some(answer) if answer.is_empty() => {}
            Some(answer) => drop(keys.insert(setting.key.to_owned(), answer)),
        }
        is_first = false;
    }
    Ok(Answers::Given(keys))
}

fn keep(sources: &Sources, section: &Section, keys: Keys) -> anyhow::Result<()> {
    let paths: Vec<String> = keys.keys().map(|key| format!("{}.{key}", section.name)).collect();
    integrations::keep(sources, section.name, keys)?;
    let shadowed = load(sources).map(|loaded| loaded.shadowed).unwrap_or_default();
    for path in paths.iter().filter(|path| shadowed.contains(path)) {
        eprintln!("{}", said::setup_shadowed(path));
    }
    Ok(())
}

/// Makes the link that lets a person in.
async fn invite(app: &App, section: &Section, bot_name: Option<&str>) -> anyhow::Result<Step> {
    eprintln!("{}", said::setup_people());
    loop {
        let Some(answer) = ask::line(said::WHICH_ROLE)? else {
            return Ok(Step::Ended);
        };
        let answer = if answer.is_empty() { "operator" } else { answer.as_str() };
        if answer.eq_ignore_ascii_case("none") {
            break;
        }
        let Ok(role) = pair::RoleWord::from_str(answer, true) else {
            eprintln!("{}", said::setup_no_role(answer));
            continue;
        };
        let code = pair::issue(app, role.into()).await?;
        let link = bot_name.and_then(|name| wiring::invitation(section, name, &code));
        eprintln!("{}", if link.is_some() { said::setup_link(CODE_LASTS) } else { said::setup_code(CODE_LASTS) });
        super::print(&link.or_else(|| wiring::introduction(section, bot_name, &code)).unwrap_or(code))?;
        break;
    }
    eprintln!();
    Ok(Step::Done)
}
